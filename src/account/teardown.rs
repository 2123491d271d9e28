//! Taking down what setup made. Only when no reel is left: without the gate no link of a reel works.

use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;

use super::{chunk_role, gate_role, relay_role, steps::Steps};
use crate::{
    cloud::{Cloud, CloudError},
    model::{
        gate::{
            front::API,
            public::{Public, log_group},
        },
        report::fault::{Fault, Stopped},
    },
    remote,
    running::{attempt::Retries, reporter::Control},
};

const ROLES: &str = "All else is removed. An administrator removes the roles with `zipreel teardown` and --target aws \
                     (what that needs: `zipreel policy roles`); --keep-roles leaves them.";

pub(super) const FRONT_RIGHTS: &str = "Someone with the permissions of `zipreel policy setup` and `zipreel policy front` has to do \
                                       this, or give them to these credentials; then try again.";

/// IAM's roles serve all Regions of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roles {
    Remove,
    /// Another Region uses them.
    Keep,
}

/// What is gone, in words (empty when nothing was there), and what is not yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removed(pub Vec<String>, pub Vec<String>);

/// Removes gate, relay, log and roles. May be repeated after an interruption.
/// `said` hears of what takes long.
pub async fn teardown(cloud: &Cloud, roles: Roles, said: &(dyn Fn(String) + Send + Sync)) -> Result<Removed, Stopped> {
    let retries = Retries::default();
    let shelf = remote::list(cloud, &retries, |_| ()).await?;
    let reels: Vec<_> = shelf.0.keys().map(ToString::to_string).collect();
    if !reels.is_empty() {
        let what = format!("could not take down the gate in {}: reels are left: {}", cloud.region(), reels.join(", "));
        return Err(Stopped::Failed(Fault::permanent(what).hint("Delete them first: without the gate no link works.")));
    }
    let cdn = cdn(cloud, &retries, said).await?;
    let Removed(gone, left) = remove(cloud, roles, &retries).await?;
    Ok(Removed([cdn.0, gone].concat(), [cdn.1, left].concat()))
}

/// It goes first: the gate tells that there is one, so that who never had any needs no permission to look. That takes
/// minutes. What a `cdn off` has left, another one takes.
async fn cdn(cloud: &Cloud, retries: &Retries, said: &(dyn Fn(String) + Send + Sync)) -> Result<Removed, Stopped> {
    if retries.again(|| cloud.named_cdn()).await?.is_none() {
        return Ok(Removed::default());
    }
    said("the CDN goes first, which takes AWS some minutes".to_owned());
    let (control, nobody) = (Control::default(), Arc::new(unbounded_channel().0));
    let mut run = Steps::new(cloud, nobody, &control);
    let (left, changed) = (run.taken_away().await?, run.changed > 0);
    let gone = (left.is_none() && changed).then(|| "the CDN".to_owned());
    Ok(Removed(gone.into_iter().collect(), run.notes))
}

async fn remove(cloud: &Cloud, roles: Roles, retries: &Retries) -> Result<Removed, CloudError> {
    let mut removed = Vec::new();
    // the API goes before its function, which tells that there is one
    if retries.again(|| cloud.public(Public::Front)).await?.is_some() {
        let gone = retries.again(|| cloud.delete_api()).await;
        if gone.map_err(|error| error.if_denied(FRONT_RIGHTS))? {
            removed.push(format!("HTTP API {API}"));
        }
    }
    for public in [Public::Front, Public::Relay, Public::Gate] {
        if retries.again(|| cloud.delete_public(public)).await? {
            let with = if public == Public::Front { "" } else { " and its URL" };
            removed.push(format!("function {}{with}", public.name()));
        }
    }
    let group = log_group(Public::Gate);
    if retries.again(|| cloud.delete_log(&group)).await? {
        removed.push(format!("log group {group}"));
    }
    if roles == Roles::Keep {
        return Ok(Removed(removed, Vec::new()));
    }
    let overrides = cloud.overrides();
    for (role, given) in [
        (relay_role(cloud), &overrides.relay_role),
        (gate_role(cloud), &overrides.gate_role),
        (chunk_role(cloud), &overrides.chunk_role),
    ] {
        if given.is_some() {
            continue;
        }
        let policy = role.policy.as_ref().map(|(name, _)| name.as_str());
        let gone = retries.again(|| cloud.delete_role(&role.name, policy)).await;
        if gone.map_err(|error| error.if_denied(ROLES))? {
            removed.push(format!("role {}", role.name));
        }
    }
    Ok(Removed(removed, Vec::new()))
}
