//! The largest index and the longest playlist that are taken: alike by the stand-in and by what is deployed.

use zipreel::{
    cloud::Cloud,
    local::Clock,
    model::{
        chunk::limits::{INDEX_BYTES_MAX, PLAYLIST_BYTES_MAX},
        hls::playlist::{self, Links},
        reel::{
            generation::FORMAT,
            index::{ChunkIndex, Grain, Index, SegmentIndex},
            name::{ChunkNumber, FunctionName, ReelName, RenditionId},
        },
    },
};

use super::{
    http::get,
    reel::{self, GENERATION},
    sides::{Account, Side},
};

/// The names of reels are in their indexes.
const AT: u64 = ("least".len() - "at".len()) as u64;

/// Deploys a reel with that title, whose first rendition has so many more segments, listed only. Gives the index's size
/// and the playlist's.
async fn deploy(cloud: &Cloud, name: &str, title: &str, segments: usize) -> (u64, u64) {
    let name: ReelName = name.parse().unwrap();
    let made = reel::make(&name, GENERATION);
    for (function, zip) in &made.chunks {
        reel::create(cloud, function, zip.clone()).await;
    }
    let (mut current, source) = (made.index, RenditionId::source());
    let rendition = current.renditions.get_mut(&source).unwrap();
    // one playlist is long enough
    rendition.chunks.iter_mut().for_each(|chunk| chunk.pieces.clear());
    let segment = SegmentIndex { offset: 0, bytes: 1, duration_us: 1_000_000, crc32: 0, discontinuity: false };
    let number = ChunkNumber::try_from(4).unwrap();
    let sha256 = rendition.chunks[0].sha256.clone();
    rendition.chunks.push(ChunkIndex {
        number,
        bytes: 1,
        sha256,
        segments: vec![segment; segments],
        pieces: Vec::new(),
    });
    let playlist = playlist::media(&source, rendition, Grain::Segments, Links::Chunks { prefix: "" }).len() as u64;
    let title = title.to_owned();
    let published = std::time::SystemTime::now().into();
    let index = Index {
        format: FORMAT,
        reel: name.clone(),
        title,
        published,
        by: None,
        robots: Default::default(),
        current,
        retired: Vec::new(),
    };
    let zip = reel::index_zip(&index);
    let bytes = zip.len() as u64;
    reel::create(cloud, &FunctionName::Index { reel: name }.to_string(), zip).await;
    (bytes, playlist)
}

#[tokio::test]
async fn an_index_is_read_up_to_its_limit_and_no_further() {
    let account = Account::new(Clock::system()).await;
    deploy_indexes(&account.cloud).await;
    for side in account.sides().await {
        reads_indexes_up_to_their_limit(&side).await;
    }
}

/// Reels whose indexes are short, as long as may be, and a byte longer.
pub(crate) async fn deploy_indexes(cloud: &Cloud) {
    let (least, _) = deploy(cloud, "least", "", 1).await;
    let (at, _) = deploy(cloud, "at", &"t".repeat((INDEX_BYTES_MAX - least + AT) as usize), 1).await;
    let (over, _) = deploy(cloud, "up", &"t".repeat((INDEX_BYTES_MAX - least + AT + 1) as usize), 1).await;
    assert_eq!((at, over), (INDEX_BYTES_MAX, INDEX_BYTES_MAX + 1));
}

pub(crate) async fn reads_indexes_up_to_their_limit(side: &Side) {
    for (name, status) in [("least", 200), ("at", 200), ("up", 503)] {
        let answer = get(&side.gate, &format!("/{name}/index.m3u8")).await;
        assert_eq!(answer.status, status, "{}: {name}: {answer:?}", side.name);
    }
}

#[tokio::test]
async fn the_relay_reads_playlists_up_to_their_limit_and_no_further() {
    let account = Account::new(Clock::system()).await;
    deploy_playlists(&account.cloud).await;
    for side in account.sides().await {
        relays_by_playlists_up_to_their_limit(&side).await;
    }
}

/// Reels whose playlists are as long as may be, and a segment longer.
pub(crate) async fn deploy_playlists(cloud: &Cloud) {
    let (_, least) = deploy(cloud, "none", "", 0).await;
    let (_, one) = deploy(cloud, "one", "", 1).await;
    let fitting = ((PLAYLIST_BYTES_MAX - least) / (one - least)) as usize;
    let (_, at) = deploy(cloud, "long", "", fitting).await;
    let (_, over) = deploy(cloud, "over", "", fitting + 1).await;
    assert!(at <= PLAYLIST_BYTES_MAX && over > PLAYLIST_BYTES_MAX, "{at} {over}");
}

pub(crate) async fn relays_by_playlists_up_to_their_limit(side: &Side) {
    for (name, status) in [("long", 200), ("over", 502)] {
        let answer = get(&side.relay, &format!("/{name}/{GENERATION}/src/0.ts")).await;
        assert_eq!(answer.status, status, "{}: {name}: {answer:?}", side.name);
        assert_eq!(get(&side.gate, &format!("/{name}/{GENERATION}/src.m3u8")).await.status, 200, "{}", side.name);
    }
}

#[tokio::test]
async fn what_is_too_long_to_be_sent_whole_is_an_error_that_browsers_may_read() {
    let account = Account::new(Clock::system()).await;
    deploy_playlists(&account.cloud).await;
    for side in account.sides().await {
        says_what_is_too_long(&side).await;
    }
}

/// The longest playlist that is published is sent whole; with the gate's address before each URI it is twice as long.
pub(crate) async fn says_what_is_too_long(side: &Side) {
    let playlist = get(&side.gate, &format!("/long/{GENERATION}/src.m3u8")).await;
    assert_eq!(playlist.status, 200, "{}", side.name);
    let long = get(&side.gate, &format!("/long/{GENERATION}/src.abs.m3u8")).await;
    assert_eq!(long.header("access-control-allow-origin"), Some("*"), "{}", side.name);
    assert_eq!(long.status, if side.whole { 500 } else { 200 }, "{}", side.name);
    let length: usize = long.header("content-length").map_or(0, |length| length.parse().unwrap());
    assert!(side.whole || length > 6 << 20, "{}: {length}", side.name);
    assert!(!side.whole || long.text() == "too long to be sent whole\n", "{}: {long:?}", side.name);
}
