//! Work goes where the person agreed to, and nowhere else; agreeing is the person's own act.

use std::{fs, path::PathBuf, process::Output};

use zipreel::local::Operation;

use super::secrets::{REEL, publish, zipreel};
use crate::{
    clips::{Clip, clip},
    split::until,
    stand_in::clients::Fixture,
};

/// The stand-in's account.
const HERE: &str = "123456789012";
const OTHER_ACCOUNT: &str = "111111111111";

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn state(fixture: &Fixture, below: &str) -> PathBuf {
    fixture.folder.path().join("home/state").join(below)
}

/// Publishes until a chunk is there, and kills that process.
async fn interrupt(fixture: &Fixture) {
    fixture.set_faults("pause-after@CreateFunction=at:3");
    let video = clip(Clip::Mp4);
    let always = ["publish", "--target", "aws", "--yes", "--name", REEL, "--segment-seconds", "2", "--chunk-mib", "1"];
    let mut child = zipreel(fixture, &[&always[..], &["--", video.to_str().unwrap()]].concat()).spawn().unwrap();
    until("chunks are deployed", || fixture.stand_in.faults().paused() > 0).await;
    child.kill().await.unwrap();
    fixture.stand_in.faults().release();
    fixture.set_faults("");
}

/// The journal of the interrupted run says that it was begun in another account.
fn begun_elsewhere(fixture: &Fixture) {
    let journals = fs::read_dir(state(fixture, REEL)).unwrap().flatten().map(|entry| entry.path().join("journal"));
    let journal = journals.into_iter().find(|path| path.is_file()).unwrap();
    let lines = fs::read_to_string(&journal).unwrap();
    let lines = lines.lines().map(|line| {
        let json = line.split_once(' ').unwrap().1.replace(&format!("\"{HERE}\""), &format!("\"{OTHER_ACCOUNT}\""));
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    });
    fs::write(&journal, lines.collect::<String>()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_in_another_account_is_neither_resumed_nor_discarded_here() {
    let fixture = Fixture::start().await;
    interrupt(&fixture).await;
    begun_elsewhere(&fixture);
    let calls = || {
        let operations = [Operation::ListFunctions, Operation::GetFunction, Operation::CreateFunction];
        let counts = fixture.stand_in.counts();
        operations.map(|operation| counts.calls(operation)).iter().sum::<u64>()
            + counts.calls(Operation::DeleteFunction)
    };
    let before = calls();
    for arguments in [&["resume", REEL, "--yes"][..], &["discard", REEL, "--yes"]] {
        let refused = zipreel(&fixture, arguments).output().await.unwrap();
        let said = text(&refused);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("it was begun in account {OTHER_ACCOUNT}, Region us-east-1")), "{said}");
        assert!(said.contains(&format!("is now account {HERE}, Region us-east-1")), "{said}");
        assert!(said.contains(&format!("Sign in to account {OTHER_ACCOUNT} again")), "{said}");
    }
    assert_eq!(calls(), before, "nothing but who we are was asked");
    let acknowledged = fs::read_to_string(state(&fixture, "acknowledged")).unwrap();
    assert_eq!(acknowledged, format!("{HERE}\n"), "and nothing was agreed to meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_and_the_config_file_acknowledge_nothing() {
    let fixture = Fixture::start().await;
    let config = fixture.folder.path().join("home/config/zipreel");
    fs::create_dir_all(&config).unwrap();
    let config = config.join("config.toml");
    let video = clip(Clip::Silent);
    let arguments = ["publish", "--target", "aws", "--name", REEL, "--", video.to_str().unwrap()];
    fs::write(&config, "yes = true\n").unwrap();
    let refused = zipreel(&fixture, &arguments).output().await.unwrap();
    let said = text(&refused);
    assert!(refused.status.code() == Some(1) && said.contains("there is no setting `yes`"), "{said}");
    assert!(said.contains("Agreeing is your own act"), "{said}");
    fs::remove_file(&config).unwrap();
    let refused = zipreel(&fixture, &arguments).env("ZIPREEL_YES", "true").output().await.unwrap();
    let said = text(&refused);
    assert!(refused.status.code() == Some(1) && said.contains("the notice was not agreed to"), "{said}");
    assert!(said.contains("a variable or the config file can't agree for you"), "{said}");
    assert!(!state(&fixture, "acknowledged").exists());
    for arguments in [&["setup"][..], &["doctor", "--live"]] {
        let refused = zipreel(&fixture, arguments).env("ZIPREEL_YES", "true").output().await.unwrap();
        assert!(text(&refused).contains("the notice was not agreed to"), "{}", text(&refused));
    }
    let accepted = publish(&fixture, &["--plain"], &video).await;
    assert!(accepted.status.success(), "{}", text(&accepted));
    let again = zipreel(&fixture, &["setup"]).output().await.unwrap();
    assert!(again.status.success(), "once acknowledged it is not asked again: {}", text(&again));
}
