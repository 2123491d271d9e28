//! Videos of one size that look alike at their beginning, middle and end, and differ elsewhere: a download with a hole,
//! and the same once it is corrected. They are told apart by all their bytes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use aws_sdk_lambda::primitives::Blob;
use futures_util::future::join_all;
use serde_json::Value;
use zipreel::{
    model::{chunk::zip, reel::index::INDEX_ENTRY},
    remote::deployed::{self, Existing},
};

use super::account::{
    Functions, bodies, chunks, client, connect, delete_function, functions, is_whole, set_faults, zipreel,
};
use crate::{
    clips::{Clip, clip},
    events,
    publish::sandbox::{Reel, Run, Sandbox, get_range, program},
    split::until,
};

const REEL: &str = "m";
const CUT: [&str; 6] = ["--segment-seconds", "2", "--chunk-mib", "1", "--parallel", "1"];
/// In none of the three samples of the clip, and in its fifth chunk.
const HOLE: usize = 1_500_000;

/// The clip with one byte of its picture changed, which is all that tells it from the clip.
fn twin(folder: &Sandbox, byte: u8) -> PathBuf {
    let path = folder.path(&format!("twin-{byte}.mp4"));
    let mut bytes = fs::read(clip(Clip::Mp4)).unwrap();
    bytes[HOLE] ^= byte;
    fs::write(&path, bytes).unwrap();
    path
}

fn named(name: &str, more: &[&'static str]) -> Vec<String> {
    [&["--name", name][..], &CUT, more].concat().into_iter().map(str::to_owned).collect()
}

async fn publish(sandbox: &Sandbox, video: &Path, name: &str, more: &[&'static str]) -> Run {
    let arguments = named(name, more);
    sandbox.publish(video, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).await
}

/// All its segments, as a player reads them.
async fn segments(run: &Run) -> Vec<Vec<u8>> {
    let mut segments = Vec::new();
    for (url, offset, length) in Reel::of(run).await.ranges() {
        segments.push(get_range(&url, offset, length).await);
    }
    segments
}

/// Whether it plays what the video does under a name of its own.
async fn plays(sandbox: &Sandbox, run: &Run, video: &Path) {
    let alone = publish(sandbox, video, video.file_stem().unwrap().to_str().unwrap(), &[]).await;
    assert!(segments(run).await == segments(&alone).await, "it plays another video");
    is_whole(sandbox, REEL).await;
}

async fn served(sandbox: &Sandbox) -> Existing {
    let cloud = connect(sandbox.stand_in.endpoint()).await;
    deployed::existing(&cloud, &REEL.parse().unwrap()).await.unwrap().unwrap()
}

/// Makes the reel's index one of zipreel 0.1, which does not know the video's hash.
async fn forget_the_hash(sandbox: &Sandbox) {
    let Existing { index, mut entries, facts } = served(sandbox).await;
    let mut json = serde_json::to_value(&index).unwrap();
    let hash = json["current"].as_object_mut().unwrap().remove("source_sha256").unwrap();
    assert_eq!(hash.as_str().unwrap().len(), 64);
    entries.insert(INDEX_ENTRY.into(), serde_json::to_vec(&json).unwrap());
    let zip = zip::whole(entries.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    let client = client(sandbox);
    let update = async || client.update_function_code().function_name(&facts.name).zip_file(Blob::new(zip.clone()));
    while update().await.send().await.is_err() {
        // it has not settled yet
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[track_caller]
fn is_refused(run: &Run) {
    let what = run.failed()["what"].as_str().unwrap();
    assert!(what.contains("another video of the same size, which looks the same at its beginning"), "{what}");
    assert!(run.failed()["hint"].as_str().unwrap().contains("--replace"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_video_of_the_same_size_replaces_and_plays() {
    let sandbox = Sandbox::start().await;
    let (with_hole, corrected) = (twin(&sandbox, 1), clip(Clip::Mp4));
    let first = publish(&sandbox, &with_hole, REEL, &[]).await;
    let before = functions(&sandbox).await;
    is_refused(&publish(&sandbox, &corrected, REEL, &[]).await);
    assert_eq!(functions(&sandbox).await, before);

    let run = publish(&sandbox, &corrected, REEL, &["--replace"]).await;
    assert_ne!(run.published()["generation"], first.published()["generation"]);
    assert!(run.published()["sent"].as_u64().unwrap() > 0);
    plays(&sandbox, &run, &corrected).await;
    let after = functions(&sandbox).await;
    assert!(before.iter().filter(|(name, _)| !name.ends_with("-index")).all(|(name, code)| after[name] == *code));

    // each of the two is known again, from another machine too
    for state in ["state", "elsewhere"] {
        let arguments = named(REEL, &[]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let again = sandbox.publish_in(state, &corrected, &arguments).await;
        assert_eq!((&again.published()["sent"], again.events("segment-closed").count()), (&Value::from(0), 0));
        assert_eq!(again.published()["generation"], run.published()["generation"]);
        is_refused(&sandbox.publish_in(state, &twin(&sandbox, 2), &arguments).await);
    }
    assert_eq!(functions(&sandbox).await, after);
    let back = publish(&sandbox, &with_hole, REEL, &["--replace"]).await;
    assert_eq!(back.published()["generation"], first.published()["generation"]);
    assert_eq!((&back.published()["sent"], back.events("segment-closed").count()), (&Value::from(0), 0));
    plays(&sandbox, &back, &with_hole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_with_another_video_is_refused_whether_or_not_something_is_missing() {
    let sandbox = Sandbox::start().await;
    let (made_of, another) = (clip(Clip::Mp4), twin(&sandbox, 1));
    let (made_of, another) = (made_of.to_str().unwrap(), another.to_str().unwrap());
    publish(&sandbox, Path::new(made_of), REEL, &[]).await.published();
    let whole = functions(&sandbox).await;
    let refused = async || {
        let before = functions(&sandbox).await;
        let said = zipreel(&sandbox, &["check", REEL, "--repair", another]).await.ended(1);
        assert!(said.err.contains("twin-1.mp4` is another video than it was made of"), "{}", said.err);
        assert_eq!(functions(&sandbox).await, before);
    };
    refused().await;
    zipreel(&sandbox, &["check", REEL, "--repair", made_of]).await.ended(0);
    assert_eq!(functions(&sandbox).await, whole);

    for name in chunks(&whole).keys() {
        delete_function(&sandbox, name).await;
    }
    refused().await;
    zipreel(&sandbox, &["check", REEL, "--repair", made_of]).await.ended(0);
    assert_eq!(functions(&sandbox).await, whole);
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_hash_in_the_index_the_video_is_cut_and_compared() {
    let sandbox = Sandbox::start().await;
    let (made_of, another) = (clip(Clip::Mp4), twin(&sandbox, 1));
    let first = publish(&sandbox, &made_of, REEL, &[]).await;
    first.published();
    let hash = served(&sandbox).await.index.current.source_sha256;
    forget_the_hash(&sandbox).await;
    let before = functions(&sandbox).await;
    is_refused(&publish(&sandbox, &another, REEL, &[]).await);
    let said = zipreel(&sandbox, &["check", REEL, "--repair", another.to_str().unwrap()]).await.ended(1);
    assert!(said.err.contains("twin-1.mp4` is another video than it was made of"), "{}", said.err);
    assert_eq!(functions(&sandbox).await, before);

    // of the same video nothing is sent but the hash, so that the next time it need not be cut
    let sent = bodies(&sandbox, &chunks(&before));
    zipreel(&sandbox, &["check", REEL, "--repair", made_of.to_str().unwrap()]).await.ended(0);
    assert_eq!((bodies(&sandbox, &chunks(&before)), chunks(&functions(&sandbox).await)), (sent, chunks(&before)));
    assert_eq!(served(&sandbox).await.index.current.source_sha256, hash);
    forget_the_hash(&sandbox).await;
    let again = publish(&sandbox, &made_of, REEL, &[]).await;
    assert_eq!(again.published()["sent"], 0);
    assert_eq!(served(&sandbox).await.index.current.source_sha256, hash);

    forget_the_hash(&sandbox).await;
    let run = publish(&sandbox, &another, REEL, &["--replace"]).await;
    assert_ne!(run.published()["generation"], first.published()["generation"]);
    plays(&sandbox, &run, &another).await;
}

/// Publishes until this pauses it, and kills it there.
async fn killed(sandbox: &Sandbox, video: &Path, more: &[&'static str], pause: &str) {
    set_faults(sandbox, pause);
    let mut command = sandbox.command("state");
    command.arg("publish").args(named(REEL, more)).arg(video).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    until("it is held", || sandbox.stand_in.faults().paused() > 0).await;
    child.kill().await.unwrap();
    set_faults(sandbox, "");
    sandbox.stand_in.faults().release();
}

/// An interrupted publishing goes on with a file that was corrected meanwhile.
async fn goes_on_with_what_the_file_holds_now(pause: &str) {
    let sandbox = Sandbox::start().await;
    let video = sandbox.path("mine.mp4");
    fs::copy(twin(&sandbox, 1), &video).unwrap();
    killed(&sandbox, &video, &[], pause).await;
    fs::copy(clip(Clip::Mp4), &video).unwrap();
    plays(&sandbox, &resume(&sandbox).await, &video).await;
}

async fn resume(sandbox: &Sandbox) -> Run {
    let output = sandbox.command("state").args(["resume", REEL, "--json"]).output().await.unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = events::all(&lines, output.status.code());
    let run = Run { code: output.status.code(), lines, stderr: String::from_utf8(output.stderr).unwrap() };
    run.published();
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_corrected_while_half_of_it_was_deployed_is_not_mixed_with_what_it_was() {
    // the lease, then seven of eight chunks
    goes_on_with_what_the_file_holds_now("pause-after@CreateFunction=at:8").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_corrected_while_all_of_it_was_deployed_is_not_taken_for_what_it_was() {
    goes_on_with_what_the_file_holds_now("pause-before@CreateFunction=at:10").await;
}

/// Its generation is known by all its bytes, whatever became of what looks like it.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_correction_goes_on_beside_what_it_corrects_and_without() {
    let rows = [false, true].map(async |deleted| {
        let sandbox = Sandbox::start().await;
        let (with_hole, corrected) = (twin(&sandbox, 1), clip(Clip::Mp4));
        publish(&sandbox, &with_hole, REEL, &[]).await.published();
        let before = functions(&sandbox).await;
        killed(&sandbox, &corrected, &["--replace"], "pause-after@CreateFunction=at:4").await;
        let begun = functions(&sandbox).await;
        let begun: Functions = begun.into_iter().filter(|(name, _)| !before.contains_key(name)).collect();
        assert_eq!(begun.len(), 3);
        if deleted {
            delete_function(&sandbox, "zipreel-m-index").await;
        }
        let sent = bodies(&sandbox, &begun);
        let run = resume(&sandbox).await;
        assert_eq!(bodies(&sandbox, &begun), sent, "what is deployed is not sent again");
        plays(&sandbox, &run, &corrected).await;
    });
    join_all(rows).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn another_ffmpeg_may_repair_as_far_as_it_makes_what_is_promised() {
    let sandbox = Sandbox::start().await;
    let video = clip(Clip::Mp4);
    publish(&sandbox, &video, REEL, &[]).await.published();
    let whole = functions(&sandbox).await;
    let first = chunks(&whole).into_keys().next().unwrap();
    let repair = async |ffmpeg: &Path| {
        let mut command = sandbox.command("state");
        command.args(["check", REEL, "--repair"]).arg(&video).env("ZIPREEL_FFMPEG", ffmpeg);
        command.output().await.unwrap()
    };
    delete_function(&sandbox, &first).await;
    let newer = super::resume::other_ffmpeg(&sandbox);
    let said = repair(&newer).await;
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
    assert_eq!(functions(&sandbox).await, whole);

    delete_function(&sandbox, &first).await;
    let damaged = functions(&sandbox).await;
    let later = sandbox.path("later-ffmpeg");
    let script =
        "#!/bin/sh\nfor word; do [ \"$word\" = hls ] && exec ffmpeg -itsoffset 1 \"$@\"; done\nexec ffmpeg \"$@\"\n";
    program(&later, script);
    let said = repair(&later).await;
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("function `{first}` is published with other content than was made now")), "{text}");
    assert_eq!(functions(&sandbox).await, damaged, "nothing but what is promised is put there");
}

/// Both machines look at an account without the reel; the first goes on once the other has published. Gives how that
/// ended, and the functions as the other left them.
async fn overtaken(sandbox: &Sandbox, first: &Path, other: &Path) -> (Run, Functions) {
    set_faults(sandbox, "pause-before@CreateFunction=1x");
    let mut command = sandbox.command("state");
    command.env("ZIPREEL_WORK_DIR", sandbox.path("work-of-another")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (first, arguments) = (first.to_owned(), named(REEL, &[]));
    let arguments: Vec<String> = arguments.into_iter().collect();
    let slow = tokio::spawn(async move {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Run::of(command, &first, &arguments).await
    });
    until("the first is held", || sandbox.stand_in.faults().paused() > 0).await;
    let arguments = named(REEL, &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    sandbox.publish_in("elsewhere", other, &arguments).await.published();
    let left = functions(sandbox).await;
    set_faults(sandbox, "");
    sandbox.stand_in.faults().release();
    (slow.await.unwrap(), left)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_overtaken_by_the_same_reel_ends_well() {
    let sandbox = Sandbox::start().await;
    let (run, left) = overtaken(&sandbox, &clip(Clip::Mp4), &clip(Clip::Mp4)).await;
    let generation = run.published()["generation"].as_str().unwrap();
    assert!(left.keys().any(|name| name.contains(generation)));
    assert_eq!(functions(&sandbox).await, left, "there is nothing to add");
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_overtaken_by_a_twin_does_not_mix_its_chunks_into_that() {
    let sandbox = Sandbox::start().await;
    let (run, left) = overtaken(&sandbox, &twin(&sandbox, 1), &clip(Clip::Mp4)).await;
    let what = run.failed()["what"].as_str().unwrap();
    assert!(what.contains("someone else published `m` meanwhile"), "{what}");
    assert_eq!(functions(&sandbox).await, left);
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_waits_until_all_bytes_are_hashed_and_says_how_far_that_is() {
    let sandbox = Sandbox::start().await;
    let run = publish(&sandbox, &clip(Clip::Mp4), REEL, &[]).await;
    run.published();
    let place = |job: &str, state: &str| {
        let is = |line: &Value| line["event"] == "job" && line["job"] == job && line["state"] == state;
        run.lines.iter().position(is).unwrap()
    };
    assert!(place("hash", "succeeded") < place("index", "started"));
    let sized = &run.lines[place("hash", "sized")];
    assert_eq!(sized["total"], fs::metadata(clip(Clip::Mp4)).unwrap().len());
    let whole: String = served(&sandbox).await.index.current.source_sha256.unwrap().to_string();
    assert_eq!(whole, crate::publish::sandbox::tool("sha256sum", &[clip(Clip::Mp4).to_str().unwrap()])[..64]);
}
