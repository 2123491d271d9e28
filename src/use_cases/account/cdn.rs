//! A CDN before gate and relay, for browsers: switched on by someone who has read its price, looked at, switched off.

use std::sync::Arc;

use crate::{
    account::{self, CdnStanding},
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
            consent::ask(person, &Question::Cdn { at, dollars_per_gb }).await?;
        }
        let _alone = engine.alone().await;
        Ok((account::cdn_on(&cloud, reporter, control).await?, cloud.at()))
    };
    unless_cancelled(&control.cancel, work).await
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
