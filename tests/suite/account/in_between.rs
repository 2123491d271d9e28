//! What stands between here and AWS and answers in its place: proxies, filters, hotels' logins. Nothing of it is taken
//! for AWS's word.

use std::time::Duration;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use zipreel::local::Operation;

use crate::{
    clips::{Clip, clip},
    events,
    mishap::account::{client, functions, set_faults, zipreel},
    publish::sandbox::Sandbox,
    stand_in::clients::{create, zip_of},
};

/// A reel of two chunks without an index, as far as a deletion looks.
async fn chunks_of_a_reel(sandbox: &Sandbox) {
    for number in ["0001", "0002"] {
        let request = create(&client(sandbox), &format!("zipreel-net-01234567-src-{number}"), zip_of("a", b"b"));
        request.description(format!("zipreel chunk net 01234567 src {number}")).send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxys_page_nothing_is_said_to_be_deleted() {
    let sandbox = Sandbox::start().await;
    chunks_of_a_reel(&sandbox).await;
    let before = functions(&sandbox).await;
    assert_eq!(before.len(), 2);
    for (status, words) in [
        (404, "answered with a page (HTTP 404): a proxy, or a hotel's login"),
        (200, "answered with a page (HTTP 200): a proxy, or a hotel's login"),
        (403, "answered with a page (HTTP 403): a proxy, or a hotel's login"),
        (302, "answered with a page (HTTP 302, leading to `login.hotel.example`)"),
        (407, "the proxy between here and AWS wants a name and a password"),
    ] {
        set_faults(&sandbox, &format!("page-{status}@DeleteFunction=after:0"));
        let said = zipreel(&sandbox, &["delete", "net", "--yes"]).await.ended(1);
        assert!(said.err.contains(words) && !said.err.contains("deleted"), "{status}: {}", said.err);
        assert_eq!(functions(&sandbox).await, before, "{status}");
    }
    sandbox.stand_in.faults().clear();
    zipreel(&sandbox, &["delete", "net", "--yes"]).await.ended(0);
    assert!(functions(&sandbox).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxys_page_setting_up_makes_nothing() {
    let sandbox = Sandbox::start().await;
    for (asked, makes) in [
        (Operation::GetFunctionConfiguration, Operation::CreateFunction),
        (Operation::GetRole, Operation::CreateRole),
        (Operation::GetRolePolicy, Operation::PutRolePolicy),
        (Operation::GetFunctionUrlConfig, Operation::CreateFunctionUrlConfig),
        (Operation::GetPolicy, Operation::AddPermission),
    ] {
        set_faults(&sandbox, &format!("page-404@{asked}=after:0"));
        let said = zipreel(&sandbox, &["setup", "--target", "local"]).await.ended(1);
        assert!(said.err.contains("something between here and AWS answered with a page (HTTP 404)"), "{}", said.err);
        assert_eq!(sandbox.stand_in.counts().calls(makes), 0, "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_a_success_is_no_success() {
    let sandbox = Sandbox::start().await;
    chunks_of_a_reel(&sandbox).await;
    for (operation, command) in [
        (Operation::ListFunctions, &["list"][..]),
        (Operation::ListFunctions, &["delete", "net", "--yes"]),
        (Operation::GetAccountSettings, &["doctor", "--target", "local"]),
        (Operation::GetRole, &["setup", "--target", "local"]),
    ] {
        set_faults(&sandbox, &format!("page-200@{operation}=after:0"));
        let said = zipreel(&sandbox, command).await.ended(1);
        assert!(said.err.contains("answered with a page (HTTP 200)"), "{command:?}: {}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_down_for_a_moment_is_waited_for() {
    let sandbox = Sandbox::start().await;
    chunks_of_a_reel(&sandbox).await;
    set_faults(&sandbox, "page-502@DeleteFunction=4x,page-503@ListFunctions=4x,page-429@GetCallerIdentity=1x");
    zipreel(&sandbox, &["delete", "net", "--yes"]).await.ended(0);
    assert!(functions(&sandbox).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_the_gate_says_nothing_of_a_reels_chunks() {
    let sandbox = Sandbox::start().await;
    let video = clip(Clip::Silent);
    sandbox.publish(&video, &["--name", "seen"]).await.published();
    set_faults(&sandbox, "page-404@Gate=after:0");
    let said = zipreel(&sandbox, &["check", "seen", "--deep"]).await.ended(1);
    assert!(said.err.contains("answered with a page (HTTP 404)"), "{}", said.err);
    assert!(!said.err.contains("changed") && !said.out.contains("changed"), "{}\n{}", said.out, said.err);
}

/// A proxy that answers every request with this head.
async fn proxy(head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // one read holds a CONNECT's few lines
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await;
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_wants_a_password_is_named_with_what_to_do() {
    let sandbox = Sandbox::start().await;
    let refusing = proxy("407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"").await;
    let mut command = sandbox.command("state");
    command.args(["list", "--target", "aws", "--region", "us-east-1"]);
    command.env("HTTPS_PROXY", &refusing).env("AWS_ACCESS_KEY_ID", "A").env("AWS_SECRET_ACCESS_KEY", "S");
    let output = command.env_remove("NO_PROXY").env_remove("no_proxy").output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("wants a name and a password") && said.contains("HTTPS_PROXY"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_url_that_no_dns_knows_is_said_and_not_waited_for_like_a_missing_network() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint();
    let mut command = sandbox.command("state");
    command
        .args(["setup", "--target", "aws", "--yes", "--json", "--function-urls", "http://{id}.no-such-host.invalid/"])
        .env("AWS_ENDPOINT_URL", &endpoint.api)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", &endpoint.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &endpoint.secret_key)
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = async {
        loop {
            let line = events::line(&lines.next_line().await.unwrap().expect("more lines"));
            if line["state"] == "retrying" {
                return line;
            }
        }
    };
    let retrying = tokio::time::timeout(Duration::from_secs(120), first).await.unwrap();
    let cause = retrying["cause"].as_str().unwrap();
    assert!(cause.contains("no DNS knows `") && cause.contains(".no-such-host.invalid`"), "{cause}");
    assert_eq!(retrying["attempt"], 2, "it uses up attempts, of which there are few: {retrying}");
    child.kill().await.unwrap();
}
