//! Each fault as a client meets it.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use aws_sdk_lambda::types::State;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use zipreel::local::{Clock, Operation};

use super::{
    by_hand::Signed,
    clients::{Fixture, authority, code, create, get, zip_of},
};

#[tokio::test]
async fn errors_strike_as_often_as_was_asked_for_and_where() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    fixture.set_faults("429@ListFunctions=2x,500@GetAccountSettings=at:2,503@ListTags=1x");
    for _ in 0..2 {
        let error = client.list_functions().send().await.unwrap_err();
        assert_eq!(code(&error), "TooManyRequestsException");
        assert_eq!(error.raw_response().unwrap().headers().get("retry-after"), Some("1"));
    }
    client.list_functions().send().await.unwrap();
    client.get_account_settings().send().await.unwrap();
    assert_eq!(code(&client.get_account_settings().send().await.unwrap_err()), "ServiceException");
    client.get_account_settings().send().await.unwrap();
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:zipreel-gate";
    let error = client.list_tags().resource(arn).send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 503);
    fixture.set_faults("412@UpdateFunctionConfiguration=1x,403=1x");
    let update = || client.update_function_configuration().function_name("zipreel-gate").description("new");
    assert_eq!(code(&update().send().await.unwrap_err()), "PreconditionFailedException");
    fixture.stand_in.faults().clear();
    update().send().await.unwrap();
}

/// Sends a request by hand and says how its connection ended: `Ok` with what was answered.
async fn fate(fixture: &Fixture, request: &Signed) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(authority(&fixture.endpoint().api)).await?;
    stream.write_all(request.head().as_bytes()).await?;
    for piece in request.body.chunks(64 * 1024) {
        stream.write_all(piece).await?;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn cut_connections_are_reset_and_only_the_last_kind_leaves_an_effect() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    let zip = zip_of("0000.ts", &vec![7; 3_000_000]);
    for (fault, has_effect) in
        [("reset-before", false), ("reset-mid", false), ("reset-after", false), ("effect-no-answer", true)]
    {
        fixture.set_faults(&format!("{fault}@CreateFunction=1x"));
        let error = create(&client, "chunk", zip.clone()).send().await.unwrap_err();
        assert!(error.raw_response().is_none(), "{fault}: {error:?}");
        let found = client.get_function().function_name("chunk").send().await;
        assert_eq!(found.is_ok(), has_effect, "{fault}");
    }
    // the answer of a second try tells that the first one worked, and its body is counted as sent in vain
    assert_eq!(fixture.stand_in.counts().repeated_bytes(), 0);
    let again = create(&client, "chunk", zip.clone()).send().await.unwrap_err();
    assert_eq!(code(&again), "ResourceConflictException");
    assert!(fixture.stand_in.counts().repeated_bytes() > 4_000_000);
}

#[tokio::test]
async fn a_cut_in_the_middle_takes_half_the_body() {
    let fixture = Fixture::start_with(|config| config.log_requests = true).await;
    fixture.set_faults("reset-mid=1x");
    let body = vec![b' '; 2_000_000];
    let request = Signed::new(fixture.endpoint(), "POST", "/2015-03-31/functions").body(body);
    let error = fate(&fixture, &request).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
    let log = std::fs::read_to_string(fixture.folder.path().join("requests.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(log.trim()).unwrap();
    assert!((1_000_000..2_000_000).contains(&line["body_bytes"].as_u64().unwrap()) && line["cut"] == true, "{log}");
}

#[tokio::test]
async fn a_client_can_be_held_at_each_moment() {
    let fixture = Fixture::start().await;
    let zip = zip_of("0000.ts", &vec![7; 1_000_000]);
    for (fault, has_effect) in [("stall-before", false), ("stall-mid", false), ("stall-after", false), ("stall", true)]
    {
        fixture.set_faults(&format!("{fault}@CreateFunction=1x"));
        let client = fixture.lambda();
        let call = tokio::spawn(create(&client, "chunk", zip.clone()).send());
        let held = async {
            while fixture.stand_in.faults().stalled() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), held).await.unwrap();
        assert!(!call.is_finished(), "{fault}");
        call.abort();
        let found = client.get_function().function_name("chunk").send().await;
        assert_eq!(found.is_ok(), has_effect, "{fault}");
    }
}

#[tokio::test]
async fn credentials_expire_and_roles_become_assumable() {
    let fixture = Fixture::start_with(|config| config.clock = Clock::stopped()).await;
    let client = fixture.lambda();
    fixture.set_faults("expired-credentials=after:1,role-not-assumable=5s");
    let call = |name: &str| create(&client, name, zip_of("a", b"a")).send();
    let fresh = call("chunk").await.unwrap_err();
    assert!(format!("{fresh:?}").contains("cannot be assumed by Lambda"));
    assert_eq!(code(&call("chunk").await.unwrap_err()), "ExpiredTokenException");
    fixture.set_faults("role-not-assumable=5s");
    assert_eq!(code(&call("chunk").await.unwrap_err()), "InvalidParameterValueException");
    fixture.clock.advance(Duration::from_secs(5));
    call("chunk").await.unwrap();
}

#[tokio::test]
async fn the_account_and_the_clock_can_be_made_wrong() {
    let fixture = Fixture::start_with(|config| config.clock = Clock::stopped()).await;
    // a client of its own each time: the SDK corrects its clock by the server's `Date` after a refusal
    let call = |name: &str| create(&fixture.lambda(), name, zip_of("a", &[7; 2000])).send();
    fixture.set_faults("quota=2KiB");
    assert_eq!(code(&call("chunk").await.unwrap_err()), "CodeStorageExceededException");
    fixture.set_faults("clock-skew=10m");
    assert_eq!(code(&call("chunk").await.unwrap_err()), "InvalidSignatureException");
    fixture.set_faults("pending=1h");
    assert_eq!(call("chunk").await.unwrap().state(), Some(&State::Pending));
    fixture.clock.advance(Duration::from_secs(200));
    let still = fixture.lambda().get_function_configuration().function_name("chunk").send().await.unwrap();
    assert_eq!(still.state(), Some(&State::Pending));
}

#[tokio::test]
async fn latency_and_a_slow_uplink_take_their_time() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    fixture.set_faults("latency=80ms");
    let start = Instant::now();
    client.list_functions().send().await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(80));
    fixture.set_faults("uplink=16mbit");
    let start = Instant::now();
    let call = |name: &str| create(&client, name, zip_of("a", &vec![7; 375_000])).send();
    // 2 × 500 kB of base64 at 2 MB a second, whichever connection they take
    let (one, two) = tokio::join!(call("one"), call("two"));
    assert!(one.is_ok() && two.is_ok());
    assert!(start.elapsed() >= Duration::from_millis(490), "{:?}", start.elapsed());
}

#[tokio::test]
async fn downloads_stall_lie_about_their_size_and_fail() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    let zip = zip_of("0000.ts", &vec![7; 300_000]);
    create(&client, "chunk", zip.clone()).send().await.unwrap();
    let got = client.get_function().function_name("chunk").send().await.unwrap();
    let link = got.code().unwrap().location().unwrap();
    fixture.set_faults("wrong-size=1x,503@Download=at:2");
    let short = get(link, &[("range", "bytes=0-999")]).await;
    assert_eq!((short.status, short.body.len()), (206, 999));
    let busy = get(link, &[]).await;
    assert_eq!(busy.status, 503);
    assert_eq!(get(link, &[]).await.body, zip);
    fixture.set_faults("stall=1x");
    let (host, path) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    let mut half = vec![0; zip.len() / 2];
    stream.read_exact(&mut half).await.unwrap();
    let more = async { while stream.read(&mut half).await.unwrap() > 0 {} };
    // the head is read too, so that at most that much more comes; then nothing, and no end
    assert!(tokio::time::timeout(Duration::from_millis(300), more).await.is_err());
    assert_eq!(fixture.stand_in.counts().calls(Operation::Download), 4);
}

#[tokio::test]
async fn a_proxys_page_has_nothing_of_aws_and_no_effect() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    create(&client, "chunk", zip_of("a", b"a")).send().await.unwrap();
    let got = client.get_function().function_name("chunk").send().await.unwrap();
    let link = got.code().unwrap().location().unwrap();
    fixture.set_faults("page-404@DeleteFunction=1x,page-302@Download=1x,page-403@Gate=1x,page-407@GetFunction=1x");
    let answer = client.delete_function().function_name("chunk").send().await.unwrap_err();
    let raw = answer.raw_response().unwrap();
    assert_eq!((raw.status().as_u16(), raw.headers().get("content-type")), (404, Some("text/html")));
    assert_eq!(raw.headers().get("x-amzn-requestid"), None);
    let refused = client.get_function().function_name("chunk").send().await.unwrap_err();
    assert!(refused.raw_response().unwrap().headers().get("proxy-authenticate").is_some());
    let moved = get(link, &[]).await;
    assert_eq!((moved.status, moved.header("location").is_some()), (302, true));
    let blocked = get(&format!("{}/a/index.m3u8", fixture.endpoint().gate), &[]).await;
    assert_eq!((blocked.status, blocked.header("access-control-allow-origin")), (403, None));
    client.get_function().function_name("chunk").send().await.unwrap();
    fixture.set_faults("page-502=1x");
    let empty = client.list_functions().send().await.unwrap_err();
    assert_eq!(empty.raw_response().unwrap().status().as_u16(), 502);
}
