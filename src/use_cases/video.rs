//! Looking at a video before it is published: what is in it, and a frame of it.

use std::{path::Path, time::Duration};

use tokio_util::sync::CancellationToken;

pub(crate) use crate::publish::tracks::Told;
use crate::{
    media::{
        picture::{Brightness, View},
        probe, subtitles,
    },
    model::{
        media::{
            damage::Damage,
            decide::{MediaPlan, decide},
            facts::{Media, Stream, Wanted},
        },
        reel::order::{Order, Transcode},
        report::fault::{Explain, Fault, Stopped},
    },
    publish::tracks,
    use_cases::Engine,
};

/// What is in a video, and what would become of each stream if all that players can't take were converted.
pub async fn examine(
    engine: &Engine,
    video: &Path,
    wanted: Wanted,
    cancel: &CancellationToken,
) -> Result<(Media, Result<MediaPlan, Fault>), Stopped> {
    let media = probe::probe(engine.tools().await?, video, wanted, cancel).await?;
    let plan = decide(&media, Transcode::Auto).map_err(|refusal| refusal.fault());
    Ok((media, plan))
}

/// What is wrong with a video that would be published by an order, as far as a first look tells.
pub(super) async fn damage(engine: &Engine, order: &Order, cancel: &CancellationToken) -> Result<Damage, Stopped> {
    // a few reads: only what is not whole is examined further before the account is asked
    probe::inspect(&order.video).await?;
    if probe::structure(&order.video).await?.is_whole() {
        return Ok(Damage::default());
    }
    let media = probe::probe(engine.tools().await?, &order.video, order.cut.wanted, cancel).await?;
    Ok(decide(&media, order.cut.transcode)?.damage)
}

/// Whether an order's video has subtitles or chapters, or subtitles beside it.
pub(super) async fn has_text(engine: &Engine, order: &Order, cancel: &CancellationToken) -> Result<bool, Stopped> {
    let media = probe::probe(engine.tools().await?, &order.video, order.cut.wanted, cancel).await?;
    let plan = decide(&media, order.cut.transcode)?;
    Ok(tracks::has_text(&plan, &subtitles::beside(&order.video, &plan).await?))
}

/// Subtitle files beside a video.
pub(crate) async fn beside(video: &Path, plan: &MediaPlan) -> Result<Vec<Told>, Fault> {
    let beside = subtitles::beside(video, plan).await.map_err(|refusal| refusal.fault())?;
    Ok(tracks::told(&beside))
}

/// One frame of a stream, as PNG or JPEG, no wider than this.
pub async fn frame(
    engine: &Engine,
    video: &Path,
    stream: &Stream,
    at: Duration,
    width: u32,
    cancel: &CancellationToken,
) -> Result<Vec<u8>, Stopped> {
    let tools = engine.tools().await?;
    let view = View { tools, video, stream, max_width: width, brightness: Brightness::Any };
    view.at(at, cancel).await.map_err(Stopped::from)
}
