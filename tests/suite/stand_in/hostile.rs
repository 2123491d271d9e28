//! Requests that try to leave their place: nothing outside a reel's own names is ever reached, and nothing of a request
//! comes back in a header.

use super::clients::{Answer, Fixture, create, raw, zip_of};

async fn line(origin: &str, target: &[u8]) -> Answer {
    let host = super::clients::authority(origin);
    let end = format!(" HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    raw(origin, &[b"GET ", target, end.as_bytes()].concat()).await
}

#[tokio::test]
async fn no_path_leaves_the_gate_or_the_relay() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    // functions of the same account that are no reels'
    create(&client, "zipreel-secret", zip_of("index.m3u8", b"secret")).send().await.unwrap();
    create(&client, "secret", zip_of("index.m3u8", b"secret")).send().await.unwrap();
    let endpoint = fixture.endpoint();
    let long = format!("/{}/", "a".repeat(40_000));
    let paths: [&[u8]; 26] = [
        b"/secret/",
        b"/../secret/",
        b"/..%2fsecret/",
        b"/%2e%2e/secret/",
        b"/%252e%252e/secret/",
        b"/clip/../../keys.json",
        b"/clip/%2e%2e/%2e%2e/keys.json",
        b"/clip/..%2f..%2fkeys.json",
        b"/clip/..%5c..%5ckeys.json",
        b"/clip/%2fetc%2fpasswd",
        b"//etc/passwd",
        b"/clip//etc/passwd",
        b"/clip/%00",
        b"/clip%00.m3u8",
        b"/clip/index.json",
        b"/clip/01234567/../index.m3u8",
        b"/clip/01234567/src/0001.ts/..",
        b"/clip/01234567/src/%30001.ts",
        b"/clip/01234567/src/9999999.ts",
        b"/clip/01234567/src/-1.ts",
        b"/gate",
        b"/-gate/",
        b"/zipreel-gate",
        b"/.",
        b"/?reel=secret",
        long.as_bytes(),
    ];
    for origin in [&endpoint.gate, &endpoint.relay] {
        for path in paths {
            let answer = line(origin, path).await;
            let shown = String::from_utf8_lossy(&path[..path.len().min(60)]).into_owned();
            // a bare name is a redirect to itself with a slash, whether or not there is such a reel
            let is_bare = matches!(path, b"/gate" | b"/zipreel-gate") && *origin == endpoint.gate;
            let fits = if is_bare { answer.status == 301 } else { matches!(answer.status, 404 | 414 | 400 | 431) };
            assert!(fits, "{shown}: {}", answer.status);
            assert!(!answer.text().contains("secret") && !answer.text().contains("root:"), "{shown}");
        }
    }
}

#[tokio::test]
async fn absolute_targets_and_bytes_that_are_no_text_get_no_further() {
    let fixture = Fixture::start().await;
    let endpoint = fixture.endpoint();
    let targets: [&[u8]; 5] =
        [b"http://evil.example/clip/", b"/clip/\x00/", b"/clip/\xff\xfe/", b"clip", b"/clip/\x7f"];
    for target in targets {
        let answer = line(&endpoint.gate, target).await;
        assert!(matches!(answer.status, 400 | 404 | 421), "{}: {}", String::from_utf8_lossy(target), answer.status);
    }
}

#[tokio::test]
async fn no_header_can_be_slipped_into_a_redirect() {
    let fixture = Fixture::start().await;
    let gate = &fixture.endpoint().gate;
    for target in [
        &b"/clip?a=%0d%0aset-cookie:%20b=c"[..],
        b"/clip?a=%0aset-cookie:b",
        b"/clip%0d%0aset-cookie:b",
        b"/clip?//evil.example",
    ] {
        let answer = line(gate, target).await;
        assert!(answer.header("set-cookie").is_none());
        let location = answer.header("location").unwrap_or("/clip/");
        assert!(location.starts_with("/clip/") && !location.contains("evil"), "{location}");
    }
    let split = b"GET /clip\r\nx-split: 1 HTTP/1.1\r\n\r\n";
    assert_eq!(raw(gate, split).await.status, 400);
}

#[tokio::test]
async fn other_paths_of_the_api_are_refused_without_a_signature() {
    let fixture = Fixture::start().await;
    let api = &fixture.endpoint().api;
    for path in [
        &b"/awslambda-us-east-1-tasks/../keys.json"[..],
        b"/awslambda-us-east-1-tasks/snapshots/123456789012/zipreel-gate-",
        b"/awslambda-/%2e%2e/%2e%2e/keys.json?X-Amz-Date=20260101T000000Z&X-Amz-Credential=a%2Fb%2Fc&X-Amz-Signature=00",
        b"/awslambda-?X-Amz-Date=2&X-Amz-Credential=a&X-Amz-Signature=",
        b"/keys.json",
        b"/2015-03-31/functions/..%2f..%2fkeys.json",
        b"/2015-03-31/functions/",
    ] {
        let answer = line(api, path).await;
        assert!(matches!(answer.status, 400 | 403 | 404), "{}: {}", String::from_utf8_lossy(path), answer.status);
        assert!(!answer.text().contains("secret"));
    }
}
