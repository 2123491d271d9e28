//! Playlists by RFC 8216, written through m3u8-rs's types. Every URI is relative; every byte range has its offset.

use std::io;

use m3u8_rs::{ByteRange, Map, MediaPlaylist, MediaPlaylistType, MediaSegment};

use crate::model::reel::{
    index::{Container, Extent, GenerationIndex, Grain, RenditionIndex},
    name::{ChunkNumber, Generation, RenditionId},
    tracks::TrackName,
};

/// EXT-X-TARGETDURATION: each EXTINF rounded to the nearest integer is at most this (RFC 8216 section 4.3.3.1).
pub fn target_duration(durations_us: impl IntoIterator<Item = u64>) -> u64 {
    let longest = durations_us.into_iter().max().unwrap_or(0);
    // what a player rounds is the EXTINF as written, in 32-bit seconds
    f64::from(seconds(longest)).round().max(1.0) as u64
}

/// Bits a second over a rendition: BANDWIDTH and AVERAGE-BANDWIDTH (RFC 8216 section 4.3.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bandwidth {
    /// The most of any run of segments that lasts between 0.5 and 1.5 target durations. Taken a segment at a time,
    /// a last segment of a tenth of a second would count as much as a whole one.
    pub peak: u64,
    pub average: u64,
}

pub fn bandwidth(segments: &[Extent]) -> Bandwidth {
    let target_us = target_duration(segments.iter().map(|segment| segment.duration_us)) * 1_000_000;
    let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
    let duration: u64 = segments.iter().map(|segment| segment.duration_us).sum();
    let average = bit_rate(bytes, duration);
    let mut peak = 0;
    for first in 0..segments.len() {
        let (mut bytes, mut duration) = (0, 0);
        for segment in &segments[first..] {
            bytes += segment.bytes;
            duration += segment.duration_us;
            if 2 * duration > 3 * target_us {
                break;
            }
            if 2 * duration >= target_us {
                peak = peak.max(bit_rate(bytes, duration));
            }
        }
    }
    // a reel shorter than half its target duration has no such run
    Bandwidth { peak: peak.max(average), average }
}

fn bit_rate(bytes: u64, duration_us: u64) -> u64 {
    (bytes * 8_000_000).div_ceil(duration_us.max(1))
}

/// Where a media playlist's URIs point.
#[derive(Debug, Clone, Copy)]
pub enum Links<'a> {
    /// `<prefix><rendition>/<nnnn>.<ext>` with byte ranges, through the gate. The prefix is empty or an absolute URL.
    Chunks { prefix: &'a str },
    /// `<rendition>/<segment>.<ext>`, whole segments, or `<rendition>/pieces/<piece>.<ext>`, through the relay.
    Relay,
}

/// The media playlist of one rendition that is alone.
pub fn media(id: &RenditionId, rendition: &RenditionIndex, grain: Grain, links: Links<'_>) -> String {
    media_at(id, rendition, own_target(rendition, grain), grain, links)
}

/// The media playlist of one of a generation's renditions: all have the same EXT-X-TARGETDURATION (RFC 8216 section
/// 6.2.4).
pub fn media_of(
    generation: &GenerationIndex,
    id: &RenditionId,
    rendition: &RenditionIndex,
    grain: Grain,
    links: Links<'_>,
) -> String {
    let target = generation.renditions.values().map(|rendition| own_target(rendition, grain)).max().unwrap_or(1);
    media_at(id, rendition, target, grain, links)
}

fn own_target(rendition: &RenditionIndex, grain: Grain) -> u64 {
    target_duration(rendition.extents(grain).map(|extent| extent.duration_us))
}

fn media_at(
    id: &RenditionId,
    rendition: &RenditionIndex,
    target_duration: u64,
    grain: Grain,
    links: Links<'_>,
) -> String {
    let chunks = rendition.chunks.iter();
    let segments = chunks.flat_map(|chunk| chunk.extents(grain).into_iter().map(|extent| (chunk.number, extent)));
    let mut segments: Vec<MediaSegment> = (0_u32..)
        .zip(segments)
        .map(|(number, (chunk, segment))| match links {
            Links::Chunks { prefix } => MediaSegment {
                uri: format!("{prefix}{}", chunk_path(id, chunk, rendition.container)),
                byte_range: Some(ByteRange { length: segment.bytes, offset: Some(segment.offset) }),
                duration: seconds(segment.duration_us),
                discontinuity: segment.discontinuity,
                ..MediaSegment::default()
            },
            Links::Relay => MediaSegment {
                uri: relayed_path(id, grain, number, rendition.container),
                duration: seconds(segment.duration_us),
                discontinuity: segment.discontinuity,
                ..MediaSegment::default()
            },
        })
        .collect();
    if let (Container::Mp4, Some(first)) = (rendition.container, segments.first_mut()) {
        // whole, since a player hangs on one with a byte range
        let prefix = if let Links::Chunks { prefix } = links { prefix } else { "" };
        first.map = Some(Map { uri: format!("{prefix}{id}-init.mp4"), ..Map::default() });
    }
    let playlist = MediaPlaylist {
        version: Some(match rendition.container {
            // byte ranges need 4, EXT-X-MAP outside of I-frame playlists 6
            Container::Ts => 4,
            Container::Mp4 => 6,
        }),
        target_duration,
        segments,
        end_list: true,
        playlist_type: Some(MediaPlaylistType::Vod),
        independent_segments: rendition.is_independent(grain),
        ..MediaPlaylist::default()
    };
    text(|out| playlist.write_to(out))
}

/// What a segment or a piece takes of the two playlists that [`media`] writes: through the gate, and through the relay.
/// `number` counts the rendition's from 0.
pub fn entry_bytes(
    id: &RenditionId,
    container: Container,
    chunk: ChunkNumber,
    grain: Grain,
    number: u32,
    extent: &Extent,
) -> [u64; 2] {
    let Extent { offset, bytes, duration_us, discontinuity } = extent;
    let extent = format!("#EXTINF:{},\n", seconds(*duration_us)).len();
    let range = format!("#EXT-X-BYTERANGE:{bytes}@{offset}\n").len();
    let relayed = relayed_path(id, grain, number, container).len() + 1;
    let link = chunk_path(id, chunk, container).len() + 1;
    let extent = extent + if *discontinuity { "#EXT-X-DISCONTINUITY\n".len() } else { 0 };
    [extent + range + link, extent + relayed].map(|bytes| bytes as u64)
}

/// `<rendition>/<nnnn>.<ext>`, below `/<reel>/<generation>/`.
pub fn chunk_path(rendition: &RenditionId, number: ChunkNumber, container: Container) -> String {
    format!("{rendition}/{number}.{}", container.extension())
}

/// What the relay serves, below `/<reel>/<generation>/`: `<rendition>/<segment>.<ext>`,
/// `<rendition>/pieces/<piece>.<ext>`.
fn relayed_path(rendition: &RenditionId, grain: Grain, number: u32, container: Container) -> String {
    let folder = if grain == Grain::Pieces { "pieces/" } else { "" };
    format!("{rendition}/{folder}{number}.{}", container.extension())
}

/// `<generation>/<rendition>.m3u8`, below `/<reel>/`.
pub fn media_path(generation: Generation, rendition: &RenditionId) -> String {
    format!("{generation}/{rendition}.m3u8")
}

/// `<generation>/<rendition>-init.mp4`, below `/<reel>/`.
pub fn init_path(generation: Generation, rendition: &RenditionId) -> String {
    format!("{generation}/{rendition}-init.mp4")
}

/// `<generation>/<rendition>.relay.m3u8`, below `/<reel>/`.
pub fn relay_path(generation: Generation, rendition: &RenditionId) -> String {
    format!("{generation}/{rendition}.relay.m3u8")
}

/// `<generation>/<rendition>.seek.m3u8`, below `/<reel>/`: pieces, through the gate.
pub fn seek_path(generation: Generation, rendition: &RenditionId) -> String {
    format!("{generation}/{rendition}.seek.m3u8")
}

/// `<generation>/<rendition>.pieces.m3u8`, below `/<reel>/`: pieces, through the relay.
pub fn pieces_path(generation: Generation, rendition: &RenditionId) -> String {
    format!("{generation}/{rendition}.pieces.m3u8")
}

/// `<generation>/<track>.m3u8`, below `/<reel>/`: subtitles, with their segments in a folder of the same name.
pub fn subtitles_path(generation: Generation, track: &TrackName) -> String {
    format!("{generation}/{track}.m3u8")
}

/// `<generation>/<track>.json` for Apple's players, `.vtt` for browsers, below `/<reel>/`.
pub fn chapters_path(generation: Generation, track: &TrackName, ending: &str) -> String {
    format!("{generation}/{track}.{ending}")
}

/// Whether a playlist says that every segment decodes on its own.
pub fn is_independent(playlist: &[u8]) -> bool {
    String::from_utf8_lossy(playlist).lines().any(|line| line == "#EXT-X-INDEPENDENT-SEGMENTS")
}

fn seconds(duration_us: u64) -> f32 {
    (duration_us as f64 / 1e6) as f32
}

/// m3u8-rs writes to `io::Write`; a vector takes everything and the text is ours.
pub(super) fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("a vector takes every write");
    String::from_utf8(out).expect("playlists are made of text")
}
