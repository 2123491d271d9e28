//! Deleting a reel: the index first, so that nothing half is served, then every chunk of every generation. Can be run
//! again after an interruption; never touches a function whose name or description is not the reel's.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{LibraryError, each_function};
use crate::{
    model::reel::{
        describe,
        index::Index,
        name::{FunctionName, PREFIX, ReelName},
    },
    remote::{
        deployed::{self, RemoteError},
        removal::Removal,
    },
    running::attempt::Retries,
    storage::{
        FunctionFacts, Storage,
        sight::{Sighted, sight},
    },
};

/// GetFunction calls side by side.
const PARALLEL: usize = 4;

/// What there is of a reel.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    has_index: bool,
    /// Names of the functions, of all generations.
    chunks: BTreeSet<String>,
}

/// Looks what there is to delete: by the list, by the index, and by what interrupted publishings may have left under
/// these names, since a list may be stale.
pub async fn inventory(
    storage: &dyn Storage,
    reel: &ReelName,
    may_stand: BTreeSet<String>,
    retries: &Retries,
) -> Result<Inventory, LibraryError> {
    let mut found = look(storage, reel, retries).await?;
    let unseen = may_stand.difference(&found.chunks);
    // collected: a stream over the closure would not be `Send` for all lifetimes
    let asked: Vec<_> = unseen.map(|name| retries.again(|| sight(storage, name))).collect();
    let sights = stream::iter(asked).buffer_unordered(PARALLEL).try_collect::<Vec<_>>().await?;
    let theirs = sights.iter().flatten().map(Sighted::facts).filter(|facts| is_chunk(reel, facts));
    let theirs: Vec<String> = theirs.map(|facts| facts.name.clone()).collect();
    found.chunks.extend(theirs);
    if found.chunks.is_empty() && !found.has_index {
        return Err(LibraryError::NotFound(reel.clone()));
    }
    Ok(found)
}

async fn look(storage: &dyn Storage, reel: &ReelName, retries: &Retries) -> Result<Inventory, LibraryError> {
    let mut chunks = BTreeSet::new();
    each_function(storage, &format!("{PREFIX}{reel}-"), retries, |page| {
        chunks.extend(page.into_iter().filter(|facts| is_chunk(reel, facts)).map(|facts| facts.name));
    })
    .await?;
    let name = FunctionName::Index { reel: reel.clone() }.to_string();
    let index = retries.again(|| storage.get(&name)).await?;
    let has_index = index.is_some_and(|facts| describe::ours(&name, &facts.description).is_some());
    if has_index {
        match retries.again(|| deployed::existing(storage, reel)).await {
            Ok(existing) => chunks.extend(existing.iter().flat_map(|existing| promised(&existing.index))),
            Err(error @ RemoteError::Cloud(_)) => return Err(error.into()),
            // a damaged index is deleted too, and what it spoke of is found by the list
            Err(_) => {}
        }
    }
    Ok(Inventory { has_index, chunks })
}

fn is_chunk(reel: &ReelName, facts: &FunctionFacts) -> bool {
    let name = describe::ours(&facts.name, &facts.description);
    name.is_some_and(|name| name.reel() == reel && matches!(name, FunctionName::Chunk { .. }))
}

/// Names of the chunks of all generations.
fn promised(index: &Index) -> impl Iterator<Item = String> {
    let retired = index.retired.iter().map(|retired| &retired.generation);
    let functions = retired.chain([&index.current]).flat_map(|generation| generation.functions(&index.reel));
    functions.map(|(name, _)| name.to_string())
}

/// Returns how many functions went. `progress` hears how many of how many so far. What there is is looked up anew under
/// the lease: before, another machine may have been at work.
pub async fn delete(
    removal: &Removal<'_>,
    asked: Inventory,
    mut progress: impl FnMut(u32, u32),
) -> Result<u32, LibraryError> {
    let reel = removal.reel;
    let Inventory { has_index, mut chunks } = look(removal.storage, reel, removal.retries).await?;
    chunks.extend(asked.chunks);
    let all = chunks.len() as u32 + u32::from(has_index);
    let first = u32::from(has_index && removal.remove_index().await?);
    progress(first, all);
    let may_go = |index: Option<&Index>, facts: &FunctionFacts, _| index.is_none() && is_chunk(reel, facts);
    let chunks = chunks.into_iter().collect();
    let gone = removal.remove(chunks, may_go, |done| progress(first + done, all)).await?;
    Ok(first + gone)
}
