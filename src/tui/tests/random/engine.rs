//! What the engine does: answers that come late, news of jobs, questions, ends.

use fastrand::Rng;
use tokio::sync::oneshot;

use super::{Running, World};
use crate::{
    model::report::{event::Event, fault::Fault},
    tui::{
        backend::{Finding, Gone, Published, Question, Reply, Report},
        id::Owner,
        job::{Asked, End, Kind, Run},
        script,
        work::answer::Answer,
    },
};

impl World {
    /// Answers of one owner come in order, those of several in any.
    pub(super) fn answer(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let (owner, _) = self.late[self.rng.usize(..self.late.len())];
        let first = self.late.iter().position(|(of, _)| *of == owner).unwrap();
        let (owner, answer) = self.late.remove(first);
        self.tell(owner, answer);
    }

    /// An answer ends nothing that was not told to end, and moves no screen.
    pub(super) fn tell(&mut self, owner: Owner, answer: Answer) {
        let app = &mut self.player.app;
        let before: Vec<_> = app.stack.iter().map(|open| open.id).collect();
        let told = app.quitting.is_some();
        let is_job = matches!(owner, Owner::Job(..));
        let errands = app.answer(owner, answer);
        assert!(app.exit.is_none() || told, "it ended by an answer to {owner:?}");
        let after: Vec<_> = app.stack.iter().map(|open| open.id).collect();
        assert!(!is_job || before == after, "the answer of a job moved a screen");
        self.take(errands);
        self.count();
    }

    /// Something happens to one of the jobs.
    pub(super) fn engine(&mut self) {
        if self.running.is_empty() {
            return;
        }
        // what was told to stop stops soon
        let told = self.running.iter().position(|running| running.control.cancel.is_cancelled());
        // and what asks nothing goes on
        let free = self.running.iter().position(|running| running.asked.is_none());
        let at = match self.rng.u32(..3) {
            0 => told,
            1 => free,
            _ => None,
        };
        let at = at.unwrap_or_else(|| self.rng.usize(..self.running.len()));
        let replied = match &mut self.running[at].asked {
            Some(asked) => match asked.try_recv() {
                Ok(reply) => Some(reply),
                Err(oneshot::error::TryRecvError::Empty) if !self.running[at].control.cancel.is_cancelled() => return,
                Err(_) => Some(Reply::Nobody),
            },
            None => None,
        };
        if replied.is_some() {
            self.running[at].asked = None;
        }
        let Running { owner, run, control, .. } = &self.running[at];
        let (owner, cancelled) = (*owner, control.cancel.is_cancelled());
        if cancelled && self.rng.u32(..3) > 0 {
            return self.end(at, End::Cancelled);
        }
        if replied.is_some_and(|reply| reply != Reply::Agreed) {
            return self.end(at, End::Failed(Fault::permanent("it was not confirmed")));
        }
        match self.rng.u32(..20) {
            0..4 => self.ask(at),
            4..7 => {
                let news = news(run, &mut self.rng);
                news.into_iter().for_each(|answer| self.tell(owner, answer));
            }
            7..14 => {
                let end = well(run, &mut self.rng);
                self.end(at, end);
            }
            _ => self.end(at, End::Failed(script::full())),
        }
    }

    pub(super) fn ask(&mut self, at: usize) {
        let Running { owner, run, .. } = &self.running[at];
        if let Some(question) = question(run) {
            let (owner, (reply, answer)) = (*owner, oneshot::channel());
            self.running[at].asked = Some(answer);
            self.tell(owner, Answer::Asks(Asked { question, reply }));
        }
    }

    /// What was begun last asks something, at once.
    pub(super) fn newest_asks(&mut self) {
        let newest = self.running.iter().rposition(|running| running.asked.is_none());
        if let Some(newest) = newest.filter(|_| self.rng.u32(..3) == 0) {
            self.ask(newest);
        }
    }

    pub(super) fn end(&mut self, at: usize, end: End) {
        let Running { owner, .. } = self.running.remove(at);
        self.tell(owner, Answer::Ended(end));
        // news that come too late are nothing to it
        self.tell(owner, Answer::Engine(Event::Planned(script::planned())));
    }
}

/// What work may ask in its course.
fn question(run: &Run) -> Option<Question> {
    Some(match run.kind() {
        Kind::Publishing => Question::Notice { account: "123456789012".to_owned() },
        Kind::Deletion => Question::Delete { reel: run.reel().clone(), at: script::local_at(), is_local: true },
        Kind::Discard => Question::Discard {
            reel: run.reel().clone(),
            generation: script::generation(),
            at: script::local_at(),
            is_local: true,
        },
        Kind::Check | Kind::Retitle => return None,
    })
}

fn news(run: &Run, rng: &mut Rng) -> Vec<Answer> {
    let number = rng.u16(1..12);
    match run.kind() {
        Kind::Publishing => script::under_way().into_iter().take(rng.usize(..40)).map(Answer::Engine).collect(),
        Kind::Deletion | Kind::Discard => vec![Answer::Gone(Gone { functions: number.into(), of: 12 })],
        Kind::Retitle => vec![Answer::Retried("429 too many requests".to_owned())],
        Kind::Check => vec![Answer::Checked(script::checked(number, Finding::Missing))],
    }
}

pub(super) fn well(run: &Run, rng: &mut Rng) -> End {
    match run {
        Run::Publish(_) | Run::Resume(_) | Run::Repair(..) => {
            let published = Published { reel: run.reel().clone(), ..script::published() };
            End::Published(Box::new(published), None)
        }
        Run::Delete(..) | Run::Discard(_) => End::Removed(12),
        Run::Retitle(_, _, _, title) => End::Retitled(title.clone()),
        Run::Check { generation, .. } => {
            let missing = if rng.u32(..4) > 0 { 2 } else { 0 };
            End::Checked(Report { generation: *generation, chunks: 11, ok: 11 - missing, missing, ..Report::default() })
        }
    }
}
