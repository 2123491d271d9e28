//! The watch page as others meet it: shared, embedded elsewhere, where nothing plays, in both colour schemes.

use serde_json::Value;

use super::stage::{Browser::Chromium, Reel, Stage, scene};
use crate::{
    clips::Clip,
    contract::{
        ceiling::sent_by_others,
        sides::{connect, set_ceiling},
    },
    events,
    mishap::account::zipreel,
};

async fn page(scenario: &str, reel: &Reel, more: &[&str]) -> Value {
    scene("pages.mjs", Chromium, scenario, &reel.page, more, || {}).await
}

/// What `zipreel embed` says of the reel `mp4`.
async fn embed(stage: &Stage) -> String {
    zipreel(&stage.sandbox, &["embed", "mp4", "--json"]).await.ended(0).out
}

#[tokio::test(flavor = "multi_thread")]
async fn both_pieces_of_html_play_on_another_site() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    let said = embed(&stage).await;
    assert_eq!(events::last(&said)["relay"], true);
    page("embedded", &reel, &["--html", &said]).await;
    let plain = zipreel(&stage.sandbox, &["embed", "mp4"]).await.ended(0);
    let html = events::last(&said);
    for piece in ["iframe", "video"] {
        assert!(plain.out.contains(html[piece].as_str().unwrap()), "{}", plain.out);
    }
    assert!(!plain.err.contains("relay is off"), "{}", plain.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_without_the_relay_both_lead_to_where_it_plays() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    stage.switch_relay_off().await;
    let said = embed(&stage).await;
    assert_eq!(events::last(&said)["relay"], false);
    page("embeddedOff", &reel, &["--html", &said]).await;
    let plain = zipreel(&stage.sandbox, &["embed", "mp4"]).await.ended(0);
    assert!(plain.err.contains("the relay is off") && plain.err.contains("zipreel relay on"), "{}", plain.err);
    let missing = zipreel(&stage.sandbox, &["embed", "nothing"]).await.ended(1);
    assert!(missing.err.contains("could not find the reel `nothing`"), "{}", missing.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_ceiling_every_place_says_when_it_begins_anew_and_what_goes_on() {
    let stage = Stage::new().await;
    let stand_in = &stage.sandbox.stand_in;
    set_ceiling(&connect(stand_in).await).await;
    let reel = stage.publish(Clip::Long).await;
    let said = zipreel(&stage.sandbox, &["embed", "long", "--json"]).await.ended(0).out;
    let reached = || {
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(sent_by_others(stand_in.endpoint(), 1e9));
        });
    };
    scene("pages.mjs", Chromium, "ceiling", &reel.page, &["--html", &said], reached).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_link_shows_a_title_and_a_picture_that_is_not_black() {
    let stage = Stage::new().await;
    for clip in [Clip::Mp4, Clip::DarkStart] {
        let reel = stage.publish(clip).await;
        page("shared", &reel, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_plays_the_page_says_why_and_what_does() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    page("broken", &reel, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_dark_and_light_and_as_wide_as_the_screen() {
    let stage = Stage::new().await;
    for clip in [Clip::Mp4, Clip::AudioOnly] {
        let reel = stage.publish(clip).await;
        page("looks", &reel, &[]).await;
    }
}

/// Two browsers at once: most of it is axe, at one of them.
#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_and_the_keyboard_reaches_all() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Mp4).await;
    let run = async |scenario| scene("access.mjs", Chromium, scenario, &reel.page, &[], || {}).await;
    tokio::join!(run("states"), async {
        for scenario in ["frame", "failed", "keyboard"] {
            run(scenario).await;
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_jumps_anywhere_in_open_gops_and_plays_to_the_end() {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::OpenGopLong).await;
    page("jumps", &reel, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_names_both_playlists_where_there_are_two() {
    let stage = Stage::new().await;
    let (long, short) = (stage.publish_long(Clip::Mp4).await, stage.publish(Clip::Mp4).await);
    let seen = page("playlists", &long, &[]).await;
    let [seek, jumps] = [0, 1].map(|at| seen["fine"][at].as_str().unwrap_or_else(|| panic!("{seen}")).to_owned());
    assert_eq!((seen["playlist"].as_str(), seek), (Some(&*long.playlist()), long.seek()));
    let seconds = |before: &str| {
        let after = jumps.split_once(before).unwrap_or_else(|| panic!("{before:?} in {jumps}")).1;
        after.split(' ').next().unwrap().parse::<f64>().unwrap()
    };
    // 8 s and 2 s at 1.8 Mbit/s, by a line of 20 Mbit/s
    let (first, second) = (seconds("up to "), seconds("first and "));
    assert!(first > 2.0 * second && (0.4..1.5).contains(&first) && second > 0.0, "{jumps}");
    let seen = page("playlists", &short, &[]).await;
    assert_eq!((seen["playlist"].as_str(), &seen["fine"]), (Some(&*short.playlist()), &Value::Array(vec![])));
}
