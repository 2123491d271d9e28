//! What goes wrong is said in a sentence with what to do now, and nothing half is left visible.

use std::{fs, path::PathBuf};

use super::sandbox::Sandbox;
use crate::{
    clips::{Clip, clip},
    events,
    stand_in::clients::lambda,
};

/// Functions of reels on this sandbox's stand-in.
async fn functions(sandbox: &Sandbox) -> Vec<String> {
    let answer = lambda(sandbox.stand_in.endpoint()).list_functions().send().await.unwrap();
    let names = answer.functions().iter().map(|function| function.function_name().unwrap().to_owned());
    names.filter(|name| zipreel::model::reel::name::FunctionName::parse(name).is_some()).collect()
}

async fn refuses(sandbox: &Sandbox, video: PathBuf, args: &[&str], words: &[&str]) {
    let run = sandbox.publish(&video, args).await;
    let failed = run.failed();
    let text = format!("{} {} {}", failed["what"], failed["cause"], failed["hint"]).to_lowercase();
    for word in words {
        assert!(text.contains(word), "{video:?}: {word} is not in {text}");
    }
    assert!(failed["hint"].is_string(), "{video:?}: what to do now: {text}");
    assert_eq!(functions(sandbox).await, [""; 0], "{video:?} left something");
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_is_no_video_is_refused_with_a_sentence() {
    let sandbox = Sandbox::start().await;
    let make = |name: &str, content: &[u8]| {
        let path = sandbox.path(name);
        fs::write(&path, content).unwrap();
        path
    };
    refuses(&sandbox, sandbox.path("nowhere.mp4"), &[], &["nowhere.mp4"]).await;
    refuses(&sandbox, sandbox.path("data"), &[], &["folder"]).await;
    refuses(&sandbox, make("empty.mp4", b""), &[], &["empty"]).await;
    refuses(&sandbox, make("text.mp4", b"This is no video.\n".repeat(100).as_slice()), &[], &["text.mp4"]).await;
    refuses(&sandbox, PathBuf::from("/dev/null"), &["--name", "null"], &["/dev/null"]).await;
    let whole = fs::read(clip(Clip::Mp4)).unwrap();
    refuses(&sandbox, make("cut.mp4", &whole[..whole.len() / 2]), &[], &["cut.mp4"]).await;
    let stream = fs::read(clip(Clip::Mkv)).unwrap();
    refuses(&sandbox, make("cut.mkv", &stream[..stream.len() / 2]), &[], &["cut.mkv"]).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_fifo_is_refused_at_once() {
    let sandbox = Sandbox::start().await;
    let path = sandbox.path("pipe.mp4");
    super::sandbox::tool("mkfifo", &[path.to_str().unwrap()]);
    refuses(&sandbox, path, &[], &["pipe.mp4"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_ffmpeg_it_says_how_to_get_it() {
    let sandbox = Sandbox::start().await;
    let mut command = sandbox.command("state");
    command.args(["publish", "--json"]).arg(clip(Clip::Mp4)).env("PATH", sandbox.path("home"));
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("ffmpeg") && text.contains("nstall"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_name_is_refused_and_replaced_when_asked() {
    let sandbox = Sandbox::start().await;
    sandbox.publish(&clip(Clip::Mp4), &["--name", "taken"]).await.published();
    let other = sandbox.publish(&clip(Clip::Silent), &["--name", "taken"]).await;
    let failed = other.failed();
    assert!(failed["what"].as_str().unwrap().contains("taken by another"), "{failed}");
    assert!(failed["hint"].as_str().unwrap().contains("--replace"), "{failed}");
    let old = functions(&sandbox).await;
    let replaced = sandbox.publish(&clip(Clip::Silent), &["--name", "taken", "--replace"]).await;
    let generation = replaced.published()["generation"].as_str().unwrap().to_owned();
    let playlist = super::sandbox::get(&replaced.playlist()).await;
    assert!(playlist.contains(&generation), "{playlist}");
    let now = functions(&sandbox).await;
    assert!(old.iter().all(|name| now.contains(name)), "the old generation is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_ends_a_segment_that_would_outgrow_it_but_not_between_keyframes() {
    let sandbox = Sandbox::start().await;
    let args = ["--name", "large", "--segment-seconds", "30", "--chunk-mib", "1"];
    // no shorter segment would help
    let words = ["from one keyframe to the next", "use --chunk-mib up to 49"];
    refuses(&sandbox, clip(Clip::OneKeyframe), &args, &words).await;
    let run = sandbox.publish(&clip(Clip::Mp4), &args).await;
    run.published();
    let bytes: Vec<u64> = run.events("chunk-packed").map(|line| line["bytes"].as_u64().unwrap()).collect();
    assert!(bytes.iter().all(|bytes| *bytes <= 1 << 20), "{bytes:?}");
    let seconds: Vec<f64> = run.events("segment-closed").map(|line| line["seconds"].as_f64().unwrap()).collect();
    assert!(seconds.len() > 5 && seconds.iter().all(|seconds| *seconds < 7.0), "{seconds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_said_and_another_proposed() {
    let sandbox = Sandbox::start().await;
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let mut command = sandbox.command("state");
    command.args(["local", "--port", &port, "--data"]).arg(sandbox.path("other"));
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&port) && text.contains("--port"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_not_asked_for_this_machine() {
    let sandbox = Sandbox::start().await;
    let mut command = sandbox.command("state");
    command.args(["publish", "--name", "proxy"]).arg(clip(Clip::Silent));
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        // nobody listens on port 1
        command.env(name, "http://127.0.0.1:1");
    }
    for name in ["no_proxy", "NO_PROXY"] {
        command.env_remove(name);
    }
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_ends_with_2() {
    let sandbox = Sandbox::start().await;
    for args in [&["publish"][..], &["publish", "x", "--chunk-mib", "50"], &["publish", "x", "--name", "A b"]] {
        let output = sandbox.command("state").args(args).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
    let output = sandbox.command("state").args(["info", "--json"]).output().await.unwrap();
    let said = events::last(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(said["cause"], "the following required arguments were not provided: <NAME>");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_output_ends_with_the_urls() {
    let sandbox = Sandbox::start().await;
    let mut command = sandbox.command("state");
    command.args(["publish", "--plain", "--yes", "--name", "plain"]).arg(clip(Clip::Mp4));
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [watch, playlist, seek] = lines[lines.len() - 3..] else { panic!("{text}") };
    assert!(watch.starts_with("watch: http://127.0.0.1:") && watch.ends_with("/plain/"), "{watch}");
    assert!(playlist.ends_with("/plain/index.m3u8"), "{playlist}");
    assert!(seek.starts_with("seek: http://") && seek.ends_with("/plain/index.seek.m3u8"), "{seek}");
}
