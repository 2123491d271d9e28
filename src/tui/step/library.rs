//! The reels of an account and Region, as they are found.

use std::collections::BTreeMap;

use tui_input::Input;

use crate::{
    model::{reel::name::ReelName, report::fault::Fault},
    tui::{
        action::{Action, Command, Way},
        backend::{Place, Reel},
        keymap::Table,
        shared::Shared,
        widget::list::{Cursor, Fuzzy},
        work::answer::Answer,
    },
};

#[derive(Default)]
pub(in crate::tui) struct Library {
    pub(in crate::tui) reels: BTreeMap<ReelName, Reel>,
    /// Names in sight, with the characters that the filter matched.
    pub(in crate::tui) rows: Vec<(ReelName, Vec<u32>)>,
    pub(in crate::tui) cursor: Cursor,
    pub(in crate::tui) filter: Input,
    pub(in crate::tui) filtering: bool,
    pub(in crate::tui) asking: bool,
    pub(in crate::tui) fault: Option<Fault>,
}

impl Library {
    pub(in crate::tui) fn table(&self) -> Table {
        if self.filtering { Table::Filter } else { Table::Library }
    }

    pub(in crate::tui) fn open(&mut self, shared: &Shared) -> Vec<Command> {
        self.reels.clear();
        self.rows.clear();
        self.fault = None;
        self.asking = true;
        vec![Command::FindReels(shared.place.clone())]
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        if self.cursor.moved(action, self.rows.len()) {
            return Vec::new();
        }
        match action {
            Action::Enter => return self.chosen(shared),
            Action::Pick(row) if *row == self.cursor.at => return self.chosen(shared),
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

    fn chosen(&self, shared: &Shared) -> Vec<Command> {
        let Some((name, _)) = self.rows.get(self.cursor.at) else { return Vec::new() };
        let (place, reel) = (shared.place.clone(), name.clone());
        vec![Command::Go(Box::new(Way::Reel { place, reel, check: false }))]
    }

    pub(in crate::tui) fn answer(&mut self, answer: &Answer, shared: &Shared) {
        match answer {
            Answer::ReelFound { place, reel } if *place == shared.place => {
                self.reels.insert(reel.name.clone(), reel.clone());
                self.refill();
            }
            Answer::ReelsEnded { place, result } if *place == shared.place => {
                self.asking = false;
                self.fault = result.clone().err();
            }
            _ => {}
        }
    }

    /// A deletion has ended: the reel is here no more.
    pub(in crate::tui) fn deleted(&mut self, place: &Place, reel: &ReelName, shared: &Shared) {
        if *place == shared.place && self.reels.remove(reel).is_some() {
            self.refill();
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
