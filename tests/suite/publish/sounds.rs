//! Several sound tracks beside one picture: what players get of each is what the source holds, at the source's times.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{
    frames::{framemd5, source_hashes},
    sandbox::{Run, Sandbox, get, get_range, segments_of, tool},
};

/// Pictures of 26 s with a keyframe every 2 s, and a tone for each language, as these words of ffmpeg's have it.
pub(super) fn film(sandbox: &Sandbox, name: &str, languages: &[&str], words: &str) -> PathBuf {
    film_at(sandbox.path(name), languages, words)
}

pub(crate) fn film_at(path: PathBuf, languages: &[&str], words: &str) -> PathBuf {
    let mut args: Vec<String> =
        ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25"].map(Into::into).into();
    for number in 1..=languages.len() {
        let tone = format!("sine=frequency={}:sample_rate=48000", 220 * number);
        args.extend(["-f".into(), "lavfi".into(), "-i".into(), tone]);
    }
    args.extend((0..=languages.len()).flat_map(|input| ["-map".to_owned(), input.to_string()]));
    let picture = "-t 26 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -keyint_min 50 -sc_threshold 0 -bf 2";
    let usual = "-c:a aac -b:a 64k -ac 2";
    args.extend([picture, usual, words].iter().flat_map(|words| words.split_whitespace()).map(Into::into));
    for (number, language) in languages.iter().enumerate() {
        args.extend([format!("-metadata:s:a:{number}"), format!("language={language}")]);
    }
    args.push(path.to_str().unwrap().into());
    tool("ffmpeg", &args.iter().map(String::as_str).collect::<Vec<_>>());
    path
}

/// Of the same streams, by these words of ffmpeg's.
fn remade(sandbox: &Sandbox, words: &str, name: &str) -> PathBuf {
    let path = sandbox.path(name);
    let folder = path.parent().unwrap().to_str().unwrap();
    let words = words.replace("{in}", folder);
    let args = ["-v", "error", "-y"].into_iter().chain(words.split_whitespace()).chain([path.to_str().unwrap()]);
    tool("ffmpeg", &args.collect::<Vec<_>>());
    path
}

pub(super) fn heard(playlist: &str, stream: &str) -> Vec<String> {
    framemd5(&tool("ffmpeg", &["-v", "fatal", "-i", playlist, "-map", stream, "-f", "framemd5", "-"]))
}

fn packets(input: &str, stream: &str) -> Vec<String> {
    let args = ["-v", "fatal", "-i", input, "-map", stream, "-c", "copy", "-f", "framemd5", "-"];
    let text = tool("ffmpeg", &args);
    // the rest of a line is of what stands beside the packet
    let hash = |line: &str| line.split(',').nth(5).map(|hash| hash.trim().to_owned());
    text.lines().filter(|line| !line.starts_with('#')).filter_map(hash).collect()
}

/// Each rendition's packets, in one file, by its id.
async fn rendition(sandbox: &Sandbox, run: &Run, id: &str) -> (PathBuf, String) {
    let playlist = run.playlist();
    let base =
        format!("{}{}/", playlist.strip_suffix("index.m3u8").unwrap(), run.published()["generation"].as_str().unwrap());
    let media = get(&format!("{base}{id}.m3u8")).await;
    let mut bytes = Vec::new();
    for (uri, range) in segments_of(&media) {
        let (offset, length) = range.unwrap();
        bytes.extend(get_range(&format!("{base}{uri}"), offset, length).await);
    }
    let path = sandbox.path(&format!("{id}.ts"));
    std::fs::write(&path, bytes).unwrap();
    (path, media)
}

/// When the first packet begins and the last ends.
fn ends(path: &Path, stream: &str) -> (f64, f64) {
    let entries = ["-show_entries", "packet=pts_time,duration_time", "-of", "csv=p=0"];
    let path = path.to_str().unwrap();
    let text = tool("ffprobe", &[&["-v", "error", "-select_streams", stream], &entries[..], &[path]].concat());
    let numbers = text.lines().filter_map(|line| {
        let mut numbers = line.split(',').map(str::parse::<f64>);
        // the first packet in Matroska may have no duration
        Some((numbers.next()?.ok()?, numbers.next()?.unwrap_or(0.0)))
    });
    numbers.fold((f64::MAX, f64::MIN), |(first, last), (at, length)| (first.min(at), last.max(at + length)))
}

fn sent(run: &Run) -> u64 {
    run.events("chunk-deployed").map(|line| line["sent"].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_languages_are_heard_as_they_are_and_sent_once() {
    let sandbox = Sandbox::start().await;
    let video = film(&sandbox, "two.mkv", &["eng", "ger"], "");
    let run = sandbox.publish(&video, &["--name", "two"]).await;
    let playlist = run.playlist();
    for stream in ["0:v", "0:a:0", "0:a:1"] {
        let source = source_hashes(&video, stream);
        assert!(source.len() > 600 && heard(&playlist, stream) == source, "{stream}");
    }
    let multivariant = get(&playlist).await;
    for told in [
        r#"GROUP-ID="aac",LANGUAGE="en",NAME="English",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2""#,
        r#"GROUP-ID="aac",LANGUAGE="de",NAME="Deutsch",AUTOSELECT=YES,CHANNELS="2""#,
    ] {
        assert_eq!(multivariant.matches(told).count(), 1, "{multivariant}");
    }
    let mut targets = Vec::new();
    // of the picture 2, 6, 10 and 8 s; of sound as long as the longest of those
    for (id, segments) in [("src", 4), ("t01", 3), ("t02", 3)] {
        let (_, media) = rendition(&sandbox, &run, id).await;
        targets.push(media.lines().find(|line| line.contains("TARGETDURATION")).unwrap().to_owned());
        assert_eq!(media.matches("#EXTINF").count(), segments, "{id}: {media}");
    }
    assert!(targets.windows(2).all(|two| two[0] == two[1]), "{targets:?}");
    let again = sandbox.publish(&video, &["--name", "two"]).await;
    assert_eq!(again.published()["sent"], 0);
    assert_eq!(again.published()["generation"], run.published()["generation"]);
    let one = sandbox.publish(&video, &["--name", "two", "--audio-stream", "deu", "--replace"]).await;
    assert!(heard(&one.playlist(), "0:a") == source_hashes(&video, "0:a:1"));
    assert_eq!(get(&one.playlist()).await.matches("EXT-X-MEDIA").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_keeps_its_distance_to_the_picture() {
    let sandbox = Sandbox::start().await;
    let film = film(&sandbox, "film.mkv", &["eng", "ger"], "");
    let late = "-i {in}/film.mkv -itsoffset 0.4 -i {in}/film.mkv -map 0:v -map 1:a:0 -map 0:a:1 -c copy";
    let lead = "-itsoffset 3 -i {in}/film.mkv -i {in}/film.mkv -map 0:v -map 1:a -c copy";
    let videos = [
        film,
        remade(&sandbox, late, "late-sound.mp4"),
        remade(&sandbox, lead, "late-picture.mp4"),
        remade(&sandbox, lead, "late-picture.ts"),
        remade(&sandbox, "-i {in}/film.mkv -map 0 -c copy -output_ts_offset 95434", "wraps.ts"),
        remade(&sandbox, "-i {in}/film.mkv -map 0 -c copy -output_ts_offset 5", "later.mkv"),
    ];
    for (number, video) in videos.iter().enumerate() {
        let run = sandbox.publish(video, &["--name", &format!("film-{number}"), "--transcode", "never"]).await;
        let picture = ends(&rendition(&sandbox, &run, "src").await.0, "v");
        for (track, id) in ["t01", "t02"].into_iter().enumerate() {
            let sound = ends(&rendition(&sandbox, &run, id).await.0, "a");
            let (shown, own) = (ends(video, "v"), ends(video, &format!("a:{track}")));
            let (first, last) = (sound.0 - picture.0 - (own.0 - shown.0), sound.1 - picture.1 - (own.1 - shown.1));
            assert!(first.abs() < 0.001 && last.abs() < 0.001, "{} {id}: {first} {last}", video.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_five_languages_is_a_rendition() {
    let sandbox = Sandbox::start().await;
    let video = film(&sandbox, "five.mkv", &["eng", "ger", "fre", "jpn", "por"], "");
    let run = sandbox.publish(&video, &["--name", "five"]).await;
    let multivariant = get(&run.playlist()).await;
    for name in ["English", "Deutsch", "Français", "日本語", "Português"] {
        assert_eq!(multivariant.matches(&format!("NAME=\"{name}\"")).count(), 1, "{multivariant}");
    }
    for stream in 0..5 {
        let stream = format!("0:a:{stream}");
        assert!(heard(&run.playlist(), &stream) == source_hashes(&video, &stream), "{stream}");
    }
    let some = sandbox.publish(&video, &["--name", "five", "--audio", "jpn,2", "--replace"]).await;
    let said = some.events("planned").next().unwrap()["streams"].to_string();
    assert!(said.matches("left out (it was not asked for)").count() == 3, "{said}");
    assert!(heard(&some.playlist(), "0:a:0") == source_hashes(&video, "0:a:1"), "in the file's order");
}

#[tokio::test(flavor = "multi_thread")]
async fn languages_beside_hevc_are_packed_as_the_picture_is() {
    let sandbox = Sandbox::start().await;
    let words = "-c:v libx265 -x265-params log-level=error:keyint=50:min-keyint=50:scenecut=0 -c:a:1 libopus";
    let video = film(&sandbox, "hevc.mkv", &["eng", "ger"], words);
    let run = sandbox.publish(&video, &["--name", "hevc", "--transcode", "never"]).await;
    let playlist = run.playlist();
    for stream in ["0:v", "0:a:0"] {
        assert!(heard(&playlist, stream) == source_hashes(&video, stream), "{stream}");
    }
    // decoders of Matroska and of MP4 take different numbers of samples away at the ends of Opus
    assert!(packets(&playlist, "0:a:1") == packets(video.to_str().unwrap(), "0:a:1"));
    let multivariant = get(&playlist).await;
    let variant = multivariant.lines().find(|line| line.starts_with("#EXT-X-STREAM-INF")).unwrap();
    assert!(variant.contains("CODECS=\"hvc1.") && variant.contains(",Opus,mp4a.40.2\""), "{variant}");
    for id in ["src", "t01", "t02"] {
        let (_, media) = rendition(&sandbox, &run, id).await;
        assert_eq!(media.matches("#EXT-X-MAP:").count(), 1, "{media}");
        assert!(media.lines().filter(|line| !line.starts_with('#')).all(|line| line.ends_with(".mp4")), "{media}");
    }
    let (shown, own) = (ends(Path::new(&playlist), "v").0, ends(&video, "v").0);
    for stream in ["a:0", "a:1"] {
        let distance = ends(Path::new(&playlist), stream).0 - shown - (ends(&video, stream).0 - own);
        // Matroska has whole milliseconds
        assert!(distance.abs() <= 0.001, "{stream}: {distance}");
    }
    let again = sandbox.publish(&video, &["--name", "hevc", "--transcode", "never"]).await;
    assert_eq!(again.published()["sent"], 0);
}

/// The index as players choose by it: one variant, whose address is that of the track that they begin with.
#[tokio::test(flavor = "multi_thread")]
async fn each_track_of_sound_alone_is_heard_as_it_is() {
    let sandbox = Sandbox::start().await;
    film(&sandbox, "film.mkv", &["eng", "ger", "fre"], "");
    let book = remade(&sandbox, "-i {in}/film.mkv -map 0:a -c copy", "book.mka");
    for (name, container) in [("ts", "ts"), ("mp4", "mp4")] {
        let run = sandbox.publish(&book, &["--name", name, "--container", container, "--audio", "0,ger"]).await;
        let playlist = run.playlist();
        let multivariant = get(&playlist).await;
        for told in
            [r#"LANGUAGE="en",NAME="English",DEFAULT=YES,AUTOSELECT=YES"#, r#"LANGUAGE="de",NAME="Deutsch",AUTOSELECT"#]
        {
            assert_eq!(multivariant.matches(told).count(), 1, "{multivariant}");
        }
        let variant = multivariant.split_once("#EXT-X-STREAM-INF:").unwrap().1;
        assert!(variant.contains(r#"CODECS="mp4a.40.2",AUDIO="aac""#) && variant.ends_with("/src.m3u8\n"), "{variant}");
        for stream in ["0:a:0", "0:a:1"] {
            assert!(heard(&playlist, stream) == source_hashes(&book, stream), "{name} {stream}");
        }
        let again = sandbox.publish(&book, &["--name", name, "--container", container, "--audio", "0,ger"]).await;
        assert_eq!(again.published()["sent"], 0);
        let deleted = format!("zipreel-{name}-{}-t01-0001", run.published()["generation"].as_str().unwrap());
        crate::mishap::account::delete_function(&sandbox, &deleted).await;
        let repair = ["check", name, "--repair", book.to_str().unwrap(), "--plain"];
        let output = sandbox.command("state").args(repair).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let output = sandbox.command("state").args(["check", name, "--deep", "--plain"]).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What becomes of sound that not every player plays, and what the groups of the playlist say of it.
#[tokio::test(flavor = "multi_thread")]
async fn sound_for_some_players_has_stereo_beside_it() {
    let sandbox = Sandbox::start().await;
    let rows = [
        ("wide.mkv", &["eng"][..], "-ac:a 6 -b:a 256k", vec![("aac6", "mp4a.40.2")], 1),
        ("ac3.mkv", &["eng", "ger"][..], "-c:a:0 ac3 -ac:a:0 6 -b:a:0 384k", vec![("ac3", "ac-3,mp4a.40.2")], 2),
        ("eac3.mkv", &["eng"][..], "-c:a eac3 -ac:a 6 -b:a 384k", vec![("ec3", "ec-3")], 1),
        ("mp3.mkv", &["eng"][..], "-c:a libmp3lame", vec![("mp3", "mp4a.40.34")], 1),
    ];
    for (name, languages, words, groups, copied) in rows {
        let video = film(&sandbox, name, languages, words);
        let reel = name.replace('.', "-");
        let run = sandbox.publish(&video, &["--name", &reel, "--transcode", "auto"]).await;
        let multivariant = get(&run.playlist()).await;
        for (group, codecs) in groups {
            let variant = multivariant.lines().find(|line| line.ends_with(&format!("AUDIO=\"{group}\""))).unwrap();
            assert!(variant.contains(&format!(",{codecs}\"")), "{variant}");
            let members = multivariant.matches(&format!("GROUP-ID=\"{group}\"")).count();
            assert_eq!(members, languages.len(), "{multivariant}");
        }
        let first = multivariant.lines().find(|line| line.starts_with("#EXT-X-STREAM-INF")).unwrap();
        assert!(first.ends_with("AUDIO=\"aac\"") && first.contains(",mp4a.40.2\""), "{first}");
        let copy = format!("0:a:{copied}");
        if name == "mp3.mkv" {
            // Matroska tells of the encoder's delay, which transport streams can't
            assert!(packets(&run.playlist(), &copy) == packets(video.to_str().unwrap(), "0:a:0"), "{name}: {copy}");
        } else {
            assert!(heard(&run.playlist(), &copy) == source_hashes(&video, "0:a:0"), "{name}: {copy}");
        }
        let (shown, own) = (ends(&video, "v"), ends(&video, "a:0"));
        let picture = ends(&rendition(&sandbox, &run, "src").await.0, "v");
        let stereo = ends(&rendition(&sandbox, &run, "t01").await.0, "a");
        let first = stereo.0 - picture.0 - (own.0 - shown.0);
        assert!(first.abs() < 0.040, "{name}: {first}");
    }
    let wide = sandbox.publish(&sandbox.path("wide.mkv"), &["--name", "alone"]).await;
    assert_eq!(get(&wide.playlist()).await.matches("EXT-X-MEDIA").count(), 0);
    let warnings = wide.events("planned").next().unwrap()["warnings"].to_string();
    assert!(warnings.contains("puts stereo beside it"), "{warnings}");
    let refused = sandbox.publish(&sandbox.path("ac3.mkv"), &["--name", "refused"]).await;
    let what = refused.failed()["what"].as_str().unwrap();
    assert!(what.ends_with("#1 audio  AC-3 5.1 48 kHz (eng) is AC-3, which few players take"), "{what}");
}

/// In the first sound of transport streams, and in the second of fragmented MP4.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_among_the_sounds_sends_what_is_missing() {
    let sandbox = Sandbox::start().await;
    let video = film(&sandbox, "three.mkv", &["eng", "ger", "fre"], "");
    for (name, container, until) in [("three", "ts", "t01"), ("mp4", "mp4", "t02")] {
        let args = ["--name", name, "--container", container];
        let mut command = sandbox.command("state");
        command.args(["publish", "--json"]).args(args).arg("--").arg(&video).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut before = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["event"] == "chunk-deployed" {
                before.push((line["rendition"].clone(), line["chunk"].clone()));
                if line["rendition"] == until {
                    break;
                }
            }
        }
        child.kill().await.unwrap();
        assert!(before.iter().any(|(rendition, _)| rendition == "src"), "{before:?}");
        let run = sandbox.publish(&video, &args).await;
        let there = run
            .events("chunk-deployed")
            .filter(|line| before.contains(&(line["rendition"].clone(), line["chunk"].clone())));
        assert_eq!(there.map(|line| line["sent"].as_u64().unwrap()).collect::<Vec<_>>(), vec![0; before.len()]);
        assert_eq!(sent(&run), run.published()["sent"].as_u64().unwrap());
        for stream in 0..3 {
            let stream = format!("0:a:{stream}");
            assert!(heard(&run.playlist(), &stream) == source_hashes(&video, &stream), "{name}: {stream}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reel_with_languages_is_checked_repaired_and_deleted_whole() {
    let sandbox = Sandbox::start().await;
    let video = film(&sandbox, "two.mkv", &["eng", "ger"], "");
    for (name, container) in [("two", "ts"), ("mp4", "mp4")] {
        let published = sandbox.publish(&video, &["--name", name, "--container", container]).await;
        let chunks = published.published()["chunks"].as_u64().unwrap();
        let generation = published.published()["generation"].as_str().unwrap().to_owned();
        let gone = format!("zipreel-{name}-{generation}-t02-0001");
        crate::mishap::account::delete_function(&sandbox, &gone).await;
        let command = async |args: &[&str]| {
            let output = sandbox.command("state").args(args).output().await.unwrap();
            (
                output.status.code(),
                [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat(),
            )
        };
        let (code, said) = command(&["check", name, "--plain"]).await;
        assert!(code != Some(0) && said.contains("t02/1 is missing"), "{said}");
        let (code, said) = command(&["check", name, "--repair", video.to_str().unwrap(), "--plain"]).await;
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = command(&["check", name, "--deep", "--plain"]).await;
        assert!(code == Some(0) && said.contains(&format!("{chunks} of {chunks} chunks are right")), "{said}");
        assert!(said.contains("10 segments play without an error"), "{said}");
        let (code, said) = command(&["delete", name, "--yes", "--plain"]).await;
        assert!(code == Some(0) && said.contains(&format!("{} functions", chunks + 1)), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_track_of_sound_alone_is_copied_beside_what_every_player_takes() {
    let sandbox = Sandbox::start().await;
    let film = film(&sandbox, "film.mkv", &["eng"], "-c:a pcm_s16le -ac 6");
    for (number, (codec, name)) in [("ac3", "alone.ac3"), ("aac", "alone.mka")].into_iter().enumerate() {
        let book = remade(&sandbox, &format!("-i {} -vn -c:a {codec}", film.display()), name);
        let reel = format!("book-{number}");
        let run = sandbox.publish(&book, &["--name", &reel, "--transcode", "auto"]).await;
        let playlist = run.playlist();
        let multivariant = get(&playlist).await;
        let channels: Vec<_> =
            multivariant.lines().filter_map(|line| line.split_once("CHANNELS=").map(|(_, number)| number)).collect();
        assert_eq!(channels, [r#""2""#, r#""6""#], "{multivariant}");
        let generation = run.published()["generation"].as_str().unwrap();
        let copy = playlist.replace("index.m3u8", &format!("{generation}/t01.m3u8"));
        assert!(heard(&copy, "0:a:0") == source_hashes(&book, "0:a:0"), "{name}");
    }
}

/// Where each discontinuity of a media playlist is, seconds.
fn breaks(media: &str) -> Vec<f64> {
    let (mut at, mut breaks) = (0.0, Vec::new());
    for line in media.lines() {
        if line == "#EXT-X-DISCONTINUITY" {
            breaks.push(at);
        } else if let Some(lasts) = line.strip_prefix("#EXTINF:") {
            at += lasts.trim_end_matches(',').parse::<f64>().unwrap();
        }
    }
    breaks
}

/// A browser that begins behind the break finds no sound where only the picture has one.
#[tokio::test(flavor = "multi_thread")]
async fn sound_breaks_where_the_picture_does() {
    let sandbox = Sandbox::start().await;
    let small = film(&sandbox, "small.ts", &["eng", "ger"], "-t 9");
    let large = film(&sandbox, "large.ts", &["eng", "ger"], "-t 9 -vf scale=384:216");
    let (both, joined) = (format!("concat:{}|{}", small.display(), large.display()), sandbox.path("size.ts"));
    tool("ffmpeg", &["-v", "error", "-i", &both, "-map", "0", "-c", "copy", joined.to_str().unwrap()]);
    let jumps = sandbox.path("jumps.ts");
    std::fs::write(&jumps, [&large, &small].map(|part| std::fs::read(part).unwrap()).concat()).unwrap();
    for (video, name) in [(&joined, "size"), (&jumps, "jumps")] {
        let first = sandbox.publish(video, &["--name", name]).await;
        let (_, picture) = rendition(&sandbox, &first, "src").await;
        let own = breaks(&picture);
        assert_eq!(own.len(), 1, "{picture}");
        for id in ["t01", "t02"] {
            let (_, media) = rendition(&sandbox, &first, id).await;
            let sound = breaks(&media);
            assert!(sound.len() == 1 && (sound[0] - own[0]).abs() < 0.3, "{name} {id} at {own:?}: {media}");
        }
        for stream in ["0:a:0", "0:a:1"] {
            assert!(packets(&first.playlist(), stream) == packets(video.to_str().unwrap(), stream), "{name} {stream}");
        }
        let deleted = format!("zipreel-{name}-{}-t02-0001", first.published()["generation"].as_str().unwrap());
        crate::mishap::account::delete_function(&sandbox, &deleted).await;
        let again = sandbox.publish(video, &["--name", name]).await;
        assert_eq!(again.published()["generation"], first.published()["generation"]);
        assert!(again.published()["sent"].as_u64().unwrap() > 0);
    }
}
