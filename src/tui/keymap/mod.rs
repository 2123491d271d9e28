//! Keys are data: one table a screen, and what the person says of it in the config file. Matching, the footer, the list
//! of all keys, sentences that name a key, and the tables in `docs/keys.md` all come from here.

use std::collections::BTreeMap;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

use super::action::Action;
use crate::tui::keymap::{binding::Preset, tables::*};

mod binding;
mod document;
mod key;
mod names;
mod person;
mod presets;
mod tables;
#[cfg(test)]
mod tests;

pub(super) use crate::tui::keymap::binding::Binding;
pub(super) use crate::tui::keymap::key::Key;
pub use crate::tui::keymap::{document::markdown, person::KeysError};

/// Every table.
const ALL: &[Table] = &[
    Table::Home,
    Table::HomeJob,
    Table::HomeUnfinished,
    Table::Video,
    Table::Filter,
    Table::Found,
    Table::Settings,
    Table::SettingsList,
    Table::SettingsText,
    Table::Choose,
    Table::Review,
    Table::Publish,
    Table::PublishCdn,
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
    Table::Palette,
];

/// Which keys count now. A screen can have several (a list, and its filter being typed).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Home,
    HomeJob,
    HomeUnfinished,
    Video,
    Filter,
    /// What a search below the folder finds.
    Found,
    Settings,
    /// A field of the settings whose values are picked from a list.
    SettingsList,
    SettingsText,
    Choose,
    Review,
    Publish,
    /// All is there but the CDN.
    PublishCdn,
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
    Palette,
}

impl Table {
    fn presets(self) -> &'static [Preset] {
        match self {
            Self::Home => HOME,
            Self::HomeJob => HOME_JOB,
            Self::HomeUnfinished => HOME_UNFINISHED,
            Self::Video => VIDEO,
            Self::Filter => FILTER,
            Self::Found => FOUND,
            Self::Settings => SETTINGS,
            Self::SettingsList => SETTINGS_LIST,
            Self::SettingsText => SETTINGS_TEXT,
            Self::Choose => CHOOSE,
            Self::Review => REVIEW,
            Self::Publish => PUBLISH,
            Self::PublishCdn => PUBLISH_CDN,
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
            Self::Palette => PALETTE,
        }
    }

    /// Where it holds, in words.
    fn title(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::HomeJob => "Home, a job",
            Self::HomeUnfinished => "Home, unfinished",
            Self::Video => "1 Video",
            Self::Filter => "A filter",
            Self::Found => "1 Video, a search",
            Self::Settings => "2 Settings",
            Self::SettingsList => "2 Settings, Publish to and Region",
            Self::SettingsText => "2 Settings, a name",
            Self::Choose => "A list to choose from",
            Self::Review => "3 Review",
            Self::Publish => "4 Publish",
            Self::PublishCdn => "4 Publish, waiting for the CDN",
            Self::PublishFailed => "4 Publish, failed",
            Self::Queue => "Several videos",
            Self::Deletions => "Several deletions",
            Self::Removal => "A deletion",
            Self::JobAsks => "A job asks",
            Self::JobAsksForName => "A job asks for a name",
            Self::Log => "A log",
            Self::Done => "5 Done",
            Self::Library => "Library",
            Self::Reel => "A reel",
            Self::Confirm => "Reels, to be deleted",
            Self::Title => "A title",
            Self::Ask => "A question",
            Self::Palette => "All keys",
        }
    }

    /// Keys that no binding takes are typed into a field.
    fn types(self) -> bool {
        matches!(
            self,
            Self::Filter
                | Self::Found
                | Self::SettingsText
                | Self::SettingsList
                | Self::Choose
                | Self::Confirm
                | Self::Title
                | Self::JobAsksForName
                | Self::Palette
        )
    }
}

/// The keys of all screens, as they hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Keymap {
    tables: BTreeMap<Table, Vec<Binding>>,
    everywhere: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        let bindings = |presets: &[Preset]| presets.iter().map(Binding::of).collect();
        let tables = ALL.iter().map(|table| (*table, bindings(table.presets()))).collect();
        let mut keymap = Self { tables, everywhere: bindings(EVERYWHERE) };
        keymap.label();
        keymap
    }
}

impl Keymap {
    /// Counterparts are named together.
    fn label(&mut self) {
        for bindings in self.tables.values_mut().chain([&mut self.everywhere]) {
            for at in 0..bindings.len() {
                let own = bindings[at].first_key();
                let other = bindings.get(at + 1).filter(|next| next.is_counterpart).map(Binding::first_key);
                let other = other.filter(|_| !own.is_empty()).unwrap_or_default();
                let are_arrows = own.chars().chain(other.chars()).all(|letter| "↑↓←→".contains(letter));
                let gap = if are_arrows || other.is_empty() { "" } else { " " };
                bindings[at].label = format!("{own}{gap}{other}");
            }
        }
    }

    pub(super) fn bindings(&self, table: Table) -> &[Binding] {
        self.tables.get(&table).map_or(&[], Vec::as_slice)
    }

    /// With those that count everywhere.
    pub(super) fn all(&self, table: Table) -> impl Iterator<Item = &Binding> {
        self.bindings(table).iter().chain(&self.everywhere)
    }

    pub(super) fn action(&self, table: Table, event: KeyEvent) -> Option<Action> {
        let mut bindings = self.everywhere.iter().chain(self.bindings(table));
        let bound = bindings.find(|binding| binding.keys.iter().any(|key| key.is_pressed(event)));
        bound.map(|binding| binding.action.clone()).or_else(|| edit(event).filter(|_| table.types()).map(Action::Edit))
    }

    /// The key of an action, for sentences. One that the person took all keys from is found in the list of all keys.
    pub(super) fn key(&self, table: Table, action: &Action) -> String {
        let of = |action: &Action| self.bindings(table).iter().find(|binding| binding.action == *action);
        let own = of(action).map(Binding::first_key).filter(|key| !key.is_empty());
        own.or_else(|| of(&Action::Help).map(Binding::first_key)).unwrap_or_default()
    }

    /// A sentence about a key, which comes first.
    pub(super) fn says(&self, table: Table, action: &Action, words: &str) -> String {
        format!("{} {words}", self.key(table, action))
    }

    /// What the footer says: as many keys as fit, in the order of the table; the least needed go first, and what this
    /// moment needs last.
    pub(super) fn footer(
        &self,
        table: Table,
        room: usize,
        applies: impl Fn(&Action) -> bool,
        needs: impl Fn(&Action) -> bool,
        width: impl Fn(&Binding) -> usize,
    ) -> Vec<&Binding> {
        let rank = |binding: &Binding| if needs(&binding.action) { 0 } else { binding.rank + 1 };
        let worth_it =
            |binding: &&Binding| !binding.short.is_empty() && !binding.label.is_empty() && applies(&binding.action);
        let mut shown: Vec<_> = self.bindings(table).iter().filter(worth_it).collect();
        while shown.iter().map(|binding| width(binding)).sum::<usize>() > room {
            let Some(least) = shown.iter().map(|binding| rank(binding)).max() else { break };
            let Some(last) = shown.iter().rposition(|binding| rank(binding) == least) else { break };
            shown.remove(last);
        }
        shown
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
