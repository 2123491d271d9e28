//! One job: what is to be done, how it stands, how it ended.

use std::{collections::BTreeMap, time::Instant};

use tokio::sync::oneshot;

use super::publishing::Publishing;
use crate::{
    model::{
        reel::name::{Generation, ReelName},
        report::fault::{Fault, Stopped},
    },
    running::reporter::Control,
    tui::{
        backend::{
            AccountRegion, ChunkId, Finding, Gone, Order, Place, Published, Question, Repair, Reply, Report, Resumable,
        },
        id::JobId,
        overlay::confirm::Stops,
        sight::Sight,
    },
};

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) enum Run {
    Publish(Box<Order>),
    Resume(Box<Resumable>),
    Repair(Box<Repair>, Option<AccountRegion>),
    Delete(Place, AccountRegion, ReelName),
    Discard(Box<Resumable>),
    /// Of the generation that the person looks at.
    Check {
        place: Place,
        reel: ReelName,
        generation: Option<Generation>,
        deep: bool,
    },
    /// Another title.
    Retitle(Place, Option<AccountRegion>, ReelName, String),
}

/// What a run is, for words and for what may run beside what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::tui) enum Kind {
    Publishing,
    Deletion,
    Discard,
    Check,
    Retitle,
}

impl Run {
    pub(in crate::tui) fn kind(&self) -> Kind {
        match self {
            Self::Publish(_) | Self::Resume(_) | Self::Repair(..) => Kind::Publishing,
            Self::Delete(..) => Kind::Deletion,
            Self::Discard(_) => Kind::Discard,
            Self::Check { .. } => Kind::Check,
            Self::Retitle(..) => Kind::Retitle,
        }
    }

    pub(in crate::tui) fn reel(&self) -> &ReelName {
        match self {
            Self::Publish(order) => &order.reel,
            Self::Resume(resumable) | Self::Discard(resumable) => &resumable.reel,
            Self::Repair(repair, _) => &repair.reel,
            Self::Delete(_, _, reel) | Self::Check { reel, .. } | Self::Retitle(_, _, reel, _) => reel,
        }
    }

    pub(in crate::tui) fn place(&self) -> &Place {
        match self {
            Self::Publish(order) => &order.place,
            Self::Resume(resumable) | Self::Discard(resumable) => &resumable.place,
            Self::Repair(repair, _) => &repair.place,
            Self::Delete(place, ..) | Self::Check { place, .. } | Self::Retitle(place, ..) => place,
        }
    }

    /// A CDN is to be switched on beside it.
    fn with_cdn(&self) -> bool {
        match self {
            Self::Publish(order) => order.cdn,
            Self::Resume(resumable) => resumable.cdn,
            _ => false,
        }
    }

    /// The account and Region that the person was shown; `None` if the place alone says it.
    pub(in crate::tui) fn at(&self) -> Option<&AccountRegion> {
        match self {
            Self::Publish(order) => order.expected.as_ref(),
            Self::Resume(resumable) | Self::Discard(resumable) => Some(&resumable.at),
            Self::Repair(_, at) | Self::Retitle(_, at, ..) => at.as_ref(),
            Self::Delete(_, at, _) => Some(at),
            Self::Check { .. } => None,
        }
    }
}

/// What is known of work under way.
pub(in crate::tui) enum Course {
    Publishing(Box<Publishing>),
    Removal(Gone),
    /// What was found of the generation that was served last, as far as that is known.
    Check {
        of: Option<Generation>,
        findings: BTreeMap<ChunkId, Finding>,
    },
    /// Too short for news.
    Retitle,
}

/// How work ended.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) enum End {
    Published(Box<Published>, Option<Report>),
    /// How many functions went.
    Removed(u32),
    Checked(Report),
    /// With this title.
    Retitled(String),
    Failed(Fault),
    Cancelled,
}

impl End {
    pub(in crate::tui) fn of<T>(result: Result<T, Stopped>, well: impl FnOnce(T) -> Self) -> Self {
        match result {
            Ok(value) => well(value),
            Err(Stopped::Failed(fault)) => Self::Failed(fault),
            Err(Stopped::Cancelled) => Self::Cancelled,
        }
    }
}

pub(in crate::tui) enum Stage {
    Queued,
    Running,
    /// The work stands until the person has answered.
    Asking(Question, oneshot::Sender<Reply>),
    Ended(End),
}

pub(in crate::tui) struct Job {
    pub(in crate::tui) id: JobId,
    /// Counts how often it was begun: news of an earlier attempt are dropped.
    pub(in crate::tui) attempt: u32,
    pub(in crate::tui) run: Run,
    /// Agreed to on the screens before.
    pub(in crate::tui) agreed: Vec<Question>,
    pub(in crate::tui) state: Stage,
    pub(in crate::tui) course: Course,
    pub(in crate::tui) control: Control,
    pub(in crate::tui) began: Instant,
    pub(in crate::tui) ended: Option<Instant>,
    /// A retry of its own requests, in words; the newest.
    pub(in crate::tui) said: Option<String>,
    /// Deletions that were asked for together, by the first of them: they do not run beside each other.
    pub(super) batch: Option<JobId>,
    /// It waited in the queue: its order is on the disk until its journal is.
    pub(in crate::tui) kept: bool,
}

impl Job {
    pub(super) fn new(id: JobId, run: Run, agreed: Vec<Question>, now: Instant) -> Self {
        let course = course(&run, now);
        Self {
            id,
            attempt: 0,
            agreed,
            state: Stage::Queued,
            course,
            control: Control::attended(),
            began: now,
            ended: None,
            said: None,
            batch: None,
            kept: false,
            run,
        }
    }

    pub(in crate::tui) fn reel(&self) -> &ReelName {
        self.run.reel()
    }

    pub(in crate::tui) fn kind(&self) -> Kind {
        self.run.kind()
    }

    pub(in crate::tui) fn is_active(&self) -> bool {
        !matches!(self.state, Stage::Ended(_))
    }

    pub(in crate::tui) fn is_queued(&self) -> bool {
        matches!(self.state, Stage::Queued)
    }

    /// Work is being done for it, or stands until the person answers.
    pub(in crate::tui) fn is_under_way(&self) -> bool {
        matches!(self.state, Stage::Running | Stage::Asking(..))
    }

    pub(in crate::tui) fn is_stopping(&self) -> bool {
        self.is_active() && self.control.cancel.is_cancelled()
    }

    pub(in crate::tui) fn end(&self) -> Option<&End> {
        match &self.state {
            Stage::Ended(end) => Some(end),
            _ => None,
        }
    }

    pub(in crate::tui) fn failed(&self) -> Option<&Fault> {
        match self.end() {
            Some(End::Failed(fault)) => Some(fault),
            _ => None,
        }
    }

    /// What ended it, or what it waits for the person with.
    pub(in crate::tui) fn problem(&self) -> Option<&Fault> {
        let publishing = self.publishing().filter(|_| self.is_active());
        self.failed().or_else(|| Some(publishing?.board.waiting()?.1))
    }

    pub(in crate::tui) fn published(&self) -> Option<&Published> {
        match self.end() {
            Some(End::Published(published, _)) => Some(published),
            _ => None,
        }
    }

    pub(in crate::tui) fn publishing(&self) -> Option<&Publishing> {
        match &self.course {
            Course::Publishing(publishing) => Some(publishing),
            _ => None,
        }
    }

    pub(in crate::tui) fn question(&self) -> Option<&Question> {
        match &self.state {
            Stage::Asking(question, _) => Some(question),
            _ => None,
        }
    }

    /// A journal knows it, or another run began it: it can be gone on with.
    pub(in crate::tui) fn is_begun(&self) -> bool {
        let is_planned = |publishing: &Publishing| publishing.board.planned.is_some();
        !matches!(self.run, Run::Publish(_)) || self.publishing().is_some_and(is_planned)
    }

    /// What stopping it now would mean.
    pub(in crate::tui) fn stops(&self) -> Stops {
        match self.kind() {
            Kind::Publishing if self.is_queued() => Stops::Waiting,
            Kind::Publishing if self.publishing().is_some_and(Publishing::waits_for_cdn) => Stops::Cdn,
            Kind::Publishing if !self.is_begun() => Stops::Unbegun,
            Kind::Publishing => Stops::Publishing,
            Kind::Deletion if self.attempt == 0 => Stops::WaitingRemoval,
            Kind::Deletion | Kind::Discard => Stops::Removal,
            Kind::Check => Stops::Check,
            Kind::Retitle => Stops::Retitle,
        }
    }

    /// What has to be in sight before `r` counts.
    pub(in crate::tui) fn retry_sight(&self) -> Sight {
        Sight::of(&(self.id, self.attempt))
    }

    /// What has to be in sight before its question is answered.
    pub(in crate::tui) fn question_sight(&self) -> Option<Sight> {
        self.question().map(|question| Sight::of(&(self.id, question)))
    }

    /// `r` does something: what failed or was stopped begins anew, what waits goes on.
    pub(in crate::tui) fn can_retry(&self) -> bool {
        match &self.state {
            Stage::Ended(End::Failed(_) | End::Cancelled) => true,
            Stage::Running => !self.is_stopping() && self.publishing().is_some_and(Publishing::waits),
            _ => false,
        }
    }

    /// Begins, for the first time or anew.
    pub(super) fn begin(&mut self, now: Instant) {
        self.attempt += 1;
        self.course = course(&self.run, now);
        self.control = Control::attended();
        self.state = Stage::Running;
        (self.began, self.ended, self.said) = (now, None, None);
    }
}

fn course(run: &Run, now: Instant) -> Course {
    match run.kind() {
        Kind::Publishing => Course::Publishing(Box::new(Publishing::new(now, run.with_cdn()))),
        Kind::Deletion | Kind::Discard => Course::Removal(Gone { functions: 0, of: 0 }),
        Kind::Check => Course::Check { of: None, findings: BTreeMap::new() },
        Kind::Retitle => Course::Retitle,
    }
}
