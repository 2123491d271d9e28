//! HTML that shows a reel on other pages.

use crate::{
    model::{
        gate::embed::Embed,
        reel::{name::ReelName, order::Place},
        report::fault::Stopped,
    },
    use_cases::{Engine, Follow, reels::info::info},
};

pub async fn embed(engine: &Engine, place: &Place, reel: &ReelName, follow: &Follow) -> Result<Embed, Stopped> {
    info(engine, place, reel, follow).await.map(|info| info.embed())
}
