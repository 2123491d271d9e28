//! A CDN that is agreed to in the review: switched on beside the uploads, and no hindrance to them.

use super::{
    SMALL,
    consent::as_aws,
    flat, folder, go_on_to,
    terminal::{ENTER, Terminal},
};
use crate::{
    events,
    mishap::account::{is_whole, set_faults, zipreel},
    publish::sandbox::Sandbox,
    split::until,
};

/// At the review of `clip`, with the CDN added.
fn agreed(sandbox: &Sandbox) -> Terminal {
    let folder = folder(sandbox, "clip.mp4");
    let aws = as_aws(sandbox);
    let mut environment: Vec<_> = aws.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    environment.extend([SMALL[0], SMALL[1], ("ZIPREEL_NAME", "m")]);
    let terminal = Terminal::open(sandbox, &folder, &["--target", "aws"], &environment);
    go_on_to(&terminal, "I agree: press a");
    terminal.type_keys("a");
    terminal.wait_for("⏎ publish");
    terminal.type_keys("b");
    terminal.wait("the price is said", |text| is_said(text, "[x] can play it, by a CDN"));
    terminal
}

/// Wherever its lines are broken.
fn is_said(text: &str, words: &str) -> bool {
    flat(text).contains(words)
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_do_not_wait_for_it_and_a_killed_run_goes_on_with_it() {
    let sandbox = Sandbox::start().await;
    let terminal = agreed(&sandbox);
    set_faults(&sandbox, "pause-before@GetDistribution=at:1");
    terminal.press_until(ENTER, "Upload");
    until("the CDN is looked at", || sandbox.stand_in.faults().paused() > 0).await;
    terminal.wait("all else is done", |text| {
        is_said(text, "✔ the reel is published; Amazon's delivery network (CDN) takes minutes")
    });
    terminal.kill();
    set_faults(&sandbox, "");
    sandbox.stand_in.faults().release();
    let sent = sandbox.stand_in.counts().calls(zipreel::local::Operation::CreateFunction);

    let mut command = sandbox.command("state");
    let output = command.args(["resume", "m", "--json"]).envs(as_aws(&sandbox)).output().await.unwrap();
    let last = events::last(&String::from_utf8(output.stdout).unwrap());
    let edge = format!("{}/m/", sandbox.stand_in.endpoint().edge);
    assert_eq!((last["event"].as_str(), last["watch"].as_str()), (Some("published"), Some(edge.as_str())), "{last}");
    assert_eq!(last["warnings"].as_array().map(Vec::len), Some(0), "{last}");
    let again = sandbox.stand_in.counts().calls(zipreel::local::Operation::CreateFunction) - sent;
    assert!(again <= 1, "nothing but the lease is made again: {again}");
    let status = zipreel(&sandbox, &["cdn", "status", "--target", "local", "--json"]).await.ended(0);
    assert_eq!(events::last(&status.out)["cdn"], "on");
    is_whole(&sandbox, "m").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_rights_the_reel_is_published_and_it_is_said_whose_they_are() {
    let sandbox = Sandbox::start().await;
    let terminal = agreed(&sandbox);
    set_faults(&sandbox, "403@CreateDistributionWithTags=after:0");
    terminal.press_until(ENTER, "Upload");
    let screen = terminal.wait("what is missing", |text| is_said(text, "`zipreel policy cdn`"));
    assert!(is_said(&screen, "the CDN could not be switched on, browsers play without it"), "{screen}");
    assert!(is_said(&screen, "`zipreel cdn on --target aws"), "{screen}");
    assert!(is_said(&screen, &format!("Watch {}/m/", sandbox.stand_in.endpoint().gate)), "{screen}");
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
    is_whole(&sandbox, "m").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_goes_on_without_it() {
    let sandbox = Sandbox::start().await;
    let terminal = agreed(&sandbox);
    set_faults(&sandbox, "pause-before@GetDistribution=at:1");
    terminal.press_until(ENTER, "Upload");
    terminal.wait("all else is done", |text| {
        is_said(text, "✔ the reel is published; Amazon's delivery network (CDN) takes minutes")
    });
    terminal.press_until("c", "Go on without the CDN?");
    terminal.press_until("y", "m is published");
    terminal.wait("what goes on with it", |text| is_said(text, "the CDN was not waited for"));
    sandbox.stand_in.faults().release();
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
    is_whole(&sandbox, "m").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_review_knows_that_it_is_on() {
    let sandbox = Sandbox::start().await;
    let terminal = agreed(&sandbox);
    terminal.press_until(ENTER, "Upload");
    terminal.wait_for("m is published");
    terminal.type_keys("n");
    terminal.wait_for("✔ ready");
    terminal.press_until(ENTER, "is taken");
    terminal.press_until("\x06", "✔ not taken");
    terminal.press_until(ENTER, "⏎ publish");
    terminal.wait("what is on", |text| is_said(text, "can play it: the CDN is on in this account"));
    terminal.kill();
}
