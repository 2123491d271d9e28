//! The stand-in's clock: the machine's, or one that stands still, either of them moved by hand. Everything that ages
//! in the stand-in (signatures, links, rate limits, Pending functions) reads it; sockets and faults' delays do not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;

/// Clones show and move the same clock.
#[derive(Debug, Clone)]
pub struct Clock {
    stopped_at: Option<OffsetDateTime>,
    shift_ms: Arc<AtomicI64>,
}

impl Clock {
    pub fn system() -> Self {
        Self { stopped_at: None, shift_ms: Arc::default() }
    }

    /// Stands still at the present moment until it is moved.
    pub fn stopped() -> Self {
        Self { stopped_at: Some(OffsetDateTime::now_utc()), shift_ms: Arc::default() }
    }

    pub fn now(&self) -> OffsetDateTime {
        let base = self.stopped_at.unwrap_or_else(OffsetDateTime::now_utc);
        base + time::Duration::milliseconds(self.shift_ms.load(Ordering::SeqCst))
    }

    pub fn advance(&self, by: Duration) {
        self.shift_ms.fetch_add(millis(by), Ordering::SeqCst);
    }

    pub fn rewind(&self, by: Duration) {
        self.shift_ms.fetch_sub(millis(by), Ordering::SeqCst);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
