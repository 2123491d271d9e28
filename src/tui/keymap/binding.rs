//! One key, or two that are counterparts, and what they ask for.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::tui::action::Action;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Key {
    Char(char),
    Ctrl(char),
    Code(KeyCode),
}

pub(in crate::tui) struct Binding {
    pub(in crate::tui) keys: &'static [Key],
    pub(in crate::tui) action: Action,
    /// How the keys are written, with those of the next binding if it is its counterpart.
    pub(in crate::tui) label: &'static str,
    /// One or two words for the footer; empty: only in the help.
    pub(in crate::tui) short: &'static str,
    pub(in crate::tui) help: &'static str,
    /// When the footer is narrow, the highest go first.
    pub(in crate::tui) rank: u8,
}

impl Binding {
    pub(super) fn takes(&self, event: KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let plain = !control && !event.modifiers.contains(KeyModifiers::ALT);
        self.keys.iter().any(|key| match key {
            Key::Char(wanted) => plain && event.code == KeyCode::Char(*wanted),
            Key::Ctrl(wanted) => control && event.code == KeyCode::Char(*wanted),
            Key::Code(wanted) => plain && event.code == *wanted,
        })
    }
}

pub(super) const fn key(
    keys: &'static [Key],
    action: Action,
    label: &'static str,
    short: &'static str,
    help: &'static str,
    rank: u8,
) -> Binding {
    Binding { keys, action, label, short, help, rank }
}

/// The counterpart of the binding before it: same label, same line of help.
pub(super) const fn also(keys: &'static [Key], action: Action) -> Binding {
    key(keys, action, "", "", "", 0)
}
