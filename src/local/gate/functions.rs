//! GetFunction as the gate's own role would call it: counted, throttled and struck by faults like any other call, with
//! retries up to a deadline.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{sync::OwnedMutexGuard, time::Instant};

use crate::local::{
    api::{Trail, record},
    context::Context,
    faults::{How, Strike},
    operation::Operation,
    store::record::Function,
};

pub(super) type Deadline = Instant;

/// A request is answered within this, if only by a 503.
const PATIENCE: Duration = Duration::from_secs(8);
/// Shortest mean wait between attempts.
const BACKOFF_LEAST: Duration = Duration::from_millis(60);

/// There is no answer now, but there may be one soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy;

pub(super) fn deadline() -> Deadline {
    Instant::now() + PATIENCE
}

#[derive(Debug)]
pub(super) struct Functions {
    shared: Arc<Context>,
}

enum Attempt {
    Found(Box<Function>),
    Missing,
    /// Worth another attempt.
    Busy,
    Refused,
}

impl Functions {
    pub(super) fn new(shared: &Arc<Context>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.shared.now()
    }

    pub(super) fn blob(&self, sha256: &str) -> PathBuf {
        self.shared.store.blob(sha256)
    }

    /// The function, or `None` where none has this name. Waits and asks again on 429 and trouble, until the deadline
    /// would pass; `attempts` bounds it further.
    pub(super) async fn get(
        &self,
        name: &str,
        deadline: Deadline,
        attempts: Option<u32>,
    ) -> Result<Option<Function>, Busy> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.ask(name).await {
                Attempt::Found(function) => return Ok(Some(*function)),
                Attempt::Missing => return Ok(None),
                Attempt::Refused => return Err(Busy),
                Attempt::Busy => {}
            }
            // waits shrink as the deadline nears, so that who waited longest is next
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = (left / 8).max(BACKOFF_LEAST).mul_f64(2.0 * fastrand::f64());
            if attempts.is_some_and(|bound| attempt >= bound) || wait >= left {
                return Err(Busy);
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn ask(&self, name: &str) -> Attempt {
        let shared = &self.shared;
        let mut plan = shared.faults.draw(Operation::GetFunction);
        plan.delay().await;
        if let Some(Strike { how: How::Pause, moment }) = plan.strike {
            shared.faults.strikes(&plan, moment).await;
            plan.strike = None;
        }
        let found = shared.store.read().functions.get(name).cloned();
        let (status, attempt) = if plan.strike.is_some() {
            (0, Attempt::Busy)
        } else if plan.expired_credentials {
            (403, Attempt::Refused)
        } else if let Some(status) = plan.status {
            (status, if status == 429 || status >= 500 { Attempt::Busy } else { Attempt::Refused })
        } else if !shared.rates.take(Operation::GetFunction, shared.now()) {
            (429, Attempt::Busy)
        } else {
            found.map_or((404, Attempt::Missing), |function| (200, Attempt::Found(Box::new(function))))
        };
        let operation = Some(Operation::GetFunction);
        let trail = Trail { operation, subject: name.to_owned(), ..Trail::default() };
        record(shared, &trail, status, None, status == 0);
        attempt
    }
}

/// Requests for the same thing take turns, so that the second finds what the first has fetched.
#[derive(Debug)]
pub(super) struct Joined<K>(Mutex<HashMap<K, Weak<tokio::sync::Mutex<()>>>>);

impl<K> Default for Joined<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash> Joined<K> {
    pub(super) async fn turn<Q: ?Sized + Hash + Eq + ToOwned<Owned = K>>(&self, key: &Q) -> OwnedMutexGuard<()>
    where
        K: Borrow<Q>,
    {
        let turns = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, turns| turns.strong_count() > 0);
            let turns = all.get(key).and_then(Weak::upgrade).unwrap_or_default();
            all.insert(key.to_owned(), Arc::downgrade(&turns));
            turns
        };
        turns.lock_owned().await
    }
}
