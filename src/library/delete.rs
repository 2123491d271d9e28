//! Deleting a reel: the index first, so that nothing half is served, then every chunk of every generation. Can be run
//! again after an interruption; never touches a function whose name or description is not the reel's.

use super::{LibraryError, each_function};
use crate::{
    cloud::{Cloud, functions::FunctionFacts},
    publish::{attempt::Patience, removal::Removal},
    reel::{
        describe,
        index::Index,
        name::{FunctionName, PREFIX, ReelName},
    },
};

/// What there is of a reel, as listed.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    has_index: bool,
    /// Names of the functions, of all generations.
    chunks: Vec<String>,
}

/// Looks what there is to delete.
pub async fn inventory(cloud: &Cloud, reel: &ReelName, patience: &Patience) -> Result<Inventory, LibraryError> {
    let Inventory { mut has_index, mut chunks } = Inventory::default();
    each_function(cloud, &format!("{PREFIX}{reel}-"), patience, |page| {
        for facts in page {
            match describe::ours(&facts.name, &facts.description) {
                Some(function) if function.reel() != reel => {}
                Some(FunctionName::Index { .. }) => has_index = true,
                Some(FunctionName::Chunk { .. }) => chunks.push(facts.name),
                None => {}
            }
        }
    })
    .await?;
    if chunks.is_empty() && !has_index {
        return Err(LibraryError::NotFound(reel.clone()));
    }
    Ok(Inventory { has_index, chunks })
}

/// Returns how many functions went. `progress` hears how many of how many so far.
pub async fn delete(
    removal: &Removal<'_>,
    inventory: Inventory,
    mut progress: impl FnMut(u32, u32),
) -> Result<u32, LibraryError> {
    let Inventory { has_index, chunks } = inventory;
    let reel = removal.reel;
    let all = chunks.len() as u32 + u32::from(has_index);
    let first = u32::from(has_index && removal.remove_index().await?);
    progress(first, all);
    let may_go = |index: Option<&Index>, facts: &FunctionFacts, _| {
        let ours = describe::ours(&facts.name, &facts.description).is_some_and(|name| name.reel() == reel);
        ours && index.is_none()
    };
    let gone = removal.remove(chunks, may_go, |done| progress(first + done, all)).await?;
    Ok(first + gone)
}
