//! The reels of an account, for the wizard's library.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt, TryStreamExt, stream};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    cloud::{Cloud, CloudError, functions::FunctionFacts},
    publish::{
        player::{Player, PlayerError},
        remote,
        run::GATE,
    },
    reel::{
        describe::{self, IndexDescription},
        fault::{Explain, Fault},
        index::ChunkIndex,
        name::{FunctionName, Generation, PREFIX, ReelName},
        playlist,
    },
    tui::backend::{Checked, Chunk, ChunkId, Finding, Reel, ReelDetail},
};

/// Chunks read at once by a deep check: what a few viewers would do.
const SIDE_BY_SIDE: usize = 4;

fn fault(error: impl Explain) -> Fault {
    error.fault()
}

/// Names that an index function holds.
pub(super) async fn names(cloud: &Cloud) -> Result<Vec<ReelName>, Fault> {
    let mut names = Vec::new();
    let index = |facts: &FunctionFacts| match FunctionName::parse(&facts.name) {
        Some(FunctionName::Index { reel }) => Some(reel),
        _ => None,
    };
    let page = |page: Vec<FunctionFacts>| names.extend(page.iter().filter_map(index));
    cloud.each_function(PREFIX, page).await.map_err(fault)?;
    Ok(names)
}

/// Sends each reel when its index is met, and in the end what chunks without an index are left.
pub(super) async fn reels(cloud: &Cloud, found: &UnboundedSender<Reel>) -> Result<(), Fault> {
    let mut indexed = BTreeMap::new();
    let mut chunks: BTreeMap<ReelName, (u32, u64)> = BTreeMap::new();
    let page = |page: Vec<FunctionFacts>| {
        for facts in page {
            match describe::ours(&facts.name, &facts.description) {
                Some(FunctionName::Index { reel }) => {
                    if let Some(description) = IndexDescription::parse(&facts.description) {
                        // a face that has gone away is no reason to stop
                        let _ = found.send(published(&description, &facts));
                        indexed.insert(reel, ());
                    }
                }
                Some(FunctionName::Chunk { reel, .. }) => {
                    let (count, bytes) = chunks.entry(reel).or_default();
                    *count += 1;
                    *bytes += facts.code_bytes;
                }
                None => {}
            }
        }
    };
    cloud.each_function(PREFIX, page).await.map_err(fault)?;
    for (name, (chunks, bytes)) in chunks.into_iter().filter(|(name, _)| !indexed.contains_key(name)) {
        let _ =
            found.send(Reel { name, generation: None, duration: None, bytes, chunks, published: None, orphan: true });
    }
    Ok(())
}

fn published(description: &IndexDescription, facts: &FunctionFacts) -> Reel {
    Reel {
        name: description.reel.clone(),
        generation: Some(description.generation),
        duration: Some(description.duration),
        bytes: description.bytes,
        chunks: description.chunks,
        published: modified(&facts.modified),
        orphan: false,
    }
}

/// `2026-11-22T10:00:00.000+0000`, as AWS writes it.
fn modified(text: &str) -> Option<SystemTime> {
    let format = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond][offset_hour sign:mandatory][offset_minute]"
    );
    OffsetDateTime::parse(text, format).ok().map(SystemTime::from)
}

/// What its index says of a reel.
pub(super) async fn reel(cloud: &Cloud, name: &ReelName) -> Result<ReelDetail, Fault> {
    let existing = remote::existing(cloud, name).await.map_err(fault)?;
    let index = existing.map(|existing| existing.index).ok_or_else(|| no_index(name))?;
    let gate = cloud.function_url(GATE).await.map_err(|error: CloudError| error.fault())?.unwrap_or_default();
    let current = &index.current;
    let chunks: Vec<_> = current
        .renditions
        .iter()
        .flat_map(|(rendition, content)| content.chunks.iter().map(move |chunk| (rendition, chunk)))
        .map(|(rendition, chunk)| Chunk {
            id: ChunkId { rendition: rendition.clone(), number: chunk.number },
            bytes: chunk.bytes,
        })
        .collect();
    let watch_url = format!("{gate}{name}/");
    Ok(ReelDetail {
        reel: Reel {
            name: name.clone(),
            generation: Some(current.generation),
            duration: Some(Duration::from_millis(current.duration_ms)),
            bytes: current.bytes(),
            chunks: chunks.len() as u32,
            published: OffsetDateTime::parse(&index.published, &Rfc3339).ok().map(SystemTime::from),
            orphan: false,
        },
        title: index.title,
        playlist_url: format!("{watch_url}index.m3u8"),
        watch_url,
        chunks,
    })
}

/// Looks at every chunk of the current generation. Deep: reads every segment as a player does.
pub(super) async fn check(
    cloud: &Cloud,
    name: &ReelName,
    deep: bool,
    found: &UnboundedSender<Checked>,
) -> Result<(), Fault> {
    let existing = remote::existing(cloud, name).await.map_err(fault)?;
    let generation = existing.map(|existing| existing.index.current).ok_or_else(|| no_index(name))?;
    let deployed = deployed(cloud, name, generation.generation).await?;
    let gate = cloud.function_url(GATE).await.map_err(fault)?.unwrap_or_default();
    let player = Player::new().map_err(fault)?;
    for (id, rendition) in &generation.renditions {
        let look = async |chunk: &ChunkIndex| {
            let place = ChunkId { rendition: id.clone(), number: chunk.number };
            let mut finding = standing(chunk, deployed.get(&place));
            if deep && finding == Finding::Ok {
                let path = playlist::chunk_path(id, chunk.number, rendition.container);
                let url = format!("{gate}{name}/{}/{path}", generation.generation);
                finding = read(&player, &url, chunk, &place, found).await?;
            }
            let _ = found.send(Checked { id: place, finding });
            Ok(())
        };
        stream::iter(&rendition.chunks).map(look).buffer_unordered(SIDE_BY_SIDE).try_collect::<()>().await?;
    }
    Ok(())
}

/// `CodeSha256`, size and state of each chunk, as the account tells.
async fn deployed(
    cloud: &Cloud,
    name: &ReelName,
    generation: Generation,
) -> Result<BTreeMap<ChunkId, FunctionFacts>, Fault> {
    let mut deployed = BTreeMap::new();
    let page = |page: Vec<FunctionFacts>| {
        for facts in page {
            if let Some(FunctionName::Chunk { rendition, number, .. }) = describe::ours(&facts.name, &facts.description)
            {
                deployed.insert(ChunkId { rendition, number }, facts);
            }
        }
    };
    cloud.each_function(&format!("{PREFIX}{name}-{generation}-"), page).await.map_err(fault)?;
    Ok(deployed)
}

fn standing(chunk: &ChunkIndex, facts: Option<&FunctionFacts>) -> Finding {
    match facts {
        None => Finding::Missing,
        Some(facts) if facts.state.as_deref() == Some("Failed") => Finding::Differs("its state is Failed".to_owned()),
        Some(facts) if facts.code_sha256 != chunk.sha256 || facts.code_bytes != chunk.bytes => {
            Finding::Differs("its code is not what was published".to_owned())
        }
        Some(_) => Finding::Ok,
    }
}

async fn read(
    player: &Player,
    url: &str,
    chunk: &ChunkIndex,
    id: &ChunkId,
    found: &UnboundedSender<Checked>,
) -> Result<Finding, Fault> {
    let mut done = 0;
    for (number, segment) in chunk.segments.iter().enumerate() {
        let _ = found.send(Checked { id: id.clone(), finding: Finding::Reading(done) });
        let read = match player.range(url, segment.offset, segment.bytes, |_| ()).await {
            Ok(read) => read,
            // an answer that is wrong is a finding; no answer ends the check
            Err(PlayerError::Connection { url, source }) => return Err(fault(PlayerError::Connection { url, source })),
            Err(error) => return Ok(Finding::Differs(error.to_string())),
        };
        if read.bytes != segment.bytes || read.crc32 != segment.crc32 {
            return Ok(Finding::Differs(format!("segment {number} of it has other bytes than were published")));
        }
        done += read.bytes;
    }
    Ok(Finding::Ok)
}

/// Removes a reel's index first, so that nobody starts watching, then its chunks. Only functions whose name and
/// description both say that they are this reel's.
pub(super) async fn delete(cloud: &Cloud, name: &ReelName) -> Result<u32, Fault> {
    let mut functions = Vec::new();
    let page = |page: Vec<FunctionFacts>| {
        for facts in page {
            if describe::ours(&facts.name, &facts.description).is_some_and(|function| function.reel() == name) {
                functions.push(facts.name);
            }
        }
    };
    cloud.each_function(&format!("{PREFIX}{name}-"), page).await.map_err(fault)?;
    let index = FunctionName::Index { reel: name.clone() }.to_string();
    functions.sort_by_key(|function| *function != index);
    let mut removed = 0;
    for function in functions {
        removed += u32::from(cloud.delete_function(&function).await.map_err(fault)?);
    }
    Ok(removed)
}

fn no_index(name: &ReelName) -> Fault {
    Fault::permanent(format!("could not open `{name}`: it has no index"))
        .hint("Its publishing was interrupted or it was deleted half-way. Publish the video again to complete it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_aws_writes_them() {
        let ten = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_341_600);
        assert_eq!(modified("2026-11-22T10:00:00.000+0000"), Some(ten));
        assert_eq!(modified("yesterday"), None);
    }
}
