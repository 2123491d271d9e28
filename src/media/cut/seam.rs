//! Where one piece ends and the next begins in another form: of the picture (its sequence parameter sets) or of the
//! sound. Picture and sound do not change at the same packet, so frames of sound on the wrong side change sides.

use std::{io, path::Path};

use super::rework::{self, Measured};
use crate::model::media::segment::{
    adts::{self, Format},
    meter::{PieceTimes, SoundTimes},
    sieve::{Moved, Sound},
};

/// Says of `new` whether it breaks with `before`, and moves the sound accordingly. Blocking.
pub(super) fn settle(mut before: Measured, mut new: Measured) -> io::Result<(Measured, Measured)> {
    if let (Some(video), Some(after)) = (&before.times.video, &mut new.times.video) {
        // a picture without sets of its own has those before
        if after.parameters.is_empty() {
            after.parameters.extend(video.parameters.last().cloned());
        }
        new.breaks |= video.parameters.last().is_some_and(|sets| after.parameters.first() != Some(sets));
    }
    new.breaks |= new.times.restarts_after(&before.times);
    if let Some(cut) = cut(&before.times, &mut new) {
        exchange(&mut before, &mut new, &cut)?;
    }
    new.apart |= new.breaks && !new.times.go_on_from(&before.times);
    Ok((before, new))
}

/// Which frames of sound are in the other's piece.
enum Cut {
    /// The sound changes from one form to another: the new one that is heard from `goes_on` on in the piece before, and
    /// the old one up to `goes_back` in the new piece.
    Forms { old: Format, new: Format, goes_on: Option<i64>, goes_back: Option<i64> },
    /// Sound of one form goes on over a change of the picture: what is heard before the new one, and what after the old
    /// one.
    Times { form: Format, new_begins: i64, old_ends: i64 },
}

impl Cut {
    /// It stands in the new piece.
    fn goes_back(&self, sound: Sound<'_>) -> bool {
        match self {
            Self::Forms { old, goes_back, .. } => {
                sound.format == *old && goes_back.is_some_and(|before| sound.is_before(before))
            }
            Self::Times { form, new_begins, .. } => sound.format == *form && sound.is_before(*new_begins),
        }
    }

    /// It stands in the piece before.
    fn goes_on(&self, sound: Sound<'_>) -> bool {
        match self {
            Self::Forms { new, goes_on, .. } => {
                sound.format == *new && goes_on.is_some_and(|from| !sound.is_before(from))
            }
            Self::Times { form, old_ends, .. } => sound.format == *form && !sound.is_before(*old_ends),
        }
    }
}

fn cut(before: &PieceTimes, new: &mut Measured) -> Option<Cut> {
    let begins = new.times.first().unwrap_or(0);
    let (old_sound, sound) = (before.sound.as_ref()?, new.times.sound.as_mut()?);
    let old = old_sound.form()?;
    let form = form(sound, old, begins);
    sound.settled = Some(form);
    if form != old {
        new.breaks = true;
        let goes_on = old_sound.runs.last().filter(|run| run.format == form).map(|run| run.from);
        let goes_back = sound.runs.first().filter(|run| run.format == old).and_then(|_| Some(sound.runs.get(1)?.from));
        return Some(Cut::Forms { old, new: form, goes_on, goes_back });
    }
    let (old_video, video) = (before.video.as_ref()?, new.times.video.as_ref()?);
    let goes_on = (sound.first - old_sound.end).abs() <= sound.frame;
    let old_ends = old_video.end.max(video.first);
    (new.breaks && goes_on).then_some(Cut::Times { form, new_begins: video.first, old_ends })
}

fn exchange(before: &mut Measured, new: &mut Measured, cut: &Cut) -> io::Result<()> {
    let near = [&*before, &*new].map(|piece| piece.times.first().unwrap_or(0));
    let backward = moved(&new.path, near[1], |sound| cut.goes_back(sound))?;
    let forward = moved(&before.path, near[0], |sound| cut.goes_on(sound))?;
    if forward.is_empty() && backward.is_empty() {
        return Ok(());
    }
    let form = |piece: &Measured| piece.times.sound.as_ref().and_then(SoundTimes::form);
    // what goes back lengthens the piece before and shortens the new one, and the other way about
    let length = |frames: &[Moved], format: Option<Format>| {
        frames.len() as i64 * format.map_or(0, |format| format.ticks(adts::SAMPLES))
    };
    let gained = length(&backward, form(before)) - length(&forward, form(new));
    if let (Some(sound), Some(after)) = (&mut before.times.sound, &mut new.times.sound) {
        sound.end += gained;
        after.first += gained;
        if let Cut::Forms { goes_on, goes_back, .. } = cut {
            sound.runs.retain(|run| goes_on.is_none_or(|from| run.from < from));
            after.runs.retain(|run| goes_back.is_none_or(|before| run.from >= before));
        }
    }
    rework::sift(&before.path, near[0], |sound| !cut.goes_on(sound), [Vec::new(), backward])?;
    rework::sift(&new.path, near[1], |sound| !cut.goes_back(sound), [forward, Vec::new()])
}

/// A segment has one form: where it changes within a piece, that of the larger part. What is of another belongs to a
/// neighbour.
fn form(sound: &SoundTimes, old: Format, begins: i64) -> Format {
    let ends = sound.runs.iter().skip(1).map(|run| run.from).chain([sound.end]);
    let mut lengths: Vec<(Format, i64)> = Vec::new();
    for (run, end) in sound.runs.iter().zip(ends) {
        let length = end - run.from.max(begins);
        match lengths.iter_mut().find(|(format, _)| *format == run.format) {
            Some((_, all)) => *all += length,
            None => lengths.push((run.format, length)),
        }
    }
    lengths.into_iter().max_by_key(|(_, length)| *length).map_or(old, |(format, _)| format)
}

fn moved(piece: &Path, near: i64, moves: impl Fn(Sound<'_>) -> bool) -> io::Result<Vec<Moved>> {
    let mut frames = Vec::new();
    rework::hear(piece, near, |sound| frames.extend(moves(sound).then(|| sound.moved())))?;
    Ok(frames)
}
