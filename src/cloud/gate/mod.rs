//! What is deployed beside the reels: the public functions, what stands before them, their roles, their log.

pub mod cdn;
pub mod front;
pub mod logs;
mod permissions;
pub mod public;
pub mod roles;
