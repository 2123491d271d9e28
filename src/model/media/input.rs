//! What can be wrong with the file a person names, in words that say what to do now.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::structure::{Container, Structure, Table};
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
    #[error("its name, or a part of its path, is too long")]
    TooLong,
    #[error("links on the way to it lead in a circle")]
    Circle,
    #[error("it is empty")]
    Empty,
    #[error("it is no video that ffmpeg knows")]
    NotVideo { said: String },
    /// It begins like one.
    #[error("ffmpeg can't read it, though it begins as a file of {container}")]
    Broken { container: Container, said: String },
    #[error("it is cut off: the table of its contents (`moov`) is missing")]
    Truncated,
    #[error("it is cut off inside the table of its contents (`moov`)")]
    TruncatedTable,
    #[error("it is a segment of a stream without the stream's head (`moov`)")]
    Headless,
    #[error("it is a picture, a playlist or a list of other files")]
    Reference,
    #[error("it is of a format that holds no video of its own, such as subtitles")]
    OtherFormat,
    #[error("it changed while it was read")]
    Changed,
    #[error(transparent)]
    Io(io::Error),
}

/// ELOOP, for which std has no stable kind: Linux's number, and that of macOS and the BSDs.
const LINKS_IN_A_CIRCLE: i32 = if cfg!(target_os = "linux") { 40 } else { 62 };

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
            io::ErrorKind::InvalidFilename => InputFault::TooLong,
            _ if error.raw_os_error() == Some(LINKS_IN_A_CIRCLE) => InputFault::Circle,
            _ => InputFault::Io(error),
        };
        Self::new(path, fault)
    }

    /// Why ffprobe or ffmpeg gave up on a file: by what its bytes are, and only then by what the program `said`. `None`
    /// if it was about something else than the file.
    pub fn given_up(path: &Path, first: &[u8], structure: &Structure, said: &str) -> Option<Self> {
        let fault = match (structure.container, structure.table) {
            (Some(Container::Mp4), Table::Missing) => InputFault::Truncated,
            (Some(Container::Mp4), Table::CutOff) => InputFault::TruncatedTable,
            (Some(Container::Mp4), Table::Elsewhere) => InputFault::Headless,
            _ if is_refused_format(said) && is_reference(first) => InputFault::Reference,
            _ if is_refused_format(said) => InputFault::OtherFormat,
            (container, _) if is_about_content(said) => match container {
                Some(container) => InputFault::Broken { container, said: said.to_owned() },
                None => InputFault::NotVideo { said: said.to_owned() },
            },
            _ => return None,
        };
        Some(Self::new(path, fault))
    }
}

/// ffmpeg's own word on a format that we do not let it open: a message of its own, never a file's name.
fn is_refused_format(said: &str) -> bool {
    let messages = said.lines().filter(|line| line.starts_with('[')).filter_map(|line| line.split_once("] "));
    messages.into_iter().any(|(_, message)| message.starts_with("Format not on whitelist"))
}

/// Its two codes for bytes that make no sense, at the end of a line, where no name of a file stands.
fn is_about_content(said: &str) -> bool {
    let ends = ["Invalid data found when processing input", "End of file"];
    said.lines().any(|line| ends.iter().any(|end| line.ends_with(end)))
}

/// Pictures, playlists and lists, by their first bytes.
fn is_reference(first: &[u8]) -> bool {
    let marks: [&[u8]; 12] = [
        b"#EXTM3U",
        b"ffconcat",
        b"<?xml",
        b"<MPD",
        b"[playlist]",
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"BM",
        b"II*\0",
        b"MM\0*",
        b"8BPS",
        b"v=0",
    ];
    marks.iter().any(|mark| first.starts_with(mark)) || first.starts_with(b"RIFF") && first.get(8..12) == Some(b"WEBP")
}

/// What a program said last, as the end of a hint.
pub fn last_words(program: &str, said: &str) -> String {
    match said.trim() {
        "" => String::new(),
        said => format!(" {program} said: “{said}”"),
    }
}

impl Explain for InputError {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        let hint = match &self.source {
            InputFault::Missing => "Check its name; a relative path starts at the folder you are in.",
            InputFault::Folder => "Name one video file in it.",
            InputFault::Special(_) => {
                "The video is read more than once, so it must be a file: save it to disk and name that."
            }
            InputFault::Denied => "Give yourself permission to read it (`chmod u+r`), or copy it to where you have it.",
            InputFault::TooLong => {
                "Check its name; if that is right, rename it, or move it to a folder with a shorter path."
            }
            InputFault::Circle => "Look where the links lead (`ls -l`), and name the video itself.",
            InputFault::Empty => "The recording or copy may have failed; get it again from where it came.",
            InputFault::NotVideo { said } => {
                let way = "See whether another program plays it; if one does, export it from there as .mp4.";
                return Some(format!("{way}{}", last_words("ffmpeg", said)));
            }
            InputFault::Broken { said, .. } => {
                let way = "It may be damaged, or of a kind that needs a newer ffmpeg: get it again, or convert it to \
                           .mp4 where it plays.";
                return Some(format!("{way}{}", last_words("ffmpeg", said)));
            }
            InputFault::Truncated | InputFault::TruncatedTable => {
                "The recording or download stopped before its end: get it again, or repair it (for example with \
                 `untrunc`)."
            }
            InputFault::Headless => {
                "Join head and segments in their order to one file first: `cat init.mp4 segment*.m4s > whole.mp4`."
            }
            InputFault::Reference => "Only files that hold the video themselves can be published: name that file.",
            InputFault::OtherFormat => "Name the file of the video that it belongs to.",
            InputFault::Changed => "Wait until it is written to its end, then publish it again.",
            InputFault::Io(_) => "Check the disk or network drive it lies on, then try again.",
        };
        Some(hint.to_owned())
    }
}
