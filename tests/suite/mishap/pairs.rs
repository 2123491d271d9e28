//! Two processes with one state folder at the same reel. The first is held in the middle of what it does, the second
//! does its own: it is refused with the holder's name, or both end whole.

use std::process::Stdio;

use futures_util::{StreamExt, future::join_all, stream};
use tempfile::TempDir;
use tokio::process::Child;

use super::account::{Said, chunks, delete_function, functions, is_whole, set_faults, tell, zipreel};
use crate::{
    clips::{Clip, clip},
    publish::sandbox::{Sandbox, get},
    split::until,
};

pub(crate) const REEL: &str = "m";
/// One chunk at a time, so that what is held is all that happens.
const CUT: [&str; 6] = ["--segment-seconds", "2", "--chunk-mib", "2", "--parallel", "1"];
/// Cells that are tried side by side: they wait for more than they compute.
const PARALLEL: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Publish,
    Replace,
    Delete,
    Collect,
    Check,
    Repair,
}

impl Deed {
    pub(crate) const ALL: [Self; 6] =
        [Self::Publish, Self::Replace, Self::Delete, Self::Collect, Self::Check, Self::Repair];

    fn arguments(self) -> Vec<String> {
        let video = |clip_of| clip(clip_of).to_str().unwrap().to_owned();
        let mut words: Vec<String> = match self {
            Self::Publish => vec!["publish".into(), video(Clip::Mp4), "--name".into()],
            Self::Replace => vec!["publish".into(), video(Clip::Silent), "--replace".into(), "--name".into()],
            Self::Delete => vec!["delete".into(), "--yes".into()],
            Self::Collect => vec!["gc".into(), "--yes".into()],
            Self::Check => vec!["check".into()],
            Self::Repair => vec!["check".into(), "--repair".into(), video(Clip::Mp4)],
        };
        words.push(REEL.into());
        if matches!(self, Self::Publish | Self::Replace) {
            words.extend(CUT.map(str::to_owned));
        }
        words
    }

    /// What the first is held at, in the middle of its work.
    pub(crate) fn pause(self) -> &'static str {
        match self {
            // after the lease the first chunk is there, and nobody lists it yet
            Self::Publish | Self::Replace => "pause-after@CreateFunction=at:2",
            Self::Repair => "pause-before@CreateFunction=1x",
            Self::Delete => "pause-after@DeleteFunction=1x",
            Self::Collect => "pause-before@DeleteFunction=1x",
            Self::Check => "pause-after@ListFunctions=1x",
        }
    }

    /// The name of what holds the reel, as the lock says it.
    pub(crate) fn holds_for(self) -> Option<&'static str> {
        match self {
            Self::Publish | Self::Replace => Some("publish"),
            Self::Delete => Some("delete"),
            Self::Collect => Some("gc"),
            Self::Repair => Some("repair"),
            Self::Check => None,
        }
    }

    /// A reel that is there, with something wrong with it where there would be nothing to do.
    pub(crate) async fn prepare(self, sandbox: &Sandbox) {
        ended(spawn(sandbox, Self::Publish)).await.ended(0);
        let first = async || chunks(&functions(sandbox).await).into_keys().next().unwrap();
        match self {
            Self::Repair => delete_function(sandbox, &first().await).await,
            Self::Collect => Self::leave_over(sandbox).await,
            _ => {}
        }
    }

    /// What a replacing that was killed leaves.
    pub(crate) async fn leave_over(sandbox: &Sandbox) {
        let mut killed = spawn(sandbox, Self::Replace);
        set_faults(sandbox, "pause-after@CreateFunction=at:3");
        until("a second chunk is there", || sandbox.stand_in.faults().paused() > 0).await;
        killed.kill().await.unwrap();
        sandbox.stand_in.faults().release();
        sandbox.stand_in.faults().clear();
    }
}

pub(crate) fn spawn(sandbox: &Sandbox, deed: Deed) -> Child {
    let mut command = sandbox.command("state");
    command.args(deed.arguments()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) async fn ended(child: Child) -> Said {
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// What is there before a deed, made once for all cells of its row: nothing for a publishing.
async fn ground(first: Deed) -> TempDir {
    let sandbox = Sandbox::start().await;
    if first != Deed::Publish {
        first.prepare(&sandbox).await;
    }
    sandbox.end().await
}

/// One cell of the table: what became of the second while the first was held, in a word.
async fn cell(first: Deed, second: Deed, ground: &TempDir) -> String {
    let sandbox = Sandbox::start_from(ground).await;
    let before = functions(&sandbox).await;
    set_faults(&sandbox, first.pause());
    let child = spawn(&sandbox, first);
    let process = child.id().unwrap();
    until("the first is held", || sandbox.stand_in.faults().paused() > 0).await;
    let held = functions(&sandbox).await;
    // the first alone is held: what the second does is not
    sandbox.stand_in.faults().clear();
    let said = ended(spawn(&sandbox, second)).await;
    let while_held = functions(&sandbox).await;
    sandbox.stand_in.faults().release();
    let first_said = ended(child).await;
    let word = match first.holds_for() {
        Some(purpose) => refused(first, second, &said, process, purpose),
        None => beside(second, &said),
    };
    // a collection that is held at one function goes on with others
    if first != Deed::Collect && (word == "refused" || word == "left alone") {
        assert_eq!(while_held, held, "{first:?} and {second:?}: the second touched nothing\n{}", said.err);
    }
    let whole = is_right(&sandbox, first, second, &first_said, &before).await;
    assert!(whole, "{first:?} and {second:?}: {}\n{}", first_said.err, said.err);
    word
}

/// Refused with the holder's name; or it only looked, or found nothing to do.
pub(crate) fn refused(first: Deed, second: Deed, said: &Said, process: u32, purpose: &str) -> String {
    let err = &said.err;
    let holder = format!("another zipreel (process {process})");
    match (second, first) {
        (Deed::Check, _) | (Deed::Repair, Deed::Replace | Deed::Collect) if said.code == Some(0) => "whole".to_owned(),
        (Deed::Check, Deed::Repair) => {
            assert!(said.code == Some(1) && err.contains("1 is missing"), "{first:?} and {second:?}: {err}");
            "sees the damage".to_owned()
        }
        (Deed::Check | Deed::Repair, Deed::Publish | Deed::Delete) => {
            let wanted = format!("could not find the reel `{REEL}`: {holder} is working on it");
            assert!(said.code == Some(1) && err.contains(&wanted), "{first:?} and {second:?}: {err}");
            "not found, with who works on it".to_owned()
        }
        (Deed::Collect, _) => {
            assert_eq!(said.code, Some(0), "{err}");
            let wanted = format!("{REEL} is left alone: {holder} is working on `{REEL}` ({purpose})");
            if err.contains(&wanted) {
                return "left alone".to_owned();
            }
            // nothing is left over that could be collected
            assert!(matches!(first, Deed::Repair) && err.contains("nothing to delete"), "{first:?}: {err}");
            "nothing to do".to_owned()
        }
        _ => {
            let wanted = format!("{holder} is working on `{REEL}` ({purpose})");
            assert!(said.code == Some(1) && err.contains(&wanted), "{first:?} and {second:?}: {err}");
            "refused".to_owned()
        }
    }
}

/// A check holds nobody off.
fn beside(second: Deed, said: &Said) -> String {
    assert_eq!(said.code, Some(0), "{second:?} beside a check: {}", said.err);
    "both".to_owned()
}

/// What the stand-in's store says afterwards: the reel whole, or after a deletion gone.
async fn is_right(
    sandbox: &Sandbox,
    first: Deed,
    second: Deed,
    first_said: &Said,
    before: &super::account::Functions,
) -> bool {
    let gone = first == Deed::Delete || (first, second) == (Deed::Check, Deed::Delete);
    if gone {
        return functions(sandbox).await.is_empty() && (first == Deed::Check || first_said.code == Some(0));
    }
    if first_said.code != Some(0) {
        return false;
    }
    is_whole(sandbox, REEL).await;
    // what was served goes on being served
    let after = functions(sandbox).await;
    first != Deed::Replace || before.keys().all(|name| name.ends_with("-index") || after.get(name) == before.get(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_one_reel_one_is_refused_by_name_or_both_are_whole() {
    let mut table = String::from("first is held in    second meanwhile\n");
    let grounds = &join_all(Deed::ALL.map(ground)).await;
    let rows = Deed::ALL.iter().zip(grounds);
    let cells = rows.flat_map(|(first, ground)| Deed::ALL.map(|second| cell(*first, second, ground)));
    let words: Vec<String> = stream::iter(cells).buffered(PARALLEL).collect().await;
    for (first, words) in Deed::ALL.iter().zip(words.chunks(Deed::ALL.len())) {
        let words = Deed::ALL.iter().zip(words).map(|(second, word)| format!("{second:?}: {word}"));
        table += &format!("{:<20}{}\n", format!("{first:?}"), words.collect::<Vec<_>>().join(" · "));
    }
    tell(&table);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_called_left_over_and_is_served_by_now_stays() {
    let sandbox = Sandbox::start().await;
    set_faults(&sandbox, "pause-after@CreateFunction=at:3");
    let mut killed = spawn(&sandbox, Deed::Publish);
    until("three chunks are there", || sandbox.stand_in.faults().paused() > 0).await;
    killed.kill().await.unwrap();
    sandbox.stand_in.faults().release();
    set_faults(&sandbox, "pause-after@ListFunctions=1x");
    let collecting = spawn(&sandbox, Deed::Collect);
    until("the list has been read", || sandbox.stand_in.faults().paused() > 0).await;
    sandbox.stand_in.faults().clear();
    zipreel(&sandbox, &["resume", REEL]).await.ended(0);
    sandbox.stand_in.faults().release();
    let said = ended(collecting).await.ended(0);
    assert!(said.err.contains("nothing to delete"), "{}", said.err);
    is_whole(&sandbox, REEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_of_what_is_deleted_meanwhile_calls_nothing_whole() {
    let sandbox = Sandbox::start().await;
    Deed::Check.prepare(&sandbox).await;
    set_faults(&sandbox, Deed::Check.pause());
    let checking = spawn(&sandbox, Deed::Check);
    until("the list has been read", || sandbox.stand_in.faults().paused() > 0).await;
    sandbox.stand_in.faults().clear();
    // the gate serves for a while what it has just read
    get(&format!("{}/{REEL}/index.m3u8", sandbox.stand_in.endpoint().gate)).await;
    ended(spawn(&sandbox, Deed::Delete)).await.ended(0);
    sandbox.stand_in.faults().release();
    let said = ended(checking).await.ended(1);
    assert!(said.err.contains("could not find the reel"), "{}", said.err);
}
