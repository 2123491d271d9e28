//! What was asked and sent lately, and how much of a ceiling is used, by CloudWatch's figures. To ask for them needs a
//! right of its own, and nothing depends on it.

use std::time::SystemTime;

use crate::{
    cloud::{Cloud, CloudError, account::metrics::Counted},
    model::{
        gate::{
            ceiling::{CDN_ID, CEILING_GB, Ceiling},
            public::Public,
        },
        report::{
            fault::Explain,
            health::{Grade, Health, Subject},
            usage::{CeilingUse, Month, MonthOfUse, Usage},
        },
    },
};

/// How much of a ceiling is used, as the relay counts it: its own bytes, and those of the CDN that it knows of. Where
/// that can't be read, a sentence says so. A relay that is off counts nothing.
pub(super) async fn of_ceiling(cloud: &Cloud, ceiling: Ceiling, relay_is_on: bool) -> (CeilingUse, Option<String>) {
    let now = SystemTime::now();
    let month = Month::of(now);
    let told = CeilingUse { ceiling_bytes: ceiling.bytes(), month, used_bytes: None };
    if !relay_is_on {
        return (told, Some("the ceiling is kept for when the relay is on".to_owned()));
    }
    match used(cloud, month.begins(), now).await {
        Ok(bytes) => (CeilingUse { used_bytes: Some(bytes), ..told }, None),
        Err(error) => (told, Some(format!("how much of the ceiling is used is {}", unread(&error)))),
    }
}

async fn used(cloud: &Cloud, from: SystemTime, now: SystemTime) -> Result<u64, CloudError> {
    let mut days = cloud.counted(Counted::RelayedBytes, from, now).await?;
    if let Some(id) = known_cdn(cloud).await? {
        days.extend(cloud.counted(Counted::CdnBytes(&id), from, now).await?);
    }
    Ok(days.iter().map(|(_, bytes)| bytes).sum())
}

/// The distribution whose bytes count, by the relay's environment.
async fn known_cdn(cloud: &Cloud) -> Result<Option<String>, CloudError> {
    Ok(cloud.public(Public::Relay).await?.and_then(|mut relay| relay.environment.remove(CDN_ID)))
}

fn unread(error: &CloudError) -> String {
    match error.is_denied() {
        true => "not known: these credentials may not ask CloudWatch (`zipreel policy usage` lets them)".to_owned(),
        false => format!("not known: {}", error.fault()),
    }
}

/// For `zipreel doctor`: of each function that is there, of the CDN, and of the ceiling.
pub(super) async fn told(cloud: &Cloud, health: &mut Health) {
    if let Err(error) = figures(cloud, health).await {
        let words = format!("what was asked and sent last month is {}", unread(&error));
        health.add(Subject::Usage, Grade::Note, words);
    }
    let Ok(Some(ceiling)) = cloud.ceiling().await else { return };
    let relay_is_on = matches!(cloud.public(Public::Relay).await, Ok(Some(_)));
    let (told, note) = of_ceiling(cloud, ceiling, relay_is_on).await;
    let grade = if told.is_reached() { Grade::Note } else { Grade::Well };
    let why = note.map(|note| format!("; {note}")).unwrap_or_default();
    health.add(Subject::Usage, grade, format!("ceiling: {told}{why}"));
}

/// The first figure that can't be read ends it: the others could not be read either.
async fn figures(cloud: &Cloud, health: &mut Health) -> Result<(), CloudError> {
    let now = SystemTime::now();
    for public in [Public::Gate, Public::Front, Public::Relay] {
        let Some(found) = cloud.public(public).await? else { continue };
        let usage = match public {
            Public::Gate => of(cloud, "gate", Counted::Invocations(public), None, now).await?,
            Public::Front => match cloud.api_id().await? {
                Some(id) => of(cloud, "front", Counted::ApiRequests(&id), None, now).await?,
                None => continue,
            },
            Public::Relay => {
                let bytes = found.environment.contains_key(CEILING_GB).then_some(Counted::RelayedBytes);
                of(cloud, "relay", Counted::Invocations(public), bytes, now).await?
            }
        };
        health.add_usage(usage);
    }
    if let Some(id) = named_cdn(cloud).await? {
        let bytes = Some(Counted::CdnBytes(&id));
        health.add_usage(of(cloud, "cdn", Counted::CdnRequests(&id), bytes, now).await?);
    }
    Ok(())
}

/// Whose id the relay knows, or these credentials may look up.
async fn named_cdn(cloud: &Cloud) -> Result<Option<String>, CloudError> {
    let Some(named) = cloud.named_cdn().await? else { return Ok(None) };
    if let Some(id) = known_cdn(cloud).await? {
        return Ok(Some(id));
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
