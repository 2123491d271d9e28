//! Segments in chunks: which share one, the zip that holds them, and what is too large.

pub mod estimate;
pub mod gzip;
pub mod limits;
pub mod pack;
pub mod zip;
