//! The CDN before gate and relay: switched on, looked at, switched off, and kept by every later set-up. It is on as
//! long as the gate names it. Nothing names it before it answers, and it goes only when nothing names it any more, so
//! that reels play at each moment.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    addresses::{CeilingWish, Edge, EdgeWish, tell},
    kept_cdn::CDN_RIGHTS,
    probe,
    setup::{Ready, RelayWish, setup},
    steps::Steps,
};
use crate::{
    cloud::{
        Cloud, CloudError, Done,
        gate::cdn::{Behind, Cdn},
    },
    model::{
        gate::{cdn::RELAY_PREFIX, front::Front, public::Public},
        report::{
            event::SetupStep,
            fault::{Explain, Fault, FaultClass, Stopped},
        },
        retry::Looks,
    },
    running::{
        attempt::Retries,
        reporter::{Control, Reporter},
    },
    storage::player::{Player, PlayerError},
};

/// What CloudFront is told takes minutes until it is everywhere.
const DEPLOYED_WITHIN: Duration = Duration::from_secs(30 * 60);

/// How things stand with the CDN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CdnState {
    Off,
    /// It is made, and nothing names it yet.
    Unfinished,
    On,
    /// The gate names it, and what was set last is not everywhere yet.
    Deploying,
    /// The gate names one that is not there, or is switched off.
    Gone,
    /// Nothing names it any more, and AWS has not deleted it yet.
    SwitchingOff,
}

impl CdnState {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Unfinished => "unfinished",
            Self::On => "on",
            Self::Deploying => "deploying",
            Self::Gone => "gone",
            Self::SwitchingOff => "switching-off",
        }
    }

    /// What is to be done about it, if anything is.
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Off | Self::On => None,
            Self::Deploying => Some("what was changed last is on its way to all places, which takes minutes"),
            Self::Unfinished => Some(
                "nothing names it yet: with the same --target `zipreel cdn on` goes on, `zipreel cdn off` takes it away",
            ),
            Self::Gone => Some(
                "with the same --target `zipreel cdn on` makes it anew; `zipreel setup` or `zipreel cdn off` has the gate name it no more",
            ),
            Self::SwitchingOff => Some("`zipreel cdn off` with the same --target deletes it once AWS lets it go"),
        }
    }
}

/// The CDN as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdnStanding {
    pub state: CdnState,
    /// Base URL, with a slash at its end.
    pub url: Option<String>,
    /// AWS's id of the distribution.
    pub distribution: Option<String>,
    /// Steps that changed something.
    pub changed: u32,
    pub notes: Vec<String>,
}

impl CdnStanding {
    fn of(state: CdnState, cdn: Option<&Cdn>, changed: u32, notes: Vec<String>) -> Self {
        let (url, distribution) = (cdn.map(|cdn| cdn.url.clone()), cdn.map(|cdn| cdn.id.clone()));
        Self { state, url, distribution, changed, notes }
    }
}

/// Looks, and changes nothing.
pub async fn standing(cloud: &Cloud) -> Result<CdnStanding, CloudError> {
    let retries = Retries::default();
    let named = retries.again(|| cloud.named_cdn()).await?;
    let cdns = retries.again(|| cloud.cdns()).await.map_err(|error| error.if_denied(CDN_RIGHTS))?;
    Ok(judged(named.as_deref(), &cdns))
}

fn judged(named: Option<&str>, cdns: &[Cdn]) -> CdnStanding {
    let of_name = named.and_then(|named| cdns.iter().find(|cdn| cdn.url == named));
    let others = cdns.iter().filter(|cdn| Some(cdn.url.as_str()) != named);
    let mut notes: Vec<_> = others.map(|cdn| format!("nothing names distribution {} ({})", cdn.id, cdn.url)).collect();
    let (state, cdn) = match (named, of_name) {
        (Some(_), Some(cdn)) if !cdn.is_enabled => (CdnState::Gone, Some(cdn)),
        (Some(_), Some(cdn)) if cdn.is_deployed => (CdnState::On, Some(cdn)),
        (Some(_), Some(cdn)) => (CdnState::Deploying, Some(cdn)),
        (Some(named), None) => {
            notes.insert(0, format!("the gate names {named}, and there is no such distribution"));
            (CdnState::Gone, None)
        }
        (None, _) => match cdns.iter().find(|cdn| cdn.is_enabled).or(cdns.first()) {
            Some(cdn) if cdn.is_enabled => (CdnState::Unfinished, Some(cdn)),
            Some(cdn) => (CdnState::SwitchingOff, Some(cdn)),
            None => (CdnState::Off, None),
        },
    };
    CdnStanding::of(state, cdn, 0, notes)
}

/// Sets up what is missing, the relay too, then the CDN before them. Goes on where it was interrupted.
pub async fn switch_on(cloud: &Cloud, reporter: Arc<dyn Reporter>, control: &Control) -> Result<CdnStanding, Stopped> {
    let ready = setup(cloud, RelayWish::On, reporter.clone(), control).await?;
    let mut run = Steps::new(cloud, reporter, control);
    (run.changed, run.notes) = (ready.changed, ready.notes.clone());
    let Ready { gate_url: gate, front, relay_url: Some(relay), .. } = &ready else {
        let fault = Fault::permanent("could not switch the CDN on").because("the relay was switched off meanwhile");
        return Err(Stopped::Failed(fault.hint("Run it again.")));
    };
    let reference = cloud.new_cdn_reference().map_err(Stopped::from)?;
    let behind = Behind { gate, relay, reference: &reference };
    let named = Retries::default().again(|| cloud.named_cdn()).await?;
    let named = named.as_deref();
    let ensure = || async { cloud.ensure_cdn(behind, named).await.map_err(|error| error.if_denied(CDN_RIGHTS)) };
    let cdn = run.step(SetupStep::Cdn, ensure).await?;
    let Some(cdn) = run.deployed(&cdn.id).await? else {
        let fault = Fault::permanent(format!("could not see distribution `{}` being deployed", cdn.id));
        return Err(Stopped::Failed(fault.because("it is gone").hint("Run it again: another one is made.")));
    };
    run.answers(&cdn.url).await?;
    let edge =
        EdgeWish::On(Edge { url: cdn.url.clone(), sha256: Some(cdn.edge_sha256.clone()), id: Some(cdn.id.clone()) });
    // pages may ask those alone whom the gate names, so that the relay sends them to the CDN only once it is named
    run.told(&[Public::Front, Public::Gate, Public::Relay], (*front, gate), &edge).await?;
    Ok(CdnStanding::of(CdnState::On, Some(&cdn), run.changed, run.notes))
}

/// Has gate and relay name it no more, then takes it away, as far as AWS lets go of it. A second call does the rest.
pub async fn switch_off(cloud: &Cloud, reporter: Arc<dyn Reporter>, control: &Control) -> Result<CdnStanding, Stopped> {
    let mut run = Steps::new(cloud, reporter, control);
    let retries = Retries::default();
    if let Some(at) = retries.again(|| cloud.gate_address()).await? {
        // the other way round: the relay serves everyone before the gate names it
        run.told(&[Public::Relay, Public::Front, Public::Gate], (at.front, &at.gate), &EdgeWish::Off).await?;
    }
    let left = run.taken_away().await?;
    let state = if left.is_some() { CdnState::SwitchingOff } else { CdnState::Off };
    Ok(CdnStanding::of(state, left.as_ref(), run.changed, run.notes))
}

impl Steps<'_> {
    /// Waits until what was set last is everywhere; `None` once it is gone.
    async fn deployed(&mut self, id: &str) -> Result<Option<Cdn>, Stopped> {
        let cloud = self.cloud;
        let look = || async {
            let (end, mut looks) = (Instant::now() + DEPLOYED_WITHIN, Looks::for_minutes());
            loop {
                let doing = || format!("could not see distribution `{id}` being deployed");
                match cloud.cdn(id).await? {
                    None => return Ok((Done::Kept, None)),
                    Some(cdn) if cdn.is_deployed => return Ok((Done::Kept, Some(cdn))),
                    Some(_) if Instant::now() > end => {
                        let minutes = DEPLOYED_WITHIN.as_secs() / 60;
                        let cause =
                            format!("it is not everywhere after {minutes} minutes; run it again to go on waiting");
                        return Err(CloudError::unexpected(doing(), cause));
                    }
                    Some(_) => tokio::time::sleep(looks.pause()).await,
                }
            }
        };
        self.step(SetupStep::CdnDeployed, look).await
    }

    /// Asks through the CDN, before anything names it, what gate and relay answer.
    async fn answers(&mut self, cdn: &str) -> Result<(), Stopped> {
        let player = Player::new()?;
        let relay = format!("{cdn}{RELAY_PREFIX}");
        let ask = || async {
            probe(&player, Public::Gate, cdn).await?;
            probe(&player, Public::Relay, &relay).await?;
            Ok::<_, PlayerError>((Done::Kept, ()))
        };
        self.step(SetupStep::CdnProbe, ask).await
    }

    async fn told(&mut self, publics: &[Public], gate: (Front, &str), edge: &EdgeWish) -> Result<(), Stopped> {
        let (cloud, retries) = (self.cloud, Retries::default());
        let mut there = Vec::new();
        for public in publics.iter().copied() {
            if retries.again(|| cloud.public(public)).await?.is_some() {
                there.push(public);
            }
        }
        let tell = || async { Ok::<_, CloudError>((tell(cloud, &there, gate, edge, CeilingWish::AsItIs).await?, ())) };
        self.step(SetupStep::Addresses, tell).await
    }

    /// Takes away all of ours; the one that AWS does not let go of yet is given back, with a note.
    pub(super) async fn taken_away(&mut self) -> Result<Option<Cdn>, Stopped> {
        let cloud = self.cloud;
        let list = || async { cloud.cdns().await.map_err(|error| error.if_denied(CDN_RIGHTS)) };
        let mut left = None;
        for cdn in Retries::default().again(list).await? {
            let id = &cdn.id;
            let disable = || async {
                let changed = cloud.disable_cdn(id).await.map_err(|error| error.if_denied(CDN_RIGHTS))?;
                Ok::<_, CloudError>((if changed { Done::Updated } else { Done::Kept }, ()))
            };
            self.step(SetupStep::CdnDisabled, disable).await?;
            if self.deployed(id).await?.is_none() {
                continue;
            }
            let delete = || async {
                match cloud.delete_cdn(id).await {
                    Ok(gone) => Ok((if gone { Done::Updated } else { Done::Kept }, None)),
                    Err(error) if error.is_denied() || error.class() != FaultClass::Permanent => {
                        Err(error.if_denied(CDN_RIGHTS))
                    }
                    Err(error) => Ok((Done::Kept, Some(error))),
                }
            };
            if let Some(error) = self.step(SetupStep::CdnDeleted, delete).await? {
                self.notes.push(format!(
                    "distribution {id} is switched off and not deleted: {}. One on a flat-rate plan can be deleted once \
                     the plan is cancelled and its month is over: run `zipreel cdn off` again then, with the same --target",
                    error.fault()
                ));
                left = Some(cdn);
            }
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cdn(id: &str, is_enabled: bool, is_deployed: bool) -> Cdn {
        let url = format!("https://{id}.cloudfront.net/");
        let edge_sha256 = String::new();
        Cdn { id: id.to_owned(), url, is_enabled, is_deployed, edge_sha256, leads_to: Vec::new() }
    }

    #[test]
    fn it_is_on_as_long_as_the_gate_names_it_and_it_answers() {
        let (a, b) = ("https://a.cloudfront.net/", "https://b.cloudfront.net/");
        for (named, cdns, state, url) in [
            (None, vec![], CdnState::Off, None),
            (None, vec![cdn("a", true, true)], CdnState::Unfinished, Some(a)),
            (None, vec![cdn("a", false, false)], CdnState::SwitchingOff, Some(a)),
            (None, vec![cdn("a", false, true), cdn("b", true, false)], CdnState::Unfinished, Some(b)),
            (Some(a), vec![cdn("a", true, true)], CdnState::On, Some(a)),
            (Some(b), vec![cdn("a", true, true), cdn("b", true, false)], CdnState::Deploying, Some(b)),
            (Some(a), vec![cdn("a", false, true)], CdnState::Gone, Some(a)),
            (Some(a), vec![], CdnState::Gone, None),
        ] {
            let standing = judged(named, &cdns);
            assert_eq!((standing.state, standing.url.as_deref()), (state, url), "{named:?} {cdns:?}");
        }
        let two = judged(Some(b), &[cdn("a", true, true), cdn("b", true, true)]);
        assert_eq!(two.notes, ["nothing names distribution a (https://a.cloudfront.net/)"]);
    }
}
