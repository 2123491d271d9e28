//! HTML that shows a reel on other pages.

use crate::{
    library::{self, LibraryError},
    reel::{embed::Embed, fault::Stopped, name::ReelName, order::Place},
    use_cases::{Engine, Follow, failed, unless_cancelled},
};

pub async fn embed(engine: &Engine, place: &Place, reel: &ReelName, follow: &Follow) -> Result<Embed, Stopped> {
    let work = async {
        let cloud = engine.connect(place).await?;
        library::embed(&cloud, reel, &follow.patience()).await.map_err(|error| match error {
            LibraryError::NotFound(_) => Stopped::Failed(super::not_found(engine, reel)),
            error => failed(error),
        })
    };
    unless_cancelled(&follow.cancel, work).await
}
