//! Fragmented MP4: what players decode from the playlist URL is what the source holds, at the same times, and what lies
//! in the segments are boxes as the playlist's rules want them.

use std::path::{Path, PathBuf};

use super::{
    frames::source_hashes,
    sandbox::{Reel, Sandbox, get_range, tool},
};
use crate::{clips::kept, mishap::account::zipreel};

const PICTURE: &str = "-f lavfi -i testsrc2=size=320x180:rate=25";
const SOUND: &str = "-f lavfi -i sine=frequency=440:sample_rate=48000";
const AAC: &str = "-c:a aac -b:a 64k -ac 2";
const X265: &str = "-c:v libx265 -preset ultrafast -x265-params";
const GOP: &str = "log-level=none:keyint=50:min-keyint=50:scenecut=0:bframes=3:open-gop=0";

/// A clip of 12 s.
fn clip(name: &str, outputs: &str, ending: &str) -> PathBuf {
    kept(&format!("fmp4-{name}"), &format!("{PICTURE} {SOUND}"), &format!("-t 12 {outputs}"), ending)
}

fn hevc(ending: &str, more: &str) -> PathBuf {
    clip(&format!("hevc-{ending}"), &format!("{X265} {GOP} -pix_fmt yuv420p {AAC} {more}"), ending)
}

/// Another file of the same streams.
fn copied(name: &str, source: &Path, inputs: &str, outputs: &str, ending: &str) -> PathBuf {
    let inputs = inputs.replace("SOURCE", &source.display().to_string());
    kept(&format!("fmp4-{name}"), &inputs, &format!("{outputs} -c copy"), ending)
}

fn hashes(input: &str, stream: &str, how: &[&str]) -> Vec<String> {
    let args = [&["-v", "error", "-i", input, "-map", stream], how, &["-f", "framemd5", "-"]].concat();
    // side data of a packet stands behind its hash
    let text = tool("ffmpeg", &args);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(',').nth(5).unwrap().trim().to_owned()).collect()
}

/// When the packets of a stream are presented, in order.
fn times(input: &str, stream: &str) -> Vec<f64> {
    let entries = ["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time", "-of", "csv=p=0"];
    let text = tool("ffprobe", &[&entries[..], &[input]].concat());
    let mut times: Vec<f64> = text.lines().filter_map(|line| line.split(',').next()?.parse().ok()).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// When each picture is shown and each packet of sound heard, from the first picture on.
fn timeline(input: &str) -> Vec<f64> {
    let [video, sound] = ["v", "a"].map(|stream| times(input, stream));
    let begins = video[0];
    video.into_iter().chain(sound).map(|time| time - begins).collect()
}

struct Published {
    reel: Reel,
    playlist: String,
    sandbox: Sandbox,
}

async fn published(video: &Path, more: &[&str]) -> Published {
    let sandbox = Sandbox::start().await;
    let run = sandbox.publish(video, &[&["--name", "f", "--segment-seconds", "4"], more].concat()).await;
    Published { reel: Reel::of(&run).await, playlist: run.playlist(), sandbox }
}

/// Published without conversion, with every frame, each within a millisecond of its time.
async fn is_copied(video: &Path, more: &[&str], codecs: &str) -> Published {
    let published = published(video, more).await;
    let Published { reel, playlist, .. } = &published;
    assert!(reel.multivariant.contains(&format!("CODECS=\"{codecs}\"")), "{}", reel.multivariant);
    assert!(reel.media.contains("#EXT-X-MAP:URI=\"src-init.mp4\""), "{}", reel.media);
    for stream in ["0:v", "0:a"] {
        // what a decoder of Opus leaves out at the beginning is said by the container, in another way by each
        let (source, made) = match stream {
            "0:a" if codecs.ends_with("Opus") => {
                let packets = |input| hashes(input, stream, &["-c", "copy"]);
                (packets(video.to_str().unwrap()), packets(playlist))
            }
            _ => (source_hashes(video, stream), hashes(playlist, stream, &[])),
        };
        assert!(source.len() > 100, "{} {stream}", video.display());
        assert_eq!(made.len(), source.len(), "{} {stream}", video.display());
        assert!(made == source, "{} {stream}: frames differ", video.display());
    }
    let (before, after) = (timeline(video.to_str().unwrap()), timeline(playlist));
    assert_eq!(before.len(), after.len(), "{}", video.display());
    let apart = before.iter().zip(&after).position(|(before, after)| (before - after).abs() > 0.001);
    assert!(apart.is_none_or(|place| panic!("{}: {place}: {} {}", video.display(), before[place], after[place])));
    published
}

#[tokio::test(flavor = "multi_thread")]
async fn hevc_is_copied_whatever_it_comes_in() {
    let mp4 = hevc("mp4", "");
    is_copied(&mp4, &[], "hvc1.1.6.L60.90,mp4a.40.2").await;
    for (name, ending, more) in [("mkv", "mkv", ""), ("ts", "ts", ""), ("hvc1", "mp4", "-tag:v hvc1")] {
        let same = copied(name, &mp4, "-i SOURCE", more, ending);
        is_copied(&same, &[], "hvc1.1.6.L60.90,mp4a.40.2").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_need_those_before_are_shown_at_their_times_and_not_called_independent() {
    let open = GOP.replace("open-gop=0", "open-gop=1");
    for ending in ["mp4", "ts"] {
        let outputs = format!("{X265} {open} -pix_fmt yuv420p {AAC}");
        let published =
            is_copied(&clip(&format!("open-{ending}"), &outputs, ending), &[], "hvc1.1.6.L60.90,mp4a.40.2").await;
        let Reel { media, multivariant, .. } = &published.reel;
        assert!(!media.contains("INDEPENDENT") && !multivariant.contains("INDEPENDENT"), "{media}");
    }
    let closed = is_copied(&hevc("mp4", ""), &[], "hvc1.1.6.L60.90,mp4a.40.2").await;
    assert!(closed.reel.media.contains("INDEPENDENT") && closed.reel.multivariant.contains("INDEPENDENT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_changes_its_form_is_refused_and_can_be_re_encoded() {
    let sandbox = Sandbox::start().await;
    let of = |size: &str| {
        let outputs = format!("-t 6 {X265} {GOP} -pix_fmt yuv420p -s {size} {AAC}");
        kept(&format!("fmp4-{size}"), &format!("{PICTURE} {SOUND}"), &outputs, "ts")
    };
    let video = sandbox.path("change.ts");
    std::fs::write(&video, [of("320x180"), of("192x108")].map(|path| std::fs::read(path).unwrap()).concat()).unwrap();
    let refused = sandbox.publish(&video, &["--name", "change"]).await;
    let [what, hint] = ["what", "hint"].map(|key| refused.failed()[key].as_str().unwrap().to_owned());
    assert!(what.contains("from 0:06 on its picture has another form"), "{what}");
    assert!(hint.contains("--container ts --transcode auto"), "{hint}");
    let run = sandbox.publish(&video, &["--name", "change", "--container", "ts", "--transcode", "auto"]).await;
    assert!(Reel::of(&run).await.multivariant.contains("avc1.64"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_codec_that_only_mp4_carries_is_copied() {
    let ten = format!("{X265} {GOP} -pix_fmt yuv420p10le -c:a libopus -b:a 64k");
    is_copied(&clip("ten", &ten, "mkv"), &[], "hvc1.2.4.L60.90,Opus").await;
    let av1 = format!("-c:v libaom-av1 -cpu-used 8 -usage realtime -g 50 -pix_fmt yuv420p {AAC}");
    is_copied(&clip("av1", &av1, "mp4"), &[], "av01.0.00M.08,mp4a.40.2").await;
    let webm = "-c:v libaom-av1 -cpu-used 8 -usage realtime -g 50 -pix_fmt yuv420p -c:a libopus -b:a 64k";
    is_copied(&clip("webm", webm, "webm"), &[], "av01.0.00M.08,Opus").await;
    let avc = "-c:v libx264 -preset ultrafast -bf 2 -g 50 -pix_fmt yuv420p -c:a";
    is_copied(&clip("flac", &format!("{avc} flac"), "mkv"), &[], "avc1.4d400c,fLaC").await;
    is_copied(&clip("avc", &format!("{avc} aac"), "ts"), &["--container", "mp4"], "avc1.4d400c,mp4a.40.2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn light_beyond_eight_bits_is_said() {
    for (name, transfer, range) in [("hdr10", "smpte2084", "PQ"), ("hlg", "arib-std-b67", "HLG")] {
        let colours = format!("{GOP}:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc");
        let video = clip(name, &format!("{X265} {colours} -pix_fmt yuv420p10le {AAC}"), "mp4");
        let published = is_copied(&video, &[], "hvc1.2.4.L60.90,mp4a.40.2").await;
        let said = format!("VIDEO-RANGE={range}");
        assert!(published.reel.multivariant.contains(&said), "{}", published.reel.multivariant);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_is_kept_from_the_beginning_to_the_end() {
    let mp4 = hevc("mp4", "");
    for (name, inputs, ending) in [
        ("sound-late", "-i SOURCE -itsoffset 0.4 -i SOURCE -map 0:v -map 1:a", "mp4"),
        ("sound-late", "-i SOURCE -itsoffset 0.4 -i SOURCE -map 0:v -map 1:a", "mkv"),
        ("picture-late", "-i SOURCE -itsoffset 0.3 -i SOURCE -map 1:v -map 0:a", "mp4"),
        ("offset", "-i SOURCE -output_ts_offset 95434", "ts"),
    ] {
        let video = copied(&format!("{name}-{ending}"), &mp4, inputs, "", ending);
        is_copied(&video, &[], "hvc1.1.6.L60.90,mp4a.40.2").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_is_cut_off_is_published_if_that_is_accepted() {
    let sandbox = Sandbox::start().await;
    let whole = kept("fmp4-flac-alone", SOUND, "-t 12 -c:a flac", "flac");
    let video = sandbox.path("cut.flac");
    let bytes = std::fs::read(whole).unwrap();
    std::fs::write(&video, &bytes[..bytes.len() / 2]).unwrap();
    let run = sandbox.publish(&video, &["--name", "cut", "--on-damage", "accept"]).await;
    assert!(run.published()["warnings"].to_string().contains("the file is cut off"), "{:?}", run.published());
    assert!(Reel::of(&run).await.multivariant.contains("CODECS=\"fLaC\""));
}

/// Boxes in boxes, in order: their kinds and contents.
fn boxes(bytes: &[u8]) -> Vec<(String, &[u8])> {
    let (mut rest, mut found) = (bytes, Vec::new());
    while rest.len() >= 8 {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        found.push((String::from_utf8_lossy(&rest[4..8]).into_owned(), &rest[8..length]));
        rest = &rest[length..];
    }
    assert!(rest.is_empty(), "a box is cut off");
    found
}

fn all<'a>(bytes: &'a [u8], kind: &str) -> Vec<&'a [u8]> {
    boxes(bytes).into_iter().filter(|(found, _)| found == kind).map(|(_, body)| body).collect()
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Track, when its fragment begins, and how long its samples last in all.
fn fragment(traf: &[u8]) -> (u32, u64, u64) {
    let (header, time) = (all(traf, "tfhd")[0], all(traf, "tfdt")[0]);
    let begins = u64::from_be_bytes(time[4..12].try_into().unwrap());
    let mut lasts = 0;
    for run in all(traf, "trun") {
        let flags = number(run, 0) & 0xff_ffff;
        let mut at = 12 + if flags & 4 == 0 { 0 } else { 4 };
        let step = 4 * (flags & 0xf00).count_ones() as usize;
        for _ in 0..number(run, 4) {
            let common = number(header, 0) & 8 != 0;
            lasts += u64::from(if flags & 0x100 == 0 && common { number(header, 8) } else { number(run, at) });
            at += step;
        }
    }
    (number(header, 4), begins, lasts)
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_follow_one_another_without_edit_lists() {
    let video = copied("joined", &hevc("mp4", ""), "-i SOURCE -itsoffset 0.4 -i SOURCE -map 0:v -map 1:a", "", "mkv");
    let Published { reel, playlist, sandbox } = published(&video, &[]).await;
    let base = playlist.rsplit_once('/').unwrap().0;
    let generation = reel.multivariant.lines().last().unwrap().split('/').next().unwrap();
    let init = reqwest::get(format!("{base}/{generation}/src-init.mp4")).await.unwrap().bytes().await.unwrap();
    let moov = all(&init, "moov")[0];
    assert!(all(moov, "trak").iter().all(|trak| all(trak, "edts").is_empty()), "an edit list");
    let (mut ends, mut sequence) = (std::collections::BTreeMap::new(), 0);
    let ranges = reel.ranges();
    assert!(ranges.len() >= 3, "{}", ranges.len());
    for (url, offset, length) in ranges {
        let bytes = get_range(&url, offset, length).await;
        assert!(all(&bytes, "sidx").is_empty() && boxes(&bytes)[0].0 == "styp");
        for moof in all(&bytes, "moof") {
            assert_eq!(number(all(moof, "mfhd")[0], 4), sequence + 1);
            sequence += 1;
            for (track, begins, lasts) in all(moof, "traf").into_iter().map(fragment) {
                let before = ends.insert(track, begins + lasts);
                assert!(before.is_none_or(|before| before == begins), "track {track}: {before:?} {begins}");
            }
        }
    }
    assert_eq!(ends.len(), 2);
    let said = zipreel(&sandbox, &["check", "f", "--deep"]).await.ended(0);
    assert!(said.err.contains("segments play without an error"), "{} {}", said.out, said.err);
}
