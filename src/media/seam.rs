//! Where one piece ends and the next begins in another form: of the picture (its sequence parameter sets) or of the
//! sound. Picture and sound do not change at the same packet, so frames of sound on the wrong side change sides.

use std::{io, path::Path};

use super::rework::{self, Measured};
use crate::model::media::segment::{
    adts::{self, Format},
    meter::SoundTimes,
    sieve::Moved,
};

/// Says of `new` whether it breaks with `before`, and moves the sound accordingly. Blocking.
pub(super) fn settle(mut before: Measured, mut new: Measured) -> io::Result<(Measured, Measured)> {
    let old = before.times.sound.as_ref().and_then(SoundTimes::form);
    if let (Some(video), Some(after)) = (&before.times.video, &mut new.times.video) {
        // a picture without sets of its own has those before
        if after.parameters.is_empty() {
            after.parameters.extend(video.parameters.last().cloned());
        }
        new.breaks |= video.parameters.last().is_some_and(|sets| after.parameters.first() != Some(sets));
    }
    let near = [&before, &new].map(|piece| piece.times.first().unwrap_or(0));
    let (Some(sound), Some(old)) = (&mut new.times.sound, old) else { return Ok((before, new)) };
    let form = form(sound, old, near[1]);
    sound.settled = Some(form);
    if form == old {
        return Ok((before, new));
    }
    new.breaks = true;
    let backward = moved(&new.path, near[1], sound, old)?;
    let forward = before.times.sound.as_ref().map(|sound| moved(&before.path, near[0], sound, form)).transpose()?;
    let forward = forward.unwrap_or_default();
    // what goes back lengthens the piece before and shortens the new one, and the other way about
    let length = |frames: &[Moved], format: Format| frames.len() as i64 * format.ticks(adts::SAMPLES);
    let gained = length(&backward, old) - length(&forward, form);
    sound.first += gained;
    if let Some(sound) = &mut before.times.sound {
        sound.end += gained;
    }
    if !(forward.is_empty() && backward.is_empty()) {
        rework::sift(&before.path, near[0], |sound| sound.format != form, [Vec::new(), backward])?;
        rework::sift(&new.path, near[1], |sound| sound.format != old, [forward, Vec::new()])?;
    }
    Ok((before, new))
}

/// A segment has one form: where it changes within a piece, that of the larger part. The other belongs to a neighbour.
fn form(sound: &SoundTimes, old: Format, begins: i64) -> Format {
    match (sound.formats.first(), sound.formats.last(), sound.changed) {
        (Some(first), Some(last), Some(changed)) if changed - begins > sound.end - changed && first != last => *first,
        (_, last, _) => last.copied().unwrap_or(old),
    }
}

/// The frames of this form.
fn moved(piece: &Path, near: i64, sound: &SoundTimes, form: Format) -> io::Result<Vec<Moved>> {
    let mut frames = Vec::new();
    if sound.formats.contains(&form) {
        rework::hear(piece, near, |sound| frames.extend((sound.format == form).then(|| sound.moved())))?;
    }
    Ok(frames)
}
