//! The second look: whether the chunks that an index promises stand there, all of them, as they were made. Each is asked
//! for by its name: a list shows for a while what is gone.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::work::Work;
use crate::{
    model::{
        reel::{
            index::GenerationIndex,
            name::{ChunkId, FunctionName},
        },
        report::fault::{Fault, Stopped},
    },
    remote::deployed::Deployed,
    running::attempt::Retries,
    storage::{
        CloudError,
        sight::{self, Whole, sight},
    },
};

/// Calls side by side.
const PARALLEL: usize = 4;

pub(super) enum Look {
    Whole(Whole),
    Missing {
        /// Those that are not there, or with other content.
        missing: Vec<ChunkId>,
        deployed: Deployed,
    },
}

/// A chunk that is promised.
struct Promised<'a> {
    name: String,
    id: ChunkId,
    sha256: &'a str,
}

/// Looks at every chunk of a generation of the reel.
pub(super) async fn look(work: &Work, generation: &GenerationIndex) -> Result<Look, Stopped> {
    let promised: Vec<Promised> = generation
        .functions(&work.order.reel)
        .filter_map(|(function, chunk)| {
            let name = function.to_string();
            let FunctionName::Chunk { rendition, number, .. } = function else { return None };
            Some(Promised { name, id: ChunkId { rendition, number }, sha256: &chunk.sha256 })
        })
        .collect();
    let retries = Retries { policy: work.retry, ..Retries::default() };
    let mut look = sight::Look::begin();
    let sighting = async {
        // collected: a stream over the closure would not be `Send` for all lifetimes
        let asked: Vec<_> = promised.iter().map(|chunk| retries.again(|| sight(&*work.storage, &chunk.name))).collect();
        let mut asked = stream::iter(asked).buffer_unordered(PARALLEL);
        while let Some(sighted) = asked.try_next().await? {
            sighted.into_iter().for_each(|sighted| look.add(sighted));
        }
        Ok::<_, CloudError>(())
    };
    let sighted = work.control.cancel.run_until_cancelled(sighting).await.ok_or(Stopped::Cancelled)?;
    sighted?;
    if let Some(whole) = look.whole(promised.iter().map(|chunk| (chunk.name.as_str(), chunk.sha256))) {
        return Ok(Look::Whole(whole));
    }
    let (mut missing, mut deployed) = (Vec::new(), Deployed::default());
    for chunk in &promised {
        let there = look.seen(&chunk.name).map(|facts| facts.code_sha256.clone());
        if there.as_deref() != Some(chunk.sha256) {
            missing.push(chunk.id.clone());
        }
        deployed.extend(there.map(|sha256| (chunk.id.clone(), sha256)));
    }
    Ok(Look::Missing { missing, deployed })
}

/// What was made again is gone again.
pub(super) fn vanishing(work: &Work, missing: &[ChunkId]) -> Fault {
    let (reel, missing) = (&work.order.reel, missing.len());
    let what = format!("could not publish `{reel}`: {missing} of its chunks vanish as often as they are deployed");
    Fault::permanent(what).hint(
        "Something else deletes functions of this account. Find out what does, then resume: what stands is not sent again.",
    )
}
