use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    multivariant::{multivariant, seek},
    playlist::*,
};
use crate::model::reel::{
    index::{ChunkIndex, Container, Extent, GenerationIndex, Grain, PieceIndex, RenditionIndex, SegmentIndex},
    name::{ChunkNumber, RenditionId},
    tracks::{ChaptersIndex, SubtitlesIndex, TrackName},
};

fn segment(seconds: f64, bytes: u64) -> SegmentIndex {
    SegmentIndex { offset: 0, bytes, duration_us: (seconds * 1e6) as u64, crc32: 0, discontinuity: false }
}

fn rendition(chunks: Vec<Vec<SegmentIndex>>) -> RenditionIndex {
    let all: Vec<Extent> = chunks.iter().flatten().map(SegmentIndex::extent).collect();
    let Bandwidth { peak, average } = bandwidth(&all);
    let chunks = (1..).zip(chunks).map(|(number, segments)| ChunkIndex {
        number: u16::try_into(number).unwrap(),
        bytes: segments.iter().map(|segment| segment.bytes).sum(),
        sha256: String::new(),
        segments,
        pieces: Vec::new(),
    });
    RenditionIndex { bandwidth: peak, average_bandwidth: average, ..RenditionIndex::example(chunks.collect()) }
}

fn generation(id: RenditionId, rendition: RenditionIndex) -> GenerationIndex {
    GenerationIndex::example(BTreeMap::from([(id, rendition)]))
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
    let Bandwidth { peak, average } = bandwidth(&segments.map(|segment| segment.extent()));
    // on its own the last one would say 4 Mbit/s
    assert_eq!(peak, (800_000_u64 * 80).div_ceil(61));
    assert!(average > 1_000_000 && average < peak, "{average} {peak}");
}

#[test]
fn playlists_read_as_written() {
    let reel = rendition(vec![vec![segment(6.006, 4_000_000), segment(6.006, 3_000_000)], vec![segment(2.5, 9)]]);
    let id = RenditionId::source();
    insta::assert_snapshot!(media(&id, &reel, Grain::Segments, Links::Chunks { prefix: "" }), @r"
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
    insta::assert_snapshot!(media(&id, &RenditionIndex { independent: None, ..reel.clone() }, Grain::Segments, Links::Relay), @r"
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

/// In two pieces a segment, the second of which is open.
fn in_pieces(reel: RenditionIndex) -> RenditionIndex {
    let in_two = |segment: &SegmentIndex| {
        let (bytes, duration_us) = (segment.bytes / 2, segment.duration_us / 2);
        [false, true].map(|open| PieceIndex {
            offset: segment.offset + bytes * u64::from(open),
            bytes,
            duration_us,
            open,
        })
    };
    let chunks = reel.chunks.into_iter();
    let chunks = chunks.map(|chunk| ChunkIndex { pieces: chunk.segments.iter().flat_map(in_two).collect(), ..chunk });
    RenditionIndex { chunks: chunks.collect(), ..reel }
}

#[test]
fn playlists_of_pieces_name_parts_of_the_segments() {
    let breaks = SegmentIndex { offset: 4000, discontinuity: true, ..segment(4.0, 4000) };
    let reel = in_pieces(rendition(vec![vec![segment(4.0, 4000), breaks]]));
    let id = RenditionId::source();
    insta::assert_snapshot!(media(&id, &reel, Grain::Pieces, Links::Chunks { prefix: "" }), @r"
    #EXTM3U
    #EXT-X-VERSION:4
    #EXT-X-TARGETDURATION:2
    #EXT-X-PLAYLIST-TYPE:VOD
    #EXT-X-BYTERANGE:2000@0
    #EXTINF:2,
    src/0001.ts
    #EXT-X-BYTERANGE:2000@2000
    #EXTINF:2,
    src/0001.ts
    #EXT-X-BYTERANGE:2000@4000
    #EXT-X-DISCONTINUITY
    #EXTINF:2,
    src/0001.ts
    #EXT-X-BYTERANGE:2000@6000
    #EXTINF:2,
    src/0001.ts
    #EXT-X-ENDLIST
    ");
    insta::assert_snapshot!(media(&id, &reel, Grain::Pieces, Links::Relay), @r"
    #EXTM3U
    #EXT-X-VERSION:4
    #EXT-X-TARGETDURATION:2
    #EXT-X-PLAYLIST-TYPE:VOD
    #EXTINF:2,
    src/pieces/0.ts
    #EXTINF:2,
    src/pieces/1.ts
    #EXT-X-DISCONTINUITY
    #EXTINF:2,
    src/pieces/2.ts
    #EXTINF:2,
    src/pieces/3.ts
    #EXT-X-ENDLIST
    ");
    assert!(media(&id, &reel, Grain::Segments, Links::Relay).contains("#EXT-X-INDEPENDENT-SEGMENTS"));
    insta::assert_snapshot!(seek(&generation(id, reel)), @r#"
    #EXTM3U
    #EXT-X-VERSION:4
    #EXT-X-STREAM-INF:BANDWIDTH=8000,AVERAGE-BANDWIDTH=8000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970
    4f4f4f4f/src.seek.m3u8
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
        let written = media(&id, &reel, Grain::Segments, links);
        let (before, after) = written.split_once("#EXT-X-DISCONTINUITY\n").unwrap();
        assert!(before.contains("#EXTINF:6,") && after.contains("#EXTINF:2,"), "{written}");
        let without = media(&id, &rendition(vec![vec![segment(6.0, 5)]]), Grain::Segments, links);
        let entry = entry_bytes(&id, Container::Ts, chunk, Grain::Segments, 1, &last.extent())[place];
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
        let written = media(&RenditionId::source(), &reel, Grain::Segments, Links::Chunks { prefix: "https://h/r/g/" });
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
