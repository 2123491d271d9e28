//! Looking an account over: reads, changes nothing. What may not be read is said, not failed on.

use super::{
    addresses::{Addresses, Edge, counted, environment, named_edge},
    cdn::{CdnState, standing},
    chunk_role, gate_role, probe, relay_role, usage,
};
use crate::{
    cloud::{Cloud, CloudError, RoleWanted},
    model::{
        gate::{
            front::Front,
            public::{CHUNK_ROLE, LOG_RETENTION_DAYS, Policy, Public, RELAY_ROLE, log_group},
        },
        reel::{describe, name::PREFIX},
        report::{
            fault::Explain,
            health::{Grade, Health, Subject},
        },
        wording,
    },
    remote,
    running::attempt::Retries,
    storage::player::Player,
};

/// Fewer instances than this at once, and a handful of viewers meet a gate that is busy.
const FEW_INSTANCES: u32 = 50;

/// Everything, for `zipreel doctor`. Fails only where nothing at all can be read.
pub async fn examine(cloud: &Cloud) -> Result<Health, CloudError> {
    let mut health = Health::default();
    let identity = cloud.identity();
    let who = format!("{} in account {}, Region {}", identity.arn, identity.account, cloud.region());
    health.add(Subject::Identity, Grade::Well, who);
    quota(cloud, &mut health).await?;
    rights(cloud, &mut health).await;
    made(cloud, &mut health).await;
    reached(cloud, &mut health).await;
    names(cloud, &mut health).await;
    usage::told(cloud, &mut health).await;
    Ok(health)
}

/// Roles, gate and relay alone: what a first publishing would make, for a review.
pub async fn preflight(cloud: &Cloud) -> Health {
    let mut health = Health::default();
    made(cloud, &mut health).await;
    health
}

async fn made(cloud: &Cloud, health: &mut Health) {
    let overrides = cloud.overrides();
    for (wanted, given) in [(chunk_role(cloud), &overrides.chunk_role), (gate_role(cloud), &overrides.gate_role)] {
        match given {
            Some(arn) => health.add(Subject::Roles, Grade::Note, format!("`{arn}` is taken as it is")),
            None => role(cloud, &wanted, health).await,
        }
    }
    public(cloud, Public::Gate, Subject::Gate, health).await;
    front(cloud, health).await;
    counting(cloud, health).await;
    public(cloud, Public::Relay, Subject::Relay, health).await;
    cdn(cloud, health).await;
    log(cloud, health).await;
}

/// The role of a relay with a ceiling, where there is one.
async fn counting(cloud: &Cloud, health: &mut Health) {
    let read = async { Ok((cloud.ceiling().await?, cloud.public(Public::Relay).await?)) };
    match (read.await, &cloud.overrides().relay_role) {
        (Err(error), _) => unread(health, Subject::Relay, &error),
        (Ok((Some(_), Some(_))), Some(arn)) => {
            health.add(Subject::Roles, Grade::Note, format!("`{arn}` is taken as it is"));
        }
        (Ok((Some(_), Some(_))), None) => role(cloud, &relay_role(cloud), health).await,
        (Ok(_), _) => {}
    }
}

/// An error as a finding: what may not be read is no fault of the account's.
fn unread(health: &mut Health, subject: Subject, error: &CloudError) {
    health.add(subject, Grade::Note, error.fault().to_string());
}

async fn quota(cloud: &Cloud, health: &mut Health) -> Result<(), CloudError> {
    let quota = cloud.quota().await?;
    let (used, all) = (wording::bytes(quota.code_bytes_used), wording::bytes(quota.code_bytes));
    let grade = if quota.code_bytes_left() == 0 { Grade::Wrong } else { Grade::Well };
    let functions = wording::count(quota.functions, "function");
    health.add(Subject::Storage, grade, format!("{used} of {all} of code in use, {functions}"));
    let all = quota.concurrency;
    if all < FEW_INSTANCES {
        let words = format!(
            "{all} functions may run at once: about {} requests a second. New accounts begin so; ask for more under \
             Service Quotas (AWS Lambda, \"Concurrent executions\")",
            all * 10
        );
        health.add(Subject::Concurrency, Grade::Note, words);
    } else {
        let words = format!("{all} functions may run at once, {} of them unreserved", quota.unreserved_concurrency);
        health.add(Subject::Concurrency, Grade::Well, words);
    }
    Ok(())
}

/// Asks IAM itself, which has no side effect but needs a right of its own.
async fn rights(cloud: &Cloud, health: &mut Health) {
    if cloud.identity().is_root() {
        let words = "all there are: these are the credentials of the account's root, which should not be used for this. \
                     Sign in as a user or a role; `zipreel policy` lists the permissions that it needs";
        health.add(Subject::Rights, Grade::Note, words);
        return;
    }
    let policy = Policy::Publish.text(cloud.partition(), &cloud.identity().account);
    match cloud.denied_of(&policy).await {
        Ok(denied) if denied.is_empty() => {
            health.add(Subject::Rights, Grade::Well, "all that publishing needs (`zipreel policy publish`)");
        }
        Ok(denied) => {
            let words =
                format!("missing for publishing: {} (`zipreel policy publish` has them all)", denied.join(", "));
            health.add(Subject::Rights, Grade::Wrong, words);
        }
        Err(error) => {
            let words = format!("not checked, IAM does not say ({}); `zipreel policy` lists them", error.code);
            health.add(Subject::Rights, Grade::Note, words);
        }
    }
}

async fn role(cloud: &Cloud, wanted: &RoleWanted, health: &mut Health) {
    let name = &wanted.name;
    match cloud.role_gap(wanted).await {
        Ok(None) => health.add(Subject::Roles, Grade::Well, format!("`{name}`")),
        Ok(Some(gap)) => {
            let rights = match name.as_str() {
                CHUNK_ROLE => "what chunks may do in the account: nothing",
                RELAY_ROLE => "what the relay may do in the account: count what it sends",
                _ => "what the gate may do in the account: look up chunks",
            };
            health.add(Subject::Roles, Grade::Setup, format!("role `{name}` ({rights}) {gap}"));
        }
        Err(error) => unread(health, Subject::Roles, &error),
    }
}

async fn public(cloud: &Cloud, public: Public, subject: Subject, health: &mut Health) {
    match gaps(cloud, public).await {
        Err(error) => unread(health, subject, &error),
        Ok(Standing::Absent) if public == Public::Relay => {
            health.add(
                subject,
                Grade::Note,
                "off: browsers without their own HLS can't play (`zipreel relay on` with the same --target)",
            );
        }
        Ok(Standing::Absent) => {
            let words = format!("function `{}`, with a public address, sends players to the chunks", public.name());
            health.add(subject, Grade::Setup, words);
        }
        Ok(Standing::Newer) => health.add(subject, Grade::Note, "made by a newer zipreel than this one"),
        Ok(Standing::Made(gaps)) if gaps.is_empty() => {
            health.add(subject, Grade::Well, format!("`{}` is this version's", public.name()));
        }
        Ok(Standing::Made(gaps)) => {
            health.add(subject, Grade::Setup, format!("`{}` {}", public.name(), gaps.join(", ")));
        }
    }
}

/// What stands before the gate. An API is looked for only where there is the function that it calls.
async fn front(cloud: &Cloud, health: &mut Health) {
    let read = async {
        match (cloud.front().await?, cloud.public(Public::Front).await?) {
            (chosen, Some(_)) => Ok((chosen, cloud.api().await?, gaps(cloud, Public::Front).await?)),
            (chosen, None) => Ok((chosen, None, Standing::Absent)),
        }
    };
    let name = Public::Front.name();
    match read.await {
        Err(error) => unread(health, Subject::Front, &error),
        Ok((Front::Url, None, Standing::Absent)) => {}
        Ok((chosen, Some((url, of_api)), standing)) => {
            let which = match chosen {
                Front::HttpApi => format!("HTTP API {url}"),
                Front::Url => format!("function URL; the HTTP API {url} goes on working until `zipreel teardown`"),
            };
            health.add(Subject::Front, Grade::Well, which);
            let of_function = match standing {
                Standing::Made(gaps) => gaps,
                Standing::Absent | Standing::Newer => Vec::new(),
            };
            let gaps = of_function.into_iter().map(|gap| format!("`{name}` {gap}"));
            let gaps = gaps.chain(of_api.into_iter().map(|gap| format!("the HTTP API {gap}")));
            gaps.for_each(|gap| health.add(Subject::Front, Grade::Setup, gap));
        }
        Ok((_, None, _)) => health.add(Subject::Front, Grade::Setup, "HTTP API before the gate"),
    }
}

/// It is looked for only where the gate names one: that needs a right of its own.
async fn cdn(cloud: &Cloud, health: &mut Health) {
    let named = match cloud.named_cdn().await {
        Ok(Some(named)) => named,
        Ok(None) => return,
        Err(error) => return unread(health, Subject::Cdn, &error),
    };
    let standing = match standing(cloud).await {
        Ok(standing) => standing,
        Err(error) => {
            let words = format!("{named} is named by the gate, and not looked at: {}", error.fault());
            return health.add(Subject::Cdn, Grade::Note, words);
        }
    };
    let id = standing.distribution.as_deref().unwrap_or_default();
    match standing.state {
        CdnState::Deploying => {
            health.add(
                Subject::Cdn,
                Grade::Note,
                format!("{named} (distribution {id}) is changed and not everywhere yet"),
            );
        }
        CdnState::Gone => {
            let words = format!("{named} does not answer any more: it was deleted or switched off by hand");
            health.add(Subject::Cdn, Grade::Setup, words);
        }
        _ => health.add(Subject::Cdn, Grade::Well, format!("{named} (distribution {id})")),
    }
    let others = standing.notes.into_iter().filter(|_| standing.state != CdnState::Gone);
    others.for_each(|note| {
        health.add(
            Subject::Cdn,
            Grade::Note,
            format!("{note}; `zipreel cdn off` with the same --target takes it away, too"),
        )
    });
}

enum Standing {
    Absent,
    Newer,
    Made(Vec<&'static str>),
}

async fn gaps(cloud: &Cloud, public: Public) -> Result<Standing, CloudError> {
    let Some(found) = cloud.public(public).await? else { return Ok(Standing::Absent) };
    if found.is_newer() {
        return Ok(Standing::Newer);
    }
    let mut gaps = Vec::new();
    if !found.same_code {
        gaps.push("has another version's code");
    }
    if !found.same_settings {
        gaps.push("has other settings");
    }
    // behind an HTTP API the function URL is there beside it, if the account allows one
    if public == Public::Front || (public == Public::Gate && cloud.front().await? == Front::HttpApi) {
        return Ok(Standing::Made(gaps));
    }
    if cloud.function_url(public.name()).await?.is_none() {
        gaps.push("has no URL");
    } else if !cloud.is_open(public).await? {
        gaps.push("is not open to the public by both permissions");
    }
    Ok(Standing::Made(gaps))
}

async fn log(cloud: &Cloud, health: &mut Health) {
    let group = log_group(Public::Gate);
    match cloud.log_retention(&group).await {
        Ok(Some(Some(days))) if days == LOG_RETENTION_DAYS => {
            health.add(Subject::Log, Grade::Well, format!("`{group}` keeps {days} days"));
        }
        Ok(Some(Some(days))) => health.add(Subject::Log, Grade::Note, format!("`{group}` keeps {days} days")),
        Ok(Some(None)) => health.add(Subject::Log, Grade::Setup, format!("`{group}` keeps lines for ever")),
        Ok(None) => health.add(
            Subject::Log,
            Grade::Setup,
            format!("log `{group}`, for the gate's errors, kept for {LOG_RETENTION_DAYS} days"),
        ),
        Err(error) => unread(health, Subject::Log, &error),
    }
}

/// Asks the public URLs as a viewer would.
async fn reached(cloud: &Cloud, health: &mut Health) {
    let Ok(player) = Player::new() else { return };
    let mut urls = [None, None];
    for (place, public) in [Public::Gate, Public::Relay].into_iter().enumerate() {
        urls[place] = cloud.public_url(public).await.ok().flatten();
    }
    let front = cloud.front().await.unwrap_or_default();
    let edge = edge(cloud).await;
    let ceiling = cloud.ceiling().await.unwrap_or_default();
    let [gate, relay] = &urls;
    for (public, subject, url) in [(Public::Gate, Subject::Gate, gate), (Public::Relay, Subject::Relay, relay)] {
        let Some(url) = url else { continue };
        match probe(&player, public, url).await {
            Ok(()) => health.add(subject, Grade::Well, format!("{url} answers")),
            Err(error) => health.add(subject, Grade::Wrong, error.fault().to_string()),
        }
    }
    let open = [
        (Public::Gate, Subject::Gate, gate.is_some()),
        (Public::Front, Subject::Gate, true),
        (Public::Relay, Subject::Relay, relay.is_some()),
    ];
    for (public, subject, _) in open.into_iter().filter(|(_, _, is_open)| *is_open) {
        let Ok(Some(found)) = cloud.public(public).await else { continue };
        let (gate, relay, edge) = (gate.as_deref(), relay.as_deref(), edge.as_ref());
        let counted = counted(&found.environment, edge);
        if found.environment != environment(public, Addresses { front, gate, relay, edge, ceiling, counted: &counted })
        {
            health.add(subject, Grade::Setup, format!("`{}` does not know the addresses", public.name()));
        }
    }
}

/// The CDN that the gate names, as the relay has to know it.
async fn edge(cloud: &Cloud) -> Option<Edge> {
    let url = cloud.named_cdn().await.ok().flatten()?;
    let cdns = cloud.cdns().await.unwrap_or_default();
    match cdns.into_iter().find(|cdn| cdn.url == url) {
        Some(cdn) => Some(Edge { url, sha256: Some(cdn.edge_sha256), id: Some(cdn.id) }),
        // these credentials may not look at it
        None => named_edge(cloud, url).await.ok(),
    }
}

/// Functions in our name space that are not ours.
async fn names(cloud: &Cloud, health: &mut Health) {
    let mut foreign = Vec::new();
    let listed = remote::each_function(cloud, PREFIX, &Retries::default(), |page| {
        let others = page.into_iter().filter(|facts| {
            let publics = [Public::Gate, Public::Front, Public::Relay].map(Public::name);
            describe::ours(&facts.name, &facts.description).is_none() && !publics.contains(&facts.name.as_str())
        });
        foreign.extend(others.map(|facts| facts.name));
    })
    .await;
    match listed {
        Err(error) => unread(health, Subject::Names, &error),
        Ok(()) if foreign.is_empty() => {
            health.add(Subject::Names, Grade::Well, "no foreign function is named zipreel-…")
        }
        Ok(()) => {
            let words = format!("not made by zipreel, and in the way of reels so named: {}", foreign.join(", "));
            health.add(Subject::Names, Grade::Note, words);
        }
    }
}
