//! The pace of control-plane calls: one bucket for all calls that the process makes to an account and Region, below
//! AWS's 15 a second (facts: Lambda quotas, "control plane API requests"), slower after a 429 and slowly faster again.
//! Deletions of chunks take the turns that no other call waits for.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

pub const DEFAULT_PER_SECOND: f64 = 10.0;
/// GetFunction has 100 a second of its own, which the gate lives on.
const LOOKS_PER_SECOND: f64 = 20.0;
const SLOWEST_PER_SECOND: f64 = 0.5;
/// Calls that may go at once after a quiet time.
const BURST: f64 = 5.0;
/// Each call that is let through gives back this share of the full pace.
const RECOVERY: f64 = 0.02;
/// A deletion that is the next of its rank lets others pass for so long; then it queues as they do.
const STANDS_BACK_FOR: Duration = Duration::from_secs(3);
/// Timers are no finer.
const TICK: Duration = Duration::from_millis(1);

/// Which calls go before which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// In the order in which they came.
    First,
    /// When no call of the first rank waits, one after the other.
    Behind,
}

#[derive(Debug)]
pub struct Limiter {
    bucket: Mutex<Bucket>,
    /// Held by the call of the second rank that is next.
    line: tokio::sync::Mutex<()>,
}

type Limiters = HashMap<(Scope, Calls), Weak<Limiter>>;

impl Default for Limiter {
    fn default() -> Self {
        Self::new(DEFAULT_PER_SECOND)
    }
}

impl Limiter {
    pub fn new(per_second: f64) -> Self {
        Self { bucket: Mutex::new(Bucket::new(per_second, Instant::now())), line: tokio::sync::Mutex::default() }
    }

    /// The limiter of all connections of this process to that account and Region: AWS counts their calls together.
    pub fn shared(of: &Scope, calls: Calls) -> Arc<Self> {
        static ALL: LazyLock<Mutex<Limiters>> = LazyLock::new(Mutex::default);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, limiter| limiter.strong_count() > 0);
        let of = (of.clone(), calls);
        if let Some(limiter) = all.get(&of).and_then(Weak::upgrade) {
            return limiter;
        }
        let limiter = match calls {
            Calls::Changes => Arc::default(),
            Calls::Looks => Arc::new(Self::new(LOOKS_PER_SECOND)),
        };
        all.insert(of, Arc::downgrade(&limiter));
        limiter
    }

    /// Returns when one call may go.
    pub async fn acquire(&self, rank: Rank) {
        let _line = match rank {
            Rank::First => None,
            Rank::Behind => Some(self.line.lock().await),
        };
        let came = Instant::now();
        loop {
            let turn = self.bucket().turn(rank, came, Instant::now());
            match turn {
                Turn::At(at) => return tokio::time::sleep_until(at.into()).await,
                Turn::LookAgain(at) => tokio::time::sleep_until(at.into()).await,
            }
        }
    }

    /// A call was answered with 429: half the pace, and nothing new before `retry_after`.
    pub fn throttled(&self, retry_after: Option<Duration>) {
        self.bucket().slow_down(Instant::now(), retry_after);
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which calls are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Calls {
    /// All of the control plane but GetFunction.
    Changes,
    /// GetFunction, of one function after the other.
    Looks,
}

/// Whose calls are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The endpoint's URL, or AWS's partition where none is given.
    pub place: String,
    pub account: String,
    pub region: String,
}

/// What a call is told that asks for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It may go then, whatever comes after it.
    At(Instant),
    /// It has no turn yet.
    LookAgain(Instant),
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

    /// For a call that asks since `came`. Below one token, calls of the first rank may be waiting for theirs.
    fn turn(&mut self, rank: Rank, came: Instant, now: Instant) -> Turn {
        self.refill(now);
        let stands_back = rank == Rank::Behind && now < came + STANDS_BACK_FOR;
        if stands_back && (self.tokens < 1.0 || now < self.closed_until) {
            let missing = Duration::from_secs_f64((1.0 - self.tokens).max(0.0) / self.per_second);
            return Turn::LookAgain((now + missing.max(TICK)).max(self.closed_until).min(came + STANDS_BACK_FOR));
        }
        Turn::At(self.reserve(now))
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
    use futures_util::FutureExt;

    use super::*;

    /// Seconds until the last of this number of calls, each made when the one before may go.
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

    /// Has a deletion look until it may go; meanwhile calls of the first rank come at these times. When it went.
    fn deletion(bucket: &mut Bucket, came: Instant, others: impl IntoIterator<Item = Instant>) -> Instant {
        let mut others = others.into_iter().peekable();
        let mut now = came;
        loop {
            while let Some(other) = others.next_if(|other| *other <= now) {
                bucket.turn(Rank::First, other, other);
            }
            match bucket.turn(Rank::Behind, came, now) {
                Turn::At(at) => return at,
                Turn::LookAgain(at) => now = at,
            }
        }
    }

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_deletion_goes_when_no_other_call_waits_even_if_they_came_later() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, start);
        assert_eq!(deletion(&mut bucket, start, []), start, "at once after a quiet time");
        // the rest of the burst, and five that wait up to half a second
        for _ in 0..9 {
            bucket.reserve(start);
        }
        let later = [100, 300, 550].map(|milliseconds| start + ms(milliseconds));
        let went = deletion(&mut bucket, start, later) - start;
        assert!((ms(890)..ms(920)).contains(&went), "eight had to pass: {went:?}");
    }

    #[test]
    fn a_deletion_is_let_in_at_last_when_other_calls_never_end() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, start);
        for _ in 0..5 {
            bucket.reserve(start);
        }
        let endless = (0..).map(|number| start + ms(50) * number);
        let went = deletion(&mut bucket, start, endless) - start;
        // in 3 s sixty came and thirty went
        assert!((ms(6100)..ms(6300)).contains(&went), "{went:?}");
    }

    #[test]
    fn deletions_alone_go_at_the_full_pace() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, start);
        let end = (0..105).fold(start, |now, _| deletion(&mut bucket, now, []));
        assert!((ms(9900)..ms(10_300)).contains(&(end - start)), "{:?}", end - start);
    }

    #[test]
    fn a_deletion_waits_for_the_end_of_what_a_429_asked_for() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, start);
        bucket.slow_down(start, Some(ms(1500)));
        assert_eq!(deletion(&mut bucket, start, []) - start, ms(1500));
        bucket.slow_down(start + ms(1500), Some(ms(60_000)));
        assert_eq!(deletion(&mut bucket, start + ms(1500), []) - start, ms(61_500));
    }

    #[tokio::test]
    async fn a_deletion_that_waits_has_been_promised_nothing() {
        let limiter = Limiter::new(SLOWEST_PER_SECOND);
        limiter.bucket().tokens = 0.0;
        let mut waiting = [Box::pin(limiter.acquire(Rank::Behind)), Box::pin(limiter.acquire(Rank::Behind))];
        assert!(waiting.iter_mut().all(|deletion| deletion.now_or_never().is_none()));
        assert!(limiter.bucket().tokens >= 0.0, "{limiter:?}");
    }

    #[test]
    fn connections_to_the_same_account_and_region_share_a_limiter_as_long_as_one_lives() {
        let scope = |account: &str, region: &str| Scope {
            place: "http://127.0.0.1:1".into(),
            account: account.into(),
            region: region.into(),
        };
        let first = Limiter::shared(&scope("1", "eu-west-1"), Calls::Changes);
        assert!(Arc::ptr_eq(&first, &Limiter::shared(&scope("1", "eu-west-1"), Calls::Changes)));
        for other in [scope("2", "eu-west-1"), scope("1", "eu-west-2")] {
            assert!(!Arc::ptr_eq(&first, &Limiter::shared(&other, Calls::Changes)));
        }
        let elsewhere = Scope { place: "aws".into(), ..scope("1", "eu-west-1") };
        assert!(!Arc::ptr_eq(&first, &Limiter::shared(&elsewhere, Calls::Changes)));
        first.throttled(None);
        drop(first);
        assert_eq!(Limiter::shared(&scope("1", "eu-west-1"), Calls::Changes).bucket().per_second, DEFAULT_PER_SECOND);
    }
}
