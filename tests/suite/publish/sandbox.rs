//! A stand-in and folders for one test, the built binary to publish with, and what it said.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::process::Command;
use zipreel::local::{self, Clock, Config, StandIn};

use crate::{clips::scratch, events, mishap::copy};

const SECOND: Duration = Duration::from_secs(1);

pub(crate) struct Sandbox {
    pub(crate) stand_in: StandIn,
    config: Config,
    folder: tempfile::TempDir,
}

/// How the binary ended and what it said on the way.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) lines: Vec<Value>,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) async fn start() -> Self {
        Self::start_at(Clock::system()).await
    }

    pub(crate) async fn start_at(clock: Clock) -> Self {
        Self::start_on(0, clock).await
    }

    pub(crate) async fn start_on(port: u16, clock: Clock) -> Self {
        // long enough that what is new is not served at once
        Self::start_with(|config| (config.port, config.clock, config.index_check_every) = (port, clock, SECOND)).await
    }

    /// With a configuration that is the stand-in's own but for this.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(scratch(), change).await
    }

    async fn start_in(folder: tempfile::TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { port: 0, ..Config::new(folder.path().join("data")) };
        change(&mut config);
        Self { stand_in: start_again(config.clone()).await, config, folder }
    }

    /// With copies of the folders that another ended with.
    pub(crate) async fn start_from(ground: &tempfile::TempDir) -> Self {
        let folder = scratch();
        copy(ground.path(), folder.path()).unwrap();
        Self::start_in(folder, |config| config.index_check_every = SECOND).await
    }

    /// Ends; the folders stay as long as what is returned.
    pub(crate) async fn end(self) -> tempfile::TempDir {
        self.stand_in.stop().await;
        self.folder
    }

    /// The network goes away, takes all connections with it, and comes back.
    pub(crate) async fn cut_off(self) -> Self {
        drop(self.stand_in);
        Self { stand_in: start_again(self.config.clone()).await, ..self }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary with this sandbox's folders, and nothing of the person who runs the tests.
    pub(crate) fn command(&self, state: &str) -> Command {
        command_in(self.folder.path(), state)
    }

    pub(crate) async fn publish(&self, video: &Path, args: &[&str]) -> Run {
        self.publish_in("state", video, args).await
    }

    /// With a state folder of that name.
    pub(crate) async fn publish_in(&self, state: &str, video: &Path, args: &[&str]) -> Run {
        Run::of(self.command(state), video, args).await
    }
}

/// The binary with its folders below this one.
pub(crate) fn command_in(folder: &Path, state: &str) -> Command {
    let mut command = Command::new(binary());
    command
        .env("HOME", folder.join("home"))
        .env("XDG_CONFIG_HOME", folder.join("home/config"))
        .env("ZIPREEL_DATA", folder.join("data"))
        .env("ZIPREEL_STATE_DIR", folder.join(state))
        .env("ZIPREEL_WORK_DIR", folder.join("work"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    for name in ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"] {
        command.env_remove(name);
    }
    command
}

impl Run {
    /// A whole publishing by this command.
    pub(crate) async fn of(mut command: Command, video: &Path, args: &[&str]) -> Self {
        command.arg("publish").arg("--json").args(args).arg("--").arg(video);
        let output = command.output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        Self {
            code: output.status.code(),
            lines: events::all(&text, output.status.code()),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The last line of a run that succeeded.
    pub(crate) fn published(&self) -> &Value {
        assert_eq!(self.code, Some(0), "{}\n{:#?}", self.stderr, self.lines.last());
        let last = self.lines.last().unwrap();
        assert_eq!(last["event"], "published");
        last
    }

    /// The last line of a run that failed.
    pub(crate) fn failed(&self) -> &Value {
        assert_eq!(self.code, Some(1), "{}\n{:#?}", self.stderr, self.lines.last());
        let last = self.lines.last().unwrap();
        assert_eq!(last["event"], "failed");
        last
    }

    pub(crate) fn playlist(&self) -> String {
        self.published()["playlist"].as_str().unwrap().to_owned()
    }

    pub(crate) fn events<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().filter(move |line| line["event"] == event)
    }
}

/// The built binary, or an older one, to show that a test fails on that.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("ZIPREEL_TEST_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_zipreel").into(), PathBuf::from)
}

/// Starts a stand-in where one was that is about to end: its port is free once its last connection is closed.
pub(crate) async fn start_again(config: Config) -> StandIn {
    let mut left = 600;
    loop {
        match local::start(config.clone()).await {
            Ok(stand_in) => return stand_in,
            Err(error) if left == 0 => panic!("{error:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        left -= 1;
    }
}

/// A program of shell words. Another process writes it: what this one has open while a program is being started is open in
/// that for a moment as well, and what is open for writing does not run.
pub(crate) fn program(path: &Path, script: &str) {
    let written = path.with_extension("sh");
    std::fs::write(&written, script).unwrap();
    tool("install", &["-m", "755", written.to_str().unwrap(), path.to_str().unwrap()]);
}

/// The first of five in a row that nobody listens on, and that no other test of this process was given. They are tried by
/// connecting: a listener that tried them would hold them for a moment longer, by a program that is just being started.
pub(crate) fn free_ports() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(fastrand::u16(..2000)));
    let is_free = |port: u16| std::net::TcpStream::connect(("127.0.0.1", port)).is_err();
    loop {
        let first = 20_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 2000 * 5;
        if (first..first + 5).all(is_free) {
            return first;
        }
    }
}

/// A reel as the gate serves it, read by this test's own means.
pub(crate) struct Reel {
    pub(crate) multivariant: String,
    pub(crate) media: String,
    /// Of the media playlist.
    pub(crate) url: String,
}

impl Reel {
    pub(crate) async fn of(run: &Run) -> Self {
        Self::at(&run.playlist()).await
    }

    pub(crate) async fn at(playlist: &str) -> Self {
        let multivariant = get(playlist).await;
        let uri = multivariant.lines().rfind(|line| !line.starts_with('#') && !line.is_empty()).unwrap();
        let url = format!("{}{uri}", playlist.strip_suffix("index.m3u8").unwrap());
        Self { multivariant, media: get(&url).await, url }
    }

    /// Link, offset and length of each segment, by reading the playlist line by line.
    pub(crate) fn ranges(&self) -> Vec<(String, u64, u64)> {
        let base = self.url.rsplit_once('/').unwrap().0;
        let segments = segments_of(&self.media).into_iter().map(|(uri, range)| {
            let (offset, length) = range.expect("each segment has its range");
            (format!("{base}/{uri}"), offset, length)
        });
        segments.collect()
    }
}

/// URI of each segment of a media playlist, and its offset and length; `None` where the whole resource is the segment. Read
/// line by line.
pub(crate) fn segments_of(playlist: &str) -> Vec<(&str, Option<(u64, u64)>)> {
    let mut segments = Vec::new();
    let mut range = None;
    for line in playlist.lines().filter(|line| !line.is_empty()) {
        if let Some(text) = line.strip_prefix("#EXT-X-BYTERANGE:") {
            let (length, offset) = text.split_once('@').unwrap();
            range = Some((offset.parse().unwrap(), length.parse().unwrap()));
        } else if !line.starts_with('#') {
            segments.push((line, range.take()));
        }
    }
    segments
}

pub(crate) async fn get(url: &str) -> String {
    let response = client().get(url).send().await.unwrap();
    assert_eq!(response.status(), 200, "{url}");
    response.text().await.unwrap()
}

/// Follows redirects; a byte range of a link.
pub(crate) async fn get_range(url: &str, offset: u64, length: u64) -> Vec<u8> {
    let range = format!("bytes={offset}-{}", offset + length - 1);
    let response = client().get(url).header("range", range).send().await.unwrap();
    assert_eq!(response.status(), 206, "{url}");
    let bytes = response.bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, length);
    bytes.to_vec()
}

pub(crate) fn client() -> reqwest::Client {
    // an error only means that a provider is installed already
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// Follows no redirect.
pub(crate) fn client_that_stays() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Runs a tool to its end; its standard output.
pub(crate) fn tool(program: &str, args: &[&str]) -> String {
    let output = std::process::Command::new(program).args(args).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {stderr}");
    let mut text = String::new();
    output.stdout.as_slice().read_to_string(&mut text).unwrap();
    text
}
