//! Who may send now: uploads share one uplink, and each attempt needs a turn. What is under way and still to be sent
//! decides by [`Pace`]; a refused upload waits like a new one, or all that were too many would be too many again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::reel::{event::Count, name::ChunkNumber, pace::Pace};

pub(super) struct Lane {
    state: Mutex<State>,
    /// Something ended, or the rate is known better.
    changed: Notify,
}

struct State {
    pace: Pace,
    uploads: HashMap<ChunkNumber, Upload>,
}

struct Upload {
    bytes: u64,
    sent: Count,
    /// Between its attempts it waits.
    sends: bool,
}

impl Upload {
    fn remaining(&self) -> u64 {
        self.bytes.saturating_sub(self.sent.get())
    }
}

impl Lane {
    /// `chunk_limit`: bytes, the person's choice.
    pub fn new(fixed: Option<usize>, chunk_limit: u64) -> Self {
        let state = State { pace: Pace::new(fixed, chunk_limit), uploads: HashMap::new() };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May another begin, beside all that are not over?
    pub fn has_room(&self, bytes: u64) -> bool {
        let state = self.state();
        let remaining = state.uploads.values().map(Upload::remaining).sum();
        state.pace.may_start(state.uploads.len(), remaining, bytes)
    }

    /// It has its first turn at once.
    pub fn begin(&self, number: ChunkNumber, bytes: u64, sent: Count) {
        self.state().uploads.insert(number, Upload { bytes, sent, sends: true });
    }

    /// Its attempt failed. `held_back`: for haste, or because it took too long.
    pub fn failed(&self, number: ChunkNumber, held_back: bool) {
        let mut state = self.state();
        if held_back {
            state.pace.held_back();
        }
        if let Some(upload) = state.uploads.get_mut(&number) {
            upload.sends = false;
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Returns when its next attempt may begin.
    pub async fn turn(&self, number: ChunkNumber) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // told of what changes from here on
            changed.as_mut().enable();
            if self.state().take_turn(number) {
                return;
            }
            changed.await;
        }
    }

    /// `sent`: its bytes crossed the wire.
    pub fn over(&self, number: ChunkNumber, sent: bool) {
        let mut state = self.state();
        state.uploads.remove(&number);
        if sent {
            state.pace.succeeded();
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Bytes of what is under way that have been sent.
    pub fn sent(&self) -> u64 {
        self.state().uploads.values().map(|upload| upload.sent.get()).sum()
    }

    /// Does any attempt have bytes left for the wire?
    pub fn sends(&self) -> bool {
        self.state().uploads.values().any(|upload| upload.sends && upload.remaining() > 0)
    }

    /// All together moved `bytes` in `elapsed`.
    pub fn moved(&self, bytes: u64, elapsed: Duration) {
        self.state().pace.moved(bytes, elapsed);
        self.changed.notify_waiters();
    }

    /// The largest chunk, in MiB, that gets through.
    pub fn fitting_mib(&self) -> Option<u64> {
        self.state().pace.fitting_mib()
    }
}

impl State {
    fn take_turn(&mut self, number: ChunkNumber) -> bool {
        let sending = || self.uploads.values().filter(|upload| upload.sends);
        let (running, remaining) = (sending().count(), sending().map(Upload::remaining).sum());
        let may = |upload: &Upload| upload.sends || self.pace.may_start(running, remaining, upload.bytes);
        let free = self.uploads.get(&number).is_none_or(may);
        if free && let Some(upload) = self.uploads.get_mut(&number) {
            upload.sends = true;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn number(number: u16) -> ChunkNumber {
        ChunkNumber::try_from(number).unwrap()
    }

    /// Four began before the uplink became slow.
    fn too_many() -> Lane {
        let lane = Lane::new(None, 32 * MIB);
        lane.moved(128 * MIB, Duration::from_secs(1));
        for place in 1..=4 {
            assert!(lane.has_room(32 * MIB));
            lane.begin(number(place), 32 * MIB, Count::default());
        }
        lane.moved(2 * MIB, Duration::from_secs(10));
        (1..=4).for_each(|place| lane.failed(number(place), true));
        lane
    }

    #[tokio::test]
    async fn what_was_refused_for_its_age_goes_one_at_a_time() {
        let lane = too_many();
        lane.turn(number(1)).await;
        for place in 2..=4 {
            assert!(!lane.state().take_turn(number(place)), "{place} goes beside the first");
        }
        assert!(!lane.has_room(32 * MIB));
        let second = lane.turn(number(2));
        tokio::pin!(second);
        tokio::select! {
            biased;
            () = &mut second => panic!("it did not wait"),
            () = tokio::task::yield_now() => {}
        }
        lane.over(number(1), true);
        second.await;
    }

    #[tokio::test]
    async fn who_waits_for_an_unknown_uplink_goes_once_it_is_known() {
        let lane = Lane::new(Some(4), 32 * MIB);
        lane.begin(number(1), 32 * MIB, Count::default());
        assert!(!lane.has_room(32 * MIB));
        lane.begin(number(2), 32 * MIB, Count::default());
        lane.failed(number(2), false);
        assert!(!lane.state().take_turn(number(2)));
        let turn = lane.turn(number(2));
        let learn = async { lane.moved(16 * MIB, Duration::from_secs(1)) };
        tokio::join!(turn, learn);
        assert!(lane.has_room(32 * MIB));
    }

    #[tokio::test]
    async fn whoever_waits_between_attempts_keeps_nobody_from_sending() {
        let lane = too_many();
        for place in 1..=4 {
            lane.turn(number(place)).await;
            lane.failed(number(place), false);
        }
    }
}
