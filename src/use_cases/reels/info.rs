//! All that is known of one reel: what its index tells, where it is found, and what watching it costs.

use std::time::{Duration, SystemTime};

use crate::{
    model::{
        cost::{Costs, Viewed},
        gate::{embed::Embed, links::Links, public::Public},
        media::facts::WantedTrack,
        reel::{
            index::{ChunkIndex, GenerationIndex, Index, MULTIVARIANT_ENTRY, RenditionIndex, SegmentIndex},
            name::ReelName,
            order::{AccountRegion, Place},
            tracks::SubtitlesIndex,
        },
        report::fault::Stopped,
    },
    remote::{LibraryError, deployed},
    use_cases::{Engine, Follow, unless_cancelled},
};

/// The shape of a video whose index does not say.
const USUAL: (u32, u32) = (16, 9);

/// A reel as it is served now.
#[derive(Debug, Clone)]
pub struct Info {
    pub index: Index,
    /// Of the index's zip.
    pub index_bytes: u64,
    pub at: AccountRegion,
    pub links: Links,
    /// Browsers other than Safari and Firefox for Android can play it.
    pub relay: bool,
    pub published: Option<SystemTime>,
    /// `None` on the stand-in, which costs nothing.
    pub costs: Option<Costs>,
}

/// A link to pass on, or HTML with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToCopy {
    pub name: &'static str,
    /// For whom it is.
    pub what: &'static str,
    pub text: String,
}

impl Info {
    /// All that people pass on, what is wanted most first.
    pub fn to_copy(&self) -> Vec<ToCopy> {
        let Self { links, relay, .. } = self;
        let embed = self.embed();
        let [frame, video] = match relay {
            true => ["HTML that shows it on a web page", "HTML: the video alone, without the watch page"],
            false => {
                ["HTML; while the relay is off, Safari plays it", "the same: the video alone, without the watch page"]
            }
        };
        let one = |name, what, text| ToCopy { name, what, text };
        let relayed =
            relay.then(|| one("browser playlist", "for a video player on your own web page", links.relay_playlist()));
        let mut all = vec![
            one("watch page", "for people", links.watch.clone()),
            one("playlist", "for VLC, mpv and other players", links.playlist()),
        ];
        all.extend(self.has_seek_link().then(|| one("seek link", "quick jumps; for players", links.seek_playlist())));
        all.push(one("absolute playlist", "for MPlayer, or to save it as a file", links.absolute_playlist()));
        all.extend(relayed);
        all.extend([
            one("embed", frame, embed.iframe()),
            one("embed: video", video, embed.video()),
            one("oEmbed", "for sites that turn a link into a player", links.oembed()),
            one("poster", "preview picture", links.poster()),
        ]);
        all
    }

    /// Whether jumps by the Seek link are quicker than by the playlist: without pieces the two say the same.
    pub fn has_seek_link(&self) -> bool {
        self.index.current.has_pieces()
    }

    /// What other pages need to show it.
    pub fn embed(&self) -> Embed {
        let current = &self.index.current;
        let resolution = current.renditions.values().find_map(|rendition| rendition.resolution);
        Embed {
            reel: self.index.reel.clone(),
            title: self.index.title.clone(),
            watch: self.links.watch.clone(),
            playlist: self.links.playlist(),
            resolution: (!current.is_sound_alone()).then(|| resolution.unwrap_or(USUAL)),
            relay: self.relay,
        }
    }

    /// Beside those of the renditions, where the playlist leads to.
    pub fn subtitles_playlist(&self, subtitles: &SubtitlesIndex) -> String {
        let (playlist, generation) = (self.links.playlist(), self.index.current.generation);
        let base = playlist.strip_suffix(MULTIVARIANT_ENTRY).unwrap_or(&playlist);
        format!("{base}{generation}/{}.m3u8", subtitles.track)
    }

    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.index.current.duration_ms)
    }

    pub fn chunks(&self) -> usize {
        chunks(&self.index.current).count()
    }

    /// Of all renditions.
    pub fn segments(&self) -> usize {
        self.index.current.renditions.values().map(|rendition| segments(rendition).count()).sum()
    }

    /// Of the picture, or of sound alone.
    pub fn own_segments(&self) -> usize {
        self.index.current.variants().map(|(_, rendition)| segments(rendition).count()).max().unwrap_or(0)
    }

    /// Of the same; none where the index does not tell of segments.
    pub fn longest_segment(&self) -> Option<Duration> {
        let own = self.index.current.variants().flat_map(|(_, rendition)| segments(rendition));
        own.map(|segment| Duration::from_micros(segment.duration_us)).max()
    }

    /// The language of its sound by three letters, where it was asked for by that; indexes tell of no other.
    pub fn language(&self) -> Option<String> {
        match &self.index.current.wanted.audio {
            Some(WantedTrack::Language(language)) => Some(language.to_string()),
            Some(WantedTrack::Stream(_)) | None => None,
        }
    }
}

/// Of all renditions of a generation.
pub fn chunks(generation: &GenerationIndex) -> impl Iterator<Item = &ChunkIndex> {
    generation.renditions.values().flat_map(|rendition| &rendition.chunks)
}

pub fn segments(rendition: &RenditionIndex) -> impl Iterator<Item = &SegmentIndex> {
    rendition.chunks.iter().flat_map(|chunk| &chunk.segments)
}

pub async fn info(engine: &Engine, place: &Place, reel: &ReelName, follow: &Follow) -> Result<Info, Stopped> {
    let work = async {
        let storage = engine.storage(place).await?;
        let retries = follow.retries();
        let existing = retries.again(|| deployed::existing(&*storage, reel)).await?;
        let existing = super::found(engine, reel, existing)?;
        let at = retries.again(|| storage.gate_address()).await?.ok_or(LibraryError::NoGate)?;
        let relay = retries.again(|| storage.public_url(Public::Relay)).await?.is_some();
        let (index, index_bytes) = (existing.index, existing.facts.code_bytes);
        let viewed = Viewed::of(&index.current);
        let costs = (!place.is_local()).then(|| storage.costs(&viewed, at.front));
        Ok(Info {
            published: index.published.known(),
            links: Links::of(&at, reel),
            at: storage.at(),
            index,
            index_bytes,
            relay,
            costs,
        })
    };
    unless_cancelled(&follow.cancel, work).await
}
