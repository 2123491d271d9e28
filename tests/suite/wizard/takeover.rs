//! Two wizards at one stand-in: whoever needs it takes it over when its owner ends.

use super::{
    SMALL, folder, go_on_to, go_to_review,
    terminal::{END, ENTER, Terminal},
};
use crate::publish::sandbox::Sandbox;

#[tokio::test(flavor = "multi_thread")]
async fn a_publishing_goes_on_when_the_wizard_that_serves_its_stand_in_quits() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "clip.mp4");
    // a stand-in of their own, not the sandbox's
    let data = sandbox.path("own-data");
    let own = [
        ("ZIPREEL_DATA", data.to_str().unwrap()),
        ("ZIPREEL_PORT", "0"),
        ("ZIPREEL_FAULTS", "uplink=4mbit"),
        SMALL[0],
        SMALL[1],
    ];
    let owner = Terminal::open(&sandbox, &folder, &[], &own);
    owner.wait_for("Publish a video");
    owner.type_keys(END);
    owner.wait("the library's line is chosen", |text| text.contains("▌ Library"));
    owner.type_keys(ENTER);
    owner.wait_for("nothing is published here yet");
    let other = Terminal::open(&sandbox, &folder, &[], &own);
    go_to_review(&other);
    other.press_until(ENTER, "Network");
    owner.type_keys("q");
    assert_eq!(owner.end().0, 0);
    other.wait_for("clip is published");
    // now its links end with it, which it says
    other.press_until("q", "links to reels on this computer");
    other.press_until_it("y", "it has ended", |text| text.contains("serve it again with"));
    let (code, left) = other.end();
    assert!(code == 0 && left.contains("serve it again with: zipreel local"), "{left}");
}

/// A second address of loopback stands for the one in the network.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_wizard_says_that_others_can_watch_what_another_process_opened() {
    let sandbox = Sandbox::start_with(|config| config.host = Some("127.0.0.2".parse().unwrap())).await;
    let terminal = Terminal::open(&sandbox, &folder(&sandbox, "clip.mp4"), &[], &SMALL);
    go_on_to(&terminal, "everyone who guesses the name can watch");
    terminal.press_until(ENTER, "⏎ publish");
    terminal.press_until(ENTER, "the links work in your network");
}
