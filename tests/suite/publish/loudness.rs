//! How loud sound is, and sound that is brought to another loudness.

use std::path::Path;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{
    frames::source_hashes,
    sandbox::{Run, Sandbox, tool},
    sounds::{film, heard},
};

/// As ffmpeg alone says of the same track; and no chunk is another for it.
#[tokio::test(flavor = "multi_thread")]
async fn how_loud_the_sound_is_that_players_begin_with_is_said_where_that_is_asked() {
    let sandbox = Sandbox::start().await;
    let video = film(&sandbox, "two.mkv", &["eng", "ger"], "-filter:a:0 volume=-6dB");
    let quiet = sandbox.publish(&video, &["--name", "two"]).await;
    assert_eq!(quiet.published()["loudness"], Value::Null);
    let run = sandbox.publish(&video, &["--name", "two", "--loudness"]).await;
    assert_eq!(
        (&run.published()["sent"], &run.published()["generation"]),
        (&0.into(), &quiet.published()["generation"])
    );
    let said = &run.published()["loudness"];
    let near = |key: &str, wanted: f64| (said[key].as_f64().unwrap() - wanted).abs() < 1.0;
    // a sine of an eighth of full scale, 6 dB lower, in two channels
    assert!(near("lufs", -27.8) && near("range_lu", 0.0) && near("true_peak_dbtp", -26.1), "{said}");
    let mut command = sandbox.command("state");
    let output =
        command.args(["publish", "--plain", "--loudness", "--name", "two", "--"]).arg(&video).output().await.unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains("loudness: -2") && words.contains(" dBTP"), "{words}");
}

/// LUFS over the whole, as ffmpeg alone measures it.
fn lufs(input: &str, stream: &str) -> f64 {
    let filters = "ebur128=metadata=1,ametadata=print:key=lavfi.r128.I:file=-";
    let said = tool("ffmpeg", &["-v", "error", "-i", input, "-map", stream, "-af", filters, "-f", "null", "-"]);
    said.lines().rev().find_map(|line| line.strip_prefix("lavfi.r128.I=")).unwrap().parse().unwrap()
}

/// How much later than the first picture the sound is heard, to a millisecond.
fn begins(input: &str) -> f64 {
    let entries = ["-v", "error", "-show_entries", "stream=codec_type,start_time", "-of", "csv=p=0", input];
    let text = tool("ffprobe", &entries);
    let start = |kind: &str| -> f64 {
        let own = text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(',')?.parse().ok());
        own.unwrap_or_else(|| panic!("{text}"))
    };
    let picture = start("video");
    // ffmpeg counts from what begins first
    let picture = picture - picture.min(start("audio"));
    let filters = "asetnsamples=48,astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-";
    let said = tool("ffmpeg", &["-v", "error", "-i", input, "-map", "0:a:0", "-af", filters, "-f", "null", "-"]);
    let mut at = 0.0;
    for line in said.lines() {
        if let Some((_, time)) = line.split_once("pts_time:") {
            at = time.trim().parse().unwrap();
        } else if line.split_once('=').is_some_and(|(_, level)| level.parse::<f64>().is_ok_and(|level| level > -45.0)) {
            return at - picture;
        }
    }
    panic!("nothing is heard of {input}");
}

fn is_near(value: &Value, wanted: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - wanted).abs() < 1.0)
}

/// A sine of an eighth of full scale, louder or less so, which begins late: -21.8 LUFS in two channels.
#[tokio::test(flavor = "multi_thread")]
async fn normalized_sound_is_equally_loud_and_nothing_else_changes() {
    let sandbox = Sandbox::start().await;
    for (name, by, languages) in [("quiet", [-12, 0], 1), ("loud", [16, 0], 1), ("two", [-8, 14], 2)] {
        let volume = |track: usize| format!("-filter:a:{track} volume={}dB,volume=0:enable='lt(t,3)'", by[track]);
        let words: Vec<String> = (0..languages).map(volume).collect();
        let video = film(&sandbox, &format!("{name}.mkv"), &["eng", "ger"][..languages], &words.join(" "));
        let as_it_is = sandbox.publish(&video, &["--name", &format!("{name}-before")]).await;
        let run = sandbox.publish(&video, &["--name", name, "--loudness=normalize"]).await;
        assert_ne!(run.published()["generation"], as_it_is.published()["generation"], "{name}");
        let said = &run.published()["loudness"];
        let before = -21.8 + f64::from(by[0]);
        assert!(is_near(&said["lufs"], before) && said["normalized_to_lufs"] == -16.0, "{name}: {said}");
        let planned = run.events("planned").next().unwrap()["streams"].to_string();
        let why = "converted to AAC stereo, since it is to be normalized to -16 LUFS, as asked";
        assert_eq!(planned.matches(why).count(), languages, "{name}: {planned}");
        let playlist = run.playlist();
        for track in 0..languages {
            let loud = lufs(&playlist, &format!("0:a:{track}"));
            assert!((loud + 16.0).abs() < 1.0, "{name}, track {track}: {loud} LUFS");
        }
        assert!(heard(&playlist, "0:v") == source_hashes(&video, "0:v"), "{name}: the picture");
        let late = begins(&playlist) - begins(video.to_str().unwrap());
        assert!(late.abs() < 0.04, "{name}: {late} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_goes_on_normalizing() {
    let sandbox = Sandbox::start().await;
    let video = film(&sandbox, "two.mkv", &["eng", "ger"], "-filter:a:0 volume=-6dB");
    let args = ["--name", "killed", "--loudness=normalize"];
    let mut command = sandbox.command("state");
    command.args(["publish", "--json"]).args(args).arg(&video).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect("a chunk is deployed").contains(r#""event":"chunk-deployed""#) {}
    child.kill().await.unwrap();
    let mut command = sandbox.command("state");
    let output = command.args(["resume", "--json", "killed"]).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = crate::events::all(&text, output.status.code());
    let run = Run { code: output.status.code(), lines, stderr: String::new() };
    assert_eq!(run.published()["loudness"]["normalized_to_lufs"], -16.0, "{text}");
    for track in ["0:a:0", "0:a:1"] {
        let loud = lufs(&run.playlist(), track);
        assert!((loud + 16.0).abs() < 1.0, "{track}: {loud} LUFS");
    }
    let same = sandbox.publish(Path::new(&video), &args).await;
    assert_eq!(
        (&same.published()["generation"], &same.published()["sent"]),
        (&run.published()["generation"], &0.into())
    );
}
