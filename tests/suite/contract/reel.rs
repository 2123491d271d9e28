//! Reels made by hand, with payloads that tell where they come from, deployed as the functions that the engine would
//! deploy. Zips are written by the `zip` crate, not by ours.

use std::{
    collections::{BTreeMap, HashMap},
    io::{Cursor, Write as _},
    sync::Arc,
};

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};
use zipreel::{
    cloud::{
        Cloud,
        functions::{NewFunction, code::CodeZip},
    },
    model::{
        chunk::gzip,
        hls::{
            multivariant::{multivariant, seek},
            playlist::{self, Links},
        },
        reel::{
            index::{
                Alternative, Beside, ChunkIndex, Container, GenerationIndex, Grain, INDEX_ENTRY, Index, Largest,
                MULTIVARIANT_ENTRY, POSTER_ENTRY, PieceIndex, RenditionIndex, Retired, SEEK_ENTRY, SegmentIndex,
            },
            name::{ChunkNumber, FunctionName, Generation, ReelName, RenditionId},
            tracks::{Chapter, ChaptersIndex, SubtitlesIndex},
        },
        report::event::Count,
        subtitles::webvtt,
    },
    storage::{Storage, change, lease::Lease, sight::sight},
};

pub(crate) const GENERATION: &str = "0123abcd";
pub(crate) const POSTER: &[u8] = b"\xff\xd8 not really a picture";
pub(crate) const SUBTITLES: &str = "s1-89abcdef";
pub(crate) const CHAPTERS: &str = "ch-456789ab";
pub(crate) const INIT: &[u8] = b"an initialization section";
const CHUNKS: u16 = 3;
const SEGMENTS_A_CHUNK: usize = 2;

/// One generation to deploy: `src` in transport streams, in two pieces a segment, `360p` in fragmented MP4, and sound beside both.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) index: GenerationIndex,
    /// By function name.
    pub(crate) chunks: BTreeMap<String, Vec<u8>>,
}

/// A rendition of sound.
const SOUND: &str = "t01";

fn told() -> Alternative {
    Alternative {
        kind: Beside::Audio,
        groups: vec!["aac".into()],
        name: "Deutsch".into(),
        language: Some("de".into()),
        default: true,
        autoselect: true,
        characteristics: None,
        channels: Some(2),
    }
}

/// The payload of a segment: its place in words, as long as a few packets, unlike every other.
pub(crate) fn payload(generation: &str, rendition: &str, segment: usize) -> Vec<u8> {
    format!("{generation}/{rendition}/{segment}\n").repeat(400 + 7 * segment).into_bytes()
}

pub(crate) fn cues(segment: usize) -> String {
    format!("WEBVTT\n\n00:00:0{segment}.000 --> 00:00:0{segment}.500\n{}\n", "\u{e9}t\u{e9} ".repeat(40))
}

fn rendition_of(container: Container, chunks: Vec<ChunkIndex>) -> RenditionIndex {
    RenditionIndex {
        container,
        bandwidth: 2_000_000,
        average_bandwidth: 1_500_000,
        codecs: "avc1.64001f,mp4a.40.2".into(),
        resolution: Some((640, 360)),
        frame_rate: Some(30.0),
        video_range: None,
        supplemental_codecs: None,
        init: None,
        independent: Some(true),
        beside: None,
        chunks,
    }
}

/// So many bytes are in the first piece of each segment.
pub(crate) const FIRST_PIECE: usize = 1000;

fn in_two(segment: &SegmentIndex) -> [PieceIndex; 2] {
    let (first, duration_us) = (FIRST_PIECE as u64, segment.duration_us / 2);
    [(segment.offset, first), (segment.offset + first, segment.bytes - first)].map(|(offset, bytes)| PieceIndex {
        offset,
        bytes,
        duration_us,
        open: false,
    })
}

pub(crate) fn make(reel: &ReelName, generation: &str) -> Made {
    let id: Generation = generation.parse().unwrap();
    let mut chunks = BTreeMap::new();
    let mut renditions = BTreeMap::new();
    for (name, container) in [("src", Container::Ts), ("360p", Container::Mp4), (SOUND, Container::Ts)] {
        let rendition: RenditionId = name.parse().unwrap();
        let listed = (1..=CHUNKS).map(|number| {
            let number = ChunkNumber::try_from(number).unwrap();
            let first = usize::from(number.get() - 1) * SEGMENTS_A_CHUNK;
            let entries: Vec<_> = (first..first + SEGMENTS_A_CHUNK)
                .map(|segment| (format!("{segment}.{}", container.extension()), payload(generation, name, segment)))
                .collect();
            let (zip, segments) = chunk(&entries);
            let function =
                FunctionName::Chunk { reel: reel.clone(), generation: id, rendition: rendition.clone(), number };
            let sha256 = base64(&Sha256::digest(&zip));
            let pieces = if name == "src" { segments.iter().flat_map(in_two).collect() } else { Vec::new() };
            let listed = ChunkIndex { number, bytes: zip.len() as u64, sha256, segments, pieces };
            chunks.insert(function.to_string(), zip);
            listed
        });
        let listed = listed.collect();
        renditions.insert(
            rendition,
            RenditionIndex { beside: (name == SOUND).then(told), ..rendition_of(container, listed) },
        );
    }
    let index = GenerationIndex {
        generation: id,
        duration_ms: 36_400,
        segment_seconds: 6.0,
        grows: false,
        pes_lengths: false,
        source_sha256: None,
        largest: Some(Largest { segment: 45_000_000, piece: 3_100_000 }),
        damaged: Vec::new(),
        subtitles: vec![SubtitlesIndex {
            track: SUBTITLES.parse().unwrap(),
            name: "English".into(),
            language: Some("en".into()),
            default: true,
            forced: false,
            hearing_impaired: false,
            segments: 2,
            bytes: 100,
        }],
        chapters: Some(ChaptersIndex {
            track: CHAPTERS.parse().unwrap(),
            starts: vec![Chapter { start_ms: 0, title: "One".into() }],
        }),
        former: Vec::new(),
        captions: false,
        wanted: Default::default(),
        chunk_limit_bytes: 1 << 20,
        renditions,
    };
    Made { index, chunks }
}

/// Deploys the chunks of `current` and then the index; what is there already with the same code stays.
pub(crate) async fn publish(
    cloud: &Cloud,
    reel: &ReelName,
    title: &str,
    current: &Made,
    retired: &[(Made, OffsetDateTime)],
) {
    for (name, zip) in &current.chunks {
        create(cloud, name, zip.clone()).await;
    }
    let index = index_of(reel, title, current, retired);
    let name = FunctionName::Index { reel: reel.clone() }.to_string();
    let zip = index_zip(&index);
    match sight(cloud, &name).await.unwrap() {
        None => create(cloud, &name, zip).await,
        Some(seen) => {
            let storage: Arc<dyn Storage> = Arc::new(cloud.clone());
            let lease = Lease::take(&storage, reel, "this-machine", "publish").await.unwrap();
            change::replace(cloud, &lease, &seen, &CodeZip::in_memory(zip), &Count::default()).await.unwrap();
            lease.release().await;
        }
    }
}

pub(crate) fn index_of(reel: &ReelName, title: &str, current: &Made, retired: &[(Made, OffsetDateTime)]) -> Index {
    let retired = retired.iter().map(|(made, until)| Retired {
        until: std::time::SystemTime::from(*until).into(),
        generation: made.index.clone(),
    });
    Index {
        format: Index::format_of([&current.index]),
        reel: reel.clone(),
        title: title.to_owned(),
        published: std::time::SystemTime::now().into(),
        by: None,
        robots: Default::default(),
        current: current.index.clone(),
        retired: retired.collect(),
    }
}

pub(crate) async fn create(cloud: &Cloud, name: &str, zip: Vec<u8>) {
    let new = NewFunction { name: name.to_owned(), description: String::new(), tags: HashMap::new() };
    cloud.create_function(&new, &CodeZip::in_memory(zip), &Count::default()).await.unwrap();
}

pub(crate) fn index_zip(index: &Index) -> Vec<u8> {
    chunk(&gzip::beside(index_entries(index))).0
}

/// As it was written before anything in it was compressed, or was cut into pieces.
pub(crate) fn old_index_zip(index: &Index) -> Vec<u8> {
    let mut index = index.clone();
    let renditions = index.current.renditions.values_mut();
    renditions.flat_map(|rendition| &mut rendition.chunks).for_each(|chunk| chunk.pieces.clear());
    index.current.largest = None;
    chunk(&index_entries(&index)).0
}

/// Of the retired generations the first is written as older programs did it, with its segments.
fn index_entries(index: &Index) -> Vec<(String, Vec<u8>)> {
    let mut written = index.clone();
    for retired in written.retired.iter_mut().skip(1) {
        retired.generation = retired.generation.clone().retired();
    }
    let mut entries = vec![
        (INDEX_ENTRY.to_owned(), serde_json::to_vec(&written).unwrap()),
        (MULTIVARIANT_ENTRY.to_owned(), multivariant(&index.current).into_bytes()),
        (POSTER_ENTRY.to_owned(), POSTER.to_vec()),
    ];
    if index.current.has_pieces() {
        entries.push((SEEK_ENTRY.to_owned(), seek(&index.current).into_bytes()));
    }
    for generation in std::iter::once(&index.current).chain(index.retired.iter().map(|retired| &retired.generation)) {
        for (id, rendition) in &generation.renditions {
            let media = |grain, links| playlist::media(id, rendition, grain, links).into_bytes();
            let (number, chunks) = (generation.generation, Links::Chunks { prefix: "" });
            entries.push((playlist::media_path(number, id), media(Grain::Segments, chunks)));
            entries.push((playlist::relay_path(number, id), media(Grain::Segments, Links::Relay)));
            if generation.has_pieces() {
                entries.push((playlist::seek_path(number, id), media(Grain::Pieces, chunks)));
                entries.push((playlist::pieces_path(number, id), media(Grain::Pieces, Links::Relay)));
            }
            if rendition.container == Container::Mp4 {
                entries.push((format!("{}/{id}-init.mp4", generation.generation), INIT.to_vec()));
            }
        }
        let id = generation.generation;
        if !generation.subtitles.is_empty() {
            entries.push((format!("{id}/{SUBTITLES}.m3u8"), webvtt::playlist(SUBTITLES, 2, 100_000).into_bytes()));
            entries.extend((0..2).map(|number| (format!("{id}/{SUBTITLES}/{number}.vtt"), cues(number).into_bytes())));
        }
        if generation.chapters.is_some() {
            entries.push((format!("{id}/{CHAPTERS}.vtt"), cues(0).into_bytes()));
            entries.push((format!("{id}/{CHAPTERS}.json"), b"[]".to_vec()));
        }
    }
    entries
}

/// A store-only zip, and where its entries' payloads lie.
fn chunk(entries: &[(String, Vec<u8>)]) -> (Vec<u8>, Vec<SegmentIndex>) {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in entries {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    let zip = writer.finish().unwrap().into_inner();
    let mut archive = zip::ZipArchive::new(Cursor::new(&zip)).unwrap();
    let segments = (0..archive.len()).map(|at| {
        let entry = archive.by_index(at).unwrap();
        let offset = entry.data_start().unwrap();
        SegmentIndex { offset, bytes: entry.size(), duration_us: 6_066_667, crc32: entry.crc32(), discontinuity: false }
    });
    let segments = segments.collect();
    (zip, segments)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
