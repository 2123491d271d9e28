//! ffmpeg and ffprobe on this machine, and the files that go in and come out.

pub mod decode;
pub mod ffmpeg;
pub mod join;
pub mod picture;
pub mod probe;
mod rework;
mod run;
mod seam;
pub(crate) mod sounds;
pub mod source;
pub(crate) mod stills;
pub mod subtitles;
