use std::collections::BTreeMap;

use super::*;
use crate::model::{
    hls::playlist::Links,
    media::{
        decide::decide,
        facts::{Keyframes, Transcode},
        ffprobe,
    },
    reel::index::{GenerationIndex, RenditionIndex},
};

const HOUR: u64 = 3600;
const UNTIL: [&str; 3] = ["2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"];

/// A silent film in H.264 with a keyframe every so many seconds, and `group` bytes between two.
fn plan(hours: u64, keyframes: u64, group: u64) -> MediaPlan {
    let (spacing, seconds) = (Duration::from_secs(keyframes), hours * HOUR);
    let video = r#"{"index":0,"codec_type":"video","codec_name":"h264","pix_fmt":"yuv420p"}"#;
    let json = format!(r#"{{"format":{{"format_name":"mov","duration":"{seconds}"}},"streams":[{video}]}}"#);
    let mut media = ffprobe::media(&json, 0).unwrap();
    let (at_least, open, untimed) = (false, false, false);
    media.keyframes = Some(Keyframes { mean: spacing, max: spacing, at_least, open, untimed, largest_bytes: group });
    decide(&media, Transcode::Never).unwrap()
}

fn refused(plan: &MediaPlan, seconds: u64, limit: u64, bytes: u64, held: &[Held]) -> Result<(), LimitError> {
    let cut = Cut {
        segment_length: Duration::from_secs(seconds),
        grows: false,
        pes_lengths: false,
        chunk_limit: limit,
        transcode: Transcode::Never,
        wanted: Default::default(),
    };
    foresee(Limits::LAMBDA, plan, &cut, &RenditionId::source(), bytes, held.to_vec())
}

fn held(bytes: u64, until: Option<&str>) -> Held {
    Held { bytes, until: until.map(str::to_owned) }
}

#[test]
fn a_day_fits_in_segments_of_two_seconds_and_not_of_one() {
    let gib = 1024 * MIB;
    assert_eq!(refused(&plan(24, 1, 0), 2, 32 * MIB, 40 * gib, &[]), Ok(()));
    let error = refused(&plan(24, 1, 0), 1, 32 * MIB, 40 * gib, &[]).unwrap_err();
    assert_eq!(error, LimitError::Playlist { most: PLAYLIST_BYTES_MAX, fitting_seconds: Some(2) });
    assert_eq!(error.hint().unwrap(), "Use --segment-seconds 2 or more, or publish the video in parts.");
    // where keyframes are farther apart, segments are as long as that whatever was asked for
    assert_eq!(refused(&plan(24, 2, 0), 1, 32 * MIB, 40 * gib, &[]), Ok(()));
}

#[test]
fn what_no_chunk_can_hold_is_refused_before_it_is_split() {
    // 60 Mbit/s
    let bytes = HOUR * 7_500_000;
    let error = refused(&plan(1, 10, 0), 6, 32 * MIB, bytes, &[]).unwrap_err();
    assert!(matches!(error, LimitError::Segments { bytes: 75_000_000, .. }), "{error:?}");
    assert!(error.hint().unwrap().starts_with("Use --segment-seconds 4, or --chunk-mib up to 49."), "{error:?}");
    assert_eq!(refused(&plan(1, 2, 0), 4, 32 * MIB, bytes, &[]), Ok(()));
    let group = 33 * MIB;
    let error = refused(&plan(1, 2, group), 2, 32 * MIB, bytes, &[]).unwrap_err();
    assert_eq!(error, LimitError::Group { bytes: group, limit: 32 * MIB });
    let many = refused(&plan(24, 2, 0), 6, MIB, 12_000 * MIB, &[]).unwrap_err();
    assert_eq!(many, LimitError::Pack(PackError::TooManyChunks));
}

#[test]
fn an_index_that_is_full_says_when_it_has_room_again() {
    let eight = plan(8, 2, 0);
    let to_come = |held: &[Held]| refused(&eight, 6, 32 * MIB, 8 * HOUR * 600_000, held);
    // five replaced generations of the same film, and the one that is replaced now
    let of_a_day: Vec<Held> = (0..5).map(|_| held(MIB / 2, Some(UNTIL[0]))).collect();
    assert_eq!(to_come(&[of_a_day, vec![held(MIB / 2, None)]].concat()), Ok(()));
    let mut full: Vec<Held> = UNTIL.iter().rev().map(|until| held(4 * MIB, Some(until))).collect();
    full.push(held(4 * MIB, None));
    assert_eq!(to_come(&full), Err(LimitError::NoRoom { most: INDEX_BYTES_MAX, until: Some(UNTIL[1].to_owned()) }));
    full.pop();
    assert_eq!(to_come(&full), Err(LimitError::NoRoom { most: INDEX_BYTES_MAX, until: Some(UNTIL[0].to_owned()) }));
    assert_eq!(to_come(&[held(12 * MIB, None)]), Err(LimitError::NoRoom { most: INDEX_BYTES_MAX, until: None }));
}

/// The second is open.
fn in_two(bytes: u64, duration_us: u64) -> [Piece; 2] {
    [false, true].map(|open| Piece { bytes: bytes / 2, duration_us: duration_us / 2, open })
}

fn of_chunks(chunks: Vec<ChunkIndex>) -> RenditionIndex {
    RenditionIndex { frame_rate: Some(24.0), ..RenditionIndex::example(chunks) }
}

fn of_renditions(chunk_limit_bytes: u64, renditions: BTreeMap<RenditionId, RenditionIndex>) -> GenerationIndex {
    let example = GenerationIndex::example(renditions);
    GenerationIndex { duration_ms: 1, segment_seconds: 2.0, chunk_limit_bytes, ..example }
}

#[test]
fn the_sum_is_what_index_and_playlists_come_to() {
    let (limit, id) = (8 * MIB, RenditionId::source());
    let (mut packer, mut sum) = (Packer::new(limit), Sum::new(Limits::LAMBDA, limit, &id, None, Vec::new()));
    let mut chunks = Vec::new();
    let mut close = |chunk: crate::model::chunk::pack::Chunk| {
        let mut offset = 0;
        let segments = chunk.segments.iter().map(|segment| {
            offset += segment.bytes;
            let (bytes, duration_us, crc32) = (segment.bytes, segment.duration_us, 0x8000_0000 | segment.number);
            SegmentIndex { offset: offset - bytes, bytes, duration_us, crc32, discontinuity: segment.discontinuity }
        });
        let (number, sha256) = (chunk.number, "A".repeat(44));
        let segments: Vec<SegmentIndex> = segments.collect();
        let pieces = segments.iter().flat_map(|segment| {
            let piece = |&Piece { bytes, duration_us, open }: &Piece| {
                let offset = segment.offset + if open { segment.bytes / 2 } else { 0 };
                PieceIndex { offset, bytes, duration_us, open }
            };
            in_two(segment.bytes, segment.duration_us).iter().map(piece).collect::<Vec<_>>()
        });
        chunks.push(ChunkIndex { number, bytes: limit, sha256, pieces: pieces.collect(), segments });
    };
    for number in 0..5000_u32 {
        let (bytes, duration_us) = (200_000 + u64::from(number) * 97, 2_000_000 + u64::from(number % 5) * 41_667);
        let discontinuity = number % 7 == 3;
        sum.add(bytes, duration_us, discontinuity, &in_two(bytes, duration_us)).unwrap();
        let chunk = packer.push(Segment { number, bytes, duration_us, discontinuity }).unwrap();
        chunk.into_iter().for_each(&mut close);
    }
    packer.finish().unwrap().into_iter().for_each(&mut close);
    let rendition = of_chunks(chunks);
    let text = |grain, links| playlist::media(&id, &rendition, grain, links).len() as u64;
    let chunks = Links::Chunks { prefix: "" };
    let texts = [
        text(Grain::Segments, chunks),
        text(Grain::Segments, Links::Relay),
        text(Grain::Pieces, chunks),
        text(Grain::Pieces, Links::Relay),
    ];
    let index = of_renditions(limit, BTreeMap::from([(id, rendition)]));
    let whole = serde_json::to_vec(&index).unwrap().len() as u64 + texts.iter().sum::<u64>();
    let near = whole..whole + ENVELOPE_BYTES + whole / 200;
    assert!(near.contains(&sum.index_bytes), "{whole} {}", sum.index_bytes);
    assert!(texts[0] - sum.playlist_bytes < 200, "{} {}", texts[0], sum.playlist_bytes);
    assert!(texts[2] - sum.seek_bytes < 200, "{} {}", texts[2], sum.seek_bytes);
    let kept = serde_json::to_vec(&index.retired()).unwrap().len() as u64;
    assert!(kept * 10 < whole - texts.iter().sum::<u64>(), "{kept}");
}
