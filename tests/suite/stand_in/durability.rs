//! What survives: restarts, crashes, and a second process on the same folder.

use std::{fs, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zipreel::{
    local::{self, Config, Joined, Keep, LocalError},
    model::report::fault::Explain,
};

use super::clients::{Fixture, config, create, get, lambda, zip_of};
use crate::publish::sandbox::free_ports;

#[tokio::test]
async fn a_restart_on_the_same_folder_and_port_keeps_functions_keys_and_links() {
    let base = free_ports();
    let mut fixture = Fixture::start_with(|config| config.port = base).await;
    let client = fixture.lambda();
    let zip = zip_of("0000.ts", &[7; 10_000]);
    create(&client, "Chunk", zip.clone()).tags("a", "1").send().await.unwrap();
    create(&client, "chunk", zip_of("0000.ts", b"another")).send().await.unwrap();
    let before = client.get_function().function_name("Chunk").send().await.unwrap();
    let endpoint = fixture.endpoint().clone();
    assert_eq!(endpoint.gate, format!("http://127.0.0.1:{}", base + 1));
    fixture.stand_in.stop().await;
    fixture.stand_in = local::start(Config { port: base, ..config(&fixture.folder) }).await.unwrap();
    assert_eq!(*fixture.endpoint(), endpoint);
    let after = fixture.lambda().get_function().function_name("Chunk").send().await.unwrap();
    assert_eq!(after.configuration().unwrap().revision_id(), before.configuration().unwrap().revision_id());
    assert_eq!(after.tags(), before.tags());
    assert_eq!(get(before.code().unwrap().location().unwrap(), &[]).await.body, zip);
}

#[tokio::test]
async fn stopping_ends_connections_that_hang() {
    let fixture = Fixture::start().await;
    create(&fixture.lambda(), "chunk", zip_of("0000.ts", &vec![7; 300_000])).send().await.unwrap();
    let got = fixture.lambda().get_function().function_name("chunk").send().await.unwrap();
    let link = got.code().unwrap().location().unwrap().to_owned();
    fixture.set_faults("stall=1x");
    let (host, path) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 1000]).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), fixture.stand_in.stop()).await.unwrap();
    local::start(config(&fixture.folder)).await.unwrap();
}

#[tokio::test]
async fn for_measurements_the_hashes_of_large_zips_are_enough() {
    let fixture = Fixture::start_with(|config| config.keep = Keep::Hashes).await;
    let client = fixture.lambda();
    let large = zip_of("0000.ts", &vec![7; 2_000_000]);
    create(&client, "large", large.clone()).send().await.unwrap();
    create(&client, "small", zip_of("0000.ts", b"small")).send().await.unwrap();
    let got = async |name: &str| client.get_function().function_name(name).send().await.unwrap();
    let (kept, dropped) = (got("small").await, got("large").await);
    assert_eq!(dropped.configuration().unwrap().code_size(), large.len() as i64);
    assert_eq!(get(kept.code().unwrap().location().unwrap(), &[]).await.status, 200);
    assert_eq!(get(dropped.code().unwrap().location().unwrap(), &[]).await.status, 404);
    let bytes: u64 = fs::read_dir(fixture.folder.path().join("blobs"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    // the gate's and the relay's packages, and the small one
    assert!(bytes < 200_000, "{bytes}");
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_swept_away() {
    let fixture = Fixture::start().await;
    create(&fixture.lambda(), "chunk", zip_of("0000.ts", b"one")).send().await.unwrap();
    let folder = fixture.folder;
    fixture.stand_in.stop().await;
    let blobs = folder.path().join("blobs");
    fs::write(blobs.join(".part-abc"), b"half a body").unwrap();
    fs::write(blobs.join("0".repeat(64)), b"code without a function").unwrap();
    fs::write(folder.path().join("functions/.part-def"), b"{").unwrap();
    let stand_in = local::start(config(&folder)).await.unwrap();
    let mut left: Vec<_> = fs::read_dir(&blobs).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.retain(|name| name.len() != 64 || *name == *"0".repeat(64));
    assert!(left.is_empty(), "{left:?}");
    let listed = lambda(stand_in.endpoint()).list_functions().send().await.unwrap();
    assert_eq!(listed.functions().len(), 3);
}

#[tokio::test]
async fn a_second_start_on_the_folder_joins_the_first_and_takes_over_when_it_ends() {
    let fixture = Fixture::start().await;
    let joined = local::join_or_start(config(&fixture.folder)).await.unwrap();
    assert!(matches!(&joined, Joined::Running(endpoint) if endpoint == fixture.endpoint()));
    assert!(lambda(joined.endpoint()).list_functions().send().await.is_ok());
    let error = local::start(config(&fixture.folder)).await.unwrap_err();
    assert!(matches!(error, LocalError::Held { .. }), "{error}");
    assert!(error.hint().unwrap().contains(&format!("process {}", std::process::id())));
    fixture.stand_in.stop().await;
    let taken_over = local::join_or_start(config(&fixture.folder)).await.unwrap();
    assert!(matches!(taken_over, Joined::Started(_)));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let error = local::start(Config { port, ..Config::new(folder.path()) }).await.unwrap_err();
    let fault = error.fault();
    assert_eq!(fault.what, format!("could not listen on port {port} for the stand-in"));
    assert!(fault.hint.unwrap().contains("`--port 0`"));
}

#[tokio::test]
async fn a_port_without_room_for_those_after_it_is_refused_and_the_last_that_has_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let others = Some("192.168.1.5".parse().unwrap());
    for (host, port, last) in [(None, 65_532, 65_531), (None, u16::MAX, 65_531), (others, 65_531, 65_530)] {
        let error = local::start(Config { port, host, ..Config::new(folder.path()) }).await.unwrap_err();
        assert!(matches!(error, LocalError::PortRange { .. }), "{error}");
        assert!(error.hint().unwrap().contains(&format!("up to {last} ")), "{error:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_data_folder_is_made_for_its_owner_alone_and_one_that_is_there_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let around = tempfile::tempdir().unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let made = around.path().join("new/stand-in");
    local::start(Config { port: 0, ..Config::new(&made) }).await.unwrap().stop().await;
    let parts = fs::read_dir(&made).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    for path in parts.chain([around.path().join("new"), made.clone()]) {
        assert_eq!(mode(&path), 0o700, "{}", path.display());
    }
    let own = around.path().join("own");
    fs::create_dir(&own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
    local::start(Config { port: 0, ..Config::new(&own) }).await.unwrap().stop().await;
    assert_eq!(mode(&own), 0o755);
}

#[tokio::test]
async fn a_damaged_data_folder_is_named_and_left_as_it_is() {
    let fixture = Fixture::start().await;
    let folder = fixture.folder;
    fixture.stand_in.stop().await;
    let file = folder.path().join("functions/zipreel-gate.json");
    fs::write(&file, b"{ half").unwrap();
    let error = local::start(config(&folder)).await.unwrap_err();
    let fault = error.fault();
    assert!(fault.cause.unwrap().contains("zipreel-gate.json"));
    assert!(fault.hint.unwrap().contains("damaged"));
    assert_eq!(fs::read(&file).unwrap(), b"{ half");
}

#[tokio::test]
async fn the_request_log_tells_of_requests_and_of_no_secret() {
    let fixture = Fixture::start_with(|config| config.log_requests = true).await;
    let client = fixture.lambda();
    create(&client, "chunk", zip_of("0000.ts", &[7; 1000])).send().await.unwrap();
    let got = client.get_function().function_name("chunk").send().await.unwrap();
    get(got.code().unwrap().location().unwrap(), &[]).await;
    assert!(client.get_function().function_name("missing").send().await.is_err());
    let log = fs::read_to_string(fixture.folder.path().join("requests.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> =
        lines.iter().map(|line| (line["operation"].as_str().unwrap(), line["status"].as_u64().unwrap())).collect();
    assert_eq!(told, [("CreateFunction", 201), ("GetFunction", 200), ("Download", 200), ("GetFunction", 404)]);
    assert_eq!(lines[0]["target"], "chunk");
    assert!(lines[0]["body_bytes"].as_u64().unwrap() > 1000);
    assert_eq!(fixture.stand_in.counts().body_bytes("chunk"), lines[0]["body_bytes"].as_u64().unwrap());
    for secret in [fixture.endpoint().secret_key.as_str(), "X-Amz-", "Signature"] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(!format!("{:?}", fixture.endpoint()).contains(&fixture.endpoint().secret_key));
}
