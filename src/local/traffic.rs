//! What the public asks for and is sent, counted as AWS does it: requests of the functions, of the HTTP API and of the CDN,
//! and the CDN's bytes; and what the relay counts itself, against the ceiling that it may have.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use futures_util::TryStreamExt;
use time::OffsetDateTime;

use super::{apis, context::Context, metrics::Metric, store::record::Function};
use crate::model::{
    gate::{
        ceiling::{CDN_ID, CEILING_GB, Ceiling, CountedCdns, NAMESPACE, RELAYED_BYTES},
        public::{FRONT, RELAY},
    },
    report::usage::Month,
};

/// Where AWS counts for CloudFront, which is in no Region.
const GLOBAL: &str = "us-east-1";

/// A function was called.
pub(super) fn called(shared: &Context, function: &str) {
    let region = shared.store.read().functions.get(function).map(|function| function.region.clone());
    let Some(region) = region else { return };
    let metric = Metric::new(&region, "AWS/Lambda", "Invocations", [("FunctionName", function)]);
    shared.metrics.add(metric, "Count", 1.0, shared.now());
}

/// The gate was, behind its HTTP API.
pub(super) fn called_by_api(shared: &Context) {
    called(shared, FRONT);
    let Some((id, region)) = apis::leading(shared) else { return };
    let metric = Metric::new(&region, "AWS/ApiGateway", "Count", [("ApiId", id.as_str())]);
    shared.metrics.add(metric, "Count", 1.0, shared.now());
}

/// The body of an answer of the CDN's, which counts as it is sent.
pub(super) fn downloaded(shared: &Arc<Context>, distribution: &str, body: Body) -> Body {
    shared.metrics.add(of_cdn(distribution, "Requests"), "None", 1.0, shared.now());
    counted(shared, of_cdn(distribution, "BytesDownloaded"), "None", body)
}

/// A segment or piece that the relay sends. With a ceiling it counts as it is sent.
pub(super) fn relayed(shared: &Arc<Context>, body: Body) -> Body {
    match shared.served(RELAY).filter(|relay| ceiling(relay).is_some()) {
        Some(relay) => counted(shared, of_relay(&relay), "Bytes", body),
        None => body,
    }
}

/// Whether what browsers were sent this month has reached the relay's ceiling; `None` if it has none.
pub(super) fn is_beyond(shared: &Context) -> Option<bool> {
    let relay = shared.served(RELAY)?;
    let ceiling = ceiling(&relay)?;
    let month = Month::of(shared.now().into());
    let begins = month.begins().into();
    let relayed = shared.metrics.since(&of_relay(&relay), begins);
    let cdns = CountedCdns::read(relay.variable(CDN_ID).unwrap_or_default());
    let by_cdns: f64 =
        cdns.of(&month.digits()).map(|id| shared.metrics.since(&of_cdn(id, "BytesDownloaded"), begins)).sum();
    Some(relayed + by_cdns >= ceiling.bytes() as f64)
}

/// Seconds until the next month begins, in UTC; at least one.
pub(super) fn until_next_month(now: OffsetDateTime) -> u64 {
    let next = OffsetDateTime::from(Month::of(now.into()).after().begins());
    (next - now).whole_seconds().unsigned_abs().max(1)
}

fn ceiling(relay: &Function) -> Option<Ceiling> {
    relay.variable(CEILING_GB)?.parse().ok()
}

fn of_relay(relay: &Function) -> Metric {
    Metric::new(&relay.region, NAMESPACE, RELAYED_BYTES, [("FunctionName", RELAY)])
}

fn of_cdn(distribution: &str, name: &str) -> Metric {
    Metric::new(GLOBAL, "AWS/CloudFront", name, [("DistributionId", distribution), ("Region", "Global")])
}

fn counted(shared: &Arc<Context>, metric: Metric, unit: &'static str, body: Body) -> Body {
    if let Some(bytes) = body.size_hint().exact() {
        shared.metrics.add(metric, unit, bytes as f64, shared.now());
        return body;
    }
    let shared = Arc::clone(shared);
    let count = move |bytes: usize| shared.metrics.add(metric.clone(), unit, bytes as f64, shared.now());
    Body::from_stream(body.into_data_stream().inspect_ok(move |piece| count(piece.len())))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_month_ends_in_utc() {
        for (now, seconds) in [
            (datetime!(2026-11-28 00:00 UTC), 3 * 86_400),
            (datetime!(2026-12-31 23:59:59 UTC), 1),
            (datetime!(2026-12-31 23:59:59.9 UTC), 1),
            (datetime!(2028-02-01 00:00 UTC), 29 * 86_400),
        ] {
            assert_eq!(until_next_month(now), seconds, "{now}");
        }
    }
}
