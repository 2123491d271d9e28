//! Two machines at one reel: each with a state folder of its own, so that no lock of one is known to the other.

use std::{process::Stdio, time::Duration};

use tokio::process::{Child, Command};
use zipreel::local::Clock;

use super::account::{Said, chunks, delete_function, functions, is_whole, set_faults};
use crate::{
    clips::{Clip, clip},
    publish::sandbox::Sandbox,
    split::until,
};

const REEL: &str = "m";
const CUT: [&str; 6] = ["--segment-seconds", "2", "--chunk-mib", "1", "--parallel", "1"];
/// Chunks of the clip, cut so.
const CHUNKS: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Machine {
    One,
    Other,
}

fn command(sandbox: &Sandbox, machine: Machine, arguments: &[&str]) -> Command {
    let (state, work) = match machine {
        Machine::One => ("state", "work"),
        Machine::Other => ("state-of-another", "work-of-another"),
    };
    let mut command = sandbox.command(state);
    command.env("ZIPREEL_WORK_DIR", sandbox.path(work)).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn publishing(clip_of: Clip, more: &[&str]) -> Vec<String> {
    let video = clip(clip_of).to_str().unwrap().to_owned();
    let words = [&["publish", "--name", REEL][..], &CUT, more].concat();
    words.into_iter().map(str::to_owned).chain([video]).collect()
}

async fn run(sandbox: &Sandbox, machine: Machine, arguments: &[impl AsRef<str>]) -> Said {
    ended(spawn(sandbox, machine, arguments)).await
}

fn spawn(sandbox: &Sandbox, machine: Machine, arguments: &[impl AsRef<str>]) -> Child {
    let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
    command(sandbox, machine, &arguments).spawn().unwrap()
}

async fn ended(child: Child) -> Said {
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// How many chunks stand in the account.
async fn standing(sandbox: &Sandbox) -> usize {
    chunks(&functions(sandbox).await).len()
}

async fn held(sandbox: &Sandbox) {
    until("a request is held", || sandbox.stand_in.faults().paused() > 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_machine_publishes_no_other_changes_the_reel() {
    let sandbox = Sandbox::start().await;
    set_faults(&sandbox, "pause-after@CreateFunction=at:4");
    let first = spawn(&sandbox, Machine::One, &publishing(Clip::Mp4, &[]));
    held(&sandbox).await;
    set_faults(&sandbox, "");
    let before = functions(&sandbox).await;
    let publish = publishing(Clip::Silent, &["--replace"]);
    for arguments in [publish, vec!["delete".into(), REEL.into(), "--yes".into()]] {
        let refused = run(&sandbox, Machine::Other, &arguments).await.ended(1);
        assert!(refused.err.contains("another machine is working on `m` (publish"), "{}", refused.err);
        assert!(refused.err.contains("the reel is free again in 20 min"), "{}", refused.err);
    }
    let said = run(&sandbox, Machine::Other, &["gc", REEL, "--yes"]).await.ended(0);
    assert!(said.err.contains("m is left alone: another machine is working on `m` (publish"), "{}", said.err);
    assert_eq!(functions(&sandbox).await, before, "nothing of it was touched");
    sandbox.stand_in.faults().release();
    ended(first).await.ended(0);
    is_whole(&sandbox, REEL).await;
    // what is done is given back at once
    run(&sandbox, Machine::Other, &["delete", REEL, "--yes"]).await.ended(0);
    assert!(functions(&sandbox).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_vanish_before_the_index_is_deployed_are_made_again() {
    let sandbox = Sandbox::start().await;
    // the one that is held is the last: all chunks stand, and the index does not
    set_faults(&sandbox, "pause-before@CreateFunction=after:8");
    let first = spawn(&sandbox, Machine::One, &publishing(Clip::Mp4, &["--json"]));
    held(&sandbox).await;
    let standing_now = chunks(&functions(&sandbox).await);
    let gone: Vec<&String> = standing_now.keys().take(2).collect();
    for name in &gone {
        delete_function(&sandbox, name).await;
    }
    set_faults(&sandbox, "");
    sandbox.stand_in.faults().release();
    let said = ended(first).await.ended(0);
    assert!(said.out.contains("2 chunks are gone since they were deployed: they are made again"), "{}", said.out);
    assert_eq!(standing(&sandbox).await, CHUNKS);
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_deletes_nothing_that_was_published_while_it_asked() {
    let sandbox = Sandbox::start().await;
    set_faults(&sandbox, "pause-after@CreateFunction=at:4");
    let mut killed = spawn(&sandbox, Machine::One, &publishing(Clip::Mp4, &[]));
    held(&sandbox).await;
    killed.kill().await.unwrap();
    sandbox.stand_in.faults().release();
    // the second list is the last that it reads before it asks
    set_faults(&sandbox, "pause-after@ListFunctions=at:2");
    let collecting = spawn(&sandbox, Machine::Other, &["gc", REEL, "--yes"]);
    held(&sandbox).await;
    set_faults(&sandbox, "");
    run(&sandbox, Machine::One, &["resume", REEL]).await.ended(0);
    sandbox.stand_in.faults().release();
    let said = ended(collecting).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(standing(&sandbox).await, CHUNKS, "{}", said.err);
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_machine_holds_others_up_for_twenty_minutes_and_itself_not_at_all() {
    let clock = Clock::system();
    let sandbox = Sandbox::start_at(clock.clone()).await;
    set_faults(&sandbox, "pause-after@CreateFunction=at:4");
    let mut killed = spawn(&sandbox, Machine::One, &publishing(Clip::Mp4, &[]));
    held(&sandbox).await;
    killed.kill().await.unwrap();
    sandbox.stand_in.faults().release();
    set_faults(&sandbox, "");
    let refused = run(&sandbox, Machine::Other, &publishing(Clip::Mp4, &[])).await.ended(1);
    assert!(refused.err.contains("another machine is working on `m`"), "{}", refused.err);
    run(&sandbox, Machine::One, &["resume", REEL]).await.ended(0);
    is_whole(&sandbox, REEL).await;

    set_faults(&sandbox, "pause-before@DeleteFunction=1x");
    let mut killed = spawn(&sandbox, Machine::One, &["delete", REEL, "--yes"]);
    held(&sandbox).await;
    killed.kill().await.unwrap();
    set_faults(&sandbox, "");
    sandbox.stand_in.faults().release();
    let replace = publishing(Clip::Silent, &["--replace"]);
    clock.advance(Duration::from_secs(19 * 60));
    let refused = run(&sandbox, Machine::Other, &replace).await.ended(1);
    assert!(refused.err.contains("another machine is working on `m` (delete"), "{}", refused.err);
    clock.advance(Duration::from_secs(2 * 60));
    run(&sandbox, Machine::Other, &replace).await.ended(0);
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_vanish_after_the_index_was_deployed_are_made_again() {
    let sandbox = Sandbox::start().await;
    // the lease, the chunks, the index
    set_faults(&sandbox, "pause-after@CreateFunction=at:10");
    let first = spawn(&sandbox, Machine::One, &publishing(Clip::Mp4, &["--json"]));
    held(&sandbox).await;
    let standing_now = chunks(&functions(&sandbox).await);
    for name in standing_now.keys().take(2) {
        delete_function(&sandbox, name).await;
    }
    set_faults(&sandbox, "");
    sandbox.stand_in.faults().release();
    let said = ended(first).await.ended(0);
    assert!(said.out.contains("2 chunks are gone since they were deployed: they are made again"), "{}", said.out);
    assert_eq!(chunks(&functions(&sandbox).await), standing_now);
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_generation_that_cannot_be_made_whole_again_gives_way_to_the_one_before() {
    let sandbox = Sandbox::start().await;
    run(&sandbox, Machine::One, &publishing(Clip::Silent, &[])).await.ended(0);
    let before = functions(&sandbox).await;
    set_faults(&sandbox, "pause-after@UpdateFunctionCode=1x");
    let replacing = spawn(&sandbox, Machine::One, &publishing(Clip::Mp4, &["--replace"]));
    held(&sandbox).await;
    let new: Vec<String> = functions(&sandbox).await.into_keys().filter(|name| !before.contains_key(name)).collect();
    delete_function(&sandbox, &new[0]).await;
    set_faults(&sandbox, "403@CreateFunction=1.0");
    sandbox.stand_in.faults().release();
    let said = ended(replacing).await.ended(1);
    assert!(said.err.contains("what was published before is served again"), "{}", said.err);
    set_faults(&sandbox, "");
    is_whole(&sandbox, REEL).await;
    let after = functions(&sandbox).await;
    assert!(chunks(&before).iter().all(|(name, sha256)| after.get(name) == Some(sha256)), "{before:?} {after:?}");
    // what is there of the new one is used
    run(&sandbox, Machine::One, &["resume", REEL]).await.ended(0);
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_encoded_is_not_encoded_again_for_a_chunk_that_vanishes() {
    let sandbox = Sandbox::start().await;
    // the lease, a chunk: what comes third is the next, or the index
    set_faults(&sandbox, "pause-before@CreateFunction=at:3");
    let first = spawn(&sandbox, Machine::One, &publishing(Clip::TenBit, &["--transcode", "auto", "--json"]));
    held(&sandbox).await;
    let standing_now = chunks(&functions(&sandbox).await);
    assert!(!standing_now.is_empty());
    for name in standing_now.keys() {
        delete_function(&sandbox, name).await;
    }
    set_faults(&sandbox, "");
    sandbox.stand_in.faults().release();
    let said = ended(first).await.ended(0);
    assert!(said.out.contains(" gone since "), "{}", said.out);
    let now = chunks(&functions(&sandbox).await);
    assert!(standing_now.iter().all(|(name, sha256)| now.get(name) == Some(sha256)), "the same bytes");
    let splits = said.out.lines().filter(|line| line.contains(r#""job":"split""#) && line.contains("started"));
    assert_eq!(splits.count(), 1, "{}", said.out);
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_list_shows_yet_is_found_and_deleted() {
    let sandbox = Sandbox::start().await;
    set_faults(&sandbox, "list-lag=30s");
    run(&sandbox, Machine::One, &publishing(Clip::Mp4, &[])).await.ended(0);
    // on a list there is no reel yet: it is published already, and nothing is sent again
    let sent = sandbox.stand_in.counts().repeated_bytes();
    run(&sandbox, Machine::Other, &publishing(Clip::Mp4, &[])).await.ended(0);
    assert_eq!(sandbox.stand_in.counts().repeated_bytes(), sent);
    let said = run(&sandbox, Machine::Other, &["gc", REEL, "--yes"]).await.ended(0);
    assert!(said.err.contains("nothing to delete"), "{}", said.err);
    run(&sandbox, Machine::Other, &["delete", REEL, "--yes"]).await.ended(0);
    set_faults(&sandbox, "");
    assert!(functions(&sandbox).await.is_empty());
}
