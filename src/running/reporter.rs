//! How the engine tells what it does, and how it is told what to do. The engine owns this; faces implement
//! [`Reporter`] and hold a [`Control`].

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::model::report::{
    event::{Count, Event, JobChange, JobName, Unit},
    fault::{Fault, Stopped},
};

/// Takes events in order. Called from workers, so it must return at once.
pub trait Reporter: Send + Sync + 'static {
    fn report(&self, event: Event);
}

/// Events over a channel, for faces that draw in a loop of their own.
impl Reporter for tokio::sync::mpsc::UnboundedSender<Event> {
    fn report(&self, event: Event) {
        // a face that has gone away is no reason to stop
        let _ = self.send(event);
    }
}

/// What a face can ask of running work. Clones steer the same work.
#[derive(Debug, Clone)]
pub struct Control {
    pub cancel: CancellationToken,
    /// What runs may end, and no further attempt is begun: something beside it has failed.
    pub last_attempt: CancellationToken,
    /// Someone watches and can put right what needs a person; without, such a fault ends the work.
    pub attended: bool,
    paused: Arc<watch::Sender<bool>>,
    retries: Arc<watch::Sender<u64>>,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            cancel: CancellationToken::new(),
            last_attempt: CancellationToken::new(),
            attended: false,
            paused: Arc::new(watch::Sender::new(false)),
            retries: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Control {
    /// The same, with a person at hand.
    pub fn attended() -> Self {
        Self { attended: true, ..Self::default() }
    }

    /// Steers part of the work: cancelled with the whole, or alone.
    pub fn part(&self) -> Self {
        Self { cancel: self.cancel.child_token(), last_attempt: self.last_attempt.child_token(), ..self.clone() }
    }

    /// Lets requests under way finish and starts no new ones until resumed.
    pub fn pause(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Goes on with whatever waits for the person, or for its next attempt.
    pub fn retry(&self) {
        self.retries.send_modify(|count| *count += 1);
    }

    /// Returns at once unless paused; then when resumed or cancelled.
    pub async fn unpaused(&self) {
        let mut paused = self.paused.subscribe();
        tokio::select! {
            _ = paused.wait_for(|paused| !paused) => {}
            () = self.cancel.cancelled() => {}
        }
    }

    /// Returns at the next [`Control::retry`], or when cancelled.
    pub async fn retried(&self) {
        let mut retries = self.retries.subscribe();
        retries.mark_unchanged();
        tokio::select! {
            _ = retries.changed() => {}
            () = self.cancel.cancelled() => {}
        }
    }
}

/// One job's voice. Ends exactly once; dropped without an end, it reports a failure, so that no row can hang.
pub struct JobHandle {
    reporter: Arc<dyn Reporter>,
    name: JobName,
    unit: Unit,
    count: Count,
    ended: bool,
}

impl JobHandle {
    pub fn queued(reporter: Arc<dyn Reporter>, name: JobName, unit: Unit) -> Self {
        let handle = Self { reporter, name, unit, count: Count::default(), ended: false };
        handle.change(JobChange::Queued);
        handle
    }

    fn change(&self, change: JobChange) {
        self.reporter.report(Event::Job { job: self.name.clone(), change });
    }

    pub fn count(&self) -> &Count {
        &self.count
    }

    pub fn name(&self) -> &JobName {
        &self.name
    }

    pub fn reporter(&self) -> &Arc<dyn Reporter> {
        &self.reporter
    }

    pub fn started(&self, attempt: u32) {
        self.change(JobChange::Started { attempt, unit: self.unit, count: self.count.clone() });
    }

    pub fn sized(&self, total: u64) {
        self.change(JobChange::Sized { total });
    }

    pub fn retrying(&self, attempt: u32, of: u32, wait: Duration, cause: String) {
        self.change(JobChange::Retrying { attempt, of, wait, cause });
    }

    pub fn waiting(&self, fault: Fault) {
        self.change(JobChange::Waiting { fault });
    }

    pub fn log(&self, line: impl Into<String>) {
        self.reporter.report(Event::Log { job: self.name.clone(), line: line.into() });
    }

    pub fn succeeded(self) {
        self.end(JobChange::Succeeded);
    }

    pub fn skipped(self, why: impl Into<String>) {
        self.end(JobChange::Skipped { why: why.into() });
    }

    pub fn failed(self, fault: Fault) {
        self.end(JobChange::Failed { fault });
    }

    pub fn cancelled(self) {
        self.end(JobChange::Cancelled);
    }

    /// Ends as the work did.
    pub fn ended<T>(self, result: &Result<T, Stopped>) {
        match result {
            Ok(_) => self.succeeded(),
            Err(Stopped::Cancelled) => self.cancelled(),
            Err(Stopped::Failed(fault)) => self.failed(fault.clone()),
        }
    }

    fn end(mut self, change: JobChange) {
        self.ended = true;
        self.change(change);
    }
}

impl Drop for JobHandle {
    fn drop(&mut self) {
        if !self.ended {
            self.change(JobChange::Failed { fault: Fault::permanent("stopped without a result") });
        }
    }
}
