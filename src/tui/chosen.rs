//! What the person chose to publish, on its way from the picker to the review. It lies below the screens, which hand it
//! on to each other.

use std::path::PathBuf;

use super::{
    backend::{Order, Probe},
    effect::Effect,
};

/// A file that can be published, and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen {
    pub(super) video: PathBuf,
    pub(super) probe: Probe,
}

/// One file with all that was settled about it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planned {
    pub(super) order: Order,
    pub(super) probe: Probe,
    pub(super) effect: Effect,
}

/// What several reels come to together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) segments: u64,
    pub(super) chunks: u64,
    pub(super) bytes: u64,
}

impl Chosen {
    pub(super) fn file_name(&self) -> String {
        self.video.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// A person's title for it: its file name without the ending.
    pub(super) fn title(&self) -> String {
        self.video.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Totals {
    pub(super) fn of<'a>(effects: impl IntoIterator<Item = &'a Effect>) -> Self {
        effects.into_iter().fold(Self::default(), |totals, effect| Self {
            segments: totals.segments + u64::from(effect.segments),
            chunks: totals.chunks + u64::from(effect.chunks),
            bytes: totals.bytes.saturating_add(effect.bytes),
        })
    }
}
