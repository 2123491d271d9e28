//! What hls.js hands to browsers of the two playlists over the same bytes, on a page of another site: every frame of it is the
//! source's, and it jumps in both. (Of what Chromium makes of a jump in open GOPs, and what the watch page's player does
//! about it, see `begin`.)

use serde_json::Value;

use super::{
    browsers::player,
    matrix::{BOTH, record},
    stage::{
        Browser::{self, Chromium, Firefox},
        Reel, Stage, scene,
    },
};
use crate::{
    clips::{Clip, clip, scratch},
    publish::{frames::source_hashes, sandbox::get},
};

/// The relay's media playlist of long segments, and that of pieces.
async fn lists(reel: &Reel) -> [String; 2] {
    let multivariant = get(&reel.playlist()).await;
    let media = multivariant.lines().find(|line| !line.starts_with('#')).unwrap();
    ["relay", "pieces"].map(|kind| format!("{}{}", reel.page, media.replace(".m3u8", &format!(".{kind}.m3u8"))))
}

async fn is_fed_every_frame(browser: Browser) {
    let (stage, folder) = (Stage::new().await, scratch());
    let into = folder.path().join("handed.mp4");
    let mut name = String::new();
    for kind in [Clip::Mp4, Clip::OpenGop] {
        let reel = stage.publish_long(kind).await;
        let source = source_hashes(&clip(kind), "0:v");
        let mut seen: Vec<Value> = Vec::new();
        for list in lists(&reel).await {
            let arguments = ["--list", &list, "--into", into.to_str().unwrap()];
            let whole = scene("frames.mjs", browser, "whole", &reel.page, &arguments, || {}).await;
            let frames = source_hashes(&into, "0:v");
            assert!(frames == source, "{browser:?} {kind:?}: {} of {} frames of {list}", frames.len(), source.len());
            if kind == Clip::Mp4 {
                scene("frames.mjs", browser, "jump", &reel.page, &arguments, || {}).await;
            }
            name = player(&whole);
            seen.push(whole);
        }
        let [long, pieces] = [0, 1].map(|list| seen[list]["loaded"].as_u64().unwrap());
        let longest = seen[0]["longest"].as_f64().unwrap();
        assert!(long < pieces && longest > 6.0, "{browser:?} {kind:?}: the long ones are longer: {seen:?}");
    }
    record(&name, BOTH, "yes: every frame that hls.js hands over, with the source's hash");
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_is_handed_every_frame_of_both_playlists() {
    is_fed_every_frame(Chromium).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_is_handed_every_frame_of_both_playlists() {
    is_fed_every_frame(Firefox).await;
}
