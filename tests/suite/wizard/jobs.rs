//! Work outlives its screen: what a person starts goes on wherever they go, ends whole, and moves no screen.

use std::{fs, path::PathBuf};

use super::{
    SMALL, folder, go_to_review,
    terminal::{DOWN, END, ENTER, ESCAPE, Terminal},
};
use crate::{
    clips::{Clip, clip},
    mishap::account::functions,
    publish::sandbox::Sandbox,
};

/// Deleting takes a moment, so that there is time to go elsewhere.
const SLOWLY: &str = "latency@DeleteFunction=1500ms";

/// A sandbox where these reels are published, and a folder with a video.
pub(super) async fn with_reels(reels: &[&str]) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::start().await;
    for reel in reels {
        sandbox.publish(&clip(Clip::Mp4), &["--name", reel, "--segment-seconds", "6"]).await.published();
    }
    let folder = folder(&sandbox, "clip.mp4");
    (sandbox, folder)
}

fn slowly(sandbox: &Sandbox) {
    sandbox.stand_in.faults().set(SLOWLY.parse().unwrap());
}

/// From Home to the library's line of a reel, its page, and its name typed to delete it.
pub(super) fn type_its_name(terminal: &Terminal, reel: &str) {
    terminal.wait_for("Publish a video");
    terminal.type_keys(END);
    terminal.wait("the library's line is chosen", |text| text.contains("▌ Library"));
    terminal.type_keys(ENTER);
    terminal.wait("the reels are listed", |text| text.contains(reel) && !text.contains("looking…"));
    terminal.type_keys("/");
    terminal.type_keys(reel);
    terminal.wait("it is the highlighted one", |text| text.contains(&format!("▌ {reel}")));
    terminal.type_keys(ENTER);
    terminal.wait_for("Watch");
    terminal.wait("it is known which account this is", |text| text.contains("local stand-in"));
    terminal.press_until("d", "name ");
    terminal.type_keys(reel);
    terminal.wait("the name is typed", |text| text.lines().any(|line| line.contains(&format!("name {reel}"))));
}

fn delete(terminal: &Terminal, reel: &str) {
    type_its_name(terminal, reel);
    terminal.press_until_it(ENTER, "it is being deleted", |text| {
        text.contains("are deleted") || text.contains("what is to go") || text.contains("deleted:")
    });
}

/// Home, from wherever.
pub(super) fn go_home(terminal: &Terminal) {
    terminal.press_until(ESCAPE, "From a video file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_ends_leaves_home_where_it_is() {
    let (sandbox, folder) = with_reels(&["talk"]).await;
    slowly(&sandbox);
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    delete(&terminal, "talk");
    go_home(&terminal);
    let screen = terminal.wait("its end is said", |text| text.contains("talk is deleted"));
    assert!(screen.contains("Publish a video") && screen.contains("Library"), "Home is still there:\n{screen}");
    assert_eq!(functions(&sandbox).await.len(), 0);
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_ends_leaves_a_running_publishing_in_sight() {
    let (sandbox, folder) = with_reels(&["talk"]).await;
    sandbox.stand_in.faults().set("uplink=2mbit,pause-before@DeleteFunction=1.0".parse().unwrap());
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    delete(&terminal, "talk");
    go_home(&terminal);
    terminal.type_keys("g");
    let screen = terminal.wait("the first line is chosen", |text| text.contains("▌ Publish") || text.contains("▌ ●"));
    if !screen.contains("▌ Publish") {
        terminal.type_keys(DOWN);
        terminal.wait_for("▌ Publish a video");
    }
    go_to_review(&terminal);
    terminal.press_until(ENTER, "Split");
    sandbox.stand_in.faults().set("uplink=2mbit".parse().unwrap());
    sandbox.stand_in.faults().release();
    let screen = terminal.wait("the end of the deletion is said", |text| text.contains("talk is deleted"));
    assert!(screen.contains("● Upload") || screen.contains("○ Upload"), "the publishing is still in sight:\n{screen}");
    sandbox.stand_in.faults().clear();
    terminal.wait_for("clip is published");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_deletions_at_once_both_end_whole() {
    let (sandbox, folder) = with_reels(&["one", "two"]).await;
    slowly(&sandbox);
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    delete(&terminal, "one");
    go_home(&terminal);
    delete(&terminal, "two");
    go_home(&terminal);
    terminal.wait("both have ended", |text| !text.contains("Delete one") && !text.contains("Delete two"));
    assert_eq!(functions(&sandbox).await.keys().collect::<Vec<_>>(), [""; 0], "no chunk of either is left");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn escape_leaves_a_running_publishing_and_home_leads_back_to_it() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "clip.mp4");
    sandbox.stand_in.faults().set("uplink=4mbit".parse().unwrap());
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    go_to_review(&terminal);
    terminal.press_until(ENTER, "Network");
    terminal.type_keys(ESCAPE);
    let screen = terminal.wait("it stands on Home", |text| text.contains("▌ ● clip") && text.contains('%'));
    assert!(screen.contains("→ local stand-in"), "with where it goes:\n{screen}");
    assert!(!screen.contains("Resume clip"), "what runs here is not offered:\n{screen}");
    terminal.type_keys(ENTER);
    terminal.wait_for("Network");
    terminal.type_keys("q");
    terminal.wait("quitting names what runs", |text| text.contains("Quit zipreel?") && text.contains("1 upload"));
    terminal.type_keys("n");
    terminal.wait("it runs on", |text| !text.contains("Quit zipreel?"));
    sandbox.stand_in.faults().clear();
    terminal.wait_for("clip is published");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_publishing_leads_home_and_back_to_what_was_typed() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "clip.mp4");
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait_for("ready: copied");
    terminal.type_keys(ENTER);
    terminal.wait_for("✔ not taken");
    terminal.type_keys(DOWN);
    terminal.type_keys("\x15by-the-sea");
    terminal.wait("the name is free", |text| text.contains("by-the-sea") && text.contains("✔ not taken"));
    terminal.type_keys(ENTER);
    terminal.wait_for("⏎ publish");
    // after the review, so that only publishing finds it
    fs::rename(folder.join("clip.mp4"), folder.join("away")).unwrap();
    terminal.press_until(ENTER, "✖ could not");
    terminal.type_keys(ESCAPE);
    let screen = terminal.wait_for("From a video file");
    assert!(screen.contains("✖ by-the-sea"), "Home keeps what failed:\n{screen}");
    terminal.type_keys(ENTER);
    terminal.wait_for("✖ could not");
    terminal.type_keys("e");
    terminal
        .wait("the settings are as they were left", |text| text.contains("by-the-sea") && text.contains("Segments"));
    fs::rename(folder.join("away"), folder.join("clip.mp4")).unwrap();
    terminal.press_until(ENTER, "⏎ publish");
    terminal.press_until(ENTER, "Split");
    terminal.wait_for("by-the-sea is published");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0, "what failed was put right");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_typed_ahead_publish_and_delete_nothing_unseen() {
    let (sandbox, folder) = with_reels(&["talk"]).await;
    let before = functions(&sandbox).await;
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    // all at once, as from a keyboard that was typed on while the machine was busy
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait_for("ready: copied");
    terminal.type_keys(ENTER);
    terminal.wait_for("✔ not taken");
    terminal.type_keys(&ENTER.repeat(2));
    let screen = terminal.wait_for("⏎ publish");
    assert!(!screen.contains("Split"), "{screen}");
    terminal.wait_for("nothing was started");
    go_home(&terminal);
    terminal.type_keys(END);
    terminal.type_keys(ENTER);
    terminal.wait("the reels are listed", |text| text.contains("talk") && !text.contains("looking…"));
    terminal.type_keys(ENTER);
    terminal.wait_for("Watch");
    terminal.type_keys(&format!("dtalk{ENTER}"));
    terminal.wait_for("nothing was started");
    assert_eq!(functions(&sandbox).await, before);
}
