//! Browsers before a CDN's edge: on its host alone, and with pages and playlists of before there was one.

use serde_json::Value;

use super::stage::{
    Browser::{self, Chromium, Firefox, WebKit},
    Reel, Stage, scene,
};
use crate::{
    clips::{Clip, scratch},
    contract::{
        nginx::{self, Edge},
        sides::{connect, switch_cdn_on},
    },
    mishap::account::zipreel,
    publish::subtitles::film,
};

async fn edge_before(stage: &Stage) -> Edge {
    let endpoint = stage.sandbox.stand_in.endpoint();
    Edge::start(nginx::free_port(), &endpoint.gate, &endpoint.relay).await
}

async fn switch_on(stage: &Stage, edge: &Edge) {
    switch_cdn_on(&connect(&stage.sandbox.stand_in).await, &nginx::url(edge.port)).await;
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
        let mut wanted = vec!["/index.relay.m3u8", ".m3u8", "poster.jpg"];
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
async fn the_page_of_the_gate_plays_by_the_edge_and_leads_people_there() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    let edge = edge_before(&stage).await;
    switch_on(&stage, &edge).await;
    for browser in [Chromium, Firefox] {
        play(browser, "gate", &reel.page, &edge, || {}).await;
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
