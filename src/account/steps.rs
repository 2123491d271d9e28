//! Changing an account step by step, each of them a job.

use std::sync::Arc;

use crate::{
    cloud::{Cloud, Done},
    model::{
        report::{
            event::{JobName, SetupStep, Unit},
            fault::{Explain, Stopped},
        },
        retry::RetryPolicy,
    },
    running::{
        attempt::attempts,
        reporter::{Control, JobHandle, Reporter},
    },
};

pub(super) struct Steps<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) control: &'a Control,
    pub(super) policy: RetryPolicy,
    /// Steps that changed something.
    pub(super) changed: u32,
    /// What is worth saying in the end.
    pub(super) notes: Vec<String>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(cloud: &'a Cloud, reporter: Arc<dyn Reporter>, control: &'a Control) -> Self {
        Self { cloud, reporter, control, policy: RetryPolicy::default(), changed: 0, notes: Vec::new() }
    }

    /// Runs one step as a job. `work` gives what it did and its result.
    pub(super) async fn step<T, E, W>(&mut self, step: SetupStep, mut work: impl FnMut() -> W) -> Result<T, Stopped>
    where
        E: Explain,
        W: Future<Output = Result<(Done, T), E>>,
    {
        let job = JobHandle::queued(self.reporter.clone(), JobName::Setup(step), Unit::Steps);
        match attempts(&job, self.control, &self.policy, |_| work(), |_| ()).await {
            Ok((Done::Kept, value)) => {
                job.skipped("as it should be");
                Ok(value)
            }
            Ok((Done::Newer, value)) => {
                self.notes.push(format!("the {} was made by a newer zipreel and stays as it is", job.name()));
                job.skipped("made by a newer zipreel");
                Ok(value)
            }
            Ok((Done::Made | Done::Updated, value)) => {
                self.changed += 1;
                job.succeeded();
                Ok(value)
            }
            Err(stopped) => {
                let result = Err(stopped);
                job.ended(&result);
                result
            }
        }
    }
}
