//! A backend that plays a script: for tests only.

mod backend;
mod faults;
mod probes;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use image::{DynamicImage, Rgb, RgbImage};

pub(super) use self::probes::{hevc, phone, two_cameras, with_subtitles};
use super::{
    Start,
    backend::{
        Account, Checked, Chunk, ChunkId, Fate, Finding, Keyframes, Offer, Order, Place, Probe, Published, Question,
        Reel, ReelDetail, Resumable, Storage, Stream, Target, ToCopy, Transcode,
    },
    keymap::Keymap,
    work::folder::{Entry, Kind, Listing, Named},
};
use crate::model::cost::{Parts, Track, Viewed};
use crate::{
    model::{
        cost::Front,
        reel::{
            name::{ChunkNumber, Generation, ReelName, RenditionId},
            order::{AccountRegion, Cut, Folders},
        },
        report::{
            event::{Count, Event, JobChange, JobName, Planned, Unit},
            fault::Fault,
        },
    },
    settings::{Look, Settings, WizardSettings},
    use_cases::{Machine, Overrides},
};

pub(super) use faults::{full, no_right, no_room, signed_out};

/// Ten minutes at the rate that the README reckons with, before they are cut, and what is made of them.
const FILM_BYTES: u64 = 857_250_000;
const MADE_BYTES: u64 = 900_000_000;
const FILM_CHUNKS: u32 = 23;
pub(super) const CHUNK_BYTES: u64 = MADE_BYTES / FILM_CHUNKS as u64;
/// Of which so many are uploaded when one looks.
pub(super) const UPLOADED: u16 = 11;

pub(super) const FOLDER: &str = "/home/ada/Videos/2026";

/// A moment to count ages from: 2026-11-22 12:00 UTC.
pub(super) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800)
}

#[derive(Default)]
pub(super) struct Script {
    /// Signing in fails.
    pub(super) signed_out: bool,
    /// Publishing sends these, then ends with the result; without one it goes on until cancelled.
    pub(super) events: Vec<Event>,
    pub(super) result: Option<Result<Published, Fault>>,
    /// What was interrupted, if not [`resumables`].
    pub(super) begun: Option<Vec<Resumable>>,
    /// Removals end when the test says so.
    pub(super) slow_removals: bool,
    /// Never begun by the process before.
    pub(super) waiting: Vec<Order>,
    pub(super) connect_panics: bool,
    pub(super) probe_panics: bool,
    pub(super) publish_panics: bool,
    pub(super) orders: Arc<Mutex<Vec<Order>>>,
}

pub(super) fn start() -> Start {
    let folders = Folders {
        state: "/home/ada/.local/state/zipreel".into(),
        work: "/home/ada/.cache/zipreel/work".into(),
        backlog_bytes: 1 << 32,
    };
    let settings = Settings {
        name: None,
        title: None,
        cut: Cut {
            segment_length: Duration::from_secs(30),
            grows: true,
            pes_lengths: true,
            chunk_limit: 49 << 20,
            transcode: Transcode::Ask,
            wanted: Default::default(),
        },
        place: Place { target: Target::Local, region: None },
        parallel_uploads: None,
        replace: false,
        on_damage: Default::default(),
        robots: Default::default(),
        video: None,
        machine: Machine {
            folders,
            data: "/home/ada/.local/share/zipreel/stand-in".into(),
            port: 0,
            host: None,
            faults: None,
            overrides: Overrides::default(),
        },
    };
    let own = WizardSettings { look: Look::Auto, mouse: true };
    Start { settings, files: Vec::new(), folder: FOLDER.into(), own, keys: Keymap::default() }
}

/// The same for an AWS profile.
pub(super) fn start_on_aws() -> Start {
    let mut start = start();
    start.settings.place.target = studio();
    start
}

pub(super) fn studio() -> Target {
    Target::Aws { profile: Some("studio".to_owned()) }
}

pub(super) fn name(name: &str) -> ReelName {
    name.parse().unwrap()
}

pub(super) fn generation() -> Generation {
    "4f2a91c0".parse().unwrap()
}

pub(super) fn probe() -> Probe {
    let stream = |kind: &str, what: &str, bit_rate, fate| Stream {
        kind: kind.into(),
        what: what.into(),
        bit_rate,
        fate,
        optional: false,
    };
    Probe {
        duration: Duration::from_secs(600),
        bytes: FILM_BYTES,
        bit_rate: 11_430_000,
        streams: vec![
            stream("video", "H.264 1920×1080 60 fps", Some(11_238_000), Fate::Copy),
            stream("audio", "AAC stereo 48 kHz", Some(192_000), Fate::Copy),
        ],
        sounds: Vec::new(),
        keyframes: Some(Keyframes { typical: Duration::from_secs(2), longest: Duration::from_millis(2100) }),
        video: Offer { chosen: Some(0), ..Offer::default() },
        audio: Offer { chosen: Some(1), ..Offer::default() },
        subtitles: Offer::default(),
        h264: None,
        interlaced: false,
        stills: false,
        refused: None,
        warnings: Vec::new(),
    }
}

pub(super) fn listing() -> Listing {
    let entry = |name: &str, kind, bytes| Entry {
        path: PathBuf::from(FOLDER).join(name),
        name: name.to_owned(),
        kind,
        bytes,
        // the longer its name, the older it is
        modified: Some(noon() - Duration::from_secs(3600 * name.len() as u64)),
        hidden: name.starts_with('.'),
    };
    let (path, name) = ("/home/ada/Videos".into(), "..".to_owned());
    let above = Entry { path, name, kind: Kind::Above, bytes: 0, modified: None, hidden: false };
    let mut entries = vec![
        above,
        entry("harbour-night.mp4", Kind::Video, FILM_BYTES),
        entry("interview.mkv", Kind::Video, 4_290_000_000),
        entry("phone.mov", Kind::Video, 310_000_000),
        entry("broken.webm", Kind::Video, 12_000),
        entry("映画館の夜 – ファイナルカット 最終版.mp4", Kind::Video, 980_000_000),
        entry("e\u{301}te\u{301} 🎬👨‍👩‍👧 familia.mov", Kind::Video, 88_000_000),
        entry("odd\u{1b}[31m\u{202e}name.mp4", Kind::Video, 1_000),
        entry(".hidden.mp4", Kind::Video, 2_000),
        entry("take 19.de.srt", Kind::Other, 31_000),
        entry("harbour-night.txt", Kind::Other, 700),
        entry("recording", Kind::Other, 640_000_000),
        entry("raw", Kind::Folder, 0),
    ];
    entries.extend((1..=20).map(|number| entry(&format!("take {number:02}.mp4"), Kind::Video, 50_000_000)));
    Listing { entries }
}

/// What a search below the folder finds.
pub(super) fn below() -> Vec<Entry> {
    let one = |path: &str| {
        let path = PathBuf::from(FOLDER).join(path);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = 70_000_000;
        Entry { path, hidden: false, kind: Kind::Video, bytes, modified: Some(noon()), name }
    };
    ["raw/harbour take 1.mp4", "raw/harbour take 2.mp4", "raw/2025/talk at the harbour.mkv"].map(one).to_vec()
}

/// Of a file that is shown somewhere, in bytes.
pub(super) fn size(video: &Path) -> u64 {
    let entries = [listing().entries, below()].concat();
    entries.iter().find(|entry| entry.path == video).map_or(0, |entry| entry.bytes)
}

/// What a look at a named path gives.
pub(super) fn named(path: PathBuf) -> Named {
    let entry = listing().entries.into_iter().find(|entry| entry.path == path && entry.kind.is_file());
    Named { entry: entry.ok_or_else(|| format!("There is no file `{}` any more.", path.display())), path }
}

/// As `account::preflight` says it.
const SETUP: [&str; 4] = [
    "role `zipreel-chunk` (what chunks may do in the account: nothing) will be created",
    "role `zipreel-gate` (what the gate may do in the account: look up chunks) will be created",
    "function `zipreel-gate`, with a public address, sends players to the chunks",
    "log `/aws/lambda/zipreel-gate`, for the gate's errors, kept for 7 days",
];

pub(super) fn account(place: &Place) -> Account {
    let local = place.target == Target::Local;
    let region = place.region.clone().unwrap_or_else(|| if local { "us-east-1" } else { "eu-west-1" }.to_owned());
    Account {
        place: place.clone(),
        at: AccountRegion { account: if local { "000000000000" } else { "123456789012" }.to_owned(), region },
        id: (!local).then(|| "123456789012".to_owned()),
        principal: (!local).then(|| "arn:aws:iam::123456789012:user/ada".to_owned()),
        storage: Some(Storage { used: 41 << 30, limit: 300 << 30 }),
        setup: if local { Vec::new() } else { SETUP.map(str::to_owned).to_vec() },
        relay: local,
        front: Front::Url,
        cdn: false,
        notice: (!local).then(|| Question::Notice { account: "123456789012".to_owned() }),
        serving: local
            .then(|| "the links work only on this computer, while zipreel runs; later: `zipreel local`".to_owned()),
        open: false,
    }
}

pub(super) fn local_at() -> AccountRegion {
    AccountRegion { account: "000000000000".to_owned(), region: "us-east-1".to_owned() }
}

/// An order as the review makes it.
pub(super) fn order(reel: &str) -> Order {
    let video = PathBuf::from(FOLDER).join(format!("{reel}.mp4"));
    Order { expected: Some(local_at()), ..start().settings.order_as(&video, name(reel), reel.to_owned()) }
}

pub(super) fn resumables() -> Vec<Resumable> {
    let one = |reel: &str, hours: u64, video_missing| Resumable {
        reel: name(reel),
        generation: generation(),
        video: PathBuf::from(FOLDER).join(format!("{reel}.mp4")),
        video_missing,
        place: Place { target: Target::Local, region: Some("us-east-1".to_owned()) },
        at: local_at(),
        holder: None,
        cdn: false,
        chunks_deployed: u32::from(UPLOADED),
        chunks: Some(FILM_CHUNKS),
        bytes_left: Some(FILM_BYTES - u64::from(UPLOADED) * CHUNK_BYTES),
        touched: noon() - Duration::from_secs(hours * 3600),
    };
    vec![one("harbour-night", 2, false), one("talk-2025", 70, true)]
}

pub(super) fn reels() -> Vec<Reel> {
    let one = |reel: &str, seconds: u64, mib: u64, chunks, orphan: bool| Reel {
        name: name(reel),
        generation: Some(generation()),
        duration: (!orphan).then(|| Duration::from_secs(seconds)),
        bytes: mib << 20,
        chunks,
        published: (!orphan).then(|| noon() - Duration::from_secs(seconds * 120)),
        orphan,
        lack: None,
    };
    vec![
        one("harbour-night-k3x9q2m7", 600, 858, FILM_CHUNKS, false),
        one("interview", 3727, 4296, 126, false),
        one("talk", 2887, 450, 11, false),
        one("left-over", 67, 96, 3, true),
    ]
}

pub(super) fn chunk_id(number: u16) -> ChunkId {
    ChunkId { rendition: RenditionId::source(), number: ChunkNumber::try_from(number).unwrap() }
}

pub(super) fn checked(number: u16, finding: Finding) -> Checked {
    Checked { generation: generation(), id: chunk_id(number), finding }
}

fn to_copy(name: &'static str, what: &'static str, text: &str) -> ToCopy {
    ToCopy { name, what, text: text.to_owned() }
}

pub(super) fn detail(reel: &ReelName) -> ReelDetail {
    let found = reels().into_iter().find(|found| found.name == *reel);
    let reel = found.unwrap_or_else(|| Reel { name: reel.clone(), ..reels().remove(0) });
    let base = format!("http://127.0.0.1:8721/{}/", reel.name);
    ReelDetail {
        title: if reel.name.as_str().starts_with("harbour") { "Harbour at night" } else { "A talk" }.into(),
        watch_url: base.clone(),
        playlist_url: format!("{base}index.m3u8"),
        seek_url: Some(format!("{base}index.seek.m3u8")),
        to_copy: vec![
            to_copy("watch page", "for people", &base),
            to_copy("playlist", "for VLC, mpv and other players", &format!("{base}index.m3u8")),
            to_copy("seek link", "quick jumps; for players", &format!("{base}index.seek.m3u8")),
            to_copy("embed", "HTML that shows it on a web page", &format!("<iframe src=\"{base}\"></iframe>")),
        ],
        relay: true,
        chunks: (1..=reel.chunks as u16).map(|number| Chunk { id: chunk_id(number), bytes: CHUNK_BYTES }).collect(),
        reel,
    }
}

pub(super) fn planned() -> Planned {
    Planned {
        reel: name("harbour-night"),
        generation: generation(),
        region: "us-east-1".into(),
        duration: Duration::from_secs(600),
        source_bytes: FILM_BYTES,
        segments: 23,
        chunks: FILM_CHUNKS,
        streams: vec!["video: copied".into(), "audio: copied".into()],
        warnings: Vec::new(),
        costs: None,
    }
}

/// As those of 10 minutes at 12 Mbit/s.
pub(super) fn viewed() -> Viewed {
    let (piece, segment) = (3_000_000, 45_000_000);
    let (segments, pieces) =
        (Parts { count: 23, first: piece, largest: segment }, Parts { count: 300, first: piece, largest: piece });
    Viewed { picture: Track { bytes: MADE_BYTES, segments, pieces }, sound: None }
}

pub(super) fn published() -> Published {
    Published {
        reel: name("harbour-night"),
        generation: generation(),
        watch_url: "http://127.0.0.1:8721/harbour-night/".into(),
        playlist_url: "http://127.0.0.1:8721/harbour-night/index.m3u8".into(),
        seek_url: Some("http://127.0.0.1:8721/harbour-night/index.seek.m3u8".into()),
        viewed: viewed(),
        relay: true,
        costs: None,
        playlist_copy: "/home/ada/.local/state/zipreel/harbour-night/playlist.m3u8".into(),
        segments: 23,
        chunks: FILM_CHUNKS,
        bytes: MADE_BYTES,
        sent_bytes: MADE_BYTES,
        retries: 3,
        segments_checked: 12,
        elapsed: Duration::from_secs(151),
        loudness: None,
        warnings: Vec::new(),
    }
}

pub(super) fn chunk(number: u16) -> JobName {
    let ChunkId { rendition, number } = chunk_id(number);
    JobName::Chunk { rendition, number }
}

pub(super) fn job(job: JobName, change: JobChange) -> Event {
    Event::Job { job, change }
}

/// A job that runs, with a count where it stands.
pub(super) fn runs(name: JobName, unit: Unit, done: u64, total: u64) -> Vec<Event> {
    let count = Count::default();
    count.set(done);
    vec![
        job(name.clone(), JobChange::Queued),
        job(name.clone(), JobChange::Started { attempt: 1, unit, count }),
        job(name, JobChange::Sized { total }),
    ]
}

/// In the middle of publishing: split, packing, uploads of every kind of state.
pub(super) fn under_way() -> Vec<Event> {
    [cutting(), packing(), (1..=UPLOADED).map(deployed).collect(), sending(), trouble()].concat()
}

/// The plan, and the split.
pub(super) fn cutting() -> Vec<Event> {
    let mut events = vec![Event::Planned(planned())];
    events.extend(runs(JobName::Split, Unit::MediaTime, 600_000_000, 600_000_000));
    events
}

/// All is cut, and a part of it is packed.
pub(super) fn packing() -> Vec<Event> {
    let mut events = vec![job(JobName::Split, JobChange::Succeeded)];
    let packed = u64::from(UPLOADED) + 5;
    events.extend(runs(JobName::Pack, Unit::Bytes, packed * CHUNK_BYTES, FILM_BYTES));
    events.extend(runs(JobName::Upload, Unit::Bytes, u64::from(UPLOADED) * CHUNK_BYTES, FILM_BYTES));
    let rendition = RenditionId::source();
    for segment in 0..23 {
        let (bytes, duration) = (MADE_BYTES / 23, Duration::from_secs(30));
        events.push(Event::SegmentClosed { rendition: rendition.clone(), segment, bytes, duration });
    }
    for number in 1..=UPLOADED + 5 {
        let ChunkId { rendition, number } = chunk_id(number);
        events.push(Event::ChunkPacked { rendition, number, bytes: CHUNK_BYTES, segments: 1 });
    }
    events
}

pub(super) fn deployed(number: u16) -> Event {
    let ChunkId { rendition, number } = chunk_id(number);
    Event::ChunkDeployed { rendition, number, bytes: CHUNK_BYTES, sent: CHUNK_BYTES, attempts: 1 }
}

/// Tenths of a MiB that have gone out of each chunk on its way.
pub(super) const SENT: [(u16, u64); 5] =
    [(UPLOADED + 1, 291), (UPLOADED + 2, 40), (UPLOADED + 3, 91), (UPLOADED + 4, 24), (UPLOADED + 5, 3)];

pub(super) fn sending() -> Vec<Event> {
    let runs = |(number, tenths): (u16, u64)| runs(chunk(number), Unit::Bytes, tenths * (1 << 20) / 10, CHUNK_BYTES);
    SENT.into_iter().flat_map(runs).collect()
}

/// One has to be sent again, and of one it is not known whether it arrived.
pub(super) fn trouble() -> Vec<Event> {
    let cause = "too busy: “Rate exceeded (429 TooManyRequestsException)”".to_owned();
    let retry = JobChange::Retrying { attempt: 2, of: 8, wait: Duration::from_millis(1200), cause };
    let line = "all of it was sent, and no answer came: asking whether it arrived".to_owned();
    vec![job(chunk(UPLOADED + 2), retry), Event::Log { job: chunk(UPLOADED + 1), line }]
}

/// A picture with something in it: a gradient, and a bright disc.
pub(super) fn frame() -> DynamicImage {
    let pixel = |x: u32, y: u32| {
        let (dx, dy) = (x as i32 - 240, y as i32 - 60);
        if dx * dx + dy * dy < 900 { Rgb([250, 240, 200]) } else { Rgb([(x / 2) as u8, (y / 2) as u8 + 40, 120]) }
    };
    DynamicImage::ImageRgb8(RgbImage::from_fn(320, 180, pixel))
}
