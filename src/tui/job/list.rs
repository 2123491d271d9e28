//! All jobs of this session, and which of them begins when. Orders that wait are on the disk before the first of them
//! begins, so that the next process finds what a killed one did not get to.

use std::{collections::BTreeSet, time::Instant};

use super::{
    person::Asked,
    work::{Course, End, Job, Kind, Run, Stage},
};
use crate::{
    model::{
        reel::name::{Generation, ReelName},
        report::event::Event,
    },
    tui::{
        backend::{AccountRegion, Checked, Finding, Gone, Order, Place, Question, Reply},
        id::JobId,
    },
};

/// What follows for the runner.
#[derive(Debug)]
pub(in crate::tui) enum Step {
    Start(JobId),
    /// These orders, and no others, wait on the disk.
    Keep(Vec<Order>),
    /// It is in our own queue now: out of the one that a process left behind.
    TakenUp(ReelName, AccountRegion),
}

/// How the disk stands to the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kept {
    #[default]
    Same,
    /// It was told, and has not answered yet.
    Telling,
    /// The queue has changed since it was told, or was never told.
    Behind { telling: bool },
}

#[derive(Default)]
pub(in crate::tui) struct Jobs {
    list: Vec<Job>,
    last: u64,
    kept: Kept,
    /// Orders that a process left behind and that are taken up, until ours are on the disk.
    taken_up: Vec<(ReelName, AccountRegion)>,
    /// Nothing more begins: the wizard ends.
    pub(in crate::tui) closing: bool,
}

impl Jobs {
    pub(in crate::tui) fn iter(&self) -> impl DoubleEndedIterator<Item = &Job> {
        self.list.iter()
    }

    pub(in crate::tui) fn get(&self, id: JobId) -> Option<&Job> {
        self.list.iter().find(|job| job.id == id)
    }

    fn get_mut(&mut self, id: JobId) -> Option<&mut Job> {
        self.list.iter_mut().find(|job| job.id == id)
    }

    fn at(&mut self, id: JobId, attempt: u32) -> Option<&mut Job> {
        self.get_mut(id).filter(|job| job.attempt == attempt && job.is_active())
    }

    pub(in crate::tui) fn active(&self) -> impl Iterator<Item = &Job> {
        self.list.iter().filter(|job| job.is_active())
    }

    /// All of this session, in the order in which they were asked for.
    pub(in crate::tui) fn of(&self, kind: Kind) -> impl Iterator<Item = &Job> {
        self.list.iter().filter(move |job| job.kind() == kind)
    }

    pub(in crate::tui) fn publishings(&self) -> impl Iterator<Item = &Job> {
        self.of(Kind::Publishing)
    }

    /// Whether the disk knows all that it has to know.
    pub(in crate::tui) fn is_kept(&self) -> bool {
        self.kept == Kept::Same
    }

    /// The newest check of what is served there under this name, if it was of this generation.
    pub(in crate::tui) fn check(&self, place: &Place, reel: &ReelName, generation: Option<Generation>) -> Option<&Job> {
        let here = |job: &&Job| match &job.run {
            Run::Check { place: at, reel: of, generation: which, .. } => {
                at == place && of == reel && *which == generation
            }
            _ => false,
        };
        self.list.iter().rev().find(here)
    }

    /// What is being done to a reel, or waits to be; checks change nothing and do not count.
    pub(in crate::tui) fn busy_with(&self, place: &Place, reel: &ReelName) -> Option<&Job> {
        let here = |job: &&Job| job.kind() != Kind::Check && job.reel() == reel && same(job.run.place(), place);
        self.list.iter().filter(|job| job.is_active()).find(here)
    }

    /// Takes these up; they begin in this order, as their turn comes. Deletions that are asked for together do not run
    /// beside each other.
    pub(in crate::tui) fn add(
        &mut self,
        runs: impl IntoIterator<Item = Run>,
        agreed: &[Question],
        now: Instant,
    ) -> Vec<JobId> {
        let mut ids: Vec<JobId> = Vec::new();
        for run in runs {
            self.last += 1;
            let id = JobId(self.last);
            let batch = (run.kind() == Kind::Deletion).then(|| ids.first().copied().unwrap_or(id));
            self.list.push(Job { batch, ..Job::new(id, run, agreed.to_vec(), now) });
            ids.push(id);
        }
        self.keep_what_waits();
        ids
    }

    /// As [`Jobs::add`], for orders that a process left behind.
    pub(in crate::tui) fn take_up(&mut self, orders: Vec<Order>, now: Instant) -> Vec<JobId> {
        let places = orders.iter().filter_map(|order| Some((order.reel.clone(), order.expected.clone()?)));
        self.taken_up.extend(places);
        let ids = self.add(orders.into_iter().map(|order| Run::Publish(Box::new(order))), &[], now);
        for id in &ids {
            self.keep(*id);
        }
        ids
    }

    /// A publishing that does not begin at once is kept on the disk until its own journal is there.
    fn keep_what_waits(&mut self) {
        let under_way = self.publishings().any(Job::is_under_way);
        let waiting: Vec<_> = self.publishings().filter(|job| job.is_queued()).map(|job| job.id).collect();
        if under_way || waiting.len() > 1 {
            for id in waiting {
                self.keep(id);
            }
        }
    }

    fn keep(&mut self, id: JobId) {
        let Some(job) = self.get_mut(id) else { return };
        if matches!(job.run, Run::Publish(_)) && !job.kept {
            job.kept = true;
            self.fall_behind();
        }
    }

    fn fall_behind(&mut self) {
        let telling = matches!(self.kept, Kept::Telling | Kept::Behind { telling: true });
        self.kept = Kept::Behind { telling };
    }

    /// What begins now. To be asked again whenever something has changed.
    pub(in crate::tui) fn advance(&mut self, now: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.kept == (Kept::Behind { telling: false }) {
            self.kept = Kept::Telling;
            steps.push(Step::Keep(self.kept_orders()));
        }
        if self.closing {
            return steps;
        }
        let mut batches: BTreeSet<JobId> =
            self.list.iter().filter(|job| job.is_under_way()).filter_map(|job| job.batch).collect();
        for job in self.list.iter_mut().filter(|job| job.kind() != Kind::Publishing && job.is_queued()) {
            if job.batch.is_none_or(|batch| batches.insert(batch)) {
                job.begin(now);
                steps.push(Step::Start(job.id));
            }
        }
        if self.kept == Kept::Same && !self.publishings().any(Job::is_under_way) {
            let next = self.list.iter_mut().find(|job| job.is_queued() && job.kind() == Kind::Publishing);
            if let Some(next) = next {
                next.begin(now);
                steps.push(Step::Start(next.id));
            }
        }
        steps
    }

    fn kept_orders(&self) -> Vec<Order> {
        let kept = self.list.iter().filter(|job| job.kept);
        let order = |job: &Job| match &job.run {
            Run::Publish(order) => Some(Order::clone(order)),
            _ => None,
        };
        kept.filter_map(order).collect()
    }

    /// The disk has answered. What it could not keep is published all the same.
    pub(in crate::tui) fn told(&mut self) -> Vec<Step> {
        self.kept = match self.kept {
            Kept::Behind { .. } => Kept::Behind { telling: false },
            Kept::Telling | Kept::Same => Kept::Same,
        };
        if self.kept != Kept::Same {
            return Vec::new();
        }
        std::mem::take(&mut self.taken_up).into_iter().map(|(reel, at)| Step::TakenUp(reel, at)).collect()
    }

    pub(in crate::tui) fn hear(&mut self, id: JobId, attempt: u32, event: &Event, now: Instant) {
        let Some(job) = self.at(id, attempt) else { return };
        if let Course::Publishing(publishing) = &mut job.course {
            publishing.hear(event, now);
        }
        // from here on the journal knows it
        if matches!(event, Event::Planned(_)) && std::mem::take(&mut job.kept) {
            self.fall_behind();
        }
    }

    pub(in crate::tui) fn gone(&mut self, id: JobId, attempt: u32, gone: Gone) {
        if let Some(Job { course: Course::Removal(removal), .. }) = self.at(id, attempt) {
            *removal = gone;
        }
    }

    pub(in crate::tui) fn checked(&mut self, id: JobId, attempt: u32, checked: Checked) {
        if let Some(Job { course: Course::Check { of, findings }, .. }) = self.at(id, attempt) {
            if of.replace(checked.generation) != Some(checked.generation) {
                findings.clear();
            }
            findings.insert(checked.id, checked.finding);
        }
    }

    pub(in crate::tui) fn said(&mut self, id: JobId, attempt: u32, words: String) {
        if let Some(job) = self.at(id, attempt) {
            job.said = Some(words);
        }
    }

    /// False if it is too late to ask: the question is declined.
    pub(in crate::tui) fn asks(&mut self, id: JobId, attempt: u32, asked: Asked) -> bool {
        let Some(job) = self.at(id, attempt) else { return false };
        job.state = Stage::Asking(asked.question, asked.reply);
        true
    }

    pub(in crate::tui) fn reply(&mut self, id: JobId, reply: Reply) {
        let Some(job) = self.get_mut(id) else { return };
        if !matches!(job.state, Stage::Asking(..)) {
            return;
        }
        if let Stage::Asking(question, sender) = std::mem::replace(&mut job.state, Stage::Running) {
            if reply == Reply::Agreed {
                // agreed to on the screen, so a retry need not ask again
                job.agreed.push(question);
            }
            // work that has ended meanwhile asks no more
            let _ = sender.send(reply);
        }
    }

    /// False if it was no news: of an earlier attempt.
    pub(in crate::tui) fn ended(&mut self, id: JobId, attempt: u32, end: End, now: Instant) -> bool {
        let closing = self.closing;
        let Some(job) = self.at(id, attempt) else { return false };
        if let Course::Check { findings, .. } = &mut job.course {
            // a chunk left half-read by a fault is unchecked
            findings.retain(|_, finding| !matches!(finding, Finding::Reading(_) | Finding::Decoding));
        }
        // the served generation may have changed since the page was opened
        if let (Run::Check { generation, .. }, End::Checked(report)) = (&mut job.run, &end) {
            *generation = report.generation;
        }
        // what is ended with the wizard and never began waits for the next one
        let waits_on = closing && end == End::Cancelled;
        let forgotten = !waits_on && std::mem::take(&mut job.kept);
        job.state = Stage::Ended(end.clone());
        job.ended = Some(now);
        if forgotten {
            self.fall_behind();
        }
        if matches!(end, End::Published(..) | End::Removed(_) | End::Retitled(_)) {
            self.mended(id);
        }
        true
    }

    /// What failed before at the same reel is put right by this one, and is offered no more: what was agreed to then, a
    /// deletion above all, was meant for what stood there then. What a check found is true no more, but for a title.
    fn mended(&mut self, by: JobId) {
        let Some(job) = self.get(by) else { return };
        let (kind, reel, place) = (job.kind(), job.reel().clone(), job.run.place().clone());
        self.list.retain(|job| {
            let same_reel = *job.reel() == reel && same(job.run.place(), &place);
            let is_settled = match kind {
                Kind::Publishing | Kind::Deletion => {
                    matches!(job.kind(), Kind::Publishing | Kind::Deletion | Kind::Retitle)
                }
                kind => job.kind() == kind,
            };
            let is_mended = is_settled && !job.is_active() && job.can_retry();
            let is_old = kind != Kind::Retitle && job.kind() == Kind::Check && !job.is_active();
            job.id == by || !same_reel || !(is_mended || is_old)
        });
    }

    /// Begins anew in its turn, or goes on with what waits.
    pub(in crate::tui) fn retry(&mut self, id: JobId) {
        let Some(job) = self.get_mut(id).filter(|job| job.can_retry()) else { return };
        match job.state {
            Stage::Ended(_) => {
                job.state = Stage::Queued;
                self.keep_what_waits();
            }
            _ => job.control.retry(),
        }
    }

    /// Stops it in an orderly way; what has not begun only leaves the queue.
    pub(in crate::tui) fn cancel(&mut self, id: JobId, now: Instant) {
        let Some(job) = self.get_mut(id) else { return };
        job.control.cancel.cancel();
        if job.is_queued() {
            job.state = Stage::Ended(End::Cancelled);
            job.ended = Some(now);
            if std::mem::take(&mut job.kept) {
                self.fall_behind();
            }
        }
    }

    /// All work stops in an orderly way, and nothing more begins; what waits stays on the disk.
    pub(in crate::tui) fn close(&mut self) {
        self.closing = true;
        let mut unbegun = Vec::new();
        for job in self.list.iter().filter(|job| job.is_under_way()) {
            job.control.cancel.cancel();
            unbegun.extend((!job.is_begun()).then_some(job.id));
        }
        // no journal knows it: it waits for the next wizard, as what has not had its turn
        unbegun.into_iter().for_each(|id| self.keep(id));
    }

    /// What has ended, and needs nobody's look any more.
    pub(in crate::tui) fn put_away(&mut self, id: JobId) {
        self.list.retain(|job| job.id != id || job.is_active());
    }

    pub(in crate::tui) fn tick(&mut self, now: Instant) {
        for job in self.list.iter_mut().filter(|job| job.is_under_way()) {
            if let Course::Publishing(publishing) = &mut job.course {
                publishing.tick(now);
            }
        }
    }
}

/// The same place, as far as both say where it is.
fn same(one: &Place, other: &Place) -> bool {
    let regions = one.region.as_ref().zip(other.region.as_ref());
    one.target == other.target && regions.is_none_or(|(one, other)| one == other)
}
