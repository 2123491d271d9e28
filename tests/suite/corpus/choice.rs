//! Which streams are published: programmes, stills and tracks beside the film, languages, sound alone; and pictures made
//! of fields, mirrored or turned.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use zipreel::media::picture::{Brightness, View};

use super::{
    Row, all_right,
    make::{A, C, V, X, base, ffmpeg, patched},
    row,
};
use crate::{
    media::{probed, tools},
    publish::sandbox::Sandbox,
};

/// A second film, larger and as long.
const BIG: &str = "-f lavfi -i testsrc2=size=320x180:rate=25";

/// Places of all boxes of this name, at their content.
fn boxes(bytes: &[u8], name: &[u8; 4]) -> Vec<usize> {
    (4..bytes.len()).filter(|at| bytes[at - 4..*at] == *name).collect()
}

fn programmes(folder: &Path) -> PathBuf {
    let tone = "-f lavfi -i sine=frequency=880:sample_rate=48000";
    let titles = "-program title=one:program_num=1:st=0:st=1 -program title=two:program_num=2:st=2:st=3";
    let maps = "-map 0:v -map 1:a -map 2:v -map 3:a";
    ffmpeg(folder, &format!("{V} {A} {BIG} {tone} -t 12 {maps} {X} {C} {titles} mpts.ts"))
}

/// A film with its sound, and beside it so many large pictures.
fn with_stills(folder: &Path, pictures: u32, maps: &str, name: &str) -> PathBuf {
    let still = format!("-f lavfi -i testsrc2=size=640x360:rate=25 -frames:v {pictures} {X} still.mp4");
    ffmpeg(folder, &still);
    ffmpeg(folder, &format!("-i {{base}} -i {{in}}/still.mp4 {maps} -c copy {name}"))
}

/// A film with its sound, and a larger one behind them that the container says is as good.
fn two_films(folder: &Path) -> PathBuf {
    ffmpeg(folder, &format!("{BIG} -t 12 {X} big.mp4"));
    let maps = "-map 0 -map 1 -c copy -disposition:v default";
    ffmpeg(folder, &format!("-i {{base}} -i {{in}}/big.mp4 {maps} two.mp4"))
}

fn two_languages(folder: &Path) -> PathBuf {
    let tone = "-f lavfi -i sine=frequency=880:sample_rate=48000";
    let languages = "-metadata:s:a:0 language=eng -metadata:s:a:1 language=ger";
    ffmpeg(folder, &format!("{V} {A} {tone} -t 12 -map 0 -map 1 -map 2 {X} {C} {languages} two.mkv"))
}

/// With this matrix, as MP4 has it in the header of a track.
fn placed(folder: &Path, [a, b, c, d]: [i32; 4]) -> PathBuf {
    patched(folder, &base(), "placed.mp4", |bytes| {
        let at = boxes(bytes, b"tkhd")[0] + 40;
        for (place, sign) in [(0, a), (4, b), (12, c), (16, d)] {
            bytes[at + place..at + place + 4].copy_from_slice(&(sign << 16).to_be_bytes());
        }
    })
}

fn interlaced(folder: &Path, words: &str) -> PathBuf {
    let fields = "-vf tinterlace=interleave_top -flags +ilme+ildct -x264-params tff=1";
    ffmpeg(folder, &format!("-f lavfi -i testsrc2=size=192x108:rate=50 {A} -t 4 {X} {C} {fields} fields.mp4"));
    ffmpeg(folder, &format!("-i {{in}}/fields.mp4 -c copy {words}"))
}

fn films() -> Vec<Row> {
    vec![
        row("programmes", programmes)
            .frames("0:2 0:3")
            .said("another programme; of programme 2 (`two`) are picture and sound"),
        row("programme of a stream", programmes).args("--video-stream 0").frames("0:0 0:1").said("it was asked for"),
        row("programme of a sound", programmes).args("--audio-stream 1").frames("0:0 0:1"),
        row("still behind", |folder| with_stills(folder, 1, "-map 0 -map 1:v", "photo.mp4"))
            .frames("0:0 0:1")
            .said("a still of 1 picture"),
        row("still before", |folder| with_stills(folder, 2, "-map 1:v -map 0", "photo.mov"))
            .frames("0:1 0:2")
            .said("stills, 2 pictures"),
        row("still in a transport stream", |folder| with_stills(folder, 1, "-map 1:v -map 0", "photo.ts"))
            .frames("0:1 0:2"),
        row("track of 0.08 s", |folder| {
            ffmpeg(folder, &format!("-f lavfi -i testsrc2=size=640x360:rate=50 -t 0.08 {X} short.mp4"));
            ffmpeg(folder, "-i {base} -i {in}/short.mp4 -map 0 -map 1 -c copy -disposition:v default aux.mp4")
        })
        .frames("0:0 0:1")
        .said("only 0.08 s long"),
        row("track not enabled", |folder| {
            let two = two_films(folder);
            patched(folder, &two, "disabled.mp4", |bytes| {
                let at = *boxes(bytes, b"tkhd").last().unwrap();
                bytes[at + 3] &= !1;
            })
        })
        .frames("0:0 0:1")
        .said("a track that is not enabled; `--video-stream 2` takes it instead"),
        row("auxiliary track", |folder| {
            let two = two_films(folder);
            patched(folder, &two, "auxiliary.mp4", |bytes| {
                let at = boxes(bytes, b"hdlr").into_iter().rfind(|at| &bytes[at + 8..at + 12] == b"vide");
                let at = at.unwrap() + 8;
                bytes[at..at + 4].copy_from_slice(b"auxv");
            })
        })
        .frames("0:0 0:1")
        .said("an auxiliary track"),
        row("two films", two_films).frames("0:2 0:1").said("chosen of 2, since it is the largest"),
        row("default", |folder| {
            let two = two_films(folder);
            let words =
                format!("-i {} -map 0 -c copy -disposition:v:0 default -disposition:v:1 0 d.mkv", two.display());
            ffmpeg(folder, &words)
        })
        .frames("0:0 0:1"),
    ]
}

fn sounds() -> Vec<Row> {
    vec![
        row("first language", two_languages)
            .args("--audio-stream 1")
            .frames("0:0 0:1")
            .said("(ger): left out (one audio stream is published; `--audio-stream 2` takes it instead)"),
        row("second language", two_languages).args("--audio-stream deu").frames("0:0 0:2"),
        row("second language by two letters", two_languages).args("--audio-stream de").frames("0:0 0:2"),
        row("second sound", two_languages).args("--audio-stream 2").frames("0:0 0:2"),
        row("sound of an unknown codec", |folder| {
            let two = ffmpeg(folder, "-i {base} -map 0 -map 0:a -c copy -disposition:a default two.mp4");
            patched(folder, &two, "apac.mp4", |bytes| {
                let at = *boxes(bytes, b"mp4a").last().unwrap();
                bytes[at - 4..at].copy_from_slice(b"apac");
                let codec = *boxes(bytes, b"esds").last().unwrap();
                bytes[codec - 4..codec].copy_from_slice(b"dapa");
            })
        })
        .frames("0:0 0:1")
        .said("an unknown codec (`apac`)"),
        row("AAC alone", |folder| ffmpeg(folder, "-i {base} -map 0:a -c copy alone.m4a"))
            .args("--segment-seconds 4")
            .frames("0:0")
            .seconds(12.032)
            .said("there is no picture: the reel will be sound alone"),
        row("MP3 alone", |folder| ffmpeg(folder, "-i {base} -map 0:a -c:a libmp3lame alone.mp3"))
            .args("--transcode auto")
            .seconds(12.032),
        row("FLAC with cover art", |folder| {
            ffmpeg(folder, "-f lavfi -i testsrc2=size=300x300 -frames:v 1 cover.png");
            let words =
                "-i {base} -i {in}/cover.png -map 0:a -map 1 -c:a flac -c:v copy -disposition:v attached_pic c.flac";
            ffmpeg(folder, words)
        })
        .args("--container ts --transcode auto")
        .seconds(12.032)
        .said("cover art, no video: it becomes the poster"),
        row("Vorbis alone", |folder| ffmpeg(folder, "-i {base} -map 0:a -c:a libvorbis alone.ogg"))
            .args("--transcode auto")
            .seconds(12.032),
    ]
}

fn things_beside() -> Vec<Row> {
    vec![
        row("cover art", |folder| {
            ffmpeg(folder, "-f lavfi -i testsrc2=size=300x300 -frames:v 1 cover.png");
            ffmpeg(folder, "-i {base} -i {in}/cover.png -map 0 -map 1 -c copy -disposition:v:1 attached_pic cover.mp4")
        })
        .frames("0:0 0:1")
        .said("cover art, no video"),
        row("timecode", |folder| ffmpeg(folder, "-i {base} -c copy -timecode 01:00:00:00 tc.mov"))
            .frames("0:0 0:1")
            .said("data  timecode"),
        row("telemetry", |folder| {
            let tc = ffmpeg(folder, "-i {base} -c copy -timecode 01:00:00:00 tc.mov");
            patched(folder, &tc, "gpmd.mov", |bytes| {
                for at in boxes(bytes, b"tmcd") {
                    bytes[at - 4..at].copy_from_slice(b"gpmd");
                }
            })
        })
        .frames("0:0 0:1")
        .said("data  GoPro telemetry"),
        row("font", |folder| {
            std::fs::write(folder.join("Sans.ttf"), [0; 64]).unwrap();
            let font = "-attach {in}/Sans.ttf -metadata:s:t mimetype=application/x-truetype-font";
            ffmpeg(folder, &format!("-i {{base}} -c copy {font} font.mkv"))
        })
        .frames("0:0 0:1")
        .said("attachment  font `Sans.ttf`"),
        row("chapters", |folder| {
            let chapter = |start: u32| format!("[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={}\ntitle=t\n", start + 6);
            let text = format!(";FFMETADATA1\n{}{}", chapter(0), chapter(6));
            std::fs::write(folder.join("chapters.txt"), text).unwrap();
            ffmpeg(folder, "-i {base} -i {in}/chapters.txt -map 0 -map_metadata 1 -c copy chapters.mp4")
        })
        .frames("0:0 0:1")
        .said("chapters  2"),
    ]
}

fn pictures() -> Vec<Row> {
    let turned = |name, matrix, words: &str| {
        let why = format!(
            "#0 video  H.264 Constrained Baseline 192x108 25 fps {words}, which MPEG-TS can't say: it would \
             not play upright"
        )
        .replace("Constrained Baseline", "Main");
        let what = format!("could not plan the reel without conversion: {why}");
        row(name, move |folder| placed(folder, matrix)).refused("permanent", &what, None)
    };
    let stripes = "the picture is interlaced (108i), and copied as it is: browsers show stripes where things move";
    vec![
        turned("turned by 90°", [0, 1, -1, 0], "is turned by 90°"),
        turned("turned by 180°", [-1, 0, 0, -1], "is turned by 180°"),
        turned("turned by 270°", [0, -1, 1, 0], "is turned by 270°"),
        turned("mirrored", [-1, 0, 0, 1], "is mirrored"),
        turned("upside down in a mirror", [1, 0, 0, -1], "is mirrored and turned by 180°"),
        turned("mirrored and turned", [0, 1, 1, 0], "is mirrored and turned by 270°"),
        row("mirrored, converted", |folder| placed(folder, [-1, 0, 0, 1]))
            .args("--transcode auto")
            .count(300)
            .seconds(12.0)
            .offset(0.0),
        row("fields", |folder| interlaced(folder, "fields.ts")).frames("0:0 0:1").said(stripes),
        row("fields in the pictures alone", |folder| interlaced(folder, "-field_order progressive fields.mkv"))
            .frames("0:0 0:1")
            .said(stripes),
        row("deinterlaced", |folder| interlaced(folder, "fields.mov"))
            .args("--deinterlace")
            .count(100)
            .seconds(4.0)
            .said("since it is to be deinterlaced, as asked"),
    ]
}

pub(super) fn all() -> Vec<Row> {
    [films(), sounds(), things_beside(), pictures(), refused()].into_iter().flatten().collect()
}

fn refused() -> Vec<Row> {
    let what = |name, args: &str, what: &str| row(name, |_| base()).args(args).refused("permanent", what, None);
    vec![
        what("no such stream", "--video-stream 7", "could not plan the reel: the file has no stream #7"),
        what(
            "sound for a picture",
            "--video-stream 1",
            "could not plan the reel: #1 audio  AAC LC stereo 48 kHz is no video stream",
        ),
        what(
            "no such language",
            "--audio-stream en",
            "could not plan the reel: none of its sound is in the language `eng`",
        ),
        row("subtitles alone", |folder| {
            std::fs::write(folder.join("a.srt"), "1\n00:00:00,000 --> 00:00:04,000\nWords\n").unwrap();
            ffmpeg(folder, "-i {in}/a.srt a.mkv")
        })
        .refused(
            "permanent",
            "could not plan the reel: the file has neither video nor sound, only #0 subtitles  ASS",
            None,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_film_that_a_person_means_is_published() {
    all_right(films()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sound_that_a_person_means_is_published() {
    all_right(sounds()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_beside_the_film_is_named() {
    all_right(things_beside()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_stand_as_players_show_them() {
    all_right(pictures()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said() {
    all_right(refused()).await;
}

type Picture = image::GrayImage;

fn as_players_show_it(picture: &Picture, [a, b, c, d]: [i32; 4]) -> Picture {
    use image::imageops::{flip_horizontal, rotate90, rotate180, rotate270};
    let mirrored = a * d - b * c < 0;
    let picture = if mirrored { flip_horizontal(picture) } else { picture.clone() };
    let side = if mirrored { -1 } else { 1 };
    match (side * a, side * b) {
        (1, _) => picture,
        (_, 1) => rotate90(&picture),
        (-1, _) => rotate180(&picture),
        _ => rotate270(&picture),
    }
}

fn assert_alike(found: &Picture, wanted: &Picture, what: &str) {
    assert_eq!(found.dimensions(), wanted.dimensions(), "{what}");
    let apart = |(one, other): (&u8, &u8)| u64::from(one.abs_diff(*other));
    let apart: u64 = found.as_raw().iter().zip(wanted.as_raw()).map(apart).sum();
    let mean = apart as f64 / found.as_raw().len() as f64;
    assert!(mean < 8.0, "{what}: {mean:.1} apart");
}

/// The poster, and what is converted, against the picture as it lies in the file.
#[tokio::test(flavor = "multi_thread")]
async fn mirrored_and_turned_pictures_stand_upright() {
    let folder = tempfile::tempdir().unwrap();
    let decoded = |input: &str| {
        let args = ["-i", input, "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"];
        let output =
            std::process::Command::new("ffmpeg").args(["-nostdin", "-v", "error"]).args(args).output().unwrap();
        image::load_from_memory(&output.stdout).unwrap().to_luma8()
    };
    let poster = async |video: PathBuf| {
        let media = probed(&video).await;
        let (tools, stream) = (&tools().await, media.video().unwrap());
        let view = View { tools, video: &video, stream, max_width: 192, brightness: Brightness::Any };
        let jpeg = view.at(Duration::ZERO, &CancellationToken::new()).await.unwrap();
        image::load_from_memory(&jpeg).unwrap().to_luma8()
    };
    let (first, lying) = (decoded(base().to_str().unwrap()), poster(base()).await);
    let matrices =
        [[0, 1, -1, 0], [-1, 0, 0, -1], [0, -1, 1, 0], [-1, 0, 0, 1], [0, -1, -1, 0], [1, 0, 0, -1], [0, 1, 1, 0]];
    for matrix in matrices {
        let poster = poster(placed(folder.path(), matrix)).await;
        assert_alike(&poster, &as_players_show_it(&lying, matrix), &format!("poster {matrix:?}"));
    }
    let sandbox = Sandbox::start().await;
    for (name, matrix) in [("mirrored", [-1, 0, 0, 1]), ("both", [0, 1, 1, 0]), ("turned", [0, 1, -1, 0])] {
        let run = sandbox.publish(&placed(folder.path(), matrix), &["--name", name, "--transcode", "auto"]).await;
        assert_alike(&decoded(&run.playlist()), &as_players_show_it(&first, matrix), name);
    }
}
