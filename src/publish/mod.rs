//! The stages that take a video to a reel, joined by bounded queues.

mod backlog;
pub mod index;
mod known;
mod look;
mod made;
pub mod pack;
pub mod prepare;
mod produce;
mod prove;
pub mod run;
mod samples;
pub mod split;
mod take_back;
pub(crate) mod tracks;
pub mod upload;
pub mod verify;
pub mod work;

pub use run::publish;
