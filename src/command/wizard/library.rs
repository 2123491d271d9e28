//! The reels of an account as the wizard's library shows them.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    cloud::Cloud,
    library::{self, Depth, LibraryError, Listed},
    publish::{attempt::Patience, remote, run::GATE},
    reel::{
        fault::{Explain, Fault},
        name::ReelName,
    },
    tui::backend::{Checked, Chunk, ChunkId, Reel, ReelDetail},
};

pub(super) fn fault(error: impl Into<LibraryError>) -> Fault {
    error.into().fault()
}

/// Names that are taken: those with an index.
pub(super) async fn names(cloud: &Cloud) -> Result<Vec<ReelName>, Fault> {
    let shelf = library::list(cloud, &Patience::default(), |_| ()).await.map_err(fault)?;
    Ok(shelf.0.into_iter().filter(|(_, listed)| listed.index.is_some()).map(|(name, _)| name).collect())
}

/// Sends each reel as soon as its index is met, and again when all its chunks are counted.
pub(super) async fn reels(cloud: &Cloud, found: &UnboundedSender<Reel>) -> Result<(), Fault> {
    let mut sent = BTreeSet::new();
    let page = |shelf: &library::Shelf| {
        for (name, listed) in &shelf.0 {
            if listed.index.is_some() && sent.insert(name.clone()) {
                // a face that has gone away is no reason to stop
                let _ = found.send(reel_of(name, listed));
            }
        }
    };
    let shelf = library::list(cloud, &Patience::default(), page).await.map_err(fault)?;
    for (name, listed) in &shelf.0 {
        let _ = found.send(reel_of(name, listed));
    }
    Ok(())
}

fn reel_of(name: &ReelName, listed: &Listed) -> Reel {
    let index = listed.index.as_ref();
    Reel {
        name: name.clone(),
        generation: index.map(|index| index.generation),
        duration: index.map(|index| index.duration),
        bytes: index.map_or_else(|| listed.bytes(), |index| index.bytes),
        chunks: index.map_or_else(|| listed.other_chunks(), |index| index.chunks),
        published: listed.modified,
        orphan: index.is_none(),
    }
}

/// What its index says of a reel.
pub(super) async fn reel(cloud: &Cloud, name: &ReelName) -> Result<ReelDetail, Fault> {
    let existing = remote::existing(cloud, name).await.map_err(fault)?;
    let index = existing.map(|existing| existing.index).ok_or_else(|| no_index(name))?;
    let gate = cloud.function_url(GATE).await.map_err(fault)?.ok_or_else(|| fault(LibraryError::NoGate))?;
    let current = &index.current;
    let renditions = current.renditions.iter();
    let chunks = renditions.flat_map(|(id, rendition)| rendition.chunks.iter().map(move |chunk| (id, chunk)));
    let chunks: Vec<_> = chunks
        .map(|(id, chunk)| Chunk { id: ChunkId { rendition: id.clone(), number: chunk.number }, bytes: chunk.bytes })
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

fn no_index(name: &ReelName) -> Fault {
    Fault::permanent(format!("could not open `{name}`: it has no index"))
        .hint("Its publishing was interrupted, or it was deleted half-way. Publish the video again to complete it.")
}

pub(super) async fn check(
    cloud: &Cloud,
    name: &ReelName,
    deep: bool,
    found: &UnboundedSender<Checked>,
) -> Result<(), Fault> {
    let depth = if deep { Depth::Deep } else { Depth::Quick };
    let tell = |checked: library::Checked| {
        let id = ChunkId { rendition: checked.rendition, number: checked.number };
        let _ = found.send(Checked { id, finding: checked.finding });
    };
    library::check(cloud, name, depth, &Patience::default(), tell).await.map(|_| ()).map_err(fault)
}
