//! Text that others wrote (titles, names of files, a tool's words) on its way to a terminal, a log and a shell.

use std::{fs, path::Path};

use super::sandbox::Sandbox;
use crate::{
    clips::{Clip, clip},
    events,
    mishap::account::{set_faults, zipreel},
    split::until,
};

const TITLE: &str = "Harbour\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\r\nerror: nothing is well";
const SHOWN: &str = "Harbour\u{fffd}]0;owned\u{fffd}\u{fffd}2J\u{fffd}  error: nothing is well";

fn is_plain(text: &str) -> bool {
    let steers =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
    !text.contains(steers) && !text.lines().any(|line| line.starts_with("error: nothing"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_steers_no_terminal_and_stays_as_it_is() {
    let sandbox = Sandbox::start().await;
    let video = sandbox.path("a\u{1b}]0;owned\u{7}b \u{202e}4pm.mp4");
    fs::copy(clip(Clip::Silent), &video).unwrap();
    let mut command = sandbox.command("state");
    let run = command.args(["publish", "--name", "m", "--title", TITLE, "--"]).arg(&video).output().await.unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success() && is_plain(&said), "{said:?}");
    let again = zipreel(&sandbox, &["retitle", "m", "Harbour"]).await.ended(0);
    assert!(again.err.contains(SHOWN) && is_plain(&again.err), "{:?}", again.err);
    zipreel(&sandbox, &["retitle", "m", TITLE]).await.ended(0);
    let info = zipreel(&sandbox, &["info", "m"]).await.ended(0);
    assert!(info.out.contains(SHOWN) && is_plain(&info.out), "{:?}", info.out);
    let listed = zipreel(&sandbox, &["list"]).await.ended(0);
    assert!(is_plain(&listed.out), "{:?}", listed.out);
    let json = zipreel(&sandbox, &["info", "m", "--json"]).await.ended(0).out;
    assert!(is_plain(&json), "{json:?}");
    let json = events::last(&json);
    assert_eq!(json["title"], TITLE, "data stay as they are");
    let embed = zipreel(&sandbox, &["embed", "m"]).await.ended(0);
    assert!(embed.out.contains("Harbour") && is_plain(&embed.out), "{:?}", embed.out);
    let journals = journals(&sandbox);
    assert!(journals.contains("]0;owned") && is_plain(&journals), "{journals:?}");
    let log = fs::read_to_string(sandbox.path("state/m/publish.log")).unwrap();
    assert!(!log.is_empty() && is_plain(&log), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_steers_no_terminal() {
    let sandbox = Sandbox::start().await;
    let missing = sandbox.path("gone\u{1b}]0;owned\u{7}\u{202e}\nerror: nothing is well.mp4");
    let mut command = sandbox.command("state");
    let run = command.arg("publish").arg(&missing).output().await.unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(!run.status.success() && said.contains("gone\u{fffd}]0;owned") && is_plain(&said), "{said:?}");
    let run = sandbox.publish(&missing, &[]).await;
    let what = run.failed()["what"].as_str().unwrap();
    assert!(what.contains(missing.to_str().unwrap()), "{what:?}");
    // ffprobe names it in its own words
    fs::write(&missing, "no video").unwrap();
    for json in [false, true] {
        let mut command = sandbox.command("state");
        command.arg("publish").args(json.then_some("--json")).arg(&missing);
        let said = command.output().await.unwrap();
        let text = [said.stdout, said.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert!(!said.status.success() && text.contains("owned") && is_plain(&text), "{text:?}");
    }
}

/// What AWS says, or who answers in its place.
const WORDS: &str = "no\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\nerror: nothing is well";
const SHOWN_WORDS: &str = "no\u{fffd}]0;owned\u{fffd}\u{fffd}[2J\u{fffd}31m\u{fffd}\u{fffd} error: nothing is well";

/// All journals of the state folder.
fn journals(sandbox: &Sandbox) -> String {
    let generations = fs::read_dir(sandbox.path("state/m")).unwrap().flatten();
    generations.filter_map(|entry| fs::read_to_string(entry.path().join("journal")).ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_says_steers_no_terminal() {
    let sandbox = Sandbox::start().await;
    for json in [false, true] {
        // said of attempts, and of the end
        set_faults(&sandbox, &format!("500@CreateFunction=2x,403@CreateFunction=after:2,words={WORDS}"));
        let mut command = sandbox.command("state");
        command.args(["publish", "--name", "m", "--title", TITLE]).args(json.then_some("--json"));
        let run = command.arg(clip(Clip::Silent)).output().await.unwrap();
        let [out, err] = [run.stdout, run.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(!run.status.success() && is_plain(&out) && is_plain(&err), "{out:?} {err:?}");
        if json {
            let last = events::last(&out);
            assert!(last["cause"].as_str().unwrap().contains(WORDS), "data stay as they are: {last}");
        } else {
            assert!(err.contains(SHOWN_WORDS), "{err:?}");
        }
        let log = fs::read_to_string(sandbox.path("state/m/publish.log")).unwrap();
        assert!(log.contains(SHOWN_WORDS) && is_plain(&log), "{log:?}");
        let journals = journals(&sandbox);
        assert!(!journals.is_empty() && is_plain(&journals), "{journals:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_says_to_other_commands_steers_no_terminal() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Silent), &["--name", "m"]).await.published();
    for (operation, command) in [
        ("ListFunctions", &["list"][..]),
        ("ListFunctions", &["list", "--json"]),
        ("GetFunction", &["info", "m"]),
        ("GetFunction", &["check", "m"]),
        ("GetFunction", &["delete", "m", "--yes"]),
        ("ListFunctions", &["gc", "--yes"]),
        ("GetRole", &["setup", "--target", "local"]),
        ("GetCallerIdentity", &["list"]),
        ("GetAccountSettings", &["doctor", "--target", "local"]),
        ("GetFunctionConfiguration", &["doctor", "--target", "local"]),
        ("GetRole", &["doctor", "--target", "local"]),
        ("GetAccountSettings", &["doctor", "--target", "local", "--json"]),
    ] {
        set_faults(&sandbox, &format!("403@{operation}=after:0,words={WORDS}"));
        let said = zipreel(&sandbox, command).await;
        assert!(is_plain(&said.out) && is_plain(&said.err), "{operation}, {command:?}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_of_a_hint_can_be_pasted() {
    let sandbox = Sandbox::start().await;
    let folder = sandbox.path("my videos; $HOME `id`");
    fs::create_dir(&folder).unwrap();
    let video = folder.join("-it's \"here\".mp4");
    fs::copy(clip(Clip::Mp4), &video).unwrap();
    set_faults(&sandbox, "pause-after@CreateFunction=at:2");
    let cut = ["--segment-seconds", "2", "--chunk-mib", "1", "--name", "m", "--"];
    let mut child = sandbox.command("state").arg("publish").args(cut).arg(&video).spawn().unwrap();
    until("chunks are there", || sandbox.stand_in.faults().paused() > 0).await;
    child.kill().await.unwrap();
    sandbox.stand_in.faults().release();
    set_faults(&sandbox, "");
    fs::copy(clip(Clip::Silent), &video).unwrap();
    let refused = zipreel(&sandbox, &["resume", "m"]).await.ended(1);
    let command = refused.err.split_once("new version: ").unwrap().1.split_once(". `zipreel discard").unwrap().0;
    assert_eq!(words(command), ["zipreel", "publish", video.to_str().unwrap(), "--name", "m"], "{command}");
}

/// The words of a command as a shell reads them, which runs it with another program in zipreel's place.
fn words(command: &str) -> Vec<String> {
    let script = format!("zipreel() {{ printf '%s\\0' zipreel \"$@\"; }}; {command}");
    let ran = std::process::Command::new("sh").args(["-c", &script]).current_dir(Path::new("/")).output().unwrap();
    assert!(ran.status.success(), "{command}");
    let text = String::from_utf8(ran.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}
