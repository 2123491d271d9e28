//! Several videos, one after another: what fails stops no other, and what a killed process did not get to is offered
//! by the next.

use std::{fs, path::PathBuf};

use super::{
    SMALL, flat, folder,
    terminal::{DOWN, ENTER, ESCAPE, Terminal},
};
use crate::{
    clips::{Clip, clip},
    events,
    mishap::account::zipreel,
    publish::sandbox::Sandbox,
};

/// The stand-in's account.
const HERE: &str = "123456789012";
const ELSEWHERE: &str = "111111111111";

/// Five videos.
fn five(sandbox: &Sandbox) -> PathBuf {
    let folder = folder(sandbox, "1-one.mp4");
    for name in ["2-two.mp4", "3-three.mp4", "4-four.mp4", "5-five.mp4"] {
        fs::copy(clip(Clip::Mp4), folder.join(name)).unwrap();
    }
    folder
}

/// From Home to the review of all five.
fn review_all(terminal: &Terminal) {
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait_for("ready: copied");
    for _ in 0..5 {
        terminal.type_keys(" ");
        terminal.type_keys(DOWN);
    }
    terminal.wait_for("5 marked");
    terminal.type_keys(ENTER);
    terminal.wait("all are named", |text| text.contains("5-five") && text.contains("not taken"));
    terminal.type_keys(ENTER);
    terminal.wait_for("one after another");
}

fn failing(text: &str) -> bool {
    text.lines().any(|line| line.contains("✖ 3-three"))
}

async fn published(sandbox: &Sandbox) -> Vec<String> {
    let said = zipreel(sandbox, &["list", "--json"]).await.ended(0);
    let lines = events::lines(&said.out).into_iter();
    let reels = lines.filter(|line| line["event"] == "reel").map(|line| line["reel"].as_str().unwrap().to_owned());
    reels.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_videos_of_which_the_third_fails_make_four_reels_and_it_alone_is_tried_again() {
    let sandbox = Sandbox::start().await;
    let folder = five(&sandbox);
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    review_all(&terminal);
    // after the review, so that only publishing finds it
    let third = folder.join("3-three.mp4");
    fs::rename(&third, folder.join("away")).unwrap();
    terminal.press_until_it(ENTER, "the videos stand in a list", |text| text.contains("of 5 videos published"));
    let screen = terminal.wait_for("4 of 5 videos published, 1 failed");
    let lines: Vec<_> = screen.lines().filter(|line| line.contains("✖ 3-three")).collect();
    assert!(lines.len() == 1 && lines[0].contains("there is no such file"), "one line says why:\n{screen}");
    assert_eq!(published(&sandbox).await, ["1-one", "2-two", "4-four", "5-five"]);
    fs::rename(folder.join("away"), third).unwrap();
    for _ in 0..2 {
        terminal.type_keys(DOWN);
    }
    terminal.press_until_it("r", "it is tried again", |text| !failing(text));
    terminal.wait_for("5 of 5 videos published");
    terminal.type_keys("q");
    let (code, left) = terminal.end();
    assert_eq!(code, 0, "{left}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_whose_process_was_killed_goes_on_from_home() {
    let sandbox = Sandbox::start().await;
    let folder = five(&sandbox);
    sandbox.stand_in.faults().set("uplink=8mbit".parse().unwrap());
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    review_all(&terminal);
    terminal.press_until_it(ENTER, "the videos stand in a list", |text| text.contains("of 5 videos published"));
    terminal.wait("the second is under way", |text| {
        text.contains("1 of 5 videos published")
            && text.lines().any(|line| line.contains("● 2-two") && line.contains('%'))
    });
    terminal.kill();
    sandbox.stand_in.faults().clear();
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    let screen = terminal.wait("what was interrupted is offered", |text| {
        text.contains("Resume 2-two") && text.contains("Publish 5-five")
    });
    assert!(screen.contains("Publish 3-three") && screen.contains("Publish 4-four"), "{screen}");
    assert!(screen.contains("→ local stand-in"), "each line says where it would go:\n{screen}");
    terminal.type_keys(DOWN);
    terminal.wait_for("▌ Resume and publish all");
    terminal.press_until_it(ENTER, "they are published", |text| text.contains("of 4 videos published"));
    terminal.wait_for("4 of 4 videos published");
    assert_eq!(published(&sandbox).await, ["1-one", "2-two", "3-three", "4-four", "5-five"]);
    terminal.type_keys(ESCAPE);
    let screen = terminal.wait("nothing is unfinished", |text| {
        text.contains("From a video file") && !text.contains("Resume") && !text.contains("Publish 3-three")
    });
    assert!(!screen.contains("Resume and publish all"), "{screen}");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

/// The journal of the interrupted run says that it was begun in another account.
fn begun_elsewhere(sandbox: &Sandbox, reel: &str) {
    let journals = fs::read_dir(sandbox.path("state").join(reel)).unwrap().flatten();
    let journal = journals.map(|entry| entry.path().join("journal")).find(|path| path.is_file()).unwrap();
    let lines = fs::read_to_string(&journal).unwrap();
    let lines = lines.lines().map(|line| {
        let json = line.split_once(' ').unwrap().1.replace(&format!("\"{HERE}\""), &format!("\"{ELSEWHERE}\""));
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    });
    fs::write(&journal, lines.collect::<String>()).unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_in_another_account_is_not_resumed_and_both_are_named() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "clip.mp4");
    sandbox.stand_in.faults().set("uplink=4mbit".parse().unwrap());
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    super::go_to_review(&terminal);
    terminal.press_until(ENTER, "Split");
    terminal.wait("a chunk is up", |text| {
        text.lines().any(|line| line.contains("Upload") && line.contains('/') && !line.contains(" 0/"))
    });
    terminal.kill();
    sandbox.stand_in.faults().clear();
    begun_elsewhere(&sandbox, "clip");
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    terminal.wait_for("Resume clip");
    terminal.type_keys(DOWN);
    terminal.wait_for("▌ Resume clip");
    let screen = terminal.press_until_it(ENTER, "it is refused", |text| text.contains("it was begun in"));
    let words = flat(&screen);
    assert!(words.contains(ELSEWHERE) && words.contains(HERE), "both accounts are named:\n{screen}");
    // the key may have counted twice, and opened the log
    terminal.press_until("\x1b", "Publish a video");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 1);
}
