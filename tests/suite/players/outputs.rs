//! The players without a page, told to give away what they would show and sound.

use std::{collections::BTreeMap, os::unix::fs::PermissionsExt as _, path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};

use super::programs::{gstreamer_script, tool_as_nobody, unprivileged, version};

/// Samples in a frame of AAC, at 48 kHz.
const AAC_FRAME: f64 = 1024.0 / 48_000.0;

/// What came out of a player.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Out {
    pub(super) pictures: usize,
    /// Seconds.
    pub(super) sound: f64,
    /// Seconds within the sound in which none came, where a player tells.
    pub(super) silence: f64,
}

/// VLC leaves out what it has begun to decode at its start, and the pictures until it has made a window of another size.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tolerance {
    /// Seconds of pictures that may be missing.
    pub(super) pictures: f64,
    /// Seconds of sound that may be missing.
    pub(super) sound: f64,
    /// A picture that stands for long is counted each time it is drawn.
    pub(super) redrawn: bool,
}

impl Tolerance {
    pub(super) fn most(self, pictures: f64) -> f64 {
        if self.redrawn { f64::INFINITY } else { pictures }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Ffmpeg,
    Mpv,
    Vlc,
    Playbin,
    Playbin3,
}

impl Program {
    pub(super) const ALL: [Self; 5] = [Self::Ffmpeg, Self::Mpv, Self::Vlc, Self::Playbin, Self::Playbin3];

    pub(super) async fn name(self) -> String {
        match self {
            Self::Ffmpeg => format!("ffmpeg {}", version("ffmpeg", &["-version"], 2).split('-').next().unwrap()),
            Self::Mpv => format!("mpv {}", version("mpv", &["--version"], 1).trim_start_matches('v')),
            Self::Vlc => format!("VLC {}", tool_as_nobody("vlc", "--version").await),
            Self::Playbin | Self::Playbin3 => {
                let mut command = gstreamer_script();
                let version = ended_well(command.arg("--version")).await.expect("a version");
                format!("GStreamer {} {}", version.trim(), self.factory())
            }
        }
    }

    fn factory(self) -> &'static str {
        if self == Self::Playbin3 { "playbin3" } else { "playbin" }
    }

    /// What of a video may be missing, or come more than once.
    pub(super) fn tolerance(self, breaks: bool) -> Tolerance {
        match self {
            Self::Vlc if breaks => Tolerance { pictures: 2.5, sound: 1.0, redrawn: true },
            Self::Vlc => Tolerance { pictures: 0.5, sound: 0.5, redrawn: false },
            _ => Tolerance::default(),
        }
    }

    /// As `play`, but VLC shows it in its own time: as it writes a file it hurries, and leaves out up to a segment where the
    /// picture changes, more on a busy machine.
    pub(super) async fn show(self, url: &str, from: Option<f64>, patience: Duration) -> Out {
        if self != Self::Vlc {
            return self.play(url, from, patience).await;
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let shown = vlc_shows(url, from, folder.path());
        tokio::time::timeout(patience, shown).await.unwrap_or_default()
    }

    /// From the start, or from so many seconds on; nothing if it gives up.
    pub(super) async fn play(self, url: &str, from: Option<f64>, patience: Duration) -> Out {
        let folder = tempfile::tempdir().unwrap();
        // VLC runs as nobody
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let at = from.map(|from| from.to_string());
        let play = async || match self {
            Self::Ffmpeg => ffmpeg(url, at.as_deref()).await,
            Self::Mpv => mpv(url, at.as_deref(), &folder.path().join("frames")).await,
            Self::Vlc => vlc(url, at.as_deref(), folder.path()).await,
            Self::Playbin | Self::Playbin3 => gstreamer(self.factory(), url, at.as_deref()).await,
        };
        tokio::time::timeout(patience, play()).await.ok().flatten().unwrap_or_default()
    }
}

/// Standard output of a program that ends well.
async fn ended_well(command: &mut Command) -> Option<String> {
    command.stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output = command.output().await.expect("it starts");
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

async fn ffmpeg(url: &str, at: Option<&str>) -> Option<Out> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error"]).args(at.map(|at| ["-ss", at]).into_iter().flatten());
    command.args(["-i", url, "-map", "0", "-vsync", "passthrough", "-f", "framemd5", "-"]);
    ended_well(&mut command).await.map(|text| of_frames(&text))
}

async fn mpv(url: &str, at: Option<&str>, frames: &Path) -> Option<Out> {
    let mut command = Command::new("mpv");
    // its encoders know one size; what it plays on a screen may change
    command.args(["--no-config", "--really-quiet", "--vf=scale=64:64", "--of=framemd5", "--ovc=rawvideo"]);
    command.args(["--oac=pcm_s16le"]).args(at.map(|at| format!("--start={at}")));
    ended_well(command.arg(format!("--o={}", frames.display())).arg(url)).await?;
    std::fs::read_to_string(frames).ok().map(|text| of_frames(&text))
}

/// What `-f framemd5` says: `#tb 0: 1/25` and `#media_type 0: video`, then a line a frame, which begins with its stream,
/// decoding time, presentation time and length.
fn of_frames(text: &str) -> Out {
    let mut out = Out::default();
    let (mut units, mut sound) = (BTreeMap::new(), "none");
    let (mut first, mut end, mut heard) = (None, 0, 0);
    for line in text.lines() {
        if let Some((stream, unit)) = line.strip_prefix("#tb ").and_then(|line| line.split_once(": 1/")) {
            units.insert(stream, unit.parse::<f64>().unwrap());
        } else if let Some((stream, "audio")) = line.strip_prefix("#media_type ").and_then(|line| line.split_once(": "))
        {
            sound = stream;
        } else if !line.starts_with('#') {
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            if cells[0] != sound {
                out.pictures += 1;
                continue;
            }
            let [at, length] = [2, 3].map(|cell| cells[cell].parse::<i64>().unwrap());
            first.get_or_insert(at);
            (end, heard) = (at + length, heard + length);
        }
    }
    let unit = units.get(sound).unwrap_or(&1.0);
    out.sound = heard as f64 / unit;
    out.silence = (end - first.unwrap_or(0)) as f64 / unit - out.sound;
    out
}

async fn vlc(url: &str, at: Option<&str>, folder: &Path) -> Option<Out> {
    let file = folder.join("carried.ts");
    let mut command = unprivileged("vlc");
    command.env("HOME", folder).args(["--intf", "dummy", "--quiet", url]);
    command.arg(format!("--sout=#std{{access=file,mux=ts,dst={}}}", file.display()));
    ended_well(command.args(at.map(|at| format!("--start-time={at}"))).arg("vlc://quit")).await?;
    let packets = |stream: &str| {
        let show = ["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts", "-of", "csv=p=0"];
        let mut command = std::process::Command::new("ffprobe");
        let said = command.args(show).arg(&file).output().unwrap();
        String::from_utf8(said.stdout).unwrap().lines().filter(|line| !line.is_empty()).count()
    };
    Some(Out { pictures: packets("v"), sound: packets("a") as f64 * AAC_FRAME, silence: 0.0 })
}

/// By the counts that it gives when it is asked, a few frames before its end for the last time.
async fn vlc_shows(url: &str, at: Option<f64>, home: &Path) -> Out {
    let mut command = unprivileged("vlc");
    command.env("HOME", home).args([
        "--intf",
        "rc",
        "--rc-fake-tty",
        "--quiet",
        "--vout",
        "vdummy",
        "--aout",
        "adummy",
    ]);
    command.args(["--no-drop-late-frames", "--no-skip-frames", url]).args(at.map(|at| format!("--start-time={at}")));
    command.arg("vlc://quit").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut vlc = command.spawn().expect("it starts");
    let (mut orders, answers) = (vlc.stdin.take().unwrap(), vlc.stdout.take().unwrap());
    let asks = async {
        while orders.write_all(b"stats\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let hears = async {
        let (mut out, mut lines) = (Out::default(), BufReader::new(answers).lines());
        while let Ok(Some(line)) = lines.next_line().await {
            let Some((name, count)) = line.rsplit_once(':') else { continue };
            let count = || count.trim().parse().unwrap_or(0);
            if name.contains("frames displayed") {
                out.pictures = out.pictures.max(count());
            } else if name.contains("buffers played") {
                out.sound = out.sound.max(count() as f64 * AAC_FRAME);
            }
        }
        out
    };
    tokio::join!(asks, hears).1
}

async fn gstreamer(factory: &str, url: &str, at: Option<&str>) -> Option<Out> {
    let mut command = gstreamer_script();
    let said = ended_well(command.args([factory, url]).args(at)).await?;
    let seen: Value = serde_json::from_str(&said).unwrap();
    let (pictures, sound) = (seen["video"].as_array().unwrap().len(), seen["audio"].as_u64().unwrap());
    Some(Out { pictures, sound: sound as f64 * AAC_FRAME, silence: 0.0 })
}
