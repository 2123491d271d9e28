//! Going on: after a failure, from another machine, with another ffmpeg, with a changed video, with a damaged journal.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::SystemTime,
};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use zipreel::model::reel::moment::rfc3339;

use super::account::{bodies, chunks, client, delete_function, functions, is_whole, replace_code, set_faults, zipreel};
use crate::{
    clips::{Clip, clip},
    events,
    publish::sandbox::{Run, Sandbox, program},
    split::until,
};

const CUT: [&str; 6] = ["--name", "again", "--segment-seconds", "2", "--chunk-mib", "1"];

/// Publishes until the credentials end: the lease and two chunks are, whatever else was under way.
async fn interrupted(sandbox: &Sandbox, video: &Path) -> Run {
    set_faults(sandbox, "expired-credentials@CreateFunction=after:3");
    let run = sandbox.publish(video, &CUT).await;
    let failed = run.failed();
    assert_eq!(failed["class"], "needs-person", "{failed}");
    assert!(failed["cause"].as_str().unwrap().contains("token"), "{failed}");
    assert!(
        failed["hint"].as_str().unwrap().ends_with("`zipreel resume again` goes on with what is uploaded."),
        "{failed}"
    );
    sandbox.stand_in.faults().clear();
    assert_eq!(chunks(&functions(sandbox).await).len(), 2);
    run
}

/// A program that is ffmpeg in all but what it says its version is.
#[cfg(unix)]
pub(crate) fn other_ffmpeg(sandbox: &Sandbox) -> PathBuf {
    let path = sandbox.path("other-ffmpeg");
    let script =
        "#!/bin/sh\nfor word; do [ \"$word\" = -version ] && exec echo ffmpeg version 99.9; done\nexec ffmpeg \"$@\"\n";
    program(&path, script);
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_sign_in_has_ended_it_goes_on_and_sends_only_what_is_missing() {
    let sandbox = Sandbox::start().await;
    interrupted(&sandbox, &clip(Clip::Mp4)).await;
    let there = chunks(&functions(&sandbox).await);
    let before = bodies(&sandbox, &there);
    let said = zipreel(&sandbox, &["resume"]).await.ended(0);
    assert!(said.err.contains("resuming again: 2 of"), "{}", said.err);
    assert_eq!(bodies(&sandbox, &there), before, "a deployed chunk was sent again");
    is_whole(&sandbox, "again").await;
    let said = zipreel(&sandbox, &["resume", "again"]).await.ended(1);
    assert!(said.err.contains("nothing of that name was interrupted"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_finds_what_is_deployed() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Mp4), &CUT).await.published();
    let there = chunks(&functions(&sandbox).await);
    delete_function(&sandbox, "zipreel-again-index").await;
    let before = bodies(&sandbox, &there);
    let run = sandbox.publish_in("elsewhere", &clip(Clip::Mp4), &CUT).await;
    assert_eq!(run.published()["sent"], 0);
    assert_eq!(bodies(&sandbox, &there), before);
    is_whole(&sandbox, "again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_already_is_not_even_split() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Mp4), &CUT).await.published();
    let before = functions(&sandbox).await;
    let run = sandbox.publish_in("elsewhere", &clip(Clip::Mp4), &CUT).await;
    assert_eq!(run.published()["sent"], 0);
    assert_eq!(run.events("segment-closed").count(), 0);
    assert_eq!(functions(&sandbox).await, before);
    let titled = sandbox.publish(&clip(Clip::Mp4), &[&CUT[..], &["--title", "Another"]].concat()).await;
    assert_eq!(titled.published()["sent"], 0);
    assert_eq!(chunks(&functions(&sandbox).await), chunks(&before), "only the index is another");
    assert_ne!(functions(&sandbox).await, before);
    is_whole(&sandbox, "again").await;
}

/// On one processor and on all, as on two machines.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn re_encoding_gives_the_same_bytes_however_many_processors_there_are() {
    let sandbox = Sandbox::start().await;
    let video = clip(Clip::Webm);
    let args = [&CUT[..], &["--transcode", "auto"]].concat();
    let alone = sandbox.command("state");
    let binary = alone.as_std().get_program().to_owned();
    let mut pinned = tokio::process::Command::new("taskset");
    pinned.args(["-c", "0"]).arg(binary).arg("publish").args(&args).arg(&video);
    for (name, value) in alone.as_std().get_envs() {
        if let Some(value) = value {
            pinned.env(name, value);
        }
    }
    let output = pinned.stdin(Stdio::null()).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let there = functions(&sandbox).await;
    delete_function(&sandbox, "zipreel-again-index").await;
    let run = sandbox.publish_in("elsewhere", &video, &args).await;
    assert_eq!(run.published()["sent"], 0, "other bytes came of it");
    assert!(run.events("segment-closed").count() > 0, "it was encoded again");
    assert_eq!(chunks(&functions(&sandbox).await), chunks(&there));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_of_an_unpublished_chunk_is_replaced() {
    let sandbox = Sandbox::start().await;
    interrupted(&sandbox, &clip(Clip::Mp4)).await;
    let there = chunks(&functions(&sandbox).await);
    let damaged = there.keys().next().unwrap();
    replace_code(&sandbox, damaged).await;
    zipreel(&sandbox, &["resume"]).await.ended(0);
    assert_eq!(functions(&sandbox).await[damaged], there[damaged]);
    assert_eq!(sandbox.stand_in.counts().repeated_bytes(), 0, "it was not tried as a new one first");
    is_whole(&sandbox, "again").await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn another_ffmpeg_can_t_go_on_and_says_so() {
    let sandbox = Sandbox::start().await;
    interrupted(&sandbox, &clip(Clip::Mp4)).await;
    let other = other_ffmpeg(&sandbox);
    let output =
        sandbox.command("state").args(["resume", "--json"]).env("ZIPREEL_FFMPEG", &other).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let last = events::last(&String::from_utf8(output.stdout).unwrap());
    let what = last["what"].as_str().unwrap();
    assert!(what.contains("it was begun with ffmpeg") && what.contains("99.9"), "{last}");
    assert!(last["hint"].as_str().unwrap().contains("`zipreel discard again` ends the old upload"), "{last}");

    // from another machine, without a journal: the chunks' tags tell
    let mut command = sandbox.command("elsewhere");
    command.args(["publish", "--json"]).args(CUT).arg(clip(Clip::Mp4)).env("ZIPREEL_FFMPEG", &other);
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let planned = events::lines(&text).into_iter().find(|line: &Value| line["event"] == "planned").unwrap();
    let warning = planned["warnings"][0].as_str().unwrap();
    assert!(warning.contains("left 2 chunks") && warning.contains("99.9") && warning.contains("gc again"), "{warning}");
    zipreel(&sandbox, &["gc", "again", "--yes"]).await.ended(0);
    is_whole(&sandbox, "again").await;
    assert!(chunks(&functions(&sandbox).await).keys().all(|name| !name.contains(&old_generation(warning))));
}

#[cfg(unix)]
fn old_generation(warning: &str) -> String {
    warning.split("version ").nth(1).unwrap().split(' ').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_has_changed_since_is_another_generation() {
    let sandbox = Sandbox::start().await;
    let video = sandbox.path("mine.mp4");
    fs::copy(clip(Clip::Mp4), &video).unwrap();
    interrupted(&sandbox, &video).await;
    fs::copy(clip(Clip::ShortEnd), &video).unwrap();
    let said = zipreel(&sandbox, &["resume"]).await.ended(1);
    assert!(said.err.contains("the video has changed since") && said.err.contains("new version"), "{}", said.err);
    let run = sandbox.publish(&video, &CUT).await;
    run.published();
    let planned = run.events("planned").next().unwrap();
    assert!(planned["warnings"][0].as_str().unwrap().contains("the video has changed since"), "{planned}");

    // nothing of the old upload is left but its journal
    zipreel(&sandbox, &["gc", "again", "--yes"]).await.ended(0);
    let said = zipreel(&sandbox, &["resume", "again"]).await.ended(1);
    let hint = "The video as it is now is published. `zipreel discard again` ends the old upload";
    assert!(said.err.contains("the video has changed since") && said.err.contains(hint), "{}", said.err);
    zipreel(&sandbox, &["discard", "again", "--yes"]).await.ended(0);
    let said = zipreel(&sandbox, &["resume"]).await.ended(1);
    assert!(said.err.contains("could not resume: nothing was interrupted"), "{}", said.err);
    is_whole(&sandbox, "again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_the_newest_goes_on_whose_video_is_as_it_was() {
    let sandbox = Sandbox::start().await;
    for name in ["first", "second", "third"] {
        let video = sandbox.path(&format!("{name}.mp4"));
        fs::copy(clip(Clip::Mp4), &video).unwrap();
        set_faults(&sandbox, "expired-credentials@CreateFunction=after:3");
        sandbox.publish(&video, &CUT[2..]).await.failed();
        sandbox.stand_in.faults().clear();
        // journals tell whole seconds
        let second = rfc3339(SystemTime::now());
        until("a journal that begins now is newer", || rfc3339(SystemTime::now()) != second).await;
    }
    fs::copy(clip(Clip::ShortEnd), sandbox.path("third.mp4")).unwrap();
    fs::remove_file(sandbox.path("second.mp4")).unwrap();
    let said = zipreel(&sandbox, &["resume"]).await.ended(0);
    let (second, third) = (sandbox.path("second.mp4"), sandbox.path("third.mp4"));
    for words in [
        format!("passing over third: its video `{}` has changed since", third.display()),
        format!("passing over second: its video `{}` is not there", second.display()),
        "resuming first: ".to_owned(),
    ] {
        assert!(said.err.contains(&words), "{words}: {}", said.err);
    }
    is_whole(&sandbox, "first").await;

    zipreel(&sandbox, &["discard", "third", "--yes"]).await.ended(0);
    for args in [&["resume"][..], &["resume", "second"]] {
        let said = zipreel(&sandbox, args).await.ended(1);
        let what = format!("could not resume `second`: its video `{}` is not there", second.display());
        let hint = "Bring the video back to that path, or give the upload up: `zipreel discard second`.";
        assert!(said.err.contains(&what) && said.err.contains(hint), "{args:?}: {}", said.err);
    }
    fs::copy(clip(Clip::Mp4), &second).unwrap();
    zipreel(&sandbox, &["resume"]).await.ended(0);
    is_whole(&sandbox, "second").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_what_another_process_is_at_is_passed_over() {
    let sandbox = Sandbox::start().await;
    interrupted(&sandbox, &clip(Clip::Mp4)).await;
    let second = rfc3339(SystemTime::now());
    until("a journal that begins now is newer", || rfc3339(SystemTime::now()) != second).await;
    set_faults(&sandbox, "pause-after@CreateFunction=at:2");
    let mut command = sandbox.command("state");
    command.args(["publish", "--name", "busy"]).args(&CUT[2..]).arg(clip(Clip::Silent)).stderr(Stdio::null());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    until("a chunk of the newer one is there", || sandbox.stand_in.faults().paused() > 0).await;
    let said = zipreel(&sandbox, &["resume"]).await.ended(0);
    let busy = format!("passing over busy: another zipreel (process {}) is working on `busy`", child.id().unwrap());
    assert!(said.err.contains(&busy) && said.err.contains("resuming again: "), "{}", said.err);
    sandbox.stand_in.faults().release();
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_costs_nothing() {
    let sandbox = Sandbox::start().await;
    interrupted(&sandbox, &clip(Clip::Mp4)).await;
    let there = chunks(&functions(&sandbox).await);
    let before = bodies(&sandbox, &there);
    let generation = there.keys().next().unwrap().split('-').nth(2).unwrap().to_owned();
    let journal = sandbox.path("state").join("again").join(generation).join("journal");
    let mut bytes = fs::read(&journal).unwrap();
    let newline = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    // the second record of several
    bytes[newline + 20] ^= 1;
    fs::write(&journal, bytes).unwrap();
    let said = zipreel(&sandbox, &["resume", "again"]).await.ended(0);
    assert!(journal.with_extension("damaged").exists(), "{}", said.err);
    assert_eq!(bodies(&sandbox, &there), before);
    is_whole(&sandbox, "again").await;
    let log = fs::read_to_string(zipreel::state::log::path(&sandbox.path("state"), &"again".parse().unwrap())).unwrap();
    assert!(log.contains("its record 2 does not match its checksum"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_told_who_publishes() {
    let sandbox = Sandbox::start().await;
    // the lease and one chunk are there
    set_faults(&sandbox, "stall-before@CreateFunction=at:3");
    let mut first = sandbox.command("state");
    first
        .arg("publish")
        .args(CUT)
        .args(["--parallel", "1"])
        .arg(clip(Clip::Mp4))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut first = first.spawn().unwrap();
    until("the first uploads", || sandbox.stand_in.faults().stalled() > 0).await;
    let run = sandbox.publish(&clip(Clip::Mp4), &CUT).await;
    let what = run.failed()["what"].as_str().unwrap().to_owned();
    assert!(what.contains(&format!("another zipreel (process {})", first.id().unwrap())), "{what}");
    for command in ["delete", "gc"] {
        let said = zipreel(&sandbox, &[command, "again", "--yes"]).await;
        assert!(said.err.contains("another zipreel"), "{command}: {}", said.err);
    }
    first.start_kill().unwrap();
    first.wait().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_is_in_the_journal_before_it_is_reported() {
    let sandbox = Sandbox::start().await;
    let mut command = sandbox.command("state");
    command.args(["publish", "--json"]).args(CUT).arg(clip(Clip::Mp4)).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut generation, mut reported) = (String::new(), 0);
    while let Some(line) = lines.next_line().await.unwrap() {
        let line = events::line(&line);
        match line["event"].as_str().unwrap() {
            "planned" => generation = line["generation"].as_str().unwrap().to_owned(),
            "chunk-deployed" => {
                reported += 1;
                let path = sandbox.path("state").join("again").join(&generation).join("journal");
                let recorded = fs::read_to_string(path).unwrap().matches(r#""record":"deployed""#).count();
                assert!(recorded >= reported, "{recorded} recorded, {reported} reported");
            }
            _ => {}
        }
    }
    assert!(child.wait().await.unwrap().success() && reported > 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_overtaken_is_told_by_whom_and_when() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Silent), &CUT).await.published();
    // between the look at the index and its update someone else publishes
    set_faults(&sandbox, "stall-before@CreateFunction=1x");
    let mut command = sandbox.command("slow");
    command.args(["publish", "--json", "--replace"]).args(CUT).arg(clip(Clip::Mp4));
    let slow = tokio::spawn(async move { command.stderr(Stdio::piped()).stdout(Stdio::piped()).output().await });
    until("the slow one uploads", || sandbox.stand_in.faults().stalled() > 0).await;
    let args = [&CUT[..], &["--replace"]].concat();
    let quick = sandbox.publish(&clip(Clip::ShortEnd), &args).await;
    let generation = quick.published()["generation"].as_str().unwrap().to_owned();
    sandbox.stand_in.faults().clear();
    // its stalled request is cut by its own time limit
    let output = slow.await.unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = events::last(&text);
    let what = last["what"].as_str().unwrap();
    assert!(what.contains("someone else published `again` meanwhile: "), "{last}");
    assert!(what.contains(&generation) && what.contains("20"), "who and when: {what}");
    is_whole(&sandbox, "again").await;
    let facts = client(&sandbox).get_function().function_name("zipreel-again-index").send().await.unwrap();
    let facts = facts.configuration().unwrap();
    let code: String = facts.code_sha256().unwrap().chars().take(8).collect();
    assert!(facts.description().unwrap().ends_with(&format!("code {code}")), "{facts:?}");
}
