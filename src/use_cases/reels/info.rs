//! All that its index tells of one reel.

use std::time::SystemTime;

use crate::{
    model::{
        gate::public::Public,
        reel::{index::Index, name::ReelName, order::Place},
        report::fault::Stopped,
    },
    remote::{LibraryError, deployed},
    use_cases::{Engine, Follow, unless_cancelled},
};

/// A reel as it is served now.
#[derive(Debug, Clone)]
pub struct Info {
    pub index: Index,
    pub watch_url: String,
    pub playlist_url: String,
    pub published: Option<SystemTime>,
}

pub async fn info(engine: &Engine, place: &Place, reel: &ReelName, follow: &Follow) -> Result<Info, Stopped> {
    let work = async {
        let storage = engine.storage(place).await?;
        let retries = follow.retries();
        let existing = retries.again(|| deployed::existing(&*storage, reel)).await?;
        let index = super::found(engine, reel, existing)?.index;
        let gate = retries.again(|| storage.public_url(Public::Gate)).await?;
        let gate = gate.ok_or(LibraryError::NoGate)?;
        let watch_url = format!("{gate}{reel}/");
        let published = index.published.known();
        Ok(Info { playlist_url: format!("{watch_url}index.m3u8"), watch_url, published, index })
    };
    unless_cancelled(&follow.cancel, work).await
}
