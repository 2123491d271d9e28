//! The one seam between the wizard and the engine: everything it asks, as futures and streams of facts. The engine's
//! side is in [`crate::command`]; tests play a script instead.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::UnboundedSender;

pub use crate::{
    model::{
        cost::Front,
        reel::{
            name::ChunkId,
            order::{AccountRegion, Order, Place, Target, Transcode, Wanted},
        },
        report::event::Published,
    },
    use_cases::{
        Follow, Person, Question, Reply,
        reels::{
            check::{Decoding, Finding, Report, Trouble},
            info::ToCopy,
            list::Lack,
            repair::Repair,
        },
    },
};
use crate::{
    model::{
        reel::name::{Generation, ReelName},
        report::{
            event::Event,
            fault::{Fault, Stopped},
        },
    },
    running::reporter::Control,
};

/// Work under way. Dropping it cancels it, with the processes it started.
pub type Work<T> = BoxFuture<'static, Result<T, Fault>>;
/// Work that is cancelled by its token, so that it ends in an orderly way.
pub type JobWork<T> = BoxFuture<'static, Result<T, Stopped>>;

pub trait Backend: Send + Sync + 'static {
    fn probe(&self, video: PathBuf) -> Work<Probe>;
    /// The same with streams that are asked for.
    fn probe_as(&self, video: PathBuf, wanted: Wanted) -> Work<Probe>;
    /// One frame that is not black, as PNG or JPEG.
    fn frame(&self, video: PathBuf) -> Work<Vec<u8>>;
    fn profiles(&self) -> Work<Vec<Profile>>;
    /// Asks anew who is signed in.
    fn connect(&self, place: Place) -> Work<Account>;
    /// Names of the reels that are there already.
    fn names(&self, place: Place) -> Work<Vec<ReelName>>;
    fn unfinished(&self) -> Work<Unfinished>;
    /// Sends each reel as it is found.
    fn reels(&self, place: Place, found: UnboundedSender<Reel>) -> Work<()>;
    fn reel(&self, place: Place, name: ReelName) -> Work<ReelDetail>;
    /// Where the whole log of a reel's publishing is.
    fn log_file(&self, reel: &ReelName) -> PathBuf;
    /// The command that serves links to reels on this computer again once they end with this window; `None` if they outlive it.
    /// The stand-in may have become ours at any time.
    fn afterwards(&self) -> Option<String>;
    /// Keeps these orders on the disk, and no others, as those that wait.
    fn keep(&self, waiting: Vec<Order>) -> Work<()>;
    /// Takes an order out of what other processes left behind.
    fn forget(&self, reel: ReelName, at: AccountRegion) -> Work<()>;

    /// Sends what is found of each chunk. Deep follows the gate as a player does, reads every byte and decodes it.
    fn check(
        &self,
        place: Place,
        name: ReelName,
        deep: bool,
        found: UnboundedSender<Checked>,
        follow: Follow,
    ) -> JobWork<Report>;
    /// Removes a reel, and sends how far it is; gives the number of functions that went.
    fn delete(&self, place: Place, name: ReelName, removal: Removal) -> JobWork<u32>;
    /// Removes what an interrupted publishing has deployed, and its journal.
    fn discard(&self, resumable: Resumable, removal: Removal) -> JobWork<u32>;
    /// Gives a reel another title.
    fn retitle(&self, place: Place, name: ReelName, title: String, follow: Follow) -> JobWork<()>;
    fn publish(&self, order: Order, publishing: Publishing) -> JobWork<Published>;
    fn resume(&self, resumable: Resumable, publishing: Publishing) -> JobWork<Published>;
    /// The report is of the check afterwards; a reel that is not whole then is a failure.
    fn repair(&self, repair: Repair, publishing: Publishing) -> JobWork<(Published, Report)>;
}

/// How a publishing is followed and steered, and who is asked.
pub struct Publishing {
    pub person: Arc<dyn Person>,
    pub events: UnboundedSender<Event>,
    pub control: Control,
}

/// How a removal is followed and ended, and who is asked.
pub struct Removal {
    pub person: Arc<dyn Person>,
    pub gone: UnboundedSender<Gone>,
    pub follow: Follow,
}

/// What earlier processes did not get done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unfinished {
    /// Begun, and interrupted; newest first.
    pub begun: Vec<Resumable>,
    /// Never begun: they waited for their turn.
    pub waiting: Vec<Order>,
}

/// What a video is made of and what will happen to each part.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    pub duration: Duration,
    pub bytes: u64,
    /// Of all streams that will be published, bits a second.
    pub bit_rate: u64,
    pub streams: Vec<Stream>,
    /// Bits a second of the sound tracks that stand apart from the picture.
    pub sounds: Vec<u64>,
    pub keyframes: Option<Keyframes>,
    /// What there is to choose from, and what is chosen.
    pub video: Offer,
    pub audio: Offer,
    /// Those that are text, in the file and beside it.
    pub subtitles: Offer,
    /// What H.264 beside the picture, or instead of it, comes to; `None` where it is that already.
    pub h264: Option<H264>,
    pub interlaced: bool,
    /// Sound without a picture needs a still one.
    pub stills: bool,
    /// Why it can't be published at all.
    pub refused: Option<Fault>,
    pub warnings: Vec<String>,
}

/// About.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct H264 {
    /// Bits a second.
    pub bit_rate: u64,
    /// What this computer takes to make it.
    pub time: Duration,
    /// It is published beside the picture.
    pub is_beside: bool,
}

/// Streams of one kind that could be published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// By its number in the file.
    pub chosen: Option<u32>,
    /// Each with its words.
    pub streams: Vec<(u32, String)>,
    /// How many are published for viewers to choose from; 0 where it is one.
    pub together: usize,
    /// Why this one, where it could have been another.
    pub why: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// `video`, `audio`, `subtitle`, `data`.
    pub kind: String,
    /// Without permission to convert it is copied, or left out.
    pub optional: bool,
    /// `H.264 1920×1080 60 fps`.
    pub what: String,
    pub bit_rate: Option<u64>,
    pub fate: Fate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Copy,
    /// Subtitles and chapters: they go along as text.
    Text,
    /// To what and why, in words.
    Transcode(String),
    /// Why, in words.
    LeaveOut(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyframes {
    pub typical: Duration,
    pub longest: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub region: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub place: Place,
    /// What the place turned out to be: the profile or the environment settled the rest.
    pub at: AccountRegion,
    /// 12 digits; `None` on the stand-in.
    pub id: Option<String>,
    pub principal: Option<String>,
    pub storage: Option<Storage>,
    /// Things that the first publishing makes (roles, gate), in words; empty when all is there.
    pub setup: Vec<String>,
    pub relay: bool,
    /// What stands before the gate.
    pub front: Front,
    /// A CDN stands before gate and relay.
    pub cdn: bool,
    /// What has to be acknowledged before the first publishing; `None` once it was.
    pub notice: Option<Question>,
    /// How long links live, on the stand-in.
    pub serving: Option<String>,
    /// On the stand-in: other machines of its network can watch, too.
    pub open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    pub used: u64,
    pub limit: u64,
}

/// A publishing that was interrupted.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumable {
    pub reel: ReelName,
    pub generation: Generation,
    pub video: PathBuf,
    pub video_missing: bool,
    pub place: Place,
    /// Where it was begun: in another account or Region it can't go on.
    pub at: AccountRegion,
    /// Who is at work on it now, in words: another process.
    pub holder: Option<String>,
    /// A CDN is to be switched on beside it.
    pub cdn: bool,
    pub chunks_deployed: u32,
    /// Estimated until the split has ended.
    pub chunks: Option<u32>,
    pub bytes_left: Option<u64>,
    pub touched: SystemTime,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Reel {
    pub name: ReelName,
    pub generation: Option<Generation>,
    pub duration: Option<Duration>,
    pub bytes: u64,
    pub chunks: u32,
    pub published: Option<SystemTime>,
    /// Chunks without an index: an interrupted or deleted publishing.
    pub orphan: bool,
    /// Why it is not served whole, as far as the list of functions tells; an index alone does not.
    pub lack: Option<Lack>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ReelDetail {
    pub reel: Reel,
    pub title: String,
    pub watch_url: String,
    pub playlist_url: String,
    /// Where jumps by it are quicker.
    pub seek_url: Option<String>,
    pub to_copy: Vec<ToCopy>,
    /// Browsers can play it.
    pub relay: bool,
    pub chunks: Vec<Chunk>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub id: ChunkId,
    pub bytes: u64,
}

/// News of one chunk while a check runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// One that replaced the reel meanwhile is looked at from the beginning.
    pub generation: Generation,
    pub id: ChunkId,
    pub finding: Finding,
}

/// Functions of a reel removed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    pub functions: u32,
    pub of: u32,
}
