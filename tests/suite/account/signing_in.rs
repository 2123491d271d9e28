//! What is wrong with a sign-in becomes one sentence that says what to run.

use std::{fs, path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{io::AsyncReadExt, net::TcpListener, process::Command, time::timeout};

use super::secrets::zipreel;
use crate::{clips::scratch, events, stand_in::clients::Fixture};

/// SHA-1 of `studio-session`: how AWS's tools name the file of that session's token.
const TOKEN_FILE: &str = "dc445abc4323ae9592b028fdad451cd08cee593c.json";

const CONFIG: &str = "[profile studio]\nsso_session = studio-session\nsso_account_id = 123456789012\n\
                      sso_role_name = Publisher\nregion = us-east-1\n\
                      [sso-session studio-session]\nsso_region = us-east-1\nsso_start_url = https://example.org/start\n\
                      [profile keyless]\nregion = us-east-1\n";

/// The last line of `zipreel doctor`, which can't sign in by this profile.
async fn doctor(home: &Path, profile: &str) -> Value {
    doctor_with(home, &["--profile", profile], &[]).await
}

async fn doctor_with(home: &Path, flags: &[&str], environment: &[(&str, &str)]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zipreel"));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"] {
        command.env_remove(name);
    }
    let output = command
        .args(["doctor", "--json"])
        .args(flags)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("AWS_CONFIG_FILE", home.join(".aws/config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", home.join(".aws/credentials"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    events::last(&text)
}

#[tokio::test]
async fn each_way_of_not_being_signed_in_has_its_remedy() {
    let home = scratch();
    let cache = home.path().join(".aws/sso/cache");
    fs::create_dir_all(&cache).unwrap();
    fs::write(home.path().join(".aws/config"), CONFIG).unwrap();
    let never = doctor(home.path(), "studio").await;
    let token = r#"{"startUrl":"https://example.org/start","region":"us-east-1","accessToken":"t","expiresAt":"2020-01-01T00:00:00Z"}"#;
    fs::write(cache.join(TOKEN_FILE), token).unwrap();
    let expired = doctor(home.path(), "studio").await;
    for failed in [&never, &expired] {
        assert_eq!(failed["class"], "needs-person", "{failed}");
        assert_eq!(failed["hint"], "Run `aws sso login --profile studio`, then try again.", "{failed}");
    }
    assert_ne!(never["cause"], expired["cause"]);
    let keyless = doctor(home.path(), "keyless").await;
    assert!(keyless["hint"].as_str().unwrap().contains("`aws configure --profile keyless`"), "{keyless}");
    let typo = doctor(home.path(), "stduio").await;
    assert!(typo["hint"].as_str().unwrap().contains("no profile `stduio`"), "{typo}");
}

#[tokio::test]
async fn who_has_no_credentials_anywhere_is_told_so_in_one_line() {
    let home = scratch();
    let failed = doctor_with(home.path(), &["--target", "aws", "--region", "us-east-1"], &[]).await;
    assert_eq!(failed["class"], "needs-person", "{failed}");
    let (cause, hint) = (failed["cause"].as_str().unwrap(), failed["hint"].as_str().unwrap());
    assert!(cause.starts_with("there are none: ") && !cause.contains('\n'), "{failed}");
    assert!(hint.contains("`aws configure`") && hint.contains("--profile"), "{failed}");
}

#[tokio::test]
async fn a_region_or_an_address_that_can_be_none_is_named_with_what_sets_it() {
    let home = scratch();
    let with = async |variables: &[(&str, &str)]| {
        let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
        doctor_with(home.path(), &["--target", "aws"], &[&keys[..], variables].concat()).await
    };
    let region = with(&[("AWS_REGION", "x y")]).await;
    let cause = region["cause"].as_str().unwrap();
    assert!(cause.ends_with("is not the name of a Region, such as eu-west-1"), "{region}");
    assert!(cause.starts_with("`x y`") && region["hint"].as_str().unwrap().contains("--region"), "{region}");
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"] {
        let address = with(&[("AWS_REGION", "us-east-1"), (variable, "foo")]).await;
        assert_eq!(address["class"], "permanent", "{address}");
        assert!(address["hint"].as_str().unwrap().starts_with("Set AWS_ENDPOINT_URL, "), "{address}");
    }
}

#[tokio::test]
async fn each_service_may_have_an_address_of_its_own() {
    let fixture = Fixture::start().await;
    let api = &fixture.endpoint().api;
    let mut command = zipreel(&fixture, &["setup", "--json", "--yes"]);
    // nothing answers at the address for all services
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    for service in ["LAMBDA", "IAM", "STS", "CLOUDWATCH_LOGS"] {
        command.env(format!("AWS_ENDPOINT_URL_{service}"), api);
    }
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn aws_is_reached_by_the_proxy_that_the_environment_names() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let fixture = Fixture::start().await;
    let mut command = zipreel(&fixture, &["doctor", "--json"]);
    command.env("AWS_ENDPOINT_URL", "http://aws.invalid").env("HTTP_PROXY", &address).env("http_proxy", &address);
    command.env("NO_PROXY", "").env("no_proxy", "").stdout(Stdio::null());
    let _child = command.kill_on_drop(true).spawn().unwrap();
    let (mut asked, _) = timeout(Duration::from_secs(60), proxy.accept()).await.expect("the proxy is asked").unwrap();
    let mut line = [0; 23];
    timeout(Duration::from_secs(60), asked.read_exact(&mut line)).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&line), "POST http://aws.invalid");
}
