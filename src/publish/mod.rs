//! The stages that take a video to a reel, joined by bounded queues.

pub mod attempt;
pub mod change;
pub mod collect;
mod compare;
pub mod ffmpeg;
pub mod folder;
pub mod foresight;
mod identity;
pub mod index;
mod join;
mod lane;
pub mod log;
mod look;
mod made;
pub mod pack;
mod packed_chunk;
pub mod player;
mod prepare;
pub mod probe;
mod produce;
pub mod remote;
pub mod removal;
pub mod reporter;
pub mod run;
mod send;
pub mod served;
mod slow;
pub mod source;
pub mod split;
mod take_back;
mod upload;
pub mod verify;
mod work;

pub use run::publish;
