//! What a person asks for when publishing, checked at the edge; the stages take it as given.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

pub use crate::reel::media::Transcode;
use crate::reel::name::ReelName;

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
    /// Publish beside what already has this name, and retire that. Without it a taken name is an error.
    pub replace: bool,
    /// Journals, logs and playlist copies, a folder a reel.
    pub state_dir: PathBuf,
    /// Segments that wait for their upload.
    pub work_dir: PathBuf,
    /// ffmpeg is held back while more than this waits for upload.
    pub backlog_bytes: u64,
}
