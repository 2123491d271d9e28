//! Other machines may watch where that was asked for, and nothing else. A second address of loopback, which only Linux
//! has, stands for the one in the network.

use std::{io::ErrorKind, net::TcpStream};

use zipreel::{
    local::{self, Config, Endpoint},
    model::reel::order::{Folders, Place, Target},
    use_cases::{Engine, Follow, Machine, Overrides, reels::list},
};

use super::clients::{authority, get, lambda, raw};
use crate::{
    clips::{Clip, clip},
    publish::sandbox::{Reel, Sandbox, client_that_stays, free_ports, get_range, tool},
    split::until,
};

const THERE: &str = "127.0.0.2";

fn port(origin: &str) -> u16 {
    origin.rsplit_once(':').unwrap().1.parse().unwrap()
}

#[track_caller]
fn is_closed(port: u16) {
    let error = TcpStream::connect((THERE, port)).expect_err("nobody listens there");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_opened_is_watched_from_there_and_the_api_refuses() {
    let sandbox = Sandbox::start_with(|config| config.host = Some(THERE.parse().unwrap())).await;
    let Endpoint { api, gate, relay, .. } = sandbox.stand_in.endpoint().clone();
    assert!(api.starts_with("http://127.0.0.1:"), "{api}");
    let run = sandbox.publish(&clip(Clip::Mp4), &["--name", "m"]).await;
    let playlist = run.playlist();
    assert_eq!(playlist, format!("http://{THERE}:{}/m/index.m3u8", port(&gate)), "links name the machine's address");
    tool("ffmpeg", &["-v", "error", "-i", &playlist, "-f", "null", "-"]);
    let (chunk, offset, length) = Reel::of(&run).await.ranges().remove(0);
    get_range(&chunk, offset, length).await;
    let redirect = client_that_stays().get(&chunk).send().await.unwrap();
    let link = redirect.headers()["location"].to_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("http://{THERE}:")), "the download too");
    let page = get(&format!("{gate}/m/"), &[]).await;
    assert!(page.status == 200 && page.text().contains(&relay), "the page plays by the relay there");
    let here = playlist.replace(THERE, "127.0.0.1");
    assert_eq!(get(&here, &[]).await.status, 200, "on this computer it is where it was");

    is_closed(port(&api));
    // what is there takes no call, not even one that is signed
    let downloads = format!("http://{}", authority(&link).split('/').next().unwrap());
    for open in [&gate, &relay, &downloads] {
        let there = Endpoint { api: open.clone(), ..sandbox.stand_in.endpoint().clone() };
        lambda(&there).list_functions().send().await.expect_err("it is not the API");
        let wrong = lambda(&there).delete_function().function_name("zipreel-m-index").send().await;
        wrong.expect_err("nothing can be deleted");
    }
    let stranger =
        raw(&downloads, b"GET /awslambda-x HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n").await;
    assert_eq!(stranger.status, 421, "nor does it answer to other names");
    lambda(sandbox.stand_in.endpoint()).list_functions().send().await.expect("on loopback it answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_on_with_it_opens_nothing_that_another_process_was_told_to() {
    let sandbox = Sandbox::start_with(|config| {
        config.port = free_ports();
        config.host = Some(THERE.parse().unwrap());
    })
    .await;
    let Endpoint { gate, .. } = sandbox.stand_in.endpoint().clone();
    let kept = local::keep(Config { port: 0, ..Config::new(sandbox.path("data")) }).await.unwrap();
    assert_eq!(kept.endpoint(), sandbox.stand_in.endpoint());
    drop(sandbox.stand_in);
    until("the one who joined serves", || kept.is_ours()).await;
    is_closed(port(&gate));
    lambda(kept.endpoint()).list_functions().send().await.expect("on loopback it goes on");
    kept.stop().await;
}

#[tokio::test]
async fn nothing_is_open_that_was_not_asked_for() {
    let sandbox = Sandbox::start().await;
    let Endpoint { api, gate, relay, front, .. } = sandbox.stand_in.endpoint();
    for origin in [api, gate, relay, front] {
        is_closed(port(origin));
    }
}

#[tokio::test]
async fn what_will_be_open_is_said_first_and_an_address_of_another_machine_is_refused() {
    let sandbox = Sandbox::start().await;
    let run = async |host: &str| {
        let mut command = sandbox.command("state");
        command.env("ZIPREEL_DATA", sandbox.path("other")).args(["local", "--port", "0", "--host", host]);
        let output = command.output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run("203.0.113.7").await;
    assert_eq!(code, Some(1), "{said}");
    let place = |words: &str| said.find(words).unwrap_or_else(|| panic!("{words}: {said}"));
    assert!(place("opening five free ports of 203.0.113.7") < place("could not listen at 203.0.113.7"));
    place("this computer alone publishes and deletes");
    for all in ["0.0.0.0", "::", "224.0.0.1", "127.0.0.1", "x"] {
        let (code, said) = run(all).await;
        assert!(code == Some(2) && said.contains("not an address that other machines reach"), "{said}");
    }
}

/// The engine that publishes and that the wizard works with.
#[tokio::test(flavor = "multi_thread")]
async fn a_stand_in_that_work_starts_is_opened_where_that_was_asked_for_and_one_that_runs_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| folder.path().join(name);
    let port = free_ports();
    let engine = |host: Option<&str>| {
        Engine::new(Machine {
            folders: Folders { state: below("state"), work: below("work"), backlog_bytes: 1 << 30 },
            data: below("data"),
            port,
            host: host.map(|host| host.parse().unwrap()),
            faults: None,
            overrides: Overrides::default(),
        })
    };
    let here = Place { target: Target::Local, region: None };
    let signs_in = async |engine: &Engine| list::list(engine, &here, &Follow::default(), |_| ()).await;
    let open = engine(Some(THERE));
    signs_in(&open).await.unwrap();
    is_closed(port);
    assert_eq!(get(&format!("http://{THERE}:{}/none/", port + 1), &[]).await.status, 404, "the gate answers there");
    let beside = engine(Some(THERE));
    signs_in(&beside).await.expect("what runs is open there");
    beside.close().await;
    open.close().await;

    let closed = engine(None);
    signs_in(&closed).await.unwrap();
    is_closed(port + 1);
    let late = engine(Some(THERE));
    let refused = format!("{:?}", signs_in(&late).await.unwrap_err());
    assert!(refused.contains("another zipreel serves it already"), "{refused}");
    is_closed(port + 1);
    late.close().await;
    closed.close().await;
}

#[tokio::test]
async fn publishing_and_the_wizard_open_the_stand_in_and_nothing_of_aws() {
    let sandbox = Sandbox::start().await;
    let video = clip(Clip::Mp4);
    let run = async |words: &[&str]| {
        let mut command = sandbox.command("state");
        command.env("ZIPREEL_DATA", sandbox.path("other")).env("ZIPREEL_PORT", "0").args(words).arg(&video);
        let output = command.output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for words in [&["publish", "--host", "--target", "aws"][..], &["--host", "--target", "aws"]] {
        let (code, said) = run(words).await;
        assert!(code == Some(1) && said.contains("the target is AWS"), "{said}");
        assert!(said.contains("--target local"), "what to do: {said}");
    }
    let (code, said) = run(&["publish", "--host=203.0.113.7"]).await;
    assert_eq!(code, Some(1), "{said}");
    let place = |words: &str| said.find(words).unwrap_or_else(|| panic!("{words}: {said}"));
    assert!(place("opening five free ports of 203.0.113.7") < place("could not listen at 203.0.113.7"));
}
