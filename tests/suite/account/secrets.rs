//! Credentials and presigned links never appear: not in what is said, plain or JSON, not in a journal, a log or a copy
//! of a playlist, not when things go wrong.

use std::{fs, path::Path, process::Output};

use futures_util::future::join_all;
use tokio::process::Command;

use crate::{
    clips::{Clip, clip},
    stand_in::clients::Fixture,
};

pub(crate) const REEL: &str = "quiet";
const TOKEN: &str = "RecognisableSessionTokenOfNobody";
/// Any of these in an output would be a leak, whatever its value.
const SIGNED: [&str; 4] = ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "AWS4-HMAC-SHA256"];

/// The binary, to which the stand-in is an account: by its address and keys in the environment.
pub(crate) fn zipreel(fixture: &Fixture, arguments: &[&str]) -> Command {
    let (endpoint, folder) = (fixture.endpoint(), fixture.folder.path());
    let mut command = Command::new(env!("CARGO_BIN_EXE_zipreel"));
    command
        .args(arguments)
        .env("HOME", folder.join("home"))
        .env("XDG_CONFIG_HOME", folder.join("home/config"))
        .env("ZIPREEL_TARGET", "aws")
        .env("ZIPREEL_STATE_DIR", folder.join("home/state"))
        .env("ZIPREEL_WORK_DIR", folder.join("home/work"))
        .env("AWS_ENDPOINT_URL", &endpoint.api)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", &endpoint.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &endpoint.secret_key)
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    command
}

fn publishing<'a>(more: &[&'a str], video: &'a Path) -> Vec<&'a str> {
    let always = ["publish", "--target", "aws", "--yes", "--name", REEL, "--segment-seconds", "2"];
    [&always[..], more, &["--", video.to_str().unwrap()]].concat()
}

pub(crate) async fn publish(fixture: &Fixture, more: &[&str], video: &Path) -> Output {
    zipreel(fixture, &publishing(more, video)).output().await.unwrap()
}

/// Every file below a folder, and what it holds.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn keeps_quiet(fixture: &Fixture, output: &Output) {
    let mut said = vec![
        ("standard output".to_owned(), output.stdout.clone()),
        ("standard error".to_owned(), output.stderr.clone()),
    ];
    files(&fixture.folder.path().join("home"), &mut said);
    assert!(said.len() > 2, "journal and log are looked at too");
    let secrets = [fixture.endpoint().secret_key.as_str(), TOKEN];
    for (place, text) in &said {
        let text = String::from_utf8_lossy(text);
        for secret in secrets.iter().chain(&SIGNED) {
            assert!(!text.contains(secret), "{secret} stands in {place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_said_or_kept_on_good_days_and_bad() {
    let video = clip(Clip::Mp4);
    let bad = "429=0.2,500=0.1,403@Download=2x,reset-mid@CreateFunction=1x,seed=7";
    let days = [
        (&["--json"][..], ""),
        (&["--plain"], ""),
        (&["--plain", "--verbose"], ""),
        (&["--json"], bad),
        (&["--json", "-v"], bad),
        (&["--plain", "-v"], "503@Download=2x,500@GetFunction=0.1,seed=7"),
    ];
    let accounts = days.map(async |(face, faults)| {
        let fixture = Fixture::start().await;
        if !faults.is_empty() {
            fixture.set_faults(faults);
        }
        let output = publish(&fixture, face, &video).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{face:?} {faults}: {stderr}");
        let is_verbose = face.len() > 1;
        assert_eq!(stderr.contains("Z upload: started"), is_verbose, "{face:?}: the log is said: {stderr}");
        keeps_quiet(&fixture, &output);
    });
    join_all(accounts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_says_nothing_of_its_keys() {
    let fixture = Fixture::start().await;
    let video = clip(Clip::Mp4);
    let good = publish(&fixture, &["--json"], &video).await;
    assert!(good.status.success());
    for face in [&["--json"][..], &["--plain"], &["--json", "-v"], &["--plain", "-v"]] {
        let mut command = zipreel(&fixture, &publishing(face, &video));
        let output = command.env("AWS_SESSION_TOKEN", TOKEN).output().await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        keeps_quiet(&fixture, &output);
    }
}
