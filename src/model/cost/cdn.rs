//! What browsers cost by a CDN: CloudFront before gate and relay.

use super::{Front, GB, Viewed};

/// CloudFront's regional caches, each of which asks an origin for a segment as long as it does not keep it; the number
/// from memory.
const CDN_CACHES: u64 = 13;
/// The Pro plan: US dollars a month, the GB and millions of requests in it, with nothing to pay beyond.
pub const PRO_DOLLARS: f64 = 15.0;
const PRO_GB: f64 = 50_000.0;
const PRO_REQUESTS: f64 = 10.0;
/// CloudFront: so much is free each month for ever, then it has a price (the US and Europe; more elsewhere).
pub const FREE_GB: f64 = 1_000.0;
/// Millions.
pub const FREE_REQUESTS: f64 = 10.0;
/// A GB to viewers.
pub const CDN_GB: f64 = 0.085;
/// Ten thousand requests by HTTPS.
pub const CDN_REQUESTS: f64 = 0.01;

/// Requests of a view besides its pieces and media playlists: the page, its poster, its two libraries, and the multivariant
/// playlist.
const OF_THE_PAGE: u64 = 5;

/// How what a CDN carries is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CdnPlan {
    /// Within what is free each month.
    Free,
    /// A share of the Pro plan: that of a month that is used up.
    Pro,
    /// Pay as you go, beyond what is free.
    ByGb,
}

/// The terms of a CDN's bill, US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CdnBill {
    pub plan: f64,
    pub traffic: f64,
    pub requests: f64,
    /// What it asks gate and relay for: each of its caches once. Whether a function URL's traffic to CloudFront is free, as
    /// that of other origins at AWS is, is said nowhere; so it is counted as if it were not.
    pub misses: f64,
}

impl CdnBill {
    pub fn total(&self) -> f64 {
        self.plan + self.traffic + self.requests + self.misses
    }
}

/// A thousand full views in browsers, by the CDN.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ByCdn {
    pub free: f64,
    pub pro: f64,
    pub by_gb: f64,
}

impl Viewed {
    pub fn thousand_by_cdn(&self, region: &str, front: Front) -> ByCdn {
        let by = |plan| self.by_cdn(plan, 1_000, region, front).total();
        ByCdn { free: by(CdnPlan::Free), pro: by(CdnPlan::Pro), by_gb: by(CdnPlan::ByGb) }
    }

    /// Full views in browsers by the CDN, by pieces.
    pub fn by_cdn(&self, plan: CdnPlan, views: u64, region: &str, front: Front) -> CdnBill {
        let gb: f64 = self.tracks().map(|track| track.bytes as f64 / GB).sum();
        let pieces: u64 = self.tracks().map(|track| track.pieces.count.max(1)).sum();
        let requests = (pieces + self.tracks().count() as u64 + OF_THE_PAGE) as f64;
        let (gb, requests) = (gb * views as f64, requests * views as f64);
        let none = CdnBill { plan: 0.0, traffic: 0.0, requests: 0.0, misses: 0.0 };
        let bill = match plan {
            CdnPlan::Free => none,
            CdnPlan::Pro => {
                let share = (gb / PRO_GB).max(requests / 1e6 / PRO_REQUESTS);
                CdnBill { plan: PRO_DOLLARS * share, ..none }
            }
            CdnPlan::ByGb => CdnBill { traffic: gb * CDN_GB, requests: requests / 1e4 * CDN_REQUESTS, ..none },
        };
        CdnBill { misses: self.through_relay(views.min(CDN_CACHES), region, front).total(), ..bill }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::cost::Track;

    /// In so many pieces.
    fn ten_minutes(bytes: u64, pieces: u64) -> Viewed {
        let length = Duration::from_secs(600) / pieces as u32;
        let picture = Track::foreseen(bytes, &vec![length; pieces as usize], length);
        Viewed { picture, sound: None }
    }

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < expected * 0.005 + 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn a_thousand_views_by_the_cdn_term_by_term() {
        let view = ten_minutes(900_000_000, 300);
        let of = |plan, views| view.by_cdn(plan, views, "us-east-1", Front::Url);
        let (free, pro, by_gb) = (of(CdnPlan::Free, 1_000), of(CdnPlan::Pro, 1_000), of(CdnPlan::ByGb, 1_000));
        // 13 copies of 900 MB through the relay
        close(free.misses, 1.0569);
        close(free.total(), free.misses);
        // 306 thousand of 10 million requests; the 900 GB are less of the 50 TB
        close(pro.plan, 0.459);
        close(pro.total(), 1.5159);
        // 900 GB, and 306 thousand requests
        close(by_gb.traffic, 76.5);
        close(by_gb.requests, 0.306);
        close(by_gb.total(), 77.8629);
        close(of(CdnPlan::ByGb, 2_000).misses, free.misses);
        close(of(CdnPlan::Free, 1).misses, free.misses / 13.0);
        // in pieces of 6 s the traffic is the larger share: 1,110 GB of 50 TB
        let long = ten_minutes(1_110_000_000, 100);
        close(long.by_cdn(CdnPlan::Pro, 1_000, "us-east-1", Front::Url).plan, 0.333);
    }
}
