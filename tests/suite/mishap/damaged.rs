//! Damaged videos and odd file names.

use std::{fs, path::Path, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use zipreel::{
    cloud::Cloud,
    local::{self, Config},
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
const BOUND: Duration = Duration::from_secs(90);
const PARALLEL: usize = 3;

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
async fn survive(cloud: &Cloud, tools: &Tools, video: &Path, reel: &ReelName, folder: &Path) -> bool {
    let order = order(video, reel, folder);
    let held = ReelLock::take(&order.folders.state, reel, Purpose::Publish).unwrap();
    let (control, reporter) = (Control::default(), Arc::new(Deaf));
    let run = publish::publish(order, &held, Arc::new(cloud.clone()), tools, reporter, &control);
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

#[tokio::test(flavor = "multi_thread")]
async fn no_damaged_video_hangs_or_leaves_half_a_reel() {
    let count: u64 = std::env::var("ZIPREEL_DAMAGED").map_or(200, |text| text.parse().unwrap());
    let folder = scratch();
    let mut config = Config::new(folder.path().join("data"));
    config.port = 0;
    let stand_in = local::start(config).await.unwrap();
    let (cloud, tools) = (connect(stand_in.endpoint()).await, Tools::find().await.unwrap());
    let originals = [Clip::Tiny, Clip::TinyMkv, Clip::TinyTs].map(clip);
    let runs = (0..count).map(|seed| {
        let (cloud, tools, originals, folder) = (&cloud, &tools, &originals, folder.path());
        async move {
            let mut random = fastrand::Rng::with_seed(seed);
            let original = &originals[random.usize(0..originals.len())];
            let (bytes, what) = damage(&fs::read(original).unwrap(), &mut random);
            let endings = ["mp4", "mkv", "ts", "mov", "avi", "txt"];
            let right = original.extension().unwrap().to_str().unwrap();
            let ending = if random.bool() { right } else { endings[random.usize(0..endings.len())] };
            let video = folder.join(format!("{seed}-{}.{ending}", what.replace(' ', "-")));
            fs::write(&video, bytes).unwrap();
            let reel = format!("damaged-{seed}").parse().unwrap();
            let published = survive(cloud, tools, &video, &reel, folder).await;
            fs::remove_file(&video).unwrap();
            published
        }
    });
    let published = stream::iter(runs).buffer_unordered(PARALLEL).filter(|yes| std::future::ready(*yes)).count().await;
    tell(&format!("{count} damaged videos: {published} could be published whole all the same"));
    assert!((published as u64) < count);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn any_file_name_will_do() {
    let folder = scratch();
    let mut config = Config::new(folder.path().join("data"));
    config.port = 0;
    let stand_in = local::start(config).await.unwrap();
    let (cloud, tools) = (connect(stand_in.endpoint()).await, Tools::find().await.unwrap());
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
    for (number, name) in names.into_iter().enumerate() {
        let video = folder.path().join(name);
        fs::copy(clip(Clip::Tiny), &video).unwrap();
        let reel = format!("odd-{number}").parse().unwrap();
        assert!(survive(&cloud, &tools, &video, &reel, folder.path()).await, "{name:?}");
    }
    let not_text: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"no\xfftext.mp4");
    let not_text = folder.path().join(not_text);
    fs::copy(clip(Clip::Tiny), &not_text).unwrap();
    assert!(survive(&cloud, &tools, &not_text, &"odd-bytes".parse().unwrap(), folder.path()).await);
}
