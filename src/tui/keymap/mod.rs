//! Keys are data: one table a screen. Matching, the footer, the help and the table in `docs/keys.md` all come from here.

use std::fmt::Write as _;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

use super::action::Action;
use crate::tui::keymap::tables::*;

mod binding;
mod tables;
#[cfg(test)]
mod tests;

pub(super) use crate::tui::keymap::binding::Binding;
#[cfg(test)]
pub(super) use crate::tui::keymap::binding::Key;

/// Every table.
#[cfg(test)]
const ALL: &[Table] = &[
    Table::Home,
    Table::HomeJob,
    Table::HomeUnfinished,
    Table::Video,
    Table::Filter,
    Table::Settings,
    Table::SettingsList,
    Table::SettingsText,
    Table::Choose,
    Table::Review,
    Table::Publish,
    Table::PublishFailed,
    Table::Queue,
    Table::Deletions,
    Table::Removal,
    Table::JobAsks,
    Table::JobAsksForName,
    Table::Log,
    Table::Done,
    Table::Library,
    Table::Reel,
    Table::Confirm,
    Table::Title,
    Table::Ask,
    Table::Help,
];

/// Which keys count now. A screen can have several (a list, and its filter being typed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Home,
    HomeJob,
    HomeUnfinished,
    Video,
    Filter,
    Settings,
    /// A field of the settings whose values are picked from a list.
    SettingsList,
    SettingsText,
    Choose,
    Review,
    Publish,
    PublishFailed,
    Queue,
    Deletions,
    Removal,
    JobAsks,
    JobAsksForName,
    Log,
    Done,
    Library,
    Reel,
    /// A name typed to confirm.
    Confirm,
    /// A title being typed.
    Title,
    Ask,
    Help,
}

impl Table {
    pub(super) fn bindings(self) -> &'static [Binding] {
        match self {
            Self::Home => HOME,
            Self::HomeJob => HOME_JOB,
            Self::HomeUnfinished => HOME_UNFINISHED,
            Self::Video => VIDEO,
            Self::Filter => FILTER,
            Self::Settings => SETTINGS,
            Self::SettingsList => SETTINGS_LIST,
            Self::SettingsText => SETTINGS_TEXT,
            Self::Choose => CHOOSE,
            Self::Review => REVIEW,
            Self::Publish => PUBLISH,
            Self::PublishFailed => PUBLISH_FAILED,
            Self::Queue => QUEUE,
            Self::Deletions => DELETIONS,
            Self::Removal => REMOVAL,
            Self::JobAsks => JOB_ASKS,
            Self::JobAsksForName => JOB_ASKS_FOR_NAME,
            Self::Log => LOG,
            Self::Done => DONE,
            Self::Library => LIBRARY,
            Self::Reel => REEL,
            Self::Confirm => CONFIRM,
            Self::Title => TITLE,
            Self::Ask => ASK,
            Self::Help => HELP_KEYS,
        }
    }

    /// Keys that no binding takes are typed into a field.
    fn types(self) -> bool {
        matches!(
            self,
            Self::Filter
                | Self::SettingsText
                | Self::SettingsList
                | Self::Choose
                | Self::Confirm
                | Self::Title
                | Self::JobAsksForName
        )
    }

    pub(super) fn action(self, event: KeyEvent) -> Option<Action> {
        let bound = EVERYWHERE.iter().chain(self.bindings()).find(|binding| binding.takes(event));
        bound.map(|binding| binding.action.clone()).or_else(|| edit(event).filter(|_| self.types()).map(Action::Edit))
    }

    /// What the footer says: as many keys as fit, in the order of the table; the least needed go first, and what this
    /// moment needs last.
    pub(super) fn footer(
        self,
        room: usize,
        applies: impl Fn(&Action) -> bool,
        needs: impl Fn(&Action) -> bool,
        width: impl Fn(&Binding) -> usize,
    ) -> Vec<&'static Binding> {
        let rank = |binding: &Binding| if needs(&binding.action) { 0 } else { binding.rank + 1 };
        let worth_it = |binding: &&Binding| !binding.short.is_empty() && applies(&binding.action);
        let mut shown: Vec<_> = self.bindings().iter().filter(worth_it).collect();
        while shown.iter().map(|binding| width(binding)).sum::<usize>() > room {
            let Some(least) = shown.iter().map(|binding| rank(binding)).max() else { break };
            let Some(last) = shown.iter().rposition(|binding| rank(binding) == least) else { break };
            shown.remove(last);
        }
        shown
    }

    /// Label and explanation of every key, for the help.
    pub(super) fn explained(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let bindings = self.bindings().iter().chain(EVERYWHERE);
        bindings.filter(|binding| !binding.label.is_empty()).map(|binding| (binding.label, binding.help))
    }
}

/// The usual keys of a text field, Emacs's and the terminal's.
fn edit(event: KeyEvent) -> Option<InputRequest> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    Some(match event.code {
        KeyCode::Char('a') if control => InputRequest::GoToStart,
        KeyCode::Char('e') if control => InputRequest::GoToEnd,
        KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
        KeyCode::Char('u') if control => InputRequest::DeleteLine,
        KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
        KeyCode::Backspace if control || alt => InputRequest::DeletePrevWord,
        KeyCode::Left if control || alt => InputRequest::GoToPrevWord,
        KeyCode::Right if control || alt => InputRequest::GoToNextWord,
        KeyCode::Char(character) if !control && !alt && !character.is_control() => InputRequest::InsertChar(character),
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        _ => return None,
    })
}

/// The key table of `docs/keys.md`.
pub fn markdown() -> String {
    let screens = [
        ("Home", Table::Home),
        ("Home, a job", Table::HomeJob),
        ("Home, unfinished", Table::HomeUnfinished),
        ("1 Video", Table::Video),
        ("2 Settings", Table::Settings),
        ("3 Review", Table::Review),
        ("4 Publish", Table::Publish),
        ("4 Publish, failed", Table::PublishFailed),
        ("Several videos", Table::Queue),
        ("A job asks", Table::JobAsks),
        ("5 Done", Table::Done),
        ("Library", Table::Library),
        ("A reel", Table::Reel),
        ("A deletion", Table::Removal),
        ("Several deletions", Table::Deletions),
    ];
    let mut text = String::from("| Screen | Keys |\n|---|---|\n");
    for (name, table) in screens {
        let own = table.bindings().iter().filter(|binding| !binding.label.is_empty());
        let keys: Vec<_> = own.map(|binding| format!("`{}` {}", binding.label, binding.help)).collect();
        // writing to a string can't fail
        let _ = writeln!(text, "| {name} | {} |", keys.join(" · "));
    }
    let everywhere: Vec<_> = EVERYWHERE.iter().map(|key| format!("`{}` {}", key.label, key.help)).collect();
    let _ = writeln!(text, "| everywhere | {} |", everywhere.join(" · "));
    text
}
