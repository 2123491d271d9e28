//! Faults on demand, decided in one place: which of the rules that were asked for strike a request. The same seed and
//! the same order of requests give the same faults. What striking means is the servers' part.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::operation::Operation;

mod spec;

pub use spec::{Amount, FaultError, Faults, Kind, Rule};

/// What happens to one request besides what it asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) latency: Duration,
    /// An error with this status instead of the effect.
    pub(super) status: Option<u16>,
    /// Something else than the server answers, with a page of this status and without the effect.
    pub(super) page: Option<u16>,
    pub(super) strike: Option<Strike>,
    /// A download answers a byte less than was asked for.
    pub(super) wrong_size: bool,
    pub(super) expired_credentials: bool,
}

/// What keeps a request from its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    pub moment: Moment,
    pub how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The connection is cut.
    Reset,
    /// The connection stays, and nothing more happens on it.
    Stall,
    /// The request goes on when a test says so ([`LiveFaults::release`]).
    Pause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    BeforeBody,
    MidBody,
    /// The body was taken whole, and nothing comes of it.
    AfterBody,
    /// What was asked for is done; only the answer is lost. Downloads, which have no body of a request: this and
    /// all but the first are in the middle of the answer.
    AfterEffect,
}

/// The running faults. Clones steer the same server, at any time.
#[derive(Debug, Clone)]
pub struct LiveFaults {
    live: Arc<Mutex<Live>>,
    /// Where the server ends, what it stalls ends with it.
    gone: CancellationToken,
}

#[derive(Debug)]
struct Live {
    faults: Faults,
    counts: Vec<u32>,
    random: fastrand::Rng,
    /// When these faults were set: fresh roles count from here.
    since: Option<OffsetDateTime>,
    /// When the shared uplink is free again.
    uplink_free: Option<Instant>,
    /// Requests that a fault holds or held.
    stalled: u32,
    /// Requests that wait to be released.
    paused: u32,
    /// Rises with each release.
    released: watch::Sender<u64>,
    /// Requests that a rule met, whatever it did to them.
    struck: u32,
}

impl LiveFaults {
    pub(super) fn new(faults: Faults, gone: CancellationToken) -> Self {
        Self { live: Arc::new(Mutex::new(Live::new(faults))), gone }
    }

    /// Replaces all rules; counts and the random sequence start anew. What waits to be released goes on waiting.
    pub fn set(&self, faults: Faults) {
        let mut live = self.live();
        let (paused, released) = (live.paused, live.released.clone());
        *live = Live { paused, released, ..Live::new(faults) };
    }

    pub fn clear(&self) {
        self.set(Faults::default());
    }

    fn live(&self) -> std::sync::MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn draw(&self, operation: Operation) -> Plan {
        let mut live = self.live();
        let live = &mut *live;
        let mut plan = Plan::default();
        for (rule, count) in live.faults.rules.iter().zip(&mut live.counts) {
            if !rule.concerns(operation) {
                continue;
            }
            *count += 1;
            let strikes = match rule.amount {
                Amount::Share(share) => live.random.f64() < share,
                Amount::First(number) => *count <= number,
                Amount::After(number) => *count > number,
                Amount::At(number) => *count == number,
            };
            if strikes {
                plan.add(&rule.kind);
            }
        }
        live.struck += u32::from(plan != Plan::default());
        plan
    }

    /// How many requests were stalled since these faults were set: who waits for it catches a client at that moment.
    pub fn stalled(&self) -> u32 {
        self.live().stalled
    }

    /// How many requests wait to be released now.
    pub fn paused(&self) -> u32 {
        self.live().paused
    }

    /// Lets the requests go on that wait now.
    pub fn release(&self) {
        let mut live = self.live();
        live.paused = 0;
        live.released.send_modify(|times| *times += 1);
    }

    async fn pause(&self) {
        let mut released = {
            let mut live = self.live();
            live.paused += 1;
            live.released.subscribe()
        };
        // the stand-in itself ends where its faults are gone
        let _ = released.changed().await;
    }

    /// How many requests were struck since these faults were set.
    pub fn struck(&self) -> u32 {
        self.live().struck
    }

    /// Does what the plan wants at this moment: true if the connection is to be cut. A stalled request
    /// stays until the server goes.
    pub(super) async fn strikes(&self, plan: &Plan, moment: Moment) -> bool {
        match plan.strike.filter(|strike| strike.moment == moment).map(|strike| strike.how) {
            None => false,
            Some(How::Reset) => true,
            Some(How::Stall) => {
                self.note_stall();
                self.gone.cancelled().await;
                true
            }
            Some(How::Pause) => {
                self.pause().await;
                false
            }
        }
    }

    pub(super) fn note_stall(&self) {
        self.live().stalled += 1;
    }

    /// Waits until the uplink has carried `bytes` of a body. All connections share it.
    pub(super) async fn carry(&self, bytes: usize) {
        let until = self.live().reserve(bytes, Instant::now());
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Whether a role made at `created` can't be assumed yet.
    pub(super) fn role_is_fresh(&self, created: OffsetDateTime, now: OffsetDateTime) -> bool {
        let mut live = self.live();
        let Some(fresh) = live.faults.role_not_assumable else { return false };
        let since = *live.since.get_or_insert(now);
        now < created.max(since) + fresh
    }

    pub(super) fn pending(&self) -> Option<Duration> {
        self.live().faults.pending
    }

    pub(super) fn signature_age(&self) -> Option<time::Duration> {
        self.live().faults.signature_age.map(|age| time::Duration::seconds_f64(age.as_secs_f64()))
    }

    pub(super) fn words(&self) -> Option<String> {
        self.live().faults.words.clone()
    }

    pub(super) fn list_lag(&self) -> Option<Duration> {
        self.live().faults.list_lag
    }

    pub(super) fn list_page(&self) -> Option<usize> {
        self.live().faults.list_page
    }

    pub(super) fn quota_bytes(&self) -> Option<u64> {
        self.live().faults.quota_bytes
    }

    pub(super) fn clock_skew(&self) -> time::Duration {
        time::Duration::seconds_f64(self.live().faults.clock_skew_seconds)
    }
}

impl Live {
    fn new(faults: Faults) -> Self {
        let random = fastrand::Rng::with_seed(faults.seed);
        Self {
            counts: vec![0; faults.rules.len()],
            random,
            faults,
            since: None,
            uplink_free: None,
            stalled: 0,
            paused: 0,
            released: watch::Sender::new(0),
            struck: 0,
        }
    }

    /// When the uplink will have carried `bytes` more, if it has a bound.
    fn reserve(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        let rate = self.faults.uplink_bytes_a_second?;
        let start = self.uplink_free.map_or(now, |free| free.max(now));
        let until = start + Duration::from_secs_f64(bytes as f64 / rate);
        self.uplink_free = Some(until);
        Some(until)
    }
}

impl Plan {
    /// Lets the latency pass.
    pub(super) async fn delay(&self) {
        // the timer's own granularity is a millisecond
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
    }

    /// Of errors and of strikes, the rule that was named first wins.
    fn add(&mut self, kind: &Kind) {
        match *kind {
            Kind::Latency(latency) => self.latency += latency,
            Kind::Status(status) => self.status = self.status.or(Some(status)),
            Kind::Page(status) => self.page = self.page.or(Some(status)),
            Kind::Strike(strike) => self.strike = self.strike.or(Some(strike)),
            Kind::WrongSize => self.wrong_size = true,
            Kind::ExpiredCredentials => self.expired_credentials = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(faults: &LiveFaults, calls: usize) -> Vec<usize> {
        (1..=calls).filter(|_| faults.draw(Operation::CreateFunction).status.is_some()).collect()
    }

    fn live(spec: &str) -> LiveFaults {
        LiveFaults::new(spec.parse().unwrap(), CancellationToken::new())
    }

    #[test]
    fn counts_strike_the_first_the_one_and_those_after() {
        assert_eq!(struck(&live("429=2x"), 5), [1, 2]);
        assert_eq!(struck(&live("429=at:3"), 5), [3]);
        assert_eq!(struck(&live("429=after:3"), 5), [4, 5]);
    }

    #[tokio::test]
    async fn a_paused_request_goes_on_when_it_is_released() {
        let faults = live("pause-before@DeleteFunction=at:2");
        assert_eq!(faults.draw(Operation::DeleteFunction), Plan::default());
        let plan = faults.draw(Operation::DeleteFunction);
        assert!(!faults.strikes(&plan, Moment::BeforeBody).await, "not at another moment");
        let paused = faults.strikes(&plan, Moment::AfterBody);
        let person = async {
            while faults.paused() == 0 {
                tokio::task::yield_now().await;
            }
            faults.clear();
            assert_eq!(faults.paused(), 1, "other rules release nothing");
            faults.release();
        };
        assert!(!tokio::join!(paused, person).0, "and is not cut");
        assert_eq!(faults.paused(), 0);
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let once = struck(&live("429=0.3,seed=7"), 200);
        assert_eq!(once, struck(&live("429=0.3,seed=7"), 200));
        assert_ne!(once, struck(&live("429=0.3,seed=8"), 200));
        assert!((30..90).contains(&once.len()), "{} of 200", once.len());
    }

    #[test]
    fn a_rule_for_one_operation_leaves_the_others_alone() {
        let faults = live("500@CreateFunction=1x,latency@Gate=5ms");
        assert_eq!(faults.draw(Operation::GetFunction), Plan::default());
        assert_eq!(faults.draw(Operation::Gate).latency, Duration::from_millis(5));
        assert_eq!(faults.draw(Operation::CreateFunction).status, Some(500));
        assert_eq!(faults.draw(Operation::CreateFunction), Plan::default());
    }

    #[test]
    fn what_is_asked_for_in_general_strikes_api_calls_and_spares_downloads() {
        let faults = live("503=1.0,stall=1.0,latency=1ms");
        let call = faults.draw(Operation::ListFunctions);
        assert_eq!((call.status, call.strike), (Some(503), None));
        let download = faults.draw(Operation::Download);
        let stall = Strike { moment: Moment::AfterEffect, how: How::Stall };
        assert_eq!((download.status, download.strike), (None, Some(stall)));
        assert_eq!(download.latency, Duration::from_millis(1));
    }

    #[test]
    fn the_uplink_is_shared_and_idle_time_is_lost() {
        let faults = live("uplink=8mbit");
        let start = Instant::now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        assert_eq!(faults.live().reserve(1_000_000, start), after(1));
        assert_eq!(faults.live().reserve(1_000_000, start), after(2));
        assert_eq!(faults.live().reserve(1_000_000, start + Duration::from_secs(5)), after(6));
        assert_eq!(live("").live().reserve(1_000_000, start), None);
    }

    #[test]
    fn a_role_is_fresh_for_a_while_after_its_making_and_after_the_fault_was_set() {
        let faults = live("role-not-assumable=5s");
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1000);
        assert!(faults.role_is_fresh(OffsetDateTime::UNIX_EPOCH, now));
        assert!(!faults.role_is_fresh(OffsetDateTime::UNIX_EPOCH, now + Duration::from_secs(5)));
        assert!(faults.role_is_fresh(now + Duration::from_secs(60), now + Duration::from_secs(64)));
    }
}
