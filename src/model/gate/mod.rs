//! The functions that the public calls: what they are, which paths they answer, the watch page.

pub mod embed;
pub mod path;
pub mod public;
pub mod watch_page;
