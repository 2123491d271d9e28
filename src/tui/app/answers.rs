//! What comes back from work goes to whom it was done for: to what all share, to its screen wherever that is in the
//! stack, to its job. An answer opens, closes and moves no screen.

use std::collections::BTreeSet;

use super::{App, Errand};
use crate::{
    model::{reel::name::ReelName, wording},
    tui::{
        action::Command,
        backend::{Lack, Place},
        id::{JobId, Owner, ScreenId},
        job::{Asked, End, Job, Kind, Run},
        memory::Check,
        overlay::{Chooser, Overlay, Purpose, choices},
        screen::Screen,
        shared::Connection,
        work::answer::Answer,
    },
};

impl App {
    pub(in crate::tui) fn answer(&mut self, owner: Owner, answer: Answer) -> Vec<Errand> {
        let mut errands = match owner {
            Owner::App => {
                let commands = self.answer_shared(answer);
                self.carry_out(owner, commands)
            }
            Owner::Screen(id) => self.answer_screen(id, &answer),
            Owner::Job(id, attempt) => {
                let commands = self.answer_job(id, attempt, answer);
                self.carry_out(Owner::App, commands)
            }
        };
        errands.extend(self.advance());
        self.settle();
        errands
    }

    fn answer_screen(&mut self, id: ScreenId, answer: &Answer) -> Vec<Errand> {
        let Self { stack, shared, jobs, .. } = self;
        // a screen that was closed wants nothing any more
        let Some(open) = stack.iter_mut().find(|open| open.id == id) else { return Vec::new() };
        let mut commands = open.screen.answer(answer, shared, jobs);
        if id != self.top_id() {
            // the person has gone on meanwhile
            commands.retain(|command| !matches!(command, Command::Go(_) | Command::Back | Command::Ask(_)));
        }
        self.carry_out(Owner::Screen(id), commands)
    }

    fn answer_shared(&mut self, answer: Answer) -> Vec<Command> {
        match answer {
            Answer::Said(words) => self.said = Some(words),
            Answer::Profiles(Ok(profiles)) => {
                self.shared.profiles = profiles;
                if let Some(Overlay::Choose(chooser @ Chooser { purpose: Purpose::Target, .. })) = &mut self.overlay {
                    chooser.offer(choices::targets(&self.shared).choices);
                }
            }
            Answer::Connected { place, account } => {
                if let Ok(account) = &account {
                    self.shared.accounts.insert(place.clone(), account.clone());
                }
                if place != self.shared.place {
                    return Vec::new();
                }
                // of a look at what is known already
                if account.is_err() && matches!(self.shared.connection, Connection::Ready(_)) {
                    return Vec::new();
                }
                let known = account.is_ok();
                self.shared.connection = account.map_or_else(Connection::Failed, Connection::Ready);
                return known.then_some(Command::FindNames(place)).into_iter().collect();
            }
            Answer::Names { place, names } if place == self.shared.place => {
                self.shared.names = names.ok().map(|names| names.into_iter().collect::<BTreeSet<_>>());
            }
            Answer::ReelOpened { name, detail } => {
                if let Some(Overlay::Choose(chooser)) = &mut self.overlay
                    && chooser.purpose == Purpose::Copy(name)
                {
                    match detail {
                        Ok(detail) => chooser.offer(choices::to_copy(&detail.to_copy)),
                        Err(fault) => chooser.empty = fault.to_string(),
                    }
                }
            }
            Answer::Unfinished(Ok(mut found)) => {
                found.begun.sort_by_key(|resumable| std::cmp::Reverse(resumable.touched));
                self.shared.unfinished = found;
            }
            Answer::Kept(result) => {
                if let Err(fault) = result {
                    self.said = Some(format!("what waits is not kept on the disk: {fault}"));
                }
                let steps = self.jobs.told();
                return self.steps(steps).into_iter().map(|errand| errand.command).collect();
            }
            Answer::Forgotten(result) => {
                if let Err(fault) = result {
                    self.said = Some(fault.to_string());
                }
                return vec![Command::FindUnfinished];
            }
            _ => {}
        }
        Vec::new()
    }

    fn answer_job(&mut self, id: JobId, attempt: u32, answer: Answer) -> Vec<Command> {
        let now = self.shared.now;
        match answer {
            Answer::Engine(event) => self.jobs.hear(id, attempt, &event, now),
            Answer::Checked(checked) => self.jobs.checked(id, attempt, checked),
            Answer::Gone(gone) => self.jobs.gone(id, attempt, gone),
            Answer::Retried(words) => self.jobs.said(id, attempt, words),
            Answer::Asks(asked) => return self.job_asks(id, attempt, asked),
            Answer::Ended(end) => return self.job_ended(id, attempt, end),
            _ => {}
        }
        Vec::new()
    }

    fn job_asks(&mut self, id: JobId, attempt: u32, asked: Asked) -> Vec<Command> {
        let is_open = self.jobs.asks(id, attempt, asked);
        let job = self.jobs.get(id).filter(|_| is_open && !self.is_in_sight(id));
        let words = job.map(|job| format!("{} asks something: Home leads to it", job.reel()));
        words.map(Command::Say).into_iter().collect()
    }

    /// Whether the screen in sight is this job's own.
    fn is_in_sight(&self, id: JobId) -> bool {
        let own = match self.top() {
            Screen::Publishing(publishing) => publishing.job == id,
            Screen::Removal(removal) => removal.job == id,
            Screen::Reel(reel) => reel.check(&self.jobs).is_some_and(|job| job.id == id),
            _ => false,
        };
        own && self.overlay.is_none()
    }

    fn job_ended(&mut self, id: JobId, attempt: u32, end: End) -> Vec<Command> {
        if !self.jobs.ended(id, attempt, end, self.shared.now) {
            return Vec::new();
        }
        let Some(job) = self.jobs.get(id) else { return Vec::new() };
        let (words, took) = (ended_words(job), job.ended.unwrap_or(self.shared.now).duration_since(job.began));
        if let Some(words) = &words {
            self.call(took, words);
        }
        let Some(job) = self.jobs.get(id) else { return Vec::new() };
        let words = words.filter(|_| !self.is_in_sight(id));
        let (place, reel) = (job.run.place().clone(), job.reel().clone());
        let mut commands = vec![Command::FindUnfinished];
        let mended = mended(job);
        match job.end() {
            Some(End::Published(published, report)) => {
                let rate = job.publishing().and_then(|publishing| publishing.throughput()).map(|rate| rate as u64);
                if !place.is_local() {
                    self.shared.memory.uplink = rate.or(self.shared.memory.uplink);
                }
                if let Some(report) = report {
                    let check = Check::of(report, false, self.shared.wall);
                    self.shared.memory.checked(&place, &reel, published.generation, check);
                }
                commands.push(Command::Remember);
                self.drafts.remove(&id);
            }
            Some(End::Retitled(title)) => {
                let title = title.clone();
                for open in &mut self.stack {
                    if let Screen::Reel(page) = &mut open.screen {
                        page.retitled(&place, &reel, &title);
                    }
                }
            }
            Some(End::Removed(_)) if job.kind() == Kind::Deletion => self.deleted(&place, &reel),
            Some(End::Checked(report)) => {
                let deep = matches!(job.run, Run::Check { deep: true, .. });
                let check = Check::of(report, deep, self.shared.wall);
                if let Some(generation) = report.generation {
                    self.shared.memory.checked(&place, &reel, generation, check);
                    commands.push(Command::Remember);
                }
            }
            _ => {}
        }
        if let Some(stays) = mended {
            self.is_mended(&place, &reel, stays);
        }
        commands.extend(self.account_changed(&place));
        if place == self.shared.place {
            // a name is taken now, or free
            commands.push(Command::FindNames(place));
        }
        commands.extend(words.filter(|_| self.quitting.is_none()).map(Command::Say));
        commands
    }

    /// What is there changed with a job: what publishing sets up and switches on, and what is stored. A resumed publishing names its
    /// Region where the wizard may not, so both places are asked for; what is known stays until the answer is there.
    fn account_changed(&self, place: &Place) -> Vec<Command> {
        let mut places = vec![place, &self.shared.place];
        places.dedup();
        let of_aws = |place: &&Place| !place.is_local();
        places.into_iter().filter(of_aws).cloned().map(Command::LookAgain).collect()
    }

    /// It was published or checked just now: what the library said of missing chunks holds no more.
    fn is_mended(&mut self, place: &Place, reel: &ReelName, stays: fn(&Lack) -> bool) {
        let Self { stack, shared, .. } = self;
        for open in stack {
            match &mut open.screen {
                Screen::Library(library) => library.is_mended(place, reel, stays, shared),
                Screen::Reel(page) => page.is_mended(place, reel, stays),
                _ => {}
            }
        }
    }

    fn deleted(&mut self, place: &Place, reel: &ReelName) {
        let Self { stack, shared, .. } = self;
        for open in stack {
            if let Screen::Library(library) = &mut open.screen {
                library.deleted(place, reel, shared);
            }
        }
    }
}

/// All chunks of its reel are there now: which lack of it stays. A check can't make an interrupted index right.
fn mended(job: &Job) -> Option<fn(&Lack) -> bool> {
    match job.end() {
        Some(End::Published(..)) => Some(|_| false),
        Some(End::Checked(report)) if report.is_whole() => Some(|lack| *lack == Lack::Interrupted),
        _ => None,
    }
}

/// What is said on any other screen than the job's own.
fn ended_words(job: &Job) -> Option<String> {
    let reel = job.reel();
    Some(match (job.end()?, job.kind()) {
        (End::Published(..), _) => format!("{reel} is published"),
        (End::Removed(functions), Kind::Discard) => {
            format!("the publishing of {reel} is discarded: {}", wording::count(*functions, "function"))
        }
        (End::Removed(functions), _) => {
            format!("{reel} is deleted: {}", wording::count(*functions, "function"))
        }
        (End::Retitled(title), _) => format!("{reel} is `{title}` now; players see it within 10 s"),
        (End::Checked(report), _) if !report.is_right() && report.is_whole() => {
            format!("{reel} is as it was published, and parts of it can't be played: its page says where")
        }
        (End::Checked(report), _) if report.is_whole() => {
            format!("{reel} is as it was published: {} checked", wording::count(report.chunks, "chunk"))
        }
        (End::Checked(report), _) => match report.dark {
            Some(dark) => format!("{reel} can't be watched: {dark}"),
            None => format!(
                "of the chunks of {reel}, {} missing, {} changed; its page offers the repair",
                report.missing, report.differing
            ),
        },
        (End::Failed(fault), _) => format!("{reel}: {}", fault.reason()),
        (End::Cancelled, Kind::Publishing) if !job.is_begun() => {
            format!("{reel} has stopped; nothing of it was sent")
        }
        (End::Cancelled, Kind::Publishing) => {
            format!("{reel} has stopped; nothing is lost, Resume goes on from there")
        }
        (End::Cancelled, Kind::Retitle) => format!("giving {reel} another title has stopped"),
        (End::Cancelled, Kind::Check) => format!("the check of {reel} has stopped"),
        (End::Cancelled, _) => format!("deleting {reel} has stopped; deleting it again removes the rest"),
    })
}
