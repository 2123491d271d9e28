//! Making what an account needs once a Region, or bringing it up to this version.

use std::sync::Arc;

use super::{Ready, Wish};
use crate::{
    account,
    model::{
        reel::order::{AccountRegion, Place},
        report::fault::Stopped,
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

/// The administrator's part, once an account: the two roles alone. Returns how many of them were changed, and where.
pub async fn roles(
    engine: &Engine,
    place: &Place,
    person: &dyn Person,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<(u32, AccountRegion), Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        consent::acknowledged(engine, place, &cloud, person).await?;
        let _alone = engine.alone().await;
        let changed = account::setup_roles(&cloud, reporter, control).await?;
        Ok((changed, cloud.at()))
    };
    unless_cancelled(&control.cancel, work).await
}
