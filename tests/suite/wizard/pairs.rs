//! The wizard and a command, or two wizards, with one state folder at one reel: while one replaces it, the other is
//! refused with the holder's name, or only looks.

use std::{path::Path, process::Stdio};

use super::{
    SMALL, folder,
    jobs::{go_home, type_its_name},
    terminal::{END, ENTER, Terminal},
};
use crate::{
    clips::{Clip, clip},
    mishap::account::{functions, is_whole, zipreel},
    publish::desk::Desk,
    split::until,
};

const REEL: &str = "m";
/// One chunk at a time, so that what is held is all that happens.
const ONE: (&str, &str) = ("ZIPREEL_PARALLEL", "1");

/// A reel is published, and the next publishing is held once a chunk of its is there.
async fn ground() -> (Desk, std::path::PathBuf) {
    let desk = Desk::start().await;
    desk.publish(&clip(Clip::Silent), &["--name", REEL, "--segment-seconds", "6"]).await.published();
    let folder = folder(&desk, "clip.mp4");
    // after the lease
    desk.stand_in.faults().set("pause-after@CreateFunction=at:2".parse().unwrap());
    (desk, folder)
}

async fn held(desk: &Desk) {
    until("the first is held", || desk.stand_in.faults().paused() > 0).await;
    desk.stand_in.faults().clear();
}

/// The wizard at the review of the folder's video, which is to replace the reel.
fn replacing(desk: &Desk, folder: &Path) -> Terminal {
    let terminal = Terminal::open(desk, folder, &["--name", REEL, "--replace"], &[SMALL[0], SMALL[1], ONE]);
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait_for("ready: copied");
    terminal.type_keys(ENTER);
    terminal.wait_for("replaces what is there");
    terminal.type_keys(ENTER);
    terminal.wait_for("⏎ publish");
    terminal
}

/// Every command, while `process` replaces the reel.
async fn commands_meet(desk: &Desk, process: u32) {
    let holder = format!("another zipreel (process {process}) is working on `{REEL}` (publish)");
    let (same, other) = (clip(Clip::Silent), clip(Clip::ShortEnd));
    let (same, other) = (same.to_str().unwrap(), other.to_str().unwrap());
    for refused in [&["delete", REEL, "--yes"][..], &["publish", other, "--name", REEL, "--replace"]] {
        let said = zipreel(desk, refused).await.ended(1);
        assert!(said.err.contains(&holder), "{refused:?}: {}", said.err);
    }
    let said = zipreel(desk, &["gc", REEL, "--yes"]).await.ended(0);
    assert!(said.err.contains(&format!("{REEL} is left alone: {holder}")), "{}", said.err);
    zipreel(desk, &["check", REEL]).await.ended(0);
    zipreel(desk, &["check", REEL, "--repair", same]).await.ended(0);
}

/// What a second wizard can do to the reel, while `process` replaces it.
fn a_wizard_meets(desk: &Desk, folder: &Path, process: u32) {
    let holder = format!("(process {process}) is working on");
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let terminal = Terminal::open(desk, folder, &[], &[]);
    type_its_name(&terminal, REEL);
    terminal.press_until_it(ENTER, "the deletion is refused by name", |text| flat(text).contains(&holder));
    go_home(&terminal);
    terminal.type_keys(END);
    terminal.wait("the library's line is chosen", |text| text.contains("▌ Library"));
    terminal.type_keys(ENTER);
    terminal.wait("the reels are listed", |text| text.contains("▌ m") && !text.contains("looking…"));
    terminal.press_until(ENTER, "Watch");
    terminal.press_until("k", "chunks are whole");
    drop(terminal);
    let terminal = replacing(desk, folder);
    terminal.press_until_it(ENTER, "publishing is refused by name", |text| flat(text).contains(&holder));
    drop(terminal);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_replaces_no_wizard_and_no_command_changes() {
    let (desk, folder) = ground().await;
    let mut command = desk.command("state");
    command.args(["publish", "--name", REEL, "--replace", "--parallel", "1"]).envs(SMALL).arg(clip(Clip::Mp4));
    let first = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    held(&desk).await;
    let (process, before) = (first.id().unwrap(), functions(&desk).await);
    commands_meet(&desk, process).await;
    tokio::task::block_in_place(|| a_wizard_meets(&desk, &folder, process));
    assert_eq!(functions(&desk).await, before, "nothing was touched");
    desk.stand_in.faults().release();
    let output = first.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    is_whole(&desk, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wizard_replaces_no_wizard_and_no_command_changes() {
    let (desk, folder) = ground().await;
    let first = replacing(&desk, &folder);
    first.press_until(ENTER, "Split");
    held(&desk).await;
    let (process, before) = (first.process(), functions(&desk).await);
    commands_meet(&desk, process).await;
    tokio::task::block_in_place(|| a_wizard_meets(&desk, &folder, process));
    assert_eq!(functions(&desk).await, before, "nothing was touched");
    desk.stand_in.faults().release();
    first.wait_for("m is live");
    is_whole(&desk, REEL).await;
    first.type_keys("q");
    assert_eq!(first.end().0, 0);
}
