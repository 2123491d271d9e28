//! A reel that was published before there were pieces, subtitles and compressed playlists, in the first format: it
//! plays on through all that stands before gate and relay since.

use zipreel::{
    local::Clock,
    model::reel::{
        generation::FORMAT,
        name::{FunctionName, ReelName},
    },
};

use super::{
    answers::split,
    http::{get, send},
    reel::{self, GENERATION, INIT, Made, payload},
    sides::{Account, Side},
};
use crate::publish::sandbox::segments_of;

/// Its renditions, and how the names of their segments end.
const RENDITIONS: [(&str, &str); 3] = [("src", "ts"), ("360p", "mp4"), ("t01", "ts")];
const SEGMENTS: usize = 6;
/// The segment that is played: the last one of the second chunk.
const PLAYED: usize = 3;

/// An account with that reel alone, and what was deployed of it.
async fn published_before() -> (Account, Made) {
    let account = Account::new(Clock::system()).await;
    let name: ReelName = "old".parse().unwrap();
    let mut made = reel::make(&name, GENERATION);
    made.index.subtitles.clear();
    made.index.chapters = None;
    let index = reel::index_of(&name, "Old", &made, &[]);
    assert_eq!(index.format, FORMAT);
    for (function, zip) in &made.chunks {
        reel::create(&account.cloud, function, zip.clone()).await;
    }
    let function = FunctionName::Index { reel: name }.to_string();
    reel::create(&account.cloud, &function, reel::old_index_zip(&index)).await;
    (account, made)
}

/// As players do it: a range of the chunk to which the gate redirects.
async fn plays_in_players(side: &Side, made: &Made) {
    let multivariant = get(&side.gate, "/old/index.m3u8").await;
    assert_eq!(multivariant.status, 200, "{}: {multivariant:?}", side.name);
    // it has no pieces
    assert_eq!(get(&side.gate, "/old/index.seek.m3u8").await.body, multivariant.body, "{}", side.name);
    for (id, ending) in RENDITIONS {
        let listed = format!("{GENERATION}/{id}.m3u8");
        assert!(multivariant.text().contains(&listed), "{}: {listed} in {multivariant:?}", side.name);
        let playlist = get(&side.gate, &format!("/old/{listed}")).await.text();
        let what = format!("{}: {id}: {playlist}", side.name);
        let segments = segments_of(&playlist);
        assert_eq!(segments.len(), SEGMENTS, "{what}");
        let (link, range) = segments[PLAYED];
        let (offset, length) = range.expect("each segment has its range");
        assert_eq!(link, format!("{id}/0002.{ending}"), "{what}");
        let redirect = get(&side.gate, &format!("/old/{GENERATION}/{link}")).await;
        assert_eq!((redirect.status, redirect.body.len()), (302, 0), "{what}");
        let (bucket, path) = split(redirect.header("location").unwrap());
        let range = format!("Range: bytes={offset}-{}", offset + length - 1);
        let part = send(&bucket, "GET", &path, &[&range]).await;
        let chunk = &made.chunks[&format!("zipreel-old-{GENERATION}-{id}-0002")];
        assert!(
            part.status == 206 && part.body == chunk[offset as usize..(offset + length) as usize],
            "{what}: {part:?}"
        );
        assert!(part.body == payload(GENERATION, id, PLAYED), "{what}");
    }
    let init = get(&side.gate, &format!("/old/{GENERATION}/360p-init.mp4")).await;
    assert!(init.status == 200 && init.body == INIT, "{}: {init:?}", side.name);
}

/// As browsers do it: the watch page, and whole segments by the relay.
async fn plays_in_browsers(side: &Side) {
    let relay = &side.relay;
    let page = get(&side.gate, "/old/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{}", side.name);
    for told in ["<title>Old</title>".to_owned(), format!("data-relay=\"{relay}/\"")] {
        assert!(page.text().contains(&told), "{}: {told} in {}", side.name, page.text());
    }
    let multivariant = get(&side.gate, "/old/index.relay.m3u8").await;
    assert_eq!(multivariant.status, 200, "{}: {multivariant:?}", side.name);
    for (id, ending) in RENDITIONS {
        let listed = format!("{GENERATION}/{id}.relay.m3u8");
        assert!(multivariant.text().contains(&listed), "{}: {listed} in {multivariant:?}", side.name);
        let playlist = get(&side.gate, &format!("/old/{listed}")).await.text();
        let what = format!("{}: {id}: {playlist}", side.name);
        let links: Vec<_> = segments_of(&playlist).into_iter().map(|(link, _)| link).collect();
        assert_eq!(links.len(), SEGMENTS, "{what}");
        assert_eq!(links[PLAYED], format!("{relay}/old/{GENERATION}/{id}/{PLAYED}.{ending}"), "{what}");
        let (origin, path) = split(links[PLAYED]);
        let whole = get(&origin, &path).await;
        assert!(whole.status == 200 && whole.body == payload(GENERATION, id, PLAYED), "{what}: {whole:?}");
        assert_eq!(whole.header("access-control-allow-origin"), Some("*"), "{what}");
    }
}

#[tokio::test]
async fn a_reel_of_the_first_format_plays_from_every_side() {
    let (account, made) = published_before().await;
    for side in account.sides().await {
        plays_in_players(&side, &made).await;
        plays_in_browsers(&side).await;
    }
}

#[tokio::test]
async fn a_reel_of_the_first_format_plays_behind_an_edge() {
    let (account, made) = published_before().await;
    for (side, edge) in account.behind_edges().await {
        // players are sent to the gate itself
        plays_in_players(&side, &made).await;
        let mut of_edge = Side::on(&edge);
        of_edge.name = side.name;
        for _ in ["misses", "hits"] {
            plays_in_players(&of_edge, &made).await;
            plays_in_browsers(&of_edge).await;
        }
    }
}
