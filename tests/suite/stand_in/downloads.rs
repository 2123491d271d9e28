//! Download links: ranges, methods, their end, and what they never say.

use std::time::Duration;

use super::clients::{Answer, Fixture, create, get, raw, request, zip_of};

async fn link(fixture: &Fixture, name: &str) -> String {
    let got = fixture.lambda().get_function().function_name(name).send().await.unwrap();
    got.code().unwrap().location().unwrap().to_owned()
}

async fn uploaded(fixture: &Fixture) -> (Vec<u8>, String) {
    let content: Vec<u8> = (0..400_000u32).map(|number| number.to_le_bytes()[1]).collect();
    let zip = zip_of("0000.ts", &content);
    create(&fixture.lambda(), "chunk", zip.clone()).send().await.unwrap();
    (zip, link(fixture, "chunk").await)
}

#[tokio::test]
async fn byte_ranges_are_answered_as_s3_does() {
    let fixture = Fixture::start().await;
    let (zip, link) = uploaded(&fixture).await;
    let length = zip.len();
    let parts = [
        ("bytes=0-0", 0..1),
        ("bytes=100-199", 100..200),
        ("bytes=399990-", 399_990..length),
        ("bytes=-10", length - 10..length),
        ("bytes=0-99999999", 0..length),
    ];
    for (range, wanted) in parts {
        let answer = get(&link, &[("range", range)]).await;
        assert_eq!((answer.status, answer.body.as_slice()), (206, &zip[wanted.clone()]), "{range}");
        let content_range = format!("bytes {}-{}/{length}", wanted.start, wanted.end - 1);
        assert_eq!(answer.header("content-range"), Some(content_range.as_str()));
        assert_eq!(answer.header("content-length"), Some(wanted.len().to_string().as_str()));
    }
    for range in ["bytes=0-1,5-6", "bytes=9-1", "lines=1-2", "bytes=x"] {
        let answer = get(&link, &[("range", range)]).await;
        assert_eq!((answer.status, answer.body.len()), (200, length), "{range}");
    }
    let beyond = get(&link, &[("range", "bytes=99999999-")]).await;
    assert!(beyond.status == 416 && beyond.text().contains("<Code>InvalidRange</Code>"));
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{length}").as_str()));
}

fn has_cors(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, _)| name.starts_with("access-control-"))
}

#[tokio::test]
async fn links_are_for_get_alone_and_never_carry_cors() {
    let fixture = Fixture::start().await;
    let (_, link) = uploaded(&fixture).await;
    let origin = ("origin", "http://127.0.0.1:1");
    let whole = get(&link, &[origin]).await;
    assert!(whole.status == 200 && !has_cors(&whole));
    assert_eq!(whole.header("content-type"), Some("application/zip"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert!(whole.header("etag").is_some());
    for method in ["HEAD", "POST", "PUT", "DELETE"] {
        let answer = request(method, &link, &[origin]).await;
        assert!(answer.status == 403 && !has_cors(&answer), "{method}: {}", answer.status);
    }
    let preflight = request("OPTIONS", &link, &[origin, ("access-control-request-method", "GET")]).await;
    assert!(preflight.status == 403 && !has_cors(&preflight));
    assert!(preflight.text().contains("CORS is not enabled for this bucket"));
}

#[tokio::test]
async fn links_end_after_ten_minutes() {
    let fixture = Fixture::start().await;
    let (_, link) = uploaded(&fixture).await;
    fixture.clock.advance(Duration::from_secs(9 * 60 + 55));
    assert_eq!(get(&link, &[]).await.status, 200);
    fixture.clock.advance(Duration::from_secs(6));
    let answer = get(&link, &[("range", "bytes=0-9")]).await;
    assert!(
        answer.status == 403 && answer.text().contains("<Message>Request has expired</Message>"),
        "{}",
        answer.text()
    );
    fixture.clock.rewind(Duration::from_secs(10 * 60 + 1));
    assert_eq!(get(&self::link(&fixture, "chunk").await, &[]).await.status, 200);
}

#[tokio::test]
async fn a_link_can_not_be_bent_to_anything_else() {
    let fixture = Fixture::start().await;
    let (_, link) = uploaded(&fixture).await;
    create(&fixture.lambda(), "other", zip_of("0000.ts", b"other")).send().await.unwrap();
    let bent = [
        link.replace("/chunk-", "/other-"),
        link.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        link.replace("versionId=", "versionId=0"),
        link.replace("/snapshots/", "/snapshots/%2e%2e/"),
        link.replace("/snapshots/", "/snapshots/../"),
        format!("{link}0"),
        format!("{link}&response-content-type=text/html"),
        link.split("&X-Amz-Signature").next().unwrap().to_owned(),
        link.split('?').next().unwrap().to_owned(),
        link.replace("X-Amz-Date=2", "X-Amz-Date=%32"),
        link.replace("X-Amz-Date=20", "X-Amz-Date=%C3%A9"),
    ];
    for url in bent {
        let answer = get(&url, &[]).await;
        assert!(matches!(answer.status, 400 | 403), "{url}: {}", answer.status);
        assert!(!answer.text().contains("X-Amz"), "{}", answer.text());
    }
    // signed for the host it names
    let (address, path) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let other = address.replace("127.0.0.1", "localhost");
    let asked = format!("GET /{path} HTTP/1.1\r\nhost: {other}\r\nconnection: close\r\n\r\n");
    assert_eq!(raw(&format!("http://{address}"), asked.as_bytes()).await.status, 403);
}

#[tokio::test]
async fn a_link_is_for_one_version_of_the_code() {
    let fixture = Fixture::start().await;
    let (_, link) = uploaded(&fixture).await;
    let blob = aws_sdk_lambda::primitives::Blob::new(zip_of("0000.ts", b"new"));
    fixture.lambda().update_function_code().function_name("chunk").zip_file(blob).send().await.unwrap();
    assert_eq!(get(&link, &[]).await.status, 404);
    assert_eq!(get(&self::link(&fixture, "chunk").await, &[]).await.status, 200);
}
