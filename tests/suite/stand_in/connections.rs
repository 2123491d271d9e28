//! Connections that wait, or send slowly: they end after a while, make room for others, and never stop the stand-in.
//! What is under way stays.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
};
use zipreel::local::{Operation, Seating};

use super::{
    by_hand::Signed,
    clients::{Fixture, ROLE, authority, create, lambda, read_answer, serve, zip_of},
};
use crate::split::until;

/// No limit comes before its test has ended.
const EVER: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(200);

async fn seats(connections: usize, head: Duration, idle: Duration) -> Fixture {
    Fixture::start_with(|config| config.seating = Seating { connections, head, idle }).await
}

async fn connect(origin: &str) -> TcpStream {
    TcpStream::connect(authority(origin)).await.unwrap()
}

/// Waits for the end of a connection by which no answer comes.
async fn ended(stream: &mut TcpStream) {
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut [0])).await.expect("it ends");
    // in order: no reset
    assert_eq!(read.unwrap(), 0);
}

fn is_open(stream: &TcpStream) -> bool {
    stream.try_read(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn who_has_waited_longest_and_asked_nothing_makes_room_for_who_comes() {
    let fixture = seats(4, EVER, EVER).await;
    let endpoint = fixture.endpoint();
    let mut waiting = Vec::new();
    for number in 0..7 {
        let mut stream = connect(&endpoint.api).await;
        if number % 2 == 1 {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: ").await.unwrap();
        }
        waiting.push(stream);
    }
    // who has begun to ask stays as long as there are others
    for place in [0, 2, 4] {
        ended(&mut waiting[place]).await;
    }
    assert!([1, 3, 5, 6].iter().all(|place| is_open(&waiting[*place])));
    // the three ports have the seats together
    for origin in [&endpoint.gate, &endpoint.relay].into_iter().cycle().take(6) {
        waiting.push(connect(origin).await);
    }
    fixture.lambda().list_functions().send().await.unwrap();
    until("no more than the seats are taken", || waiting.iter().filter(|stream| is_open(stream)).count() <= 4).await;
}

#[tokio::test]
async fn what_is_under_way_keeps_its_connection() {
    let fixture = seats(4, SHORT, SHORT).await;
    let endpoint = fixture.endpoint();
    let zip = zip_of("0000.ts", &vec![7; 8 << 20]);
    create(&fixture.lambda(), "chunk", zip.clone()).send().await.unwrap();
    let link = fixture.lambda().get_function().function_name("chunk").send().await.unwrap();
    let link = link.code().unwrap().location().unwrap().to_owned();
    // an answer that is not taken, a call that is held, an upload that stands still
    let (host, path) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut download = connect(&endpoint.api).await;
    let head = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    download.write_all(head.as_bytes()).await.unwrap();
    fixture.set_faults("pause-after@ListFunctions=at:1");
    let client = fixture.lambda();
    let held = tokio::spawn(async move { client.list_functions().send().await });
    until("it is held", || fixture.stand_in.faults().paused() > 0).await;
    let body = format!(
        r#"{{"Role":"{ROLE}","Runtime":"provided.al2023","Handler":"none","FunctionName":"slow","Code":{{"ZipFile":"{}"}}}}"#,
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, zip_of("0000.ts", b"slow")),
    );
    let upload = Signed::new(endpoint, "POST", "/2015-03-31/functions").body(body);
    let (first, second) = upload.body.split_at(upload.body.len() / 2);
    let mut stream = connect(&endpoint.api).await;
    stream.write_all(&[upload.head().as_bytes(), first].concat()).await.unwrap();
    // all of them come after one another to the one seat that is left; the last waits for longer than it may
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(connect(&endpoint.gate).await);
    }
    for other in &mut others {
        ended(other).await;
    }
    fixture.lambda().get_account_settings().send().await.unwrap();
    fixture.stand_in.faults().release();
    held.await.unwrap().unwrap();
    stream.write_all(second).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.status, 201);
    assert_eq!(read_answer(&mut download).await.body, zip);
    assert_eq!(fixture.stand_in.counts().calls(Operation::CreateFunction), 2);
}

#[tokio::test]
async fn who_sends_no_head_in_time_is_not_waited_for() {
    let fixture = seats(64, SHORT, EVER).await;
    let mut slow = connect(&fixture.endpoint().gate).await;
    slow.write_all(b"GET /clip/ HTTP/1.1\r\nhost: ").await.unwrap();
    let silent = connect(&fixture.endpoint().gate).await;
    ended(&mut slow).await;
    assert!(is_open(&silent), "it may wait longer with its first byte");

    let fixture = seats(64, EVER, SHORT).await;
    let gate = &fixture.endpoint().gate;
    let mut silent = connect(gate).await;
    let mut kept = connect(gate).await;
    let head = format!("GET /clip/ HTTP/1.1\r\nhost: {}\r\n\r\n", authority(gate));
    kept.write_all(head.as_bytes()).await.unwrap();
    let mut slow = connect(gate).await;
    slow.write_all(b"GET /clip/ HTTP/1.1\r\nhost: ").await.unwrap();
    // after its answer it waits again
    assert_eq!(read_to_end(&mut kept).await[..12], *b"HTTP/1.1 404");
    ended(&mut silent).await;
    assert!(is_open(&slow), "a head that was begun has a limit of its own");
}

async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut read)).await.expect("it ends").unwrap();
    read
}

/// As on a machine that lets a process have few descriptors.
#[cfg(unix)]
#[tokio::test]
async fn more_idle_connections_than_descriptors_do_not_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 128; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_zipreel")]);
    let (_child, endpoint) = serve(command, folder.path()).await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(connect(&endpoint.api).await);
    }
    let client = lambda(&endpoint);
    let listed = tokio::time::timeout(Duration::from_secs(60), client.list_functions().send()).await;
    listed.expect("it answers").unwrap();
    drop(idle);
}
