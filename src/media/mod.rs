//! ffmpeg and ffprobe on this machine, and the files that go in and come out.

pub mod decode;
pub mod ffmpeg;
pub(crate) mod fragments;
pub mod join;
pub mod measure;
pub mod picture;
pub(crate) mod pieces;
pub mod probe;
mod rework;
mod run;
mod seam;
pub(crate) mod segments;
pub(crate) mod sounds;
pub mod source;
pub(crate) mod stills;
