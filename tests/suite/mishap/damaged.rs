//! Damaged videos and odd file names.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::future::join_all;
use zipreel::{
    cloud::Cloud,
    local::{self, Config, StandIn},
    media::ffmpeg::Tools,
    model::{
        reel::{
            name::ReelName,
            order::{Cut, Folders, IfTaken, OnDamage, Order, Place, Target, Transcode},
        },
        report::{event::Event, fault::Stopped},
        retry::RetryPolicy,
    },
    publish,
    remote::{self, Depth, LibraryError},
    running::{
        attempt::Retries,
        reporter::{Control, Reporter},
    },
    state::lock::{Purpose, ReelLock},
};

use super::account::{connect, tell};
use crate::clips::{Clip, clip, scratch};

/// For one video of two seconds, on a machine that does other things too.
const BOUND: Duration = Duration::from_secs(180);
/// Accounts that are published to side by side: each lets few calls a second through.
const ACCOUNTS: usize = 4;

/// An account, and folders of a machine.
struct Ground {
    folder: tempfile::TempDir,
    cloud: Cloud,
    _stand_in: StandIn,
}

impl Ground {
    async fn start() -> Self {
        let folder = scratch();
        let config = Config { port: 0, ..Config::new(folder.path().join("data")) };
        let stand_in = local::start(config).await.unwrap();
        Self { cloud: connect(stand_in.endpoint()).await, folder, _stand_in: stand_in }
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }
}

struct Deaf;

impl Reporter for Deaf {
    fn report(&self, _: Event) {}
}

fn order(video: &Path, reel: &ReelName, folder: &Path) -> Order {
    Order {
        video: video.to_owned(),
        reel: reel.clone(),
        title: reel.to_string(),
        cut: Cut {
            grows: true,
            pes_lengths: true,
            segment_length: Duration::from_secs(1),
            chunk_limit: 1024 * 1024,
            transcode: Transcode::Auto,
            wanted: Default::default(),
        },
        place: Place { target: Target::Local, region: None },
        expected: None,
        parallel_uploads: None,
        if_taken: IfTaken::Refuse,
        relay: false,
        cdn: false,
        on_damage: OnDamage::Accept,
        robots: Default::default(),
        interrupted: None,
        retry: RetryPolicy::default(),
        folders: Folders { state: folder.join("state"), work: folder.join("work"), backlog_bytes: 1 << 30 },
    }
}

/// A damaged copy, and what was done to it.
fn damage(original: &[u8], random: &mut fastrand::Rng) -> (Vec<u8>, &'static str) {
    let mut bytes = original.to_vec();
    let length = bytes.len();
    let what = match random.usize(0..8) {
        0 => {
            bytes.truncate(random.usize(0..length));
            "cut off"
        }
        1 => {
            for _ in 0..random.usize(1..50) {
                bytes[random.usize(0..length)] ^= 1 << random.u8(0..8);
            }
            "bits flipped"
        }
        2 => {
            // where the headers are
            for _ in 0..random.usize(1..20) {
                bytes[random.usize(0..length.min(2048))] = random.u8(..);
            }
            "head overwritten"
        }
        3 => {
            let start = random.usize(0..length);
            let end = (start + random.usize(1..20_000)).min(length);
            bytes[start..end].fill(0);
            "zeroed within"
        }
        4 => {
            let place = random.usize(0..length.saturating_sub(4).min(4096));
            bytes[place..place + 4].copy_from_slice(&0xffff_fff0_u32.to_be_bytes());
            "huge size in the head"
        }
        5 => {
            let tail = length.saturating_sub(8192);
            for _ in 0..random.usize(1..40) {
                bytes[random.usize(tail..length)] = random.u8(..);
            }
            "tail overwritten"
        }
        6 => {
            let start = random.usize(0..length / 2);
            bytes.drain(start..start + random.usize(1..length / 2));
            "a piece taken out"
        }
        _ => {
            bytes = "Once upon a time there was no video.\n".repeat(random.usize(1..2000)).into_bytes();
            "text"
        }
    };
    (bytes, what)
}

/// True if it was published; then it is whole.
async fn survive(ground: &Ground, tools: &Tools, video: &Path, reel: &ReelName) -> bool {
    let (order, cloud) = (order(video, reel, ground.folder.path()), &ground.cloud);
    let held = ReelLock::take(&order.folders.state, reel, Purpose::Publish).unwrap();
    let (control, reporter) = (Control::default(), Arc::new(Deaf));
    let run = publish::publish(order, &held, Arc::new(cloud.clone()), tools, reporter, &control, async |_| None);
    let ended = tokio::time::timeout(BOUND, run).await.unwrap_or_else(|_| panic!("{video:?} hangs"));
    let check = remote::check(cloud, reel, Depth::Quick, &Retries::default(), |_| ()).await;
    match ended {
        Ok(_) => {
            assert!(check.unwrap().is_whole(), "{video:?}");
            true
        }
        Err(Stopped::Failed(fault)) => {
            assert!(matches!(check, Err(LibraryError::NotFound(_))), "{video:?} left a reel: {fault}");
            assert!(fault.hint.is_some(), "{video:?}: nothing to do is said: {fault}");
            false
        }
        Err(Stopped::Cancelled) => panic!("{video:?}: nobody cancelled"),
    }
}

/// Damages a video as this number says, and publishes it.
async fn damaged(seed: u64, ground: &Ground, tools: &Tools, originals: &[PathBuf]) -> bool {
    let mut random = fastrand::Rng::with_seed(seed);
    let original = &originals[random.usize(0..originals.len())];
    let (bytes, what) = damage(&fs::read(original).unwrap(), &mut random);
    let endings = ["mp4", "mkv", "ts", "mov", "avi", "txt"];
    let right = original.extension().unwrap().to_str().unwrap();
    let ending = if random.bool() { right } else { endings[random.usize(0..endings.len())] };
    let video = ground.path(format!("{seed}-{}.{ending}", what.replace(' ', "-")));
    fs::write(&video, bytes).unwrap();
    let published = survive(ground, tools, &video, &format!("damaged-{seed}").parse().unwrap()).await;
    fs::remove_file(&video).unwrap();
    published
}

#[tokio::test(flavor = "multi_thread")]
async fn no_damaged_video_hangs_or_leaves_half_a_reel() {
    let count: u64 = std::env::var("ZIPREEL_DAMAGED").map_or(200, |text| text.parse().unwrap());
    let tools = Tools::find().await.unwrap();
    let originals = [Clip::Tiny, Clip::TinyMkv, Clip::TinyTs].map(clip);
    let accounts = (0..ACCOUNTS).map(|first| {
        let (tools, originals) = (&tools, &originals);
        async move {
            let (ground, mut published) = (Ground::start().await, 0);
            for seed in (first as u64..count).step_by(ACCOUNTS) {
                published += u64::from(damaged(seed, &ground, tools, originals).await);
            }
            published
        }
    });
    let published: u64 = join_all(accounts).await.into_iter().sum();
    tell(&format!("{count} damaged videos: {published} could be published whole all the same"));
    assert!(published < count);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn any_file_name_will_do() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let tools = Tools::find().await.unwrap();
    let long = format!("{}.mp4", "n".repeat(251));
    let names = [
        "with spaces.mp4",
        "it's \"quoted\".mp4",
        "a\nnewline.mp4",
        "100% of %d %08d.mp4",
        "-dashes --first.mp4",
        "日本語の映画.mp4",
        "🎬 émoji.mp4",
        "עברית וערבית عربى.mp4",
        "file:colon,comma;semicolon|pipe.mp4",
        "back\\slash$HOME`id`.mp4",
        long.as_str(),
    ];
    let not_text = OsStr::from_bytes(b"no\xfftext.mp4");
    let names: Vec<&OsStr> = names.iter().map(|name| OsStr::new(*name)).chain([not_text]).collect();
    let accounts = names.chunks(names.len().div_ceil(ACCOUNTS)).map(async |names| {
        let ground = Ground::start().await;
        for (number, name) in names.iter().enumerate() {
            let video = ground.path(name);
            fs::copy(clip(Clip::Tiny), &video).unwrap();
            let reel = format!("odd-{number}").parse().unwrap();
            assert!(survive(&ground, &tools, &video, &reel).await, "{name:?}");
        }
    });
    join_all(accounts).await;
}
