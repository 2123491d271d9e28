//! Sound alone that is broken, encrypted or empty.

use std::path::{Path, PathBuf};

use super::{
    Row, all_right,
    locked::KEY,
    make::{ffmpeg, patched},
    row,
};

/// The base's sound, as these words want it, in a file of this name.
fn sound(folder: &Path, words: &str, name: &str) -> PathBuf {
    ffmpeg(folder, &format!("-i {{base}} -map 0:a {words} {name}"))
}

fn cut(words: &'static str, name: &'static str, share: f64) -> impl Fn(&Path) -> PathBuf + Send + Copy + 'static {
    move |folder| {
        let whole = sound(folder, words, name);
        patched(folder, &whole, &format!("cut-{name}"), |bytes| bytes.truncate((bytes.len() as f64 * share) as usize))
    }
}

/// With zeros in the middle.
fn damaged(words: &'static str, name: &'static str) -> impl Fn(&Path) -> PathBuf + Send + Copy + 'static {
    move |folder| {
        let whole = sound(folder, words, name);
        patched(folder, &whole, &format!("damaged-{name}"), |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle..middle + 3000].fill(0);
        })
    }
}

fn unreadable(row: Row, cause: &str) -> Row {
    row.refused("permanent", "could not read the video `{file}`", Some(cause))
}

fn cut_off(row: Row, seconds: &str) -> Row {
    let cause = format!("the file is cut off: about {seconds} s are missing at its end");
    row.args("--transcode auto").refused("permanent", "could not publish the video `{file}`", Some(&cause))
}

pub(super) fn rows() -> Vec<Row> {
    compressed().into_iter().chain(whole_samples()).collect()
}

fn compressed() -> Vec<Row> {
    let locked = |row: Row| row.refused("permanent", "could not plan the reel: the sound is encrypted (`cenc`)", None);
    let mp3 = cut("-c:a libmp3lame", "a.mp3", 0.5);
    vec![
        locked(row("encrypted M4A", |folder| sound(folder, &format!("-c copy {KEY}"), "cenc.m4a"))),
        unreadable(
            row("empty M4A", |folder| patched(folder, &sound(folder, "-c copy", "a.m4a"), "empty.m4a", Vec::clear)),
            "it is empty",
        ),
        unreadable(
            row("M4A cut off before its table", cut("-c copy", "a.m4a", 0.5)),
            "it is cut off: the table of its contents (`moov`) is missing",
        ),
        cut_off(row("M4A cut off behind its table", cut("-c copy -movflags faststart", "a.m4a", 0.5)), "6.2 s of 12"),
        cut_off(row("MP3 cut off", mp3), "6 s of 12"),
        row("MP3 cut off, accepted", mp3)
            .args("--transcode auto --on-damage accept")
            .said("\"warnings\":[\"the file is cut off: about 6 s of 12 s are missing at its end"),
        row("MP3, damaged", damaged("-c:a libmp3lame", "a.mp3"))
            .args("--transcode auto")
            .said("frames of the file are damaged"),
        row("MP3 of zeros", |folder| {
            let whole = sound(folder, "-c:a libmp3lame", "a.mp3");
            patched(folder, &whole, "zeros.mp3", |bytes| bytes[50..].fill(0))
        })
        .args("--transcode auto")
        .refused(
            "permanent",
            "could not plan the reel: #0 audio  MP3 0 channels 0 kHz is damaged: ffmpeg finds no sound in it",
            None,
        ),
        row("AAC cut off", cut("-c copy", "a.aac", 0.5)).said("frames of the file are damaged"),
        row("AAC, damaged", damaged("-c copy", "a.aac")).said("frames of the file are damaged"),
    ]
}

/// WAV and FLAC.
fn whole_samples() -> Vec<Row> {
    vec![
        cut_off(row("WAV cut off", cut("-c:a pcm_s16le", "a.wav", 0.5)), "6 s of 12"),
        row("WAV of no samples", |folder| {
            let whole = sound(folder, "-c:a pcm_s16le", "a.wav");
            patched(folder, &whole, "none.wav", |bytes| {
                let data = bytes.windows(4).position(|window| window == b"data").unwrap();
                bytes.truncate(data + 8);
                bytes[data + 4..].fill(0);
                let size = (bytes.len() as u32 - 8).to_le_bytes();
                bytes[4..8].copy_from_slice(&size);
            })
        })
        .args("--transcode auto")
        .refused("permanent", "could not split `{file}`: it holds no sound", None),
        unreadable(
            row("WAV of a recorder that wrote a head alone", |folder| {
                let whole = sound(folder, "-c:a pcm_s16le", "a.wav");
                patched(folder, &whole, "head.wav", |bytes| {
                    bytes.truncate(bytes.windows(4).position(|window| window == b"data").unwrap());
                })
            }),
            "ffmpeg can't read it, though it begins as a file of WAV",
        ),
        row("FLAC cut off, accepted", cut("-c:a flac", "a.flac", 0.5))
            .args("--container ts --transcode auto --on-damage accept")
            .said("the file is cut off: about 6"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_alone_that_is_not_whole_is_refused_or_said() {
    all_right(rows()).await;
}
