//! Programs that keep what they are given: yt-dlp by the address of the watch page, streamlink by that of the playlist.

use std::path::Path;

use tokio::process::Command;

use super::{
    matrix::{PLAYS, record},
    programs::{Counts, packets, said, version},
    stage::{Reel, Stage},
};
use crate::{
    clips::{Clip, clip, scratch},
    contract::runtime::python,
    publish::frames::source_hashes,
};

const CLIP: Clip = Clip::Mp4;

/// A module of the tests' own Python, with nothing of the person who runs them.
fn module(name: &str, home: &Path) -> Command {
    let mut command = Command::new(python());
    command.args(["-m", name]).env("HOME", home).env("XDG_CONFIG_HOME", home);
    command
}

async fn keeps_every_frame(name: &str, player: &str, file: &str, arguments: impl Fn(&Reel, &str) -> Vec<String>) {
    let (stage, folder) = (Stage::new().await, scratch());
    let reel = stage.publish(CLIP).await;
    let kept = folder.path().join(file);
    let mut command = module(name, folder.path());
    command.args(arguments(&reel, kept.to_str().unwrap()));
    said(command).await;
    let source: Counts = packets(&clip(CLIP));
    assert_eq!(packets(&kept), source, "{name}");
    assert!(source_hashes(&kept, "0:v") == source_hashes(&clip(CLIP), "0:v"), "{name}: frames differ");
    let version = version(python().to_str().unwrap(), &["-m", name, "--version"], version_place(name));
    record(&format!("{} {version}, {player}", name.replace('_', "-")), PLAYS, "downloads every frame");
}

/// `2026.10.26`, and `streamlink 8.6.3`.
fn version_place(name: &str) -> usize {
    usize::from(name == "streamlink")
}

#[tokio::test(flavor = "multi_thread")]
async fn yt_dlp_finds_the_video_by_the_address_of_the_page() {
    keeps_every_frame("yt_dlp", "by the page's address", "kept.mp4", |reel, file| {
        ["--ignore-config", "--no-cache-dir", "--quiet", "--output", file, &reel.page].map(str::to_owned).to_vec()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streamlink_keeps_the_stream_of_the_playlist() {
    keeps_every_frame("streamlink", "by the playlist's", "kept.ts", |reel, file| {
        ["--no-config", "--quiet", "--output", file, &reel.playlist(), "best"].map(str::to_owned).to_vec()
    })
    .await;
}
