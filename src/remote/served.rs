//! What the gate serves of a reel, asked as a player asks it: the playlists, compared with what the index says.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    model::{
        gate::public::INDEX_CHECK_EVERY,
        hls::playlist,
        reel::{
            index::{GenerationIndex, InitIndex, RenditionIndex, SegmentIndex},
            name::{Generation, ReelName, RenditionId},
        },
        retry::Looks,
    },
    storage::player::{Player, PlayerError},
};

/// From the deployed index until every instance of the gate serves it: what an instance knows, and the time that AWS
/// takes to answer it.
pub const SEEN_WITHIN: Duration = INDEX_CHECK_EVERY.saturating_add(Duration::from_secs(5));

/// One segment as the index knows it.
pub struct Expected {
    pub uri: String,
    pub segment: SegmentIndex,
}

pub fn expected_of(id: &RenditionId, rendition: &RenditionIndex) -> Vec<Expected> {
    let mut all = Vec::new();
    for chunk in &rendition.chunks {
        let uri = playlist::chunk_path(id, chunk.number, rendition.container);
        all.extend(chunk.segments.iter().map(|segment| Expected { uri: uri.clone(), segment: *segment }));
    }
    all
}

/// Whether the gate at this URL serves the generation as the reel's: the playlists that players begin with.
pub async fn served(
    player: &Player,
    gate: &str,
    reel: &ReelName,
    generation: &GenerationIndex,
) -> Result<(), PlayerError> {
    let base = format!("{gate}{reel}/");
    check_playlists(player, &base, generation).await?;
    let url = format!("{base}index.m3u8");
    // an instance may know the generation before for some seconds
    let seen_by = Instant::now() + SEEN_WITHIN;
    if names_by(seen_by, player, &url, generation, || ()).await? {
        return Ok(());
    }
    Err(PlayerError::content(&url, format!("it does not name generation {}", generation.generation)))
}

/// Whether the media playlists of a generation, below `base`, are those of its index.
pub async fn check_playlists(player: &Player, base: &str, generation: &GenerationIndex) -> Result<(), PlayerError> {
    for (id, rendition) in &generation.renditions {
        let url = format!("{base}{}", playlist::media_path(generation.generation, id));
        check_media(player, &url, &expected_of(id, rendition)).await?;
        init(player, base, generation.generation, id, rendition).await?;
    }
    Ok(())
}

/// The init section of a rendition that has one, as the gate serves it below `base`, the reel's URL.
pub async fn init(
    player: &Player,
    base: &str,
    generation: Generation,
    id: &RenditionId,
    rendition: &RenditionIndex,
) -> Result<Option<Vec<u8>>, PlayerError> {
    let Some(known) = rendition.init else { return Ok(None) };
    let url = format!("{base}{}", playlist::init_path(generation, id));
    let bytes = player.download(&url, &url, known.bytes + 1).await?;
    if InitIndex::of(&bytes) != known {
        return Err(PlayerError::content(&url, "it is not the init section that was made"));
    }
    Ok(Some(bytes))
}

async fn check_media(player: &Player, url: &str, expected: &[Expected]) -> Result<(), PlayerError> {
    let text = player.playlist(url).await?;
    let (_, read) = m3u8_rs::parse_media_playlist(text.as_bytes())
        .map_err(|_| PlayerError::content(url, "it is not a media playlist"))?;
    let same = read.segments.len() == expected.len()
        && read.segments.iter().zip(expected).all(|(read, expected)| {
            let range = read.byte_range.as_ref().map(|range| (range.length, range.offset));
            range == Some((expected.segment.bytes, Some(expected.segment.offset))) && read.uri == expected.uri
        });
    if same { Ok(()) } else { Err(PlayerError::content(url, "its segments are not those that were packed")) }
}

/// Whether the multivariant playlist at `url` names this generation by `until`. `waits` is called once if it does not at
/// once.
pub async fn names_by(
    until: Instant,
    player: &Player,
    url: &str,
    generation: &GenerationIndex,
    waits: impl FnOnce(),
) -> Result<bool, PlayerError> {
    holds_by(until, || names(player, url, generation), waits).await
}

/// Looks until it holds; the last look is the first after `until`. `waits` is called once if the first is in vain.
async fn holds_by<W, E>(until: Instant, mut look: impl FnMut() -> W, waits: impl FnOnce()) -> Result<bool, E>
where
    W: Future<Output = Result<bool, E>>,
{
    let (mut waits, mut looks) = (Some(waits), Looks::default());
    loop {
        let is_last = Instant::now() >= until;
        let holds = look().await?;
        if holds || is_last {
            return Ok(holds);
        }
        if let Some(waits) = waits.take() {
            waits();
        }
        sleep(looks.pause()).await;
    }
}

async fn names(player: &Player, url: &str, generation: &GenerationIndex) -> Result<bool, PlayerError> {
    let text = player.playlist(url).await?;
    let (_, read) = m3u8_rs::parse_master_playlist(text.as_bytes())
        .map_err(|_| PlayerError::content(url, "it is not a multivariant playlist"))?;
    let named: BTreeSet<&str> = read.variants.iter().map(|variant| variant.uri.as_str()).collect();
    let wanted: Vec<String> =
        generation.renditions.keys().map(|id| playlist::media_path(generation.generation, id)).collect();
    Ok(named == wanted.iter().map(String::as_str).collect())
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[tokio::test]
    async fn what_never_holds_is_looked_at_a_last_time_when_the_time_is_over() {
        for wait in [Duration::ZERO, Duration::from_millis(150)] {
            let until = Instant::now() + wait;
            let (looks, said) = (RefCell::new(Vec::new()), Cell::new(0));
            let look = || {
                looks.borrow_mut().push(Instant::now() >= until);
                async { Ok::<_, ()>(false) }
            };
            let held = holds_by(until, look, || said.set(said.get() + 1)).await;
            assert_eq!(held, Ok(false));
            let looks = looks.into_inner();
            // the time may be over between the question whether it is and the look
            let late = looks.iter().filter(|late| **late).count();
            assert!(looks.last() == Some(&true) && late <= 2, "{looks:?}");
            assert_eq!(said.get(), usize::from(looks.len() > 1), "{looks:?}");
        }
    }
}
