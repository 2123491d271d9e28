//! What happens to the publishing process from outside, to its ffmpeg, its disk and its video.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use futures_util::future::join_all;
use tokio::process::{Child, Command};
use zipreel::local::{Clock, Operation};

use super::account::{Said, bodies, chunks, functions, is_whole, processes_in, set_faults, zipreel};
use crate::{
    clips::{Clip, clip},
    events,
    publish::sandbox::{Sandbox, free_ports, program, tool},
    split::until,
};

const CUT: [&str; 6] = ["--name", "signal", "--segment-seconds", "2", "--chunk-mib", "1"];

fn signal(name: &str, process: u32) {
    tool("kill", &["-s", name, &process.to_string()]);
}

/// Segments that lie in the work folder.
fn segments(sandbox: &Sandbox) -> usize {
    let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    inside(sandbox.path("work")).flat_map(inside).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_polite_signal_ends_it_with_130_and_leaves_nothing_running() {
    let rows = ["INT", "TERM", "HUP"].map(async |name| {
        let sandbox = Sandbox::start().await;
        set_faults(&sandbox, "stall-mid@CreateFunction=at:2");
        let mut command = sandbox.command("state");
        command.arg("publish").args(CUT).arg(clip(Clip::Mp4)).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        until("an upload is under way", || sandbox.stand_in.faults().stalled() > 0).await;
        signal(name, child.id().unwrap());
        assert_eq!(child.wait().await.unwrap().code(), Some(130), "{name}");
        assert_eq!(processes_in(&sandbox.path("")), [""; 0], "{name}");
        assert_eq!(segments(&sandbox), 0, "{name}: no segment is left");
        sandbox.stand_in.faults().clear();
        let there = chunks(&functions(&sandbox).await);
        let before = bodies(&sandbox, &there);
        zipreel(&sandbox, &["resume"]).await.ended(0);
        assert_eq!(bodies(&sandbox, &there), before, "{name}");
        is_whole(&sandbox, "signal").await;
        assert_eq!(segments(&sandbox), 0, "{name}: no segment is left");
    });
    join_all(rows).await;
}

/// Asleep the process stands still, its connections die, and the world's clock goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_slept_for_an_hour_goes_on_where_it_was() {
    let clock = Clock::system();
    let sandbox = Sandbox::start_on(free_ports(), clock.clone()).await;
    set_faults(&sandbox, "stall-mid@CreateFunction=at:3");
    let mut command = sandbox.command("state");
    command.args(["publish", "--json"]).args(CUT).arg(clip(Clip::Mp4));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("an upload is under way", || sandbox.stand_in.faults().stalled() > 0).await;
    let process = child.id().unwrap();
    signal("STOP", process);
    let sandbox = sandbox.cut_off().await;
    clock.advance(Duration::from_secs(60 * 60));
    signal("CONT", process);
    let output = child.wait_with_output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(sandbox.stand_in.counts().repeated_bytes(), 0);
    is_whole(&sandbox, "signal").await;
}

/// A program in ffmpeg's place; its first split is run by `first`, which has the arguments in `$@`.
fn ffmpeg_that(sandbox: &Sandbox, first: &str) -> PathBuf {
    let path = sandbox.path("this-ffmpeg");
    let mark = sandbox.path("ran");
    let script = format!(
        "#!/bin/sh\nsplit=\nfor word; do [ \"$word\" = hls ] && split=yes; done\n\
         if [ -n \"$split\" ] && [ ! -e '{mark}' ]; then echo $$ > '{mark}'; {first}; fi\nexec ffmpeg \"$@\"\n",
        mark = mark.display()
    );
    program(&path, &script);
    path
}

/// Publishes with such a program, as JSON lines.
fn publish_with(sandbox: &Sandbox, ffmpeg: &Path, video: &Path) -> Command {
    let mut command = sandbox.command("state");
    command.args(["publish", "--json"]).args(CUT).arg(video).env("ZIPREEL_FFMPEG", ffmpeg);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn end_of(child: Child) -> Said {
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Publishes, and comes back in the middle of the split: one chunk is deployed, and until the faults are cleared no
/// other will be, so that the backlog fills and ffmpeg is held. Gives ffmpeg's process too.
async fn publish_half(sandbox: &Sandbox, video: &Path) -> (Child, u32) {
    set_faults(sandbox, "503@CreateFunction=after:2");
    // at four times the speed of playing the backlog is full before all is read
    let mut command = publish_with(sandbox, &ffmpeg_that(sandbox, "exec ffmpeg -readrate 4 \"$@\""), video);
    // next to nothing means the least: two chunks
    let child = command.env("ZIPREEL_BACKLOG_GIB", "0.000001").spawn().unwrap();
    let deployed = || sandbox.stand_in.counts().answers(Operation::CreateFunction, 201);
    // the lease is the first
    until("a chunk is deployed", || deployed() > 1).await;
    let there = chunks(&functions(sandbox).await);
    assert_eq!(there.len(), 1, "{there:?}");
    (child, fs::read_to_string(sandbox.path("ran")).unwrap().trim().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_ffmpeg_is_run_again_and_makes_the_same_reel() {
    let (calm, sandbox) = (Sandbox::start().await, Sandbox::start().await);
    calm.publish(&clip(Clip::Mp4), &CUT).await.published();
    let (child, ffmpeg) = publish_half(&sandbox, &clip(Clip::Mp4)).await;
    signal("KILL", ffmpeg);
    sandbox.stand_in.faults().clear();
    let said = end_of(child).await.ended(0);
    assert!(said.out.lines().any(|line| line.contains("retrying") && line.contains("\"split\"")), "{}", said.out);
    is_whole(&sandbox, "signal").await;
    assert_eq!(chunks(&functions(&sandbox).await), chunks(&functions(&calm).await));
    assert_eq!(sandbox.stand_in.counts().repeated_bytes(), 0);
    until("no ffmpeg is left", || processes_in(&sandbox.path("")).is_empty()).await;
}

/// ffmpeg under a limit on the size of its files writes short ones, as on a full disk.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_an_unattended_run_with_what_to_do() {
    let sandbox = Sandbox::start().await;
    let full = "trap '' XFSZ; ulimit -f 200";
    let mut command = publish_with(&sandbox, &ffmpeg_that(&sandbox, full), &clip(Clip::Mp4));
    let said = end_of(command.spawn().unwrap()).await.ended(1);
    let last = events::last(&said.out);
    assert_eq!((&last["event"], &last["class"]), (&"failed".into(), &"needs-person".into()), "{last}");
    let hint = last["hint"].as_str().unwrap();
    let work = sandbox.path("work");
    assert!(hint.starts_with("Make room for up to 4096 MiB on the disk of `"), "{hint}");
    assert!(hint.contains(work.to_str().unwrap()) && hint.contains("--work-dir"), "{hint}");
    zipreel(&sandbox, &["resume"]).await.ended(0);
    is_whole(&sandbox, "signal").await;
}

/// Half of it is split, and then this `happens` to the video.
async fn while_it_is_read(happens: impl FnOnce(&Path), words: &str) {
    let sandbox = Sandbox::start().await;
    let video = sandbox.path("mine.mkv");
    fs::copy(clip(Clip::Mkv), &video).unwrap();
    let (child, _) = publish_half(&sandbox, &video).await;
    happens(&video);
    sandbox.stand_in.faults().clear();
    let said = end_of(child).await.ended(1);
    let last = said.out.lines().last().unwrap();
    assert!(last.contains("\"failed\"") && last.contains("mine.mkv") && last.contains(words), "{last}");
    let left = functions(&sandbox).await;
    assert!(!left.is_empty());
    assert!(!left.keys().any(|name| name.ends_with("-index")), "a reel is visible: {left:?}");
    // what was deployed of it is of use once the video is there again
    let before = bodies(&sandbox, &left);
    fs::copy(clip(Clip::Mkv), &video).unwrap();
    sandbox.publish(&video, &CUT).await.published();
    assert_eq!(bodies(&sandbox, &left), before);
    is_whole(&sandbox, "signal").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_is_cut_off_while_it_is_read_is_not_published() {
    let cut_off = |video: &Path| fs::OpenOptions::new().write(true).open(video).unwrap().set_len(3_000_000).unwrap();
    while_it_is_read(cut_off, "changed while it was read").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_is_removed_while_it_is_read_is_not_published() {
    while_it_is_read(|video| fs::remove_file(video).unwrap(), "there is no such file").await;
}
