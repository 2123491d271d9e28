//! How a split fails, in a person's words.

use std::{io, path::PathBuf, time::Duration};

use crate::{
    media::ffmpeg::ToolsError,
    model::{
        chunk::limits::LimitError,
        media::{
            input::{InputError, last_words},
            segment::division::Change,
        },
        report::fault::{Explain, FaultClass},
        wording,
    },
};

#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    #[error(transparent)]
    Tools(#[from] ToolsError),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("could not run `{}`", .0.display())]
    Run(PathBuf, #[source] io::Error),
    #[error("could not write segments to `{}`", folder.display())]
    Write {
        folder: PathBuf,
        source: io::Error,
        /// Bytes that may wait there.
        room: u64,
    },
    #[error("could not split `{}`: ffmpeg {how}", video.display())]
    Failed {
        video: PathBuf,
        how: String,
        /// By a fault of its own, rather than by what it read.
        crashed: bool,
        /// By someone else, or by the system for want of memory.
        killed: bool,
        /// What ffmpeg said last.
        complaints: String,
    },
    #[error(
        "could not split the whole of `{}`: {:.1} s of {:.1} s could be read",
        video.display(), made.as_secs_f64(), promised.as_secs_f64()
    )]
    Short { video: PathBuf, made: Duration, promised: Duration, complaints: String },
    #[error("could not split `{}`: it holds no {what}", video.display())]
    Empty {
        video: PathBuf,
        /// `pictures`, or `sound` where that is all there could be.
        what: &'static str,
        complaints: String,
    },
    #[error("could not split `{}` without conversion: {change}", video.display())]
    Sound { video: PathBuf, change: Change },
    #[error(
        "could not split `{}` as it is: from {} on its picture has another form, such as another size",
        video.display(), wording::clock(*at)
    )]
    Picture { video: PathBuf, at: Duration },
    #[error("could not go on splitting `{}`", video.display())]
    Limit { video: PathBuf, source: LimitError },
    #[error("the split was cancelled")]
    Cancelled,
}

impl Explain for SplitError {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Tools(error) => Some(error),
            Self::Input(error) => Some(error),
            Self::Limit { source, .. } => Some(source),
            _ => None,
        }
    }

    fn class(&self) -> FaultClass {
        match self {
            Self::Tools(error) => error.class(),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => FaultClass::NeedsPerson,
            Self::Failed { killed: true, .. } => FaultClass::Transient,
            _ => FaultClass::Permanent,
        }
    }

    fn hint(&self) -> Option<String> {
        let last_words = |complaints| last_words("ffmpeg", complaints);
        match self {
            Self::Tools(_) | Self::Input(_) | Self::Limit { .. } => self.passed_on()?.hint(),
            Self::Run(..) => Some("Check that it runs by hand with `-version`.".to_owned()),
            Self::Write { folder, source, room } if source.kind() == io::ErrorKind::StorageFull => Some(format!(
                "Make room for up to {} MiB on the disk of `{}`, or choose another with --work-dir or a smaller \
                 --backlog-gib; then try again.",
                room.div_ceil(1024 * 1024),
                folder.display()
            )),
            Self::Write { .. } => Some("Check that the folder exists and that you may write to it.".to_owned()),
            Self::Failed { crashed: true, complaints, .. } => Some(format!(
                "That is a fault of this build of ffmpeg (static ones are known to crash on MPEG-TS): try another.{}",
                last_words(complaints)
            )),
            Self::Empty { complaints, .. } => Some(format!(
                "It describes a stream and has nothing of it that can be read: get it again.{}",
                last_words(complaints)
            )),
            Self::Failed { complaints, .. } => {
                Some(format!("The file may be damaged: check that it plays elsewhere.{}", last_words(complaints)))
            }
            Self::Short { complaints, .. } => Some(format!(
                "The file is cut off or damaged; nothing was published. Get it again, or repair it.{}",
                last_words(complaints)
            )),
            Self::Sound { .. } => Some(
                "The sound of a segment is of one form. With --transcode auto those moments of it are converted; the \
                 rest is copied as it is."
                    .to_owned(),
            ),
            Self::Picture { .. } => Some(
                "Fragmented MP4 states the form once for all. Have the picture converted, which gives it one form: \
                 --container ts --transcode auto."
                    .to_owned(),
            ),
            Self::Cancelled => None,
        }
    }
}
