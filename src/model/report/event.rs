//! What the engine reports while it works: facts, never ready-made text. A job's byte count is an atomic (the newest
//! value wins), its state changes are events (none is lost). [`super::board`] folds them into what faces draw.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{fault::Fault, loudness::Loudness};
use crate::model::{
    cost::{Costs, Viewed},
    reel::name::{ChunkNumber, Generation, ReelName, RenditionId},
};

/// One row of work. The order of the variants is the order on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobName {
    Setup(SetupStep),
    Probe,
    /// All bytes of the video.
    Hash,
    Split,
    Pack,
    Upload,
    /// The upload of one chunk, a child of `Upload`.
    Chunk {
        rendition: RenditionId,
        number: ChunkNumber,
    },
    Index,
    Verify,
}

/// One step of setting an account up, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SetupStep {
    ChunkRole,
    GateRole,
    Log,
    Gate,
    GateUrl,
    /// The gate's function behind its HTTP API.
    Front,
    Api,
    /// The role of a relay that counts what it sends.
    RelayRole,
    Relay,
    RelayUrl,
    /// The CDN before gate and relay; until what was set last is everywhere; and asked something.
    Cdn,
    CdnDeployed,
    CdnProbe,
    /// Each of the functions is told where the others are.
    Addresses,
    Concurrency,
    /// The public URLs are asked something.
    Probe,
    CdnDisabled,
    CdnDeleted,
}

/// What a job's count and total are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds of video.
    MediaTime,
    Bytes,
    Chunks,
    Segments,
    Steps,
}

/// A job's count of what is done, in its unit; shared between the worker that adds and the face that samples.
#[derive(Debug, Clone, Default)]
pub struct Count(Arc<AtomicU64>);

impl Count {
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub fn add(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }
}

/// A change of one job's state. After `Queued`, exactly one of the last four ends it.
#[derive(Debug, Clone)]
pub enum JobChange {
    Queued,
    Started {
        attempt: u32,
        unit: Unit,
        count: Count,
    },
    Sized {
        total: u64,
    },
    /// An attempt failed and another follows after `wait`.
    Retrying {
        attempt: u32,
        of: u32,
        wait: Duration,
        cause: String,
    },
    /// Held until the person has put something right; `Control::retry` goes on.
    Waiting {
        fault: Fault,
    },
    Succeeded,
    Skipped {
        why: String,
    },
    Failed {
        fault: Fault,
    },
    Cancelled,
}

#[derive(Debug, Clone)]
pub enum Event {
    /// The probe is done and the work is known.
    Planned(Planned),
    Job {
        job: JobName,
        change: JobChange,
    },
    /// A line for the job's log (a tool's standard error, a request that was answered).
    Log {
        job: JobName,
        line: String,
    },
    /// ffmpeg closed a segment.
    SegmentClosed {
        rendition: RenditionId,
        segment: u32,
        bytes: u64,
        duration: Duration,
    },
    /// A chunk's content is known.
    ChunkPacked {
        rendition: RenditionId,
        number: ChunkNumber,
        bytes: u64,
        segments: u32,
    },
    /// A chunk is in the account, with the hash we computed. `sent` is 0 when it was there already.
    ChunkDeployed {
        rendition: RenditionId,
        number: ChunkNumber,
        bytes: u64,
        sent: u64,
        attempts: u32,
    },
    /// The whole reel is visible.
    Published(Box<Published>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub reel: ReelName,
    pub generation: Generation,
    pub region: String,
    pub duration: Duration,
    pub source_bytes: u64,
    /// Estimates: the split tells the truth.
    pub segments: u32,
    pub chunks: u32,
    /// One sentence a stream: what will be done to it and why.
    pub streams: Vec<String>,
    pub warnings: Vec<String>,
    /// `None` on the stand-in, which costs nothing.
    pub costs: Option<Costs>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    pub reel: ReelName,
    pub generation: Generation,
    pub watch_url: String,
    pub playlist_url: String,
    /// The playlist of pieces, where there are any and the gate serves them.
    pub seek_url: Option<String>,
    /// What each of the two costs and how long a jump takes there.
    pub viewed: Viewed,
    /// Whether browsers can play it, as far as is known.
    pub relay: bool,
    /// `None` on the stand-in, which costs nothing.
    pub costs: Option<Costs>,
    /// The media playlist with absolute links, for those who host it elsewhere.
    pub playlist_copy: std::path::PathBuf,
    pub segments: u32,
    pub chunks: u32,
    /// Of all zips together, and of those that crossed the wire this time.
    pub bytes: u64,
    pub sent_bytes: u64,
    pub retries: u32,
    pub segments_checked: u32,
    pub elapsed: Duration,
    /// Of the sound that players begin with, where that was asked for.
    pub loudness: Option<Loudness>,
    /// What is wrong with the video, after all of it was read, and why a CDN that was wanted is not on.
    pub warnings: Vec<String>,
}

impl JobName {
    /// As people read it; what `to_string` gives is what programs read.
    pub fn words(&self) -> String {
        match self {
            Self::Chunk { rendition, number } => format!("chunk {}", number.of(rendition)),
            Self::Setup(SetupStep::CdnDeployed) => "CDN reaches all places".to_owned(),
            job => job.to_string(),
        }
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(step) => f.write_str(match step {
                SetupStep::ChunkRole => "role of the chunks",
                SetupStep::GateRole => "role of the gate",
                SetupStep::Log => "log of the gate",
                SetupStep::Gate => "gate",
                SetupStep::GateUrl => "URL of the gate",
                SetupStep::Front => "gate behind its HTTP API",
                SetupStep::Api => "HTTP API of the gate",
                SetupStep::RelayRole => "role of the relay",
                SetupStep::Relay => "relay",
                SetupStep::RelayUrl => "URL of the relay",
                SetupStep::Cdn => "CDN",
                SetupStep::CdnDeployed => "CDN everywhere",
                SetupStep::CdnProbe => "probe of the CDN",
                SetupStep::Addresses => "addresses",
                SetupStep::CdnDisabled => "CDN switched off",
                SetupStep::CdnDeleted => "CDN deleted",
                SetupStep::Concurrency => "concurrency",
                SetupStep::Probe => "probe of the URLs",
            }),
            Self::Probe => f.write_str("probe"),
            Self::Hash => f.write_str("hash"),
            Self::Split => f.write_str("split"),
            Self::Pack => f.write_str("pack"),
            Self::Upload => f.write_str("upload"),
            Self::Chunk { rendition, number } => write!(f, "chunk {rendition}/{number}"),
            Self::Index => f.write_str("index"),
            Self::Verify => f.write_str("verify"),
        }
    }
}
