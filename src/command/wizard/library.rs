//! The reels of an account as the wizard's library shows them.

use std::{collections::BTreeSet, time::Duration};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    model::{
        reel::{name::ReelName, order::Place},
        report::fault::Stopped,
    },
    tui::backend::{Checked, Chunk, ChunkId, Reel, ReelDetail},
    use_cases::{
        Engine, Follow,
        reels::{
            check::{self, Report},
            info::{self, Info},
            list::{self, Listed, ListedReels},
        },
    },
};

/// Names that are taken: those with an index.
pub(super) async fn names(engine: &Engine, place: &Place) -> Result<Vec<ReelName>, Stopped> {
    let shelf = list::list(engine, place, &Follow::default(), |_| ()).await?;
    Ok(shelf.0.into_iter().filter(|(_, listed)| listed.index.is_some()).map(|(name, _)| name).collect())
}

/// Sends each reel as soon as its index is met, and again when all its chunks are counted.
pub(super) async fn reels(engine: &Engine, place: &Place, found: &UnboundedSender<Reel>) -> Result<(), Stopped> {
    let mut sent = BTreeSet::new();
    let page = |shelf: &ListedReels| {
        for (name, listed) in &shelf.0 {
            if listed.index.is_some() && sent.insert(name.clone()) {
                // its chunks are not all counted yet; a face that has gone away is no reason to stop
                let _ = found.send(Reel { lack: None, ..reel_of(name, listed) });
            }
        }
    };
    let shelf = list::list(engine, place, &Follow::default(), page).await?;
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
        lack: listed.lack(),
    }
}

/// What its index says of a reel.
pub(super) async fn reel(engine: &Engine, place: &Place, name: &ReelName) -> Result<ReelDetail, Stopped> {
    let info = info::info(engine, place, name, &Follow::default()).await?;
    let to_copy = info.to_copy();
    let seek_url = info.has_seek_link().then(|| info.links.seek_playlist());
    let Info { index, links, published, relay, .. } = info;
    let current = &index.current;
    let renditions = current.renditions.iter();
    let chunks = renditions.flat_map(|(id, rendition)| rendition.chunks.iter().map(move |chunk| (id, chunk)));
    let chunks: Vec<_> = chunks
        .map(|(id, chunk)| Chunk { id: ChunkId { rendition: id.clone(), number: chunk.number }, bytes: chunk.bytes })
        .collect();
    Ok(ReelDetail {
        reel: Reel {
            name: name.clone(),
            generation: Some(current.generation),
            duration: Some(Duration::from_millis(current.duration_ms)),
            bytes: current.bytes(),
            chunks: chunks.len() as u32,
            published,
            orphan: false,
            lack: None,
        },
        title: index.title,
        playlist_url: links.playlist(),
        seek_url,
        watch_url: links.watch,
        to_copy,
        relay,
        chunks,
    })
}

pub(super) async fn check(
    engine: &Engine,
    place: &Place,
    name: &ReelName,
    deep: bool,
    found: &UnboundedSender<Checked>,
    follow: &Follow,
) -> Result<Report, Stopped> {
    let tell = |checked: check::Checked| {
        let id = ChunkId { rendition: checked.rendition, number: checked.number };
        let _ = found.send(Checked { generation: checked.generation, id, finding: checked.finding });
    };
    check::check(engine, place, name, deep, follow, tell).await
}
