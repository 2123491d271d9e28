//! What a player decodes from the playlist URL is what the source holds, frame by frame.

use std::path::Path;

use serde_json::Value;

use super::sandbox::{Reel, Sandbox, tool};
use crate::clips::{Clip, clip};

/// The hash column of `-f framemd5` for one kind of stream.
pub(crate) fn hashes(input: &[&str], stream: &str) -> Vec<String> {
    let args = [&["-v", "error"], input, &["-map", stream, "-f", "framemd5", "-"]].concat();
    framemd5(&tool("ffmpeg", &args))
}

/// The hash column of what `-f framemd5` writes.
pub(crate) fn framemd5(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
}

/// The source as it is, without its edit list: priming samples are part of what is published.
pub(crate) fn source_hashes(video: &Path, stream: &str) -> Vec<String> {
    let path = video.to_str().unwrap();
    let mut input = vec!["-i", path];
    if path.ends_with(".mp4") {
        input.splice(0..0, ["-ignore_editlist", "1"]);
    }
    hashes(&input, stream)
}

async fn plays_as_the_source(sandbox: &Sandbox, kind: Clip, seconds: &str, chunk_mib: &str) -> Value {
    let video = clip(kind);
    let name = format!("{}-{seconds}-{chunk_mib}", format!("{kind:?}").to_lowercase());
    let args = ["--name", &name, "--segment-seconds", seconds, "--chunk-mib", chunk_mib];
    let run = sandbox.publish(&video, &args).await;
    let playlist = run.playlist();
    for stream in ["0:v", "0:a"] {
        let source = source_hashes(&video, stream);
        let reel = hashes(&["-i", &playlist], stream);
        assert!(source.len() > 100, "{} frames", source.len());
        assert_eq!(reel.len(), source.len(), "{kind:?} {seconds} s {chunk_mib} MiB {stream}");
        assert!(reel == source, "{kind:?} {seconds} s {chunk_mib} MiB {stream}: frames differ");
    }
    run.published().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_of_an_mp4_with_b_frames_is_there() {
    let sandbox = Sandbox::start().await;
    for (seconds, small) in [("2", "1"), ("6", "2"), ("30", "8")] {
        let few = plays_as_the_source(&sandbox, Clip::Mp4, seconds, small).await;
        let many = plays_as_the_source(&sandbox, Clip::Mp4, seconds, "32").await;
        let [few_chunks, many_chunks] = [&few, &many].map(|run| run["chunks"].as_u64().unwrap());
        let segments = few["segments"].as_u64().unwrap();
        // 6 and 30 s: one segment a chunk but for a short last one; 2 and 6 s: several in the large chunks
        assert!(seconds == "2" || few_chunks + 1 >= segments, "{few}");
        assert!(seconds == "30" || many_chunks < segments, "{many}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_of_a_matroska_file_is_there() {
    let sandbox = Sandbox::start().await;
    for seconds in ["2", "6", "30"] {
        plays_as_the_source(&sandbox, Clip::Mkv, seconds, "32").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_of_a_transport_stream_is_there() {
    let sandbox = Sandbox::start().await;
    for seconds in ["2", "6", "30"] {
        plays_as_the_source(&sandbox, Clip::Ts, seconds, "32").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_gops_decode_alone_and_are_not_called_independent() {
    let sandbox = Sandbox::start().await;
    let run = sandbox.publish(&clip(Clip::OpenGop), &["--name", "open", "--segment-seconds", "2"]).await;
    let reel = Reel::of(&run).await;
    assert!(!reel.media.contains("INDEPENDENT-SEGMENTS") && !reel.multivariant.contains("INDEPENDENT-SEGMENTS"));
    let ranges = reel.ranges();
    assert!(ranges.len() >= 10, "{}", ranges.len());
    for (place, (url, offset, length)) in ranges.iter().enumerate() {
        let segment = sandbox.path("segment.ts");
        std::fs::write(&segment, super::sandbox::get_range(url, *offset, *length).await).unwrap();
        let frames = hashes(&["-i", segment.to_str().unwrap()], "0:v");
        // the first B-frames of an open GOP need the one before; everything else must be there
        assert!(frames.len() >= 55 || place == ranges.len() - 1, "segment {place}: {} frames", frames.len());
    }
    let closed = sandbox.publish(&clip(Clip::Mp4), &["--name", "closed"]).await;
    let closed = Reel::of(&closed).await;
    assert!(closed.media.contains("#EXT-X-INDEPENDENT-SEGMENTS"));
    assert!(closed.multivariant.contains("#EXT-X-INDEPENDENT-SEGMENTS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_segment_of_a_tenth_of_a_second_leaves_the_bandwidth_sane() {
    let sandbox = Sandbox::start().await;
    let video = clip(Clip::ShortEnd);
    let run = sandbox.publish(&video, &["--name", "short", "--segment-seconds", "6"]).await;
    let reel = Reel::of(&run).await;
    let (_, stream) = m3u8_rs::parse_master_playlist(reel.multivariant.as_bytes()).unwrap();
    let variant = &stream.variants[0];
    let source = std::fs::metadata(&video).unwrap().len() as f64 * 8.0 / 24.1;
    let (peak, average) = (variant.bandwidth as f64, variant.average_bandwidth.unwrap() as f64);
    assert!(peak >= average && peak < 2.0 * source, "{peak} {average} {source}");
    assert!((0.9..1.3).contains(&(average / source)), "{average} {source}");
    assert_eq!(variant.resolution, Some(m3u8_rs::Resolution { width: 640, height: 360 }));
    assert!(reel.multivariant.contains("FRAME-RATE=30.000"), "{}", reel.multivariant);
    assert!(variant.codecs.as_ref().unwrap().starts_with("avc1."), "{:?}", variant.codecs);
}

#[tokio::test(flavor = "multi_thread")]
async fn mpeg2_and_ac3_are_re_encoded_when_allowed() {
    let sandbox = Sandbox::start().await;
    let video = clip(Clip::Mpeg2);
    let refused = sandbox.publish(&video, &["--name", "old"]).await;
    let what = refused.failed()["what"].as_str().unwrap().to_owned();
    assert!(what.to_lowercase().contains("mpeg-2") && what.to_lowercase().contains("ac-3"), "{what}");
    let run = sandbox.publish(&video, &["--name", "old", "--transcode", "auto"]).await;
    let playlist = run.playlist();
    let ends = ["v", "a"].map(|stream| last_end(&playlist, stream));
    assert!((ends[0] - ends[1]).abs() < 0.040, "A/V offset at the end: {ends:?}");
    let starts = ["v", "a"].map(|stream| first_start(&playlist, stream));
    assert!((ends[0] - starts[0] - 20.0).abs() < 0.1, "{starts:?} {ends:?}");
    let codecs = Reel::of(&run).await.multivariant;
    assert!(codecs.contains("avc1.64") && codecs.contains("mp4a.40.2"), "{codecs}");
}

fn packets(input: &str, stream: &str) -> Vec<(f64, f64)> {
    let entries = ["-show_entries", "packet=pts_time,duration_time", "-of", "csv=p=0"];
    let text = tool("ffprobe", &[&["-v", "error", "-select_streams", stream], &entries[..], &[input]].concat());
    let packet = |line: &str| {
        let mut numbers = line.split(',').map(str::parse::<f64>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    text.lines().filter_map(packet).collect()
}

fn last_end(input: &str, stream: &str) -> f64 {
    packets(input, stream).into_iter().map(|(start, length)| start + length).fold(0.0, f64::max)
}

fn first_start(input: &str, stream: &str) -> f64 {
    packets(input, stream).into_iter().map(|(start, _)| start).fold(f64::MAX, f64::min)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trimmed_mp4_is_refused_for_copy_and_shows_nothing_hidden_when_re_encoded() {
    let sandbox = Sandbox::start().await;
    let video = clip(Clip::Trimmed);
    let refused = sandbox.publish(&video, &["--name", "trimmed"]).await;
    let failed = refused.failed().to_string();
    assert!(failed.contains("the 1.3 s cut out are still in the file, and a copy would publish them"), "{failed}");
    let run = sandbox.publish(&video, &["--name", "trimmed", "--transcode", "auto"]).await;
    let shown = hashes(&["-i", video.to_str().unwrap()], "0:v").len();
    let published = hashes(&["-i", &run.playlist()], "0:v").len();
    assert!(published.abs_diff(shown) <= 1, "{published} published, {shown} shown");
}
