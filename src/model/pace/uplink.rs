//! What the uplink carries, measured by chunks that AWS has answered alone: what a socket or a proxy takes over says
//! little of what arrives. Bytes are the zips' own; on the wire they are a third more, which cancels out.

use std::time::Duration;

/// How many uploads at a time, in the mean, are one alone; one that others met at its ends; and several.
const ALONE: f64 = 1.1;
const MOSTLY_ALONE: f64 = 1.3;
const TOGETHER: f64 = 1.5;
/// Several bring so much more than one, or the line is full with one.
const MORE: f64 = 1.25;
/// A chunk may take so much of its signature's life by the measured rate.
const BUDGET: f64 = 0.8;
/// Less than this share of a signature's life tells nothing of lines that are too slow: a small chunk's time is its
/// answer's.
const TELLING: f64 = 1.0 / 15.0;

/// An attempt at a chunk that has ended, or so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sending {
    /// Of the chunk; of an attempt that failed, those that were taken for the socket.
    pub bytes: u64,
    pub took: Duration,
    /// Its part of that, if all that were under way had the line by turns: half of a time when there were two.
    pub share: Duration,
}

impl Sending {
    fn beside(&self) -> f64 {
        self.took.as_secs_f64() / self.seconds()
    }

    /// Bytes a second of the whole line.
    fn rate(&self) -> f64 {
        self.bytes as f64 / self.seconds()
    }

    fn seconds(&self) -> f64 {
        self.share.as_secs_f64().max(1e-3)
    }
}

#[derive(Debug, Clone)]
pub struct Uplink {
    /// How old AWS lets a signature grow until the body's end.
    life: Duration,
    /// Sums over the answered chunks, the older the less: bytes, and seconds for which the line was in use.
    carried: f64,
    seconds: f64,
    /// The last rate of one upload alone.
    alone: Option<f64>,
    gains: Option<bool>,
    /// Bytes a second that an attempt showed to be too many, since the last answer.
    ceiling: Option<f64>,
}

impl Uplink {
    pub fn new(life: Duration) -> Self {
        Self { life, carried: 0.0, seconds: 0.0, alone: None, gains: None, ceiling: None }
    }

    /// AWS took a chunk; `used`: for how long the line was in use since the answer before.
    pub fn answered(&mut self, sending: Sending, used: Duration) {
        let (seconds, rate) = (used.as_secs_f64(), sending.rate());
        let kept = (-seconds / self.life.as_secs_f64()).exp();
        self.carried = self.carried * kept + sending.bytes as f64;
        self.seconds = self.seconds * kept + seconds.max(1e-3);
        self.ceiling = None;
        let tells = sending.took >= self.life.mul_f64(TELLING);
        if tells && sending.beside() <= MOSTLY_ALONE {
            self.alone = Some(rate);
        } else if let Some(alone) = self.alone.filter(|_| tells && sending.beside() >= TOGETHER) {
            self.gains = Some(rate > alone * MORE);
        }
    }

    /// A signature's life was over before AWS had all of a chunk: the line carries no more than was taken for it.
    pub fn ran_out(&mut self, sending: Sending) {
        self.ceiling = Some(self.ceiling.unwrap_or(f64::INFINITY).min(sending.rate()));
    }

    /// Bytes a second, once AWS has answered; rather too few, since what is under way counts for nothing yet.
    pub fn rate(&self) -> Option<f64> {
        let measured = (self.seconds > 0.0).then(|| self.carried / self.seconds);
        measured.map(|rate| rate.min(self.ceiling.unwrap_or(f64::INFINITY)))
    }

    /// Whether several uploads bring more than one, or it is time to try that: on a long way or a bad one, a
    /// connection does not fill the line.
    pub fn may_gain(&self) -> bool {
        self.gains.unwrap_or(self.alone.is_some())
    }

    /// Whether these bytes take no more than this share of a signature's life, by the measured rate.
    pub fn carries_within(&self, bytes: f64, share: f64) -> bool {
        self.rate().is_some_and(|rate| bytes / rate <= self.life.as_secs_f64() * share)
    }

    /// Whether so many bytes are through before a signature's end but for a margin; it was made so long ago.
    pub fn carries(&self, bytes: f64, ago: Duration) -> bool {
        self.carries_within(bytes, BUDGET - ago.as_secs_f64() / self.life.as_secs_f64())
    }

    /// A chunk of this size would outlive its signature even alone.
    pub fn is_too_slow_for(&self, bytes: u64) -> bool {
        let tells = self.ceiling.is_some() || self.alone.is_some();
        let rate = self.known_rate().filter(|_| tells);
        rate.is_some_and(|rate| bytes as f64 / rate > self.life.as_secs_f64())
    }

    /// Whether a lone attempt that its signature did not outlive tells that another would do no better. A line that
    /// carried as much in time before is thought to be disturbed.
    pub fn is_too_slow_after(&self, bytes: u64, sending: Sending) -> bool {
        sending.beside() <= ALONE
            && sending.took >= self.life.mul_f64(BUDGET)
            && !self.carries(bytes as f64, Duration::ZERO)
    }

    /// The most that it was seen to carry, or what an attempt showed it to be at most.
    pub fn known_rate(&self) -> Option<f64> {
        let measured = self.rate().map(|rate| self.alone.map_or(rate, |alone| rate.max(alone)));
        let ceiling = self.ceiling.unwrap_or(f64::INFINITY);
        measured.map(|rate| rate.min(ceiling)).or(self.ceiling)
    }

    /// The largest chunk that one upload at a time gets through, with a margin.
    pub fn fitting_bytes(&self) -> Option<u64> {
        Some((self.known_rate()? * self.life.as_secs_f64() * BUDGET) as u64)
    }

    pub fn life(&self) -> Duration {
        self.life
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chunk::pack::MIB;

    fn sending(mib: u64, seconds: u64, beside: u32) -> Sending {
        let took = Duration::from_secs(seconds);
        Sending { bytes: mib * MIB, took, share: took / beside }
    }

    /// As if the others that had the line meanwhile had been answered at the same time.
    fn answered(uplink: &mut Uplink, sending: Sending) {
        uplink.answered(sending, sending.share);
    }

    fn uplink() -> Uplink {
        Uplink::new(Duration::from_secs(300))
    }

    #[test]
    fn the_rate_is_of_the_whole_line_however_many_share_it() {
        let mut uplink = uplink();
        assert_eq!(uplink.rate(), None);
        for (mib, seconds, beside) in [(4, 4, 1), (8, 16, 2), (8, 32, 4)] {
            answered(&mut uplink, sending(mib, seconds, beside));
            assert!((uplink.rate().unwrap() / MIB as f64 - 1.0).abs() < 1e-9, "{uplink:?}");
            assert!(!uplink.may_gain(), "a fast line is filled anyway");
        }
    }

    #[test]
    fn on_a_slow_line_it_is_tried_once_whether_several_bring_more() {
        let mut uplink = uplink();
        answered(&mut uplink, sending(4, 40, 1));
        assert!(uplink.may_gain());
        answered(&mut uplink, sending(4, 80, 2));
        assert!(!uplink.may_gain(), "several brought no more than one");
        answered(&mut uplink, sending(4, 60, 2));
        assert!(uplink.may_gain());
    }

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_tiny_chunk_tells_little_and_is_soon_forgotten() {
        let mut uplink = uplink();
        answered(&mut uplink, Sending { bytes: 10_000, took: ms(300), share: ms(300) });
        assert!(!uplink.carries(32.0 * MIB as f64, Duration::ZERO), "so far it looks slow");
        assert!(!uplink.is_too_slow_for(32 * MIB), "which is no reason to give up");
        answered(&mut uplink, Sending { bytes: 8 * MIB, took: ms(600), share: ms(600) });
        assert!(uplink.rate().unwrap() > 8.0 * MIB as f64);
    }

    #[test]
    fn what_cannot_fit_is_known_from_a_small_chunk_that_took_its_time() {
        let mut uplink = uplink();
        // 0.8 Mbit/s on the wire
        answered(&mut uplink, sending(4, 56, 1));
        assert!(uplink.is_too_slow_for(32 * MIB) && !uplink.is_too_slow_for(21 * MIB));
        assert!(!uplink.carries(21.0 * MIB as f64, Duration::ZERO), "it may just do, and is not called fitting");
        assert_eq!(uplink.fitting_bytes().unwrap() / MIB, 17);
    }

    #[test]
    fn an_attempt_that_ran_out_tells_what_the_line_carries_at_most() {
        let mut unknown = uplink();
        let ran_out = sending(20, 300, 1);
        assert!(unknown.is_too_slow_after(28 * MIB, ran_out));
        unknown.ran_out(ran_out);
        assert_eq!(unknown.rate(), None, "nothing was answered");
        assert_eq!(unknown.fitting_bytes().unwrap() / MIB, 16);
        let mut known = uplink();
        answered(&mut known, sending(8, 8, 1));
        assert!(!known.is_too_slow_after(28 * MIB, ran_out), "it was disturbed");
        assert!(!uplink().is_too_slow_after(28 * MIB, sending(20, 300, 2)), "it shared the line");
        assert!(!uplink().is_too_slow_after(28 * MIB, sending(28, 150, 1)), "it stood still");
        known.ran_out(ran_out);
        assert!(known.is_too_slow_for(28 * MIB) && known.is_too_slow_after(28 * MIB, ran_out));
        answered(&mut known, sending(8, 8, 1));
        assert!(!known.is_too_slow_for(28 * MIB), "an answer counts more");
    }
}
