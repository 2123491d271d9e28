//! Who may call: signatures, their age, and the Host they were made for.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use zipreel::local::{Clock, Operation};

use super::{
    by_hand::Signed,
    clients::{Answer, Fixture, ROLE, authority, lambda, raw, read_answer, zip_of},
};

const LIST: &str = "/2015-03-31/functions/";

fn create_body(name: &str) -> Vec<u8> {
    let zip = STANDARD.encode(zip_of("0000.ts", &[7; 5000]));
    let body = json!({
        "Code": { "ZipFile": zip }, "FunctionName": name, "Role": ROLE, "Runtime": "provided.al2023", "Handler": "none",
    });
    body.to_string().into_bytes()
}

async fn send(fixture: &Fixture, request: &Signed) -> Answer {
    raw(&fixture.endpoint().api, &request.bytes()).await
}

fn refusal(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.header("x-amzn-errortype").unwrap_or_default())
}

#[tokio::test]
async fn a_well_signed_request_is_answered_by_hand_too() {
    let fixture = Fixture::start().await;
    let answer = send(&fixture, &Signed::new(fixture.endpoint(), "GET", LIST)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let create = Signed::new(fixture.endpoint(), "POST", "/2015-03-31/functions").body(create_body("by-hand"));
    assert_eq!(send(&fixture, &create).await.status, 201);
    let mut tags = Signed::new(
        fixture.endpoint(),
        "DELETE",
        "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Aby-hand",
    );
    tags.query = "tagKeys=a%20b&tagKeys=c".to_owned();
    assert_eq!(send(&fixture, &tags).await.status, 204);
}

#[tokio::test]
async fn wrong_keys_are_refused_with_awss_codes() {
    let fixture = Fixture::start().await;
    let request = || Signed::new(fixture.endpoint(), "GET", LIST);
    let wrong_secret = Signed { secret_key: "another".into(), ..request() };
    assert_eq!(refusal(&send(&fixture, &wrong_secret).await), (403, "InvalidSignatureException"));
    let unknown_key = Signed { access_key: "AKIDEXAMPLE".into(), ..request() };
    assert_eq!(refusal(&send(&fixture, &unknown_key).await), (403, "UnrecognizedClientException"));
    let token = Signed { headers: vec![("x-amz-security-token".into(), "token".into())], ..request() };
    assert_eq!(refusal(&send(&fixture, &token).await), (403, "UnrecognizedClientException"));
    let other_service = Signed { service: "s3", ..request() };
    assert_eq!(refusal(&send(&fixture, &other_service).await), (403, "InvalidSignatureException"));
    let host = authority(&fixture.endpoint().api);
    let unsigned = format!("GET {LIST} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let answer = raw(&fixture.endpoint().api, unsigned.as_bytes()).await;
    assert_eq!(refusal(&answer), (403, "MissingAuthenticationTokenException"));
    let partial = request().head().replace("SignedHeaders=host;x-amz-date", "SignedHeaders=host");
    assert_eq!(refusal(&raw(&fixture.endpoint().api, partial.as_bytes()).await), (400, "IncompleteSignatureException"));
}

#[tokio::test]
async fn what_was_changed_after_signing_is_refused() {
    let fixture = Fixture::start().await;
    let request = Signed::new(fixture.endpoint(), "POST", "/2015-03-31/functions").body(create_body("tampered"));
    let bytes = request.bytes();
    let mut body = bytes.clone();
    let at = body.len() - 20;
    body[at] ^= 1;
    let path = String::from_utf8(bytes.clone()).unwrap().replacen("/functions HTTP", "/functions/ HTTP", 1);
    let query = String::from_utf8(bytes.clone()).unwrap().replacen("/functions HTTP", "/functions?a=b HTTP", 1);
    for tampered in [body, path.into_bytes(), query.into_bytes()] {
        let answer = raw(&fixture.endpoint().api, &tampered).await;
        assert_eq!(refusal(&answer), (403, "InvalidSignatureException"), "{}", answer.text());
    }
    let announced = Signed {
        headers: vec![("x-amz-content-sha256".into(), "0".repeat(64))],
        ..Signed::new(fixture.endpoint(), "GET", LIST)
    };
    assert_eq!(refusal(&send(&fixture, &announced).await), (403, "InvalidSignatureException"));
    assert_eq!(fixture.stand_in.counts().answers(Operation::CreateFunction, 201), 0);
    assert_eq!(raw(&fixture.endpoint().api, &bytes).await.status, 201);
}

#[tokio::test]
async fn signatures_more_than_five_minutes_off_are_refused() {
    let fixture = Fixture::start_with(|config| config.clock = Clock::stopped()).await;
    let at = |seconds: i64| Signed {
        at: fixture.clock.now() + time::Duration::seconds(seconds),
        ..Signed::new(fixture.endpoint(), "GET", LIST)
    };
    for (seconds, status) in [(-310, 403), (-290, 200), (290, 200), (310, 403)] {
        let answer = send(&fixture, &at(seconds)).await;
        assert_eq!(answer.status, status, "{seconds}: {}", answer.text());
    }
    let stale = send(&fixture, &at(-600)).await;
    assert_eq!(refusal(&stale), (403, "InvalidSignatureException"));
    assert!(stale.text().contains("Signature expired"), "{}", stale.text());
    assert!(send(&fixture, &at(600)).await.text().contains("Signature not yet current"));
}

#[tokio::test]
async fn a_signature_that_grows_old_during_the_body_is_refused_at_its_end() {
    let fixture = Fixture::start_with(|config| config.clock = Clock::stopped()).await;
    let request = Signed {
        at: fixture.clock.now(),
        ..Signed::new(fixture.endpoint(), "POST", "/2015-03-31/functions").body(create_body("slow"))
    };
    let mut stream = TcpStream::connect(authority(&fixture.endpoint().api)).await.unwrap();
    let bytes = request.bytes();
    let (start, end) = bytes.split_at(bytes.len() - 100);
    stream.write_all(start).await.unwrap();
    stream.flush().await.unwrap();
    fixture.clock.advance(Duration::from_secs(301));
    stream.write_all(end).await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert_eq!(refusal(&answer), (403, "InvalidSignatureException"));
    assert!(answer.text().contains("Signature expired"));
    assert!(fixture.lambda().get_function().function_name("slow").send().await.is_err());
}

#[tokio::test]
async fn query_services_answer_in_their_own_way() {
    let fixture = Fixture::start().await;
    let call = Signed { service: "sts", ..Signed::new(fixture.endpoint(), "POST", "/") }
        .body("Action=GetCallerIdentity&Version=2011-06-15");
    let answer = send(&fixture, &call).await;
    assert!(answer.status == 200 && answer.text().contains("<Account>123456789012</Account>"), "{}", answer.text());
    let wrong = Signed { secret_key: "another".into(), ..call };
    let answer = send(&fixture, &wrong).await;
    assert!(answer.status == 403 && answer.text().contains("<Code>SignatureDoesNotMatch</Code>"), "{}", answer.text());
}

#[tokio::test]
async fn a_name_of_its_own_is_used_in_urls_and_answered_to() {
    let fixture = Fixture::start_with(|config| config.names = vec!["stand-in.test".into()]).await;
    let host = authority(&fixture.endpoint().gate);
    let (name, port) = host.split_once(':').unwrap();
    assert_eq!(name, "stand-in.test");
    let request = format!("GET /clip HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    assert_eq!(raw(&format!("http://127.0.0.1:{port}"), request.as_bytes()).await.status, 301);
}

#[tokio::test]
async fn a_foreign_host_is_refused_on_every_port() {
    let fixture = Fixture::start().await;
    let endpoint = fixture.endpoint().clone();
    for origin in [&endpoint.api, &endpoint.gate, &endpoint.relay] {
        let (_, port) = authority(origin).split_once(':').unwrap();
        for host in
            ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "127.0.0.1:1", "", "127.0.0.1.nip.io"]
        {
            let answer =
                raw(origin, format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").as_bytes()).await;
            assert!(matches!(answer.status, 400 | 421), "{host}: {}", answer.status);
        }
        for host in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"] {
            let request = format!("GET / HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
            assert!(!matches!(raw(origin, request.as_bytes()).await.status, 400 | 421), "{host}");
        }
    }
    let twice =
        format!("GET / HTTP/1.1\r\nhost: {0}\r\nhost: {0}\r\nconnection: close\r\n\r\n", authority(&endpoint.gate));
    assert!(matches!(raw(&endpoint.gate, twice.as_bytes()).await.status, 400 | 421));
    let signed = Signed { host: "evil.example".into(), ..Signed::new(&endpoint, "GET", LIST) };
    assert_eq!(send(&fixture, &signed).await.status, 421);
    assert!(lambda(&endpoint).list_functions().send().await.is_ok());
}
