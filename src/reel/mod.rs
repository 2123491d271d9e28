//! The pure heart: what a reel is and how its parts are named, cut, framed, listed and priced.
//! No tokio, AWS, terminal, process or clock in here.

pub mod board;
pub mod describe;
pub mod event;
pub mod fault;
pub mod generation;
pub mod index;
pub mod media;
pub mod name;
pub mod pace;
pub mod pack;
pub mod playlist;
pub mod region;
pub mod retry;
pub mod zip;
