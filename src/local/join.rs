//! For a process that wants a stand-in: it joins the one that has the data folder, or starts one.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Config, Endpoint, LocalError, StandIn,
    process::{lock, server::start_holding},
};

/// How long a process that has the lock may take until it answers.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// A stand-in to work with, run by this process or another.
#[derive(Debug)]
pub enum Joined {
    /// Another process runs it, and it ends with that process ([`super::keep()`] goes on).
    Running(Endpoint),
    /// Ours, to be kept as long as it is needed.
    Started(StandIn),
}

impl Joined {
    pub fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Running(endpoint) => endpoint,
            Self::Started(stand_in) => stand_in.endpoint(),
        }
    }
}

/// Joins the stand-in that has the data folder, or starts one.
pub async fn join_or_start(config: Config) -> Result<Joined, LocalError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(held) = lock::take(&config.data)? {
            return start_holding(config, held).await.map(Joined::Started);
        }
        if let Some(endpoint) = lock::running(&config.data).await {
            return Ok(Joined::Running(endpoint));
        }
        // it may just be starting, or ending
        if Instant::now() > deadline {
            let pid = lock::note(&config.data).map(|note| note.pid);
            return Err(LocalError::Silent { folder: config.data, pid });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
