//! Deleting a reel: the index first, so that nothing half is served, then every chunk of every generation. Can be run
//! again after an interruption; never touches a function whose name or description is not the reel's.

use super::{LibraryError, each_function};
use crate::{
    cloud::functions::FunctionFacts,
    publish::removal::Removal,
    reel::{
        describe,
        index::Index,
        name::{FunctionName, PREFIX},
    },
};

/// Returns how many functions went. `progress` hears how many of how many so far.
pub async fn delete(removal: &Removal<'_>, mut progress: impl FnMut(u32, u32)) -> Result<u32, LibraryError> {
    let (cloud, reel) = (removal.cloud, removal.reel);
    let mut has_index = false;
    let mut chunks = Vec::new();
    each_function(cloud, &format!("{PREFIX}{reel}-"), removal.patience, |page| {
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
    let all = chunks.len() as u32 + u32::from(has_index);
    if all == 0 {
        return Err(LibraryError::NotFound(reel.clone()));
    }
    let first = u32::from(has_index && removal.remove_index().await?);
    progress(first, all);
    let may_go = |index: Option<&Index>, facts: &FunctionFacts, _| {
        let ours = describe::ours(&facts.name, &facts.description).is_some_and(|name| name.reel() == reel);
        ours && index.is_none()
    };
    let gone = removal.remove(chunks, may_go, |done| progress(first + done, all)).await?;
    Ok(first + gone)
}
