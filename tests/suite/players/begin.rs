//! Where a decoder begins in a video with open GOPs: it meets orders to give up references that it never had. What the
//! watch page changes in front of Chromium's decoder, which takes that for an error, is judged by ffmpeg told to be as
//! strict.

use std::{path::Path, process::Command};

use super::stage::Stage;
use crate::{
    clips::{Clip, clip, scratch},
    contract::runtime::{node, repository},
    publish::{
        frames::{framemd5, source_hashes},
        sandbox::tool,
    },
};

/// What a decoder that stops at the first error makes of it.
fn strictly(stream: &Path) -> Result<Vec<String>, String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-xerror", "-threads", "1", "-err_detect", "explode", "-f", "h264", "-i"]);
    let output = command.arg(stream).args(["-map", "0:v", "-f", "framemd5", "-"]).output().unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    let frames = framemd5(&String::from_utf8(output.stdout).unwrap());
    if output.status.success() { Ok(frames) } else { Err(complaints) }
}

async fn begins_anywhere(kind: Clip) {
    let stage = Stage::new().await;
    let reel = stage.publish(kind).await;
    let folder = scratch();
    let (script, player) =
        (repository().join("tests/players/begin.mjs"), repository().join("assets/gate/open-gops.js"));
    let [script, player, into] = [&script, &player, folder.path()].map(|path| path.to_str().unwrap());
    let said = tool(node().to_str().unwrap(), &[script, "--player", player, "--page", &reel.page, "--into", into]);
    let changes: Vec<Option<u32>> = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert!(changes[0].is_none(), "the video begins with an IDR picture");
    assert!(changes.iter().flatten().count() > 5, "{changes:?}");
    let source = source_hashes(&clip(kind), "0:v");
    let mut refused = 0;
    for segment in 0..changes.len() {
        let stream = |when: &str| folder.path().join(format!("{segment}.{when}.h264"));
        refused += u32::from(strictly(&stream("before")).is_err());
        let frames = strictly(&stream("after")).unwrap_or_else(|complaints| panic!("{segment}: {complaints}"));
        let shown = source.windows(frames.len()).any(|run| run == frames);
        assert!(!frames.is_empty() && shown, "segment {segment}: {} frames, not the source's", frames.len());
    }
    let changed = changes.iter().flatten().filter(|changes| **changes > 0).count();
    assert!(refused > 0 && refused as usize <= changed, "{refused} were refused as they are, {changed} were changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_segment_with_open_gops_decodes_from_its_first_keyframe() {
    begins_anywhere(Clip::OpenGop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_with_many_references_in_several_slices() {
    begins_anywhere(Clip::OpenGopSlices).await;
}
