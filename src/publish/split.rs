//! The split: ffmpeg's hls muxer cuts the video into MPEG-TS segments, each announced the moment it is closed.
//! Knows nothing of chunks, functions or playlists for players.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

/// A segment that ffmpeg has finished: complete on disk, never written again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedSegment {
    /// From 0, over the whole rendition.
    pub number: u32,
    pub path: PathBuf,
    pub bytes: u64,
    /// As ffmpeg's playlist stated it.
    pub duration_us: u64,
}

/// What the split came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitSummary {
    pub segments: u32,
    pub bytes: u64,
    pub duration: Duration,
    /// Every segment begins with an IDR picture (looked up in each): the playlist may claim independent segments.
    pub independent: bool,
}

/// Bytes of closed segments on disk that wait for their upload. Clones share one count: the split adds what it closed
/// and holds ffmpeg while the count is over the limit, the uploader takes off what it removed.
#[derive(Debug, Clone)]
pub struct Backlog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bytes: AtomicU64,
    limit: u64,
    changed: Notify,
}

impl Backlog {
    pub fn new(limit: u64) -> Self {
        Self(Arc::new(Shared { bytes: AtomicU64::new(0), limit, changed: Notify::new() }))
    }

    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Acquire)
    }

    pub fn is_full(&self) -> bool {
        self.bytes() > self.0.limit
    }

    pub fn add(&self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.0.changed.notify_one();
    }

    pub fn remove(&self, bytes: u64) {
        // saturating: an uploader that counts a file twice must not hold ffmpeg for ever
        let _ = self.0.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| Some(now.saturating_sub(bytes)));
        self.0.changed.notify_one();
    }

    /// Returns after the next change of the count (or at once for one that nobody has waited for).
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }
}
