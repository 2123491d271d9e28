//! What watching costs, as code: prices with their date and source, and the terms of a bill. Free tiers are left out,
//! so that every figure is an upper bound of its kind; taxes too.
//!
//! Prices as of 2026-11 from AWS's public lists by way of mirrors (not read from AWS itself): US dollars.

use std::time::Duration;

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

/// Egress to the internet, US dollars a GB, first tier; by Region where it is not the usual price.
const EGRESS_USUAL: f64 = 0.09;
const EGRESS: [(&str, f64); 16] = [
    ("af-south-1", 0.154),
    ("ap-east-1", 0.12),
    ("ap-northeast-1", 0.114),
    ("ap-northeast-2", 0.126),
    ("ap-northeast-3", 0.114),
    ("ap-south-1", 0.1093),
    ("ap-south-2", 0.1093),
    ("ap-southeast-1", 0.12),
    ("ap-southeast-2", 0.114),
    ("ap-southeast-3", 0.132),
    ("ap-southeast-4", 0.114),
    ("il-central-1", 0.11),
    ("me-central-1", 0.11),
    ("me-south-1", 0.117),
    ("mx-central-1", 0.09),
    ("sa-east-1", 0.15),
];

/// US dollars a GB.
pub fn egress_per_gb(region: &str) -> f64 {
    EGRESS.iter().find(|(name, _)| *name == region).map_or(EGRESS_USUAL, |(_, price)| *price)
}

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
    pub duration: Duration,
    /// Mean length of a segment.
    pub segment_length: Duration,
    /// Of the picture, with its sound if that is in one with it.
    pub bytes: u64,
    /// Sound that stands apart: a viewer takes one track beside the picture.
    pub sound: Option<Sound>,
}

/// The largest of the sound tracks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sound {
    pub segment_length: Duration,
    pub bytes: u64,
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
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// A million full views in players that follow the redirects.
    pub million_in_players: f64,
    /// A thousand full views in browsers, through the relay.
    pub thousand_by_relay: f64,
}

impl Viewed {
    pub fn costs(&self, region: &str, front: Front) -> Costs {
        Costs {
            million_in_players: self.in_players(1_000_000, region, front).total(),
            thousand_by_relay: self.through_relay(1_000, region, front).total(),
        }
    }

    /// Segments and bytes of each rendition that a viewer takes.
    fn taken(&self) -> impl Iterator<Item = (f64, f64)> {
        let sound = self.sound.map(|sound| (sound.segment_length, sound.bytes));
        [(self.segment_length, self.bytes)].into_iter().chain(sound).map(|(length, bytes)| {
            let segments = (self.duration.as_secs_f64() / length.as_secs_f64().max(0.1)).ceil().max(1.0);
            (segments, bytes as f64)
        })
    }

    /// Full views in players that follow the redirects: the bytes come from AWS's own bucket, without a price
    /// of their own; each segment costs a redirect.
    pub fn in_players(&self, views: u64, region: &str, front: Front) -> Bill {
        let playlists = 1.0 + self.taken().count() as f64;
        let segments: f64 = self.taken().map(|(segments, _)| segments).sum();
        let requests = segments + playlists;
        let sent = requests * REDIRECT_BYTES + segments * PLAYLIST_LINE_BYTES;
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

    /// Full views in browsers through the relay: every byte leaves through a function, and its time is billed
    /// while it streams.
    pub fn through_relay(&self, views: u64, region: &str, front: Front) -> Bill {
        let mut one = Bill::default();
        for (segments, bytes) in self.taken() {
            let segment = bytes / segments;
            let beyond = (segment - STREAM_BURST_BYTES).max(0.0);
            let burst = segment.min(STREAM_BURST_BYTES) / RELAY_BURST_BYTES_PER_SECOND;
            let seconds = burst + beyond / STREAM_BYTES_PER_SECOND;
            one.requests += segments * REQUESTS_PER_MILLION / 1e6;
            one.running += segments * seconds * GIB * GIB_SECOND;
            one.starts += segments / REQUESTS_PER_START * START_SECONDS * GIB * GIB_SECOND;
            one.egress += bytes / GB * egress_per_gb(region);
            one.streaming += segments * beyond / GB * STREAMED_GB;
        }
        let relayed = one.times(views as f64);
        // the relay asks the gate for a redirect, and the browser for the playlists, as a player would
        let redirects = self.in_players(views, region, front);
        Bill {
            requests: relayed.requests + redirects.requests,
            front: redirects.front,
            running: relayed.running + redirects.running,
            starts: relayed.starts + redirects.starts,
            egress: relayed.egress + redirects.egress,
            streaming: relayed.streaming,
        }
    }

    /// How long a player waits for the first picture: playlists, a redirect, and the first segment at that rate.
    pub fn start_up(&self, bits_per_second: f64) -> Duration {
        const ROUND_TRIPS: f64 = 0.6;
        let segment: f64 = self.taken().map(|(segments, bytes)| bytes / segments).sum();
        Duration::from_secs_f64(ROUND_TRIPS + segment * 8.0 / bits_per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 minutes of 1080p60 at 14.8 Mbit/s.
    fn viewed(segment_seconds: u64) -> Viewed {
        Viewed {
            duration: Duration::from_secs(600),
            segment_length: Duration::from_secs(segment_seconds),
            bytes: 1_110_000_000,
            sound: None,
        }
    }

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < expected * 0.005 + 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn a_million_views_in_players_term_by_term() {
        let bill = viewed(6).in_players(1_000_000, "us-east-1", Front::Url);
        // 102 requests a view
        close(bill.requests, 20.40);
        close(bill.running, 0.850);
        close(bill.starts, 0.02125);
        // 204 GB of redirects, 6 GB of playlists
        close(bill.egress, 18.90);
        assert_eq!(bill.streaming, 0.0);
        close(bill.total(), 40.17);
        close(viewed(30).in_players(1_000_000, "us-east-1", Front::Url).total(), 8.656);
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
        close(viewed(30).through_relay(1_000, "us-east-1", Front::Url).total(), 108.67);
    }

    #[test]
    fn sound_apart_is_a_second_stream_of_requests() {
        let alone = viewed(6);
        let sound = Sound { segment_length: Duration::from_secs(6), bytes: 12_000_000 };
        let apart = Viewed { bytes: alone.bytes - sound.bytes, sound: Some(sound), ..alone };
        let (alone, apart) = (
            alone.in_players(1_000_000, "us-east-1", Front::Url),
            apart.in_players(1_000_000, "us-east-1", Front::Url),
        );
        // 100 segments and a playlist more, a view
        close(apart.requests - alone.requests, 20.20);
        close(apart.egress, 2.0 * alone.egress - 0.18);
        let relayed = Viewed { sound: Some(sound), ..viewed(6) }.through_relay(1_000, "us-east-1", Front::Url);
        close(relayed.requests - viewed(6).through_relay(1_000, "us-east-1", Front::Url).requests, 0.0402);
    }

    #[test]
    fn an_http_api_has_a_price_for_each_request_of_the_gate_and_none_for_the_relays() {
        let view = viewed(6);
        let [url, api] = [Front::Url, Front::HttpApi].map(|front| view.in_players(1_000_000, "us-east-1", front));
        assert_eq!(url.front, 0.0);
        // 102 requests a view
        close(api.front, 102.00);
        close(api.total() - url.total(), 102.00);
        close(api.total(), 142.17);
        close(viewed(30).in_players(1_000_000, "us-east-1", Front::HttpApi).total(), 30.656);
        let relayed = view.through_relay(1_000, "us-east-1", Front::HttpApi);
        close(relayed.front, 0.102);
        close(relayed.total(), 104.65);
        let costs = view.costs("us-east-1", Front::HttpApi);
        close(costs.million_in_players, 142.17);
        close(costs.thousand_by_relay, 104.65);
    }

    #[test]
    fn regions_differ_by_their_egress() {
        let view = viewed(6);
        let (virginia, paulo) =
            (view.in_players(1_000, "us-east-1", Front::Url), view.in_players(1_000, "sa-east-1", Front::Url));
        close(paulo.egress / virginia.egress, 0.15 / 0.09);
        assert_eq!(paulo.requests, virginia.requests);
    }

    #[test]
    fn long_segments_start_later() {
        let seconds = |length| viewed(length).start_up(20e6).as_secs_f64();
        close(seconds(6), 5.04);
        close(seconds(30), 22.8);
    }
}
