//! Panes of the publishing screen.

pub(super) mod jobs;
pub(super) mod log;
