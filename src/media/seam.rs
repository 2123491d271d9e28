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
    /// The sound changes from one form to another.
    Forms(Format, Format),
    /// The sound goes on over a change of the picture: what is heard before the new one, and what after the old one.
    Times { new_begins: i64, old_ends: i64 },
}

impl Cut {
    /// It stands in the new piece.
    fn goes_back(&self, sound: Sound<'_>) -> bool {
        match self {
            Self::Forms(old, _) => sound.format == *old,
            Self::Times { new_begins, .. } => sound.is_before(*new_begins),
        }
    }

    /// It stands in the piece before.
    fn goes_on(&self, sound: Sound<'_>) -> bool {
        match self {
            Self::Forms(_, form) => sound.format == *form,
            Self::Times { old_ends, .. } => !sound.is_before(*old_ends),
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
        return Some(Cut::Forms(old, form));
    }
    let (old_video, video) = (before.video.as_ref()?, new.times.video.as_ref()?);
    let goes_on = (sound.first - old_sound.end).abs() <= sound.frame;
    let old_ends = old_video.end.max(video.first);
    (new.breaks && goes_on).then_some(Cut::Times { new_begins: video.first, old_ends })
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
    }
    rework::sift(&before.path, near[0], |sound| !cut.goes_on(sound), [Vec::new(), backward])?;
    rework::sift(&new.path, near[1], |sound| !cut.goes_back(sound), [forward, Vec::new()])
}

/// A segment has one form: where it changes within a piece, that of the larger part. The other belongs to a neighbour.
fn form(sound: &SoundTimes, old: Format, begins: i64) -> Format {
    match (sound.formats.first(), sound.formats.last(), sound.changed) {
        (Some(first), Some(last), Some(changed)) if changed - begins > sound.end - changed && first != last => *first,
        (_, last, _) => last.copied().unwrap_or(old),
    }
}

fn moved(piece: &Path, near: i64, moves: impl Fn(Sound<'_>) -> bool) -> io::Result<Vec<Moved>> {
    let mut frames = Vec::new();
    rework::hear(piece, near, |sound| frames.extend(moves(sound).then(|| sound.moved())))?;
    Ok(frames)
}
