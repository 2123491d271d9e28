//! What a reel is called, what it is made of and what was ordered.

pub mod describe;
#[cfg(test)]
mod examples;
pub mod generation;
pub mod index;
pub mod moment;
pub mod name;
pub mod order;
pub mod region;
pub mod title;
pub mod tracks;
