//! HTML that shows a reel on other pages.

use crate::{
    model::{
        gate::embed::Embed,
        reel::{name::ReelName, order::Place},
        report::fault::Stopped,
    },
    remote::{self, LibraryError},
    use_cases::{Engine, Follow, unless_cancelled},
};

pub async fn embed(engine: &Engine, place: &Place, reel: &ReelName, follow: &Follow) -> Result<Embed, Stopped> {
    let work = async {
        let storage = engine.storage(place).await?;
        remote::embed(&*storage, reel, &follow.retries()).await.map_err(|error| match error {
            LibraryError::NotFound(_) => Stopped::Failed(super::not_found(engine, reel)),
            error => error.into(),
        })
    };
    unless_cancelled(&follow.cancel, work).await
}
