//! Who the person is at a place, and what a first publishing there would make. Changes nothing.

use crate::{
    account,
    cloud::{self, Cloud},
    model::{
        gate::{front::Front, public::Public},
        reel::order::{AccountRegion, Place},
        report::fault::Stopped,
    },
    use_cases::{Engine, Question, consent},
};

pub use crate::cloud::Profile;

#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    pub at: AccountRegion,
    /// ARN of who signed in.
    pub principal: String,
    pub code_bytes_used: u64,
    pub code_bytes: u64,
    /// Things that the first publishing makes (roles, gate), in words; empty when all is there.
    pub setup: Vec<String>,
    pub relay: bool,
    /// What stands before the gate, or will.
    pub front: Front,
    /// A CDN stands before gate and relay.
    pub cdn: bool,
    /// What has to be acknowledged before the first publishing; `None` once it was.
    pub notice: Option<Question>,
    /// On the stand-in: its links end with this process.
    pub serves: bool,
    /// On the stand-in: other machines can watch, too.
    pub open: bool,
}

/// Asks anew, since the person may have signed in again.
pub async fn sign_in(engine: &Engine, place: &Place) -> Result<SignedIn, Stopped> {
    engine.forget_sign_ins();
    let cloud = engine.connect(place).await?;
    let quota = cloud.quota().await?;
    let local = Beside { setup: Vec::new(), relay: true, front: Front::Url, cdn: false };
    let Beside { setup, relay, front, cdn } = if place.is_local() { local } else { preflight(&cloud).await? };
    Ok(SignedIn {
        at: cloud.at(),
        principal: cloud.identity().arn.clone(),
        code_bytes_used: quota.code_bytes_used,
        code_bytes: quota.code_bytes,
        setup,
        relay,
        front,
        cdn,
        notice: consent::notice_due(engine, place, &cloud),
        serves: place.is_local() && engine.serves(),
        open: place.is_local() && engine.is_open(),
    })
}

/// What is beside the reels.
struct Beside {
    setup: Vec<String>,
    relay: bool,
    front: Front,
    cdn: bool,
}

/// What the first publishing will make, and what is there.
async fn preflight(cloud: &Cloud) -> Result<Beside, Stopped> {
    let relay = cloud.public_url(Public::Relay).await?.is_some();
    // an account with a gate is not set up again by a publishing
    if let Some(at) = cloud.gate_address().await? {
        return Ok(Beside { setup: Vec::new(), relay, front: at.front, cdn: at.cdn.is_some() });
    }
    let health = account::preflight(cloud).await;
    let setup = health.to_set_up().map(|finding| finding.words.clone()).collect();
    Ok(Beside { setup, relay, front: Front::Url, cdn: false })
}

/// The profiles of AWS's two files.
pub async fn profiles() -> Result<Vec<Profile>, Stopped> {
    cloud::profiles().await.map_err(Stopped::from)
}
