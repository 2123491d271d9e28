//! The watch page in real browsers.

use std::time::Duration;

use serde_json::Value;

use super::{
    matrix::{PLAYS, SEEKS, SURVIVES, record},
    stage::{
        Browser::{self, Chromium, Firefox, WebKit},
        Stage, watch,
    },
};
use crate::clips::Clip;

/// A browser's row of the table: both kinds of clips to the end with a seek to the middle, and an hour's pause.
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
    let long = stage.publish(Clip::Long).await;
    let hour = Duration::from_secs(3600);
    let paused = watch(browser, "pause", &long.page, || stage.clock.advance(hour)).await;
    let player = name(&played);
    record(&player, PLAYS, "yes");
    record(&player, SEEKS, "yes");
    assert_eq!((name(&paused), &paused["survives"]), (player.clone(), &Value::Bool(true)));
    record(&player, SURVIVES, "yes");
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
