//! What is inside a segment: packets of a transport stream, their times, the pictures and the sound in them.

pub mod adts;
pub mod division;
pub mod fmp4;
pub mod h264;
pub mod lengths;
pub mod meter;
pub mod pieces;
pub mod sieve;
pub mod transport;
