//! Which uploads may be under way side by side: one until AWS has answered one; then several where that hides the time
//! until an answer, or where several were seen to bring more than one; and never so many that a request's signature
//! grows old before its body ends. Pure: told of sizes and times.

use std::{collections::HashMap, hash::Hash, time::Duration};

use super::uplink::{Sending, Uplink};
use crate::model::report::event::Count;

pub const PARALLEL_MAX: usize = 16;
const PARALLEL_START: usize = 4;
/// An upload begins when those before it will be through within this share of a signature's life, 10 s: so the line is in
/// use while they wait for their answers, which is all that a second one saves where one fills the line.
const AHEAD: f64 = 1.0 / 30.0;
/// A smaller rise is noise.
const WORTHWHILE: f64 = 1.05;

/// `K` tells uploads apart.
#[derive(Debug)]
pub struct Pace<K> {
    limit: usize,
    fixed: bool,
    uplink: Uplink,
    uploads: HashMap<K, Upload>,
    /// What each upload that sent from the beginning would have had of the line, until `counted`.
    share: Duration,
    counted: Duration,
    /// For how long the line was in use, and until the last answer.
    used: Duration,
    used_before: Duration,
    round: Round,
    /// The rate when the limit was last raised.
    rate_before: f64,
}

/// What was answered since the limit was last judged.
#[derive(Debug, Default)]
struct Round {
    answers: usize,
    bytes: u64,
    used: Duration,
}

#[derive(Debug)]
struct Upload {
    bytes: u64,
    /// Of its attempt, as they are taken for the socket.
    sent: Count,
    /// When its attempt began, and [`Pace::share`] until then; `None`: it waits between its attempts.
    began: Option<(Duration, Duration)>,
}

/// Why an attempt failed, as far as the line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// For another reason.
    Otherwise,
    /// For haste, or nothing moved any more.
    HeldBack,
    /// Its signature's life was over.
    RanOut,
}

impl<K: Copy + Eq + Hash> Pace<K> {
    /// `fixed`: the person chose; only the signature's age still holds uploads back. `life`: how
    /// old a signature may grow.
    pub fn new(fixed: Option<usize>, life: Duration) -> Self {
        Self {
            limit: fixed.unwrap_or(PARALLEL_START).clamp(1, PARALLEL_MAX),
            fixed: fixed.is_some(),
            uplink: Uplink::new(life),
            uploads: HashMap::new(),
            share: Duration::ZERO,
            counted: Duration::ZERO,
            used: Duration::ZERO,
            used_before: Duration::ZERO,
            round: Round::default(),
            rate_before: 0.0,
        }
    }

    pub fn uplink(&self) -> &Uplink {
        &self.uplink
    }

    /// May another of this size begin, beside all that are not over?
    pub fn may_start(&self, bytes: u64, now: Duration) -> bool {
        self.has_room(|_| true, bytes, now)
    }

    fn has_room(&self, counts: impl Fn(&Upload) -> bool, next: u64, now: Duration) -> bool {
        let running: Vec<&Upload> = self.uploads.values().filter(|upload| counts(upload)).collect();
        if running.is_empty() {
            return true;
        }
        // until AWS has answered one, nothing is known of the line
        if running.len() >= self.limit || self.uplink.rate().is_none() {
            return false;
        }
        let lasted = running.iter().filter_map(|upload| upload.began).map(|(began, _)| now.saturating_sub(began)).max();
        let before = running.iter().map(|upload| self.outstanding(upload, now)).sum::<f64>();
        // however they share the line, each is through once all are
        self.uplink.carries(before + next as f64, lasted.unwrap_or_default())
            && (self.fixed || self.uplink.may_gain() || self.uplink.carries_within(before, AHEAD))
    }

    /// Bytes that the line has still to carry for it: what a socket or a proxy took over has not arrived, if the rate
    /// does not allow for it.
    fn outstanding(&self, upload: &Upload, now: Duration) -> f64 {
        let Some(sending) = self.sending(upload, now) else { return upload.bytes as f64 };
        let carried = self.uplink.rate().unwrap_or(0.0) * sending.share.as_secs_f64();
        (upload.bytes as f64 - carried).max(upload.unsent() as f64)
    }

    /// Its attempt until now; `None` if it waits.
    fn sending(&self, upload: &Upload, now: Duration) -> Option<Sending> {
        let (began, share) = upload.began?;
        let (took, share) = (now.saturating_sub(began), self.share_at(now).saturating_sub(share));
        Some(Sending { bytes: upload.sent.get(), took, share })
    }

    fn share_at(&self, now: Duration) -> Duration {
        self.share + now.saturating_sub(self.counted) / self.senders().max(1)
    }

    fn senders(&self) -> u32 {
        self.uploads.values().filter(|upload| upload.began.is_some()).count() as u32
    }

    /// To be called before what sends changes.
    fn count(&mut self, now: Duration) {
        self.share = self.share_at(now);
        if self.senders() > 0 {
            self.used += now.saturating_sub(self.counted);
        }
        self.counted = self.counted.max(now);
    }

    /// It is taken on, and its first attempt's turn is now.
    pub fn begin(&mut self, number: K, bytes: u64, sent: Count, now: Duration) {
        self.count(now);
        self.uploads.insert(number, Upload { bytes, sent, began: Some((now, self.share)) });
    }

    /// Whether its next attempt may begin now, beside those that send; if so, it does.
    pub fn take_turn(&mut self, number: K, now: Duration) -> bool {
        self.count(now);
        let Some(upload) = self.uploads.get(&number) else { return true };
        let free = upload.began.is_some() || self.has_room(|other| other.began.is_some(), upload.bytes, now);
        let began = free.then_some((now, self.share));
        if let Some(upload) = self.uploads.get_mut(&number) {
            upload.began = began;
        }
        free
    }

    /// AWS took its chunk.
    pub fn answered(&mut self, number: K, now: Duration) {
        self.count(now);
        let Some(upload) = self.uploads.get(&number) else { return };
        let Some(sending) = self.sending(upload, now) else { return };
        let (bytes, used) = (upload.bytes, self.used - self.used_before);
        self.uplink.answered(Sending { bytes, ..sending }, used);
        self.used_before = self.used;
        self.round.answers += 1;
        self.round.bytes += bytes;
        self.round.used += used;
        // each upload of a full round has ended once before the limit is judged
        if self.fixed || self.round.answers < self.limit {
            return;
        }
        let rate = self.round.bytes as f64 / self.round.used.as_secs_f64().max(1e-3);
        self.round = Round::default();
        if rate > self.rate_before * WORTHWHILE {
            self.rate_before = rate;
            self.limit = (self.limit + 1).min(PARALLEL_MAX);
        }
    }

    /// Its attempt failed. The same failure may be told twice.
    pub fn failed(&mut self, number: K, why: Failed, now: Duration) {
        self.count(now);
        let Some(sending) = self.uploads.get(&number).and_then(|upload| self.sending(upload, now)) else { return };
        if why == Failed::RanOut {
            self.uplink.ran_out(sending);
        }
        if why != Failed::Otherwise && !self.fixed {
            self.limit = (self.limit / 2).max(1);
            self.round = Round::default();
        }
        if let Some(upload) = self.uploads.get_mut(&number) {
            upload.began = None;
        }
    }

    /// Whether no further attempt of it would end in time, now that this one did not.
    pub fn is_too_slow(&self, number: K, now: Duration) -> bool {
        let upload = self.uploads.get(&number);
        upload.is_some_and(|upload| {
            let sending = self.sending(upload, now);
            sending.is_some_and(|sending| self.uplink.is_too_slow_after(upload.bytes, sending))
        })
    }

    /// Its attempt has lasted so long.
    pub fn lasted(&self, number: K, now: Duration) -> Duration {
        let began = self.uploads.get(&number).and_then(|upload| upload.began);
        began.map_or(Duration::ZERO, |(began, _)| now.saturating_sub(began))
    }

    pub fn over(&mut self, number: K, now: Duration) {
        self.count(now);
        self.uploads.remove(&number);
    }

    /// Bytes of what is under way that were taken for sockets.
    pub fn sent(&self) -> u64 {
        self.uploads.values().map(|upload| upload.sent.get()).sum()
    }

    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl Upload {
    fn unsent(&self) -> u64 {
        self.bytes.saturating_sub(self.sent.get())
    }
}

#[cfg(test)]
mod tests;
