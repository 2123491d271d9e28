//! What changes a reel, or gives one up, without publishing: another title, a publishing that is discarded.

use std::{collections::BTreeMap, fs};

use futures_util::future::join_all;
use zipreel::model::reel::title::NO_TITLE;

use super::account::{chunks, functions, is_whole, set_faults, zipreel};
use crate::{
    clips::{Clip, clip},
    events,
    publish::sandbox::{Sandbox, get},
    split::until,
};

const CUT: [&str; 4] = ["--segment-seconds", "2", "--chunk-mib", "1"];

#[tokio::test(flavor = "multi_thread")]
async fn another_title_changes_nothing_but_the_title() {
    let sandbox = Sandbox::start().await;
    let run = sandbox.publish(&clip(Clip::Mp4), &[&["--name", "m", "--title", "Harbour"][..], &CUT].concat()).await;
    let (watch, playlist) = (run.published()["watch"].as_str().unwrap().to_owned(), run.playlist());
    let before = (functions(&sandbox).await, get(&playlist).await);
    zipreel(&sandbox, &["retitle", "m", "Harbour by <night>"]).await.ended(0);
    let info = zipreel(&sandbox, &["info", "m", "--json"]).await.ended(0);
    let info = events::last(&info.out);
    assert_eq!((&info["title"], &info["watch"]), (&"Harbour by <night>".into(), &watch.as_str().into()));
    assert_eq!(info["chunks"], chunks(&before.0).len());
    let after = functions(&sandbox).await;
    assert_eq!(chunks(&after), chunks(&before.0));
    assert_eq!(get(&playlist).await, before.1);
    is_whole(&sandbox, "m").await;
    let row = zipreel(&sandbox, &["list", "--json"]).await.ended(0).out;
    assert_eq!(events::lines(&row)[0]["whole"], true, "the index says what it holds");
    let none = zipreel(&sandbox, &["retitle", "nothing", "x"]).await.ended(1);
    let is_alone = none.err.lines().any(|line| line == "error: could not find the reel `nothing`");
    assert!(is_alone, "it does not meet its own lock: {}", none.err);
    for blank in ["", "   "] {
        let refused = zipreel(&sandbox, &["retitle", "m", blank]).await.ended(2);
        assert!(refused.err.contains(NO_TITLE), "{blank:?}: {}", refused.err);
    }
    let info = zipreel(&sandbox, &["info", "m", "--json"]).await.ended(0);
    assert_eq!(events::last(&info.out)["title"], "Harbour by <night>");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_publishing_takes_nothing_of_what_is_served() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Mp4), &[&["--name", "m"][..], &CUT].concat()).await.published();
    let served = functions(&sandbox).await;
    set_faults(&sandbox, "pause-after@CreateFunction=at:2");
    let mut command = sandbox.command("state");
    command.args(["publish", "--name", "m", "--replace"]).args(CUT).arg(clip(Clip::Silent));
    let mut child = command.spawn().unwrap();
    until("two chunks of another generation are there", || sandbox.stand_in.faults().paused() > 0).await;
    child.kill().await.unwrap();
    sandbox.stand_in.faults().release();
    set_faults(&sandbox, "");
    assert!(functions(&sandbox).await.len() > served.len());
    let refused = zipreel(&sandbox, &["discard", "m"]).await.ended(1);
    assert!(refused.err.contains("could not discard the publishing of `m`"), "{}", refused.err);
    zipreel(&sandbox, &["discard", "m", "--yes"]).await.ended(0);
    assert_eq!(functions(&sandbox).await, served);
    is_whole(&sandbox, "m").await;
    let none = zipreel(&sandbox, &["resume", "m"]).await.ended(1);
    assert!(none.err.contains("could not resume `m`: nothing of that name was interrupted"), "{}", none.err);
    let none = zipreel(&sandbox, &["discard", "m"]).await.ended(1);
    let what = "could not discard the publishing of `m`: nothing of that name was interrupted";
    assert!(none.err.contains(what) && none.err.contains("`zipreel gc m` deletes"), "{}", none.err);
    assert!(!none.err.contains("From another machine"), "that is how one goes on: {}", none.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_no_list_shows_yet_go_with_their_publishing() {
    let rows = [("discard", false), ("delete", false), ("discard", true), ("delete", true)];
    let rows = rows.map(async |(command, served)| {
        let sandbox = Sandbox::start().await;
        if served {
            sandbox.publish(&clip(Clip::Silent), &[&["--name", "m"][..], &CUT].concat()).await.published();
        }
        let before = functions(&sandbox).await;
        set_faults(&sandbox, "list-lag=1h,pause-after@CreateFunction=at:2");
        let mut child = sandbox.command("state");
        child.args(["publish", "--name", "m", "--replace"]).args(CUT).arg(clip(Clip::Mp4));
        let mut child = child.spawn().unwrap();
        until("two chunks are there", || sandbox.stand_in.faults().paused() > 0).await;
        child.kill().await.unwrap();
        sandbox.stand_in.faults().release();
        set_faults(&sandbox, "");
        assert!(functions(&sandbox).await.len() > before.len());
        set_faults(&sandbox, "list-lag=1h");
        zipreel(&sandbox, &[command, "m", "--yes"]).await.ended(0);
        set_faults(&sandbox, "");
        let left = if command == "discard" { before } else { BTreeMap::new() };
        assert_eq!(functions(&sandbox).await, left, "{command}, served: {served}");
    });
    join_all(rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_reel_leaves_nothing_on_this_machine() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Silent), &[&["--name", "m"][..], &CUT].concat()).await.published();
    assert!(sandbox.path("state/m").is_dir());
    zipreel(&sandbox, &["delete", "m", "--yes"]).await.ended(0);
    let left: Vec<_> = fs::read_dir(sandbox.path("state")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["machine"], "no lock, no log, no journal: only the folder's own id");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_left_on_the_disk_is_said_and_collected() {
    let sandbox = Sandbox::start().await;
    set_faults(&sandbox, "pause-after@CreateFunction=at:2");
    let cut = ["--name", "m", "--segment-seconds", "2", "--chunk-mib", "1"];
    let mut child = sandbox.command("state").arg("publish").args(cut).arg(clip(Clip::Mp4)).spawn().unwrap();
    until("segments wait for their upload", || sandbox.stand_in.faults().paused() > 0).await;
    child.kill().await.unwrap();
    sandbox.stand_in.faults().release();
    set_faults(&sandbox, "");
    let said = zipreel(&sandbox, &["list"]).await.ended(0);
    assert!(said.err.contains("are of runs that ended: `zipreel gc` removes them"), "{}", said.err);
    let said = zipreel(&sandbox, &["gc", "--yes"]).await.ended(0);
    assert!(said.err.contains("of segments on this disk that runs which ended had left"), "{}", said.err);
    assert!(!zipreel(&sandbox, &["list"]).await.ended(0).err.contains("runs that ended"));
    assert_eq!(fs::read_dir(sandbox.path("work")).unwrap().count(), 0, "neither folders nor locks stay");
}
