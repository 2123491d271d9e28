//! The stand-in as a process of its own, under bodies and downloads of nearly 50 MiB at once: its memory must not grow
//! with them.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    process::{Child, Command},
};

use super::{
    by_hand::Signed,
    clients::{ROLE, authority, lambda, read_answer, serve, zip_of},
};

const CONTENT_BYTES: usize = 49 << 20;
const AT_ONCE: usize = 4;
const PEAK_KIB: u64 = 80 * 1024;

/// Most memory that the process ever had resident.
fn peak_kib(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_uploads_and_four_downloads_of_49_mib_at_once_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (child, endpoint) = serve(Command::new(env!("CARGO_BIN_EXE_zipreel")), folder.path()).await;
    let before = peak_kib(&child);
    let zip = zip_of("0000.ts", &vec![7; CONTENT_BYTES]);
    let start = format!(
        r#"{{"Role":"{ROLE}","Runtime":"provided.al2023","Handler":"none","FunctionName":"large","Code":{{"ZipFile":""#
    );
    let body = format!("{start}{}\"}}}}", STANDARD.encode(&zip));
    let request = Signed::new(&endpoint, "POST", "/2015-03-31/functions").body(body);
    let head = request.head();
    let send = async || {
        let mut stream = TcpStream::connect(authority(&endpoint.api)).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&request.body).await.unwrap();
        read_answer(&mut stream).await.status
    };
    let mut answers = futures_util::future::join_all((0..AT_ONCE).map(|_| send())).await;
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409, 409]);
    let got = lambda(&endpoint).get_function().function_name("large").send().await.unwrap();
    let link = got.code().unwrap().location().unwrap();
    let download = async || super::clients::get(link, &[]).await.body == zip;
    let whole = futures_util::future::join_all((0..AT_ONCE).map(|_| download())).await;
    assert_eq!(whole, [true; AT_ONCE]);
    let peak = peak_kib(&child);
    assert!(peak < PEAK_KIB, "{peak} KiB, at rest {before}");
}
