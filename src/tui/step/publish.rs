//! Step 4: publishing under way, from the engine's events. The board keeps the jobs; here are the clocks, rates and
//! the cursor.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use crate::{
    publish::reporter::Control,
    reel::{
        board::{Board, Job, State},
        chronicle,
        event::{Event, JobChange, JobName, Published},
        fault::Fault,
        name::ReelName,
    },
    tui::{
        action::{Action, Command, Way},
        answer::Answer,
        backend::{Order, Resumable},
        overlay::Question,
        widget::list::Cursor,
    },
};

/// Between two samples of the throughput.
const SAMPLE: Duration = Duration::from_secs(1);
const SAMPLES: usize = 240;
/// Weight of the newest sample in a rate.
const NEWEST: f64 = 0.3;

/// The jobs that every publishing has, in order.
pub(in crate::tui) const STAGES: [JobName; 5] =
    [JobName::Split, JobName::Pack, JobName::Upload, JobName::Index, JobName::Verify];

/// What is being published.
#[derive(Debug, Clone)]
pub(in crate::tui) enum Task {
    New(Box<Order>),
    Resumed(Box<Resumable>),
}

impl Task {
    pub(in crate::tui) fn reel(&self) -> &ReelName {
        match self {
            Self::New(order) => &order.reel,
            Self::Resumed(resumable) => &resumable.reel,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(in crate::tui) struct Clock {
    pub(in crate::tui) started: Instant,
    pub(in crate::tui) ended: Option<Instant>,
    /// Since when it waits for its next attempt.
    pub(in crate::tui) waiting: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Rate {
    count: u64,
    per_second: f64,
}

pub(in crate::tui) struct Publish {
    pub(in crate::tui) run: u64,
    pub(in crate::tui) task: Task,
    pub(in crate::tui) control: Control,
    pub(in crate::tui) board: Board,
    pub(in crate::tui) clocks: BTreeMap<JobName, Clock>,
    rates: BTreeMap<JobName, Rate>,
    pub(in crate::tui) samples: VecDeque<f64>,
    sampled: Instant,
    pub(in crate::tui) started: Instant,
    pub(in crate::tui) cursor: Cursor,
    /// The job under the cursor: rows come and go, the cursor stays with its job.
    pub(in crate::tui) selected: JobName,
    pub(in crate::tui) ended: Option<Result<Box<Published>, Fault>>,
    pub(in crate::tui) ended_at: Option<Instant>,
}

impl Publish {
    pub(in crate::tui) fn new(run: u64, task: Task, now: Instant) -> Self {
        Self {
            run,
            task,
            control: Control::attended(),
            board: Board::default(),
            clocks: BTreeMap::new(),
            rates: BTreeMap::new(),
            samples: VecDeque::new(),
            sampled: now,
            started: now,
            cursor: Cursor::default(),
            selected: JobName::Upload,
            ended: None,
            ended_at: None,
        }
    }

    pub(in crate::tui) fn begin(&self) -> Command {
        let (run, control) = (self.run, self.control.clone());
        match &self.task {
            Task::New(order) => Command::Publish { run, order: order.clone(), control },
            Task::Resumed(resumable) => Command::Resume { run, resumable: resumable.clone(), control },
        }
    }

    pub(in crate::tui) fn is_running(&self) -> bool {
        self.ended.is_none()
    }

    pub(in crate::tui) fn is_stopping(&self) -> bool {
        self.is_running() && self.control.cancel.is_cancelled()
    }

    /// Jobs on the screen: the stages always, with them whatever else was reported; chunks only while they matter.
    pub(in crate::tui) fn rows(&self) -> Vec<JobName> {
        let mut rows: Vec<_> = STAGES.to_vec();
        rows.extend(self.board.jobs.iter().filter_map(|(name, job)| match name {
            JobName::Chunk { .. } => shown(&job.state).then(|| name.clone()),
            JobName::Setup(_) | JobName::Probe => Some(name.clone()),
            _ => None,
        }));
        rows.sort();
        rows.dedup();
        rows
    }

    pub(in crate::tui) fn failed(&self) -> Option<&Fault> {
        match &self.ended {
            Some(Err(fault)) => Some(fault),
            _ => None,
        }
    }

    /// Something failed, waits for the person, or waits for its next attempt.
    pub(in crate::tui) fn can_retry(&self) -> bool {
        let waits = |job: &Job| matches!(job.state, State::Retrying { .. } | State::Waiting(_));
        self.failed().is_some() || (self.is_running() && self.board.jobs.values().any(waits))
    }

    /// Per second, in the job's unit.
    pub(in crate::tui) fn rate(&self, job: &JobName) -> Option<f64> {
        self.rates.get(job).map(|rate| rate.per_second).filter(|rate| *rate > 0.0)
    }

    /// Bytes a second over the network, now.
    pub(in crate::tui) fn throughput(&self) -> Option<f64> {
        self.mean(5)
    }

    /// Over so many of the last samples.
    fn mean(&self, samples: usize) -> Option<f64> {
        let newest = self.samples.iter().rev().take(samples);
        let (sum, count) = newest.fold((0.0, 0.0), |(sum, count), sample| (sum + sample, count + 1.0));
        (sum > 0.0).then(|| sum / count)
    }

    /// What has to be sent in all: a guess from the source until all is packed.
    pub(in crate::tui) fn bytes_to_send(&self) -> u64 {
        let packed = matches!(self.board.jobs.get(&JobName::Pack).map(|job| &job.state), Some(State::Succeeded));
        let planned = self.board.planned.as_ref().map_or(0, |planned| planned.source_bytes);
        if packed { self.board.bytes_packed } else { planned.max(self.board.bytes_packed) }
    }

    /// Of chunks deployed and of those on their way.
    pub(in crate::tui) fn bytes_through(&self) -> u64 {
        let on_the_way = self.board.jobs.iter().filter(|(name, job)| is_chunk(name) && !job.state.is_over());
        self.board.bytes_deployed + on_the_way.map(|(_, job)| job.count.get()).sum::<u64>()
    }

    pub(in crate::tui) fn time_left(&self) -> Option<Duration> {
        let left = self.bytes_to_send().saturating_sub(self.bytes_through());
        // sockets take bytes in gulps: what is left is told by a longer look
        let rate = self.mean(30)?;
        (left > 0 && self.is_running()).then(|| Duration::from_secs_f64((left as f64 / rate).min(360_000.0)))
    }

    pub(in crate::tui) fn update(&mut self, action: &Action) -> Vec<Command> {
        let rows = self.rows();
        self.cursor.at = rows.iter().position(|row| *row == self.selected).unwrap_or(self.cursor.at);
        if self.cursor.moved(action, rows.len()) {
            self.selected = rows.get(self.cursor.at).cloned().unwrap_or(JobName::Upload);
            return Vec::new();
        }
        match action {
            Action::Pick(row) => {
                let again = rows.get(*row) == Some(&self.selected);
                self.selected = rows.get(*row).cloned().unwrap_or(JobName::Upload);
                if again { vec![Command::ShowLog] } else { Vec::new() }
            }
            Action::Log => vec![Command::ShowLog],
            Action::Pause if self.is_running() => {
                self.control.pause(!self.control.is_paused());
                Vec::new()
            }
            Action::Retry => self.retry(),
            Action::Cancel if self.is_running() => vec![Command::Ask(Question::CancelPublishing)],
            Action::Cancel | Action::Back => vec![Command::Back],
            _ => Vec::new(),
        }
    }

    fn retry(&mut self) -> Vec<Command> {
        match &self.ended {
            None => {
                self.control.retry();
                Vec::new()
            }
            // the engine picks up what is there already
            Some(Err(_)) => vec![Command::Go(Box::new(Way::Again))],
            Some(Ok(_)) => Vec::new(),
        }
    }

    pub(in crate::tui) fn answer(&mut self, answer: &Answer, now: Instant) -> Vec<Command> {
        match answer {
            Answer::Engine { run, event } if *run == self.run => {
                let legal = self.board.apply(event);
                if let (Event::Job { job, change }, true) = (event, legal) {
                    self.clock(job, change, now);
                }
                self.write_down(event);
                Vec::new()
            }
            Answer::PublishEnded { run, result } if *run == self.run => {
                self.ended = Some(result.clone());
                self.ended_at = Some(now);
                match result {
                    Ok(published) => vec![Command::Go(Box::new(Way::Done(published.as_ref().clone())))],
                    Err(_) if self.control.cancel.is_cancelled() => vec![Command::Go(Box::new(Way::Stopped))],
                    Err(_) => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// Into the log of the job; what chunks do is told by the upload too.
    fn write_down(&mut self, event: &Event) {
        let Some((job, line)) = chronicle::line(event) else { return };
        if is_chunk(&job) {
            self.board.apply(&Event::Log { job: JobName::Upload, line: format!("{job} {line}") });
        }
        // the board keeps these itself
        if !matches!(event, Event::Log { .. }) {
            self.board.apply(&Event::Log { job, line });
        }
    }

    fn clock(&mut self, job: &JobName, change: &JobChange, now: Instant) {
        if matches!(change, JobChange::Queued) {
            return;
        }
        let clock = self.clocks.entry(job.clone()).or_insert(Clock { started: now, ended: None, waiting: None });
        match change {
            JobChange::Retrying { .. } => clock.waiting = Some(now),
            JobChange::Started { .. } => clock.waiting = None,
            JobChange::Succeeded | JobChange::Skipped { .. } | JobChange::Failed { .. } | JobChange::Cancelled => {
                clock.ended = Some(now);
            }
            _ => {}
        }
    }

    /// Samples the counts, once a second.
    pub(in crate::tui) fn tick(&mut self, now: Instant) {
        let since = now.saturating_duration_since(self.sampled);
        if since < SAMPLE || !self.is_running() {
            return;
        }
        self.sampled = now;
        let mut sent = 0.0;
        for (name, job) in &self.board.jobs {
            if job.attempt == 0 {
                continue;
            }
            let count = job.count.get();
            let rate = self.rates.entry(name.clone()).or_insert(Rate { count: 0, per_second: 0.0 });
            // a retry sets the count back: nothing was won in that second
            let newest = count.saturating_sub(rate.count) as f64 / since.as_secs_f64();
            rate.per_second =
                if rate.per_second > 0.0 { rate.per_second * (1.0 - NEWEST) + newest * NEWEST } else { newest };
            rate.count = count;
            if is_chunk(name) && !matches!(job.state, State::Skipped(_)) {
                sent += newest;
            }
        }
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sent);
    }
}

pub(in crate::tui) fn is_chunk(job: &JobName) -> bool {
    matches!(job, JobName::Chunk { .. })
}

fn shown(state: &State) -> bool {
    matches!(state, State::Running | State::Retrying { .. } | State::Waiting(_) | State::Failed(_))
}
