//! What watching costs, as code: prices with their date and source, and the terms of a bill. Free tiers are left out (but
//! for the CDN's, a figure of its own), so that every figure is an upper bound of its kind; taxes too.
//!
//! Prices as of 2026-11 from AWS's public lists by way of mirrors (not read from AWS itself): US dollars.

mod cdn;
mod egress;

use std::time::Duration;

pub use cdn::{ByCdn, CDN_GB, CDN_REQUESTS, CdnBill, CdnPlan, FREE_GB, FREE_REQUESTS, PRO_DOLLARS};
pub use egress::egress_per_gb;

use super::{
    reel::index::{GenerationIndex, Grain, RenditionIndex},
    wording,
};

/// AWS Lambda: a million requests, everywhere.
const REQUESTS_PER_MILLION: f64 = 0.20;
/// AWS Lambda: a GB-second on arm64, everywhere but in a few of the newer Regions.
const GIB_SECOND: f64 = 0.000_013_333_4;
/// Lambda, streamed answers: a GB beyond the first 6 MB of each.
const STREAMED_GB: f64 = 0.008;
/// API Gateway, HTTP APIs: a million requests of up to 512 KB, of the first 300 million a month; more in some Regions.
const HTTP_API_PER_MILLION: f64 = 1.00;
/// Memory of gate and relay.
const GIB: f64 = 0.125;
/// Billed time of a redirect from a warm gate; measured with the gate's own code it is below.
const REDIRECT_SECONDS: f64 = 0.005;
/// One in this number of requests starts an instance, which is billed since 2025-08.
const REQUESTS_PER_START: f64 = 2_000.0;
const START_SECONDS: f64 = 0.25;
/// A redirect with its presigned link and headers, on the wire.
const REDIRECT_BYTES: f64 = 2_000.0;
/// A segment's line in the media playlist, with its byte range.
const PLAYLIST_LINE_BYTES: f64 = 60.0;
/// Streamed answers: so much at full speed, the rest at that rate.
const STREAM_BURST_BYTES: f64 = 6.0e6;
const STREAM_BYTES_PER_SECOND: f64 = 2.0e6;
const RELAY_BURST_BYTES_PER_SECOND: f64 = 12.5e6;
const GB: f64 = 1.0e9;

/// What the gate's public address leads to, which may have a price of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Front {
    /// The function's URL.
    #[default]
    Url,
    /// An HTTP API of API Gateway.
    HttpApi,
}

/// A reel as far as its price goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewed {
    /// The picture, with its sound if that is in one with it.
    pub picture: Track,
    /// Sound that stands apart: a viewer takes one track beside the picture.
    pub sound: Option<Track>,
}

/// One rendition, by what its two playlists cut it into.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Track {
    pub bytes: u64,
    pub segments: Parts,
    pub pieces: Parts,
}

/// Segments or pieces: how many there are, and bytes of the first and of the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub count: u64,
    pub first: u64,
    pub largest: u64,
}

impl Parts {
    /// By the bytes of each.
    pub fn of(sizes: impl IntoIterator<Item = u64>) -> Self {
        sizes.into_iter().fold(Self { count: 0, first: 0, largest: 0 }, |parts, bytes| Self {
            count: parts.count + 1,
            first: if parts.count == 0 { bytes } else { parts.first },
            largest: parts.largest.max(bytes),
        })
    }
}

impl Track {
    /// As far as it can be foreseen: segments of these lengths, in pieces of about this.
    pub fn foreseen(bytes: u64, lengths: &[Duration], piece: Duration) -> Self {
        let rate = bytes as f64 / lengths.iter().sum::<Duration>().as_secs_f64().max(0.001);
        let size = |length: &Duration| (rate * length.as_secs_f64()) as u64;
        let in_pieces = |length: &Duration| {
            let count = (length.as_secs_f64() / piece.as_secs_f64().max(0.001)).round().max(1.0);
            std::iter::repeat_n((size(length) as f64 / count) as u64, count as usize)
        };
        let (segments, pieces) = (Parts::of(lengths.iter().map(size)), Parts::of(lengths.iter().flat_map(in_pieces)));
        Self { bytes, segments, pieces }
    }

    fn of(rendition: &RenditionIndex) -> Self {
        let parts = |grain| Parts::of(rendition.extents(grain).map(|extent| extent.bytes));
        let bytes = rendition.segments().map(|segment| segment.bytes).sum();
        Self { bytes, segments: parts(Grain::Segments), pieces: parts(Grain::Pieces) }
    }

    fn parts(&self, grain: Grain) -> Parts {
        match grain {
            Grain::Segments => self.segments,
            Grain::Pieces => self.pieces,
        }
    }
}

/// The terms of a bill, US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bill {
    pub requests: f64,
    /// Of what stands before the gate: a function URL has no price of its own.
    pub front: f64,
    pub running: f64,
    pub starts: f64,
    pub egress: f64,
    pub streaming: f64,
}

impl Bill {
    pub fn total(&self) -> f64 {
        self.requests + self.front + self.running + self.starts + self.egress + self.streaming
    }

    fn times(self, factor: f64) -> Self {
        Self {
            requests: self.requests * factor,
            front: self.front * factor,
            running: self.running * factor,
            starts: self.starts * factor,
            egress: self.egress * factor,
            streaming: self.streaming * factor,
        }
    }
}

/// What watching a reel will cost, US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Costs {
    /// A million full views in players that follow the redirects, by segments.
    pub million_in_players: f64,
    /// The same by pieces.
    pub million_by_pieces: f64,
    /// A thousand full views in browsers, through the relay.
    pub thousand_by_relay: f64,
    pub thousand_by_cdn: ByCdn,
}

/// The line that waits are given for, bits a second.
pub const VIEWER_LINE: f64 = 20e6;

impl Viewed {
    /// What is published.
    pub fn of(generation: &GenerationIndex) -> Self {
        let largest = |beside: bool| {
            let all = generation.renditions.values().filter(|rendition| rendition.is_beside() == beside);
            all.map(Track::of).max_by_key(|track| track.bytes)
        };
        let none = Parts { count: 0, first: 0, largest: 0 };
        let none = Track { bytes: 0, segments: none, pieces: none };
        match (largest(false), largest(true)) {
            (Some(picture), sound) => Self { picture, sound },
            (None, sound) => Self { picture: sound.unwrap_or(none), sound: None },
        }
    }

    pub fn costs(&self, region: &str, front: Front) -> Costs {
        Costs {
            million_in_players: self.in_players(Grain::Segments, 1_000_000, region, front).total(),
            million_by_pieces: self.in_players(Grain::Pieces, 1_000_000, region, front).total(),
            thousand_by_relay: self.through_relay(1_000, region, front).total(),
            thousand_by_cdn: self.thousand_by_cdn(region, front),
        }
    }

    /// Whether there is a second playlist.
    pub fn has_pieces(&self) -> bool {
        self.tracks().any(|track| track.pieces.count > track.segments.count)
    }

    fn tracks(&self) -> impl Iterator<Item = Track> {
        [self.picture].into_iter().chain(self.sound)
    }

    fn parts(&self, grain: Grain) -> impl Iterator<Item = Parts> {
        self.tracks().map(move |track| track.parts(grain))
    }

    /// Full views in players that follow the redirects: the bytes come from AWS's own bucket, without a price
    /// of their own; each segment or piece costs a redirect.
    pub fn in_players(&self, grain: Grain, views: u64, region: &str, front: Front) -> Bill {
        let playlists = 1.0 + self.parts(grain).count() as f64;
        let parts: f64 = self.parts(grain).map(|parts| parts.count as f64).sum();
        let requests = parts + playlists;
        let sent = requests * REDIRECT_BYTES + parts * PLAYLIST_LINE_BYTES;
        let per_million = match front {
            Front::Url => 0.0,
            Front::HttpApi => HTTP_API_PER_MILLION,
        };
        let one = Bill {
            requests: requests * REQUESTS_PER_MILLION / 1e6,
            front: requests * per_million / 1e6,
            running: requests * REDIRECT_SECONDS * GIB * GIB_SECOND,
            starts: requests / REQUESTS_PER_START * START_SECONDS * GIB * GIB_SECOND,
            egress: sent / GB * egress_per_gb(region),
            streaming: 0.0,
        };
        one.times(views as f64)
    }

    /// Full views in browsers through the relay, by pieces: every byte leaves through a function, and its time is billed
    /// while it streams.
    pub fn through_relay(&self, views: u64, region: &str, front: Front) -> Bill {
        let mut one = Bill::default();
        for Track { bytes, pieces, .. } in self.tracks() {
            let (pieces, bytes) = (pieces.count.max(1) as f64, bytes as f64);
            let piece = bytes / pieces;
            let beyond = (piece - STREAM_BURST_BYTES).max(0.0);
            let burst = piece.min(STREAM_BURST_BYTES) / RELAY_BURST_BYTES_PER_SECOND;
            let seconds = burst + beyond / STREAM_BYTES_PER_SECOND;
            one.requests += pieces * REQUESTS_PER_MILLION / 1e6;
            one.running += pieces * seconds * GIB * GIB_SECOND;
            one.starts += pieces / REQUESTS_PER_START * START_SECONDS * GIB * GIB_SECOND;
            one.egress += bytes / GB * egress_per_gb(region);
            one.streaming += pieces * beyond / GB * STREAMED_GB;
        }
        let relayed = one.times(views as f64);
        // the relay asks the gate for a redirect, and the browser for the playlists, as a player would
        let redirects = self.in_players(Grain::Pieces, views, region, front);
        Bill {
            requests: relayed.requests + redirects.requests,
            front: redirects.front,
            running: relayed.running + redirects.running,
            starts: relayed.starts + redirects.starts,
            egress: relayed.egress + redirects.egress,
            streaming: relayed.streaming,
        }
    }

    /// How long a player waits for the first picture: playlists, a redirect, and the first segment.
    pub fn start_up(&self) -> Duration {
        const ROUND_TRIPS: f64 = 0.6;
        let first: u64 = self.parts(Grain::Segments).map(|parts| parts.first).sum();
        Duration::from_secs_f64(ROUND_TRIPS) + transfer(first)
    }

    /// Bytes that are loaded for a jump, at most.
    pub fn largest(&self, grain: Grain) -> u64 {
        self.parts(grain).map(|parts| parts.largest).sum()
    }

    /// How long a jump takes at most where what is jumped to is loaded whole.
    pub fn longest_seek(&self, grain: Grain) -> Duration {
        transfer(self.largest(grain))
    }

    /// What is to be said of a playlist: what a million full views cost, if anything, and how long a jump takes.
    pub fn words(&self, grain: Grain, costs: Option<&Costs>) -> String {
        let price = costs.map(|costs| match grain {
            Grain::Segments => costs.million_in_players,
            Grain::Pieces => costs.million_by_pieces,
        });
        let price = price.map(|price| format!("{} a thousand full views, ", wording::dollars(price / 1e3)));
        format!("{}a jump takes up to {}", price.unwrap_or_default(), wording::wait(self.longest_seek(grain)))
    }
}

fn transfer(bytes: u64) -> Duration {
    Duration::from_secs_f64(bytes as f64 * 8.0 / VIEWER_LINE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::segment::lengths::Lengths;

    const TWO: Duration = Duration::from_secs(2);

    /// 10 minutes in segments of one piece each.
    fn even(segment_seconds: u64, bytes: u64) -> Viewed {
        let lengths: Vec<Duration> = vec![Duration::from_secs(segment_seconds); 600 / segment_seconds as usize];
        let picture = Track::foreseen(bytes, &lengths, Duration::from_secs(segment_seconds));
        Viewed { picture, sound: None }
    }

    /// 10 minutes of 1080p60 at 14.8 Mbit/s.
    fn viewed(segment_seconds: u64) -> Viewed {
        even(segment_seconds, 1_110_000_000)
    }

    /// 10 minutes at this rate and with keyframes so far apart, by the settings that there are without any.
    fn by_default(megabit: f64, spacing: Duration) -> Viewed {
        let (whole, bytes) = (Duration::from_secs(600), (megabit * 75e6) as u64);
        let lengths = Lengths::growing(Duration::from_secs(30), 49 * 1024 * 1024);
        let lengths = lengths.foreseen(whole, Some(spacing), Duration::from_millis(100), bytes);
        Viewed { picture: Track::foreseen(bytes, &lengths, spacing), sound: None }
    }

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < expected * 0.005 + 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn a_million_views_by_default_cost_ten_dollars_at_most_term_by_term() {
        let of = |view: &Viewed, grain| view.in_players(grain, 1_000_000, "us-east-1", Front::Url);
        let usual = by_default(12.0, TWO);
        // 2, 6, 10 and 18 s, 18 of 30 s and one of 24 s, and two playlists: 25 requests a view
        let bill = of(&usual, Grain::Segments);
        assert_eq!((usual.picture.segments.count, usual.picture.pieces.count), (23, 300));
        close(bill.requests, 5.0);
        close(bill.running, 0.2083);
        close(bill.starts, 0.005_208);
        // 50 GB of redirects, 1.4 GB of playlists
        close(bill.egress, 4.624);
        close(bill.total(), 9.838);
        assert!(bill.total() <= 10.0);
        // 302 requests a view
        let bill = of(&usual, Grain::Pieces);
        close(bill.requests, 60.4);
        close(bill.running, 2.517);
        close(bill.starts, 0.062_92);
        close(bill.egress, 55.98);
        close(bill.total(), 118.96);
        // where a chunk's 49 MiB end a segment
        let large = by_default(14.8, TWO);
        close(of(&large, Grain::Segments).total(), 11.02);
        assert!(of(&large, Grain::Segments).total() <= 12.0);
        assert!(usual.start_up().as_secs_f64() < 2.5 && large.start_up().as_secs_f64() < 2.5);
    }

    #[test]
    fn the_longest_seek_is_the_largest_part_over_the_line() {
        let usual = by_default(12.0, TWO);
        close(usual.longest_seek(Grain::Segments).as_secs_f64(), 18.0);
        close(usual.longest_seek(Grain::Pieces).as_secs_f64(), 1.2);
        assert_eq!(usual.words(Grain::Pieces, None), "a jump takes up to 1.2 s");
        let costs = usual.costs("us-east-1", Front::Url);
        assert_eq!(usual.words(Grain::Segments, Some(&costs)), "$0.010 a thousand full views, a jump takes up to 18 s");
        let sound = Track { bytes: 9, ..usual.picture };
        close(Viewed { sound: Some(sound), ..usual }.longest_seek(Grain::Pieces).as_secs_f64(), 2.4);
    }

    #[test]
    fn a_million_views_in_players_term_by_term() {
        let bill = viewed(6).in_players(Grain::Segments, 1_000_000, "us-east-1", Front::Url);
        // 102 requests a view
        close(bill.requests, 20.40);
        close(bill.running, 0.850);
        close(bill.starts, 0.02125);
        // 204 GB of redirects, 6 GB of playlists
        close(bill.egress, 18.90);
        assert_eq!(bill.streaming, 0.0);
        close(bill.total(), 40.17);
        close(viewed(30).in_players(Grain::Segments, 1_000_000, "us-east-1", Front::Url).total(), 8.656);
    }

    #[test]
    fn a_thousand_views_through_the_relay_term_by_term() {
        let bill = viewed(6).through_relay(1_000, "us-east-1", Front::Url);
        close(bill.requests, 0.0404);
        // 11.1 MB a segment: 0.48 s at full speed, 2.55 s at 2 MB/s
        close(bill.running, 0.5058);
        // 1,110 GB, and the redirects
        close(bill.egress, 99.92);
        // 5.1 MB a segment beyond the first 6
        close(bill.streaming, 4.08);
        close(bill.total(), 104.54);
        // pieces of 2 s stay below those 6 MB
        let bill = by_default(14.8, TWO).through_relay(1_000, "us-east-1", Front::Url);
        assert_eq!(bill.streaming, 0.0);
        close(bill.requests, 0.1204);
        close(bill.running, 0.1505);
        close(bill.egress, 99.956);
        close(bill.total(), 100.23);
    }

    #[test]
    fn sound_apart_is_a_second_stream_of_requests() {
        let alone = viewed(6);
        let sound = even(6, 12_000_000).picture;
        let picture = Track { bytes: alone.picture.bytes - sound.bytes, ..alone.picture };
        let apart = Viewed { picture, sound: Some(sound) };
        let of = |view: Viewed| view.in_players(Grain::Segments, 1_000_000, "us-east-1", Front::Url);
        let (bill, with_sound) = (of(alone), of(apart));
        // 100 segments and a playlist more, a view
        close(with_sound.requests - bill.requests, 20.20);
        close(with_sound.egress, 2.0 * bill.egress - 0.18);
        let relayed = Viewed { sound: Some(sound), ..alone }.through_relay(1_000, "us-east-1", Front::Url);
        close(relayed.requests - alone.through_relay(1_000, "us-east-1", Front::Url).requests, 0.0402);
    }

    #[test]
    fn an_http_api_has_a_price_for_each_request_of_the_gate_and_none_for_the_relays() {
        let view = viewed(6);
        let of = |front| view.in_players(Grain::Segments, 1_000_000, "us-east-1", front);
        let [url, api] = [Front::Url, Front::HttpApi].map(of);
        assert_eq!(url.front, 0.0);
        // 102 requests a view
        close(api.front, 102.00);
        close(api.total() - url.total(), 102.00);
        close(api.total(), 142.17);
        let relayed = view.through_relay(1_000, "us-east-1", Front::HttpApi);
        close(relayed.front, 0.102);
        close(relayed.total(), 104.65);
        let costs = view.costs("us-east-1", Front::HttpApi);
        close(costs.million_in_players, 142.17);
        close(costs.thousand_by_relay, 104.65);
    }

    #[test]
    fn regions_differ_by_their_egress() {
        let of = |region| viewed(6).in_players(Grain::Segments, 1_000, region, Front::Url);
        let (virginia, paulo) = (of("us-east-1"), of("sa-east-1"));
        close(paulo.egress / virginia.egress, 0.15 / 0.09);
        assert_eq!(paulo.requests, virginia.requests);
    }

    #[test]
    fn a_long_first_segment_starts_later() {
        let seconds = |length| viewed(length).start_up().as_secs_f64();
        close(seconds(6), 5.04);
        close(seconds(30), 22.8);
    }
}
