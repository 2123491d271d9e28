//! What the command promises beside the reel itself: settings by their rank, the playlist's copy, serving on, and
//! output that nobody reads.

use std::{fs, io::Cursor, process::Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::sandbox::{Sandbox, client, get, tool};
use crate::{
    clips::{Clip, clip},
    events,
    stand_in::clients::lambda,
};

/// The `index.json` that is deployed for a reel.
async fn index(sandbox: &Sandbox, reel: &str) -> Value {
    let name = format!("zipreel-{reel}-index");
    let answer = lambda(sandbox.stand_in.endpoint()).get_function().function_name(name).send().await.unwrap();
    let link = answer.code().unwrap().location().unwrap().to_owned();
    let zip = client().get(link).send().await.unwrap().bytes().await.unwrap();
    serde_json::from_reader(zip::ZipArchive::new(Cursor::new(zip)).unwrap().by_name("index.json").unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let sandbox = Sandbox::start().await;
    let config = sandbox.path("home/config/zipreel");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("config.toml"), "name = 'file'\nsegment_seconds = 2\nchunk_mib = 2\n").unwrap();
    let mut command = sandbox.command("state");
    command.env("ZIPREEL_NAME", "environment").env("ZIPREEL_SEGMENT_SECONDS", "6");
    command.args(["publish", "--json", "--name", "flag"]).arg(clip(Clip::Mp4));
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let published = events::last(&text);
    assert_eq!(published["reel"], "flag");
    let index = index(&sandbox, "flag").await;
    let current = &index["current"];
    assert_eq!((&current["segment_seconds"], &current["chunk_limit_bytes"]), (&6.0.into(), &(2 << 20).into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_talks_is_a_setting_too_and_a_flag_wins() {
    let sandbox = Sandbox::start().await;
    let config = sandbox.path("home/config/zipreel");
    fs::create_dir_all(&config).unwrap();
    let list = async |variable: Option<&str>, flags: &[&str]| {
        let mut command = sandbox.command("state");
        command.envs(variable.map(|value| ("ZIPREEL_JSON", value))).arg("list").args(flags);
        let output = command.output().await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let table = "REEL  VERSION";
    assert!(list(None, &[]).await.starts_with(table));
    assert_eq!(events::last(&list(Some("true"), &[]).await)["event"], "listed");
    assert!(list(Some("true"), &["--plain"]).await.starts_with(table));
    fs::write(config.join("config.toml"), "json = true\n").unwrap();
    assert_eq!(events::last(&list(None, &[]).await)["event"], "listed");
    assert!(list(Some("false"), &[]).await.starts_with(table));
}

/// The lines behind their times; what has none is not of the log.
fn logged(text: &str) -> Vec<&str> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let timed = lines.filter(|(time, _)| zipreel::model::reel::moment::of_rfc3339(time).is_some());
    timed.map(|(_, line)| line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_said_on_the_way_where_it_is_asked_for() {
    let sandbox = Sandbox::start().await;
    let publish = async |reel: &str, variable: Option<&str>, flags: &[&str]| {
        let mut command = sandbox.command("state");
        command.envs(variable.map(|value| ("ZIPREEL_LOG", value))).args(["publish", "--name", reel]).args(flags);
        let output = command.arg(clip(Clip::Silent)).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, quiet) = publish("quiet", None, &[]).await;
    assert!(code == Some(0) && logged(&quiet).is_empty(), "{quiet}");
    for (reel, flags) in [("plain", &["-v"][..]), ("json", &["--verbose", "--json"])] {
        let (code, said) = publish(reel, None, flags).await;
        let log = fs::read_to_string(sandbox.path("state").join(reel).join("publish.log")).unwrap();
        let (said, log) = (logged(&said), logged(&log));
        assert!(code == Some(0) && log.len() > 5, "{log:#?}");
        let missing: Vec<_> = log.iter().filter(|line| !said.contains(line)).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }
    let (_, said) = publish("split", Some("warn,split=info"), &[]).await;
    assert_eq!(logged(&said), ["split: started", "split: succeeded"]);
    let (_, said) = publish("picked", Some("warn"), &["-v"]).await;
    assert!(logged(&said).is_empty(), "the variable picks: {said}");
    let (code, said) = publish("wrong", Some("inof"), &[]).await;
    assert!(code == Some(1) && said.contains("could not use ZIPREEL_LOG: `inof` is neither a level"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_target_rules_every_command() {
    let sandbox = Sandbox::start().await;
    let config = sandbox.path("home/config/zipreel");
    fs::create_dir_all(&config).unwrap();
    let commands: [&[&str]; 4] = [&["list"], &["setup", "--yes"], &["doctor"], &["relay", "on", "--yes"]];
    let said = async |variable: Option<&str>, args: &[&str]| {
        let mut command = sandbox.command("state");
        command.envs(variable.map(|value| ("ZIPREEL_TARGET", value)));
        // nobody is signed in there
        command
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let output = command.args(args).output().await.unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    for args in commands {
        let (done, text) = said(None, args).await;
        let told = text.contains("this is about the stand-in on this computer; --target aws is an AWS account");
        assert!(done && told == (args[0] != "list"), "{args:?}: {text}");
    }
    for args in commands {
        let (done, text) = said(Some("aws"), args).await;
        assert!(!done && text.contains("credentials"), "{args:?}: {text}");
    }
    fs::write(config.join("config.toml"), "target = 'aws'\n").unwrap();
    for args in commands {
        let (done, text) = said(None, args).await;
        assert!(!done && text.contains("credentials"), "{args:?}: {text}");
        assert!(said(Some("local"), args).await.0, "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_playlists_copy_plays_from_wherever_it_is_hosted() {
    let sandbox = Sandbox::start().await;
    let run = sandbox.publish(&clip(Clip::Mp4), &["--name", "copied", "--segment-seconds", "6"]).await;
    let published = run.published();
    let copy = published["playlist_copy"].as_str().unwrap();
    let text = fs::read_to_string(copy).unwrap();
    let links: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(links.len() as u64, published["segments"].as_u64().unwrap());
    let gate = &sandbox.stand_in.endpoint().gate;
    assert!(links.iter().all(|link| link.starts_with(&format!("{gate}/copied/"))), "{text}");
    let elsewhere = sandbox.path("elsewhere.m3u8");
    fs::copy(copy, &elsewhere).unwrap();
    let options = ["-v", "error", "-protocol_whitelist", "file,http,tcp", "-i", elsewhere.to_str().unwrap()];
    let frames =
        |input: &[&str]| tool("ffmpeg", &[input, &["-map", "0:v", "-f", "framemd5", "-"]].concat()).lines().count();
    assert_eq!(frames(&options), frames(&["-v", "error", "-i", &run.playlist()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn serving_on_keeps_the_reel_until_it_is_asked_to_end() {
    let sandbox = Sandbox::start().await;
    let mut command = sandbox.command("state");
    command.args(["publish", "--serve", "--port", "0", "--name", "served", "--data"]).arg(sandbox.path("own"));
    let mut child = command.arg(clip(Clip::Silent)).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut playlist = None;
    while playlist.is_none() {
        let line = lines.next_line().await.unwrap().expect("the playlist's URL is said");
        playlist = line.strip_prefix("playlist: ").map(str::to_owned);
    }
    let playlist = playlist.unwrap();
    assert!(get(&playlist).await.contains("#EXTM3U"));
    tool("kill", &["-INT", &child.id().unwrap().to_string()]);
    assert_eq!(child.wait().await.unwrap().code(), Some(0), "it was published: ending the serving is no failure");
    assert!(client().get(&playlist).send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_reading_stops_nothing() {
    let sandbox = Sandbox::start().await;
    for face in ["--json", "--plain"] {
        let mut command = sandbox.command("state");
        command.args(["publish", face, "--replace", "--name", "unread"]).arg(clip(Clip::Silent));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().await.unwrap().code(), Some(0), "{face}");
    }
    assert!(get(&format!("{}/unread/index.m3u8", sandbox.stand_in.endpoint().gate)).await.contains("#EXTM3U"));
}
