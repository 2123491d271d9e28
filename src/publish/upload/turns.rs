//! Who may send now: uploads share one uplink, and each attempt needs a turn. [`Pace`] decides; a refused upload waits
//! like a new one, or all that were too many would be too many again.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::model::{
    pace::{
        uplink::Uplink,
        uploads::{Failed, Pace},
    },
    report::event::Count,
};

/// Tells the uploads of a run apart.
pub(crate) type Number = usize;

pub(crate) struct Turns {
    pace: Mutex<Pace<Number>>,
    since: Instant,
    /// Something ended, or time has passed.
    changed: Notify,
}

/// An upload's place among those of a run.
pub(crate) struct Turn {
    pub number: Number,
    pub turns: Arc<Turns>,
}

impl Turns {
    pub fn new(pace: Pace<Number>) -> Self {
        Self { pace: Mutex::new(pace), since: Instant::now(), changed: Notify::new() }
    }

    fn pace(&self) -> MutexGuard<'_, Pace<Number>> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.since.elapsed()
    }

    /// May another begin, beside all that are not over?
    pub fn has_room(&self, bytes: u64) -> bool {
        self.pace().may_start(bytes, self.now())
    }

    /// It has its first turn at once.
    pub fn begin(&self, number: Number, bytes: u64, sent: Count) {
        self.pace().begin(number, bytes, sent, self.now());
    }

    /// Returns when its next attempt may begin.
    pub async fn turn(&self, number: Number) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // told of what changes from here on
            changed.as_mut().enable();
            if self.pace().take_turn(number, self.now()) {
                return;
            }
            changed.await;
        }
    }

    /// AWS took its chunk.
    pub fn answered(&self, number: Number) {
        self.pace().answered(number, self.now());
    }

    /// Its attempt failed.
    pub fn failed(&self, number: Number, why: Failed) {
        self.pace().failed(number, why, self.now());
        self.changed.notify_waiters();
    }

    /// How long its attempt has lasted.
    pub fn lasted(&self, number: Number) -> Duration {
        self.pace().lasted(number, self.now())
    }

    /// Whether no further attempt of it would end in time, now that this one did not.
    pub fn is_too_slow(&self, number: Number) -> bool {
        self.pace().is_too_slow(number, self.now())
    }

    pub fn over(&self, number: Number) {
        self.pace().over(number, self.now());
        self.changed.notify_waiters();
    }

    /// Bytes of what is under way that were taken for sockets.
    pub fn sent(&self) -> u64 {
        self.pace().sent()
    }

    /// Time has passed, and with it what is under way.
    pub fn tick(&self) {
        self.changed.notify_waiters();
    }

    pub fn uplink(&self) -> Uplink {
        self.pace().uplink().clone()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::model::chunk::pack::MIB;

    #[tokio::test]
    async fn who_waits_for_a_turn_has_it_when_another_is_over() {
        let turns = Turns::new(Pace::new(None, Duration::from_secs(300)));
        for place in 1..=2 {
            turns.begin(place, 32 * MIB, Count::default());
            turns.failed(place, Failed::HeldBack);
        }
        turns.turn(1).await;
        let mut second = Box::pin(turns.turn(2));
        assert!((&mut second).now_or_never().is_none(), "nothing was answered yet");
        turns.over(1);
        second.await;
    }
}
