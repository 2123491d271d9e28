//! Sound without a picture of its own gets a still one: the first or the last of the video. Players end at the picture's end,
//! and some begin at its beginning, whatever sound there is.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::{
    media::{
        ffmpeg::describe,
        run::{Bounds, Ended, to_end},
    },
    model::media::{arguments::still_arguments, segment::division::Change},
};

const COMPLAINTS_MAX: usize = 4096;
/// The least time that ffmpeg has for a still picture; it has as long as the sound lasts, if that is longer.
const LIMIT: Duration = Duration::from_secs(300);

/// How long the picture lasts each time it is coded, about. Decoders hold back a few pictures before they show the first;
/// and where those before it were reordered, ffmpeg takes decoding times to lag by as many pictures, and moves all that
/// follows if that is more than 0.1 s.
const STILL: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("ffmpeg {how}")]
    Ffmpeg { how: String, complaints: String },
    #[error("ffmpeg did not come to an end within {} s", .0.as_secs())]
    Slow(Duration),
    #[error("could not keep its sound: {0}")]
    Forms(Change),
    #[error("its picture has another form from {:.1} s on than its init section says", .0.as_secs_f64())]
    Picture(Duration),
    #[error("cutting the video was cancelled")]
    Cancelled,
}

/// Which picture is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    First,
    Last,
}

/// Sound that has no picture, in a file of its own: AAC in ADTS form.
pub(crate) struct Sound {
    pub(crate) path: PathBuf,
    /// In ticks of 90 kHz, as before it was taken out: players that know one timeline only find it there.
    pub(crate) begins: i64,
    pub(crate) length: Duration,
}

/// How still pictures are made.
#[derive(Debug, Clone)]
pub(crate) struct Stills {
    pub(crate) ffmpeg: PathBuf,
    pub(crate) segment_length: Duration,
    /// `16/15`, if samples are not square.
    pub(crate) sample_aspect: Option<String>,
    /// As of the pictures before and after.
    pub(crate) stream_options: Vec<String>,
    pub(crate) cancel: CancellationToken,
}

impl Stills {
    /// Pieces with the picture of `piece` and this sound; in order. What they are made of is removed.
    pub(crate) async fn make(&self, piece: &Path, which: Which, sound: &Sound) -> Result<Vec<PathBuf>, JoinError> {
        let Sound { path: sound, begins, length } = sound;
        let length = *length;
        let folder = piece.parent().unwrap_or(Path::new("."));
        let (picture, list) = (sound.with_extension("tif"), sound.with_extension("m3u8"));
        let mut command = self.command(folder);
        command.arg("-i").arg(piece).args(["-map", "0:v:0", "-f", "image2", "-update", "1"]);
        command.args(["-frames:v", "1"].iter().filter(|_| which == Which::First));
        command.args(["-c:v", "tiff", "-pix_fmt", "yuv420p"]).arg(&picture);
        run(command, LIMIT.max(length), &self.cancel).await?;
        let mut command = self.command(folder);
        let frames = u64::try_from(length.as_millis() / STILL.as_millis()).unwrap_or(u64::MAX).max(1);
        command.arg("-loop").arg("1").arg("-framerate").arg(format!("{}/{}", frames * 1000, length.as_millis().max(1)));
        command.arg("-i").arg(&picture).args(["-f", "aac", "-i"]).arg(sound);
        command.args(still_arguments(frames, *begins, self.segment_length, self.sample_aspect.as_deref()));
        command.args(&self.stream_options);
        let name = sound.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        command.arg("-hls_segment_filename").arg(format!("{name}%08d.ts")).arg(&list);
        run(command, LIMIT.max(length), &self.cancel).await?;
        let text = tokio::fs::read_to_string(&list).await?;
        for path in [picture.as_path(), &list, sound] {
            tokio::fs::remove_file(path).await?;
        }
        Ok(text.lines().filter(|line| !line.starts_with('#')).map(|line| folder.join(line)).collect())
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.ffmpeg);
        command.current_dir(folder).args(["-nostdin", "-hide_banner", "-y", "-v", "error"]);
        command
    }
}

/// To its end; what it said is told if it failed.
pub(crate) async fn run(command: Command, time: Duration, cancel: &CancellationToken) -> Result<(), JoinError> {
    let bounds = Bounds { time, answer: COMPLAINTS_MAX, complaints: COMPLAINTS_MAX };
    let output = match to_end(command, bounds, cancel).await? {
        Ended::Itself(output) => output,
        Ended::Slow => return Err(JoinError::Slow(time)),
        Ended::Cancelled => return Err(JoinError::Cancelled),
    };
    if output.status.success() {
        return Ok(());
    }
    Err(JoinError::Ffmpeg { how: describe(output.status), complaints: output.complaints.trim().to_owned() })
}
