//! ffmpeg and ffprobe on this computer, and the files that go in and come out.

pub mod cut;
pub mod decode;
pub mod ffmpeg;
pub mod loudness;
pub mod measure;
pub mod picture;
pub mod probe;
mod run;
pub mod source;
pub mod subtitles;
