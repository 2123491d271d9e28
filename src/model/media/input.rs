//! What can be wrong with the file a person names, in words that say what to do now.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::model::report::fault::{Explain, FaultClass};

#[derive(Debug, thiserror::Error)]
#[error("could not read the video `{}`", path.display())]
pub struct InputError {
    pub path: PathBuf,
    pub source: InputFault,
}

#[derive(Debug, thiserror::Error)]
pub enum InputFault {
    #[error("there is no such file")]
    Missing,
    #[error("it is a folder")]
    Folder,
    #[error("it is a {0}, not a file")]
    Special(&'static str),
    #[error("access is denied")]
    Denied,
    #[error("it is empty")]
    Empty,
    #[error("it is no video that ffmpeg knows")]
    NotVideo,
    #[error("it is cut off: the table of its contents (`moov`) is missing")]
    Truncated,
    #[error("it is a picture, a playlist or a list of other files")]
    Reference,
    #[error("it changed while it was read")]
    Changed,
    #[error(transparent)]
    Io(io::Error),
}

impl InputError {
    pub fn new(path: &Path, source: InputFault) -> Self {
        Self { path: path.to_owned(), source }
    }

    /// From a failed look at the file or its opening.
    pub fn io(path: &Path, error: io::Error) -> Self {
        let fault = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => InputFault::Missing,
            io::ErrorKind::PermissionDenied => InputFault::Denied,
            io::ErrorKind::IsADirectory => InputFault::Folder,
            _ => InputFault::Io(error),
        };
        Self::new(path, fault)
    }

    /// From what ffprobe or ffmpeg wrote before it gave up; `None` if its words are about something else. The file's
    /// first bytes tell a cut-off MP4 from any file of that name.
    pub fn recognise(path: &Path, complaints: &str, first: &[u8]) -> Option<Self> {
        let says = |words: &str| complaints.contains(words);
        let fault = if says("moov atom not found") {
            if looks_like_mp4(first) { InputFault::Truncated } else { InputFault::NotVideo }
        } else if says("Format not on whitelist") || says("not on whitelist") {
            InputFault::Reference
        } else if says("Permission denied") {
            InputFault::Denied
        } else if says("No such file or directory") {
            InputFault::Missing
        } else if says("Invalid data found") || says("End of file") || says("could not find codec parameters") {
            InputFault::NotVideo
        } else {
            return None;
        };
        Some(Self::new(path, fault))
    }
}

impl Explain for InputError {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        Some(
            match self.source {
                InputFault::Missing => "Check its name; a relative path starts at the folder you are in.",
                InputFault::Folder => "Name one video file in it.",
                InputFault::Special(_) => {
                    "The video is read more than once, so it must be a file: save it to disk and name that."
                }
                InputFault::Denied => {
                    "Give yourself the right to read it (`chmod u+r`), or copy it to where you have it."
                }
                InputFault::Empty => "The recording or copy may have failed; get it again from where it came.",
                InputFault::NotVideo => {
                    "Check that it plays in another player; if it does, convert it with ffmpeg to .mp4 first."
                }
                InputFault::Truncated => {
                    "The recording or download stopped before its end: get it again, or repair it (for example with \
                     `untrunc`)."
                }
                InputFault::Reference => "Only files that hold the video themselves can be published: name that file.",
                InputFault::Changed => "Wait until it is written to its end, then publish it again.",
                InputFault::Io(_) => "Check the disk or network drive it lies on, then try again.",
            }
            .to_owned(),
        )
    }
}

/// Whether the first bytes are those of an MP4 or QuickTime file.
pub fn looks_like_mp4(first: &[u8]) -> bool {
    let boxes: [&[u8]; 8] = [b"ftyp", b"styp", b"mdat", b"moov", b"wide", b"free", b"skip", b"pnot"];
    first.get(4..8).is_some_and(|kind| boxes.contains(&kind))
}
