//! The program's pure heart, by itself: what reads bytes from outside is all in there.

#[path = "../../src/reel/mod.rs"]
pub mod reel;
