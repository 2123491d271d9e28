//! Subtitles as text: read from what people have (SubRip, WebVTT, ASS, TTML), written as the WebVTT segments that players take.
//! Pure: where the text comes from, and which stream or file it was, is not known here.

pub mod cue;
pub mod encoding;
pub mod read;
pub mod sidecar;
pub mod telemetry;
pub mod ttml;
pub mod webvtt;
