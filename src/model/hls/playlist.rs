//! Playlists by RFC 8216, written through m3u8-rs's types. Every URI is relative; every byte range has its offset.

use std::{collections::HashMap, io};

use m3u8_rs::{
    AlternativeMedia, AlternativeMediaType, ByteRange, ClosedCaptionGroupId, InstreamId, Map, MasterPlaylist,
    MediaPlaylist, MediaPlaylistType, MediaSegment, QuotedOrUnquoted, SessionData, SessionDataField, VariantStream,
};

use crate::model::reel::{
    index::{Container, GenerationIndex, RenditionIndex, SegmentIndex},
    name::{ChunkNumber, Generation, RenditionId},
    tracks::{ChaptersIndex, SubtitlesIndex, TrackName},
};

/// GROUP-ID of all subtitles.
const SUBTITLES: &str = "subs";
/// GROUP-ID of captions in the pictures.
const CAPTIONS: &str = "cc";
/// What Apple's players read chapters from.
const CHAPTERS: &str = "com.apple.hls.chapters";
/// CHARACTERISTICS of subtitles for those who do not hear (RFC 8216, section 4.3.4.1).
const FOR_THE_DEAF: &str =
    "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound";

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

pub fn bandwidth(segments: &[SegmentIndex]) -> Bandwidth {
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
    /// `<rendition>/<segment>.<ext>`, whole segments, through the relay.
    Relay,
}

/// The media playlist of one rendition.
pub fn media(id: &RenditionId, rendition: &RenditionIndex, links: Links<'_>) -> String {
    let segments = rendition.chunks.iter().flat_map(|chunk| chunk.segments.iter().map(|s| (chunk.number, s)));
    let extension = rendition.container.extension();
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
                uri: format!("{id}/{number}.{extension}"),
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
    let durations = rendition.chunks.iter().flat_map(|chunk| &chunk.segments).map(|segment| segment.duration_us);
    let playlist = MediaPlaylist {
        version: Some(match rendition.container {
            // byte ranges need 4, EXT-X-MAP outside of I-frame playlists 6
            Container::Ts => 4,
            Container::Mp4 => 6,
        }),
        target_duration: target_duration(durations),
        segments,
        end_list: true,
        playlist_type: Some(MediaPlaylistType::Vod),
        independent_segments: rendition.independent == Some(true),
        ..MediaPlaylist::default()
    };
    text(|out| playlist.write_to(out))
}

/// What a segment takes of the two playlists that [`media`] writes: through the gate, and through the relay. `number`
/// counts the rendition's segments from 0.
pub fn entry_bytes(
    id: &RenditionId,
    container: Container,
    chunk: ChunkNumber,
    number: u64,
    segment: &SegmentIndex,
) -> [u64; 2] {
    let SegmentIndex { offset, bytes, duration_us, discontinuity, .. } = segment;
    let extent = format!("#EXTINF:{},\n", seconds(*duration_us)).len();
    let range = format!("#EXT-X-BYTERANGE:{bytes}@{offset}\n").len();
    let relayed = format!("{id}/{number}.{}\n", container.extension()).len();
    let link = chunk_path(id, chunk, container).len() + 1;
    let extent = extent + if *discontinuity { "#EXT-X-DISCONTINUITY\n".len() } else { 0 };
    [extent + range + link, extent + relayed].map(|bytes| bytes as u64)
}

/// `<rendition>/<nnnn>.<ext>`, below `/<reel>/<generation>/`.
pub fn chunk_path(rendition: &RenditionId, number: ChunkNumber, container: Container) -> String {
    format!("{rendition}/{number}.{}", container.extension())
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

/// The multivariant playlist of one generation.
pub fn multivariant(index: &GenerationIndex) -> String {
    let variants = index.renditions.iter().map(|(id, rendition)| VariantStream {
        uri: media_path(index.generation, id),
        bandwidth: rendition.bandwidth,
        average_bandwidth: Some(rendition.average_bandwidth),
        codecs: Some(rendition.codecs.clone()),
        resolution: rendition
            .resolution
            .map(|(width, height)| m3u8_rs::Resolution { width: width.into(), height: height.into() }),
        frame_rate: rendition.frame_rate.map(|rate| (rate * 1000.0).round() / 1000.0),
        other_attributes: other_attributes(rendition),
        closed_captions: index.captions.then(|| ClosedCaptionGroupId::GroupId(CAPTIONS.to_owned())),
        subtitles: (!index.subtitles.is_empty()).then(|| SUBTITLES.to_owned()),
        ..VariantStream::default()
    });
    let packed = index.renditions.values().map(|rendition| rendition.container);
    let playlist = MasterPlaylist {
        version: Some(if packed.into_iter().any(|container| container == Container::Mp4) { 6 } else { 4 }),
        variants: variants.collect(),
        alternatives: alternatives(index),
        session_data: index.chapters.iter().map(|chapters| session(index.generation, chapters)).collect(),
        independent_segments: index.is_independent(),
        ..MasterPlaylist::default()
    };
    let written = text(|out| playlist.write_to(out));
    three_decimals(&written)
}

/// Those that m3u8-rs has no fields for.
fn other_attributes(rendition: &RenditionIndex) -> Option<HashMap<String, QuotedOrUnquoted>> {
    let range = rendition.video_range.map(|range| ("VIDEO-RANGE", QuotedOrUnquoted::Unquoted(range.word().to_owned())));
    let more =
        rendition.supplemental_codecs.clone().map(|more| ("SUPPLEMENTAL-CODECS", QuotedOrUnquoted::Quoted(more)));
    let all: HashMap<_, _> = range.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect();
    (!all.is_empty()).then_some(all)
}

fn alternatives(index: &GenerationIndex) -> Vec<AlternativeMedia> {
    let subtitles = index.subtitles.iter().map(|subtitles| alternative(index.generation, subtitles));
    let captions = index.captions.then(|| AlternativeMedia {
        media_type: AlternativeMediaType::ClosedCaptions,
        group_id: CAPTIONS.to_owned(),
        // which languages they are in, nothing says
        name: "CC1".to_owned(),
        autoselect: true,
        instream_id: Some(InstreamId::CC(1)),
        ..AlternativeMedia::default()
    });
    subtitles.chain(captions).collect()
}

fn alternative(generation: Generation, subtitles: &SubtitlesIndex) -> AlternativeMedia {
    AlternativeMedia {
        media_type: AlternativeMediaType::Subtitles,
        uri: Some(subtitles_path(generation, &subtitles.track)),
        group_id: SUBTITLES.to_owned(),
        language: subtitles.language.clone(),
        name: subtitles.name.clone(),
        default: subtitles.default,
        // players may choose any by the language of whoever watches
        autoselect: true,
        forced: subtitles.forced,
        characteristics: subtitles.hearing_impaired.then(|| FOR_THE_DEAF.to_owned()),
        ..AlternativeMedia::default()
    }
}

fn session(generation: Generation, chapters: &ChaptersIndex) -> SessionData {
    SessionData {
        data_id: CHAPTERS.to_owned(),
        field: SessionDataField::Uri(chapters_path(generation, &chapters.track, "json")),
        language: None,
        other_attributes: None,
    }
}

/// FRAME-RATE is a decimal with three places (RFC 8216 section 4.3.4.2); m3u8-rs writes as few as it can.
fn three_decimals(playlist: &str) -> String {
    const KEY: &str = "FRAME-RATE=";
    let mut out = String::with_capacity(playlist.len() + 8);
    let mut rest = playlist;
    while let Some(at) = rest.find(KEY) {
        let (before, after) = rest.split_at(at + KEY.len());
        let end = after.find([',', '\n']).unwrap_or(after.len());
        out.push_str(before);
        match after[..end].parse::<f64>() {
            Ok(rate) => out.push_str(&format!("{rate:.3}")),
            Err(_) => out.push_str(&after[..end]),
        }
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

fn seconds(duration_us: u64) -> f32 {
    (duration_us as f64 / 1e6) as f32
}

/// m3u8-rs writes to `io::Write`; a vector takes everything and the text is ours.
fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("a vector takes every write");
    String::from_utf8(out).expect("playlists are made of text")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::model::reel::index::ChunkIndex;

    fn segment(seconds: f64, bytes: u64) -> SegmentIndex {
        SegmentIndex { offset: 0, bytes, duration_us: (seconds * 1e6) as u64, crc32: 0, discontinuity: false }
    }

    fn rendition(chunks: Vec<Vec<SegmentIndex>>) -> RenditionIndex {
        let all: Vec<SegmentIndex> = chunks.iter().flatten().copied().collect();
        let Bandwidth { peak, average } = bandwidth(&all);
        RenditionIndex {
            container: Container::Ts,
            bandwidth: peak,
            average_bandwidth: average,
            codecs: "avc1.64001f,mp4a.40.2".into(),
            resolution: Some((1280, 720)),
            frame_rate: Some(30000.0 / 1001.0),
            video_range: None,
            supplemental_codecs: None,
            init: None,
            independent: Some(true),
            chunks: (1..)
                .zip(chunks)
                .map(|(number, segments)| ChunkIndex {
                    number: u16::try_into(number).unwrap(),
                    bytes: segments.iter().map(|segment| segment.bytes).sum(),
                    sha256: String::new(),
                    segments,
                })
                .collect(),
        }
    }

    fn generation(id: RenditionId, rendition: RenditionIndex) -> GenerationIndex {
        GenerationIndex {
            generation: Generation::from_digest(&[0x4f; 32]),
            duration_ms: 14_512,
            segment_seconds: 6.0,
            source_sha256: None,
            damaged: Vec::new(),
            subtitles: Vec::new(),
            chapters: None,
            captions: false,
            wanted: Default::default(),
            chunk_limit_bytes: 1,
            renditions: BTreeMap::from([(id, rendition)]),
        }
    }

    #[test]
    fn target_duration_is_rounded_as_the_rfc_says() {
        assert_eq!(target_duration([6_000_000, 6_499_000]), 6);
        assert_eq!(target_duration([6_500_000]), 7);
        assert_eq!(target_duration([100_000]), 1);
    }

    #[test]
    fn a_short_last_segment_does_not_inflate_the_bandwidth() {
        let segments = [segment(6.0, 750_000), segment(6.0, 750_000), segment(0.1, 50_000)];
        let Bandwidth { peak, average } = bandwidth(&segments);
        // on its own the last one would say 4 Mbit/s
        assert_eq!(peak, (800_000_u64 * 80).div_ceil(61));
        assert!(average > 1_000_000 && average < peak, "{average} {peak}");
    }

    #[test]
    fn playlists_read_as_written() {
        let reel = rendition(vec![vec![segment(6.006, 4_000_000), segment(6.006, 3_000_000)], vec![segment(2.5, 9)]]);
        let id = RenditionId::source();
        insta::assert_snapshot!(media(&id, &reel, Links::Chunks { prefix: "" }), @r"
        #EXTM3U
        #EXT-X-VERSION:4
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-TARGETDURATION:6
        #EXT-X-PLAYLIST-TYPE:VOD
        #EXT-X-BYTERANGE:4000000@0
        #EXTINF:6.006,
        src/0001.ts
        #EXT-X-BYTERANGE:3000000@0
        #EXTINF:6.006,
        src/0001.ts
        #EXT-X-BYTERANGE:9@0
        #EXTINF:2.5,
        src/0002.ts
        #EXT-X-ENDLIST
        ");
        insta::assert_snapshot!(media(&id, &RenditionIndex { independent: None, ..reel.clone() }, Links::Relay), @r"
        #EXTM3U
        #EXT-X-VERSION:4
        #EXT-X-TARGETDURATION:6
        #EXT-X-PLAYLIST-TYPE:VOD
        #EXTINF:6.006,
        src/0.ts
        #EXTINF:6.006,
        src/1.ts
        #EXTINF:2.5,
        src/2.ts
        #EXT-X-ENDLIST
        ");
        let index = generation(id, reel);
        insta::assert_snapshot!(multivariant(&index), @r#"
        #EXTM3U
        #EXT-X-VERSION:4
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-STREAM-INF:BANDWIDTH=5328006,AVERAGE-BANDWIDTH=3858881,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970
        4f4f4f4f/src.m3u8
        "#);
    }

    #[test]
    fn subtitles_captions_and_chapters_are_told() {
        let id = |id: &str| id.parse::<RenditionId>().unwrap();
        let subtitles = |id: RenditionId, name: &str, language: &str| SubtitlesIndex {
            track: TrackName::of(id, [""]),
            name: name.into(),
            language: Some(language.into()),
            default: false,
            forced: false,
            hearing_impaired: false,
            segments: 1,
            bytes: 1,
        };
        let with_text = GenerationIndex {
            subtitles: vec![
                SubtitlesIndex { default: true, hearing_impaired: true, ..subtitles(id("s1"), "English (SDH)", "en") },
                SubtitlesIndex { forced: true, ..subtitles(id("s2"), "Deutsch (forced)", "de") },
            ],
            chapters: Some(ChaptersIndex { track: TrackName::of(id("ch"), [""]), starts: Vec::new() }),
            captions: true,
            ..generation(RenditionId::source(), rendition(vec![vec![segment(6.0, 5)]]))
        };
        insta::assert_snapshot!(multivariant(&with_text), @r#"
        #EXTM3U
        #EXT-X-VERSION:4
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-MEDIA:TYPE=SUBTITLES,URI="4f4f4f4f/s1-af5570f5.m3u8",GROUP-ID="subs",LANGUAGE="en",NAME="English (SDH)",DEFAULT=YES,AUTOSELECT=YES,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"
        #EXT-X-MEDIA:TYPE=SUBTITLES,URI="4f4f4f4f/s2-af5570f5.m3u8",GROUP-ID="subs",LANGUAGE="de",NAME="Deutsch (forced)",AUTOSELECT=YES,FORCED=YES
        #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC1",AUTOSELECT=YES,INSTREAM-ID="CC1"
        #EXT-X-STREAM-INF:BANDWIDTH=7,AVERAGE-BANDWIDTH=7,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,SUBTITLES="subs",CLOSED-CAPTIONS="cc"
        4f4f4f4f/src.m3u8
        #EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="4f4f4f4f/ch-af5570f5.json"
        "#);
    }

    #[test]
    fn a_discontinuity_stands_before_its_segment_and_is_counted() {
        let last = SegmentIndex { discontinuity: true, ..segment(2.0, 9) };
        let reel = rendition(vec![vec![segment(6.0, 5), last]]);
        let (id, chunk) = (RenditionId::source(), ChunkNumber::FIRST);
        for (place, links) in [Links::Chunks { prefix: "" }, Links::Relay].into_iter().enumerate() {
            let written = media(&id, &reel, links);
            let (before, after) = written.split_once("#EXT-X-DISCONTINUITY\n").unwrap();
            assert!(before.contains("#EXTINF:6,") && after.contains("#EXTINF:2,"), "{written}");
            let without = media(&id, &rendition(vec![vec![segment(6.0, 5)]]), links);
            let entry = entry_bytes(&id, Container::Ts, chunk, 1, &last)[place];
            assert_eq!(written.len() as u64, without.len() as u64 + entry);
        }
    }

    proptest! {
        #[test]
        fn media_playlists_survive_m3u8_rs(
            segments in proptest::collection::vec((1u64..60_000_000, 1u64..50_000_000, 0u64..50_000_000), 1..60),
            cut in 1usize..10,
        ) {
            let segments: Vec<SegmentIndex> = segments
                .into_iter()
                .map(|(duration_us, bytes, offset)| SegmentIndex { offset, bytes, duration_us, crc32: 0, discontinuity: false })
                .collect();
            let reel = rendition(segments.chunks(cut).map(<[_]>::to_vec).collect());
            let written = media(&RenditionId::source(), &reel, Links::Chunks { prefix: "https://h/r/g/" });
            let (rest, read) = m3u8_rs::parse_media_playlist(written.as_bytes()).unwrap();
            prop_assert!(rest.is_empty());
            prop_assert!(read.end_list && read.independent_segments);
            prop_assert_eq!(read.segments.len(), segments.len());
            for (place, (read, segment)) in read.segments.iter().zip(&segments).enumerate() {
                prop_assert!((f64::from(read.duration) - segment.duration_us as f64 / 1e6).abs() < 1e-5);
                let range = read.byte_range.clone().unwrap();
                prop_assert_eq!((range.length, range.offset), (segment.bytes, Some(segment.offset)));
                prop_assert_eq!(&read.uri, &format!("https://h/r/g/src/{:04}.ts", place / cut + 1));
            }
            let longest = read.segments.iter().map(|segment| segment.duration.round() as u64).max().unwrap();
            prop_assert!(longest <= read.target_duration);
        }
    }
}
