//! The pace of control-plane calls: one bucket for all calls of the process, below AWS's 15 a second for an account
//! and Region (facts: Lambda quotas, "control plane API requests"), slower after a 429 and slowly faster again.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

pub const DEFAULT_PER_SECOND: f64 = 10.0;
const SLOWEST_PER_SECOND: f64 = 0.5;
/// Calls that may go at once after a quiet time.
const BURST: f64 = 5.0;
/// Each call that is let through gives back this share of the full pace.
const RECOVERY: f64 = 0.02;

#[derive(Debug)]
pub struct Limiter(Mutex<Bucket>);

impl Default for Limiter {
    fn default() -> Self {
        Self::new(DEFAULT_PER_SECOND)
    }
}

impl Limiter {
    pub fn new(per_second: f64) -> Self {
        Self(Mutex::new(Bucket::new(per_second, Instant::now())))
    }

    /// Returns when one call may go. Calls go in the order in which they came.
    pub async fn acquire(&self) {
        let at = self.bucket().reserve(Instant::now());
        tokio::time::sleep_until(at.into()).await;
    }

    /// A call was answered with 429: half the pace, and nothing new before `retry_after`.
    pub fn throttled(&self, retry_after: Option<Duration>) {
        self.bucket().slow_down(Instant::now(), retry_after);
    }

    fn bucket(&self) -> std::sync::MutexGuard<'_, Bucket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Bucket {
    full: f64,
    per_second: f64,
    /// Below zero: calls that were promised a later time.
    tokens: f64,
    counted: Instant,
    closed_until: Instant,
}

impl Bucket {
    fn new(per_second: f64, now: Instant) -> Self {
        Self { full: per_second, per_second, tokens: BURST, counted: now, closed_until: now }
    }

    /// When the next call may go.
    fn reserve(&mut self, now: Instant) -> Instant {
        self.refill(now);
        self.tokens -= 1.0;
        let wait = Duration::from_secs_f64((-self.tokens).max(0.0) / self.per_second);
        self.per_second = (self.per_second + self.full * RECOVERY).min(self.full);
        (now + wait).max(self.closed_until)
    }

    fn slow_down(&mut self, now: Instant, retry_after: Option<Duration>) {
        self.refill(now);
        self.per_second = (self.per_second / 2.0).max(SLOWEST_PER_SECOND);
        self.tokens = self.tokens.min(0.0);
        self.closed_until = self.closed_until.max(now + retry_after.unwrap_or_default());
    }

    fn refill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.counted).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(BURST);
        self.counted = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds until the last of so many calls, each made when the one before may go.
    fn seconds_for(bucket: &mut Bucket, start: Instant, calls: u32) -> (f64, Instant) {
        let end = (0..calls).fold(start, |now, _| bucket.reserve(now));
        ((end - start).as_secs_f64(), end)
    }

    #[test]
    fn a_burst_is_free_and_the_rest_is_paced() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, start);
        let (seconds, _) = seconds_for(&mut bucket, start, 105);
        assert!((9.9..10.2).contains(&seconds), "{seconds}");
    }

    #[test]
    fn calls_at_once_are_spread_out() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, start);
        let last = (0..25).map(|_| bucket.reserve(start)).last().unwrap();
        assert!((1.9..2.1).contains(&(last - start).as_secs_f64()), "{last:?}");
    }

    #[test]
    fn a_429_halves_the_pace_and_calls_bring_it_back() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, start);
        let (_, now) = seconds_for(&mut bucket, start, 5);
        bucket.slow_down(now, Some(Duration::from_secs(3)));
        let (slowed, now) = seconds_for(&mut bucket, now, 1);
        assert!(slowed >= 3.0, "{slowed}");
        let (_, now) = seconds_for(&mut bucket, now, 60);
        let (seconds, _) = seconds_for(&mut bucket, now, 100);
        assert!((9.0..10.5).contains(&seconds), "{seconds}");
    }
}
