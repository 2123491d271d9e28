//! What the account holds of a reel already: its index, and the chunks of a generation. The remote side is the truth;
//! what is there with our hash is never sent again.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use super::{
    index::Existing,
    player::{Player, PlayerError},
    upload::Deployed,
};
use crate::{
    cloud::{Cloud, CloudError},
    reel::{
        describe,
        fault::{Explain, FaultClass},
        index::{INDEX_ENTRY, Index},
        name::{ChunkNumber, FunctionName, Generation, PREFIX, ReelName, RenditionId},
    },
};

/// An index of a reel of 10,000 segments and several generations stays well below.
const INDEX_MAX: u64 = 64 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Player(#[from] PlayerError),
    #[error("could not read the index of `{reel}`: {why}")]
    Index { reel: ReelName, why: String },
    #[error("function `{0}` exists and is not an index of zipreel")]
    Foreign(String),
}

impl Explain for RemoteError {
    fn class(&self) -> FaultClass {
        match self {
            Self::Cloud(error) => error.class(),
            Self::Player(error) => error.class(),
            Self::Index { .. } | Self::Foreign(_) => FaultClass::Permanent,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cloud(error) => error.hint(),
            Self::Player(error) => error.hint(),
            Self::Index { .. } | Self::Foreign(_) => Some("Choose another --name.".into()),
        }
    }
}

/// The index that a reel's name has in the account.
pub async fn existing(cloud: &Cloud, reel: &ReelName) -> Result<Option<Existing>, RemoteError> {
    let name = FunctionName::Index { reel: reel.clone() }.to_string();
    let Some((facts, link)) = cloud.download_link(&name).await? else { return Ok(None) };
    if describe::ours(&name, &facts.description).is_none() {
        return Err(RemoteError::Foreign(name));
    }
    let zip = Player::new()?.download(&name, &link, INDEX_MAX).await?;
    let mut entries = read_entries(zip).map_err(|error| wrong(reel, &error))?;
    let json = entries.remove(INDEX_ENTRY).ok_or_else(|| wrong(reel, "it has no index.json"))?;
    let index: Index = serde_json::from_slice(&json).map_err(|error| wrong(reel, &error))?;
    if index.reel != *reel {
        return Err(wrong(reel, "it is the index of another reel"));
    }
    Ok(Some(Existing { facts, index, entries }))
}

fn wrong(reel: &ReelName, why: impl ToString) -> RemoteError {
    RemoteError::Index { reel: reel.clone(), why: why.to_string() }
}

fn read_entries(zip: Vec<u8>) -> Result<BTreeMap<String, Vec<u8>>, zip::result::ZipError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip))?;
    let mut entries = BTreeMap::new();
    for place in 0..archive.len() {
        let file = archive.by_index(place)?;
        let name = file.name()?.into_owned();
        let mut bytes = Vec::new();
        // stored entries can't be larger than the zip; a compressed one is held to the same bound
        file.take(INDEX_MAX).read_to_end(&mut bytes)?;
        entries.insert(name, bytes);
    }
    Ok(entries)
}

/// The chunks of a generation that are deployed. `known`: an earlier run is on record, so that it is worth going
/// through the whole list; else the first chunk tells whether there is anything to find.
pub(super) async fn deployed(
    cloud: &Cloud,
    reel: &ReelName,
    generation: Generation,
    rendition: &RenditionId,
    known: bool,
) -> Result<Deployed, CloudError> {
    let chunk = |number| FunctionName::Chunk { reel: reel.clone(), generation, rendition: rendition.clone(), number };
    if !known && cloud.function(&chunk(ChunkNumber::FIRST).to_string()).await?.is_none() {
        return Ok(Deployed::new());
    }
    let mut found = Deployed::new();
    cloud
        .each_function(&format!("{PREFIX}{reel}-{generation}-{rendition}-"), |page| {
            for facts in page {
                let usable = facts.state.as_deref().is_none_or(|state| state != "Failed" && state != "Deleting");
                if let Some(FunctionName::Chunk { number, .. }) = describe::ours(&facts.name, &facts.description)
                    && usable
                {
                    found.insert(number, facts.code_sha256);
                }
            }
        })
        .await?;
    Ok(found)
}
