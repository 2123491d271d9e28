//! What the person did not agree to is not done, though the keys for it were pressed.

use std::fs;

use super::{
    SMALL, folder,
    pairs::ONE,
    terminal::{DOWN, ENTER, Terminal},
};
use crate::{
    clips::{Clip, clip},
    mishap::account::{functions, is_whole},
    publish::sandbox::Sandbox,
    split::until,
};

/// The sandbox's stand-in, as an account of AWS.
pub(super) fn as_aws(sandbox: &Sandbox) -> [(String, String); 4] {
    let endpoint = sandbox.stand_in.endpoint();
    let pairs = [
        ("AWS_ENDPOINT_URL", endpoint.api.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", &endpoint.access_key),
        ("AWS_SECRET_ACCESS_KEY", &endpoint.secret_key),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn going_on_in_an_account_whose_notice_was_not_accepted_asks_first() {
    let sandbox = Sandbox::start().await;
    let folder = folder(&sandbox, "clip.mp4");
    let aws = as_aws(&sandbox);
    sandbox.stand_in.faults().set("pause-after@CreateFunction=at:3".parse().unwrap());
    let mut command = sandbox.command("state");
    command.args(["publish", "--target", "aws", "--yes", "--name", "m"]).envs(SMALL).envs([ONE]).envs(aws.clone());
    let mut killed = command.arg(clip(Clip::Mp4)).spawn().unwrap();
    until("chunks are there", || sandbox.stand_in.faults().paused() > 0).await;
    killed.kill().await.unwrap();
    sandbox.stand_in.faults().release();
    sandbox.stand_in.faults().clear();
    let acknowledged = sandbox.path("state/acknowledged");
    fs::remove_file(&acknowledged).unwrap();
    let before = functions(&sandbox).await;

    let environment: Vec<_> = aws.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let terminal = Terminal::open(&sandbox, &folder, &["--target", "aws"], &environment);
    terminal.wait_for("Resume m");
    terminal.type_keys(DOWN);
    terminal.wait("the line to resume is chosen", |text| text.contains("▌ Resume m"));
    terminal.press_until(ENTER, "Do you agree to this?");
    terminal.press_until("n", "was not agreed to");
    assert_eq!(functions(&sandbox).await, before, "nothing was sent");
    assert!(!acknowledged.exists());
    terminal.press_until("r", "Do you agree to this?");
    terminal.press_until("y", "m is published");
    assert_eq!(fs::read_to_string(&acknowledged).unwrap(), "123456789012\n");
    is_whole(&sandbox, "m").await;
    terminal.type_keys("q");
    assert_eq!(terminal.end().0, 0);
}
