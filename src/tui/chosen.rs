//! What the steps of a publishing hand on to each other.

use std::path::PathBuf;

use super::backend::{Order, Probe};

/// A video that can be published, and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen {
    pub(super) video: PathBuf,
    pub(super) probe: Probe,
}

/// A video, and how it is to be published.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planned {
    pub(super) order: Order,
    pub(super) probe: Probe,
}
