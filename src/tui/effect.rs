//! What settings lead to, estimated from the probe before a byte is cut: segments, chunks, start-up, money. The split
//! tells the truth later.

use std::time::Duration;

use super::backend::Probe;
use crate::model::{
    chunk::estimate::Estimate,
    cost::{Front, Viewed},
    wording,
};

/// The viewer's line that start-up times are given for, bits a second.
pub(super) const VIEWER_LINE: f64 = 20e6;

/// MPEG-TS headers and stuffing on top of the elementary streams, and the zip's own: about 5 %.
const OVERHEAD: f64 = 1.05;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effect {
    /// Segments end at keyframes, so they are often longer than asked for.
    pub(super) segment_length: Duration,
    /// Of picture and sound tracks together.
    pub(super) segments: u32,
    pub(super) segment_bytes: u64,
    pub(super) chunks: u32,
    pub(super) bytes: u64,
    pub(super) start_up: Duration,
    viewed: Viewed,
}

impl Effect {
    pub(super) fn of(probe: &Probe, wanted: Duration, chunk_limit: u64) -> Self {
        let segment_length = at_keyframe(probe, wanted);
        let seconds = probe.duration.as_secs_f64();
        let segments = (seconds / segment_length.as_secs_f64()).ceil().max(1.0);
        let bytes_per_second = probe.bit_rate as f64 / 8.0 * OVERHEAD;
        let segment_bytes = bytes_per_second * segment_length.as_secs_f64().min(seconds);
        let source = (bytes_per_second * seconds) as u64;
        let beside = probe.h264.filter(|h264| h264.is_beside).map(|h264| h264.bit_rate);
        let beside = beside.map(|rate| (rate as f64 / 8.0 * OVERHEAD * seconds) as u64);
        let sounds: Vec<u64> =
            probe.sounds.iter().map(|rate| (*rate as f64 / 8.0 * OVERHEAD * seconds) as u64).collect();
        let picture = source.saturating_sub(sounds.iter().sum());
        let pictures: Vec<u64> = [picture].into_iter().chain(beside).collect();
        let each = (segments as u32, segment_length);
        let Estimate { segments, chunks, viewed } = Estimate::of(probe.duration, each, &pictures, &sounds, chunk_limit);
        Self {
            segment_length,
            segments,
            segment_bytes: segment_bytes as u64,
            chunks,
            bytes: source + beside.unwrap_or(0),
            start_up: viewed.start_up(VIEWER_LINE),
            viewed,
        }
    }

    /// US dollars for a thousand full views in players that follow the redirects.
    pub(super) fn thousand_in_players(&self, region: &str, front: Front) -> f64 {
        self.viewed.in_players(1_000, region, front).total()
    }

    /// US dollars for a thousand full views in browsers, through the relay.
    pub(super) fn thousand_by_relay(&self, region: &str, front: Front) -> f64 {
        self.viewed.through_relay(1_000, region, front).total()
    }
}

/// What watching costs, in words: in players, then in browsers.
pub(super) fn thousand_views<'a>(
    effects: impl Iterator<Item = &'a Effect> + Clone,
    region: &str,
    front: Front,
) -> [String; 2] {
    let sum = |price: fn(&Effect, &str, Front) -> f64| {
        wording::dollars(effects.clone().map(|effect| price(effect, region, front)).sum())
    };
    let (players, browsers) = (sum(Effect::thousand_in_players), sum(Effect::thousand_by_relay));
    let behind = match front {
        Front::Url => "",
        Front::HttpApi => ", behind the HTTP API",
    };
    [
        format!("≈ {players} a thousand full views in VLC, mpv and the like{behind}"),
        format!("≈ {browsers} a thousand full views in browsers, by the relay"),
    ]
}

/// Segments end at the first keyframe at or after the length.
fn at_keyframe(probe: &Probe, wanted: Duration) -> Duration {
    match probe.keyframes {
        Some(keyframes) if !keyframes.typical.is_zero() => {
            let steps = (wanted.as_secs_f64() / keyframes.typical.as_secs_f64() - 0.01).ceil().max(1.0);
            keyframes.typical.mul_f64(steps)
        }
        _ => wanted,
    }
}

/// The longest whole number of seconds whose segments stay under the limit; `None` if even one second is too much.
pub(super) fn longest_that_fits(probe: &Probe, chunk_limit: u64) -> Option<u64> {
    let fits =
        |seconds: &u64| Effect::of(probe, Duration::from_secs(*seconds), chunk_limit).segment_bytes <= chunk_limit;
    (1..=60).rev().find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{
        backend::{H264, Keyframes},
        script,
    };

    #[test]
    fn segments_end_at_keyframes_and_fill_chunks() {
        let mut probe = script::probe();
        probe.duration = Duration::from_secs(600);
        probe.bit_rate = 8_000_000;
        probe.keyframes = Some(Keyframes { typical: Duration::from_secs(4), longest: Duration::from_secs(4) });
        let effect = Effect::of(&probe, Duration::from_secs(6), 32 << 20);
        assert_eq!(effect.segment_length, Duration::from_secs(8));
        assert_eq!((effect.segments, effect.segment_bytes, effect.chunks), (75, 8_400_000, 27));
        assert_eq!(effect.start_up.as_millis(), 600 + 3360);
        probe.sounds = vec![128_000; 2];
        let segments = Effect::of(&probe, Duration::from_secs(6), 32 << 20).segments;
        assert_eq!(segments, 3 * 75, "each track is cut as the picture is");
        let alone = Effect::of(&probe, Duration::from_secs(6), 32 << 20);
        probe.h264 = Some(H264 { bit_rate: 16_000_000, time: Duration::ZERO, is_beside: true });
        let both = Effect::of(&probe, Duration::from_secs(6), 32 << 20);
        assert_eq!((both.segments, both.bytes), (4 * 75, 3 * alone.bytes));
        assert!(both.chunks > 2 * alone.chunks && both.start_up > alone.start_up, "{both:?}");
    }

    #[test]
    fn the_longest_segment_that_fits_is_named() {
        let mut probe = script::probe();
        probe.duration = Duration::from_secs(600);
        probe.bit_rate = 40_000_000;
        probe.keyframes = None;
        assert_eq!(longest_that_fits(&probe, 32 << 20), Some(6));
        probe.bit_rate = 400_000_000;
        assert_eq!(longest_that_fits(&probe, 32 << 20), None);
    }
}
