//! What only a decoder can tell of what was made.

use std::path::{Path, PathBuf};

use super::{
    all_right,
    make::{base, ffmpeg, patched},
    row,
};
use crate::{mishap::account::functions, publish::sandbox::Sandbox};

const RAW: &str =
    "-i {base} -map 0:v -c:v libx264 -preset ultrafast -g 50 -keyint_min 50 -sc_threshold 0 -bf 0 base.h264";

/// Slices as a scrambler leaves them that marks nothing: their heads are right, what follows is noise.
fn scrambled(folder: &Path, from: f64) -> PathBuf {
    let raw = patched(folder, &ffmpeg(folder, RAW), "scrambled.h264", move |bytes| {
        let length = bytes.len();
        let starts: Vec<usize> = (0..length - 4).filter(|at| bytes[*at..at + 3] == [0, 0, 1]).collect();
        let ends = starts.iter().skip(1).copied().chain([length]);
        for (start, end) in starts.iter().copied().zip(ends) {
            let is_slice = matches!(bytes[start + 3] & 0x1f, 1 | 5);
            if is_slice && start as f64 >= from * length as f64 {
                for (place, byte) in bytes[(start + 10).min(end)..end].iter_mut().enumerate() {
                    // no zeros, so that no start code comes about
                    *byte = (*byte ^ (place as u8).wrapping_mul(29)) | 0x11;
                }
            }
        }
    });
    ffmpeg(folder, &format!("-r 25 -i {} -i {{base}} -map 0:v -map 1:a -c copy scrambled.mp4", raw.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_decode_is_never_visible() {
    let _ = base();
    all_right(vec![
        row("scrambled and not marked so", |folder| scrambled(folder, 0.0)).refused(
            "permanent",
            "could not publish the video `{file}`: nothing of it decodes",
            Some("it is encrypted, or damaged throughout"),
        ),
        row("scrambled from the middle on", |folder| scrambled(folder, 0.4))
            .said("frames of the file are damaged from"),
    ])
    .await;
}

/// All chunks of the first run are there still: the second has only the index to deploy.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_run_deployed_and_does_not_decode_is_withdrawn() {
    let sandbox = Sandbox::start().await;
    let video = scrambled(&sandbox.path(""), 0.0);
    for run in 0..2 {
        let run = (run, sandbox.publish_in("state", &video, &["--name", "scrambled"]).await);
        assert_eq!(run.1.code, Some(1), "{run:?}");
        let last = run.1.lines.last().unwrap();
        let what = format!("could not publish the video `{}`: nothing of it decodes", video.display());
        assert_eq!((&last["what"], &last["class"]), (&what.into(), &"permanent".into()), "{run:?}");
        let names = functions(&sandbox).await;
        assert!(names.keys().any(|name| name.starts_with("zipreel-scrambled-")), "its chunks are there: {names:?}");
        assert!(!names.contains_key("zipreel-scrambled-index"), "{names:?}");
    }
}
