//! The job board: one reducer folds events into the state that faces draw. Only legal changes exist; an illegal one
//! is refused and leaves the board as it was.

use std::{collections::BTreeMap, time::Duration};

use super::{
    event::{Count, Event, JobChange, JobName, Planned, Published, Unit},
    fault::Fault,
};

#[derive(Debug, Clone)]
pub enum JobState {
    Queued,
    Running,
    /// The wait was this long when it began.
    Retrying {
        wait: Duration,
        cause: String,
        of: u32,
    },
    Waiting(Fault),
    Succeeded,
    Skipped(String),
    Failed(Fault),
    Cancelled,
}

impl JobState {
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Skipped(_) | Self::Failed(_) | Self::Cancelled)
    }
}

#[derive(Debug, Clone)]
pub struct Job {
    pub state: JobState,
    pub unit: Unit,
    pub count: Count,
    pub total: Option<u64>,
    /// The attempt that runs or ran last, from 1; 0 before the first.
    pub attempt: u32,
    /// Causes of all failed attempts, oldest first.
    pub causes: Vec<String>,
}

impl Default for Job {
    fn default() -> Self {
        Self {
            state: JobState::Queued,
            unit: Unit::Bytes,
            count: Count::default(),
            total: None,
            attempt: 0,
            causes: Vec::new(),
        }
    }
}

impl Job {
    /// Done over total, 0 to 1; `None` while the total is unknown.
    pub fn ratio(&self) -> Option<f64> {
        match self.total {
            _ if matches!(self.state, JobState::Succeeded | JobState::Skipped(_)) => Some(1.0),
            Some(total) if total > 0 => Some((self.count.get() as f64 / total as f64).clamp(0.0, 1.0)),
            Some(_) | None => None,
        }
    }

    fn apply(&mut self, change: &JobChange) -> bool {
        if self.state.is_over() {
            // work that had ended is done once more: what was found missing afterwards
            if matches!(change, JobChange::Queued) {
                let causes = std::mem::take(&mut self.causes);
                *self = Self { causes, ..Self::default() };
                return true;
            }
            return false;
        }
        match change {
            JobChange::Queued => return matches!(self.state, JobState::Queued),
            JobChange::Started { attempt, unit, count } => {
                self.state = JobState::Running;
                self.attempt = *attempt;
                self.unit = *unit;
                self.count = count.clone();
            }
            JobChange::Sized { total } => self.total = Some(*total),
            JobChange::Retrying { attempt, of, wait, cause } => {
                self.attempt = *attempt;
                self.causes.push(cause.clone());
                self.state = JobState::Retrying { wait: *wait, cause: cause.clone(), of: *of };
            }
            JobChange::Waiting { fault } => self.state = JobState::Waiting(fault.clone()),
            JobChange::Succeeded => self.state = JobState::Succeeded,
            JobChange::Skipped { why } => self.state = JobState::Skipped(why.clone()),
            JobChange::Failed { fault } => self.state = JobState::Failed(fault.clone()),
            JobChange::Cancelled => self.state = JobState::Cancelled,
        }
        true
    }
}

/// Everything a face needs, in the order of the screen.
#[derive(Debug, Clone, Default)]
pub struct Board {
    pub jobs: BTreeMap<JobName, Job>,
    pub planned: Option<Planned>,
    pub published: Option<Published>,
    pub chunks_packed: u32,
    pub chunks_deployed: u32,
    pub bytes_packed: u64,
    pub bytes_deployed: u64,
    pub bytes_sent: u64,
    pub segments_closed: u32,
    pub retries: u32,
}

impl Board {
    /// A stage is done once more, and counts from the start.
    fn count_anew(&mut self, job: &JobName) {
        match job {
            JobName::Split => self.segments_closed = 0,
            JobName::Pack => (self.chunks_packed, self.bytes_packed) = (0, 0),
            JobName::Upload => (self.chunks_deployed, self.bytes_deployed) = (0, 0),
            _ => {}
        }
    }

    /// Folds one event in. False if it was no legal change (a job that had ended already).
    pub fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::Planned(planned) => self.planned = Some(planned.clone()),
            Event::Job { job, change } => {
                let again = self.jobs.get(job).is_some_and(|job| job.state.is_over());
                let legal = self.jobs.entry(job.clone()).or_default().apply(change);
                if again && legal {
                    self.count_anew(job);
                }
                if legal && matches!(change, JobChange::Retrying { .. }) {
                    self.retries += 1;
                }
                return legal;
            }
            // its lines are kept where they are shown
            Event::Log { .. } => {}
            Event::SegmentClosed { .. } => self.segments_closed += 1,
            Event::ChunkPacked { bytes, .. } => {
                self.chunks_packed += 1;
                self.bytes_packed += bytes;
            }
            Event::ChunkDeployed { bytes, sent, .. } => {
                self.chunks_deployed += 1;
                self.bytes_deployed += bytes;
                self.bytes_sent += sent;
            }
            Event::Published(published) => self.published = Some(Published::clone(published)),
        }
        true
    }

    /// Jobs that failed, in order.
    pub fn failures(&self) -> impl Iterator<Item = (&JobName, &Fault)> {
        self.jobs.iter().filter_map(|(name, job)| match &job.state {
            JobState::Failed(fault) => Some((name, fault)),
            _ => None,
        })
    }

    /// The first job that waits for the person.
    pub fn waiting(&self) -> Option<(&JobName, &Fault)> {
        self.jobs.iter().find_map(|(name, job)| match &job.state {
            JobState::Waiting(fault) => Some((name, fault)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(board: &mut Board, change: JobChange) -> bool {
        board.apply(&Event::Job { job: JobName::Split, change })
    }

    #[test]
    fn a_job_that_ended_stays_ended() {
        let mut board = Board::default();
        let count = Count::default();
        assert!(change(&mut board, JobChange::Queued));
        assert!(change(&mut board, JobChange::Started { attempt: 1, unit: Unit::Bytes, count: count.clone() }));
        assert!(change(&mut board, JobChange::Sized { total: 8 }));
        count.add(2);
        assert_eq!(board.jobs[&JobName::Split].ratio(), Some(0.25));
        assert!(change(&mut board, JobChange::Succeeded));
        assert!(!change(&mut board, JobChange::Cancelled));
        assert!(!change(&mut board, JobChange::Started { attempt: 2, unit: Unit::Bytes, count }));
        assert!(matches!(board.jobs[&JobName::Split].state, JobState::Succeeded));
    }

    #[test]
    fn all_causes_are_kept_and_retries_counted() {
        let mut board = Board::default();
        for attempt in 1..=3 {
            let cause = format!("cause {attempt}");
            change(&mut board, JobChange::Retrying { attempt, of: 8, wait: Duration::from_secs(1), cause });
        }
        assert_eq!(board.retries, 3);
        assert_eq!(board.jobs[&JobName::Split].causes, ["cause 1", "cause 2", "cause 3"]);
    }
}
