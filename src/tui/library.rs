//! The reels of an account and Region, as they are found.

use std::collections::BTreeMap;

use tui_input::Input;

use super::{
    action::{Action, Command, Way},
    answer::Answer,
    backend::Reel,
    keymap::Table,
    shared::Shared,
    widget::list::{Cursor, Fuzzy},
};
use crate::reel::{fault::Fault, name::ReelName};

#[derive(Default)]
pub(super) struct Library {
    pub(super) reels: BTreeMap<ReelName, Reel>,
    /// Names in sight, with the characters that the filter matched.
    pub(super) rows: Vec<(ReelName, Vec<u32>)>,
    pub(super) cursor: Cursor,
    pub(super) filter: Input,
    pub(super) filtering: bool,
    pub(super) asking: bool,
    pub(super) fault: Option<Fault>,
}

impl Library {
    pub(super) fn table(&self) -> Table {
        if self.filtering { Table::Filter } else { Table::Library }
    }

    pub(super) fn open(&mut self, shared: &Shared) -> Vec<Command> {
        self.reels.clear();
        self.rows.clear();
        self.fault = None;
        self.asking = true;
        vec![Command::FindReels(shared.place.clone())]
    }

    pub(super) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        if self.cursor.moved(action, self.rows.len()) {
            return Vec::new();
        }
        match action {
            Action::Enter => return self.chosen(),
            Action::Pick(row) if *row == self.cursor.at => return self.chosen(),
            Action::Pick(row) => self.cursor.at = *row,
            Action::Filter => self.filtering = true,
            Action::Edit(request) => {
                self.filter.handle(*request);
                self.cursor.at = 0;
                self.refill();
            }
            Action::Reload => return self.open(shared),
            Action::Target => return vec![Command::ChooseTarget],
            Action::Back if self.filtering || !self.filter.value().is_empty() => {
                self.filtering = false;
                self.filter.reset();
                self.refill();
            }
            Action::Back => return vec![Command::Back],
            _ => {}
        }
        Vec::new()
    }

    fn chosen(&self) -> Vec<Command> {
        let Some((name, _)) = self.rows.get(self.cursor.at) else { return Vec::new() };
        vec![Command::Go(Box::new(Way::Reel(name.clone())))]
    }

    pub(super) fn answer(&mut self, answer: &Answer, shared: &Shared) {
        match answer {
            Answer::ReelFound { place, reel } if *place == shared.place => {
                self.reels.insert(reel.name.clone(), reel.clone());
                self.refill();
            }
            Answer::ReelsEnded { place, result } if *place == shared.place => {
                self.asking = false;
                self.fault = result.clone().err();
            }
            Answer::Deleted { name, functions: Ok(_) } => {
                self.reels.remove(name);
                self.refill();
            }
            _ => {}
        }
    }

    /// The highlighted reel stays highlighted while others arrive above it.
    fn refill(&mut self) {
        let highlighted = self.rows.get(self.cursor.at).map(|(name, _)| name.clone());
        let names: Vec<_> = self.reels.keys().cloned().collect();
        let matches = Fuzzy::new(self.filter.value()).matches(names.iter().map(ReelName::as_str));
        self.rows = matches.into_iter().map(|found| (names[found.row].clone(), found.characters)).collect();
        if self.filter.value().is_empty()
            && let Some(at) = self.rows.iter().position(|(name, _)| Some(name) == highlighted.as_ref())
        {
            self.cursor.at = at;
        }
        self.cursor.keep_within(self.rows.len());
    }
}
