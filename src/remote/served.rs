//! What the gate serves of a reel, asked as a player asks it: the playlists, compared with what the index says.

use std::{collections::BTreeSet, fmt, time::Duration};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::{Instant, sleep};

use crate::{
    model::{
        gate::public::INDEX_CHECK_EVERY,
        hls::playlist,
        reel::{
            index::{Container, Extent, GenerationIndex, Grain, InitIndex, RenditionIndex, SegmentIndex},
            name::{Generation, ReelName, RenditionId},
            tracks::SubtitlesIndex,
        },
        retry::Looks,
    },
    remote::deployed::Existing,
    storage::player::{Player, PlayerError},
};

/// From the deployed index until every instance of the gate serves it: what an instance knows, and the time that AWS
/// takes to answer it.
pub const SEEN_WITHIN: Duration = INDEX_CHECK_EVERY.saturating_add(Duration::from_secs(5));

/// What the gate does instead of serving the reel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dark {
    /// It has no public URL.
    NoGate,
    /// It answers with this status of HTTP.
    Answers(u16),
    /// Its playlists are not those of this generation.
    Others,
}

impl fmt::Display for Dark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGate => f.write_str("there is no gate that serves it"),
            Self::Answers(status) => write!(f, "the gate does not serve it: it answers {status}"),
            Self::Others => f.write_str("the gate serves other playlists than those of this version"),
        }
    }
}

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
        return check_subtitles(player, &base, generation).await;
    }
    Err(PlayerError::content(&url, format!("it does not name version {}", generation.generation)))
}

/// Whether the media playlists of a generation, below `base`, are those of its index.
pub async fn check_playlists(player: &Player, base: &str, generation: &GenerationIndex) -> Result<(), PlayerError> {
    for (id, rendition) in &generation.renditions {
        let url = format!("{base}{}", playlist::media_path(generation.generation, id));
        check_media(player, &url, id, rendition, Grain::Segments).await?;
        init(player, base, generation.generation, id, rendition).await?;
    }
    Ok(())
}

/// The same of the playlists of its pieces.
pub async fn check_pieces(player: &Player, base: &str, generation: &GenerationIndex) -> Result<(), PlayerError> {
    if !generation.has_pieces() {
        return Ok(());
    }
    for (id, rendition) in &generation.renditions {
        let url = format!("{base}{}", playlist::seek_path(generation.generation, id));
        check_media(player, &url, id, rendition, Grain::Pieces).await?;
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
    let url = format!("{base}{}", playlist::init_path(generation, id));
    let Some(known) = rendition.init else {
        let lacks = rendition.container == Container::Mp4;
        let what = "the reel's index has no init section for its segments of fragmented MP4";
        return if lacks { Err(PlayerError::content(&url, what)) } else { Ok(None) };
    };
    let bytes = player.download(&url, &url, known.bytes + 1).await?;
    if InitIndex::of(&bytes) != known {
        return Err(PlayerError::content(&url, "it is not the init section that was made"));
    }
    Ok(Some(bytes))
}

/// Whether the playlists of its subtitles are: once the multivariant playlist names them, since the same generation may
/// have had others.
pub async fn check_subtitles(player: &Player, base: &str, generation: &GenerationIndex) -> Result<(), PlayerError> {
    for SubtitlesIndex { track, segments, .. } in &generation.subtitles {
        let url = format!("{base}{}", playlist::subtitles_path(generation.generation, track));
        let text = player.playlist(&url).await?;
        let read = m3u8_rs::parse_media_playlist(text.as_bytes()).map(|(_, read)| read.segments);
        let named = read.map_err(|_| PlayerError::content(&url, "it is not a media playlist"))?;
        if !named.iter().map(|segment| segment.uri.clone()).eq((0..*segments).map(|at| format!("{track}/{at}.vtt"))) {
            return Err(PlayerError::content(&url, "its segments are not those of the index"));
        }
    }
    Ok(())
}

/// Whether subtitles and chapters of a generation are served, below `base`, as they lie in the index.
pub async fn check_text(player: &Player, base: &str, index: &Existing) -> Result<(), PlayerError> {
    let prefix = format!("{}/", index.index.current.generation);
    let is_text = |name: &str| name.starts_with(&prefix) && (name.ends_with(".vtt") || name.ends_with(".json"));
    // collected: a closure kept across an await would not be `Send` for every life time
    let reads: Vec<_> = (index.entries.iter().filter(|(name, _)| is_text(name)))
        .map(|(name, wanted)| async move {
            let url = format!("{base}{name}");
            let read = player.download(&url, &url, wanted.len() as u64).await?;
            if read == *wanted { Ok(()) } else { Err(PlayerError::content(&url, "it is not what the index holds")) }
        })
        .collect();
    stream::iter(reads).buffer_unordered(PARALLEL).try_collect().await
}

/// Files that are read side by side.
const PARALLEL: usize = 4;

async fn check_media(
    player: &Player,
    url: &str,
    id: &RenditionId,
    rendition: &RenditionIndex,
    grain: Grain,
) -> Result<(), PlayerError> {
    let text = player.playlist(url).await?;
    let (_, read) = m3u8_rs::parse_media_playlist(text.as_bytes())
        .map_err(|_| PlayerError::content(url, "it is not a media playlist"))?;
    let packed = rendition.chunks.iter().flat_map(|chunk| {
        let uri = playlist::chunk_path(id, chunk.number, rendition.container);
        let range = |Extent { offset, bytes, .. }| (uri.clone(), Some((bytes, Some(offset))));
        chunk.extents(grain).into_iter().map(range).collect::<Vec<_>>()
    });
    let named = read.segments.into_iter().map(|segment| {
        let range = segment.byte_range.map(|range| (range.length, range.offset));
        (segment.uri, range)
    });
    if named.eq(packed) {
        Ok(())
    } else {
        Err(PlayerError::content(url, "its segments are not those that were packed"))
    }
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
    let texts = read.alternatives.into_iter().filter_map(|alternative| alternative.uri);
    let named: BTreeSet<String> = read.variants.into_iter().map(|variant| variant.uri).chain(texts).collect();
    let number = generation.generation;
    let wanted = generation.renditions.keys().map(|id| playlist::media_path(number, id));
    let texts = generation.subtitles.iter().map(|subtitles| playlist::subtitles_path(number, &subtitles.track));
    Ok(named == wanted.chain(texts).collect())
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
