//! A CDN before gate and relay, for browsers: switched on by someone who has read its price, looked at, switched off.

use std::sync::Arc;

use crate::{
    account::{self, CdnStanding},
    cloud::Cloud,
    model::{
        cost,
        reel::order::{AccountRegion, Place},
        report::fault::Stopped,
    },
    running::reporter::{Control, Reporter},
    use_cases::{Engine, Follow, Person, Question, consent, unless_cancelled},
};

/// What AWS's API for it does not tell.
pub const BILLED: &str = "how it is billed is not read here: pay as you go, or by a flat-rate plan, which is chosen in the CloudFront \
                          console; usage of the month is there too";

/// Minutes, on AWS. It may be run again, and goes on where it was.
pub async fn on(
    engine: &Engine,
    place: &Place,
    person: &dyn Person,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<(CdnStanding, AccountRegion), Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        consent::acknowledged(engine, place, &cloud, person).await?;
        // on the stand-in nothing leaves the machine
        if !place.is_local() {
            let at = cloud.at();
            let dollars_per_gb = cost::egress_per_gb(&at.region);
            consent::ask(person, &Question::Cdn { at, dollars_per_gb, flags: place.flags() }).await?;
        }
        let _alone = engine.alone().await;
        Ok((account::cdn_on(&cloud, reporter, control).await?, cloud.at()))
    };
    unless_cancelled(&control.cancel, work).await
}

/// Beside a publishing, for someone who has agreed to the price: what has to be said if it is not on in the end. Nobody is
/// waited for, since the reel plays without it.
pub(in crate::use_cases) async fn on_beside(
    engine: &Engine,
    place: &Place,
    cloud: &Cloud,
    reporter: Arc<dyn Reporter>,
    mut control: Control,
) -> Option<String> {
    control.attended = false;
    let work = async {
        let _alone = engine.alone().await;
        account::cdn_on(cloud, reporter, &control).await
    };
    let ended = tokio::select! {
        // a step that is cancelled says so first
        biased;
        ended = work => ended,
        () = control.cancel.cancelled() => Err(Stopped::Cancelled),
    };
    let again = format!("`zipreel cdn on{}`", place.flags());
    match ended {
        Ok(_) => None,
        Err(Stopped::Cancelled) => {
            Some(format!("the CDN was not waited for: {again} goes on with it; until then browsers play without it"))
        }
        Err(Stopped::Failed(fault)) => {
            let hint = fault.hint.as_ref().map(|hint| format!(" {hint}")).unwrap_or_default();
            Some(format!(
                "the CDN could not be switched on, browsers play without it: {fault}.{hint} {again} tries again"
            ))
        }
    }
}

/// Addresses that name it end.
pub async fn off(
    engine: &Engine,
    place: &Place,
    person: &dyn Person,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<(CdnStanding, AccountRegion), Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        if !place.is_local() {
            consent::ask(person, &Question::CdnOff { at: cloud.at() }).await?;
        }
        let _alone = engine.alone().await;
        Ok((account::cdn_off(&cloud, reporter, control).await?, cloud.at()))
    };
    unless_cancelled(&control.cancel, work).await
}

pub async fn status(engine: &Engine, place: &Place, follow: &Follow) -> Result<CdnStanding, Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        account::cdn_standing(&cloud).await.map_err(Stopped::from)
    };
    unless_cancelled(&follow.cancel, work).await
}
