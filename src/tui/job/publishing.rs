//! A publishing under way, from the engine's events. The board keeps the engine's jobs; here are the clocks, the rates,
//! and what was said when.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use crate::model::{
    chunk::forecast::OVERHEAD,
    report::{
        board::{Board, Job, JobState},
        event::{Event, JobChange, JobName, SetupStep},
        log_line,
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

/// A line of a job's log, and how long after the beginning it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Said {
    pub(in crate::tui) after: Duration,
    pub(in crate::tui) line: String,
}

/// Lines kept a job; the whole log is in a file.
const LOG_LINES: usize = 500;

pub(in crate::tui) struct Publishing {
    began: Instant,
    /// A CDN is to be switched on beside it.
    with_cdn: bool,
    pub(in crate::tui) log: BTreeMap<JobName, VecDeque<Said>>,
    pub(in crate::tui) board: Board,
    pub(in crate::tui) clocks: BTreeMap<JobName, Clock>,
    rates: BTreeMap<JobName, Rate>,
    pub(in crate::tui) samples: VecDeque<f64>,
    sampled: Instant,
}

impl Publishing {
    pub(in crate::tui) fn new(now: Instant, with_cdn: bool) -> Self {
        Self {
            began: now,
            with_cdn,
            log: BTreeMap::new(),
            board: Board::default(),
            clocks: BTreeMap::new(),
            rates: BTreeMap::new(),
            samples: VecDeque::new(),
            sampled: now,
        }
    }

    /// Jobs on the screen: the stages always, with them whatever else was reported; chunks only while they matter.
    pub(in crate::tui) fn rows(&self) -> Vec<JobName> {
        let mut rows: Vec<_> = STAGES.to_vec();
        rows.extend(self.board.jobs.iter().filter_map(|(name, job)| match name {
            JobName::Chunk { .. } => shown(&job.state).then(|| name.clone()),
            JobName::Setup(_) | JobName::Probe | JobName::Hash => Some(name.clone()),
            _ => None,
        }));
        rows.sort();
        rows.dedup();
        rows
    }

    /// Something waits for the person, or for its next attempt.
    pub(in crate::tui) fn waits(&self) -> bool {
        let waits = |job: &Job| matches!(job.state, JobState::Retrying { .. } | JobState::Waiting(_));
        self.board.jobs.values().any(waits)
    }

    /// The reel is there and was read, and the CDN that is switched on beside it is all that is waited for.
    pub(in crate::tui) fn waits_for_cdn(&self) -> bool {
        let state = |job: &JobName| self.board.jobs.get(job).map(|job| &job.state);
        let is_there = matches!(state(&JobName::Verify), Some(JobState::Succeeded));
        let of_cdn = [SetupStep::Cdn, SetupStep::CdnDeployed, SetupStep::CdnProbe].map(JobName::Setup);
        let mut begun = of_cdn.iter().filter_map(state);
        let is_given_up = begun.any(|state| matches!(state, JobState::Failed(_) | JobState::Cancelled));
        let answers = state(&of_cdn[2]).is_some_and(JobState::is_over);
        self.with_cdn && is_there && !is_given_up && !answers
    }

    /// Per second, in the job's unit.
    pub(in crate::tui) fn rate(&self, job: &JobName) -> Option<f64> {
        self.rates.get(job).map(|rate| rate.per_second).filter(|rate| *rate >= 1.0)
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
        let packed = matches!(self.board.jobs.get(&JobName::Pack).map(|job| &job.state), Some(JobState::Succeeded));
        let planned = self.board.planned.as_ref();
        let planned = planned.map_or(0, |planned| (planned.source_bytes as f64 * OVERHEAD) as u64);
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
        (left > 0).then(|| Duration::from_secs_f64((left as f64 / rate).min(360_000.0)))
    }

    pub(in crate::tui) fn hear(&mut self, event: &Event, now: Instant) {
        let legal = self.board.apply(event);
        if let (Event::Job { job, change }, true) = (event, legal) {
            self.clock(job, change, now);
        }
        self.write_down(event, now);
    }

    /// Into the log of the job; what chunks do is told by the upload too.
    fn write_down(&mut self, event: &Event, now: Instant) {
        let Some((job, line)) = log_line::line(event) else { return };
        let after = now.saturating_duration_since(self.began);
        let mut keep = |job, line| {
            let log: &mut VecDeque<Said> = self.log.entry(job).or_default();
            if log.len() == LOG_LINES {
                log.pop_front();
            }
            log.push_back(Said { after, line });
        };
        // that it is up was said
        let is_end = matches!(event, Event::Job { change: JobChange::Succeeded, .. });
        if is_chunk(&job) && !is_end {
            keep(JobName::Upload, format!("{} {line}", job.words()));
        }
        keep(job, line);
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
        if since < SAMPLE {
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
            if is_chunk(name) && !matches!(job.state, JobState::Skipped(_)) {
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

fn shown(state: &JobState) -> bool {
    matches!(state, JobState::Running | JobState::Retrying { .. } | JobState::Waiting(_) | JobState::Failed(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_a_bounded_ring_and_says_when_each_line_was_written() {
        let (now, job) = (Instant::now(), JobName::Split);
        let mut publishing = Publishing::new(now, false);
        for line in 0..LOG_LINES as u64 + 10 {
            let event = Event::Log { job: job.clone(), line: line.to_string() };
            publishing.hear(&event, now + Duration::from_secs(line));
        }
        let log = &publishing.log[&job];
        assert_eq!(log.len(), LOG_LINES);
        assert_eq!(log[0], Said { after: Duration::from_secs(10), line: "10".to_owned() });
    }
}
