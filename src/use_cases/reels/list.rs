//! All reels of an account and Region.

use crate::{
    library,
    reel::{fault::Stopped, order::Place},
    use_cases::{Engine, Follow, failed, unless_cancelled},
};

pub use crate::library::{Listed, Shelf};

/// Lists page by page; `page` sees what was found after each.
pub async fn list(engine: &Engine, place: &Place, follow: &Follow, page: impl FnMut(&Shelf)) -> Result<Shelf, Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        library::list(&cloud, &follow.patience(), page).await.map_err(failed)
    };
    unless_cancelled(&follow.cancel, work).await
}
