//! Sound that is of another form where no segment can begin: between two keyframes it changed, and changed back. A segment
//! has one form, so that those moments are converted into that of the rest, if that is allowed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{
    rework::{self, Measured, blocking},
    stills::{JoinError, run},
};
use crate::model::media::segment::{
    adts::{self, Format},
    division::Change,
    meter::span,
    sieve::{Fate, Moved, Sound},
};

/// The least time that ffmpeg has for it.
const LIMIT: Duration = Duration::from_secs(60);

/// How it is converted.
#[derive(Debug, Clone)]
pub(crate) struct Sounds {
    pub(crate) ffmpeg: PathBuf,
    pub(crate) cancel: CancellationToken,
}

/// Frames of another form that follow one another.
struct Odd {
    at: i64,
    format: Format,
    frames: i64,
    bytes: Vec<u8>,
}

impl Odd {
    fn length(&self) -> i64 {
        self.format.ticks(adts::SAMPLES) * self.frames
    }
}

/// Makes the sound of a piece one form, after its neighbours have taken theirs. `begins`: when the reel does, as the meter
/// counts.
pub(super) async fn unify(piece: &mut Measured, sounds: Option<&Sounds>, begins: i64) -> Result<(), JoinError> {
    let near = piece.times.first().unwrap_or(0);
    let Some(sound) = piece.times.sound.as_mut().filter(|sound| sound.runs.len() > 1) else { return Ok(()) };
    let Some(form) = sound.form() else { return Ok(()) };
    let path = piece.path.clone();
    let odd = blocking(move || odd(&path, near, form)).await?;
    let Some(first) = odd.first() else { return Ok(()) };
    let Some(sounds) = sounds else {
        let (at, length) = (span(first.at - begins), span(first.length()));
        return Err(JoinError::Forms(Change { at, length, from: form, to: first.format }));
    };
    let mut others = Vec::new();
    for odd in odd {
        others.push((odd.at, sounds.re_encode(&piece.path, odd, form).await?));
    }
    let path = piece.path.clone();
    blocking(move || {
        let fate = |sound: Sound<'_>| match others.iter_mut().find(|(at, _)| *at == sound.at) {
            Some((_, others)) if sound.format != form => Fate::Becomes(std::mem::take(others)),
            _ => (sound.format == form).into(),
        };
        rework::sieved(&path, near, fate, [Vec::new(), Vec::new()])
    })
    .await?;
    sound.runs.truncate(1);
    Ok(())
}

fn odd(piece: &Path, near: i64, form: Format) -> io::Result<Vec<Odd>> {
    let mut all: Vec<Odd> = Vec::new();
    let mut goes_on = false;
    rework::hear(piece, near, |sound| {
        match all.last_mut().filter(|odd| goes_on && odd.format == sound.format) {
            Some(odd) => {
                odd.frames += 1;
                odd.bytes.extend_from_slice(sound.bytes);
            }
            None if sound.format != form => {
                all.push(Odd { at: sound.at, format: sound.format, frames: 1, bytes: sound.bytes.to_vec() });
            }
            None => {}
        }
        goes_on = sound.format != form;
    })?;
    Ok(all)
}

impl Sounds {
    /// The same moments in this form, within a frame.
    async fn re_encode(&self, piece: &Path, odd: Odd, form: Format) -> Result<Vec<Moved>, JoinError> {
        let (from, to) = (piece.with_extension("odd.aac"), piece.with_extension("even.aac"));
        let (at, length) = (odd.at, odd.length());
        let (path, bytes) = (from.clone(), odd.bytes);
        blocking(move || fs::write(path, bytes)).await?;
        let mut command = Command::new(&self.ffmpeg);
        command.args(["-nostdin", "-hide_banner", "-y", "-v", "error", "-f", "aac", "-i"]).arg(&from);
        command
            .args(["-map", "0:a", "-c:a", "aac", "-threads", "1", "-flags:a", "+bitexact", "-ar"])
            .arg(form.rate.to_string());
        let count = if form.channels == 7 { 8 } else { form.channels };
        command.arg("-ac").arg(count.to_string()).args(["-f", "adts"]).arg(&to);
        run(command, LIMIT.max(span(length)), &self.cancel).await?;
        let frame = form.ticks(adts::SAMPLES);
        let wanted = (length + frame / 2) / frame;
        let path = to.clone();
        let bytes = blocking(move || fs::read(path)).await?;
        // the first is what the encoder needs ahead
        let frames: Vec<_> = adts::frames(&bytes).skip(1).take(usize::try_from(wanted).unwrap_or(0)).collect();
        if frames.iter().any(|frame| frame.format != form) {
            let how = "converted moments of the sound into another form than it was told".to_owned();
            return Err(JoinError::Ffmpeg { how, complaints: String::new() });
        }
        let times = (0..).map(|number| at + frame * number);
        let moved = times.zip(frames).map(|(at, frame)| Moved { at, bytes: frame.bytes.to_vec() }).collect();
        for path in [from, to] {
            tokio::fs::remove_file(path).await?;
        }
        Ok(moved)
    }
}
