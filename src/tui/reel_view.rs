//! One reel: its links, and its chunks as a grid that fills while a check runs; deleting, with the name typed.

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime},
};

use tui_input::Input;

use super::{
    action::{Action, Command},
    answer::Answer,
    backend::{ChunkId, Finding, Gone, Place, ReelDetail},
    keymap::Table,
    memory::Check,
    widget::page::Scroll,
};
use crate::reel::{fault::Fault, name::ReelName};

pub(super) struct ReelView {
    pub(super) place: Place,
    pub(super) name: ReelName,
    pub(super) detail: Option<Result<Box<ReelDetail>, Fault>>,
    pub(super) findings: BTreeMap<ChunkId, Finding>,
    pub(super) checking: Option<Checking>,
    pub(super) fault: Option<Fault>,
    /// The name being typed to confirm.
    pub(super) confirm: Option<Input>,
    pub(super) deleting: Option<Gone>,
    pub(super) scroll: Scroll,
    /// A check asked for before the chunks were known.
    check_first: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Checking {
    pub(super) deep: bool,
    pub(super) since: Instant,
}

/// Chunks by what was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) ok: u32,
    pub(super) missing: u32,
    pub(super) differs: u32,
    pub(super) reading: u32,
    pub(super) of: u32,
}

impl ReelView {
    pub(super) fn new(place: Place, name: ReelName, check_first: bool) -> Self {
        Self {
            place,
            name,
            detail: None,
            findings: BTreeMap::new(),
            checking: None,
            fault: None,
            confirm: None,
            deleting: None,
            scroll: Scroll::default(),
            check_first,
        }
    }

    pub(super) fn open(&self) -> Vec<Command> {
        vec![Command::OpenReel(self.place.clone(), self.name.clone())]
    }

    pub(super) fn table(&self) -> Table {
        if self.confirm.is_some() { Table::Confirm } else { Table::Reel }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.checking.is_some() || self.deleting.is_some()
    }

    pub(super) fn known(&self) -> Option<&ReelDetail> {
        self.detail.as_ref().and_then(|detail| detail.as_deref().ok())
    }

    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally { of: self.known().map_or(0, |detail| detail.chunks.len() as u32), ..Tally::default() };
        for finding in self.findings.values() {
            match finding {
                Finding::Ok => tally.ok += 1,
                Finding::Missing => tally.missing += 1,
                Finding::Differs(_) => tally.differs += 1,
                Finding::Reading(_) => tally.reading += 1,
            }
        }
        tally
    }

    pub(super) fn update(&mut self, action: &Action, now: Instant) -> Vec<Command> {
        if self.confirm.is_some() {
            return self.confirming(action);
        }
        if self.scroll.moved(action) {
            return Vec::new();
        }
        match action {
            Action::Check => self.check(false, now),
            Action::CheckDeep => self.check(true, now),
            Action::Copy => self.known().map(|detail| Command::Copy(detail.watch_url.clone())).into_iter().collect(),
            Action::CopyPlaylist => {
                self.known().map(|detail| Command::Copy(detail.playlist_url.clone())).into_iter().collect()
            }
            Action::Browse => {
                self.known().map(|detail| Command::Browse(detail.watch_url.clone())).into_iter().collect()
            }
            Action::Delete if self.deleting.is_none() => {
                self.confirm = Some(Input::default());
                Vec::new()
            }
            Action::Back if self.checking.take().is_some() => vec![Command::StopChecking],
            Action::Back => vec![Command::Back],
            _ => Vec::new(),
        }
    }

    fn confirming(&mut self, action: &Action) -> Vec<Command> {
        let Some(typed) = &mut self.confirm else { return Vec::new() };
        match action {
            Action::Edit(request) => {
                typed.handle(*request);
            }
            Action::Enter if typed.value() == self.name.as_str() => {
                self.confirm = None;
                self.deleting = Some(Gone { functions: 0, of: 0 });
                self.checking = None;
                return vec![Command::StopChecking, Command::Delete(self.place.clone(), self.name.clone())];
            }
            Action::Enter => return vec![Command::Say("that is not the name".to_owned())],
            Action::Back => self.confirm = None,
            _ => {}
        }
        Vec::new()
    }

    fn check(&mut self, deep: bool, now: Instant) -> Vec<Command> {
        if self.known().is_none() || self.is_busy() {
            return Vec::new();
        }
        self.findings.clear();
        self.fault = None;
        self.checking = Some(Checking { deep, since: now });
        vec![Command::Check { place: self.place.clone(), reel: self.name.clone(), deep }]
    }

    pub(super) fn answer(&mut self, answer: &Answer, now: Instant) -> Vec<Command> {
        match answer {
            Answer::ReelOpened { name, detail } if *name == self.name => {
                self.detail = Some(detail.clone());
                if std::mem::take(&mut self.check_first) {
                    return self.check(true, now);
                }
            }
            Answer::Checked { name, checked } if *name == self.name && self.checking.is_some() => {
                self.findings.insert(checked.id.clone(), checked.finding.clone());
            }
            Answer::CheckEnded { name, result } if *name == self.name => {
                // a chunk left half-read by a fault is unchecked
                self.findings.retain(|_, finding| !matches!(finding, Finding::Reading(_)));
                self.fault = result.clone().err();
            }
            Answer::Gone { name, gone } if *name == self.name => self.deleting = Some(*gone),
            Answer::Deleted { name, functions } if *name == self.name => {
                self.deleting = None;
                match functions {
                    Ok(functions) => {
                        let gone = super::widget::amount::count(*functions, "function");
                        return vec![Command::Back, Command::Say(format!("{name} is deleted: {gone} removed"))];
                    }
                    Err(fault) => self.fault = Some(fault.clone()),
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// What to remember of a check that has just ended; `None` if it broke off.
    pub(super) fn ended(&mut self, wall: SystemTime) -> Option<Check> {
        let checking = self.checking.take()?;
        let tally = self.tally();
        let whole = self.fault.is_none();
        whole.then_some(Check { at: wall, deep: checking.deep, ok: tally.ok, of: tally.of })
    }
}
