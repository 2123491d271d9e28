//! The watch page in real browsers.

use std::time::Duration;

use super::stage::{Stage, watch};
use crate::clips::Clip;

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_the_watch_page() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    let played = watch("play", &reel.page, || {}).await;
    assert!((25.5..26.5).contains(&played["seconds"].as_f64().unwrap()), "{played}");
    for scenario in ["keys", "link", "phone", "thrift", "alone", "framed"] {
        watch(scenario, &reel.page, || {}).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_a_clip_with_open_groups_of_pictures() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::OpenGop).await;
    watch("play", &reel.page, || {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_goes_on_after_an_hours_pause() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Long).await;
    let hour = Duration::from_secs(3600);
    let seen = watch("pause", &reel.page, || stage.clock.advance(hour)).await;
    assert_eq!(seen["survives"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_says_why_it_can_not_play_while_the_relay_is_off() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    stage.switch_relay_off().await;
    watch("off", &reel.page, || {}).await;
}
