//! What was asked and sent lately, and how much of a ceiling is used, by CloudWatch's figures. To ask for them needs a
//! right of its own, and nothing depends on it.

use std::time::SystemTime;

use super::addresses::counted_by;
use crate::{
    cloud::{Cloud, CloudError, account::metrics::Counted, gate::public::Deployed},
    model::{
        gate::{
            ceiling::{CEILING_GB, Ceiling, CountedCdns},
            public::Public,
        },
        report::{
            fault::Explain,
            health::{Grade, Health, Subject},
            usage::{CeilingUse, Month, MonthOfUse, Usage},
        },
    },
};

/// How much of a ceiling is used, as the relay counts it: its own bytes, and those of the CDNs whose ids it knows. Where
/// that can't be read, a sentence says so. A relay that is off counts nothing.
pub(super) async fn of_ceiling(
    cloud: &Cloud,
    ceiling: Ceiling,
    relay: Option<&Deployed>,
) -> (CeilingUse, Option<String>) {
    let now = SystemTime::now();
    let month = Month::of(now);
    let told = CeilingUse { ceiling_bytes: ceiling.bytes(), month, used_bytes: None };
    let Some(relay) = relay else {
        return (told, Some("the ceiling is kept for when the relay is on".to_owned()));
    };
    match used(cloud, &counted_by(&relay.environment), month, now).await {
        Ok(bytes) => (CeilingUse { used_bytes: Some(bytes), ..told }, None),
        Err(error) => (told, Some(format!("how much of the ceiling is used is {}", unread(&error)))),
    }
}

async fn used(cloud: &Cloud, cdns: &CountedCdns, month: Month, now: SystemTime) -> Result<u64, CloudError> {
    let from = month.begins();
    let mut days = cloud.counted(Counted::RelayedBytes, from, now).await?;
    for id in cdns.of(&month.digits()) {
        days.extend(cloud.counted(Counted::CdnBytes(id), from, now).await?);
    }
    Ok(days.iter().map(|(_, bytes)| bytes).sum())
}

fn unread(error: &CloudError) -> String {
    match error.is_denied() {
        true => "not known: these credentials may not ask CloudWatch (`zipreel policy usage` lets them)".to_owned(),
        false => format!("not known: {}", error.fault()),
    }
}

/// For `zipreel doctor`: of each function that is there, of the CDN, and of the ceiling.
pub(super) async fn told(cloud: &Cloud, health: &mut Health) {
    let relay = cloud.public(Public::Relay).await;
    let read = match &relay {
        Ok(relay) => figures(cloud, relay.as_ref(), health).await,
        Err(error) => Err(error.clone()),
    };
    if let Err(error) = read {
        let words = format!("what was asked and sent last month is {}", unread(&error));
        health.add(Subject::Usage, Grade::Note, words);
    }
    let Ok(Some(ceiling)) = cloud.ceiling().await else { return };
    let relay = relay.ok().flatten();
    let (told, note) = of_ceiling(cloud, ceiling, relay.as_ref()).await;
    let grade = if told.is_reached() { Grade::Note } else { Grade::Well };
    let why = note.map(|note| format!("; {note}")).unwrap_or_default();
    health.add(Subject::Usage, grade, format!("ceiling: {told}{why}"));
}

/// The first figure that can't be read ends it: the others could not be read either.
async fn figures(cloud: &Cloud, relay: Option<&Deployed>, health: &mut Health) -> Result<(), CloudError> {
    let now = SystemTime::now();
    if cloud.public(Public::Gate).await?.is_some() {
        health.add_usage(of(cloud, "gate", Counted::Invocations(Public::Gate), None, now).await?);
    }
    if cloud.public(Public::Front).await?.is_some() {
        match cloud.api_id().await {
            Ok(Some(id)) => health.add_usage(of(cloud, "front", Counted::ApiRequests(&id), None, now).await?),
            Ok(None) => {}
            // that is no right of CloudWatch's, and the others are known without it
            Err(error) if error.is_denied() => {
                let words = "what the HTTP API was asked last month is not known: these credentials may not look it up \
                             (`zipreel policy front` lets them)";
                health.add(Subject::Usage, Grade::Note, words);
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(relay) = relay {
        let bytes = relay.environment.contains_key(CEILING_GB).then_some(Counted::RelayedBytes);
        health.add_usage(of(cloud, "relay", Counted::Invocations(Public::Relay), bytes, now).await?);
    }
    if let Some(id) = named_cdn(cloud, relay).await? {
        let bytes = Some(Counted::CdnBytes(&id));
        health.add_usage(of(cloud, "cdn", Counted::CdnRequests(&id), bytes, now).await?);
    }
    Ok(())
}

/// Whose id the relay knows, or these credentials may look up.
async fn named_cdn(cloud: &Cloud, relay: Option<&Deployed>) -> Result<Option<String>, CloudError> {
    let Some(named) = cloud.named_cdn().await? else { return Ok(None) };
    if let Some(id) = relay.map(|relay| counted_by(&relay.environment)).as_ref().and_then(CountedCdns::now) {
        return Ok(Some(id.to_owned()));
    }
    let cdns = cloud.cdns().await.unwrap_or_default();
    Ok(cdns.into_iter().find(|cdn| cdn.url == named).map(|cdn| cdn.id))
}

async fn of(
    cloud: &Cloud,
    of: &'static str,
    requests: Counted<'_>,
    bytes: Option<Counted<'_>>,
    now: SystemTime,
) -> Result<Usage, CloudError> {
    let this = Month::of(now);
    let from = this.before().begins();
    let requests = cloud.counted(requests, from, now).await?;
    let bytes = match bytes {
        Some(bytes) => Some(cloud.counted(bytes, from, now).await?),
        None => None,
    };
    let in_month = |month: Month| {
        let sum = |days: &Vec<(SystemTime, u64)>| {
            days.iter().filter(|(day, _)| Month::of(*day) == month).map(|(_, count)| count).sum()
        };
        MonthOfUse { month, requests: sum(&requests), bytes: bytes.as_ref().map(sum) }
    };
    Ok(Usage { of, last: in_month(this.before()), this: in_month(this) })
}
