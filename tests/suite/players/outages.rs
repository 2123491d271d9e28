//! Trouble on the way to who watches: the page, its frame and the snippet wait it out, and go on from where they were.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::stage::{
    Browser::{self, Chromium, Firefox},
    Stage, scene_that_asks,
};
use crate::{
    clips::Clip,
    mishap::account::{tell, zipreel},
};

/// What happens, and for how many seconds.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// Of the stand-in.
    Server(&'static str),
    /// The browser's network is cut; Firefox has no switch for that, and all its requests are.
    Offline,
    /// An hour passes while all processes of the browser stand still.
    Sleep,
}

use Trouble::{Offline, Server, Sleep};

const BUSY: Trouble = Server("503@Gate=1.0,503@Relay=1.0");
const GONE: Trouble = Server("reset-before@Relay=1.0");
const SILENT: Trouble = Server("stall-before@Relay=1.0");

/// One trouble after the other, in one browser, with a stand-in of its own.
async fn goes_on_after(browser: Browser, troubles: &[(Trouble, u64)]) {
    let stage = Stage::new().await;
    let reel = stage.publish(Clip::Long).await;
    let html = zipreel(&stage.sandbox, &["embed", "long", "--json"]).await.ended(0).out;
    let kind = |trouble| match (trouble, browser) {
        (Server(_), _) | (Offline, Firefox) => "server",
        (Offline, _) => "offline",
        (Sleep, _) => "sleep",
    };
    let faults = |number: &str| match troubles[number.parse::<usize>().unwrap()].0 {
        Server(faults) => faults,
        Offline | Sleep => "reset-before@Gate=1.0,reset-before@Relay=1.0",
    };
    let hears = |line: &str| match line.split_once(' ') {
        Some(("trouble", number)) => {
            stage.sandbox.stand_in.faults().set(faults(number).parse().unwrap());
            true
        }
        Some(("well", _)) => {
            stage.sandbox.stand_in.faults().clear();
            true
        }
        Some(("sleep", _)) => {
            stage.clock.advance(Duration::from_secs(3600));
            true
        }
        _ => false,
    };
    let list = troubles.iter().map(|(trouble, seconds)| json!({ "kind": kind(*trouble), "seconds": seconds }));
    let list = list.collect::<Value>().to_string();
    let more = ["--html", html.as_str(), "--troubles", &list];
    let seen = scene_that_asks("outages.mjs", browser, "outages", &reel.page, &more, hears).await;
    for ((trouble, seconds), seen) in troubles.iter().zip(seen["troubles"].as_array().unwrap()) {
        let (plays, asked) = (&seen["seconds"], &seen["asked"]);
        tell(&format!("{browser:?}: {trouble:?} of {seconds} s: plays on after {plays}, asked after {asked}"));
    }
}

/// One of each kind of trouble on the way; all lengths, and an hour of sleep, with `ZIPREEL_OUTAGES=all`, as `make soak` has
/// it. Both browsers at once, each with six videos: most of it is waiting.
#[tokio::test(flavor = "multi_thread")]
async fn browsers_go_on_after_every_trouble_without_a_touch() {
    let all = [
        (Offline, 100),
        (GONE, 90),
        (BUSY, 60),
        (SILENT, 40),
        (GONE, 30),
        (Offline, 20),
        (SILENT, 15),
        (BUSY, 9),
        (Sleep, 5),
        (BUSY, 1),
    ];
    let few = [(GONE, 30), (Offline, 20), (SILENT, 15), (BUSY, 9)];
    let is_all = std::env::var("ZIPREEL_OUTAGES").is_ok_and(|which| which == "all");
    let troubles: &[(Trouble, u64)] = if is_all { &all } else { &few };
    join_all([Chromium, Firefox].map(|browser| goes_on_after(browser, troubles))).await;
}
