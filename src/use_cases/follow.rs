//! How a face follows work that is not a publishing: it hears of retries in words, and can end it.

use std::{fmt, sync::Arc};

use tokio_util::sync::CancellationToken;

use crate::{model::retry::RetryPolicy, running::attempt::Retries};

#[derive(Clone)]
pub struct Follow {
    /// Hears a sentence for each attempt that failed and is made again.
    pub said: Arc<dyn Fn(String) + Send + Sync>,
    pub cancel: CancellationToken,
}

impl Default for Follow {
    fn default() -> Self {
        Self { said: Arc::new(|_| ()), cancel: CancellationToken::new() }
    }
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow").field("cancel", &self.cancel).finish_non_exhaustive()
    }
}

impl Follow {
    pub(super) fn retries(&self) -> Retries {
        Retries { policy: RetryPolicy::default(), said: self.said.clone() }
    }
}
