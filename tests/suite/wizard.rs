//! The wizard as a person meets it: the built binary in a real pseudo-terminal, over the real engine and the stand-in.

mod among;
mod cdn;
mod consent;
mod jobs;
mod library;
mod pairs;
mod picker;
mod queue;
mod takeover;
mod terminal;

use std::{fs, path::PathBuf, process::Command, time::Duration};

use terminal::{CTRL_C, DOWN, ENTER, ESCAPE, Terminal};

use crate::{
    clips::{Clip, clip},
    publish::sandbox::{Sandbox, tool},
};

/// Many small chunks, so that there is time to look.
const SMALL: [(&str, &str); 2] = [("ZIPREEL_CHUNK_MIB", "1"), ("ZIPREEL_SEGMENT_SECONDS", "2")];

/// A folder with one video in it.
fn folder(sandbox: &Sandbox, name: &str) -> PathBuf {
    let folder = sandbox.path("videos");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(clip(Clip::Mp4), folder.join(name)).unwrap();
    folder
}

/// From Home through the settings of the folder's first video, until something of its review is shown.
fn go_on_to(terminal: &Terminal, shown: &str) {
    terminal.wait_for("Publish a video");
    terminal.type_keys(ENTER);
    terminal.wait_for("ready: copied");
    terminal.type_keys(ENTER);
    terminal.wait_for("✔ not taken");
    terminal.type_keys(ENTER);
    terminal.wait_for(shown);
}

fn go_to_review(terminal: &Terminal) {
    go_on_to(terminal, "⏎ publish");
}

/// A screen's words, wherever its lines are broken.
fn flat(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The link after a label, put together if it was wrapped.
fn link(screen: &str, ending: &str) -> String {
    let lines: Vec<_> = screen.lines().map(str::trim).collect();
    let whole = lines.join("");
    let at = whole.find("http://").unwrap_or_else(|| panic!("no link in:\n{screen}"));
    let spaced = screen.split_whitespace().find(|word| word.starts_with("http://") && word.ends_with(ending));
    spaced.map_or_else(|| whole[at..].split_whitespace().next().unwrap().to_owned(), str::to_owned)
}

/// Packets of video and audio, counted by a player that reads all of it.
fn packets(input: &str) -> String {
    let count = ["-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv"];
    let listed = tool("ffprobe", &[&count[..], &[input]].concat());
    // a playlist's programme repeats its streams
    let mut lines: Vec<_> = listed.lines().filter(|line| line.starts_with("stream,")).collect();
    lines.dedup();
    lines.sort_unstable();
    lines.dedup();
    lines.join("\n")
}

/// Processes that have this folder in their command line.
fn processes(folder: &str) -> Vec<String> {
    let listing = Command::new("ps").args(["-A", "-ww", "-o", "pid=,stat=,args="]).output().unwrap();
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    listing.lines().filter(|line| line.contains(folder) && line.contains("ffmpeg")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_goes_from_home_to_a_link_that_plays() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "harbour night.mp4");
    // its own stand-in, not the sandbox's: it ends with the wizard
    let data = sandbox.path("own-data");
    let own = [("ZIPREEL_DATA", data.to_str().unwrap()), ("ZIPREEL_PORT", "0"), SMALL[0], SMALL[1]];
    let terminal = Terminal::open(&sandbox, &folder, &[], &own);
    go_to_review(&terminal);
    terminal.press_until(ENTER, "Split");
    let screen = terminal.wait_for("harbour-night is published");
    let playlist = link(&screen, "index.m3u8");
    assert!(playlist.ends_with("/harbour-night/index.m3u8"), "{playlist}");
    let source = clip(Clip::Mp4);
    assert_eq!(packets(&playlist), packets(source.to_str().unwrap()));
    tool("ffmpeg", &["-v", "error", "-i", &playlist, "-f", "null", "-"]);

    assert!(terminal.mouse_selects(), "links can be selected");
    terminal.type_keys("k");
    terminal.wait_for("chunks are there and unchanged");
    terminal.type_keys(ESCAPE);
    terminal.wait_for("harbour-night is published");
    terminal.type_keys("q");
    let screen = terminal.wait_for("Quit zipreel?");
    assert!(screen.contains("stop working"), "the links would end, which is said first: {screen}");
    terminal.press_until_it("y", "it ends", |text| text.contains("playlist:"));
    let (code, left) = terminal.end();
    assert_eq!(code, 0, "{left}");
    assert!(left.contains(&format!("playlist: {playlist}")), "the links stay in the scroll-back: {left}");
    assert!(left.contains("serve it again with: zipreel local"), "and how to serve them again: {left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_leaves_nothing_running_and_is_resumed_from_home() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "long.mp4");
    sandbox.stand_in.faults().set("uplink=6mbit".parse().unwrap());
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    go_to_review(&terminal);
    terminal.press_until(ENTER, "Split");
    terminal.wait("a chunk is up and more are on their way", |text| {
        text.lines().any(|line| line.contains("Upload") && line.contains("/") && !line.contains(" 0/"))
    });
    terminal.type_keys("c");
    terminal.wait_for("Stop publishing?");
    terminal.press_until("y", "Resume long");
    assert_eq!(processes(sandbox.path("").to_str().unwrap()), [""; 0], "no ffmpeg of ours runs on");
    terminal.type_keys("q");
    let (code, left) = terminal.end();
    assert_eq!(code, 0, "{left}");
    assert!(left.contains("zipreel resume long"), "it says how to go on: {left}");

    sandbox.stand_in.faults().clear();
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    let screen = terminal.wait_for("Resume long");
    assert!(screen.contains("chunks uploaded"), "what is left to do is told: {screen}");
    terminal.type_keys(DOWN);
    terminal.wait("the line to resume is chosen", |text| text.contains("▌ Resume long"));
    terminal.press_until(ENTER, "Split");
    let screen = terminal.wait_for("long is published");
    let words: Vec<_> = screen.split_whitespace().collect();
    assert!(words.join(" ").contains("rest was there already"), "nothing deployed is sent again: {screen}");
    assert_eq!(packets(&link(&screen, "index.m3u8")), packets(clip(Clip::Mp4).to_str().unwrap()));
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_is_resized_while_it_publishes() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "clip.mp4");
    sandbox.stand_in.faults().set("uplink=10mbit".parse().unwrap());
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    go_to_review(&terminal);
    terminal.press_until(ENTER, "Split");
    terminal.wait_for("MiB/s");
    for (cols, rows) in [(40, 12), (200, 60), (24, 6), (80, 24), (3, 2), (120, 40)] {
        terminal.resize(cols, rows);
        let fits = cols >= 24;
        let what = format!("it is drawn at {cols}x{rows}");
        terminal.wait(&what, |text| if fits { text.contains("zipreel") } else { text.contains("zi") });
    }
    sandbox.stand_in.faults().clear();
    terminal.wait_for("clip is published");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_shown_with_its_cause_and_its_wait() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "clip.mp4");
    sandbox.stand_in.faults().set("429@CreateFunction=0.6,seed=7".parse().unwrap());
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    go_to_review(&terminal);
    terminal.press_until(ENTER, "Split");
    let retry = |line: &str| line.contains("↻") && line.contains("attempt") && line.contains("of 8");
    let screen = terminal.wait("a retry is told", |text| text.lines().any(retry));
    let line = screen.lines().find(|line| retry(line)).unwrap();
    assert!(line.contains("too busy"), "with its cause: {line}");
    sandbox.stand_in.faults().clear();
    let done = terminal.wait_for("clip is published");
    assert!(!done.contains("no retries"), "and counted in the end: {done}");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_asks_once_and_stops_in_an_orderly_way_the_second_time() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "clip.mp4");
    sandbox.stand_in.faults().set("uplink=2mbit".parse().unwrap());
    let terminal = Terminal::open(&sandbox, &folder, &[], &SMALL);
    go_to_review(&terminal);
    terminal.press_until(ENTER, "Split");
    terminal.wait("a chunk is on its way", |text| text.contains("iB/s"));
    terminal.type_keys(CTRL_C);
    terminal.wait("it names what runs", |text| text.contains("Quit zipreel?") && text.contains("1 upload"));
    terminal.type_keys(CTRL_C);
    let (code, left) = terminal.end();
    assert_eq!(code, 130, "{left}");
    assert!(left.contains("go on with: zipreel resume clip"), "{left}");
    assert_eq!(processes(sandbox.path("").to_str().unwrap()), [""; 0]);
}

#[expect(clippy::print_stdout, reason = "a measurement: printed, since no test fails on time")]
#[tokio::test(flavor = "multi_thread")]
async fn keys_reach_the_screen_at_once_while_seven_uploads_run() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "clip.mp4");
    // the lease and the first chunk are answered, all others wait
    sandbox.stand_in.faults().set("pause-before@CreateFunction=after:2".parse().unwrap());
    let terminal = Terminal::open(&sandbox, &folder, &[], &[SMALL[0], SMALL[1], ("ZIPREEL_PARALLEL", "8")]);
    go_to_review(&terminal);
    terminal.press_until(ENTER, "Split");
    terminal.wait("seven uploads run", |text| text.matches(" chunk ").count() >= 7);
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..25 {
        times.push(terminal.time_key("?", "the help opens", |text| text.contains("─ Keys ─")));
        times.push(terminal.time_key("\x1bOP", "the help closes", |text| !text.contains("─ Keys ─")));
    }
    times.sort_unstable();
    let (middle, worst) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("key to screen while 7 uploads run: median {middle:?}, p99 {worst:?}");
    terminal.type_keys(CTRL_C);
    terminal.type_keys(CTRL_C);
    assert_eq!(terminal.end().0, 130);
}
