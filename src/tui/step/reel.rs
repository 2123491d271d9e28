//! One reel: its links and its chunks as a grid. A check of it is a job: it goes on without this page, and the page
//! shows it when it is opened again. Deleting wants the name typed.

use std::collections::BTreeMap;

use tui_input::Input;

use crate::{
    model::{
        reel::{
            name::{Generation, ReelName},
            title::title,
        },
        report::fault::Fault,
    },
    tui::{
        action::{Action, Command, Way},
        backend::{ChunkId, Finding, Lack, Place, Question, ReelDetail},
        job::{Course, End, Job, Jobs, Run},
        keymap::Table,
        overlay::confirm::Confirm,
        shared::Shared,
        widget::page::Scroll,
        work::answer::Answer,
    },
};

pub(in crate::tui) struct Reel {
    pub(in crate::tui) place: Place,
    pub(in crate::tui) name: ReelName,
    pub(in crate::tui) detail: Option<Result<Box<ReelDetail>, Fault>>,
    /// The name being typed to confirm.
    pub(in crate::tui) confirm: Option<Input>,
    /// Another title being typed.
    pub(in crate::tui) title: Option<Input>,
    pub(in crate::tui) scroll: Scroll,
    /// Why it is not served whole, where the library has told.
    pub(in crate::tui) lack: Option<Lack>,
    /// A check asked for before the chunks were known.
    check_first: bool,
}

/// Chunks by what was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tui) struct ChunkCounts {
    pub(in crate::tui) ok: u32,
    pub(in crate::tui) missing: u32,
    pub(in crate::tui) differs: u32,
    pub(in crate::tui) reading: u32,
    pub(in crate::tui) decoding: u32,
    pub(in crate::tui) of: u32,
}

impl Reel {
    pub(in crate::tui) fn new(place: Place, name: ReelName, check_first: bool) -> Self {
        Self {
            place,
            name,
            detail: None,
            confirm: None,
            title: None,
            scroll: Scroll::default(),
            lack: None,
            check_first,
        }
    }

    /// Asks for the index, and who is signed in there unless that is known.
    pub(in crate::tui) fn open(&self, shared: &Shared) -> Vec<Command> {
        let mut commands = vec![Command::OpenReel(self.place.clone(), self.name.clone())];
        if shared.account_at(&self.place).is_none() {
            commands.push(Command::Connect(self.place.clone()));
        }
        commands
    }

    pub(in crate::tui) fn table(&self) -> Table {
        match (&self.confirm, &self.title) {
            (Some(_), _) => Table::Confirm,
            (None, Some(_)) => Table::Title,
            (None, None) => Table::Reel,
        }
    }

    pub(in crate::tui) fn known(&self) -> Option<&ReelDetail> {
        self.detail.as_ref().and_then(|detail| detail.as_deref().ok())
    }

    fn generation(&self) -> Option<Generation> {
        self.known().and_then(|detail| detail.reel.generation)
    }

    /// The newest check of what is shown.
    pub(in crate::tui) fn check<'a>(&self, jobs: &'a Jobs) -> Option<&'a Job> {
        jobs.check(&self.place, &self.name, self.generation())
    }

    pub(in crate::tui) fn findings<'a>(&self, jobs: &'a Jobs) -> Option<&'a BTreeMap<ChunkId, Finding>> {
        match &self.check(jobs)?.course {
            // of one that replaced it meanwhile nothing is told in the place of this one's chunks
            Course::Check { of, findings } => Some(findings).filter(|_| of.is_none() || *of == self.generation()),
            _ => None,
        }
    }

    pub(in crate::tui) fn counts(&self, jobs: &Jobs) -> ChunkCounts {
        let mut counts =
            ChunkCounts { of: self.known().map_or(0, |detail| detail.chunks.len() as u32), ..ChunkCounts::default() };
        for finding in self.findings(jobs).into_iter().flat_map(BTreeMap::values) {
            match finding {
                Finding::Ok | Finding::Errors(_) | Finding::Undecodable(_) => counts.ok += 1,
                Finding::Missing => counts.missing += 1,
                Finding::Differs(_) => counts.differs += 1,
                Finding::Reading(_) => counts.reading += 1,
                Finding::Decoding => counts.decoding += 1,
            }
        }
        counts
    }

    /// The last check found chunks missing or other than they were sent.
    pub(in crate::tui) fn is_damaged(&self, jobs: &Jobs) -> bool {
        self.check(jobs).and_then(Job::end).is_some_and(|end| matches!(end, End::Checked(report) if !report.is_whole()))
    }

    /// What the typed name deletes, if it is known where that is.
    pub(in crate::tui) fn deletion(&self, shared: &Shared) -> Option<(Run, Question)> {
        let at = shared.account_at(&self.place)?.at.clone();
        let question = Question::Delete { reel: self.name.clone(), at: at.clone(), is_local: self.place.is_local() };
        Some((Run::Delete(self.place.clone(), at, self.name.clone()), question))
    }

    /// Why an action would do nothing now, in a sentence.
    pub(in crate::tui) fn hindrance(&self, action: &Action, shared: &Shared, jobs: &Jobs) -> Option<String> {
        let key = |action| shared.keys.key(Table::Reel, &action);
        let check = self.check(jobs);
        let is_under_way = check.is_some_and(Job::is_active);
        match action {
            _ if self.confirm.is_some() || self.title.is_some() => None,
            Action::Copy
            | Action::CopyPlaylist
            | Action::Browse
            | Action::Check
            | Action::CheckDeep
            | Action::Repair
            | Action::Retitle
                if self.known().is_none() =>
            {
                Some(match self.detail {
                    None => "this reel is still being read: wait a moment".to_owned(),
                    Some(_) => format!("this reel could not be read; {} tries it again", key(Action::Reload)),
                })
            }
            Action::Check | Action::CheckDeep if is_under_way => {
                Some(format!("a check is under way; {} stops it", key(Action::Cancel)))
            }
            Action::Cancel if check.is_some_and(Job::is_stopping) => Some("it is being stopped already".to_owned()),
            Action::Cancel if !is_under_way => Some("no check is under way".to_owned()),
            Action::Repair if self.is_damaged(jobs) => None,
            Action::Repair if is_under_way => Some("a repair needs what the check finds: wait for its end".to_owned()),
            Action::Repair => Some(match check.and_then(Job::end) {
                Some(End::Checked(_)) => "the check found nothing that a repair could mend".to_owned(),
                _ => format!("a repair needs to know what is wrong: {} checks the reel first", key(Action::Check)),
            }),
            _ => None,
        }
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, shared: &Shared, jobs: &Jobs) -> Vec<Command> {
        if self.confirm.is_some() {
            return self.confirming(action, shared);
        }
        if self.title.is_some() {
            return self.titling(action, shared);
        }
        if self.scroll.moved(action) {
            return Vec::new();
        }
        let known = |command: fn(&ReelDetail) -> Command| self.known().map(command).into_iter().collect();
        let check = self.check(jobs).filter(|check| check.is_active());
        match action {
            Action::Check => self.begin_check(false, jobs),
            Action::CheckDeep => self.begin_check(true, jobs),
            Action::Cancel => check.map(|job| Command::Ask(Confirm::Cancel(job.id, job.stops()))).into_iter().collect(),
            Action::Copy => known(|detail| Command::Copy(detail.watch_url.clone())),
            Action::CopyPlaylist => known(|detail| Command::Copy(detail.playlist_url.clone())),
            Action::CopyMenu => vec![Command::ChooseCopy(self.place.clone(), self.name.clone())],
            Action::Browse => known(|detail| Command::Browse(detail.watch_url.clone())),
            Action::Reload => {
                self.lack = None;
                self.open(shared)
            }
            Action::Repair if self.is_damaged(jobs) => {
                vec![Command::Go(Box::new(Way::Source { place: self.place.clone(), reel: self.name.clone() }))]
            }
            Action::Delete => self.ask_for_name(shared, jobs),
            Action::Retitle => self.ask_for_title(jobs),
            Action::Back => vec![Command::Back],
            _ => Vec::new(),
        }
    }

    fn ask_for_name(&mut self, shared: &Shared, jobs: &Jobs) -> Vec<Command> {
        if let Some(job) = jobs.busy_with(&self.place, &self.name) {
            return vec![Command::Go(Box::new(Way::Job(job.id)))];
        }
        if self.deletion(shared).is_none() {
            return vec![Command::Say("still asking which account this is; then it can be deleted".to_owned())];
        }
        self.confirm = Some(Input::default());
        Vec::new()
    }

    fn ask_for_title(&mut self, jobs: &Jobs) -> Vec<Command> {
        if let Some(job) = jobs.busy_with(&self.place, &self.name) {
            return vec![Command::Say(format!("{} is being worked on: Home leads to it", job.reel()))];
        }
        self.title = self.known().map(|detail| Input::new(detail.title.clone()));
        Vec::new()
    }

    fn titling(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        let Some(typed) = &mut self.title else { return Vec::new() };
        match action {
            Action::Edit(request) => {
                typed.handle(*request);
            }
            Action::Paste(text) => paste(typed, text),
            Action::Enter => {
                let title = match title(typed.value()) {
                    Ok(title) => title,
                    Err(blank) => return vec![Command::Say(blank.to_string())],
                };
                self.title = None;
                if self.known().is_some_and(|detail| detail.title == title) {
                    return Vec::new();
                }
                let at = shared.account_at(&self.place).map(|account| account.at.clone());
                let run = Run::Retitle(self.place.clone(), at, self.name.clone(), title);
                return vec![Command::Begin(vec![run], Vec::new())];
            }
            Action::Back => self.title = None,
            _ => {}
        }
        Vec::new()
    }

    /// It was published or checked, and all its chunks are there.
    pub(in crate::tui) fn is_mended(&mut self, place: &Place, name: &ReelName, stays: fn(&Lack) -> bool) {
        if (&self.place, &self.name) == (place, name) {
            self.lack = self.lack.filter(stays);
        }
    }

    /// Nothing is known of single chunks, but the last check, or that of a repair, found all of them right.
    pub(in crate::tui) fn was_right(&self, shared: &Shared, jobs: &Jobs) -> bool {
        let check = self.generation().and_then(|generation| shared.memory.check(&self.place, &self.name, generation));
        self.lack.is_none() && self.check(jobs).is_none() && check.is_some_and(|check| check.right)
    }

    /// It has another title by now.
    pub(in crate::tui) fn retitled(&mut self, place: &Place, name: &ReelName, title: &str) {
        if (&self.place, &self.name) == (place, name)
            && let Some(Ok(detail)) = &mut self.detail
        {
            title.clone_into(&mut detail.title);
        }
    }

    fn confirming(&mut self, action: &Action, shared: &Shared) -> Vec<Command> {
        let Some(typed) = &mut self.confirm else { return Vec::new() };
        match action {
            Action::Edit(request) => {
                typed.handle(*request);
            }
            Action::Paste(text) => paste(typed, text),
            Action::Enter if typed.value() == self.name.as_str() => {
                let deletion = self.deletion(shared);
                return deletion.map(|(run, agreed)| Command::Begin(vec![run], vec![agreed])).into_iter().collect();
            }
            Action::Enter => return vec![Command::Say("that is not the name".to_owned())],
            Action::Back => self.confirm = None,
            _ => {}
        }
        Vec::new()
    }

    fn begin_check(&self, deep: bool, jobs: &Jobs) -> Vec<Command> {
        if self.known().is_none() || self.check(jobs).is_some_and(Job::is_active) {
            return Vec::new();
        }
        let (place, reel, generation) = (self.place.clone(), self.name.clone(), self.generation());
        vec![Command::Begin(vec![Run::Check { place, reel, generation, deep }], Vec::new())]
    }

    pub(in crate::tui) fn answer(&mut self, answer: &Answer, jobs: &Jobs) -> Vec<Command> {
        match answer {
            Answer::ReelOpened { name, detail } if *name == self.name => {
                self.detail = Some(detail.clone());
                if std::mem::take(&mut self.check_first) {
                    return self.begin_check(true, jobs);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

/// What is pasted into a line: of several lines all that is no control character.
pub(in crate::tui) fn paste(typed: &mut Input, text: &str) {
    for character in text.trim().chars().filter(|character| !character.is_control()) {
        typed.handle(tui_input::InputRequest::InsertChar(character));
    }
}
