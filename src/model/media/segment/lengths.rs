//! How long segments are. Each costs a player that follows redirects a request, so they are long; but a player that
//! waits for whole ones shows nothing until it has the first, and must not run dry while it loads the longer ones behind.

use std::time::Duration;

use super::pieces::PIECE_LENGTH;

/// The first segments, in order. Players that show a segment while it is loaded start as quickly without them; of those
/// that wait for the whole (hls.js as it comes, and what is built on it) the first 2 s of 12 Mbit/s start within 2 s on a
/// line of 20, and the rest holds them up for 2.8 s in all, where 2, 8 and 20 s would for 7: see the test.
const RAMP: [Duration; 4] = [PIECE_LENGTH, Duration::from_secs(6), Duration::from_secs(10), Duration::from_secs(18)];

/// The rule by which a rendition is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    wanted: Duration,
    /// The first ones are shorter.
    grows: bool,
    most_bytes: u64,
}

impl Lengths {
    /// Each ends at the first keyframe at or after this.
    pub fn even(wanted: Duration) -> Self {
        Self { wanted, grows: false, most_bytes: u64::MAX }
    }

    /// None has more bytes than this, unless it is a single run from keyframe to keyframe.
    pub fn bounded(wanted: Duration, most_bytes: u64) -> Self {
        Self { most_bytes, ..Self::even(wanted) }
    }

    /// And the first are shorter.
    pub fn growing(wanted: Duration, most_bytes: u64) -> Self {
        Self { grows: true, ..Self::bounded(wanted, most_bytes) }
    }

    /// Of the segment with this number, from 0.
    pub fn of(&self, number: u32) -> Duration {
        match RAMP.get(number as usize) {
            Some(ramp) if self.grows => self.wanted.min(*ramp),
            _ => self.wanted,
        }
    }

    pub fn longest(&self) -> Duration {
        self.wanted
    }

    pub fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// The segments that such a video comes to, as far as can be foreseen. `spacing`: of its keyframes, if they are known.
    pub fn foreseen(
        &self,
        duration: Duration,
        spacing: Option<Duration>,
        slack: Duration,
        bytes: u64,
    ) -> Vec<Duration> {
        let whole = duration.as_secs_f64();
        let rate = bytes as f64 / whole.max(0.001);
        let step = spacing.map_or(0.1, |spacing| spacing.as_secs_f64().max(0.001));
        let most = self.most_bytes as f64 / rate.max(1.0);
        let (mut left, mut all) = (duration.saturating_sub(slack).as_secs_f64(), Vec::new());
        while left > 0.0 {
            let wanted = self.of(all.len() as u32).saturating_sub(slack).as_secs_f64();
            let length = match spacing {
                // of what has no keyframes, or nothing else, any place will do
                None => wanted + slack.as_secs_f64(),
                Some(_) => (wanted / step).ceil().max(1.0) * step,
            };
            let length = if length > most { ((most / step).floor() * step).max(step) } else { length };
            all.push(Duration::from_secs_f64(length.min(left + slack.as_secs_f64())));
            left -= length;
        }
        if all.is_empty() { vec![duration] } else { all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLACK: Duration = Duration::from_millis(100);

    fn seconds(lengths: &[Duration]) -> Vec<f64> {
        lengths.iter().map(|length| (length.as_secs_f64() * 1000.0).round() / 1000.0).collect()
    }

    fn foreseen(lengths: Lengths, duration: u64, spacing: u64, megabit: u64) -> Vec<f64> {
        let bytes = duration * megabit * 1_000_000 / 8;
        let spacing = Some(Duration::from_millis(spacing));
        seconds(&lengths.foreseen(Duration::from_secs(duration), spacing, SLACK, bytes))
    }

    #[test]
    fn segments_grow_to_what_was_asked_for() {
        let growing = |wanted| Lengths::growing(Duration::from_secs(wanted), u64::MAX);
        assert_eq!(foreseen(growing(30), 100, 2000, 1), [2.0, 6.0, 10.0, 18.0, 30.0, 30.0, 4.0]);
        assert_eq!(foreseen(growing(6), 20, 2000, 1), [2.0, 6.0, 6.0, 6.0]);
        assert_eq!(foreseen(growing(2), 6, 2000, 1), [2.0, 2.0, 2.0]);
        assert_eq!(foreseen(growing(30), 60, 5000, 1), [5.0, 10.0, 10.0, 20.0, 15.0]);
        assert_eq!(foreseen(Lengths::even(Duration::from_secs(6)), 20, 2000, 1), [6.0, 6.0, 6.0, 2.0]);
    }

    #[test]
    fn a_chunk_ends_a_segment_before_it_is_too_large() {
        // 14.8 Mbit/s: 49 MiB are 27.7 s
        let lengths = Lengths::growing(Duration::from_secs(30), 49 * 1024 * 1024);
        let all =
            seconds(&lengths.foreseen(Duration::from_secs(600), Some(Duration::from_secs(2)), SLACK, 1_110_000_000));
        assert_eq!(all[..6], [2.0, 6.0, 10.0, 18.0, 26.0, 26.0]);
        assert_eq!(foreseen(Lengths::growing(Duration::from_secs(30), 1_000_000), 10, 5000, 8), [5.0, 5.0]);
    }

    /// What a player does that shows a segment once it has all of it and loads the next one at once: how long it takes to
    /// start, and for how long it runs dry. The line is 20 Mbit/s, a request takes 0.1 s.
    fn waits(lengths: &[Duration], megabit: f64) -> (f64, f64) {
        let load = |length: &Duration| 0.1 + length.as_secs_f64() * megabit / 20.0;
        let start = load(&lengths[0]);
        let (mut ahead, mut dry) = (lengths[0].as_secs_f64(), 0.0);
        for length in &lengths[1..] {
            ahead -= load(length);
            dry += (-ahead).max(0.0);
            ahead = ahead.max(0.0) + length.as_secs_f64();
        }
        (start, dry)
    }

    #[test]
    fn a_player_that_waits_for_whole_segments_starts_soon_and_is_held_up_little() {
        let of = |ramp: &[u64]| {
            let ramp: Vec<u64> = ramp.iter().copied().chain([30; 20]).collect();
            ramp.into_iter().map(Duration::from_secs).collect::<Vec<_>>()
        };
        // tenths of a second: until it starts, and for how long it is dry
        let tenths = |ramp: &[u64]| <[f64; 2]>::from(waits(&of(ramp), 12.0)).map(|wait| (wait * 10.0).round() as u64);
        let ramps: [&[u64]; 5] = [&[], &[2, 8, 20], &[2, 4, 8, 16], &[2, 6, 12, 20], &[2, 6, 10, 18]];
        assert_eq!(ramps.map(tenths), [[181, 0], [13, 70], [13, 52], [13, 31], [13, 28]]);
        let ramp: Vec<u64> = RAMP.iter().map(Duration::as_secs).collect();
        let (start, dry) = waits(&of(&ramp), 12.0);
        assert!(start < 1.5 && dry < 3.0, "{start} {dry}");
        assert!(waits(&of(&[]), 12.0).0 > 18.0 && waits(&of(&[2, 8, 20]), 12.0).1 > 6.0);
        // at 6.3 Mbit/s nothing holds it up
        assert!(waits(&of(&ramp), 6.3).1 < 0.1);
    }
}
