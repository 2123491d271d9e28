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
    /// What has to be acknowledged before the first publishing; `None` once it was.
    pub notice: Option<Question>,
    /// On the stand-in: its links end with this process.
    pub serves: bool,
}

/// Asks anew, since the person may have signed in again.
pub async fn sign_in(engine: &Engine, place: &Place) -> Result<SignedIn, Stopped> {
    engine.forget_sign_ins();
    let cloud = engine.connect(place).await?;
    let quota = cloud.quota().await?;
    let (setup, relay) = if place.is_local() { (Vec::new(), true) } else { preflight(&cloud).await? };
    let front = if place.is_local() { Front::Url } else { cloud.front().await? };
    Ok(SignedIn {
        at: cloud.at(),
        principal: cloud.identity().arn.clone(),
        code_bytes_used: quota.code_bytes_used,
        code_bytes: quota.code_bytes,
        setup,
        relay,
        front,
        notice: consent::notice_due(engine, place, &cloud),
        serves: place.is_local() && engine.serves(),
    })
}

/// What the first publishing will make, and whether the relay is on.
async fn preflight(cloud: &Cloud) -> Result<(Vec<String>, bool), Stopped> {
    let url = async |public: Public| cloud.public_url(public).await.map_err(Stopped::from);
    let relay = url(Public::Relay).await?.is_some();
    // an account with a gate is not set up again by a publishing
    if url(Public::Gate).await?.is_some() {
        return Ok((Vec::new(), relay));
    }
    let health = account::preflight(cloud).await;
    Ok((health.to_set_up().map(|finding| finding.words.clone()).collect(), relay))
}

/// The profiles of AWS's two files.
pub async fn profiles() -> Result<Vec<Profile>, Stopped> {
    cloud::profiles().await.map_err(Stopped::from)
}
