//! How much of the disk a publishing takes while its uplink is slower than its ffmpeg.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use zipreel::{
    media::ffmpeg::Tools,
    remote::{self, Depth},
    running::{attempt::Retries, reporter::Control},
    state::journal,
};

use super::{
    account::{connect, tell},
    engine::{BoardReporter, REEL, order, publish, start},
};
use crate::{
    clips::{Clip, clip, scratch},
    process::is_held,
    publish::sandbox::{program, tool},
};

const MIB: u64 = 1024 * 1024;

/// Bytes of all files in a folder and those below.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()),
        Ok(data) => data.len(),
        // removed since it was listed
        Err(_) => 0,
    });
    sizes.sum()
}

/// ffmpeg whose input comes at 3 MB a second at most. Its own `-readrate` would make up for the time it was held.
async fn slow_ffmpeg(folder: &Path, video: PathBuf) -> Tools {
    let real = Tools::find().await.unwrap();
    let (path, pipe) = (folder.join("slow-ffmpeg"), folder.join("pipe"));
    tool("mkfifo", &[pipe.to_str().unwrap()]);
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' hls '*) ;; *) exec '{ffmpeg}' \"$@\";; esac\n\
         left=$#\nwhile [ $left -gt 0 ]; do\n  word=$1; shift; left=$((left - 1))\n  \
         [ \"$before\" = -i ] && word=pipe:0\n  before=$word; set -- \"$@\" \"$word\"\ndone\n\
         exec '{ffmpeg}' \"$@\" < '{pipe}'\n",
        ffmpeg = real.ffmpeg.display(),
        pipe = pipe.display()
    );
    program(&path, &script);
    std::thread::spawn(move || {
        let content = fs::read(video).unwrap();
        let mut pipe = fs::File::create(pipe).unwrap();
        for block in content.chunks(64 * 1024) {
            pipe.write_all(block).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    Tools { ffmpeg: path, ..real }
}

/// What was seen of a run while it lasted.
#[derive(Debug, Default)]
struct Watched {
    most: u64,
    /// How often ffmpeg was stopped, and how often it went on.
    holds: u32,
    releases: u32,
}

async fn watch(work_dir: PathBuf, state_dir: PathBuf, watched: &mut Watched) {
    let reel_folder = state_dir.join(REEL);
    let mut held = false;
    loop {
        watched.most = watched.most.max(size(&work_dir));
        let now = journal::leaders(&reel_folder).iter().any(is_held);
        watched.holds += u32::from(now && !held);
        watched.releases += u32::from(held && !now);
        held = now;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// 15 MB come at up to 3 MB a second and go at 1.1: without a bound 10 of them would wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_uplink_holds_ffmpeg_back_and_the_disk_stays_under_its_bound() {
    let folder = scratch();
    let stand_in = start(folder.path().join("data")).await;
    stand_in.faults().set("uplink=12mbit".parse().unwrap());
    let (cloud, tools) = (connect(stand_in.endpoint()).await, slow_ffmpeg(folder.path(), clip(Clip::LongTs)).await);
    let mut order = order(folder.path(), "long");
    order.video = clip(Clip::LongTs);
    order.cut.segment_length = Duration::from_secs(6);
    order.folders.backlog_bytes = 2 * MIB;
    let (work_dir, state_dir) = (order.folders.work.clone(), order.folders.state.clone());
    let (seen, control, mut watched) = (BoardReporter::default(), Control::default(), Watched::default());
    let published = tokio::select! {
        published = publish(order, &cloud, &tools, &seen, &control) => published.unwrap(),
        () = watch(work_dir.clone(), state_dir, &mut watched) => unreachable!("it watches for ever"),
    };
    tell(&format!("{} bytes through a backlog of {}: {watched:?}", published.bytes, 2 * MIB));
    assert!(published.bytes > 12 * MIB, "{published:?}");
    // beside the bound: the segment that is being written, and what comes until ffmpeg is stopped
    assert!(watched.most < 6 * MIB, "{watched:?}");
    assert!(watched.holds > 1 && watched.releases > 1, "{watched:?}");
    assert_eq!(size(&work_dir), 0);
    stand_in.faults().clear();
    let retries = Retries::default();
    let report = remote::check(&cloud, &REEL.parse().unwrap(), Depth::Bytes, &retries, |_| ()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}
