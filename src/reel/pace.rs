//! How many uploads run side by side: more while that brings more bytes a second, fewer after a 429 or a timeout, and
//! never so many that a request's signature grows old before its body ends. Pure: told of sizes and times.

use std::{ops::RangeInclusive, time::Duration};

use super::pack::{CHUNK_LIMIT_DEFAULT, MIB};

pub const PARALLEL_MAX: usize = 16;
const PARALLEL_START: usize = 4;
/// AWS refuses a body whose signature is older than 5 minutes at its end; a minute is kept in hand.
pub const SIGNATURE_BUDGET: Duration = Duration::from_secs(240);
/// An uplink is known once it has carried so much or for so long: what it takes at first only fills buffers.
const KNOWN_BYTES: u64 = 16 * MIB;
const KNOWN_TIME: Duration = Duration::from_secs(5);
/// Until then no more is under way than one full chunk, which the uplink must carry in time anyway, within these.
const UNKNOWN_BUDGET: RangeInclusive<u64> = 8 * MIB..=CHUNK_LIMIT_DEFAULT;
/// A rise below this share is noise.
const WORTHWHILE: f64 = 1.05;
/// How long a measurement counts: one over a moment weighs little, however many bytes it met.
const MEMORY_SECONDS: f64 = 1.0;

#[derive(Debug, Clone)]
pub struct Pace {
    limit: usize,
    fixed: bool,
    /// Bytes a second of all uploads together, smoothed.
    rate: Option<f64>,
    measured_bytes: u64,
    measured_time: Duration,
    unknown_budget: u64,
    /// The rate when the limit was last raised.
    rate_before: f64,
    done_at_limit: usize,
}

impl Pace {
    /// `fixed`: the person chose; only the signature's age still holds uploads back. `chunk_limit`: bytes.
    pub fn new(fixed: Option<usize>, chunk_limit: u64) -> Self {
        Self {
            limit: fixed.unwrap_or(PARALLEL_START).clamp(1, PARALLEL_MAX),
            fixed: fixed.is_some(),
            rate: None,
            measured_bytes: 0,
            measured_time: Duration::ZERO,
            unknown_budget: chunk_limit.clamp(*UNKNOWN_BUDGET.start(), *UNKNOWN_BUDGET.end()),
            rate_before: 0.0,
            done_at_limit: 0,
        }
    }

    /// May one of `next` bytes begin beside `running` uploads with `in_flight` bytes still to send?
    pub fn may_start(&self, running: usize, in_flight: u64, next: u64) -> bool {
        running == 0 || (running < self.limit && self.within_budget(in_flight + next))
    }

    fn within_budget(&self, bytes: u64) -> bool {
        match self.rate {
            Some(rate) if self.measured_bytes >= KNOWN_BYTES || self.measured_time >= KNOWN_TIME => {
                bytes as f64 / rate <= SIGNATURE_BUDGET.as_secs_f64()
            }
            _ => bytes <= self.unknown_budget,
        }
    }

    /// All uploads together moved `bytes` in `elapsed`, since this was last told.
    pub fn moved(&mut self, bytes: u64, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        if seconds > 0.0 && bytes > 0 {
            let now = bytes as f64 / seconds;
            let weight = 1.0 - (-seconds / MEMORY_SECONDS).exp();
            self.rate = Some(self.rate.map_or(now, |rate| rate + weight * (now - rate)));
            self.measured_bytes += bytes;
            self.measured_time += elapsed;
        }
    }

    /// One upload ended well.
    pub fn succeeded(&mut self) {
        self.done_at_limit += 1;
        let rate = self.rate.unwrap_or(0.0);
        // each upload of a full round has ended once before the limit is judged
        if self.fixed || self.done_at_limit < self.limit || rate <= self.rate_before * WORTHWHILE {
            return;
        }
        self.rate_before = rate;
        self.done_at_limit = 0;
        self.limit = (self.limit + 1).min(PARALLEL_MAX);
    }

    /// One upload was refused for haste, timed out or grew too old.
    pub fn held_back(&mut self) {
        if !self.fixed {
            self.limit = (self.limit / 2).max(1);
            self.done_at_limit = 0;
        }
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes a second of all uploads together.
    pub fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// The largest chunk, in MiB, that one upload at a time gets through within the budget.
    pub fn fitting_mib(&self) -> Option<u64> {
        let bytes = self.rate? * SIGNATURE_BUDGET.as_secs_f64();
        Some((bytes as u64 / MIB).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_rises_only_while_the_rate_does() {
        let mut pace = Pace::new(None, CHUNK_LIMIT_DEFAULT);
        for rate in [10, 12, 14, 14, 14, 14] {
            pace.rate = Some((rate * MIB) as f64);
            for _ in 0..PARALLEL_MAX {
                pace.succeeded();
            }
        }
        assert_eq!(pace.limit(), PARALLEL_START + 3);
        pace.held_back();
        assert_eq!(pace.limit(), 3);
    }

    #[test]
    fn a_slow_uplink_gets_one_upload_at_a_time() {
        let mut pace = Pace::new(None, CHUNK_LIMIT_DEFAULT);
        pace.moved(MIB, Duration::from_secs(8));
        assert!(!pace.may_start(1, 20 * MIB, 32 * MIB));
        assert!(pace.may_start(0, 0, 49 * MIB), "one may always run");
        assert_eq!(pace.fitting_mib(), Some(30));
    }

    #[test]
    fn little_is_sent_at_once_before_the_uplink_is_known() {
        let first = |pace: &Pace| {
            assert!(pace.may_start(0, 0, 49 * MIB), "one may always run");
            assert!(pace.may_start(2, 12 * MIB, 16 * MIB), "the small first chunks go together");
            assert!(!pace.may_start(3, 28 * MIB, 32 * MIB));
        };
        let (mut slow, mut fast) = (Pace::new(None, CHUNK_LIMIT_DEFAULT), Pace::new(None, CHUNK_LIMIT_DEFAULT));
        first(&slow);
        let tick = Duration::from_millis(500);
        // 1 Mbit/s behind the buffers of three sockets
        slow.moved(3 * MIB, tick);
        first(&slow);
        for _ in 0..9 {
            slow.moved(MIB / 20, tick);
            assert!(!slow.may_start(3, 25 * MIB, 32 * MIB));
        }
        let small = Pace::new(Some(4), 2 * MIB);
        assert!(small.may_start(3, 6 * MIB, 2 * MIB) && !small.may_start(3, 7 * MIB, 2 * MIB));
        fast.moved(KNOWN_BYTES, tick);
        assert!(fast.may_start(3, 96 * MIB, 32 * MIB));
    }

    #[test]
    fn a_burst_of_a_moment_hardly_counts() {
        let mut pace = Pace::new(None, CHUNK_LIMIT_DEFAULT);
        pace.moved(MIB, Duration::from_secs(1));
        pace.moved(MIB, Duration::from_micros(100));
        let rate = pace.rate().unwrap();
        assert!(rate < 2.1 * MIB as f64, "{rate}");
        pace.moved(10 * MIB, Duration::from_secs(5));
        assert!((1.9..2.1).contains(&(pace.rate().unwrap() / MIB as f64)));
    }

    #[test]
    fn a_chosen_number_stays() {
        let mut pace = Pace::new(Some(2), CHUNK_LIMIT_DEFAULT);
        pace.held_back();
        assert_eq!(pace.limit(), 2);
        assert!(!pace.may_start(2, 0, 1));
    }
}
