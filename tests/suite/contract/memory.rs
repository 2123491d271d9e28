//! The memory of the deployed gate and relay: Lambda gives each 128 MB, and an instance that takes more is ended.

use std::collections::BTreeMap;

use axum::Router;
use zipreel::{
    cloud::Cloud,
    local::Clock,
    model::{
        chunk::limits::PLAYLIST_BYTES_MAX,
        gate::{cdn::EDGE_HEADER, libraries::libraries},
        hls::playlist::{self, Links},
        reel::{
            generation::FORMAT,
            index::{ChunkIndex, GenerationIndex, Grain, Index, Retired, SegmentIndex},
            name::{ChunkNumber, ReelName},
        },
    },
};

use super::{
    http::{get, send},
    nginx,
    reel::GENERATION,
    reel::{self, base64, index_zip},
    runtime::{Front, Reserved, Spec, serve},
    sides::{Account, Options, RELAY_FILES},
};
use crate::{players::stage::publish_libraries, publish::memory::peak_kib};

/// No index is larger.
const LARGEST: usize = 12 << 20;
const PEAK_KIB: u64 = 115 * 1024;
const SEGMENTS_A_CHUNK: u32 = 8;

/// A generation of one rendition in transport streams with so many segments, as large as those of a real video.
fn long(reel: &ReelName, id: &str, segments: u32) -> GenerationIndex {
    let mut made = reel::make(reel, id).index;
    made.renditions.retain(|rendition, _| rendition.as_str() == "src");
    made.duration_ms = u64::from(segments) * 2000;
    let rendition = made.renditions.values_mut().next().unwrap();
    let numbers = 1..=u16::try_from(segments.div_ceil(SEGMENTS_A_CHUNK)).unwrap();
    let chunk = |number: u16| {
        let segment = |place: u32| SegmentIndex {
            offset: 66 + u64::from(place) * 1_234_567,
            bytes: 1_200_000 + u64::from(number) * 3 + u64::from(place),
            duration_us: 2_002_000,
            crc32: u32::MAX - u32::from(number) * 7 - place,
            discontinuity: false,
        };
        ChunkIndex {
            number: ChunkNumber::try_from(number).unwrap(),
            bytes: 9_876_543,
            sha256: base64(&[number.to_be_bytes(), number.to_le_bytes()].concat().repeat(8)),
            segments: (0..SEGMENTS_A_CHUNK).map(segment).collect(),
            pieces: Vec::new(),
        }
    };
    rendition.chunks = numbers.map(chunk).collect();
    made
}

/// Index zips as large as they may be: one generation of a very long video, and one of a video that was replaced often.
fn largest(name: &ReelName, retired: u32) -> Vec<u8> {
    let of = |segments: u32| {
        let old = (0..retired).map(|number| Retired {
            until: (std::time::SystemTime::now() + std::time::Duration::from_secs(86_400)).into(),
            generation: long(name, &format!("{number:08x}"), segments),
        });
        index_zip(&Index {
            format: FORMAT,
            reel: name.clone(),
            title: "Long".into(),
            published: std::time::SystemTime::now().into(),
            by: None,
            robots: Default::default(),
            current: long(name, GENERATION, segments),
            retired: old.collect(),
        })
    };
    let trial = 1000;
    let segments = LARGEST * 99 / 100 * trial as usize / of(trial).len();
    let zip = of(segments as u32);
    assert!(zip.len() <= LARGEST && zip.len() > LARGEST * 9 / 10, "{} bytes", zip.len());
    zip
}

async fn publish(cloud: &Cloud, name: &str, retired: u32) {
    let reel: ReelName = name.parse().unwrap();
    reel::create(cloud, &format!("zipreel-{name}-index"), largest(&reel, retired)).await;
}

#[tokio::test]
async fn three_of_the_largest_indexes_in_turn_fit_into_the_deployed_gate() {
    let account = Account::new(Clock::system()).await;
    let reels = [("long", 0), ("longer", 0), ("often", 5)];
    for (name, retired) in reels {
        publish(&account.cloud, name, retired).await;
    }
    let side = account.node(Options::default()).await;
    for round in 0..4 {
        for (name, _) in reels {
            for path in ["", "index.m3u8", "0123abcd/src.m3u8", "index.relay.m3u8", "0123abcd/src.relay.m3u8"] {
                let answer = get(&side.gate, &format!("/{name}/{path}")).await;
                assert_eq!(answer.status, 200, "round {round}: {name}/{path}");
                if path.ends_with("src.relay.m3u8") {
                    let (text, base) = (answer.text(), format!("{}/{name}/0123abcd/src/", side.relay));
                    let uris: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
                    assert!(uris.len() > 5000 && uris.iter().all(|uri| uri.starts_with(&base)), "{name}");
                    assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{name}");
                }
            }
        }
    }
    let peak = peak_kib(side.gate_pid());
    assert!((1..=PEAK_KIB).contains(&peak), "{peak} KiB");
}

/// With the libraries of the page, of which who takes no gzip gets 900 kB in all.
#[tokio::test]
async fn so_do_the_libraries_beside_them_however_often_they_are_asked_for() {
    let account = Account::taking_libraries_from(publish_libraries().await).await;
    publish(&account.cloud, "long", 0).await;
    let side = account.node(Options { edge: Some(nginx::free_port()), ..Options::default() }).await;
    assert_eq!(get(&side.gate, "/long/0123abcd/src.m3u8").await.status, 200);
    let known = format!("{EDGE_HEADER}: any");
    for round in 0..100 {
        for library in libraries() {
            let answer = send(&side.gate, "GET", &format!("/{}", library.name()), &[&known]).await;
            assert_eq!(answer.status, 200, "round {round}: {library:?}");
        }
    }
    let peak = peak_kib(side.gate_pid());
    assert!((1..=PEAK_KIB).contains(&peak), "{peak} KiB");
}

/// As many as a relay that bounds them by their number would keep, of videos of 6 and of 22 hours in pieces of 2 s, and
/// the longest that is read, nearly.
#[tokio::test]
async fn playlists_of_any_length_fit_into_the_deployed_relay_however_many_are_asked_for() {
    for segments in [10_800, 40_000, 62_000] {
        let name: ReelName = "long".parse().unwrap();
        let made = long(&name, GENERATION, segments);
        let (id, rendition) = made.renditions.first_key_value().unwrap();
        let playlist = playlist::media(id, rendition, Grain::Segments, Links::Chunks { prefix: "" });
        assert!(playlist.len() as u64 <= PLAYLIST_BYTES_MAX, "{} bytes", playlist.len());
        // a gate that has this playlist wherever it is asked for one
        let (gate, serving) = serve(Router::new().fallback(move || async move { playlist })).await;
        let environment = BTreeMap::from([("ZIPREEL_GATE_URL", gate)]);
        let spec = Spec { files: RELAY_FILES, environment, at_once: 1, front: Front::Url };
        let relay = Reserved::new().await.start(&spec).await;
        for number in 0..32 {
            for piece in [0, segments - 1] {
                let path = format!("/reel-{number}/{GENERATION}/src/pieces/{piece}.ts");
                let answer = send(&relay.url, "HEAD", &path, &[]).await;
                assert_eq!(answer.status, 200, "{segments} segments: {path}: {}", relay.log());
            }
        }
        let peak = peak_kib(relay.pid());
        assert!((1..=PEAK_KIB).contains(&peak), "{segments} segments: {peak} KiB");
        serving.abort();
    }
}
