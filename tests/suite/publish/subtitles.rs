//! Subtitles and chapters of every kind, published, and read as players read them: times against the picture's own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use zipreel::model::gate::public::Public;

use super::sandbox::{Reel, Run, Sandbox, client, get, program, tool};
use crate::{
    clips::scratch,
    contract::sides::connect,
    corpus::make::{A, C, V, X, base, ffmpeg},
    stand_in::clients::zip_of,
};

const SRT: &str = "1\n00:00:01,000 --> 00:00:02,500\nHello <i>there</i>\n\n2\n00:00:05,250 --> 00:00:07,000\nA\n\n\
                   3\n00:00:06,000 --> 00:00:08,000\nB\n";
const CHAPTERS: &str = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=4000\ntitle=Begin\n\
                        [CHAPTER]\nTIMEBASE=1/1000\nSTART=4000\nEND=12000\ntitle=End & <all>\n";
/// What is told of them, seconds after the beginning.
const TIMES: [(f64, f64); 3] = [(1.0, 2.5), (5.25, 7.0), (6.0, 8.0)];
const CUT: [&str; 4] = ["--segment-seconds", "2", "--name", "film"];

/// Streams of the multivariant playlist that are subtitles: name, attributes, address.
async fn subtitles(run: &Run) -> Vec<(String, String)> {
    let (playlist, text) = (run.playlist(), Reel::of(run).await.multivariant);
    let lines = text.lines().filter(|line| line.starts_with("#EXT-X-MEDIA:TYPE=SUBTITLES"));
    let base = playlist.strip_suffix("index.m3u8").unwrap().to_owned();
    lines.map(|line| (line.to_owned(), format!("{base}{}", attribute(line, "URI")))).collect()
}

fn attribute(line: &str, name: &str) -> String {
    let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name} in {line}"));
    rest.split('"').next().unwrap().to_owned()
}

/// Cues as ffmpeg reads them from the published playlist, counted from the first picture's time there; each once.
fn cues(playlist: &str, number: usize) -> Vec<(f64, f64)> {
    let number = format!("s:{number}");
    let entries = |stream: &str| {
        let packets = tool(
            "ffprobe",
            &[
                "-v",
                "error",
                "-strict",
                "-2",
                "-select_streams",
                stream,
                "-show_entries",
                "packet=pts_time,duration_time",
                "-of",
                "json",
                playlist,
            ],
        );
        let packets: Value = serde_json::from_str(&packets).unwrap();
        let seconds = |value: &Value| value.as_str().unwrap_or("0").parse::<f64>().unwrap();
        let packets = packets["packets"].as_array().unwrap().clone();
        packets
            .iter()
            .map(|packet| (seconds(&packet["pts_time"]), seconds(&packet["duration_time"])))
            .collect::<Vec<_>>()
    };
    let first = entries("v:0").iter().map(|(shown, _)| *shown).fold(f64::INFINITY, f64::min);
    let mut cues: Vec<_> =
        entries(&number).iter().map(|(start, length)| (start - first, start - first + length)).collect();
    cues.dedup();
    cues
}

fn assert_times(found: &[(f64, f64)], offset: f64, what: &str) {
    let near = |a: f64, b: f64| (a - b).abs() <= 0.02;
    let is_right = found.len() == TIMES.len()
        && found
            .iter()
            .zip(TIMES)
            .all(|(found, wanted)| near(found.0, wanted.0 - offset) && near(found.1, wanted.1 - offset));
    assert!(is_right, "{what}: {found:?}, {offset} s after {TIMES:?}");
}

fn words(inputs: &str, outputs: &str) -> String {
    format!("{V} {A} {inputs} -t 12 {X} {C} {outputs}")
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_every_kind_is_shown_when_its_picture_is() {
    let sandbox = Sandbox::start().await;
    let folder = scratch();
    let at = folder.path();
    fs::write(at.join("a.srt"), SRT).unwrap();
    let srt = "-i {in}/a.srt -map 0:v -map 1:a -map 2:s";
    let kinds = "-map 2:s -map 2:s -c:s:0 srt -c:s:1 ass -c:s:2 webvtt -metadata:s:s:0 language=eng \
                 -metadata:s:s:1 language=ger -disposition:s:1 forced";
    let texts = ffmpeg(at, &words(srt, &format!("{kinds} film.mkv")));
    let inside = ffmpeg(at, &words(srt, "-c:s mov_text -metadata:s:s:0 language=fra inside.mp4"));
    // the picture comes 3 s after the sound, and the file begins 5 s after zero
    let late = ffmpeg(
        at,
        "-itsoffset 3 -i {base} -i {base} -i {in}/a.srt -map 0:v -map 1:a -map 2:s -c copy -c:s srt later.mkv",
    );
    let begins = ffmpeg(at, "-i {in}/film.mkv -map 0:v -map 0:a -map 0:s:0 -c copy -output_ts_offset 5 begins.mkv");
    for (video, count, offset) in [(&texts, 3, 0.0), (&late, 1, 3.0), (&begins, 1, 0.0)] {
        let run = sandbox.publish(video, &[&CUT[..], &["--replace", "--transcode", "never"]].concat()).await;
        let found = subtitles(&run).await;
        assert_eq!(found.len(), count, "{video:?}: {found:?}");
        for number in 0..count {
            assert_times(&cues(&run.playlist(), number), offset, &format!("{} {number}", video.display()));
        }
    }
    // in MPEG-4 no two are shown at once: the first of two ends where the second begins
    let run = sandbox.publish(&inside, &[&CUT[..], &["--replace"]].concat()).await;
    let starts: Vec<f64> =
        cues(&run.playlist(), 0).into_iter().map(|(start, _)| (start * 100.0).round() / 100.0).collect();
    assert_eq!(starts, TIMES.map(|(start, _)| start));
    // where a still picture stands before a late one, and the sound is what the times go by
    let run = sandbox.publish(&late, &[&CUT[..], &["--replace", "--transcode", "auto"]].concat()).await;
    // it begins with the sound, which primes its decoder with 1024 samples
    assert_times(&cues(&run.playlist(), 0), -1024.0 / 48_000.0, "with stills");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_beside_the_video_are_read_whatever_their_encoding_and_named_by_their_language() {
    let sandbox = Sandbox::start().await;
    let folder = scratch();
    let at = folder.path();
    fs::write(at.join("a.srt"), SRT).unwrap();
    let video = ffmpeg(at, &words("-map 0:v -map 1:a", "film.ts"));
    let french = SRT.replace("Hello", "Ça a été très difficile, n'est-ce pas, où l'été est passé");
    let latin: Vec<u8> = french.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    fs::write(at.join("film.fr.srt"), latin).unwrap();
    let wide: Vec<u8> = SRT.replace("Hello", "Привет").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(at.join("film.ru.forced.srt"), [&[0xff, 0xfe][..], &wide].concat()).unwrap();
    fs::write(at.join("film.en.sdh.default.vtt"), format!("WEBVTT\n\n{}", SRT.replace(',', "."))).unwrap();
    fs::write(at.join("film.idx"), "pictures").unwrap();
    fs::write(at.join("film.de.srt"), "1\n00:00:00,000 --> 00:00:01,000\nF/2.8, SS 206.14, ISO 100\n").unwrap();
    fs::write(at.join("film.part2.srt"), SRT).unwrap();
    let run = sandbox.publish(&video, &CUT).await;
    let found = subtitles(&run).await;
    let lines: Vec<&str> = found.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let english = lines.iter().find(|line| line.contains("LANGUAGE=\"en\"")).unwrap();
    assert!(english.contains("DEFAULT=YES") && english.contains("describes-music-and-sound"), "{english}");
    assert_eq!(attribute(english, "NAME"), "English (SDH)");
    let russian = lines.iter().find(|line| line.contains("LANGUAGE=\"ru\"")).unwrap();
    assert!(russian.contains("FORCED=YES") && !russian.contains("DEFAULT"), "{russian}");
    for (number, (line, url)) in found.iter().enumerate() {
        assert_times(&cues(&run.playlist(), number), 0.0, line);
        let segment = client().get(url.replace(".m3u8", "/0.vtt")).send().await.unwrap();
        assert_eq!(segment.headers()["content-type"], "text/vtt; charset=utf-8");
        let text = segment.text().await.unwrap();
        let words = ["there", "Ça a été", "Привет"].into_iter().filter(|words| text.contains(words)).count();
        assert!(text.starts_with("WEBVTT\nX-TIMESTAMP-MAP=") && words > 0, "{line}: {text}");
    }
    let planned = run.events("planned").next().unwrap();
    let said = planned["streams"].to_string();
    for wanted in
        ["film.fr.srt  SubRip (fr): as WebVTT", "film.idx: left out (", "film.de.srt: left out (it is what a camera"]
    {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("part2"), "{said}");

    // other words are another index and no other chunk
    fs::write(at.join("film.fr.srt"), SRT).unwrap();
    let again = sandbox.publish(&video, &CUT).await;
    assert_eq!(again.published()["sent"], 0, "no chunk is sent again");
    assert_eq!(again.published()["generation"], run.published()["generation"]);
    let urls = |found: &[(String, String)]| found.iter().map(|(_, url)| url.clone()).collect::<Vec<_>>();
    let (before, after) = (urls(&found), urls(&subtitles(&again).await));
    assert_eq!(before.iter().zip(&after).filter(|(before, after)| before != after).count(), 1, "{before:?} {after:?}");
    // players that began with the former ones never ask for another playlist
    for url in before.iter().chain(&after) {
        let (playlist, first) = (get(url).await, get(&url.replace(".m3u8", "/0.vtt")).await);
        assert!(playlist.starts_with("#EXTM3U") && first.starts_with("WEBVTT"), "{url}: {playlist}{first}");
    }
    // nothing is new, though the index still has what was before
    assert_eq!(urls(&subtitles(&sandbox.publish(&video, &CUT).await).await), after);
    let state = sandbox.command("state").args(["check", "film", "--plain"]).output().await.unwrap();
    assert!(state.status.success(), "{}", String::from_utf8_lossy(&state.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn times_hold_wherever_the_file_begins_to_count() {
    let sandbox = Sandbox::start().await;
    let folder = scratch();
    // the clock of transport streams begins anew at 95,443.7 s
    for (name, words) in [
        ("wraps", "-i {base} -c copy -output_ts_offset 95434 wraps.ts"),
        ("begins", "-i {base} -c copy -output_ts_offset 5 begins.mkv"),
        ("late", "-itsoffset 3 -i {base} -i {base} -map 0:v -map 1:a -c copy late.mp4"),
    ] {
        let video = ffmpeg(folder.path(), words);
        fs::write(folder.path().join(format!("{name}.srt")), SRT).unwrap();
        let args = ["--segment-seconds", "2", "--name", name, "--transcode", "never"];
        let run = sandbox.publish(&video, &args).await;
        // files beside a video count from where that begins to be played
        assert_times(&cues(&run.playlist(), 0), if name == "late" { 3.0 } else { 0.0 }, name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_were_asked_for_go_along_and_no_chunk_is_sent_for_others() {
    let sandbox = Sandbox::start().await;
    let folder = scratch();
    let video = film(folder.path());
    fs::write(folder.path().join("film.fr.srt"), SRT).unwrap();
    let publish = async |asked: &str| sandbox.publish(&video, &[&CUT[..], &["--subtitles", asked]].concat()).await;
    let languages = async |run: &Run| {
        let found = subtitles(run).await;
        found.iter().map(|(line, _)| attribute(line, "LANGUAGE")).collect::<Vec<_>>()
    };
    let first = publish("all").await;
    assert_eq!(languages(&first).await, ["en", "de", "fr"]);
    // the file beside it comes behind the streams 0 to 3
    for (asked, wanted) in [("de,4", &["de", "fr"][..]), ("2", &["en"]), ("none", &[])] {
        let run = publish(asked).await;
        assert_eq!(languages(&run).await, wanted, "{asked}");
        assert_eq!(
            (&run.published()["sent"], &run.published()["generation"]),
            (&0.into(), &first.published()["generation"])
        );
    }
    let said = publish("none").await.events("planned").next().unwrap()["streams"].to_string();
    assert!(said.contains("#4 film.fr.srt  SubRip (fr): left out (they were not asked for)"), "{said}");
    let refused = publish("it").await;
    let error = refused.lines.last().unwrap().to_string();
    assert!(error.contains("it has no subtitles `ita`") && error.contains("film.fr.srt"), "{error}");
}

/// A reel that an older gate serves as well leaves it as it is.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_gate_is_brought_up_to_date_before_the_first_reel_with_text() {
    let sandbox = Sandbox::start().await;
    let folder = scratch();
    let cloud = connect(&sandbox.stand_in).await;
    let is_current = async || cloud.public(Public::Gate).await.unwrap().unwrap().same_code;
    sandbox.publish(&base(), &["--name", "plain"]).await.published();
    let client = crate::mishap::account::client(&sandbox);
    let old = client.update_function_code().function_name("zipreel-gate").zip_file(zip_of("gate.mjs", b"old").into());
    old.send().await.unwrap();
    // in segments of one piece
    sandbox.publish(&base(), &["--name", "plain-again", "--segment-seconds", "2"]).await.published();
    assert!(!is_current().await, "nothing needs a newer one");
    let run = sandbox.publish(&film(folder.path()), &CUT).await;
    run.published();
    let said = run.events("log").any(|line| line["line"].as_str().unwrap().contains("serves no subtitles"));
    assert!(is_current().await && said, "{:#?}", run.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_is_named_and_chapters_are_told_in_the_reels_time() {
    let sandbox = Sandbox::start().await;
    let folder = scratch();
    let at = folder.path();
    fs::write(at.join("chapters.txt"), CHAPTERS).unwrap();
    let run = sandbox.publish(&pictures_of_text(at), &CUT).await;
    assert_eq!(subtitles(&run).await, []);
    let said = run.events("planned").next().unwrap()["streams"].to_string();
    assert!(said.contains("PGS: left out (they are pictures of text") && said.contains("chapters  2"), "{said}");
    let multivariant = Reel::of(&run).await.multivariant;
    let line = multivariant.lines().find(|line| line.contains("com.apple.hls.chapters")).unwrap();
    let base = run.playlist().strip_suffix("index.m3u8").unwrap().to_owned();
    let told: Value = serde_json::from_str(&get(&format!("{base}{}", attribute(line, "URI"))).await).unwrap();
    assert_eq!((&told[1]["start-time"], &told[1]["titles"][0]["title"]), (&4.0.into(), &"End & <all>".into()));
    let page = get(&base).await;
    let vtt = attribute(&page, "data-chapters");
    assert!(get(&format!("{base}{vtt}")).await.contains("00:00:04.000 --> 00:00:12.0"), "{vtt}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ffmpeg_cant_read_takes_no_other_with_it() {
    let sandbox = Sandbox::start().await;
    let folder = scratch();
    let wrapper = folder.path().join("stumbling-ffmpeg");
    // stumbles over the text of stream 2
    let script =
        "#!/bin/sh\ncase \" $* \" in *' -map 0:2 -c:s '*) echo broken >&2; exit 1;; esac\nexec ffmpeg \"$@\"\n";
    program(&wrapper, script);
    let video = film(folder.path());
    let mut command = sandbox.command("state");
    command.env("ZIPREEL_FFMPEG", &wrapper);
    let run = Run::of(command, &video, &CUT).await;
    let told = subtitles(&run).await;
    assert_eq!(told.iter().map(|(line, _)| attribute(line, "LANGUAGE")).collect::<Vec<_>>(), ["de"], "{told:?}");
}

/// ffmpeg 5.1 writes TTML and does not read it. The file beside the video counts from its `body`.
#[tokio::test(flavor = "multi_thread")]
async fn ttml_is_read_in_the_file_and_beside_it() {
    let sandbox = Sandbox::start().await;
    let folder = scratch();
    let at = folder.path();
    fs::write(at.join("a.srt"), SRT).unwrap();
    let inputs = "-i {in}/a.srt -map 0:v -map 1:a -map 2:s -c:s ttml -metadata:s:s:0 language=eng";
    let video = ffmpeg(at, &words(inputs, "film.mp4"));
    let paragraph = |(begin, end): (f64, f64)| {
        format!("<tt:p begin='{}ms' end='00:00:{:06.3}'>A<tt:br/>&lt;B&gt;</tt:p>", begin * 1000.0 - 1000.0, end - 1.0)
    };
    let paragraphs: String = TIMES.map(paragraph).concat();
    let beside = format!(
        "<?xml version='1.0' encoding='utf-8'?>\n<tt:tt xmlns:tt='http://www.w3.org/ns/ttml'>\
         <tt:body begin='1s'><tt:div>{paragraphs}</tt:div></tt:body></tt:tt>"
    );
    fs::write(at.join("film.nl.ttml"), beside).unwrap();
    fs::write(at.join("film.fr.dfxp"), "<html><p>no</p></html>").unwrap();
    let run = sandbox.publish(&video, &CUT).await;
    let said = run.events("planned").next().unwrap()["streams"].to_string();
    for wanted in
        ["#2 subtitles  TTML (eng): as WebVTT", "film.nl.ttml  TTML (nl): as WebVTT", "film.fr.dfxp: left out ("]
    {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let found = subtitles(&run).await;
    assert_eq!(found.iter().map(|(line, _)| attribute(line, "LANGUAGE")).collect::<Vec<_>>(), ["en", "nl"]);
    for (number, (line, url)) in found.iter().enumerate() {
        assert_times(&cues(&run.playlist(), number), 0.0, line);
        let text = get(&url.replace(".m3u8", "/0.vtt")).await;
        let words = if number == 0 { "Hello there" } else { "A\n&lt;B>" };
        assert!(text.contains(words), "{line}: {text}");
    }
    let only = sandbox.publish(&video, &[&CUT[..], &["--subtitles", "2"]].concat()).await;
    let only = subtitles(&only).await;
    assert_eq!(only.iter().map(|(line, _)| attribute(line, "LANGUAGE")).collect::<Vec<_>>(), ["en"]);
}

/// Two languages and two chapters.
pub(crate) fn film(folder: &Path) -> PathBuf {
    fs::write(folder.join("a.srt"), SRT).unwrap();
    fs::write(folder.join("chapters.txt"), CHAPTERS).unwrap();
    let inputs = "-i {in}/a.srt -i {in}/chapters.txt -map 0:v -map 1:a -map 2:s -map 2:s -c:s srt";
    let named = "-map_metadata 3 -map_chapters 3 -metadata:s:s:0 language=eng -metadata:s:s:1 language=ger film.mkv";
    ffmpeg(folder, &words(inputs, named))
}

/// A film with chapters and one stream of PGS, which holds the end of a picture and no more.
fn pictures_of_text(folder: &Path) -> PathBuf {
    let (begins, end_of_picture, length) = ([0, 1, 0x5f, 0x90, 0, 0, 0, 0], 0x80, [0, 0]);
    fs::write(folder.join("a.sup"), [&b"PG"[..], &begins, &[end_of_picture], &length].concat()).unwrap();
    let inputs = "-f sup -i {in}/a.sup -i {in}/chapters.txt -map 0:v -map 1:a -map 2:s -c:s copy";
    ffmpeg(folder, &words(inputs, "-map_metadata 3 -map_chapters 3 film.mkv"))
}
