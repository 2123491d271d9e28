//! What lies over a screen and takes the keys: questions, lists to pick from, a job's log, the help.

pub mod choices;
pub mod confirm;
pub mod palette;

use tui_input::Input;

use super::{
    action::Action,
    id::JobId,
    keymap::Table,
    overlay::{confirm::Confirm, palette::Palette},
    widget::{
        list::{Cursor, Fuzzy, Match},
        page::Scroll,
    },
};
use crate::model::{reel::name::ReelName, report::event::JobName};

pub(super) enum Overlay {
    Ask(Confirm),
    Choose(Chooser),
    Log { of: JobId, job: JobName, scroll: Scroll },
    Palette(Palette),
}

impl Overlay {
    pub(super) fn table(&self) -> Table {
        match self {
            Self::Ask(_) => Table::Ask,
            Self::Choose(_) => Table::Choose,
            Self::Log { .. } => Table::Log,
            Self::Palette(_) => Table::Palette,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    Target,
    Region,
    /// Of this reel.
    Copy(ReelName),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) detail: String,
}

/// A list with a filter; the value that stood before is highlighted at first.
pub(super) struct Chooser {
    pub(super) purpose: Purpose,
    pub(super) choices: Vec<Choice>,
    pub(super) matches: Vec<Match>,
    pub(super) cursor: Cursor,
    pub(super) filter: Input,
    /// What is said where there is nothing to choose from.
    pub(super) empty: String,
}

pub(super) enum Outcome {
    Open,
    Closed,
    Chosen(Purpose, String),
}

impl Chooser {
    pub(super) fn new(purpose: Purpose, choices: Vec<Choice>, current: &str, typed: Option<char>) -> Self {
        let filter = Input::new(typed.map(String::from).unwrap_or_default());
        let (matches, cursor, empty) = (Vec::new(), Cursor::default(), "nothing matches".to_owned());
        let mut chooser = Self { purpose, choices, matches, cursor, filter, empty };
        chooser.refill();
        if typed.is_none() {
            chooser.cursor.at = chooser.choices.iter().position(|choice| choice.value == current).unwrap_or_default();
        }
        chooser
    }

    pub(super) fn offer(&mut self, choices: Vec<Choice>) {
        self.choices = choices;
        self.refill();
    }

    fn refill(&mut self) {
        let texts = self.choices.iter().map(|choice| format!("{} {}", choice.label, choice.detail));
        self.matches = Fuzzy::new(self.filter.value()).matches(texts);
        self.cursor.keep_within(self.matches.len());
    }

    pub(super) fn update(&mut self, action: &Action) -> Outcome {
        if self.cursor.moved(action, self.matches.len()) {
            return Outcome::Open;
        }
        match action {
            Action::Pick(row) if *row == self.cursor.at => return self.chosen(),
            Action::Pick(row) => self.cursor.at = *row,
            Action::Enter => return self.chosen(),
            Action::Back => return Outcome::Closed,
            Action::Edit(request) => {
                self.filter.handle(*request);
                self.cursor.at = 0;
                self.refill();
            }
            _ => {}
        }
        Outcome::Open
    }

    fn chosen(&self) -> Outcome {
        let choice = self.matches.get(self.cursor.at).and_then(|found| self.choices.get(found.row));
        choice.map_or(Outcome::Open, |choice| Outcome::Chosen(self.purpose.clone(), choice.value.clone()))
    }
}
