//! ffmpeg and ffprobe on this computer: where they are, what they can do, and how they are run: each leads a process
//! group of its own, is stopped in degrees, and never outlives us in an ordinary end.

use std::{
    borrow::Cow,
    collections::VecDeque,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, ChildStderr, ChildStdout, Command},
    time::timeout,
};

pub use crate::state::journal::Leader;
use crate::{
    model::{
        media::{
            arguments::Dialect,
            decide::{Action, MediaPlan},
            input::last_words,
        },
        report::fault::{Explain, FaultClass},
    },
    running::groups::Group,
};

/// Between the request to end and the kill.
const GRACE: Duration = Duration::from_secs(2);
/// For questions that ffmpeg answers at once (`-version`, `-encoders`).
const QUESTION_LIMIT: Duration = Duration::from_secs(20);

/// The two programs and what was learnt of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    pub ffmpeg: PathBuf,
    pub ffprobe: PathBuf,
    /// As `ffmpeg -version` states it, such as `5.1.9-0+deb12u1`: part of every generation's hash.
    pub version: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    #[error("could not find `{0}`")]
    Missing(String),
    #[error("could not run `{}`", .0.display())]
    Run(PathBuf, #[source] io::Error),
    #[error("could not learn the version of `{}`", .0.display())]
    Version(PathBuf),
    #[error("could not convert with `{}`: it has no `{encoder}` encoder", ffmpeg.display())]
    Encoder { ffmpeg: PathBuf, encoder: &'static str },
}

impl Explain for ToolsError {
    fn class(&self) -> FaultClass {
        FaultClass::NeedsPerson
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing(_) => format!(
                "Install ffmpeg (ffprobe comes with it): {}. If it lies outside the PATH, name it in ZIPREEL_FFMPEG and \
                 ZIPREEL_FFPROBE.",
                install_command()
            ),
            Self::Run(..) | Self::Version(_) => {
                format!("Check that it runs by hand with `-version`; if not, install it anew: {}.", install_command())
            }
            Self::Encoder { .. } => format!(
                "Some builds leave it out for their licence (Fedora's `ffmpeg-free`): install a full one ({}), or convert \
                 the video first.",
                install_command()
            ),
        })
    }
}

/// By the platform's package managers.
fn install_command() -> &'static str {
    match std::env::consts::OS {
        "macos" => "`brew install ffmpeg`",
        "windows" => "`winget install Gyan.FFmpeg`",
        _ => "`apt install ffmpeg`, `dnf install ffmpeg` (RPM Fusion) or `pacman -S ffmpeg`",
    }
}

impl Tools {
    /// Looks in the PATH, unless `ZIPREEL_FFMPEG` and `ZIPREEL_FFPROBE` name them.
    pub async fn find() -> Result<Self, ToolsError> {
        let wanted =
            |variable, name: &str| std::env::var_os(variable).filter(|path| !path.is_empty()).unwrap_or(name.into());
        Self::named(&wanted("ZIPREEL_FFMPEG", "ffmpeg"), &wanted("ZIPREEL_FFPROBE", "ffprobe")).await
    }

    /// Each by a path, or by a name to be looked up in the PATH. Asks for the version.
    pub async fn named(ffmpeg: &OsStr, ffprobe: &OsStr) -> Result<Self, ToolsError> {
        let (ffmpeg, ffprobe) = (locate(ffmpeg)?, locate(ffprobe)?);
        let said = ask(&ffmpeg, &["-version"]).await?;
        let version = said.strip_prefix("ffmpeg version ").and_then(|rest| rest.split_whitespace().next());
        let version = version.ok_or_else(|| ToolsError::Version(ffmpeg.clone()))?.to_owned();
        Ok(Self { ffmpeg, ffprobe, version })
    }

    /// Whether these tools can carry out the plan, and in which dialect.
    pub async fn dialect(&self, plan: &MediaPlan) -> Result<Dialect, ToolsError> {
        let is_from = |release| is_from(&self.version, release);
        let mut dialect = Dialect { fps_mode: is_from((5, 1)), segment_options: is_from((4, 4)), tone_map: false };
        let encodes = |action: &Action| plan.fills || matches!(action, Action::Transcode { .. });
        if let Some(video) = plan.video.iter().chain(&plan.compatible).find(|video| encodes(&video.action)) {
            if !lists(&ask(&self.ffmpeg, &["-encoders"]).await?, "libx264") {
                return Err(ToolsError::Encoder { ffmpeg: self.ffmpeg.clone(), encoder: "libx264" });
            }
            if video.stream.is_hdr() {
                let filters = ask(&self.ffmpeg, &["-filters"]).await?;
                dialect.tone_map = lists(&filters, "zscale") && lists(&filters, "tonemap");
            }
        }
        Ok(dialect)
    }
}

fn locate(program: &OsStr) -> Result<PathBuf, ToolsError> {
    which::which(program).map_err(|_| ToolsError::Missing(program.to_string_lossy().into_owned()))
}

async fn ask(program: &Path, arguments: &[&str]) -> Result<String, ToolsError> {
    let mut command = Command::new(program);
    command.arg("-hide_banner").args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    // `-version` takes no banner away, and prints it to standard output
    let failed = |error| ToolsError::Run(program.to_owned(), error);
    let answer =
        timeout(QUESTION_LIMIT, command.output()).await.map_err(|late| failed(late.into()))?.map_err(failed)?;
    if !answer.status.success() {
        let mut said = Tail::default();
        String::from_utf8_lossy(&answer.stderr).lines().for_each(|line| said.push(line));
        let (how, said) = (describe(answer.status), last_words("It", &said.text()));
        return Err(failed(io::Error::other(format!("it {how}.{said}").trim_end_matches('.'))));
    }
    Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
}

/// Lists of encoders and filters: flags, name, words.
fn lists(listing: &str, name: &str) -> bool {
    listing.lines().any(|line| line.split_whitespace().nth(1) == Some(name))
}

/// Whether it is this release or a later one. Builds from the development branch (`N-…`, a date) are newer than any asked for.
fn is_from(version: &str, release: (u32, u32)) -> bool {
    let mut numbers = version.trim_start_matches('n').split(|character: char| !character.is_ascii_digit());
    let mut next = || numbers.next().and_then(|digits| digits.parse::<u32>().ok());
    match next() {
        Some(major) => (major, next().unwrap_or(0)) >= release,
        None => true,
    }
}

/// How a program ended, for a person: words that follow its name.
pub fn describe(status: ExitStatus) -> String {
    match (signal(status), status.code()) {
        (Some(9), _) => "was killed (signal 9; the system may have run out of memory)".to_owned(),
        (Some(signal), _) if crashed(status) => format!("crashed (signal {signal})"),
        (Some(signal), _) => format!("was killed by signal {signal}"),
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "ended without an exit code".to_owned(),
    }
}

/// By SIGABRT, SIGBUS (7 on Linux, 10 elsewhere), SIGFPE or SIGSEGV: a fault of the program's own.
pub fn crashed(status: ExitStatus) -> bool {
    signal(status).is_some_and(|signal| matches!(signal, 6 | 7 | 8 | 10 | 11))
}

/// By a signal that someone else sent.
pub fn killed(status: ExitStatus) -> bool {
    signal(status).is_some() && !crashed(status)
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// Media that comes through a pipe comes in fewer and larger pieces. A system that refuses has the pipe that it has.
#[cfg(target_os = "linux")]
fn widen(pipe: &ChildStdout) {
    const PIPE: usize = 1 << 20;
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE);
}

#[cfg(not(target_os = "linux"))]
fn widen(_: &ChildStdout) {}

/// A program that runs in a group of its own. Dropped while it runs, the group is killed.
pub struct Process {
    child: Child,
    leader: Leader,
    group: Group,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

impl Process {
    /// Standard input is empty, both outputs are pipes.
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // Naming the group of users has it made by fork and exec. By posix_spawn it has no handlers and shares our memory until it
        // begins: a terminal's Ctrl-Z in that moment would stop it in its new group, where nobody lets it go on, and us with it.
        #[cfg(unix)]
        command.process_group(0).gid(rustix::process::getgid().as_raw());
        let (mut child, group) = Group::of(|| command.spawn())?;
        let (Some(pid), Some(stdout), Some(stderr)) = (child.id(), child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("the program ended before it began"));
        };
        widen(&stdout);
        Ok(Self { child, leader: Leader { pid, started: start_time(pid) }, group, stdout, stderr })
    }

    pub fn leader(&self) -> &Leader {
        &self.leader
    }

    /// Stops the whole group where it is; it keeps files and memory.
    pub fn hold(&self) {
        self.group.hold();
    }

    pub fn release(&self) {
        self.group.release();
    }

    /// The pipes must be drained meanwhile, or be at their end.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.group.over();
        Ok(status)
    }

    /// In degrees: asks the group to end (held or not), gives it two seconds, kills it.
    pub async fn stop(mut self) {
        self.group.end();
        // what it still says is read, so that it can't hang on a full pipe
        let drain = async {
            let (mut nowhere, mut nowhere_else) = (tokio::io::sink(), tokio::io::sink());
            let _ = tokio::join!(
                tokio::io::copy(&mut self.stdout, &mut nowhere),
                tokio::io::copy(&mut self.stderr, &mut nowhere_else),
                self.child.wait()
            );
        };
        if timeout(GRACE, drain).await.is_err() {
            self.group.kill();
            let _ = self.child.start_kill();
            let _ = self.child.wait().await;
        }
        self.group.over();
    }
}

/// Kills what an earlier run of ours left behind, if it is still that very process. True if it was.
pub fn end_orphan(leader: &Leader) -> bool {
    let same = leader.started.is_some() && start_time(leader.pid) == leader.started;
    if same {
        drop(Group::led_by(leader.pid));
    }
    same
}

/// Linux: the boot and the clock ticks since (field 22; the name in field 2 may hold spaces and parentheses).
#[cfg(target_os = "linux")]
fn start_time(pid: u32) -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?;
    Some(format!("{}/{ticks}", boot.trim()))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn start_time(pid: u32) -> Option<String> {
    let answer = std::process::Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(not(unix))]
fn start_time(_: u32) -> Option<String> {
    None
}

/// The last lines a program wrote before its end.
#[derive(Debug, Default)]
pub struct Tail {
    lines: VecDeque<String>,
}

impl Tail {
    const LINES: usize = 12;
    const CHARACTERS: usize = 400;

    pub fn push(&mut self, line: &str) {
        if self.lines.len() == Self::LINES {
            self.lines.pop_front();
        }
        let shown = without_address(line);
        let shown = shown.chars().filter(|character| !character.is_control()).take(Self::CHARACTERS);
        self.lines.push_back(shown.collect());
    }

    pub fn text(&self) -> String {
        Vec::from_iter(self.lines.iter().map(String::as_str)).join("\n")
    }
}

/// `[mov @ 0x55cd5a715240] words` without the place in memory, which is no part of what is said.
fn without_address(line: &str) -> Cow<'_, str> {
    let Some((who, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(" @ 0x")) else {
        return line.into();
    };
    match rest.split_once(']') {
        Some((address, words)) if address.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("[{who}]{words}").into()
        }
        _ => line.into(),
    }
}

/// Reads a pipe to its end but keeps no more than `limit` bytes; true if there was more.
pub async fn read_bounded(pipe: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut kept = Vec::new();
    pipe.take(limit as u64).read_to_end(&mut kept).await?;
    let more = tokio::io::copy(pipe, &mut tokio::io::sink()).await?;
    Ok((kept, more > 0))
}

/// Reads a pipe to its end and keeps the last `limit` bytes.
pub async fn read_end(pipe: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    while pipe.read_buf(&mut kept).await? > 0 {
        // now and then, so that each byte is moved once or twice
        if kept.len() > 2 * limit {
            kept.drain(..kept.len() - limit);
        }
    }
    kept.drain(..kept.len().saturating_sub(limit));
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_every_build_tell_their_dialect() {
        for (version, segment_options, fps_mode) in [
            ("4.2.7-0ubuntu0.1", false, false),
            ("4.4.2-0ubuntu0.22.04.1", true, false),
            ("5.0.1", true, false),
            ("5.1.9-0+deb12u1", true, true),
            ("n7.1", true, true),
            ("n9.0.2-17-g2a571b6068-20260930", true, true),
            ("8.0", true, true),
            ("N-109542-g5b3b2d8", true, true),
            ("2024-05-02-git-71669f2ad5-full_build-www.gyan.dev", true, true),
            ("git-2020-01-01-abc", true, true),
        ] {
            assert_eq!(is_from(version, (4, 4)), segment_options, "{version}");
            assert_eq!(is_from(version, (5, 1)), fps_mode, "{version}");
        }
    }

    #[test]
    fn encoders_are_found_by_their_whole_name() {
        let listing = " V....D libx264rgb  libx264 H.264 RGB (codec h264)\n A....D aac  AAC\n";
        assert!(lists(listing, "aac") && lists(listing, "libx264rgb") && !lists(listing, "libx264"));
    }

    #[test]
    fn the_tail_keeps_the_last_lines_without_escape_sequences() {
        let mut tail = Tail::default();
        (0..100).for_each(|line| tail.push(&format!("\u{1b}[31mline {line}")));
        let text = tail.text();
        assert!(text.starts_with("[31mline 88\n") && text.ends_with("[31mline 99"), "{text}");
        tail.push("[mov,mp4 @ 0x55cd5a715240] moov atom not found");
        assert!(tail.text().ends_with("\n[mov,mp4] moov atom not found"));
        tail.push(&"x".repeat(10_000));
        assert!(tail.text().len() < 1000);
    }
}
