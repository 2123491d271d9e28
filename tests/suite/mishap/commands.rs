//! `list`, `check`, `delete` and `gc`, on whole reels and on damaged ones.

use std::time::Duration;

use serde_json::Value;
use zipreel::{local::Clock, media::ffmpeg::Tools, running::reporter::Control};

use super::{
    account::{bodies, chunks, client, connect, delete_function, functions, is_whole, replace_code, zipreel},
    engine::{self, BoardReporter},
};
use crate::{
    clips::{Clip, clip},
    events,
    publish::sandbox::{Reel, Sandbox, get_range},
    stand_in::clients::{create, zip_of},
};

const CUT: [&str; 4] = ["--segment-seconds", "2", "--chunk-mib", "1"];

async fn publish(sandbox: &Sandbox, name: &str, video: Clip) {
    sandbox.publish(&clip(video), &[&["--name", name][..], &CUT].concat()).await.published();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_reel_is_found_out_and_repaired_without_sending_what_is_right() {
    let sandbox = Sandbox::start().await;
    publish(&sandbox, "mend", Clip::Mp4).await;
    zipreel(&sandbox, &["check", "mend"]).await.ended(0);
    is_whole(&sandbox, "mend").await;
    let whole = functions(&sandbox).await;
    let names: Vec<String> = chunks(&whole).into_keys().collect();
    delete_function(&sandbox, &names[0]).await;
    replace_code(&sandbox, &names[2]).await;

    let said = zipreel(&sandbox, &["check", "mend", "--json"]).await.ended(1);
    let said = events::lines(&said.out);
    let finding = |number: u64| said.iter().find(|line| line["chunk"] == number).unwrap()["finding"].clone();
    assert_eq!([finding(1), finding(2), finding(3)], ["missing", "ok", "differs"]);
    let checked = said.iter().find(|line| line["event"] == "checked").unwrap();
    assert_eq!((&checked["missing"], &checked["differing"], &checked["whole"]), (&1.into(), &1.into(), &false.into()));
    let hint = said.last().unwrap()["hint"].as_str().unwrap();
    assert!(hint.contains("check mend --repair"), "{hint}");

    let other = clip(Clip::Silent);
    let refused = zipreel(&sandbox, &["check", "mend", "--repair", other.to_str().unwrap()]).await.ended(1);
    assert!(refused.err.contains("is another video than it was made of"), "{}", refused.err);

    let before = bodies(&sandbox, &whole);
    let video = clip(Clip::Mp4);
    zipreel(&sandbox, &["check", "mend", "--repair", video.to_str().unwrap()]).await.ended(0);
    assert_eq!(functions(&sandbox).await, whole, "the same chunks as before, to the byte");
    let after = bodies(&sandbox, &whole);
    let sent: Vec<_> = whole.keys().filter(|name| after[*name] != before[*name]).collect();
    assert_eq!(sent, [&names[0], &names[2]]);
}

/// How many packets of the pictures there are, and how many state their length, in the chunks of an account.
async fn pictures_with_lengths(sandbox: &Sandbox, reel: &str) -> (usize, usize) {
    let playlist = sandbox.stand_in.endpoint().gate.clone() + &format!("/{reel}/index.m3u8");
    let (mut pictures, mut stated) = (0, 0);
    for (url, offset, length) in Reel::at(&playlist).await.ranges() {
        for packet in get_range(&url, offset, length).await.chunks(188) {
            // behind the adaptation field, if there is one
            let payload = if packet[3] & 0x20 == 0 { 4 } else { 5 + usize::from(packet[4]) };
            if packet[1] & 0x40 != 0 && packet[payload..].starts_with(&[0, 0, 1, 0xE0]) {
                pictures += 1;
                stated += usize::from(packet[payload + 4..payload + 6] != [0, 0]);
            }
        }
    }
    (pictures, stated)
}

/// VLC never decodes the last picture of a stream whose packets do not state their lengths, as zipreel's did not.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_state_their_lengths_but_where_a_reel_was_made_without() {
    let sandbox = Sandbox::start().await;
    publish(&sandbox, "now", Clip::Mp4).await;
    let (pictures, stated) = pictures_with_lengths(&sandbox, "now").await;
    assert!(pictures > 700 && stated == pictures, "{stated} of {pictures}");

    let mut order = engine::order(&sandbox.path("engine"), "of an earlier version");
    order.cut.pes_lengths = false;
    let (cloud, tools) = (connect(sandbox.stand_in.endpoint()).await, Tools::find().await.unwrap());
    engine::publish(order, &cloud, &tools, &BoardReporter::default(), &Control::default()).await.unwrap();
    assert_eq!(pictures_with_lengths(&sandbox, engine::REEL).await, (pictures, 0));
    let whole = functions(&sandbox).await;
    let first = whole.keys().find(|name| name.starts_with("zipreel-m-") && !name.ends_with("-index")).unwrap();
    delete_function(&sandbox, first).await;
    let video = clip(Clip::Mp4);
    zipreel(&sandbox, &["check", engine::REEL, "--repair", video.to_str().unwrap()]).await.ended(0);
    assert_eq!(functions(&sandbox).await, whole, "the same chunks as before, to the byte");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_reels_orphans_and_what_is_not_whole() {
    let sandbox = Sandbox::start().await;
    assert_eq!(zipreel(&sandbox, &["list"]).await.ended(0).out.lines().count(), 1, "the head alone");
    publish(&sandbox, "kept", Clip::Mp4).await;
    publish(&sandbox, "orphan", Clip::Silent).await;
    delete_function(&sandbox, "zipreel-orphan-index").await;
    let table = zipreel(&sandbox, &["list"]).await.ended(0).out;
    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(row("kept").contains("0:26") && row("orphan").contains("without an index"), "{table}");
    let json = events::lines(&zipreel(&sandbox, &["list", "--json"]).await.ended(0).out);
    assert_eq!((&json[0]["reel"], &json[0]["whole"]), (&"kept".into(), &true.into()));
    assert_eq!((&json[1]["reel"], &json[1]["generation"]), (&"orphan".into(), &Value::Null));
    let first = chunks(&functions(&sandbox).await).into_keys().next().unwrap();
    delete_function(&sandbox, &first).await;
    let table = zipreel(&sandbox, &["list"]).await.ended(0).out;
    assert!(table.contains("not whole"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_asks_and_takes_only_what_is_the_reels() {
    let sandbox = Sandbox::start().await;
    publish(&sandbox, "gone", Clip::Silent).await;
    publish(&sandbox, "gone-not", Clip::Silent).await;
    // by its name alone this would be a chunk of the reel
    let foreign = "zipreel-gone-01234567-src-0001";
    create(&client(&sandbox), foreign, zip_of("a", b"b")).description("someone else's").send().await.unwrap();
    let before = functions(&sandbox).await;
    let refused = zipreel(&sandbox, &["delete", "gone"]).await.ended(1);
    assert!(refused.err.contains("nobody is there to ask") && refused.err.contains("--yes"), "{}", refused.err);
    assert_eq!(functions(&sandbox).await, before);
    zipreel(&sandbox, &["delete", "gone", "--yes"]).await.ended(0);
    let left = functions(&sandbox).await;
    assert!(left.contains_key(foreign));
    assert!(left.keys().all(|name| name.starts_with("zipreel-gone-not-") || name == foreign), "{left:?}");
    is_whole(&sandbox, "gone-not").await;
    let again = zipreel(&sandbox, &["delete", "gone", "--yes"]).await.ended(1);
    assert!(again.err.contains("could not find the reel `gone`"), "{}", again.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_replaced_is_served_for_its_time_and_then_collected() {
    let clock = Clock::system();
    let sandbox = Sandbox::start_at(clock.clone()).await;
    let day = Duration::from_secs(25 * 60 * 60);
    publish(&sandbox, "two", Clip::Silent).await;
    let old = functions(&sandbox).await;
    let args = [&["--name", "two", "--replace"][..], &CUT].concat();
    sandbox.publish(&clip(Clip::Mp4), &args).await.published();
    let both = functions(&sandbox).await;
    assert!(chunks(&old).keys().all(|name| both.contains_key(name)));
    let said = zipreel(&sandbox, &["gc", "--yes"]).await.ended(0);
    assert!(said.err.contains("left for now") && said.err.contains("nothing to delete"), "{}", said.err);
    assert_eq!(functions(&sandbox).await, both);

    // the account's clock decides, not this computer's
    clock.advance(day);
    zipreel(&sandbox, &["gc", "--yes"]).await.ended(0);
    let listed = zipreel(&sandbox, &["list", "--json"]).await.ended(0);
    let listed = events::lines(&listed.out).swap_remove(0);
    assert_eq!((&listed["others"], &listed["whole"]), (&0.into(), &true.into()), "{listed}");
    is_whole(&sandbox, "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_of_an_interrupted_publishing_are_collected_when_named() {
    let sandbox = Sandbox::start().await;
    publish(&sandbox, "rest", Clip::Silent).await;
    delete_function(&sandbox, "zipreel-rest-index").await;
    let said = zipreel(&sandbox, &["gc", "--yes"]).await.ended(0);
    assert!(said.err.contains("has no index") && said.err.contains("left for now"), "{}", said.err);
    assert!(!functions(&sandbox).await.is_empty());
    let refused = zipreel(&sandbox, &["gc", "rest"]).await.ended(1);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    zipreel(&sandbox, &["gc", "rest", "--yes"]).await.ended(0);
    assert!(functions(&sandbox).await.is_empty());
}
