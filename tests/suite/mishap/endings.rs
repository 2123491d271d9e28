//! How every command ends for programs: with one line that has its exit status; and what becomes of words that can't
//! be written.

use std::{fs::OpenOptions, process::Stdio};

use clap::CommandFactory;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use zipreel::cli::Cli;

use super::account::{set_faults, zipreel};
use crate::{
    clips::{Clip, clip},
    events,
    publish::sandbox::{Sandbox, tool},
    split::until,
};

const EVENTS: &str = include_str!("../../../docs/events.md");

/// Each command with what makes it end well, and the event that it ends with. In this order a reel comes and goes.
const COMMANDS: [(&str, &[&str], &str); 19] = [
    ("setup", &["setup", "--target", "local", "--yes"], "ready"),
    ("setup", &["setup", "--target", "local", "--yes", "--roles"], "ready"),
    ("setup", &["setup", "--template"], "template"),
    ("relay", &["relay", "on", "--target", "local", "--yes"], "ready"),
    ("cdn", &["cdn", "on", "--target", "local", "--yes"], "cdn"),
    ("cdn", &["cdn", "status", "--target", "local"], "cdn"),
    ("doctor", &["doctor", "--target", "local"], "examined"),
    ("policy", &["policy"], "policies"),
    ("publish", &["publish", "VIDEO", "--name", "m"], "published"),
    ("list", &["list"], "listed"),
    ("info", &["info", "m"], "info"),
    ("retitle", &["retitle", "m", "Harbour"], "retitled"),
    ("embed", &["embed", "m"], "embed"),
    ("check", &["check", "m", "--deep"], "checked"),
    ("check", &["check", "m", "--repair", "VIDEO"], "checked"),
    ("delete", &["delete", "m", "--yes"], "deleted"),
    ("gc", &["gc", "--yes"], "collected"),
    ("cdn", &["cdn", "off", "--target", "local", "--yes"], "cdn"),
    ("teardown", &["teardown", "--target", "local", "--yes"], "removed"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_command_ends_with_an_event_that_has_its_exit_status() {
    let sandbox = Sandbox::start().await;
    let video = clip(Clip::Silent);
    for (_, args, event) in COMMANDS {
        let args: Vec<_> = args.iter().map(|arg| if *arg == "VIDEO" { video.to_str().unwrap() } else { arg }).collect();
        let said = zipreel(&sandbox, &[&args[..], &["--json"]].concat()).await.ended(0);
        let last = events::last(&said.out);
        assert_eq!((&last["event"], &last["exit_status"]), (&event.into(), &0.into()), "{args:?}: {said:?}");
        for line in events::lines(&said.out).iter().filter(|line| line["event"] == "job") {
            let job = line["job"].as_str().unwrap();
            assert!(job.starts_with("chunk ") || EVENTS.contains(&format!("`{job}`")), "no page names `{job}`");
        }
    }
    // those that need a run that was interrupted, or run until they are
    let apart = ["resume", "discard", "local"];
    let documents = ["completions", "man"];
    for command in Cli::command().get_subcommands().map(|command| command.get_name().to_owned()) {
        let known = COMMANDS.iter().any(|(name, ..)| *name == command);
        assert!(known || apart.contains(&&*command) || documents.contains(&&*command), "{command} is not looked at");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_interrupted_ends_with_an_event_too_however_it_goes_on() {
    let sandbox = Sandbox::start().await;
    let cut = ["--segment-seconds", "2", "--chunk-mib", "1"];
    for (command, event) in [("resume", "published"), ("discard", "discarded")] {
        set_faults(&sandbox, "pause-after@CreateFunction=at:2");
        let publish = ["publish", "--json", "--name", command];
        let mut child = sandbox.command("state");
        child.args(publish).args(cut).arg(clip(Clip::Mp4)).stdout(Stdio::piped());
        let child = child.spawn().unwrap();
        until("a chunk is there", || sandbox.stand_in.faults().paused() > 0).await;
        tool("kill", &["-INT", &child.id().unwrap().to_string()]);
        sandbox.stand_in.faults().release();
        let output = child.wait_with_output().await.unwrap();
        set_faults(&sandbox, "");
        let last = events::all(&String::from_utf8(output.stdout).unwrap(), Some(130)).pop().unwrap();
        assert_eq!((output.status.code(), &last["event"]), (Some(130), &"cancelled".into()));
        let said = zipreel(&sandbox, &[command, command, "--yes", "--json"]).await.ended(0);
        assert_eq!(events::last(&said.out)["event"], event, "{said:?}");
    }
}

/// The first signal lets requests come to their end, which this one does not.
#[tokio::test(flavor = "multi_thread")]
async fn who_can_t_wait_for_an_orderly_end_gets_the_same_last_line() {
    let sandbox = Sandbox::start().await;
    set_faults(&sandbox, "pause-after@CreateFunction=at:2,stall-before@DeleteFunction=1x");
    let mut command = sandbox.command("state");
    command.args(["publish", "--json", "--name", "m"]).arg(clip(Clip::Mp4)).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    let interrupt = || tool("kill", &["-INT", &child.id().unwrap().to_string()]);
    until("a chunk is there", || sandbox.stand_in.faults().paused() > 0).await;
    interrupt();
    sandbox.stand_in.faults().release();
    until("the lease is given back", || sandbox.stand_in.faults().stalled() > 0).await;
    interrupt();
    let output = child.wait_with_output().await.unwrap();
    let last = events::all(&String::from_utf8(output.stdout).unwrap(), Some(130)).pop().unwrap();
    assert_eq!((output.status.code(), &last["event"]), (Some(130), &"cancelled".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn gc_says_what_goes_and_what_stays() {
    let sandbox = Sandbox::start().await;
    let cut = ["--segment-seconds", "2", "--chunk-mib", "1"];
    sandbox.publish(&clip(Clip::Silent), &[&["--name", "m"][..], &cut].concat()).await.published();
    let replaced = sandbox.publish(&clip(Clip::Mp4), &[&["--name", "m", "--replace"][..], &cut].concat()).await;
    replaced.published();
    let said = zipreel(&sandbox, &["gc", "--json", "--yes"]).await.ended(0);
    let lines = events::lines(&said.out);
    assert_eq!(
        (&lines[0]["event"], &lines[0]["why"], &lines[0]["stays"]),
        (&"leftover".into(), &"retired".into(), &true.into())
    );
    assert_eq!(lines.last().unwrap()["functions"], 0, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_the_last_event_and_says_what_the_command_ends_with() {
    let sandbox = Sandbox::start().await;
    let failed = async |args: &[&str], code: i32| -> Value {
        let last = events::last(&zipreel(&sandbox, args).await.ended(code).out);
        assert_eq!((&last["event"], &last["exit_status"]), (&"failed".into(), &code.into()), "{args:?}: {last}");
        last
    };
    for command in ["info", "embed", "check", "delete", "resume", "discard"] {
        failed(&[command, "nothing", "--json"], 1).await;
    }
    failed(&["retitle", "nothing", "x", "--json"], 1).await;
    failed(&["gc", "--json", "--faults", "x=1", "--data", "/nonexistent"], 1).await;
    // what clap does not understand
    let misused = failed(&["list", "--json", "--no-such-flag"], 2).await;
    assert!(misused["cause"].as_str().unwrap().contains("--no-such-flag"), "{misused}");
    failed(&["info", "--json"], 2).await;
    failed(&["publish", "a.mp4", "--json", "--chunk-mib", "99"], 2).await;
    let plain = zipreel(&sandbox, &["list", "--no-such-flag"]).await.ended(2);
    assert_eq!(plain.out, "");
}

/// A mistyped command is one, whatever follows it, and so is a video that is not there in a command's place.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_ends_with_2_and_with_an_event_where_any_setting_asks_for_json() {
    let sandbox = Sandbox::start().await;
    let config = sandbox.path("home/config/zipreel");
    std::fs::create_dir_all(&config).unwrap();
    let config = config.join("config.toml");
    let misused: [&[&str]; 6] = [
        &["lst"],
        &["--target", "local", "list"],
        &["nosuch.mp4"],
        &["help", "lst"],
        &["list", "--bogus"],
        &["list", "--port=x"],
    ];
    for (file, is_json) in [("", false), ("json = true\n", true), ("json = 7\n", false)] {
        std::fs::write(&config, file).unwrap();
        for args in misused {
            let said = zipreel(&sandbox, args).await.ended(2);
            if is_json {
                assert_eq!(events::all(&said.out, Some(2)).last().unwrap()["event"], "failed", "{args:?}");
            } else {
                assert!(said.out.is_empty() && !said.err.is_empty(), "{args:?}: {said:?}");
            }
            let asked = zipreel(&sandbox, &[args, &["--json"]].concat()).await.ended(2);
            assert_eq!(events::all(&asked.out, Some(2)).last().unwrap()["event"], "failed", "{args:?}");
        }
        let plain = zipreel(&sandbox, &["list", "--bogus", "--plain"]).await.ended(2);
        assert_eq!(plain.out, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in_says_where_it_serves_and_that_it_has_ended() {
    let sandbox = Sandbox::start().await;
    let mut command = sandbox.command("state");
    command.args(["local", "--json", "--port", "0", "--data"]).arg(sandbox.path("own")).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let serving = events::line(&lines.next_line().await.unwrap().expect("it says where"));
    assert_eq!(serving["event"], "serving");
    assert!(serving["gate"].as_str().unwrap().starts_with("http://"), "{serving}");
    let keys = std::fs::read_to_string(sandbox.path("own/keys.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    for key in keys.as_object().unwrap().values().filter_map(Value::as_str) {
        assert!(!serving.to_string().contains(key), "{serving}");
    }
    tool("kill", &["-INT", &child.id().unwrap().to_string()]);
    let served = events::line(&lines.next_line().await.unwrap().expect("it says that it has ended"));
    assert_eq!((&served["event"], &served["exit_status"]), (&"served".into(), &0.into()));
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

/// Every command that writes to standard output goes the same way.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_a_closed_pipe_is_not() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Silent), &["--name", "m"]).await.published();
    let commands: [&[&str]; 8] = [
        &["list"],
        &["list", "--json"],
        &["info", "m"],
        &["embed", "m"],
        &["delete", "nothing", "--json"],
        &["policy", "roles"],
        &["completions", "bash"],
        &["man"],
    ];
    for args in commands {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let child = sandbox.command("state").args(args).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let why = if args[0] == "delete" { "could not find the reel" } else { "could not write to standard output" };
        assert!(output.status.code() == Some(1) && said.contains(why), "{args:?}: {said}");
        let mut child =
            sandbox.command("state").args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("standard output") && !said.contains("panicked"), "{args:?}: {said}");
        assert_eq!(output.status.code(), Some(i32::from(args[0] == "delete")), "{args:?}: {said}");
    }
}
