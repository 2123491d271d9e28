//! The pure heart: what a reel is and how its parts are named, cut, framed, listed and priced.
//! No tokio, AWS, terminal, process or clock in here.

pub mod arguments;
pub mod board;
pub mod chronicle;
pub mod cost;
pub mod decide;
pub mod describe;
pub mod embed;
pub mod event;
pub mod fault;
pub mod ffprobe;
pub mod gate;
pub mod gate_path;
pub mod generation;
pub mod h264;
pub mod health;
pub mod index;
pub mod input;
pub mod ledger;
pub mod limits;
pub mod media;
pub mod moment;
pub mod name;
pub mod order;
pub mod pace;
pub mod pack;
pub mod playlist;
pub mod progress;
pub mod range;
pub mod region;
pub mod retry;
pub mod shown;
pub mod transport;
pub mod uplink;
pub mod watch_page;
pub mod zip;
