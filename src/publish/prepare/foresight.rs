//! Whether a reel will fit what serves it, told before anything is done about it, and by what the index holds already.

use crate::{
    media::{ffmpeg::Tools, probe},
    model::{
        chunk::limits::{self, Held, Limits},
        media::decide::{MediaPlan, decide},
        reel::{
            name::{Generation, RenditionId},
            order::Order,
        },
        report::fault::Stopped,
    },
    publish::index,
    remote::deployed::Existing,
    running::{
        attempt::attempts,
        reporter::{Control, JobHandle},
    },
    storage::Storage,
};

/// What a name holds in an account.
pub(crate) struct Standing<'a> {
    pub existing: Option<&'a Existing>,
    pub storage: &'a dyn Storage,
    pub control: &'a Control,
    pub job: &'a JobHandle,
}

/// Refuses what would not fit. Gives what the index will hold beside this generation.
pub(crate) async fn foresee(
    order: &Order,
    plan: &MediaPlan,
    source_bytes: u64,
    generation: Generation,
    standing: &Standing<'_>,
) -> Result<Vec<Held>, Stopped> {
    let Standing { existing, storage, control, job } = standing;
    let held = match existing {
        None => Vec::new(),
        // it fits, since it is there
        Some(Existing { facts, index, .. })
            if index.current.generation == generation && facts.code_bytes <= storage.limits().index_bytes =>
        {
            return Ok(Vec::new());
        }
        Some(existing) => {
            let now = attempts(job, control, &order.retry, |_| storage.now(), |_| ()).await?;
            index::held(existing, generation, now)
        }
    };
    fits(storage.limits(), order, plan, source_bytes, held.clone())?;
    Ok(held)
}

/// For an account where nothing is yet: reads the video alone.
pub async fn foresee_alone(limits: Limits, order: &Order, tools: &Tools, control: &Control) -> Result<(), Stopped> {
    let media = probe::probe(tools, &order.video, order.cut.wanted, &control.cancel).await?;
    let plan = decide(&media, order.cut.transcode)?;
    fits(limits, order, &plan, media.bytes, Vec::new())
}

fn fits(limits: Limits, order: &Order, plan: &MediaPlan, source_bytes: u64, held: Vec<Held>) -> Result<(), Stopped> {
    limits::foresee(limits, plan, &order.cut, &RenditionId::source(), source_bytes, held)
        .map_err(|error| Stopped::Failed(limits::refusal(&order.reel, &error)))
}
