//! The functions that the public calls: what they are, which paths they answer, the watch page and
//! its player.

pub mod cdn;
pub mod ceiling;
pub mod distribution;
pub mod embed;
pub mod front;
pub mod libraries;
pub mod links;
pub mod path;
pub mod players;
pub mod public;
pub mod watch_page;
