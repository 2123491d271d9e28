//! Deploying again what is missing or differs, from the video that the reel was made of.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};

use super::check::{self, Depth, Report};
use crate::{
    publish::{
        remote,
        reporter::{Control, Reporter},
    },
    reel::{
        event::Published,
        fault::Stopped,
        name::ReelName,
        order::{Cut, IfTaken, Order, Place, Transcode},
        retry::RetryPolicy,
    },
    use_cases::{Engine, Follow, Person, engine::account_region, failed, unless_cancelled},
};

/// What is mended, and from what.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    pub place: Place,
    pub reel: ReelName,
    pub video: PathBuf,
    /// `None`: as many as raise the throughput.
    pub parallel_uploads: Option<NonZeroUsize>,
}

/// Publishes the same generation again: what is right is not sent. The report is of a check by hash afterwards: for
/// some minutes the gate may still hand out links to what was replaced.
pub async fn repair(
    engine: &Engine,
    repair: &Repair,
    person: &dyn Person,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<(Published, Report), Stopped> {
    let order = order(engine, repair);
    let order = unless_cancelled(&control.cancel, order).await?;
    let published = super::publish::publish(engine, order, person, reporter, control).await?;
    let follow = Follow { cancel: control.cancel.clone(), ..Follow::default() };
    let report = check::check(engine, &repair.place, &repair.reel, Depth::Quick, &follow, |_| ()).await?;
    Ok((published, report))
}

/// As the reel was made, by its index.
async fn order(engine: &Engine, repair: &Repair) -> Result<Order, Stopped> {
    let Repair { place, reel, video, parallel_uploads } = repair.clone();
    let cloud = engine.connect(&place).await?;
    let existing = remote::existing(&cloud, &reel).await.map_err(failed)?;
    let index = super::found(engine, &reel, existing)?.index;
    Ok(Order {
        video,
        reel,
        title: index.title,
        cut: Cut {
            segment_length: Duration::from_secs_f64(index.current.segment_seconds.clamp(0.1, 86_400.0)),
            chunk_limit: index.current.chunk_limit_bytes,
            transcode: Transcode::Auto,
        },
        place,
        expected: Some(account_region(&cloud)),
        parallel_uploads,
        if_taken: IfTaken::Repair,
        relay: false,
        interrupted: None,
        retry: RetryPolicy::default(),
        folders: engine.machine().folders.clone(),
    })
}
