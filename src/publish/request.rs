//! What a person asks for when publishing, checked at the edge; the stages take it as given.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

pub use super::work::Origin;
pub use crate::reel::media::Transcode;
use crate::reel::{
    name::{Generation, ReelName},
    retry::RetryPolicy,
};

/// Where the reel goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The built-in stand-in.
    Local,
    /// A real account (or whatever `AWS_ENDPOINT_URL` names); `None` leaves the profile to AWS's own rules.
    Aws { profile: Option<String> },
}

impl Target {
    /// As journals keep it: `local` or `aws`, and the profile.
    pub fn names(&self) -> (&'static str, Option<String>) {
        match self {
            Self::Local => ("local", None),
            Self::Aws { profile } => ("aws", profile.clone()),
        }
    }

    pub fn named(target: &str, profile: Option<String>) -> Self {
        if target == "local" { Self::Local } else { Self::Aws { profile } }
    }
}

/// What to do where the reel's name has another generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfTaken {
    /// Nothing: it may be another video.
    Refuse,
    /// Publish beside it, and retire it.
    Replace,
    /// Nothing: the video is there to mend what is published.
    Repair,
}

impl IfTaken {
    pub fn replace(replace: bool) -> Self {
        if replace { Self::Replace } else { Self::Refuse }
    }
}

/// What a journal knows of an interrupted run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    pub generation: Generation,
    pub origin: Option<Origin>,
    pub chunks_deployed: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub video: PathBuf,
    pub reel: ReelName,
    pub target: Target,
    pub title: String,
    /// Segments end at the first keyframe at or after this.
    pub segment_length: Duration,
    /// Upper limit of a chunk's zip, bytes.
    pub chunk_limit: u64,
    /// `None`: as many as raise the throughput.
    pub parallel_uploads: Option<NonZeroUsize>,
    pub transcode: Transcode,
    pub if_taken: IfTaken,
    /// The run that this one goes on with: anything that would make another generation of it is an error.
    pub interrupted: Option<Interrupted>,
    pub retry: RetryPolicy,
    /// Journals, logs and playlist copies, a folder a reel.
    pub state_dir: PathBuf,
    /// Segments that wait for their upload.
    pub work_dir: PathBuf,
    /// ffmpeg is held back while more than this waits for upload.
    pub backlog_bytes: u64,
}
