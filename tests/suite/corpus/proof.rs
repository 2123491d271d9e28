//! What only a decoder can tell of what was made.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tokio::process::Command;

use super::{
    all_right,
    make::{A, C, X, base, base_ts, ffmpeg, patched},
    row,
};
use crate::{
    clips::{Clip, clip},
    events,
    mishap::account::functions,
    publish::sandbox::Sandbox,
};

const RAW: &str =
    "-i {base} -map 0:v -c:v libx264 -preset ultrafast -g 50 -keyint_min 50 -sc_threshold 0 -bf 0 base.h264";

/// Slices as a scrambler leaves them that marks nothing: their heads are right, what follows is noise. Those that begin in
/// this part of the stream.
fn scrambled(folder: &Path, part: Range<f64>) -> PathBuf {
    let raw = patched(folder, &ffmpeg(folder, RAW), "scrambled.h264", move |bytes| {
        let length = bytes.len();
        let starts: Vec<usize> = (0..length - 4).filter(|at| bytes[*at..at + 3] == [0, 0, 1]).collect();
        let ends = starts.iter().skip(1).copied().chain([length]);
        for (start, end) in starts.iter().copied().zip(ends) {
            let is_slice = matches!(bytes[start + 3] & 0x1f, 1 | 5);
            if is_slice && part.contains(&(start as f64 / length as f64)) {
                for (place, byte) in bytes[(start + 10).min(end)..end].iter_mut().enumerate() {
                    // no zeros, so that no start code comes about
                    *byte = (*byte ^ (place as u8).wrapping_mul(29)) | 0x11;
                }
            }
        }
    });
    ffmpeg(folder, &format!("-r 25 -i {} -i {{base}} -map 0:v -map 1:a -c copy scrambled.mp4", raw.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_decode_is_never_visible() {
    let _ = base();
    all_right(vec![
        row("scrambled and not marked so", |folder| scrambled(folder, 0.0..1.0)).refused(
            "permanent",
            "could not publish the video `{file}`: nothing of it can be played",
            Some("it is encrypted, or damaged throughout"),
        ),
        row("scrambled from the middle on", |folder| scrambled(folder, 0.4..1.0))
            .said("frames of the file are damaged from"),
        // neither of them is the first segment, the middle one or the last
        row("scrambled after a change", |folder| changes(folder, 0.0..0.45))
            .said("frames of the file are damaged from 24"),
        row("scrambled before a change", before_a_change)
            .args("--segment-seconds 6")
            .said("frames of the file are damaged from 18"),
    ])
    .await;
}

const OTHER: &str = "-f lavfi -i testsrc2=size=320x180:rate=25";

/// Three transport streams one after the other, of 12 s each and two sizes; this part of the last is scrambled.
fn changes(folder: &Path, part: Range<f64>) -> PathBuf {
    let other = ffmpeg(folder, &format!("{OTHER} {A} -t 12 {X} {C} other.ts"));
    let last = ffmpeg(folder, &format!("-i {} -c copy last.ts", scrambled(folder, part).display()));
    joined(folder, [base_ts(), other, last])
}

/// The same; the end of the second is scrambled.
fn before_a_change(folder: &Path) -> PathBuf {
    let other = ffmpeg(folder, &format!("{OTHER} {A} -t 12 {X} {C} other.ts"));
    let second = ffmpeg(folder, &format!("-i {} -c copy second.ts", scrambled(folder, 0.7..1.0).display()));
    joined(folder, [other.clone(), second, other])
}

fn joined<const N: usize>(folder: &Path, parts: [PathBuf; N]) -> PathBuf {
    let path = folder.join("joined.ts");
    fs::write(&path, parts.map(|part| fs::read(part).unwrap()).concat()).unwrap();
    path
}

/// All chunks of the first run are there still: the second has only the index to deploy.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_run_deployed_and_does_not_decode_is_withdrawn() {
    let sandbox = Sandbox::start().await;
    let video = scrambled(&sandbox.path(""), 0.0..1.0);
    for run in 0..2 {
        let run = (run, sandbox.publish_in("state", &video, &["--name", "scrambled"]).await);
        assert_eq!(run.1.code, Some(1), "{run:?}");
        let last = run.1.lines.last().unwrap();
        let what = format!("could not publish the video `{}`: nothing of it can be played", video.display());
        assert_eq!((&last["what"], &last["class"]), (&what.into(), &"permanent".into()), "{run:?}");
        let names = functions(&sandbox).await;
        assert!(names.keys().any(|name| name.starts_with("zipreel-scrambled-")), "its chunks are there: {names:?}");
        assert!(!names.contains_key("zipreel-scrambled-index"), "{names:?}");
    }
}

/// How `zipreel check` ended and what it said.
struct Check {
    code: Option<i32>,
    lines: Vec<Value>,
}

impl Check {
    async fn of(mut command: Command, reel: &str, args: &[&str]) -> Self {
        let output = command.args(["check", "--json"]).args(args).arg(reel).output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        Self { code: output.status.code(), lines: events::all(&text, output.status.code()) }
    }

    fn result(&self) -> &Value {
        self.lines.iter().find(|line| line["event"] == "checked").unwrap_or_else(|| panic!("{:#?}", self.lines))
    }

    fn findings(&self) -> Vec<&str> {
        let chunks = self.lines.iter().filter(|line| line["event"] == "chunk-checked");
        chunks.map(|line| line["finding"].as_str().unwrap()).collect()
    }
}

/// A reel whose hashes are all right. What is scrambled is neither the first segment, the middle one nor the last.
#[tokio::test(flavor = "multi_thread")]
async fn a_deep_check_finds_what_does_not_decode_though_every_byte_is_right() {
    let sandbox = Sandbox::start().await;
    let video = scrambled(&sandbox.path(""), 0.66..0.8);
    sandbox.publish(&video, &["--name", "hole", "--segment-seconds", "2"]).await.published();
    let check = async |args: &[&str]| Check::of(sandbox.command("state"), "hole", args).await;
    let quick = check(&[]).await;
    assert_eq!((quick.code, &quick.result()["decoded"]), (Some(0), &Value::Null));
    let deep = check(&["--deep"]).await;
    let result = deep.result();
    assert_eq!((deep.code, deep.findings()), (Some(1), vec!["undecodable"]), "{:#?}", deep.lines);
    assert_eq!((&result["whole"], &result["ok"], &result["decoded"]), (&true.into(), &1.into(), &6.into()), "{result}");
    assert_eq!(result["undecodable"], 1, "{result}");
    let said = result["problems"][0].as_str().unwrap();
    assert!(said.starts_with("nothing can be played from 8 s to 10 s (ffmpeg: “"), "{said}");
    let failed = deep.lines.last().unwrap();
    let what = failed["what"].as_str().unwrap();
    assert!(
        what.starts_with("the reel `hole` is as it was published, and nothing of it can be played from "),
        "{failed}"
    );
    assert_eq!(fs::read_dir(sandbox.path("work")).unwrap().count(), 0, "nothing stays on the disk");
}

/// Its first segments decode; from where the proof finds the source to be damaged, it is damaged on both sides.
#[tokio::test(flavor = "multi_thread")]
async fn a_deep_check_knows_what_was_wrong_with_the_video_when_it_was_published() {
    let sandbox = Sandbox::start().await;
    for ending in ["mp4", "ts"] {
        let scrambled = scrambled(&sandbox.path(""), 0.4..1.0);
        let video = ffmpeg(&sandbox.path(""), &format!("-i {} -c copy half.{ending}", scrambled.display()));
        let publish = async || sandbox.publish(&video, &["--name", ending, "--segment-seconds", "2"]).await;
        let run = publish().await;
        let warnings = run.published()["warnings"].to_string();
        assert!(warnings.contains("frames of the file are damaged from "), "{warnings}");
        let there = functions(&sandbox).await;
        assert_eq!(publish().await.published()["sent"], 0, "{ending}: the same again");
        assert_eq!(functions(&sandbox).await, there, "{ending}: the index, too");
        let deep = Check::of(sandbox.command("state"), ending, &["--deep"]).await;
        let result = deep.result();
        assert_eq!((deep.code, deep.findings()), (Some(0), vec!["errors"]), "{:#?}", deep.lines);
        assert_eq!((&result["whole"], &result["undecodable"]), (&true.into(), &0.into()), "{ending}: {result}");
        let said = result["problems"].to_string();
        assert!(said.contains("nothing can be played from ") && said.contains(", as in the damaged video"), "{said}");
    }
}

/// The video may have them itself: nobody can tell by the reel.
#[tokio::test(flavor = "multi_thread")]
async fn errors_in_what_decodes_are_told_and_do_not_fail_a_deep_check() {
    let sandbox = Sandbox::start().await;
    let video = scrambled(&sandbox.path(""), 0.5..0.55);
    sandbox.publish(&video, &["--name", "scratched", "--segment-seconds", "2"]).await.published();
    let deep = Check::of(sandbox.command("state"), "scratched", &["--deep"]).await;
    let result = deep.result();
    assert_eq!((deep.code, deep.findings()), (Some(0), vec!["errors"]), "{:#?}", deep.lines);
    assert!(result["errors"].as_u64() > Some(0) && result["undecodable"] == 0, "{result}");
    let said = result["problems"][0].as_str().unwrap();
    assert!(said.starts_with("a player meets ") && said.contains(" errors from 6 s to 8 s (ffmpeg: “"), "{said}");
}

/// Chunk after chunk: where what a segment refers to, or what it changes from, is in the chunk before, and where all is
/// in one.
#[tokio::test(flavor = "multi_thread")]
async fn a_deep_check_of_a_healthy_reel_decodes_all_of_it_without_an_error() {
    let sandbox = Sandbox::start().await;
    let changing = changes(&sandbox.path(""), 0.0..0.0);
    let reels = [("open", clip(Clip::OpenGop), "1"), ("grain", clip(Clip::Grain), "12"), ("changing", changing, "1")];
    for (reel, video, mib) in reels {
        let args = ["--name", reel, "--segment-seconds", "2", "--chunk-mib", mib];
        let run = sandbox.publish(&video, &args).await;
        let (segments, chunks) = (&run.published()["segments"], run.published()["chunks"].as_u64().unwrap());
        assert!(chunks > 1 || reel == "changing", "{reel}: {chunks} chunks");
        let deep = Check::of(sandbox.command("state"), reel, &["--deep"]).await;
        let result = deep.result();
        assert_eq!((deep.code, deep.findings()), (Some(0), vec!["ok"; chunks as usize]), "{reel}: {:#?}", deep.lines);
        assert_eq!((&result["decoded"], &result["errors"]), (segments, &0.into()), "{reel}: {result}");
        assert_eq!(result["not_decoded"], Value::Null, "{reel}: {result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_check_without_ffmpeg_compares_every_byte_and_says_that_nothing_was_decoded() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&base(), &["--name", "base"]).await.published();
    let mut command = sandbox.command("state");
    command.env("ZIPREEL_FFMPEG", "no-such-ffmpeg");
    let deep = Check::of(command, "base", &["--deep"]).await;
    let result = deep.result();
    assert_eq!((deep.code, deep.findings()), (Some(0), vec!["ok"]), "{:#?}", deep.lines);
    assert_eq!((&result["decoded"], &result["whole"]), (&0.into(), &true.into()), "{result}");
    let why = result["not_decoded"].as_str().unwrap();
    assert!(why.starts_with("could not find `no-such-ffmpeg`. Install ffmpeg"), "{why}");
}
