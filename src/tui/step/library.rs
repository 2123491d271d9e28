//! The reels of an account and Region, as they are found, in the order that the person wants.

pub(in crate::tui) mod deletion;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use tui_input::Input;

use self::deletion::Deletion;
use crate::{
    model::{reel::name::ReelName, report::fault::Fault},
    tui::{
        action::{Action, Command, Way},
        backend::{Lack, Place, Reel},
        job::Jobs,
        keymap::Table,
        shared::Shared,
        widget::list::{Cursor, Fuzzy, Sort},
        work::answer::Answer,
    },
};

#[derive(Default)]
pub(in crate::tui) struct Library {
    pub(in crate::tui) reels: BTreeMap<ReelName, Reel>,
    pub(in crate::tui) sort: Sort,
    pub(in crate::tui) marked: BTreeSet<ReelName>,
    /// What is to be deleted, while the person is asked.
    pub(in crate::tui) deletion: Option<Deletion>,
    /// Names in sight, with the characters that the filter matched.
    pub(in crate::tui) rows: Vec<(ReelName, Vec<u32>)>,
    pub(in crate::tui) cursor: Cursor,
    pub(in crate::tui) filter: Input,
    pub(in crate::tui) filtering: bool,
    pub(in crate::tui) asking: bool,
    pub(in crate::tui) fault: Option<Fault>,
}

impl Library {
    /// Nothing to choose from, and none of it on its way.
    pub(in crate::tui) fn has_nothing(&self) -> bool {
        self.reels.is_empty() && !self.asking && self.deletion.is_none()
    }

    pub(in crate::tui) fn table(&self) -> Table {
        match self.filtering {
            _ if self.deletion.is_some() => Table::Confirm,
            true => Table::Filter,
            false => Table::Library,
        }
    }

    pub(in crate::tui) fn open(&mut self, shared: &Shared) -> Vec<Command> {
        self.reels.clear();
        self.rows.clear();
        self.marked.clear();
        self.deletion = None;
        self.fault = None;
        self.asking = true;
        vec![Command::FindReels(shared.place.clone())]
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared, jobs: &Jobs) -> Vec<Command> {
        if let Some(deletion) = &mut self.deletion {
            let (commands, is_over) = deletion.update(action, shared);
            if is_over {
                self.deletion = None;
            }
            return commands;
        }
        if self.cursor.moved(action, self.rows.len()) {
            return Vec::new();
        }
        match action {
            Action::Enter => return self.chosen(shared),
            Action::Pick(row) if *row == self.cursor.at => return self.chosen(shared),
            Action::Pick(row) => self.cursor.at = *row,
            Action::Filter => self.filtering = true,
            Action::Sort => {
                self.sort = self.sort.next();
                self.refill();
            }
            Action::Mark => self.mark(),
            Action::UnmarkAll => self.marked.clear(),
            Action::CopyMenu => {
                let named = self.rows.get(self.cursor.at).map(|(name, _)| name.clone());
                return named.map(|name| Command::ChooseCopy(shared.place.clone(), name)).into_iter().collect();
            }
            Action::Delete => return self.ask(shared, jobs),
            Action::Edit(request) => {
                self.filter.handle(*request);
                self.fill();
                self.cursor.at = 0;
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

    /// Marks or unmarks, and goes on to the next.
    fn mark(&mut self) {
        let Some((name, _)) = self.rows.get(self.cursor.at) else { return };
        if !self.marked.remove(name) {
            self.marked.insert(name.clone());
        }
        self.cursor.moved(&Action::Down, self.rows.len());
    }

    /// The marked reels, or the one under the cursor if none is marked.
    fn ask(&mut self, shared: &Shared, jobs: &Jobs) -> Vec<Command> {
        let highlighted = self.rows.get(self.cursor.at).map(|(name, _)| name);
        let names: Vec<_> =
            if self.marked.is_empty() { highlighted.into_iter().collect() } else { self.marked.iter().collect() };
        let reels: Vec<_> = names.into_iter().filter_map(|name| self.reels.get(name)).cloned().collect();
        match Deletion::of(reels, shared, jobs) {
            Ok(deletion) => {
                self.deletion = deletion;
                Vec::new()
            }
            Err(why) => vec![Command::Say(why)],
        }
    }

    /// What was to be deleted is being deleted.
    pub(in crate::tui) fn asked(&mut self) {
        self.deletion = None;
        self.marked.clear();
    }

    /// Of all that is listed.
    pub(in crate::tui) fn bytes(&self) -> u64 {
        self.reels.values().map(|reel| reel.bytes).sum()
    }

    /// Of what is marked.
    pub(in crate::tui) fn marked_bytes(&self) -> u64 {
        self.marked.iter().filter_map(|name| self.reels.get(name)).map(|reel| reel.bytes).sum()
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
            self.marked.remove(reel);
            self.refill();
        }
    }

    /// It was published or checked, and all its chunks are there.
    pub(in crate::tui) fn is_mended(
        &mut self,
        place: &Place,
        reel: &ReelName,
        stays: fn(&Lack) -> bool,
        shared: &Shared,
    ) {
        if *place == shared.place
            && let Some(reel) = self.reels.get_mut(reel)
        {
            reel.lack = reel.lack.filter(stays);
        }
    }

    /// The highlighted reel stays highlighted, whatever comes or goes above it.
    fn refill(&mut self) {
        let highlighted = self.rows.get(self.cursor.at).map(|(name, _)| name.clone());
        self.fill();
        if let Some(at) = self.rows.iter().position(|(name, _)| Some(name) == highlighted.as_ref()) {
            self.cursor.at = at;
        }
    }

    fn fill(&mut self) {
        let mut reels: Vec<_> = self.reels.values().collect();
        in_order(self.sort, &mut reels);
        let names: Vec<_> = reels.into_iter().map(|reel| reel.name.clone()).collect();
        let matches = Fuzzy::new(self.filter.value()).matches(names.iter().map(ReelName::as_str));
        self.rows = matches.into_iter().map(|found| (names[found.row].clone(), found.characters)).collect();
        self.cursor.keep_within(self.rows.len());
    }
}

/// What has no date, since it was never published whole, comes last.
fn in_order(sort: Sort, reels: &mut [&Reel]) {
    match sort {
        Sort::Name => reels.sort_by(|one, other| one.name.cmp(&other.name)),
        Sort::Newest => reels.sort_by_key(|reel| Reverse(reel.published)),
        Sort::Largest => reels.sort_by_key(|reel| Reverse(reel.bytes)),
    }
}
