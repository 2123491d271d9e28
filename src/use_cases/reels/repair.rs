//! Deploying again what is missing or differs, from the video that the reel was made of.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};

use super::check::{self, Report};
use crate::{
    media::source,
    model::{
        reel::{
            index::{Container, GenerationIndex, Index},
            name::ReelName,
            order::{Cut, IfTaken, OnDamage, Order, Place, Transcode, Wanted, WantedContainer},
        },
        report::{event::Published, fault::Stopped},
        retry::RetryPolicy,
    },
    remote::deployed,
    running::reporter::{Control, Reporter},
    storage::Storage,
    use_cases::{Engine, Follow, Person, unless_cancelled},
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
    let report = check::check(engine, &repair.place, &repair.reel, false, &follow, |_| ()).await?;
    Ok((published, report))
}

/// Whether a reel was made of this video, by the hash of all its bytes; of another one is an error. False if the index
/// has no hash: then [`repair`] finds it out, by cutting and comparing.
pub async fn is_of(
    engine: &Engine,
    repair: &Repair,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<bool, Stopped> {
    let (_, index) = unless_cancelled(&control.cancel, served(engine, repair)).await?;
    let Some(hash) = index.current.source_sha256 else { return Ok(false) };
    let whole = source::hash_of(&repair.video, &reporter, control).await?;
    if whole == hash { Ok(true) } else { Err(Stopped::Failed(source::another(&repair.reel, &repair.video))) }
}

async fn served(engine: &Engine, repair: &Repair) -> Result<(Arc<dyn Storage>, Index), Stopped> {
    let storage = engine.storage(&repair.place).await?;
    // its link is no good any more where it was replaced meanwhile: it is asked for again
    let retries = Follow::default().retries();
    let existing = retries.again(|| deployed::existing(&*storage, &repair.reel)).await?;
    let index = super::found(engine, &repair.reel, existing)?.index;
    Ok((storage, index))
}

/// As the reel was made, by its index.
async fn order(engine: &Engine, repair: &Repair) -> Result<Order, Stopped> {
    let Repair { place, reel, video, parallel_uploads } = repair.clone();
    let (storage, index) = served(engine, repair).await?;
    Ok(Order {
        video,
        reel,
        title: index.title,
        cut: Cut {
            segment_length: Duration::from_secs_f64(index.current.segment_seconds.clamp(0.1, 86_400.0)),
            grows: index.current.grows,
            pes_lengths: index.current.pes_lengths,
            chunk_limit: index.current.chunk_limit_bytes,
            transcode: Transcode::Auto,
            wanted: as_packed(&index.current),
        },
        place,
        expected: Some(storage.at()),
        parallel_uploads,
        if_taken: IfTaken::Repair,
        relay: false,
        cdn: false,
        // what it was made of is what it is mended with
        on_damage: OnDamage::Accept,
        robots: index.robots,
        interrupted: None,
        retry: RetryPolicy::default(),
        folders: engine.machine().folders.clone(),
    })
}

/// What was asked for, in what it was packed in then: what `auto` chooses is another matter for each version.
fn as_packed(generation: &GenerationIndex) -> Wanted {
    let packed = generation.renditions.values().next().map(|rendition| rendition.container);
    let container = match (generation.wanted.container, packed) {
        (WantedContainer::Auto, Some(Container::Ts)) => WantedContainer::Ts,
        (WantedContainer::Auto, Some(Container::Mp4)) => WantedContainer::Mp4,
        (asked, _) => asked,
    };
    Wanted { container, ..generation.wanted }
}
