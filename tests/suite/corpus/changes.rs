//! Changes in the middle that come back soon: pictures and sound of another form for less than a piece of ffmpeg's.

use std::path::{Path, PathBuf};

use super::{
    Row, all_right,
    make::{A, C, V, X, ffmpeg},
    row,
};

const LARGER: &str = "-f lavfi -i testsrc2=size=320x180:rate=25";
/// Every picture is a keyframe.
const KEYS: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 1 -bf 0";
const MONO: &str = "-c:a aac -b:a 64k -ac 1";
const SLOWER: &str = "-c:a aac -b:a 64k -ac 2 -ar 44100";

/// 3 s of the first, which are two segments, then `length` of the second, then 3 s of the first, as by `cat`.
fn there_and_back(folder: &Path, first: &str, second: &str, length: f64) -> PathBuf {
    let part = |words: &str, seconds: f64, at: f64, name: &str| {
        ffmpeg(folder, &format!("{words} -t {seconds} -output_ts_offset {at} {name}.ts"))
    };
    let parts =
        [part(first, 3.0, 0.0, "first"), part(second, length, 3.0, "second"), part(first, 3.0, 3.0 + length, "third")];
    let joined = folder.join("joined.ts");
    std::fs::write(&joined, parts.map(|part| std::fs::read(part).unwrap()).concat()).unwrap();
    joined
}

fn of_keyframes() -> Vec<Row> {
    let row = |name, first: String, second: String, length| {
        row(name, move |folder| there_and_back(folder, &first, &second, length)).offset(0.0)
    };
    vec![
        row("size, keyframes only, no sound", format!("{V} {KEYS}"), format!("{LARGER} {KEYS}"), 0.2)
            .discontinuities(&[2, 3])
            .count(155),
        row("size, keyframes only", format!("{V} {A} {KEYS} {C}"), format!("{LARGER} {A} {KEYS} {C}"), 0.2)
            .heard()
            .discontinuities(&[2, 3])
            .count(155),
        row("channels, keyframes only", format!("{V} {A} {KEYS} {C}"), format!("{V} {A} {KEYS} {MONO}"), 0.2)
            .heard()
            .discontinuities(&[2, 3])
            .count(155),
        row("rate of sound, keyframes only", format!("{V} {A} {KEYS} {C}"), format!("{V} {A} {KEYS} {SLOWER}"), 0.2)
            .heard()
            .discontinuities(&[2, 3])
            .count(155),
        row("size, between keyframes", format!("{V} {A} {X} {C}"), format!("{LARGER} {A} {X} {C}"), 0.2)
            .heard()
            .discontinuities(&[2, 3])
            .count(155),
        row("channels, between keyframes", format!("{V} {A} {X} {C}"), format!("{V} {A} {X} {MONO}"), 0.2)
            .heard()
            .discontinuities(&[2, 3])
            .count(155),
    ]
}

/// Sound that is put together from three.
fn joined_sound(folder: &Path, other: &str) -> PathBuf {
    let sound = |words: &str, seconds: f64, name: &str| ffmpeg(folder, &format!("{A} -t {seconds} {words} {name}.aac"));
    let parts = [sound(C, 3.0, "first"), sound(other, 0.3, "second"), sound(C, 4.0, "third")];
    let joined = folder.join("joined.aac");
    std::fs::write(&joined, parts.map(|part| std::fs::read(part).unwrap()).concat()).unwrap();
    joined
}

/// With a picture that goes on all the while.
fn within_a_group(folder: &Path, other: &str, video: &str) -> PathBuf {
    let joined = joined_sound(folder, other);
    ffmpeg(folder, &format!("{V} -i {} -t 7 {video} -c:a copy joined.ts", joined.display()))
}

fn of_sound() -> Vec<Row> {
    let sentence = |to: &str, length: &str| {
        format!(
            "could not split `{{file}}` without conversion: at 0:03 the sound changes from 2 channels at 48000 \
             Hz to {to} for {length} s, between two pictures that a segment can begin with"
        )
    };
    vec![
        row("channels within a group of pictures", |folder| within_a_group(folder, MONO, X)).refused(
            "permanent",
            &sentence("1 channel at 48000 Hz", "0.3"),
            None,
        ),
        row("rate within a group of pictures, never", |folder| within_a_group(folder, SLOWER, X))
            .args("--transcode never")
            .refused("permanent", &sentence("2 channels at 44100 Hz", "0.3"), None),
        row("channels within a group of pictures, auto", |folder| within_a_group(folder, MONO, X))
            .args("--transcode auto")
            .heard()
            .count(175)
            .offset(0.0)
            .seconds(7.0)
            .discontinuities(&[]),
        row("rate within a group of pictures, auto", |folder| within_a_group(folder, SLOWER, X))
            .args("--transcode auto")
            .count(175)
            .offset(0.0)
            .seconds(7.0)
            .discontinuities(&[]),
        row("channels over keyframes", |folder| within_a_group(folder, MONO, KEYS))
            .heard()
            .count(175)
            .offset(0.0)
            .seconds(7.0)
            .discontinuities(&[2, 3]),
        row("channels of sound alone", |folder| joined_sound(folder, MONO))
            .heard()
            // 142, 16 and 189 frames, with one that each encoder needs ahead
            .seconds(347.0 * 1024.0 / 48_000.0)
            .discontinuities(&[1, 2]),
    ]
}

/// The second has its pictures twice as fast, without saying so anywhere but in its timestamps.
fn of_frame_rate() -> Vec<Row> {
    let faster = |folder: &Path, keys: &'static str| {
        let slow = ffmpeg(folder, &format!("{V} -t 4 {keys} slow.mp4"));
        // in 5.1, -t counts what is read
        let fast = ffmpeg(folder, &format!("-i {} -c copy -bsf:v setts=pts=PTS/2:dts=DTS/2 fast.mp4", slow.display()));
        there_and_back(folder, &format!("{V} {keys}"), &format!("-i {} -c copy", fast.display()), 2.0)
    };
    vec![
        row("twice the frame rate in one video", |folder| {
            let slow = ffmpeg(folder, &format!("{V} -t 10 {X} slow.mp4"));
            let time = |of: &str| {
                format!("if(lt({of}*TB,4),{of},if(lt({of}*TB,8),2/TB+{of}/2,{of}-2/TB))").replace(',', "\\,")
            };
            let times = format!("setts=pts={}:dts={}", time("PTS"), time("DTS"));
            ffmpeg(folder, &format!("-i {} -c copy -bsf:v {times} faster.mp4", slow.display()))
        })
        .frames("0:v")
        .count(250)
        .seconds(8.0)
        .discontinuities(&[]),
        row("twice the frame rate for a while", move |folder| faster(folder, X)).count(250).seconds(8.0),
        row("twice the frame rate for a while, keyframes only", move |folder| faster(folder, KEYS))
            .count(250)
            .seconds(8.0),
    ]
}

pub(super) fn all() -> Vec<Row> {
    [of_keyframes(), of_sound(), of_frame_rate()].into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_comes_back_is_two_discontinuities() {
    all_right(of_keyframes()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_changes_away_from_keyframes_is_of_one_form_in_each_segment() {
    all_right(of_sound()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_frame_rate_alone_is_none() {
    all_right(of_frame_rate()).await;
}
