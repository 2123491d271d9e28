//! The pure heart: what a reel is and how its parts are named, cut, framed, listed and priced.
//! No tokio, AWS, terminal, process or clock in here.

pub mod checked_lines;
pub mod chunk;
pub mod cost;
pub mod gate;
pub mod hex;
pub mod hls;
pub mod media;
pub mod pace;
pub mod reel;
pub mod references;
pub mod report;
pub mod retry;
pub mod shown;
pub mod subtitles;
pub mod wording;
pub mod written;
