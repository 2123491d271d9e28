//! What other pages need to show a reel: its index tells the title, the gate's URL is its address.

use super::LibraryError;
use crate::{
    model::{
        gate::{embed::Embed, public::Public},
        reel::name::ReelName,
    },
    remote::deployed,
    running::attempt::Retries,
    storage::Storage,
};

/// Of a video whose index does not say.
const USUAL: (u32, u32) = (16, 9);

pub async fn embed(storage: &dyn Storage, reel: &ReelName, retries: &Retries) -> Result<Embed, LibraryError> {
    let existing = retries.again(|| deployed::existing(storage, reel)).await?;
    let existing = existing.ok_or_else(|| LibraryError::NotFound(reel.clone()))?;
    let index = existing.index;
    let url = async |public: Public| retries.again(|| storage.public_url(public)).await;
    let gate = url(Public::Gate).await?.ok_or(LibraryError::NoGate)?;
    let resolution = index.current.renditions.values().find_map(|rendition| rendition.resolution);
    Ok(Embed {
        watch: format!("{gate}{reel}/"),
        title: index.title,
        resolution: (!index.current.is_sound_alone()).then(|| resolution.unwrap_or(USUAL)),
        relay: url(Public::Relay).await?.is_some(),
        reel: index.reel,
    })
}
