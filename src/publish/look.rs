//! The second look: whether the chunks that an index is about to promise stand there, all of them, as they were made.

use super::{attempt::Patience, remote, upload::Deployed, work::Work};
use crate::reel::{
    fault::{Explain, Fault, FaultClass, Stopped},
    index::GenerationIndex,
    name::ChunkNumber,
};

pub(super) struct Look {
    pub missing: Vec<ChunkNumber>,
    /// What stands there: number to `CodeSha256`.
    pub deployed: Deployed,
}

pub(super) async fn look(work: &Work, generation: &GenerationIndex) -> Result<Look, Stopped> {
    let chunks = generation.renditions.get(&work.rendition).map(|rendition| rendition.chunks.as_slice());
    let chunks = chunks.unwrap_or_default();
    let names: Vec<String> = chunks.iter().map(|chunk| work.chunk_function(chunk.number).to_string()).collect();
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    let patience = Patience { policy: work.retry, ..Patience::default() };
    let standing = remote::standing(&work.cloud, &work.order.reel, &wanted, &patience);
    let standing = work.control.cancel.run_until_cancelled(standing).await.ok_or(Stopped::Cancelled)?;
    let standing = standing.map_err(|error| Stopped::Failed(error.fault()))?;
    let mut look = Look { missing: Vec::new(), deployed: Deployed::default() };
    for (chunk, name) in chunks.iter().zip(&names) {
        match standing.get(name).filter(|facts| facts.is_usable()) {
            Some(facts) if facts.code_sha256 == chunk.sha256 => {
                look.deployed.insert(chunk.number, facts.code_sha256.clone());
            }
            // of what is there with other content, the upload decides whether it may be replaced
            Some(facts) => {
                look.deployed.insert(chunk.number, facts.code_sha256.clone());
                look.missing.push(chunk.number);
            }
            None => look.missing.push(chunk.number),
        }
    }
    Ok(look)
}

/// What was made again is gone again.
pub(super) fn vanishing(work: &Work, missing: &[ChunkNumber]) -> Fault {
    let (reel, missing) = (&work.order.reel, missing.len());
    let what = format!("could not publish `{reel}`: {missing} of its chunks vanish as often as they are deployed");
    Fault { class: FaultClass::Permanent, ..Fault::permanent(what) }.hint(
        "Something else deletes functions of this account. Find out what does, then resume: what stands is not sent again.",
    )
}
