//! Segments in chunks: which share one, the zip that holds them, and what is too large.

pub mod forecast;
pub mod gzip;
pub mod limits;
pub mod pack;
pub mod zip;
