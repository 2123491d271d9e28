//! The library over the real engine: several reels go together, one gets another title, any link is copied.

use super::{
    jobs::with_reels,
    terminal::{DOWN, END, ENTER, Terminal},
};
use crate::{
    mishap::account::{Functions, functions},
    publish::sandbox::{Sandbox, get},
};

const CTRL_U: &str = "\x15";

fn open_library(terminal: &Terminal, reel: &str) {
    terminal.wait_for("Publish a video");
    terminal.type_keys(END);
    terminal.wait("the library's line is chosen", |text| text.contains("▌ Library"));
    terminal.type_keys(ENTER);
    terminal.wait("the reels are listed", |text| text.contains(reel) && !text.contains("looking…"));
    terminal.wait("it is known which account this is", |text| {
        text.contains("local stand-in") && !text.contains("local stand-in · …")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn marked_reels_are_deleted_together_and_the_others_stay() {
    let (sandbox, folder) = with_reels(&["stay", "talk", "walk"]).await;
    let mut kept = functions(&sandbox).await;
    kept.retain(|name, _| name.starts_with("zipreel-stay-"));
    assert!(kept.len() > 1, "{kept:?}");
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    open_library(&terminal, "walk");
    terminal.type_keys(DOWN);
    terminal.wait_for("▌ talk");
    terminal.type_keys("  ");
    terminal.wait_for("2 marked");
    terminal.type_keys("d");
    let asked = terminal.wait_for("type: delete 2 reels");
    assert!(asked.contains("talk") && asked.contains("walk") && !asked.contains("stay"), "{asked}");
    terminal.type_keys("delete 2 reels");
    terminal.wait_for("› delete 2 reels");
    terminal.press_until(ENTER, "of 2 reels deleted");
    terminal.wait_for("2 of 2 reels deleted");
    assert_eq!(functions(&sandbox).await, kept);
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

/// From the library's first reel to its page.
fn open_reel(terminal: &Terminal) {
    open_library(terminal, "talk");
    terminal.type_keys(ENTER);
    terminal.wait_for("Watch");
}

async fn playlist_and_chunks(sandbox: &Sandbox) -> (String, Functions) {
    let gate = &sandbox.stand_in.endpoint().gate;
    let mut chunks = functions(sandbox).await;
    chunks.retain(|name, _| !name.ends_with("-index"));
    (get(&format!("{gate}/talk/index.m3u8")).await, chunks)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_title_stands_on_the_watch_page_and_nothing_else_changes() {
    let (sandbox, folder) = with_reels(&["talk"]).await;
    let before = playlist_and_chunks(&sandbox).await;
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    open_reel(&terminal);
    terminal.type_keys("e");
    terminal.wait_for("title mp4-");
    terminal.type_keys(CTRL_U);
    terminal.type_keys("Harbour by day");
    terminal.wait_for("title Harbour by day");
    terminal.type_keys(ENTER);
    terminal.wait_for("players see it within 10 s");
    let page = format!("{}/talk/", sandbox.stand_in.endpoint().gate);
    while !get(&page).await.contains("<title>Harbour by day") {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(playlist_and_chunks(&sandbox).await, before);
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_link_of_a_reel_is_copied_from_its_menu() {
    let (sandbox, folder) = with_reels(&["talk"]).await;
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    open_reel(&terminal);
    terminal.type_keys("Y");
    let menu = terminal.wait_for("embed: video");
    for name in ["watch page", "absolute playlist", "browser playlist", "embed  ", "oEmbed", "poster"] {
        assert!(menu.contains(name), "{name}: {menu}");
    }
    terminal.type_keys("oembed");
    terminal.wait("one is left", |text| !text.contains("embed: video"));
    terminal.type_keys(ENTER);
    terminal.wait_for("/talk/oembed.json");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}
