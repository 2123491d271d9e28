//! The publishing process with eight uploads of 48 MiB under way: its memory must not grow with them. The stand-in
//! runs in the test's own process, so that it is not counted.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::sandbox::{Sandbox, tool};
use crate::{
    clips::{Clip, clip},
    events,
};

const AT_ONCE: usize = 8;
const PEAK_KIB: u64 = 80 * 1024;
const MIB: u64 = 1024 * 1024;

/// Room for the small first chunks and for eight full ones.
fn video(sandbox: &Sandbox) -> PathBuf {
    let (grain, video) = (clip(Clip::Grain), sandbox.path("large.mkv"));
    let loops = (480 * MIB / grain.metadata().unwrap().len()).to_string();
    let (grain, path) = (grain.to_str().unwrap(), video.to_str().unwrap());
    tool("ffmpeg", &["-v", "error", "-stream_loop", &loops, "-i", grain, "-c", "copy", path]);
    video
}

/// Large chunks that are under way, and how much of each has left.
#[derive(Default)]
struct UnderWay(BTreeMap<String, u64>);

impl UnderWay {
    fn hear(&mut self, line: &Value) {
        let Some(job) = line["job"].as_str().filter(|job| job.starts_with("chunk ")) else { return };
        if line["event"] == "progress" && line["total"].as_u64() > Some(40 * MIB) {
            self.0.insert(job.to_owned(), line["done"].as_u64().unwrap());
        } else if line["state"] == "succeeded" {
            self.0.remove(job);
        }
    }

    fn is_full(&self) -> bool {
        self.0.values().filter(|sent| **sent > 4 * MIB).count() >= AT_ONCE
    }
}

/// Most memory that the process ever had resident; where the system does not keep that, what it has now.
pub(crate) fn peak_kib(pid: u32) -> u64 {
    let status = Path::new("/proc").join(pid.to_string()).join("status");
    let Ok(status) = std::fs::read_to_string(status) else {
        let listed = Command::new("ps").args(["-o", "rss=", "-p", &pid.to_string()]).output().unwrap();
        return String::from_utf8(listed.stdout).unwrap().trim().parse().unwrap();
    };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_uploads_of_48_mib_take_little_memory() {
    let sandbox = Sandbox::start().await;
    // so slow that none is over before the last begins
    sandbox.stand_in.faults().set("uplink=100mbit".parse().unwrap());
    let mut command = sandbox.command("state");
    command.args(["publish", "--json", "--name", "large", "--segment-seconds", "1", "--chunk-mib", "48"]);
    command.args(["--parallel", "8"]).arg(video(&sandbox)).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut under_way, mut peak) = (UnderWay::default(), 0);
    while !under_way.is_full() {
        let line = lines.next_line().await.unwrap().expect("eight uploads run at once before it ends");
        under_way.hear(&events::line(&line));
        peak = peak.max(peak_kib(child.id().unwrap()));
    }
    child.kill().await.unwrap();
    assert!((1..PEAK_KIB).contains(&peak), "{peak} KiB");
}
