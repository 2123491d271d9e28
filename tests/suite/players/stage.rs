//! A reel on the stand-in with a clock that tests move, and the programs that play it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use axum::{
    Router,
    http::{StatusCode, Uri},
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};
use zipreel::local::Clock;

use crate::{
    clips::{Clip, clip},
    contract::{
        runtime::{node, repository, serve},
        sides::connect,
    },
    publish::sandbox::{Run, Sandbox},
};

/// A title as someone who means harm would choose it.
pub(crate) const TITLE: &str = "Été <script>document.title='!'</script> & \"more\"";

pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Clock,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let clock = Clock::system();
        Self { sandbox: Sandbox::start_with(|config| config.clock = clock.clone()).await, clock }
    }

    /// Publishes in segments of 2 s, so that a short clip has many borders.
    pub(crate) async fn publish(&self, kind: Clip) -> Reel {
        self.publish_file(&clip(kind), &format!("{kind:?}").to_lowercase(), &[]).await
    }

    pub(crate) async fn publish_file(&self, video: &Path, name: &str, more: &[&str]) -> Reel {
        let args = ["--name", name, "--title", TITLE, "--segment-seconds", "2", "--chunk-mib", "1"];
        let run = self.sandbox.publish(video, &[&args, more].concat()).await;
        Reel::of(&run)
    }

    /// The same in segments of several pieces.
    pub(crate) async fn publish_long(&self, kind: Clip) -> Reel {
        let name = format!("{kind:?}-long").to_lowercase();
        let args = ["--name", &name, "--title", TITLE, "--segment-seconds", "8"];
        Reel::of(&self.sandbox.publish(&clip(kind), &args).await)
    }

    /// As an account has it whose owner has not accepted the relay's price.
    pub(crate) async fn switch_relay_off(&self) {
        assert!(connect(&self.sandbox.stand_in).await.delete_function("zipreel-relay").await.unwrap());
    }
}

pub(crate) struct Reel {
    /// The watch page.
    pub(crate) page: String,
}

impl Reel {
    pub(crate) fn playlist(&self) -> String {
        format!("{}index.m3u8", self.page)
    }

    /// Of pieces.
    pub(crate) fn seek(&self) -> String {
        format!("{}index.seek.m3u8", self.page)
    }

    fn of(run: &Run) -> Self {
        Self { page: run.playlist().strip_suffix("index.m3u8").unwrap().to_owned() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browser {
    Chromium,
    Firefox,
    WebKit,
}

impl Browser {
    fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// What `tests/players` starts: the browser, or the driver that starts it.
    fn executable(self) -> PathBuf {
        let names: &[&str] = match self {
            Self::Chromium => &["chromium"],
            Self::Firefox => &["firefox-esr", "firefox"],
            Self::WebKit => &["WebKitWebDriver"],
        };
        let found = names.iter().find_map(|name| which::which(name).ok());
        found.unwrap_or_else(|| panic!("none of {names:?} is installed: `make test` brings it"))
    }
}

/// Where npm put what the players' drivers need.
pub(crate) fn packages() -> PathBuf {
    let folder = std::env::var_os("ZIPREEL_TEST_PLAYERS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| repository().join("target/players"));
    for package in ["axe-core", "playwright-core", "puppeteer-core", "hls.js", "media-chrome", "qrcode-generator"] {
        let package = folder.join("node_modules").join(package);
        assert!(package.exists(), "no {}: run `make test`, or set ZIPREEL_TEST_PLAYERS", package.display());
    }
    folder
}

/// Base URL of a server that has the npm packages, as the public CDN has them: `/npm/<package>@<version>/<file>`.
pub(crate) async fn publish_libraries() -> String {
    let modules = packages().join("node_modules");
    let file = async move |uri: Uri| {
        let named = uri.path().strip_prefix("/npm/").and_then(|rest| rest.split_once('@'));
        let file = named.and_then(|(package, rest)| Some(modules.join(package).join(rest.split_once('/')?.1)));
        file.and_then(|file| std::fs::read(file).ok()).ok_or(StatusCode::NOT_FOUND)
    };
    let (url, _) = serve(Router::new().fallback(file)).await;
    format!("{url}/")
}

/// Screenshots, to be looked at.
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../pictures");
    std::fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}

/// Runs a scenario of `tests/players/watch.mjs`; `meanwhile` is done when it says that it is paused.
pub(crate) async fn watch(browser: Browser, scenario: &str, page: &str, meanwhile: impl FnOnce()) -> Value {
    scene("watch.mjs", browser, scenario, page, &[], meanwhile).await
}

/// Runs a scenario of a script of `tests/players`, with further arguments.
pub(crate) async fn scene(
    script: &str,
    browser: Browser,
    scenario: &str,
    page: &str,
    more: &[&str],
    meanwhile: impl FnOnce(),
) -> Value {
    let mut meanwhile = Some(meanwhile);
    let hears = |line: &str| {
        let is_paused = line == "paused";
        if is_paused {
            meanwhile.take().expect("it pauses once")();
        }
        is_paused
    };
    scene_that_asks(script, browser, scenario, page, more, hears).await
}

/// A scenario that waits, after each line for which `hears` is true, until what that line asks for is done.
pub(crate) async fn scene_that_asks(
    script: &str,
    browser: Browser,
    scenario: &str,
    page: &str,
    more: &[&str],
    mut hears: impl FnMut(&str) -> bool,
) -> Value {
    let mut child = Command::new(node())
        .arg(repository().join("tests/players").join(script))
        .args(["--scenario", scenario, "--page", page, "--title", TITLE])
        .args(more)
        .arg("--packages")
        .arg(packages())
        .arg("--pictures")
        .arg(pictures())
        .args(["--browser", browser.name()])
        .arg("--executable")
        .arg(browser.executable())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if hears(&line) {
            input.write_all(b"go on\n").await.unwrap();
        }
        last = line;
    }
    let ended = child.wait_with_output().await.unwrap();
    assert!(ended.status.success(), "{browser:?} {scenario}: {}", String::from_utf8_lossy(&ended.stderr));
    serde_json::from_str(&last).unwrap_or_else(|error| panic!("{browser:?} {scenario}: {error}: {last}"))
}
