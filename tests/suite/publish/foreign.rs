//! Text that others wrote (titles, names of files, a tool's words) on its way to a terminal, a log and a shell.

use std::{fs, path::Path};

use serde_json::Value;

use super::desk::Desk;
use crate::{
    clips::{Clip, clip},
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
    let desk = Desk::start().await;
    let video = desk.path("a\u{1b}]0;owned\u{7}b \u{202e}4pm.mp4");
    fs::copy(clip(Clip::Silent), &video).unwrap();
    let mut command = desk.command("state");
    let run = command.args(["publish", "--name", "m", "--title", TITLE, "--"]).arg(&video).output().await.unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success() && is_plain(&said), "{said:?}");
    let again = zipreel(&desk, &["retitle", "m", "Harbour"]).await.ended(0);
    assert!(again.err.contains(SHOWN) && is_plain(&again.err), "{:?}", again.err);
    zipreel(&desk, &["retitle", "m", TITLE]).await.ended(0);
    let info = zipreel(&desk, &["info", "m"]).await.ended(0);
    assert!(info.out.contains(SHOWN) && is_plain(&info.out), "{:?}", info.out);
    let listed = zipreel(&desk, &["list"]).await.ended(0);
    assert!(is_plain(&listed.out), "{:?}", listed.out);
    let json: Value = serde_json::from_str(&zipreel(&desk, &["info", "m", "--json"]).await.ended(0).out).unwrap();
    assert_eq!(json["title"], TITLE, "data stay as they are");
    let log = fs::read_to_string(desk.path("state/m/publish.log")).unwrap();
    assert!(!log.is_empty() && is_plain(&log), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_steers_no_terminal() {
    let desk = Desk::start().await;
    let missing = desk.path("gone\u{1b}]0;owned\u{7}\u{202e}\nerror: nothing is well.mp4");
    let mut command = desk.command("state");
    let run = command.arg("publish").arg(&missing).output().await.unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(!run.status.success() && said.contains("gone\u{fffd}]0;owned") && is_plain(&said), "{said:?}");
    let run = desk.publish(&missing, &[]).await;
    let what = run.failed()["what"].as_str().unwrap();
    assert!(what.contains(missing.to_str().unwrap()), "{what:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_of_a_hint_can_be_pasted() {
    let desk = Desk::start().await;
    let folder = desk.path("my videos; $HOME `id`");
    fs::create_dir(&folder).unwrap();
    let video = folder.join("-it's \"here\".mp4");
    fs::copy(clip(Clip::Mp4), &video).unwrap();
    set_faults(&desk, "pause-after@CreateFunction=at:2");
    let cut = ["--segment-seconds", "2", "--chunk-mib", "1", "--name", "m", "--"];
    let mut child = desk.command("state").arg("publish").args(cut).arg(&video).spawn().unwrap();
    until("chunks are there", || desk.stand_in.faults().paused() > 0).await;
    child.kill().await.unwrap();
    desk.stand_in.faults().release();
    set_faults(&desk, "");
    fs::copy(clip(Clip::Silent), &video).unwrap();
    let refused = zipreel(&desk, &["resume", "m"]).await.ended(1);
    let command = refused.err.split_once("new generation: ").unwrap().1.split_once(". `zipreel gc").unwrap().0;
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
