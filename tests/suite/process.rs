//! ffmpeg as a process: cancelled, dropped, orphaned, held and released; nothing of it is ever left running.
#![cfg(unix)]

use std::{fs, path::Path, process::Command, sync::Arc};

use tokio::sync::mpsc;
use zipreel::{
    media::ffmpeg::{Leader, end_orphan},
    model::media::{decide::decide, facts::Transcode},
    publish::split::{Backlog, ClosedSegment, SplitError},
};

use crate::{
    clips::{Clip, clip, scratch},
    media::probed,
    split::{Trial, until},
};

/// Processes that still run in the group, by the system's own list.
fn group_is_gone(leader: &Leader) -> bool {
    let listing = Command::new("ps").args(["-A", "-o", "pgid=,stat="]).output().unwrap();
    let listing = String::from_utf8(listing.stdout).unwrap();
    let mut members = listing.lines().filter_map(|line| line.trim().split_once(' '));
    !members.any(|(group, state)| group == leader.pid.to_string() && !state.trim().starts_with('Z'))
}

async fn started(trial: &Trial) -> Leader {
    until("ffmpeg runs", || trial.leader.lock().unwrap().is_some()).await;
    trial.leader.lock().unwrap().clone().unwrap()
}

/// A conversion of ten minutes: long enough to be met while it runs.
async fn slow(folder: &Path) -> Trial {
    let mut media = probed(&clip(Clip::Long)).await;
    for stream in &mut media.streams {
        stream.rotation = 90;
    }
    Trial::new(clip(Clip::Long), decide(&media, Transcode::Auto).unwrap(), 2.0, folder)
}

#[tokio::test]
async fn a_cancel_ends_the_whole_group() {
    let folder = scratch();
    let trial = slow(folder.path()).await;
    let (sender, mut receiver) = mpsc::channel::<ClosedSegment>(1);
    let cancel = async {
        receiver.recv().await.unwrap();
        trial.control.cancel.cancel();
    };
    let (result, ()) = tokio::join!(trial.send_to(sender), cancel);
    assert!(matches!(result, Err(SplitError::Cancelled)), "{result:?}");
    assert!(group_is_gone(&started(&trial).await));
}

#[tokio::test]
async fn a_dropped_split_leaves_no_process() {
    let folder = scratch();
    let trial = Arc::new(slow(folder.path()).await);
    let (sender, mut receiver) = mpsc::channel::<ClosedSegment>(1);
    let task = tokio::spawn({
        let trial = trial.clone();
        async move { trial.send_to(sender).await }
    });
    receiver.recv().await.unwrap();
    task.abort();
    let leader = started(&trial).await;
    until("the group is gone", || group_is_gone(&leader)).await;
}

#[tokio::test]
async fn an_orphan_is_ended_only_if_it_is_the_same_process() {
    let folder = scratch();
    let trial = slow(folder.path()).await;
    let (sender, mut receiver) = mpsc::channel::<ClosedSegment>(1);
    let end = async {
        receiver.recv().await.unwrap();
        let leader = started(&trial).await;
        let later = Leader { started: Some("another time".into()), ..leader.clone() };
        assert!(!end_orphan(&later) && !end_orphan(&Leader { started: None, ..leader.clone() }));
        assert!(!group_is_gone(&leader));
        assert!(end_orphan(&leader));
        // segments that were closed before must not keep the split waiting
        while receiver.recv().await.is_some() {}
    };
    let (result, ()) = tokio::join!(trial.send_to(sender), end);
    let error = result.unwrap_err();
    assert!(error.to_string().contains("ffmpeg was killed (signal 9"), "{error}");
}

/// Stopped by a signal, as the system lists it.
pub(crate) fn is_held(leader: &Leader) -> bool {
    let listing = Command::new("ps").args(["-o", "stat=", "-p", &leader.pid.to_string()]).output().unwrap();
    String::from_utf8(listing.stdout).unwrap().trim().starts_with('T')
}

#[tokio::test]
async fn a_full_backlog_holds_ffmpeg_and_a_drained_one_releases_it() {
    let folder = scratch();
    let mut trial = slow(folder.path()).await;
    trial.backlog = Backlog::new(200_000);
    let (sender, mut receiver) = mpsc::channel::<ClosedSegment>(1);
    let drain = async {
        let first = receiver.recv().await.unwrap();
        let leader = started(&trial).await;
        until("ffmpeg is held", || is_held(&leader)).await;
        assert!(trial.backlog.is_full());
        trial.backlog.remove(first.bytes);
        while let Some(segment) = receiver.recv().await {
            fs::remove_file(&segment.path).unwrap();
            trial.backlog.remove(segment.bytes);
        }
    };
    let (result, ()) = tokio::join!(trial.send_to(sender), drain);
    let summary = result.unwrap();
    assert!((summary.duration.as_secs_f64() - 600.0).abs() < 1.0, "{summary:?}");
    assert_eq!(trial.backlog.bytes(), 0);
}

#[tokio::test]
async fn a_held_ffmpeg_is_cancelled_too() {
    let folder = scratch();
    let mut trial = slow(folder.path()).await;
    trial.backlog = Backlog::new(0);
    let (sender, mut receiver) = mpsc::channel::<ClosedSegment>(1);
    let cancel = async {
        receiver.recv().await.unwrap();
        let leader = started(&trial).await;
        until("ffmpeg is held", || is_held(&leader)).await;
        trial.control.cancel.cancel();
    };
    let (result, ()) = tokio::join!(trial.send_to(sender), cancel);
    assert!(matches!(result, Err(SplitError::Cancelled)), "{result:?}");
    assert!(group_is_gone(&started(&trial).await));
}
