//! The program's pure heart, by itself: what reads bytes from outside is all in there.

#[path = "../../src/model/mod.rs"]
pub mod model;
