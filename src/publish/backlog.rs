//! How much of the video is cut and not yet sent.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire},
};

use tokio::sync::Notify;

/// Bytes of closed segments on disk that wait for their upload. Clones share one count: the split adds what it closed
/// and holds ffmpeg while the count is over the limit, the uploader takes off what it removed. The limit must be
/// larger than what the uploader gathers before it starts (a chunk), or both would wait for each other.
#[derive(Debug, Clone)]
pub struct Backlog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes: AtomicU64,
    limit: u64,
    changed: Notify,
}

impl Backlog {
    pub fn new(limit: u64) -> Self {
        Self(Arc::new(Inner { bytes: AtomicU64::new(0), limit, changed: Notify::new() }))
    }

    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Acquire)
    }

    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    pub fn is_full(&self) -> bool {
        self.bytes() > self.0.limit
    }

    pub(super) fn add(&self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, AcqRel);
    }

    /// Returns when some were removed.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Tells that segments of so many bytes are no longer on disk.
    pub fn remove(&self, bytes: u64) {
        // saturating: an uploader that counts a file twice must not hold ffmpeg for ever
        let _ = self.0.bytes.fetch_update(AcqRel, Acquire, |now| Some(now.saturating_sub(bytes)));
        self.0.changed.notify_one();
    }
}
