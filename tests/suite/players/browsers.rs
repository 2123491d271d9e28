//! The watch page in real browsers.

use std::time::Duration;

use serde_json::Value;
use zipreel::local::{Faults, Operation};

use super::{
    matrix::{PLAYS, SEEKS, SURVIVES, record},
    stage::{
        Browser::{self, Chromium, Firefox, WebKit},
        Reel, Stage, packages, watch,
    },
};
use crate::{
    clips::{Clip, clip},
    contract::sides::{Options, deployed},
};

/// What `watch.mjs` asks of WebKitGTK is the last frame, of others that they notice the end.
const LAST_FRAME: &str = "yes; it may wait at the last frame without noticing the end";

/// A browser's row of the table, in two browsers at once: most of it is waiting for a video to go on.
async fn plays_the_watch_page(browser: Browser, others: &[&str]) {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    let [open, open_long, long] =
        [stage.publish(Clip::OpenGop).await, stage.publish(Clip::OpenGopLong).await, stage.publish(Clip::Long).await];
    let by_hand = async {
        let played = watch(browser, "play", &reel.page, || {}).await;
        assert!((25.5..26.5).contains(&played["seconds"].as_f64().unwrap()), "{played}");
        for scenario in others {
            watch(browser, scenario, &reel.page, || {}).await;
        }
    };
    let over_time = async {
        let played = watch(browser, "play", &open.page, || {}).await;
        watch(browser, "jump", &open_long.page, || {}).await;
        survives(browser, &stage, &long).await;
        player(&played)
    };
    let ((), name) = tokio::join!(by_hand, over_time);
    record(&name, PLAYS, if browser == WebKit { LAST_FRAME } else { "yes" });
    record(&name, SEEKS, "yes");
    record(&name, SURVIVES, "yes");
}

/// A pause, after which it jumps to where nothing is loaded: the bucket refuses a link that everyone believes in, and all
/// links have ended.
async fn survives(browser: Browser, stage: &Stage, reel: &Reel) {
    let stand_in = &stage.sandbox.stand_in;
    // the stand-in's relay reads by itself what it serves; the deployed one keeps redirects, and asks the bucket
    let functions = deployed(stand_in, Options::default()).await;
    let page = reel.page.replace(&stand_in.endpoint().gate, &functions.gate);
    let refusal: Faults = "403@Download=1x".parse().unwrap();
    watch(browser, "pause", &page, || stand_in.faults().set(refusal)).await;
    assert_eq!(stand_in.counts().answers(Operation::Download, 403), 1);
    watch(browser, "pause", &reel.page, || stage.clock.advance(Duration::from_secs(3600))).await;
}

/// Browser, hls.js and their versions.
pub(super) fn player(seen: &Value) -> String {
    let package = std::fs::read(packages().join("node_modules/hls.js/package.json")).unwrap();
    let hls_js: Value = serde_json::from_slice(&package).unwrap();
    format!("{}, hls.js {}, by the relay", seen["player"].as_str().unwrap(), hls_js["version"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_the_watch_page() {
    plays_the_watch_page(Chromium, &["keys", "link", "phone", "thrift", "alone", "framed", "untold"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_plays_the_watch_page() {
    plays_the_watch_page(Firefox, &["link", "phone"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webkit_plays_the_watch_page() {
    plays_the_watch_page(WebKit, &["link"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_alone_is_shown_with_a_picture_of_it() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::AudioOnly).await;
    let folder = crate::clips::scratch();
    let [alone, surround] = [clip(Clip::AudioOnly), folder.path().join("surround.ac3")];
    let words = ["-v", "error", "-i", alone.to_str().unwrap(), "-ac", "6", surround.to_str().unwrap()];
    crate::publish::sandbox::tool("ffmpeg", &words);
    let few_play_it = stage.publish_file(&surround, "surround", &["--transcode", "auto"]).await;
    for (browser, reel) in [(Chromium, &reel), (Chromium, &few_play_it), (Firefox, &few_play_it)] {
        let played = watch(browser, "sound", &reel.page, || {}).await;
        assert!((25.5..26.5).contains(&played["seconds"].as_f64().unwrap()), "{played}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn captions_and_chapters_are_shown() {
    let stage = Stage::new().await;
    let folder = crate::clips::scratch();
    let film = crate::publish::subtitles::film(folder.path());
    for (name, args) in [("captions", &[][..]), ("captions-mp4", &["--container", "mp4"])] {
        let reel = stage.publish_file(&film, name, args).await;
        for browser in [Chromium, Firefox] {
            watch(browser, "captions", &reel.page, || {}).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_language_is_heard_from_where_it_is() {
    let stage = Stage::new().await;
    let folder = crate::clips::scratch();
    let film = crate::publish::sounds::film_at(folder.path().join("film.mkv"), &["eng", "ger"], "");
    let book = folder.path().join("book.m4a");
    let [from, to] = [&film, &book].map(|path| path.to_str().unwrap());
    crate::publish::sandbox::tool("ffmpeg", &["-v", "error", "-i", from, "-map", "0:a", "-c", "copy", to]);
    for video in [&film, &book] {
        let name = format!("languages-{}", video.extension().unwrap().to_str().unwrap());
        let reel = stage.publish_file(video, &name, &[]).await;
        for browser in [Chromium, Firefox] {
            watch(browser, "languages", &reel.page, || {}).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_says_why_it_can_not_play_while_the_relay_is_off() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    stage.switch_relay_off().await;
    watch(Chromium, "off", &reel.page, || {}).await;
}
