//! Fragmented MP4 (ISO/IEC 14496-12) as ffmpeg's muxer writes it, read and written anew: the init section without edit
//! lists, which players disagree about, and fragments whose own times say all that those said.

pub mod boxes;
pub mod codecs;
pub mod fragment;
pub mod init;
pub mod start;

#[cfg(test)]
mod tests;

/// What ffmpeg wrote is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mp4Error {
    #[error("the box `{0}` is missing or cut off")]
    Missing(&'static str),
    #[error("a fragment names track {0}, which the init section does not have")]
    UnknownTrack(u32),
    #[error("a fragment is longer than fits into its fields")]
    TooLong,
}
