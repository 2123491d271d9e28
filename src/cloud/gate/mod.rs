//! What is deployed beside the reels: the public functions, their roles, their log.

pub mod logs;
pub mod public;
pub mod roles;
