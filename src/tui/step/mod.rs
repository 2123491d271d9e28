//! The screens' states and rules: what an action changes, what an answer means. They know no other screen.

mod asked;
pub(super) mod choice;
pub(super) mod home;
pub(super) mod library;
pub(super) mod probes;
pub(super) mod publishing;
pub(super) mod queue;
pub(super) mod reel;
pub(super) mod removal;
pub(super) mod review;
pub(super) mod rows;
pub(super) mod settings;
pub(super) mod source;
pub(super) mod video;

pub(super) use asked::{Asking, is_typed};
