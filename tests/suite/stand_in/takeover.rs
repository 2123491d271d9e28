//! A stand-in that is needed on when the process that serves it ends: one of those who joined goes on serving it.

use std::{fs, net::TcpStream, path::Path, process::Stdio};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};
use zipreel::{
    local::{self, Config, Endpoint, LocalError, StandIn},
    model::report::fault::Explain,
};

use super::clients::{authority, config, lambda};
use crate::{
    clips::{Clip, clip},
    publish::sandbox::{Reel, Run, command_in, free_ports, get_range, start_again, tool},
    split::until,
};

/// Whether it answers to its keys.
async fn answers(endpoint: &Endpoint) -> bool {
    lambda(endpoint).list_functions().send().await.is_ok()
}

/// A process of its own that serves the data folder, once it says where. Not at ports that the system gives to
/// others: they are free for a moment when it ends.
async fn serve(folder: &Path) -> Child {
    loop {
        let mut command = command_in(folder, "state");
        command.args(["local", "--port", &free_ports().to_string()]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
        let first = lines.next_line().await.unwrap().expect("it says where it serves");
        if first.starts_with("stand-in: http://") {
            return child;
        }
        assert!(first.contains("could not listen on port"), "{first}");
    }
}

/// The same within this process.
async fn start(folder: &TempDir) -> StandIn {
    start_again(Config { port: free_ports(), ..config(folder) }).await
}

/// One process serves a reel and ends by this signal, and another has joined.
async fn taken_over_after(signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut process = serve(folder.path()).await;
    let args = ["--name", "kept", "--segment-seconds", "1"];
    let run = Run::of(command_in(folder.path(), "state"), &clip(Clip::Tiny), &args).await;
    let before = Reel::of(&run).await;
    let (link, offset, length) = before.ranges().remove(1);
    let bytes = get_range(&link, offset, length).await;
    let data = Config { port: 0, ..Config::new(folder.path().join("data")) };
    let kept = local::keep(data.clone()).await.unwrap();
    let client = lambda(kept.endpoint());
    assert!(!kept.is_ours() && client.list_functions().send().await.is_ok());
    tool("kill", &["-s", signal, &process.id().unwrap().to_string()]);
    process.wait().await.unwrap();
    until("the one who joined serves", || kept.is_ours()).await;
    // of the addresses and keys of before
    assert!(client.list_functions().send().await.is_ok());
    let after = Reel::of(&run).await;
    assert_eq!((after.multivariant, after.media), (before.multivariant, before.media));
    assert_eq!(get_range(&link, offset, length).await, bytes);
    let joined = local::keep(data.clone()).await.unwrap();
    assert_eq!(joined.endpoint(), kept.endpoint(), "it is found there by those who come later");
    joined.stop().await;
    kept.stop().await;
    let again = local::keep(data).await.unwrap();
    assert!(again.is_ours(), "the folder is free");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn who_joined_goes_on_serving_at_the_same_addresses_when_the_process_ends() {
    taken_over_after("INT").await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn who_joined_goes_on_serving_when_the_process_is_killed() {
    taken_over_after("KILL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_who_joined_one_takes_over_and_the_others_wait_for_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = start(&folder).await;
    let (one, other, third) =
        tokio::join!(local::keep(config(&folder)), local::keep(config(&folder)), local::keep(config(&folder)));
    let (one, other, third) = (one.unwrap(), other.unwrap(), third.unwrap());
    let endpoint = one.endpoint().clone();
    assert_eq!((&endpoint, &endpoint), (other.endpoint(), third.endpoint()));
    third.stop().await;
    assert!(answers(&endpoint).await, "who had only joined ends nothing");
    stand_in.stop().await;
    until("one of the two serves", || one.is_ours() || other.is_ours()).await;
    let (owner, waiting) = if one.is_ours() { (one, other) } else { (other, one) };
    assert!(answers(&endpoint).await);
    assert!(!waiting.is_ours() && waiting.error().is_none());
    // in an orderly way the first time, at once the second time
    owner.stop().await;
    until("the other serves", || waiting.is_ours()).await;
    assert!(answers(&endpoint).await);
    let last = local::keep(config(&folder)).await.unwrap();
    drop(waiting);
    until("the last serves", || last.is_ours()).await;
    assert!(answers(&endpoint).await);
    drop(last);
    until("nobody serves", || TcpStream::connect(authority(&endpoint.api)).is_err()).await;
}

/// It listens elsewhere than the first, so that the port can be taken there beforehand.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_another_program_uses_is_said_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = start(&folder).await;
    let elsewhere = Config { listen: [127, 0, 0, 2].into(), ..config(&folder) };
    let gate = stand_in.endpoint().gate.clone();
    let port = gate.rsplit_once(':').unwrap().1;
    let used = std::net::TcpListener::bind(format!("127.0.0.2:{port}")).unwrap();
    let kept = local::keep(elsewhere).await.unwrap();
    stand_in.stop().await;
    until("it is said", || kept.error().is_some()).await;
    let fault = kept.error().unwrap().fault();
    assert_eq!(
        fault.what,
        format!("could not take over the stand-in, whose process has ended: port {port} is not free")
    );
    assert!(fault.hint.unwrap().contains(&format!("End the program that uses port {port}")));
    assert!(!kept.is_ours());
    drop(used);
    until("it serves", || kept.is_ours()).await;
    assert!(kept.error().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stand_in_that_is_served_at_other_addresses_now_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = start(&folder).await;
    let kept = local::keep(config(&folder)).await.unwrap();
    // what another process writes that was faster
    let note = folder.path().join("running.json");
    let (before, gate) = (fs::read_to_string(&note).unwrap(), stand_in.endpoint().gate.clone());
    fs::write(&note, before.replace(&gate, "http://127.0.0.1:1")).unwrap();
    until("it is said", || kept.error().is_some()).await;
    assert!(matches!(&*kept.error().unwrap(), LocalError::Moved { .. }), "{kept:?}");
    fs::write(&note, before).unwrap();
    until("it is over", || kept.error().is_none()).await;
    assert!(!kept.is_ours());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_is_removed_is_said_and_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = start(&folder).await;
    let kept = local::keep(config(&folder)).await.unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    until("it is said", || kept.error().is_some()).await;
    assert!(matches!(&*kept.error().unwrap(), LocalError::Data { .. }), "{kept:?}");
    stand_in.stop().await;
    kept.stop().await;
    assert!(!folder.path().exists());
}
