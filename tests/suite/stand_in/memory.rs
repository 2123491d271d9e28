//! The stand-in as a process of its own, under bodies and downloads of nearly 50 MiB at once: its memory must not grow
//! with them.

use std::{fs, path::Path, process::Stdio, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    process::{Child, Command},
};
use zipreel::local::Endpoint;

use super::{
    by_hand::Signed,
    clients::{ROLE, authority, lambda, read_answer, zip_of},
};

const CONTENT_BYTES: usize = 49 << 20;
const AT_ONCE: usize = 4;
const PEAK_KIB: u64 = 80 * 1024;

/// `zipreel local` over a folder, on any ports.
async fn serve(folder: &Path) -> (Child, Endpoint) {
    let child = Command::new(env!("CARGO_BIN_EXE_zipreel"))
        .args(["local", "--port", "0", "--data"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    // written once it listens
    let note = folder.join("running.json");
    let listening = async {
        while !note.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), listening).await.unwrap();
    let note: serde_json::Value = serde_json::from_slice(&fs::read(note).unwrap()).unwrap();
    let keys: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("keys.json")).unwrap()).unwrap();
    let text = |name: &str| keys["caller"][name].as_str().unwrap().to_owned();
    let endpoint = Endpoint {
        api: note["api"].as_str().unwrap().to_owned(),
        gate: String::new(),
        relay: String::new(),
        access_key: text("id"),
        secret_key: text("secret"),
        account: String::new(),
    };
    (child, endpoint)
}

/// Most memory that the process ever had resident.
fn peak_kib(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_uploads_and_four_downloads_of_49_mib_at_once_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (child, endpoint) = serve(folder.path()).await;
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
