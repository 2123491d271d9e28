//! How loud a sound track is: decoded once, by a run of ffmpeg of its own beside the split, which has just read the same.

use std::{io, path::Path, time::Duration};

use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{
    ffmpeg::{Tools, describe},
    probe::input_argument,
    run::{Bounds, Ended, to_end},
};
use crate::model::{
    media::{arguments::input_guard, facts::Stream},
    report::loudness::Loudness,
};

/// Sound is decoded a hundred times faster than it plays. The summary comes last, however much a decoder complained of.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3 * 60 * 60), answer: 4096, complaints: 64 << 10 };

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unmeasured {
    #[error("it was cancelled")]
    Cancelled,
    #[error("{0}")]
    Failed(String),
}

/// Measures a track, or says why it could not. `filters`: what comes before, if it is not the track as it is.
pub async fn measure(
    tools: &Tools,
    video: &Path,
    stream: &Stream,
    filters: Option<&str>,
    cancel: &CancellationToken,
) -> Result<Loudness, Unmeasured> {
    let failed = |error: io::Error| Unmeasured::Failed(error.to_string());
    let input = input_argument(video).map_err(failed)?;
    let meter = ["ebur128=peak=true:framelog=verbose"];
    let filters = filters.into_iter().chain(meter).collect::<Vec<_>>().join(",");
    let mut command = Command::new(&tools.ffmpeg);
    command.args(["-nostdin", "-hide_banner", "-nostats", "-v", "info"]).args(input_guard()).arg("-i").arg(input);
    command.args(["-map", &format!("0:{}", stream.index), "-af", &filters]);
    command.args(["-f", "null", "-"]);
    match to_end(command, BOUNDS, cancel).await {
        Err(error) => Err(failed(error)),
        Ok(Ended::Cancelled) => Err(Unmeasured::Cancelled),
        Ok(Ended::Slow) => Err(Unmeasured::Failed("took too long".to_owned())),
        Ok(Ended::Itself(output)) => Loudness::read(&output.complaints)
            .filter(|_| output.status.success())
            .ok_or_else(|| Unmeasured::Failed(describe(output.status))),
    }
}
