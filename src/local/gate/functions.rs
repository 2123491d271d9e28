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

/// A request is answered within this, if only by a 503.
const PATIENCE: Duration = Duration::from_secs(8);
/// So long a busy AWS is asked again for a player before that is sent to where it is once more.
const HOLD: Duration = Duration::from_secs(2);
/// Shortest mean wait between attempts.
const BACKOFF_LEAST: Duration = Duration::from_millis(60);

/// There is no answer now, but there may be one soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Busy {
    /// Whoever asks again at once may have one.
    Again,
    /// Asking again at once would not help.
    Refused,
    /// Nor would it for so many seconds: this client has made its guesses.
    Spent(u64),
}

impl Busy {
    /// Until it is worth asking again; spread out, so that those sent away do not come back at once.
    pub(super) fn seconds(self) -> u64 {
        match self {
            Self::Spent(seconds) => seconds,
            Self::Again | Self::Refused => fastrand::u64(2..8),
        }
    }
}

/// Until when a request is answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    /// Whoever asks gives up for good then, wherever it was sent meanwhile: how long the waits between attempts are
    /// goes by this.
    pub(super) end: Instant,
    /// AWS is not asked again after this.
    hold: Instant,
}

impl Deadline {
    /// Of a request that has been sent to where it is `times` times, and may be `most` times.
    pub(super) fn of(times: u8, most: u8) -> Self {
        Self::asked_at(Instant::now(), times, most)
    }

    fn asked_at(now: Instant, times: u8, most: u8) -> Self {
        let end = now + PATIENCE - HOLD * u32::from(times);
        Self { end, hold: if times < most { now + HOLD } else { end } }
    }

    /// Waiting for a guess's turn is not waiting for AWS.
    pub(super) fn after(self, waited: Duration) -> Self {
        Self { hold: (self.hold + waited).min(self.end), ..self }
    }
}

/// How often AWS is asked again: what a player shows first twice as often as what it reads ahead. All instances share one
/// rate, and this is how one of them lets others go before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Haste {
    First,
    Ahead,
}

impl Haste {
    /// The mean wait between attempts is this part of the time that is left.
    fn part(self) -> u32 {
        match self {
            Self::First => 16,
            Self::Ahead => 8,
        }
    }
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

    pub(super) fn index_check_every(&self) -> Duration {
        self.shared.index_check_every
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
        haste: Haste,
        attempts: Option<u32>,
    ) -> Result<Option<Function>, Busy> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.ask(name).await {
                Attempt::Found(function) => return Ok(Some(*function)),
                Attempt::Missing => return Ok(None),
                Attempt::Refused => return Err(Busy::Refused),
                Attempt::Busy => {}
            }
            // waits shrink as the deadline nears, so that who waited longest is next
            let now = Instant::now();
            let left = deadline.end.saturating_duration_since(now);
            let wait = (left / haste.part()).max(BACKOFF_LEAST).mul_f64(2.0 * fastrand::f64());
            if attempts.is_some_and(|bound| attempt >= bound) || now + wait >= deadline.hold {
                return Err(Busy::Again);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_is_held_for_two_seconds_at_a_time_and_for_eight_in_all() {
        let began = Instant::now();
        for (times, most, held) in [(0, 0, 8), (0, 1, 2), (1, 1, 8), (0, 2, 2), (1, 2, 4), (2, 2, 8)] {
            let deadline = Deadline::asked_at(began + HOLD * u32::from(times), times, most);
            let after = |seconds| began + Duration::from_secs(seconds);
            assert_eq!((deadline.hold, deadline.end), (after(held), after(8)), "sent on {times} times of {most}");
            // waiting for a guess's turn is not waiting for AWS
            assert_eq!(deadline.after(Duration::from_secs(1)).hold, after((held + 1).min(8)), "{times} of {most}");
        }
    }
}
