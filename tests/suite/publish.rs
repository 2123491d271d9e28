//! The built binary publishes to the stand-in; what players get is compared with the source.

mod captions;
mod chunks;
pub(crate) mod compatible;
mod faces;
mod failures;
mod fmp4;
mod foreign;
pub(crate) mod frames;
mod info;
mod limits;
mod loudness;
pub(crate) mod memory;
mod order;
mod pieces;
pub(crate) mod sandbox;
pub(crate) mod sounds;
pub(crate) mod subtitles;
