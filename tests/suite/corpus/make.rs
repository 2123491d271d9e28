//! What recipes are made of: ffmpeg, and clips that several rows begin with.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::clips::kept;

pub(crate) const V: &str = "-f lavfi -i testsrc2=size=192x108:rate=25";
pub(crate) const A: &str = "-f lavfi -i sine=frequency=440:sample_rate=48000";
pub(crate) const X: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -keyint_min 50 -sc_threshold 0 -bf 2";
pub(crate) const C: &str = "-c:a aac -b:a 64k -ac 2";

/// 12 s of H.264 with B-frames, 25 fps, a keyframe every 2 s, and AAC.
pub(crate) fn base() -> PathBuf {
    kept("base", &format!("{V} {A}"), &format!("-t 12 {X} {C}"), "mp4")
}

/// The same as a transport stream.
pub(crate) fn base_ts() -> PathBuf {
    kept("nk", &format!("{V} {A}"), &format!("-t 12 {X} {C}"), "ts")
}

/// Runs ffmpeg with these words; `{base}` and `{nk}` are the clips above, `{in}` the folder, and the last word, too, is
/// a name in it.
pub(crate) fn ffmpeg(folder: &Path, words: &str) -> PathBuf {
    let (base, nk) = (base(), base_ts());
    let filled = |word: &str| {
        word.replace("{base}", base.to_str().unwrap())
            .replace("{nk}", nk.to_str().unwrap())
            .replace("{in}", folder.to_str().unwrap())
    };
    let mut words: Vec<String> = words.split_whitespace().map(filled).collect();
    let output = folder.join(words.pop().expect("an output"));
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]).args(&words).arg(&output);
    let made = command.output().expect("ffmpeg is installed: the tests need it");
    assert!(made.status.success(), "{words:?}: {}", String::from_utf8_lossy(&made.stderr));
    output
}

/// Writes what `change` makes of the bytes of `from` to a file of this name.
pub(crate) fn patched(folder: &Path, from: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = std::fs::read(from).unwrap();
    change(&mut bytes);
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
