//! What settings lead to, estimated from the probe before a byte is cut: segments, chunks, start-up, money. The split
//! tells the truth later.

use std::time::Duration;

use super::backend::Probe;
use crate::model::{
    chunk::forecast::{Forecast, OVERHEAD, Outline},
    cost::{ByCdn, Front, PRO_DOLLARS, Viewed},
    reel::{index::Grain, order::Cut},
    wording,
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effect {
    /// Of the longest: segments end at keyframes, so they are often longer than asked for, and before a chunk is full.
    pub(super) segment_length: Duration,
    /// Of picture and sound tracks together.
    pub(super) segments: u32,
    /// Of the largest.
    pub(super) segment_bytes: u64,
    pub(super) chunks: u32,
    pub(super) bytes: u64,
    pub(super) start_up: Duration,
    viewed: Viewed,
}

impl Effect {
    pub(super) fn of(probe: &Probe, cut: &Cut) -> Self {
        let bytes_per_second = probe.bit_rate as f64 / 8.0 * OVERHEAD;
        let bytes = (bytes_per_second * probe.duration.as_secs_f64()) as u64;
        let of_rate = |rate: &u64| (*rate as f64 / 8.0 * OVERHEAD * probe.duration.as_secs_f64()) as u64;
        let sounds: Vec<u64> = probe.sounds.iter().map(of_rate).collect();
        let spacing = probe.keyframes.map(|keyframes| keyframes.typical).filter(|typical| !typical.is_zero());
        let beside = probe.h264.filter(|h264| h264.is_beside).map(|h264| of_rate(&h264.bit_rate));
        let has_picture = probe.video.chosen.is_some() || probe.streams.iter().any(|stream| stream.kind == "video");
        let picture = bytes.saturating_sub(sounds.iter().sum());
        let outline =
            Outline { duration: probe.duration, spacing, has_picture, bytes: picture, beside, sounds: &sounds };
        let Forecast { lengths, segments, chunks, viewed } = Forecast::of(&outline, cut);
        Self {
            segment_length: lengths.iter().max().copied().unwrap_or_default(),
            segments,
            segment_bytes: viewed.picture.segments.largest,
            chunks,
            bytes: bytes + beside.unwrap_or(0),
            start_up: viewed.start_up(),
            viewed,
        }
    }

    /// US dollars for this number of full views in players that follow the redirects.
    fn in_players(&self, grain: Grain, views: u64, region: &str, front: Front) -> f64 {
        self.viewed.in_players(grain, views, region, front).total()
    }

    /// US dollars for a thousand full views in browsers, through the relay.
    fn thousand_by_relay(&self, region: &str, front: Front) -> f64 {
        self.viewed.through_relay(1_000, region, front).total()
    }

    pub(super) fn longest_seek(&self, grain: Grain) -> Duration {
        self.viewed.longest_seek(grain)
    }

    pub(super) fn has_pieces(&self) -> bool {
        self.viewed.has_pieces()
    }
}

/// What watching costs, in words: in players, in browsers, then in players by the Seek link where there is one.
pub(super) fn thousand_views<'a>(
    effects: impl Iterator<Item = &'a Effect> + Clone,
    region: &str,
    front: Front,
    cdn: bool,
) -> Vec<String> {
    let sum = |price: &dyn Fn(&Effect) -> f64| wording::dollars(effects.clone().map(price).sum());
    let players = |grain, views| sum(&|effect: &Effect| effect.in_players(grain, views, region, front));
    let behind = match front {
        Front::Url => "",
        Front::HttpApi => ", behind the HTTP API",
    };
    let of_all = match effects.clone().count() {
        1 => String::new(),
        number => format!(" of all {number}"),
    };
    let (thousand, million) = (players(Grain::Segments, 1_000), players(Grain::Segments, 1_000_000));
    let mut words = vec![format!(
        "≈ {thousand} a thousand full views{of_all} in VLC, mpv and the like{behind} ({million} a million)"
    )];
    let browsers = sum(&|effect: &Effect| effect.thousand_by_relay(region, front));
    if cdn {
        let [free, pro, by_gb] = by_cdn(effects.clone(), region, front);
        words.extend([
            format!("≈ {free} in browsers, once for all views{of_all}, within CloudFront's free terabyte a month"),
            format!(
                "≈ {by_gb} a thousand beyond that, or {pro} where all of its Pro plan (${PRO_DOLLARS} a month) is used"
            ),
            format!("≈ {browsers} a thousand by the relay alone"),
        ]);
    } else {
        words.push(format!("≈ {browsers} a thousand full views{of_all} in browsers, by the relay"));
    }
    if effects.clone().any(Effect::has_pieces) {
        words.push(format!("≈ {} a thousand by the Seek link, with quick jumps", players(Grain::Pieces, 1_000)));
    }
    words
}

/// A thousand full views in browsers by a CDN, in words: while that is free, which more of them do not pay again; by a plan;
/// and after what is free.
fn by_cdn<'a>(effects: impl Iterator<Item = &'a Effect> + Clone, region: &str, front: Front) -> [String; 3] {
    let sum = |which: &dyn Fn(ByCdn) -> f64| {
        let prices = effects.clone().map(|effect| which(effect.viewed.thousand_by_cdn(region, front)));
        wording::dollars(prices.sum())
    };
    [sum(&|by| by.free), sum(&|by| by.pro), sum(&|by| by.by_gb)]
}

/// That there is a way for browsers which costs less than the relay.
pub(super) fn cdn_hint<'a>(effects: impl Iterator<Item = &'a Effect> + Clone, region: &str, front: Front) -> String {
    let [free, _, by_gb] = by_cdn(effects, region, front);
    format!(
        "≈ {free}, once for all views, by CloudFront, Amazon's delivery network (CDN), within its free terabyte a month; then \
         {by_gb} a thousand"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{
        backend::{H264, Keyframes},
        script,
    };

    fn cut(seconds: u64, chunk_mib: u64) -> Cut {
        let segment_length = Duration::from_secs(seconds);
        let (transcode, wanted) = Default::default();
        Cut { segment_length, grows: true, pes_lengths: true, chunk_limit: chunk_mib << 20, transcode, wanted }
    }

    #[test]
    fn browsers_are_priced_by_what_stands_before_the_relay() {
        let effect = Effect::of(&script::probe(), &cut(30, 49));
        let in_browsers = |cdn| thousand_views([&effect].into_iter(), "us-east-1", Front::Url, cdn).remove(1);
        assert!(in_browsers(false).ends_with("in browsers, by the relay"), "{}", in_browsers(false));
        let hint = cdn_hint([&effect].into_iter(), "us-east-1", Front::Url);
        let free = hint.split_once("≈ ").and_then(|(_, price)| price.split(',').next()).unwrap();
        assert!(
            in_browsers(true).starts_with(&format!("≈ {free} in browsers, once for all views, within")),
            "{}",
            in_browsers(true)
        );
    }

    #[test]
    fn segments_end_at_keyframes_and_fill_chunks() {
        let mut probe = script::probe();
        probe.duration = Duration::from_secs(600);
        probe.bit_rate = 8_000_000;
        probe.keyframes = Some(Keyframes { typical: Duration::from_secs(4), longest: Duration::from_secs(4) });
        let effect = Effect::of(&probe, &cut(6, 32));
        assert_eq!(effect.segment_length, Duration::from_secs(8));
        // the first is of one keyframe, behind it 74 of two and what is left
        assert_eq!((effect.segments, effect.segment_bytes, effect.chunks), (76, 8_400_000, 27));
        assert_eq!(effect.start_up.as_millis(), 600 + 1680);
        probe.sounds = vec![128_000; 2];
        let segments = Effect::of(&probe, &cut(6, 32)).segments;
        assert_eq!(segments, 76 + 2 * 75, "each track is cut as the picture is");
        let alone = Effect::of(&probe, &cut(6, 32));
        probe.h264 = Some(H264 { bit_rate: 16_000_000, time: Duration::ZERO, is_beside: true });
        let both = Effect::of(&probe, &cut(6, 32));
        assert_eq!((both.segments, both.bytes), (2 * 76 + 2 * 75, 3 * alone.bytes));
        assert!(both.chunks > 2 * alone.chunks && both.start_up > alone.start_up, "{both:?}");
    }

    #[test]
    fn a_chunk_ends_a_segment_and_only_keyframes_too_far_apart_make_one_too_large() {
        let mut probe = script::probe();
        probe.duration = Duration::from_secs(600);
        probe.bit_rate = 40_000_000;
        probe.keyframes = Some(Keyframes { typical: Duration::from_secs(2), longest: Duration::from_secs(2) });
        let effect = Effect::of(&probe, &cut(30, 32));
        assert!(effect.segment_bytes <= 32 << 20 && effect.segment_length == Duration::from_secs(6), "{effect:?}");
        probe.bit_rate = 400_000_000;
        assert!(Effect::of(&probe, &cut(30, 32)).segment_bytes > 32 << 20);
    }
}
