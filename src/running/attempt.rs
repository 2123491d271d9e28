//! The only retry loop. A failure that passes is tried again after a wait, a failure that a person can mend holds the
//! work without using up an attempt, everything else ends it.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use super::reporter::{Control, JobHandle};
use crate::model::{
    report::fault::{Explain, Fault, FaultClass, Stopped},
    retry::{Failure, RetryPolicy, Tries},
};

/// Runs `work` until it succeeds, fails for good or is cancelled. `work` is told the attempt, from 1; dropping its
/// future must be safe. `failed` hears of each failure before it is judged.
pub async fn attempts<T, E, W>(
    job: &JobHandle,
    control: &Control,
    policy: &RetryPolicy,
    mut work: impl FnMut(u32) -> W,
    mut failed: impl FnMut(&E),
) -> Result<T, Stopped>
where
    E: Explain,
    W: Future<Output = Result<T, E>>,
{
    let mut tries = Tries::new(*policy);
    loop {
        control.unpaused().await;
        if control.cancel.is_cancelled() || control.last_attempt.is_cancelled() {
            return Err(Stopped::Cancelled);
        }
        job.started(tries.attempt());
        let result = tokio::select! {
            result = work(tries.attempt()) => result,
            () = control.cancel.cancelled() => return Err(Stopped::Cancelled),
        };
        let error = match result {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        failed(&error);
        job.count().set(0);
        let fault = error.fault();
        match fault.class {
            FaultClass::Transient => {
                let Some(wait) = tries.failed(failure(&error), fastrand::f64()) else {
                    return Err(Stopped::Failed(given_up(fault, &tries)));
                };
                let cause = cause(fault, &tries, policy);
                job.log(format!("an attempt failed: {cause}"));
                job.retrying(tries.attempt(), policy.attempts, wait, cause);
                wait_or_told(control, wait).await;
            }
            FaultClass::NeedsPerson if control.attended => {
                job.log(format!("waits: {fault}"));
                job.waiting(fault);
                tokio::select! {
                    () = control.retried() => {}
                    () = control.last_attempt.cancelled() => {}
                }
            }
            FaultClass::NeedsPerson | FaultClass::Permanent => return Err(Stopped::Failed(fault)),
        }
    }
}

fn failure(error: &impl Explain) -> Failure {
    Failure { retry_after: error.retry_after(), offline: error.is_offline() }
}

fn given_up(fault: Fault, tries: &Tries) -> Fault {
    let what = match tries.offline() {
        Some(waited) => format!("{} (no connection for {} min)", fault.what, waited.as_secs() / 60),
        None => format!("{} (tried {} times)", fault.what, tries.attempt()),
    };
    Fault { what, ..fault }
}

/// The failed attempt's cause; without a connection, how long that has lasted and will be borne.
fn cause(fault: Fault, tries: &Tries, policy: &RetryPolicy) -> String {
    let cause = fault.cause.unwrap_or(fault.what);
    match tries.offline() {
        Some(waited) => {
            let (waited, all) = (waited.as_secs(), policy.offline.as_secs() / 60);
            format!("no connection for {waited} s, waiting up to {all} min ({cause})")
        }
        None => cause,
    }
}

/// Waits; a person's `retry`, a cancel or the end of all attempts ends it early.
async fn wait_or_told(control: &Control, wait: Duration) {
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        () = control.retried() => {}
        () = control.last_attempt.cancelled() => {}
    }
}

/// How calls outside a publishing are tried again, and who hears of it.
#[derive(Clone)]
pub struct Retries {
    pub policy: RetryPolicy,
    pub said: Arc<dyn Fn(String) + Send + Sync>,
}

impl Default for Retries {
    fn default() -> Self {
        Self { policy: RetryPolicy::default(), said: Arc::new(|_| ()) }
    }
}

impl fmt::Debug for Retries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retries").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Retries {
    /// For what is tried again as a whole.
    pub fn none() -> Self {
        Self {
            policy: RetryPolicy { attempts: 1, offline: Duration::ZERO, ..RetryPolicy::ORDINARY },
            ..Self::default()
        }
    }

    /// Runs `work` until it succeeds or fails for good. Dropping the future ends it.
    pub async fn again<T, E, W>(&self, mut work: impl FnMut() -> W) -> Result<T, E>
    where
        E: Explain,
        W: Future<Output = Result<T, E>>,
    {
        let mut tries = Tries::new(self.policy);
        loop {
            let error = match work().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if error.class() != FaultClass::Transient {
                return Err(error);
            }
            let Some(wait) = tries.failed(failure(&error), fastrand::f64()) else { return Err(error) };
            let cause = cause(error.fault(), &tries, &self.policy);
            (self.said)(format!("{cause}; trying again in {:.1} s", wait.as_secs_f64()));
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{
        model::report::{
            board::{Board, JobState},
            event::{Event, JobName, Unit},
            fault::Fault,
        },
        running::reporter::Reporter,
    };

    #[derive(Clone, Default)]
    struct BoardReporter(Arc<Mutex<Board>>);

    impl Reporter for BoardReporter {
        fn report(&self, event: Event) {
            self.0.lock().unwrap().apply(&event);
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("could not do it")]
    struct Trouble(FaultClass);

    impl Explain for Trouble {
        fn class(&self) -> FaultClass {
            self.0
        }
    }

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 4,
        base: Duration::ZERO,
        cap: Duration::ZERO,
        offline: Duration::ZERO,
        ..RetryPolicy::ORDINARY
    };

    async fn run(control: &Control, failures: u32, class: FaultClass) -> (Result<u32, Stopped>, Board) {
        let seen = BoardReporter::default();
        let job = JobHandle::queued(Arc::new(seen.clone()), JobName::Index, Unit::Bytes);
        let mut left = failures;
        let work = |attempt| {
            let result = if left > 0 { Err(Trouble(class)) } else { Ok(attempt) };
            left = left.saturating_sub(1);
            async { result }
        };
        let result = attempts(&job, control, &POLICY, work, |_| ()).await;
        job.ended(&result);
        let board = seen.0.lock().unwrap().clone();
        (result, board)
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_and_each_cause_kept() {
        let (result, board) = run(&Control::default(), 3, FaultClass::Transient).await;
        assert_eq!(result, Ok(4));
        assert_eq!(board.jobs[&JobName::Index].causes.len(), 3);
        assert_eq!(board.retries, 3);
    }

    #[tokio::test]
    async fn attempts_run_out() {
        let (result, board) = run(&Control::default(), 9, FaultClass::Transient).await;
        let Err(Stopped::Failed(fault)) = result else { panic!("{result:?}") };
        assert_eq!(fault.what, "could not do it (tried 4 times)");
        assert!(matches!(board.jobs[&JobName::Index].state, JobState::Failed(_)));
    }

    #[tokio::test]
    async fn what_stays_is_not_tried_again() {
        let (result, board) = run(&Control::default(), 1, FaultClass::Permanent).await;
        assert_eq!(result, Err(Stopped::Failed(Fault::permanent("could not do it"))));
        assert_eq!(board.retries, 0);
    }

    #[tokio::test]
    async fn a_person_puts_it_right_without_using_up_an_attempt() {
        let control = Control::attended();
        let told = control.clone();
        let person = async move {
            loop {
                told.retry();
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            (result, _) = run(&control, 20, FaultClass::NeedsPerson) => assert_eq!(result, Ok(1)),
            () = person => {}
        }
        let (alone, _) = run(&Control::default(), 1, FaultClass::NeedsPerson).await;
        assert!(matches!(alone, Err(Stopped::Failed(_))), "nobody is there to wait for");
    }

    #[tokio::test]
    async fn at_the_end_of_all_attempts_none_is_begun() {
        let control = Control::attended();
        control.last_attempt.cancel();
        let (result, _) = run(&control, 1, FaultClass::NeedsPerson).await;
        assert_eq!(result, Err(Stopped::Cancelled));
    }

    #[tokio::test]
    async fn a_cancel_ends_it() {
        let control = Control::default();
        control.cancel.cancel();
        let (result, board) = run(&control, 0, FaultClass::Permanent).await;
        assert_eq!(result, Err(Stopped::Cancelled));
        assert!(matches!(board.jobs[&JobName::Index].state, JobState::Cancelled));
    }
}
