//! The watch page in real browsers.

use std::time::Duration;

use serde_json::Value;
use zipreel::local::{Faults, Operation};

use super::{
    matrix::{PLAYS, SEEKS, SURVIVES, record},
    stage::{
        Browser::{self, Chromium, Firefox, WebKit},
        Stage, watch,
    },
};
use crate::{
    clips::Clip,
    contract::sides::{Options, deployed},
};

/// A browser's row of the table.
async fn plays_the_watch_page(browser: Browser, others: &[&str]) {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    let played = watch(browser, "play", &reel.page, || {}).await;
    assert!((25.5..26.5).contains(&played["seconds"].as_f64().unwrap()), "{played}");
    for scenario in others {
        watch(browser, scenario, &reel.page, || {}).await;
    }
    let open = stage.publish(Clip::OpenGop).await;
    watch(browser, "play", &open.page, || {}).await;
    let player = name(&played);
    record(&player, PLAYS, "yes");
    jumps(browser, &stage).await;
    record(&player, SEEKS, "yes");
    survives(browser, &stage).await;
    record(&player, SURVIVES, "yes");
}

/// A pause, after which it jumps to where nothing is loaded: the bucket refuses a link that everyone believes in, and all
/// links have ended.
async fn survives(browser: Browser, stage: &Stage) {
    let (stand_in, reel) = (&stage.desk.stand_in, stage.publish(Clip::Long).await);
    // the stand-in's relay reads by itself what it serves; the deployed one asks the bucket
    let functions = deployed(stand_in, Options::default()).await;
    let page = reel.page.replace(&stand_in.endpoint().gate, &functions.gate);
    let refusal: Faults = "403@Download=1x".parse().unwrap();
    watch(browser, "pause", &page, || stand_in.faults().set(refusal)).await;
    assert_eq!(stand_in.counts().answers(Operation::Download, 403), 1);
    watch(browser, "pause", &reel.page, || stage.clock.advance(Duration::from_secs(3600))).await;
}

/// To where nothing is loaded yet, in a video with open GOPs.
async fn jumps(browser: Browser, stage: &Stage) {
    let open = stage.publish(Clip::OpenGopLong).await;
    let jumped = watch(browser, "jump", &open.page, || {}).await;
    let goes_on = Value::Bool(true);
    assert_eq!((&jumped["inside"], &jumped["byLink"]), (&goes_on, &goes_on), "{browser:?}");
}

fn name(seen: &Value) -> String {
    format!("{} with hls.js", seen["player"].as_str().expect("its name"))
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_the_watch_page() {
    plays_the_watch_page(Chromium, &["keys", "link", "phone", "thrift", "alone", "framed"]).await;
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
async fn chromium_says_why_it_can_not_play_while_the_relay_is_off() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    stage.switch_relay_off().await;
    watch(Chromium, "off", &reel.page, || {}).await;
}
