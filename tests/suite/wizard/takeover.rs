//! Two wizards at one stand-in: whoever needs it takes it over when its owner ends.

use super::{
    SMALL, folder, go_to_review,
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
