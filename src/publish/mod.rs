//! The stages that take a video to a reel, joined by bounded queues.

pub mod attempt;
pub mod journal;
pub mod reporter;
pub mod request;
pub mod split;
