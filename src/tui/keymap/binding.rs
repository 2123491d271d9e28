//! What keys ask for: as it stands without a config file, and as it holds.

use super::{key::Key, names};
use crate::tui::action::Action;

/// Keys of an action on one screen, without a config file.
pub(super) struct Preset {
    pub(super) keys: &'static [Key],
    pub(super) action: Action,
    /// One or two words for the footer; empty: only in the list of all keys.
    pub(super) short: &'static str,
    pub(super) help: &'static str,
    /// When the footer is narrow, the highest go first.
    pub(super) rank: u8,
    /// The counterpart of the one before it, as down is of up: the footer names them together.
    pub(super) is_counterpart: bool,
}

/// Keys of an action on one screen, as they hold.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) struct Binding {
    pub(in crate::tui) keys: Vec<Key>,
    pub(in crate::tui) action: Action,
    /// How the footer writes the keys: the first, with the first of its counterpart.
    pub(in crate::tui) label: String,
    pub(in crate::tui) short: &'static str,
    pub(in crate::tui) help: &'static str,
    pub(in crate::tui) rank: u8,
    pub(super) is_counterpart: bool,
}

impl Binding {
    pub(super) fn of(preset: &Preset) -> Self {
        let Preset { keys, action, short, help, rank, is_counterpart } = preset;
        Self {
            keys: keys.to_vec(),
            action: action.clone(),
            label: String::new(),
            short,
            help,
            rank: *rank,
            is_counterpart: *is_counterpart,
        }
    }

    /// All of its keys.
    pub(in crate::tui) fn all_keys(&self) -> String {
        self.keys.iter().map(|key| key.shown()).collect::<Vec<_>>().join(", ")
    }

    /// In the config file.
    pub(in crate::tui) fn name(&self) -> Option<&'static str> {
        names::name(&self.action)
    }

    pub(super) fn first_key(&self) -> String {
        self.keys.first().map(|key| key.shown().into_owned()).unwrap_or_default()
    }
}

pub(super) const fn key(
    keys: &'static [Key],
    action: Action,
    short: &'static str,
    help: &'static str,
    rank: u8,
) -> Preset {
    Preset { keys, action, short, help, rank, is_counterpart: false }
}

/// The counterpart of the one before it.
pub(super) const fn also(keys: &'static [Key], action: Action, help: &'static str) -> Preset {
    Preset { keys, action, short: "", help, rank: 0, is_counterpart: true }
}
