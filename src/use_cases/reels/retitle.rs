//! Giving a reel another title. Nothing but its index changes, in one step.

use crate::{
    publish::{index, remote},
    reel::{fault::Stopped, name::ReelName, order::Place},
    state::lock::Purpose,
    use_cases::{Engine, Follow, failed},
};

/// Returns the title that it had before.
pub async fn retitle(
    engine: &Engine,
    place: &Place,
    reel: &ReelName,
    title: &str,
    follow: &Follow,
) -> Result<String, Stopped> {
    let _held = engine.hold(reel, Purpose::Retitle).await?;
    let work = async {
        let cloud = engine.connect(place).await?;
        let patience = follow.patience();
        let existing = patience.again(|| remote::existing(&cloud, reel)).await.map_err(failed)?;
        let existing = super::found(engine, reel, existing)?;
        let before = existing.index.title.clone();
        if before != title {
            index::retitle(&cloud, existing, title, &patience).await.map_err(failed)?;
        }
        Ok(before)
    };
    follow.cancel.run_until_cancelled(work).await.unwrap_or(Err(Stopped::Cancelled))
}
