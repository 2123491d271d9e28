//! Making what an account needs once a Region, or bringing it up to this version.

use std::sync::Arc;

use super::{Ready, Wish};
use crate::{
    account,
    model::{
        cost,
        reel::order::{AccountRegion, Place},
        report::{fault::Stopped, usage::CeilingUse},
    },
    running::reporter::{Control, Reporter},
    use_cases::{Engine, Person, consent, unless_cancelled},
};

/// Also says where that was.
pub async fn setup(
    engine: &Engine,
    place: &Place,
    wish: impl Into<Wish>,
    person: &dyn Person,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<(Ready, AccountRegion), Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        consent::acknowledged(engine, place, &cloud, person).await?;
        let _alone = engine.alone().await;
        let ready = account::setup(&cloud, wish, reporter, control).await?;
        Ok((ready, cloud.at()))
    };
    unless_cancelled(&control.cancel, work).await
}

/// What browsers cost in a month up to this ceiling, US dollars, where every byte is the relay's.
pub fn dollars_until(ceiling: &CeilingUse, region: &str) -> f64 {
    ceiling.ceiling_bytes as f64 / 1e9 * cost::egress_per_gb(region)
}

/// The administrator's part, once an account: the roles alone. Returns how many of them were changed, and where.
pub async fn roles(
    engine: &Engine,
    place: &Place,
    with_ceiling: bool,
    person: &dyn Person,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<(u32, AccountRegion), Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        consent::acknowledged(engine, place, &cloud, person).await?;
        let _alone = engine.alone().await;
        let changed = account::setup_roles(&cloud, with_ceiling, reporter, control).await?;
        Ok((changed, cloud.at()))
    };
    unless_cancelled(&control.cancel, work).await
}
