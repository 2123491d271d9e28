//! `index.json`: what the index function knows of its reel. Written last by the publisher, read by the gate,
//! by checks and by a publisher on another machine. Everything in it is relative: no host, no account.

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde::{Deserialize, Serialize};

pub use crate::model::media::container::{Container, VideoRange};
pub use crate::model::media::streams::sounds::{Alternative, Beside};

use super::{
    generation::SourceHash,
    moment::Timestamp,
    name::{ChunkNumber, FunctionName, Generation, ReelName, RenditionId},
    order::{Robots, Wanted},
    tracks::{ChaptersIndex, Former, SubtitlesIndex, TrackName},
};

/// Of `index.json`. A gate that reads the first alone would leave out what came with the second: an index has the lowest
/// that says all of it.
pub const FORMATS: RangeInclusive<u32> = 1..=2;

/// Entry names inside the index function's zip. Playlists and init sections have the names of their URL paths
/// below `/<reel>/`: `index.m3u8`, `<generation>/<rendition>.m3u8`, `<generation>/<rendition>-init.mp4`.
pub const INDEX_ENTRY: &str = "index.json";
pub const MULTIVARIANT_ENTRY: &str = "index.m3u8";
/// There if any segment has pieces.
pub const SEEK_ENTRY: &str = "index.seek.m3u8";
pub const POSTER_ENTRY: &str = "poster.jpg";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Index {
    pub format: u32,
    pub reel: ReelName,
    /// For people: shown by the watch page, escaped there.
    pub title: String,
    pub published: Timestamp,
    /// Who published it, as AWS calls them: `user/alice`. For those who are told that they were overtaken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether search engines may list it. Indexes without it were written when none might.
    #[serde(default, skip_serializing_if = "Robots::is_noindex")]
    pub robots: Robots,
    pub current: GenerationIndex,
    /// Earlier generations and until when each is still served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<Retired>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retired {
    pub until: Timestamp,
    #[serde(flatten)]
    pub generation: GenerationIndex,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerationIndex {
    pub generation: Generation,
    pub duration_ms: u64,
    /// Seconds asked for; segments end at the first keyframe at or after it.
    pub segment_seconds: f64,
    /// The first ones are shorter, and none outgrew a chunk. zipreel 0.1 knew no such.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grows: bool,
    /// As of [`Cut`](super::order::Cut); zipreel 0.1 knew none, so that what it published is mended without.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pes_lengths: bool,
    pub chunk_limit_bytes: u64,
    /// Of the video that it was made of. zipreel 0.1 did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_sha256: Option<SourceHash>,
    /// What was asked of the video's streams: without it a repair would make another reel.
    #[serde(default, skip_serializing_if = "Wanted::is_nothing")]
    pub wanted: Wanted,
    /// Stretches in which the video that it was made of is damaged itself, as far as that was known when it was
    /// published: milliseconds from and to. Indexes without it tell of none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<(u64, u64)>,
    pub renditions: BTreeMap<RenditionId, RenditionIndex>,
    /// Where there are pieces: what the watch page says of the two playlists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest: Option<Largest>,
    /// In the order in which players list them. Their playlists and segments lie beside the index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subtitles: Vec<SubtitlesIndex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chapters: Option<ChaptersIndex>,
    /// Subtitles and chapters that it had before: who watches by them never asks for a playlist again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Former>,
    /// Its pictures carry captions by CEA-608 or CEA-708.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub captions: bool,
}

/// Bytes that a player loads for a jump, at most, by segments and by pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Largest {
    pub segment: u64,
    pub piece: u64,
}

/// Beginnings of the names that CODECS has for sound; the gate has the same list.
const SOUND: [&str; 6] = ["mp4a", "Opus", "fLaC", "alac", "ac-3", "ec-3"];

impl GenerationIndex {
    /// What a gate has to know to serve it.
    fn format(&self) -> u32 {
        let has_text = self.tracks().next().is_some() || !self.former.is_empty();
        if has_text { *FORMATS.end() } else { *FORMATS.start() }
    }

    /// Of subtitles and chapters.
    fn tracks(&self) -> impl Iterator<Item = &TrackName> {
        let subtitles = self.subtitles.iter().map(|subtitles| &subtitles.track);
        subtitles.chain(self.chapters.iter().map(|chapters| &chapters.track))
    }

    /// With the tracks that the same generation had before this, if they are others: until the time that is given, or was.
    pub fn after(mut self, before: &Self, now: Timestamp, until: Timestamp) -> Self {
        let replaced = before.tracks().map(|track| Former { track: track.clone(), until });
        let earlier = before.former.iter().filter(|former| former.until > now).cloned();
        let is_gone = |former: &Former| self.tracks().all(|own| *own != former.track);
        self.former = replaced.chain(earlier).filter(is_gone).collect();
        self
    }

    /// There is no picture in it.
    pub fn is_sound_alone(&self) -> bool {
        let is_sound = |codec: &str| SOUND.iter().any(|sound| codec.trim().starts_with(sound));
        self.variants().all(|(_, rendition)| rendition.codecs.split(',').all(is_sound))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenditionIndex {
    pub container: Container,
    /// Measured over the RFC's windows, bits a second.
    pub bandwidth: u64,
    pub average_bandwidth: u64,
    pub codecs: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<(u32, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<f64>,
    /// HDR: indexes without it tell of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_range: Option<VideoRange>,
    /// What players that know more than `codecs` read in the same picture, such as `dvh1.08.06/db1p`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplemental_codecs: Option<String>,
    /// The init section, `<generation>/<rendition>-init.mp4` beside the playlists; transport streams have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<InitIndex>,
    /// Every segment decodes on its own. zipreel 0.1 did not write it: there the playlists say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub independent: Option<bool>,
    /// Beside the picture: EXT-X-MEDIA. Without it, players choose it by itself: EXT-X-STREAM-INF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Alternative>,
    pub chunks: Vec<ChunkIndex>,
}

impl RenditionIndex {
    pub fn segments(&self) -> impl Iterator<Item = &SegmentIndex> {
        self.chunks.iter().flat_map(|chunk| &chunk.segments)
    }

    /// In order, over all chunks.
    pub fn extents(&self, grain: Grain) -> impl Iterator<Item = Extent> {
        self.chunks.iter().flat_map(move |chunk| chunk.extents(grain))
    }

    /// Whether each of them decodes on its own.
    pub fn is_independent(&self, grain: Grain) -> bool {
        let closed = || self.chunks.iter().flat_map(|chunk| &chunk.pieces).all(|piece| !piece.open);
        self.independent == Some(true) && (grain == Grain::Segments || closed())
    }

    pub fn is_beside(&self) -> bool {
        self.beside.is_some()
    }
}

/// How an init section is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitIndex {
    pub bytes: u64,
    pub crc32: u32,
}

impl InitIndex {
    pub fn of(init: &[u8]) -> Self {
        Self { bytes: init.len() as u64, crc32: crc32fast::hash(init) }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChunkIndex {
    pub number: ChunkNumber,
    /// Of the whole zip.
    pub bytes: u64,
    /// Of the whole zip, in base64: AWS's `CodeSha256`.
    pub sha256: String,
    /// Empty in a retired generation: its playlists alone tell of them.
    pub segments: Vec<SegmentIndex>,
    /// What its segments are made of, in order, where one of them has several; else the segments are the pieces, as they
    /// are in all that zipreel 0.1 wrote. Not inside the segments: gates read over those up to the first bracket.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<PieceIndex>,
}

/// A part of a segment that begins with a keyframe, and in a transport stream with its tables: it plays alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PieceIndex {
    pub offset: u64,
    pub bytes: u64,
    pub duration_us: u64,
    /// It begins with a picture that is shown before some that stand behind it and need what is before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

/// How finely a playlist cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// For players that follow redirects: each costs a request.
    Segments,
    /// For browsers behind the relay, and for seeking: each is loaded whole.
    Pieces,
}

/// What a line of a playlist is about: a segment or a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub offset: u64,
    pub bytes: u64,
    pub duration_us: u64,
    pub discontinuity: bool,
}

impl SegmentIndex {
    pub fn extent(&self) -> Extent {
        let Self { offset, bytes, duration_us, discontinuity, .. } = *self;
        Extent { offset, bytes, duration_us, discontinuity }
    }
}

impl ChunkIndex {
    pub fn extents(&self, grain: Grain) -> Vec<Extent> {
        if grain == Grain::Segments || self.pieces.is_empty() {
            return self.segments.iter().map(SegmentIndex::extent).collect();
        }
        let breaks = |at: u64| self.segments.iter().any(|segment| segment.discontinuity && segment.offset == at);
        let extent = |piece: &PieceIndex| {
            let PieceIndex { offset, bytes, duration_us, .. } = *piece;
            Extent { offset, bytes, duration_us, discontinuity: breaks(offset) }
        };
        self.pieces.iter().map(extent).collect()
    }
}

/// One segment: where it lies in its chunk's zip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SegmentIndex {
    pub offset: u64,
    pub bytes: u64,
    /// By the timestamps in it.
    pub duration_us: u64,
    pub crc32: u32,
    /// Its picture or its sound is in another form than that of the segment before, or its timestamps begin anew:
    /// EXT-X-DISCONTINUITY stands before it. zipreel 0.1 did not look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discontinuity: bool,
}

impl Index {
    /// The lowest format that these can be served in.
    pub fn format_of<'a>(generations: impl IntoIterator<Item = &'a GenerationIndex>) -> u32 {
        generations.into_iter().map(GenerationIndex::format).max().unwrap_or(*FORMATS.start())
    }

    /// Where there is no room for them.
    pub fn without_former(&self) -> Self {
        let mut without = self.clone();
        let retired = without.retired.iter_mut().map(|retired| &mut retired.generation);
        retired.chain([&mut without.current]).for_each(|generation| generation.former.clear());
        without
    }

    /// The current one, then those retired, whatever the hour: when a retired one ends is the gate's to say.
    pub fn generations(&self) -> impl Iterator<Item = &GenerationIndex> {
        std::iter::once(&self.current).chain(self.retired.iter().map(|retired| &retired.generation))
    }

    pub fn generation(&self, wanted: Generation) -> Option<&GenerationIndex> {
        self.generations().find(|index| index.generation == wanted)
    }
}

impl GenerationIndex {
    pub fn chunk(&self, rendition: &RenditionId, number: ChunkNumber) -> Option<&ChunkIndex> {
        self.renditions.get(rendition)?.chunks.iter().find(|chunk| chunk.number == number)
    }

    /// As it is kept once it is retired: chunks, by which it is served, without their segments, which are most of it, and
    /// what only checks want.
    pub fn retired(mut self) -> Self {
        self.damaged.clear();
        self.renditions
            .values_mut()
            .flat_map(|rendition| &mut rendition.chunks)
            .for_each(|chunk| (chunk.segments, chunk.pieces) = Default::default());
        self
    }

    /// What players choose by itself: the picture with its sound, or sound alone. Of several tracks of that it is the one that
    /// they begin with, in each group.
    pub fn variants(&self) -> impl Iterator<Item = (&RenditionId, &RenditionIndex)> {
        let all_stand_beside = self.renditions.values().all(RenditionIndex::is_beside);
        let begins = move |told: &Alternative| all_stand_beside && told.default;
        self.renditions.iter().filter(move |(_, rendition)| rendition.beside.as_ref().is_none_or(begins))
    }

    /// What stands beside those, or beside others.
    pub fn alternatives(&self) -> impl Iterator<Item = (&RenditionId, &RenditionIndex, &Alternative)> {
        self.renditions.iter().filter_map(|(id, rendition)| Some((id, rendition, rendition.beside.as_ref()?)))
    }

    /// Width and height of the largest picture, as far as any rendition says its own.
    pub fn size(&self) -> Option<(u32, u32)> {
        let sizes = self.renditions.values().filter_map(|rendition| rendition.resolution);
        sizes.max_by_key(|&(width, height)| (u64::from(width) * u64::from(height), width))
    }

    /// Every segment, or piece, of every rendition decodes on its own.
    pub fn is_independent(&self, grain: Grain) -> bool {
        self.renditions.values().all(|rendition| rendition.is_independent(grain))
    }

    /// Some segment is made of several pieces: there are two playlists of each rendition.
    pub fn has_pieces(&self) -> bool {
        self.renditions.values().flat_map(|rendition| &rendition.chunks).any(|chunk| !chunk.pieces.is_empty())
    }

    /// Whether it can be made current as it is.
    pub fn has_segments(&self) -> bool {
        self.renditions.values().flat_map(|rendition| &rendition.chunks).all(|chunk| !chunk.segments.is_empty())
    }

    /// All chunks with their functions, in order.
    pub fn functions(&self, reel: &ReelName) -> impl Iterator<Item = (FunctionName, &ChunkIndex)> {
        let renditions = self.renditions.iter();
        let chunks = renditions.flat_map(|(id, rendition)| rendition.chunks.iter().map(move |chunk| (id, chunk)));
        chunks.map(move |(id, chunk)| {
            let (reel, generation, rendition) = (reel.clone(), self.generation, id.clone());
            (FunctionName::Chunk { reel, generation, rendition, number: chunk.number }, chunk)
        })
    }

    /// How many, over all renditions.
    pub fn segments(&self) -> u32 {
        let chunks = self.renditions.values().flat_map(|rendition| &rendition.chunks);
        chunks.map(|chunk| chunk.segments.len() as u32).sum()
    }

    /// Total of the chunks' zips, all renditions.
    pub fn bytes(&self) -> u64 {
        self.renditions.values().flat_map(|rendition| &rendition.chunks).map(|chunk| chunk.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn text_that_is_replaced_is_served_until_its_time_is_over() {
        let chapters = |content: &str| {
            let track = TrackName::of("ch".parse().unwrap(), [content]);
            let chapters = ChaptersIndex { track, starts: Vec::new() };
            GenerationIndex { chapters: Some(chapters), ..GenerationIndex::example(BTreeMap::new()) }
        };
        let at = |hours: u64| Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(3600 * (1 + hours)));
        let former = |index: &GenerationIndex| index.former.iter().map(|one| one.until).collect::<Vec<_>>();
        let first = chapters("first");
        let second = chapters("second").after(&first, at(0), at(24));
        assert_eq!(second.former, [Former { track: first.chapters.clone().unwrap().track, until: at(24) }]);
        assert_eq!(former(&chapters("second").after(&second, at(1), at(25))), [at(24)], "published again as it is");
        let none = GenerationIndex::example(BTreeMap::new()).after(&second, at(2), at(26));
        assert_eq!(
            (former(&none), none.format()),
            (vec![at(26), at(24)], 2),
            "gates of the first format would serve none"
        );
        assert_eq!(former(&chapters("third").after(&none, at(24), at(48))), [at(26)]);
        assert_eq!(former(&chapters("first").after(&none, at(3), at(27))), [at(26)], "it is there again");
    }
}
