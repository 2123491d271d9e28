//! What other pages need to show a reel: its index tells the title, the gate's URL is its address.

use super::LibraryError;
use crate::{
    cloud::Cloud,
    publish::{attempt::Patience, remote},
    reel::{embed::Embed, gate::Public, name::ReelName},
};

/// Of a video whose index does not say.
const USUAL: (u32, u32) = (16, 9);

pub async fn embed(cloud: &Cloud, reel: &ReelName, patience: &Patience) -> Result<Embed, LibraryError> {
    let existing = patience.again(|| remote::existing(cloud, reel)).await?;
    let existing = existing.ok_or_else(|| LibraryError::NotFound(reel.clone()))?;
    let index = existing.index;
    let url = async |public: Public| patience.again(|| cloud.function_url(public.name())).await;
    let gate = url(Public::Gate).await?.ok_or(LibraryError::NoGate)?;
    let resolution = index.current.renditions.values().find_map(|rendition| rendition.resolution);
    Ok(Embed {
        watch: format!("{gate}{reel}/"),
        title: index.title,
        open_gops: !index.current.is_independent(),
        resolution: resolution.unwrap_or(USUAL),
        relay: url(Public::Relay).await?.is_some(),
        reel: index.reel,
    })
}
