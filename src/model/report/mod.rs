//! What the engine reports while it works, and why it fails.

pub mod board;
pub mod event;
pub mod fault;
pub mod filter;
pub mod health;
pub mod log_line;
pub mod loudness;
pub mod usage;
