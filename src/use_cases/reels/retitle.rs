//! Giving a reel another title. Nothing but its index changes, in one step.

use crate::{
    model::{
        reel::{name::ReelName, order::Place},
        report::fault::Stopped,
    },
    publish::index,
    remote::deployed,
    state::lock::Purpose,
    use_cases::{Engine, Follow, unless_cancelled},
};

/// Returns the title that it had before.
pub async fn retitle(
    engine: &Engine,
    place: &Place,
    reel: &ReelName,
    title: &str,
    follow: &Follow,
) -> Result<String, Stopped> {
    let held = engine.hold(reel, Purpose::Retitle).await?;
    let storage = unless_cancelled(&follow.cancel, engine.storage(place)).await?;
    let retries = follow.retries();
    engine
        .leased(&storage, &held, follow, async |lease| {
            let existing = retries.again(|| deployed::existing(&*storage, reel)).await?;
            let existing = super::found_by_holder(&held, existing)?;
            let before = existing.index.title.clone();
            if before != title {
                index::retitle(&*storage, existing, title, &retries, lease).await?;
            }
            Ok(before)
        })
        .await
}
