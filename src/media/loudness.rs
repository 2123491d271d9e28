//! How loud a sound track is: decoded once, by a run of ffmpeg of its own beside the split, which has just read the same.

use std::{path::Path, time::Duration};

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

/// Sound is decoded a hundred times faster than it plays.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3 * 60 * 60), answer: 4096, complaints: 4 << 20 };

/// Measures a track, or says why it could not.
pub async fn measure(
    tools: &Tools,
    video: &Path,
    stream: &Stream,
    cancel: &CancellationToken,
) -> Result<Loudness, String> {
    let input = input_argument(video).map_err(|error| error.to_string())?;
    let mut command = Command::new(&tools.ffmpeg);
    command.args(["-nostdin", "-hide_banner", "-nostats", "-v", "info"]).args(input_guard()).arg("-i").arg(input);
    command.args(["-map", &format!("0:{}", stream.index), "-af", "ebur128=peak=true:framelog=verbose"]);
    command.args(["-f", "null", "-"]);
    match to_end(command, BOUNDS, cancel).await {
        Err(error) => Err(error.to_string()),
        Ok(Ended::Cancelled) => Err("it was cancelled".to_owned()),
        Ok(Ended::Slow) => Err("it took too long".to_owned()),
        Ok(Ended::Itself(output)) => Loudness::read(&output.complaints)
            .filter(|_| output.status.success())
            .ok_or_else(|| format!("ffmpeg {}", describe(output.status))),
    }
}
