//! What the account holds of a reel already: its index, and the chunks of a generation. The remote side is the truth;
//! what is there with our hash is never sent again.

use std::{
    collections::{BTreeMap, HashMap},
    io::{Cursor, Read},
};

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    model::{
        hls::playlist,
        reel::{
            describe,
            index::{FORMATS, INDEX_ENTRY, Index},
            name::{ChunkId, ChunkNumber, FunctionName, Generation, PREFIX, ReelName, RenditionId},
        },
        report::fault::Explain,
    },
    running::attempt::Retries,
    storage::{CloudError, FunctionFacts, Page, ReadError, Storage, player::PlayerError},
};

/// An earlier state of this reel that is deployed now.
#[derive(Debug, Clone)]
pub struct Existing {
    pub facts: FunctionFacts,
    pub index: Index,
    /// Playlists and init sections by entry name, to be served on.
    pub entries: BTreeMap<String, Vec<u8>>,
}

/// Chunks of this generation that are deployed already, with their `CodeSha256`.
pub(crate) type Deployed = HashMap<ChunkId, String>;

/// As much of an index as every version of it has.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

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
    #[error(
        "`{reel}` was published by a newer zipreel: its index has format {format}, and this one knows up to {newest}"
    )]
    Newer { reel: ReelName, format: u32, newest: u32 },
    #[error("function `{0}` exists and is not an index of zipreel")]
    Foreign(String),
}

impl From<ReadError> for RemoteError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Cloud(error) => Self::Cloud(error),
            ReadError::Player(error) => Self::Player(error),
        }
    }
}

impl Explain for RemoteError {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Cloud(error) => Some(error),
            Self::Player(error) => Some(error),
            Self::Index { .. } | Self::Newer { .. } | Self::Foreign(_) => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Index { .. } | Self::Foreign(_) => Some("Choose another --name.".into()),
            Self::Newer { .. } => Some("Use that version, or choose another --name.".into()),
            other => other.passed_on()?.hint(),
        }
    }
}

/// The index that a reel's name has in the account.
pub async fn existing(storage: &dyn Storage, reel: &ReelName) -> Result<Option<Existing>, RemoteError> {
    let name = FunctionName::Index { reel: reel.clone() }.to_string();
    let Some((facts, zip)) = storage.read(&name, INDEX_MAX).await? else { return Ok(None) };
    if describe::ours(&name, &facts.description).is_none() {
        return Err(RemoteError::Foreign(name));
    }
    if zip.len() as u64 != facts.code_bytes {
        return Err(PlayerError::content(&name, "it ends early").into());
    }
    let mut entries = read_entries(zip).map_err(|error| wrong(reel, &error))?;
    let json = entries.remove(INDEX_ENTRY).ok_or_else(|| wrong(reel, "it has no index.json"))?;
    // before the rest of it, of which a newer program may have made something else
    let Format { format } = serde_json::from_slice(&json).map_err(|error| wrong(reel, &error))?;
    if format > *FORMATS.end() {
        return Err(RemoteError::Newer { reel: reel.clone(), format, newest: *FORMATS.end() });
    }
    let mut index: Index = serde_json::from_slice(&json).map_err(|error| wrong(reel, &error))?;
    if index.reel != *reel {
        return Err(wrong(reel, "it is the index of another reel"));
    }
    complete(&mut index, &entries);
    Ok(Some(Existing { facts, index, entries }))
}

/// What an older index leaves to its playlists.
fn complete(index: &mut Index, entries: &BTreeMap<String, Vec<u8>>) {
    for generation in std::iter::once(&mut index.current).chain(index.retired.iter_mut().map(|old| &mut old.generation))
    {
        for (id, rendition) in &mut generation.renditions {
            let playlist = entries.get(&playlist::media_path(generation.generation, id));
            let is_independent = || playlist.is_some_and(|bytes| playlist::is_independent(bytes));
            rendition.independent.get_or_insert_with(is_independent);
        }
    }
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

/// All functions whose names begin with `prefix`, a page at a time; each page is tried again by itself.
pub async fn each_function(
    storage: &dyn Storage,
    prefix: &str,
    retries: &Retries,
    mut page: impl FnMut(Vec<FunctionFacts>),
) -> Result<(), CloudError> {
    let mut marker = None;
    loop {
        let Page { functions, next } = retries.again(|| storage.list(prefix, marker.clone())).await?;
        page(functions);
        if next.is_none() {
            return Ok(());
        }
        marker = next;
    }
}

/// GetFunction calls side by side.
const PARALLEL: usize = 4;

/// Functions of a reel by name, of those that are wanted: by list pages, or one by one if that takes fewer calls. Lists
/// may lag behind, so what one does not show is asked for by its name.
pub async fn standing(
    storage: &dyn Storage,
    reel: &ReelName,
    wanted: &[&str],
    retries: &Retries,
) -> Result<HashMap<String, FunctionFacts>, CloudError> {
    let mut there = HashMap::new();
    if retries.again(|| storage.pages()).await? <= wanted.len() as u64 {
        let take = |page: Vec<FunctionFacts>| there.extend(page.into_iter().map(|facts| (facts.name.clone(), facts)));
        each_function(storage, &format!("{PREFIX}{reel}-"), retries, take).await?;
    }
    let unseen = wanted.iter().filter(|name| !there.contains_key(**name));
    // collected: a stream over the closure would not be `Send` for all lifetimes
    let asked: Vec<_> = unseen.map(|name| retries.again(move || storage.get(name))).collect();
    let mut asked = stream::iter(asked).buffer_unordered(PARALLEL);
    while let Some(facts) = asked.try_next().await? {
        there.extend(facts.map(|facts| (facts.name.clone(), facts)));
    }
    Ok(there)
}

/// Where a list has so few pages, the whole of it is read before any publishing: it takes two seconds at most.
const LISTED_ANYWAY: u64 = 20;

/// Chunks of this reel that are in the account, of all generations. `known`: an earlier run is on record, so that it is
/// worth going through the whole list; else, in a large account, the first chunk tells whether there is anything to
/// find.
pub(crate) async fn chunks(
    storage: &dyn Storage,
    reel: &ReelName,
    generation: Generation,
    known: bool,
) -> Result<Vec<FunctionFacts>, CloudError> {
    if !known && storage.pages().await? > LISTED_ANYWAY {
        let (reel, rendition, number) = (reel.clone(), RenditionId::source(), ChunkNumber::FIRST);
        let first = FunctionName::Chunk { reel, generation, rendition, number };
        if storage.get(&first.to_string()).await?.is_none() {
            return Ok(Vec::new());
        }
    }
    let mut found = Vec::new();
    each_function(storage, &format!("{PREFIX}{reel}-"), &Retries::none(), |page| {
        found.extend(page.into_iter().filter(|facts| {
            matches!(describe::ours(&facts.name, &facts.description),
                Some(name @ FunctionName::Chunk { .. }) if name.reel() == reel)
        }));
    })
    .await?;
    Ok(found)
}

/// Those of one generation that can be used.
pub(crate) fn deployed(chunks: &[FunctionFacts], wanted: Generation) -> Deployed {
    let usable = chunks.iter().filter(|facts| facts.is_usable());
    usable
        .filter_map(|facts| match FunctionName::parse(&facts.name) {
            Some(FunctionName::Chunk { generation, rendition, number, .. }) if generation == wanted => {
                Some((ChunkId { rendition, number }, facts.code_sha256.clone()))
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_index_leaves_it_to_the_playlist_whether_segments_are_independent() {
        let old = r#"{"format":1,"reel":"a","title":"A","published":"2026-11-22T10:00:00Z","current":{
            "generation":"01234567","duration_ms":6000,"segment_seconds":6.0,"chunk_limit_bytes":1,"renditions":{
            "src":{"container":"ts","bandwidth":1,"average_bandwidth":1,"codecs":"avc1.64001f","chunks":[]}}}}"#;
        for (playlist, independent) in [
            (Some("#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n"), Some(true)),
            (Some("#EXTM3U\n"), Some(false)),
            (None, Some(false)),
        ] {
            let mut index: Index = serde_json::from_str(old).unwrap();
            let entries = playlist.map(|text| ("01234567/src.m3u8".to_owned(), text.as_bytes().to_vec()));
            complete(&mut index, &entries.into_iter().collect());
            assert_eq!(index.current.renditions.values().next().unwrap().independent, independent);
        }
    }
}
