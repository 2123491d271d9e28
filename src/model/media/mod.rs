//! What a video holds and what becomes of it: ffprobe's words read, streams judged, ffmpeg's arguments.

pub mod arguments;
pub mod complaints;
pub mod container;
pub mod damage;
pub mod decide;
pub mod facts;
pub mod ffmpeg_output;
pub mod ffprobe;
pub mod gaps;
pub mod input;
pub mod reach;
pub mod renditions;
pub mod segment;
pub mod streams;
pub mod structure;
