//! What speaks to the stand-in in these tests: the SDK, the real `aws` client, and requests written by hand.

use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_lambda::{
    Client,
    config::{BehaviorVersion, Region, retry::RetryConfig},
    operation::create_function::builders::CreateFunctionFluentBuilder,
    primitives::Blob,
    types::{Architecture, FunctionCode, Runtime},
};
use aws_types::SdkConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Child,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};
use zipreel::local::{self, Clock, Config, Endpoint, StandIn};

pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/zipreel-chunk";

/// For a client of any service, with these keys, by HTTP. It is patient: whatever is tested may use up the rate of
/// requests.
pub(crate) fn sdk(endpoint: &str, access_key: &str, secret_key: &str) -> SdkConfig {
    let keys = Credentials::new(access_key, secret_key, None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .retry_config(RetryConfig::standard().with_max_attempts(10))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

/// A stand-in on ephemeral ports over a folder of its own.
pub(crate) struct Fixture {
    pub(crate) stand_in: StandIn,
    pub(crate) clock: Clock,
    pub(crate) folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(&folder);
        change(&mut config);
        let clock = config.clock.clone();
        let stand_in = local::start(config).await.unwrap();
        Self { stand_in, clock, folder }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.stand_in.endpoint()
    }

    pub(crate) fn lambda(&self) -> Client {
        lambda(self.endpoint())
    }

    pub(crate) fn set_faults(&self, spec: &str) {
        self.stand_in.faults().set(spec.parse().unwrap());
    }
}

pub(crate) fn config(folder: &tempfile::TempDir) -> Config {
    Config { port: 0, settle: Duration::ZERO, ..Config::new(folder.path()) }
}

/// The SDK's client, with one attempt a call, so that each answer is seen.
pub(crate) fn lambda(endpoint: &Endpoint) -> Client {
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&endpoint.api)
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials(endpoint))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

pub(crate) fn credentials(endpoint: &Endpoint) -> Credentials {
    Credentials::new(&endpoint.access_key, &endpoint.secret_key, None, None, "stand-in")
}

/// `zipreel local` in a process of its own over a folder, on any ports; `command` starts the binary.
pub(crate) async fn serve(mut command: tokio::process::Command, folder: &Path) -> (Child, Endpoint) {
    let child = command
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
        front: String::new(),
        edge: String::new(),
        access_key: text("id"),
        secret_key: text("secret"),
        account: String::new(),
    };
    (child, endpoint)
}

/// CreateFunction as the engine does it.
pub(crate) fn create(client: &Client, name: &str, zip: Vec<u8>) -> CreateFunctionFluentBuilder {
    client
        .create_function()
        .function_name(name)
        .runtime(Runtime::Providedal2023)
        .architectures(Architecture::Arm64)
        .handler("none")
        .role(ROLE)
        .description("a chunk")
        .code(FunctionCode::builder().zip_file(Blob::new(zip)).build())
}

/// A store-only zip of one entry.
pub(crate) fn zip_of(name: &str, content: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().into_inner()
}

/// The real command-line client with the stand-in's keys and nothing of this computer's.
pub(crate) async fn aws(endpoint: &Endpoint, arguments: &[&str]) -> Output {
    let program = std::env::var_os("ZIPREEL_TEST_AWS").unwrap_or_else(|| "aws".into());
    let mut command = Command::new(&program);
    command
        .args(["--endpoint-url", &endpoint.api, "--region", "eu-west-1", "--output", "json"])
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", &endpoint.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &endpoint.secret_key)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AWS_PAGER", "")
        .env("NO_PROXY", "127.0.0.1")
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN");
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    ran.unwrap_or_else(|error| panic!("the `aws` client is needed ({program:?}): {error}"))
}

pub(crate) fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An answer taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends bytes as they are to `http://host:port` and reads the answer to the connection's end. The request must ask
/// for `connection: close`.
pub(crate) async fn raw(origin: &str, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(authority(origin)).await.unwrap();
    stream.write_all(request).await.unwrap();
    read_answer(&mut stream).await
}

pub(crate) async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Answer { status, headers, body: answer[end + 4..].to_vec() }
}

pub(crate) fn authority(origin: &str) -> &str {
    origin.strip_prefix("http://").unwrap()
}

/// A request without a body for a URL, as it stands in the URL.
pub(crate) async fn request(method: &str, url: &str, headers: &[(&str, &str)]) -> Answer {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let text = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\n{extra}connection: close\r\n\r\n");
    raw(&format!("http://{host}"), text.as_bytes()).await
}

pub(crate) async fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    request("GET", url, headers).await
}

/// AWS's code of an SDK error.
pub(crate) fn code<E, R>(error: &aws_sdk_lambda::error::SdkError<E, R>) -> String
where
    E: aws_sdk_lambda::error::ProvideErrorMetadata,
{
    error.as_service_error().and_then(|error| error.meta().code()).unwrap_or("no service error").to_owned()
}
