//! All reels of an account and Region.

use crate::{
    model::{reel::order::Place, report::fault::Stopped},
    remote,
    use_cases::{Engine, Follow, unless_cancelled},
};

pub use crate::remote::{Lack, Listed, ListedReels};

/// Lists page by page; `page` sees what was found after each.
pub async fn list(
    engine: &Engine,
    place: &Place,
    follow: &Follow,
    page: impl FnMut(&ListedReels),
) -> Result<ListedReels, Stopped> {
    let work = async {
        let storage = engine.storage(place).await?;
        remote::list(&*storage, &follow.retries(), page).await.map_err(Stopped::from)
    };
    unless_cancelled(&follow.cancel, work).await
}
