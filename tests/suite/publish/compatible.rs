//! H.264 beside a picture that not every player plays, or instead of it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::sandbox::{Run, Sandbox, get, tool};
use crate::clips::kept;

/// HEVC of 18 s with a keyframe every 3 s, from which pictures before it are decoded too.
pub(crate) fn hevc() -> PathBuf {
    made("compatible", "", "keyint=75:min-keyint=75:open-gop=1", "-c:a aac -ac 2 -b:a 64k")
}

fn made(name: &str, picture: &str, gop: &str, sound: &str) -> PathBuf {
    let inputs = "-f lavfi -i testsrc2=size=320x180:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000";
    let x265 = format!("-c:v libx265 -preset ultrafast -x265-params log-level=none:scenecut=0:bframes=3:{gop}");
    kept(name, inputs, &format!("-t 18 {x265} -pix_fmt yuv420p10le {picture} {sound}"), "mkv")
}

const CUT: [&str; 4] = ["--name", "two", "--segment-seconds", "4"];

async fn publish(sandbox: &Sandbox, video: &Path, more: &[&str]) -> Run {
    sandbox.publish(video, &[&CUT[..], more].concat()).await
}

/// Lines of EXT-X-STREAM-INF with the addresses behind them.
async fn variants(run: &Run) -> Vec<(String, String)> {
    let text = get(&run.playlist()).await;
    let base = run.playlist().replace("index.m3u8", "");
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[0].starts_with("#EXT-X-STREAM-INF"));
    pairs.map(|pair| (pair[0].to_owned(), format!("{base}{}", pair[1]))).collect()
}

/// When each packet of a stream is presented, seconds, in order.
fn times(playlist: &str, stream: &str) -> Vec<f64> {
    let entries = ["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time", "-of", "csv=p=0"];
    let text = tool("ffprobe", &[&entries[..], &[playlist]].concat());
    let mut times: Vec<f64> = text.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect();
    times.sort_by(f64::total_cmp);
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn players_switch_between_both_pictures_at_the_same_times() {
    let sandbox = Sandbox::start().await;
    let run = publish(&sandbox, &hevc(), &["--compatible"]).await;
    let variants = variants(&run).await;
    let [(plain, beside), (own, copied)] = &variants[..] else { panic!("{variants:?}") };
    assert!(plain.contains("CODECS=\"avc1.64") && beside.ends_with("h264.m3u8"), "what all play comes first: {plain}");
    assert!(own.contains("CODECS=\"hvc1.2") && copied.ends_with("src.m3u8"), "{own}");
    let segments = async |url: &String| {
        let text = get(url).await;
        text.lines()
            .filter(|line| line.starts_with("#EXTINF") || line.starts_with("#EXT-X-TARGET"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (before, after) = (segments(copied).await, segments(beside).await);
    // the first at the keyframe after 2 s, the others at those after 4; the last lasts as long as its sound
    assert_eq!(before[..4], ["#EXT-X-TARGETDURATION:6", "#EXTINF:3,", "#EXTINF:6,", "#EXTINF:6,"]);
    assert!(before.len() == 5 && before[4].starts_with("#EXTINF:3.0"), "{before:?}");
    assert_eq!((&before[..4], after.len()), (&after[..4], 5), "{before:?} {after:?}");
    for stream in ["v", "a"] {
        let (before, after) = (times(copied, stream), times(beside, stream));
        let apart = before.iter().zip(&after).map(|(before, after)| (before - after).abs()).fold(0.0, f64::max);
        assert!(before.len() > 400 && before.len() == after.len() && apart <= 0.001, "{stream}: {apart}");
    }
    let keys = [
        "-v",
        "error",
        "-skip_frame",
        "nokey",
        "-select_streams",
        "v",
        "-show_entries",
        "frame=pts_time",
        "-of",
        "csv=p=0",
    ];
    let text = tool("ffprobe", &[&keys[..], &[beside]].concat());
    let keys: Vec<f64> = text.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect();
    assert!(keys.windows(2).all(|pair| pair[1] - pair[0] < 2.001), "a keyframe every 2 s at least: {keys:?}");
    let said = run.events("planned").next().unwrap();
    assert!(said["streams"][0].as_str().unwrap().contains("H.264 beside it"), "{said}");
    assert!(!said["warnings"].to_string().contains("Firefox"), "it plays everywhere: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_at_the_second_picture_goes_on_and_a_damaged_reel_is_mended() {
    let sandbox = Sandbox::start().await;
    let video = hevc();
    let mut command = sandbox.command("state");
    command.args(["publish", "--json", "--chunk-mib", "1", "--compatible"]).args(CUT).arg("--").arg(&video);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["event"] == "segment-closed" && line["rendition"] == "h264" {
            break;
        }
    }
    child.kill().await.unwrap();
    let command = async |args: &[&str]| {
        let output = sandbox.command("state").args(args).output().await.unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.code(), said)
    };
    let (code, said) = command(&["resume", "--plain", "--yes"]).await;
    assert_eq!(code, Some(0), "{said}");
    let again = publish(&sandbox, &video, &["--compatible", "--chunk-mib", "1"]).await;
    assert_eq!(again.published()["sent"], 0, "the same bytes again");
    assert_eq!(variants(&again).await.len(), 2);
    let generation = again.published()["generation"].as_str().unwrap();
    let gone = format!("zipreel-two-{generation}-h264-0001");
    crate::mishap::account::delete_function(&sandbox, &gone).await;
    let (code, said) = command(&["check", "two", "--plain"]).await;
    assert!(code != Some(0) && said.contains("chunk h264/1 is missing"), "{said}");
    let (code, said) = command(&["check", "two", "--repair", video.to_str().unwrap(), "--plain"]).await;
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = command(&["check", "two", "--deep", "--plain"]).await;
    assert!(code == Some(0) && said.contains("8 segments play without an error"), "{said}");
    let chunks = again.published()["chunks"].as_u64().unwrap();
    let (code, said) = command(&["delete", "two", "--yes", "--plain"]).await;
    assert!(code == Some(0) && said.contains(&format!("{} functions", chunks + 1)), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn instead_is_h264_in_transport_streams_and_never_rules_both_out() {
    let sandbox = Sandbox::start().await;
    let run = publish(&sandbox, &hevc(), &["--compatible=instead"]).await;
    let found = variants(&run).await;
    let [(line, url)] = &found[..] else { panic!("{found:?}") };
    assert!(line.contains("avc1.64") && get(url).await.contains(".ts"), "{line}");
    for asked in ["--compatible=add", "--compatible=instead"] {
        let refused = publish(&sandbox, &hevc(), &[asked, "--transcode", "never"]).await;
        let what = refused.failed()["what"].as_str().unwrap();
        assert!(what.contains("is HEVC, and H.264 was asked for"), "{what}");
    }
    let run = sandbox.publish(&crate::corpus::make::base(), &["--name", "plain", "--compatible"]).await;
    let warnings = run.events("planned").next().unwrap()["warnings"].to_string();
    assert!(variants(&run).await.len() == 1 && warnings.contains("`--compatible` changes nothing"), "{warnings}");
}

/// The picture beside HDR is none, and sound that is not AAC has that beside it.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_beside_hdr_and_opus_is_for_all_players() {
    let sandbox = Sandbox::start().await;
    let hdr = "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc";
    let gop = "keyint=50:min-keyint=50:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc";
    let video = made("compatible-hdr", hdr, gop, "-c:a libopus -b:a 64k");
    let run = publish(&sandbox, &video, &["--compatible"]).await;
    let told: Vec<(bool, bool, bool)> = variants(&run)
        .await
        .iter()
        .map(|(line, _)| (line.contains("avc1"), line.contains("VIDEO-RANGE=PQ"), line.contains("mp4a.40.2\"")))
        .collect();
    let all = [(true, false, true), (true, false, false), (false, true, true), (false, true, false)];
    assert_eq!(told, all, "H.264 and HEVC, each with AAC and with Opus");
}
