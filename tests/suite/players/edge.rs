//! Browsers before a CDN's edge: on its host alone, and with pages and playlists of before there was one.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha384};
use zipreel::model::gate::libraries::libraries;

use super::stage::{
    Browser::{self, Chromium, Firefox, WebKit},
    Reel, Stage, publish_libraries, scene,
};
use crate::{
    clips::{Clip, scratch},
    contract::{
        codings::gunzip,
        http::{get, send},
        nginx::{self, Edge},
        sides::{Account, connect, switch_cdn_on, take_libraries_from},
    },
    mishap::account::zipreel,
    publish::subtitles::film,
};

async fn edge_before(stage: &Stage) -> Edge {
    let endpoint = stage.sandbox.stand_in.endpoint();
    Edge::start(nginx::free_port(), &endpoint.gate, &endpoint.relay).await
}

async fn switch_on(stage: &Stage, edge: &Edge) {
    switch_on_with(stage, edge, &publish_libraries().await).await;
}

/// The gate fetches the page's libraries at this base URL.
async fn switch_on_with(stage: &Stage, edge: &Edge, libraries: &str) {
    let cloud = connect(&stage.sandbox.stand_in).await;
    switch_cdn_on(&cloud, &nginx::url(edge.port)).await;
    take_libraries_from(&cloud, libraries).await;
}

async fn play(browser: Browser, scenario: &str, page: &str, edge: &Edge, meanwhile: impl FnOnce()) -> Value {
    scene("edge.mjs", browser, scenario, page, &["--edge", &nginx::url(edge.port)], meanwhile).await
}

/// The page of a reel on the edge's host.
fn on(edge: &Edge, stage: &Stage, reel: &Reel) -> String {
    reel.page.replace(&stage.sandbox.stand_in.endpoint().gate, &edge.origin())
}

async fn plays_on_one_host(browser: Browser) {
    let stage = Stage::new().await;
    let folder = scratch();
    let film = stage.publish_file(&film(folder.path()), "film", &["--container", "mp4"]).await;
    let long = stage.publish(Clip::Long).await;
    let edge = edge_before(&stage).await;
    switch_on(&stage, &edge).await;
    for reel in [&film, &long] {
        let seen = play(browser, "host", &on(&edge, &stage, reel), &edge, || {}).await;
        let paths: Vec<_> = seen["paths"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
        let library = |package: &str| libraries().iter().find(|known| known.address.contains(package)).unwrap().name();
        let of_others = [library("/hls.js@"), library("/media-chrome@")];
        let mut wanted = vec!["/index.relay.m3u8", ".m3u8", "poster.jpg", &of_others[0], &of_others[1]];
        if std::ptr::eq(reel, &film) {
            wanted.extend(["-init.mp4", "/0.vtt", ".vtt"]);
        }
        for ending in wanted {
            assert!(paths.iter().any(|path| path.ends_with(ending)), "{browser:?}: {ending} in {paths:?}");
        }
    }
    let answered = edge.answered();
    assert!(answered.iter().all(|answer| answer.status == 200), "{browser:?}: {answered:?}");
    assert!(answered.iter().any(|answer| answer.path.starts_with("/_relay/")), "{browser:?}: {answered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_on_the_edges_host_without_a_redirect() {
    plays_on_one_host(Chromium).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_plays_on_the_edges_host_without_a_redirect() {
    plays_on_one_host(Firefox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webkit_plays_on_the_edges_host_without_a_redirect() {
    plays_on_one_host(WebKit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_the_host_can_not_get_is_taken_where_it_is_published() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    let edge = edge_before(&stage).await;
    switch_on_with(&stage, &edge, "http://127.0.0.1:9/").await;
    play(Chromium, "published", &on(&edge, &stage, &reel), &edge, || {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_gate_plays_by_the_edge_and_leads_people_there() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    let edge = edge_before(&stage).await;
    switch_on(&stage, &edge).await;
    for browser in [Chromium, Firefox] {
        play(browser, "gate", &reel.page, &edge, || {}).await;
    }
}

/// By both gates, as they are published.
#[tokio::test(flavor = "multi_thread")]
async fn the_edges_host_has_every_library_of_the_page() {
    let account = Account::taking_libraries_from(publish_libraries().await).await;
    for (side, edge) in account.behind_edges().await {
        for library in libraries() {
            let path = format!("/{}", library.name());
            for cache in ["MISS", "HIT"] {
                let (plain, gzip) = (
                    get(&edge.origin(), &path).await,
                    send(&edge.origin(), "GET", &path, &["Accept-Encoding: gzip"]).await,
                );
                let what = format!("{}: {library:?}", side.name);
                assert_eq!(
                    (plain.status, plain.header("x-cache"), gzip.header("x-cache")),
                    (200, Some(cache), Some(cache)),
                    "{what}"
                );
                assert_eq!(STANDARD.encode(Sha384::digest(&plain.body)), library.sha384, "{what}");
                assert_eq!((gzip.header("content-encoding"), gunzip(&gzip.body)), (Some("gzip"), plain.body), "{what}");
            }
        }
    }
}

/// Begins a scenario without the CDN, and switches that on when it pauses.
async fn plays_on(browser: Browser, scenario: &str) {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Long).await;
    let html = zipreel(&stage.sandbox, &["embed", "long", "--json"]).await.ended(0).out;
    let edge = edge_before(&stage).await;
    let url = nginx::url(edge.port);
    let arguments = ["--edge", &url, "--html", &html];
    let switch =
        || tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(switch_on(&stage, &edge)));
    scene("edge.mjs", browser, scenario, &reel.page, &arguments, switch).await;
    let answered = edge.answered();
    let segments = answered.iter().filter(|answer| answer.path.starts_with("/_relay/"));
    assert!(segments.clone().count() > 0 && segments.clone().all(|answer| answer.status == 200), "{answered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_embedded_before_plays_on_once_the_edge_is_there() {
    for browser in [Chromium, Firefox] {
        plays_on(browser, "embedded").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_open_before_is_loaded_anew_and_goes_on() {
    for browser in [Chromium, Firefox] {
        plays_on(browser, "open").await;
    }
}
