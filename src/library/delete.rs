//! Taking functions away. A reel's index goes first, so that nothing half is served, then every chunk of every
//! generation. Can be run again after an interruption; never touches a function whose name or description is not the
//! reel's.

use futures_util::{StreamExt, stream};

use super::{LibraryError, each_function};
use crate::{
    cloud::Cloud,
    publish::attempt::Patience,
    reel::{
        describe,
        name::{FunctionName, PREFIX, ReelName},
    },
};

/// Calls side by side: the limiter paces them, a slow answer must not hold up the others.
const PARALLEL: usize = 4;

/// Returns how many functions went. `progress` hears how many of how many so far.
pub async fn delete(
    cloud: &Cloud,
    reel: &ReelName,
    patience: &Patience,
    mut progress: impl FnMut(u32, u32),
) -> Result<u32, LibraryError> {
    let mut index = None;
    let mut chunks = Vec::new();
    each_function(cloud, &format!("{PREFIX}{reel}-"), patience, |page| {
        for facts in page {
            match describe::ours(&facts.name, &facts.description) {
                Some(function) if function.reel() != reel => {}
                Some(FunctionName::Index { .. }) => index = Some(facts.name),
                Some(FunctionName::Chunk { .. }) => chunks.push(facts.name),
                None => {}
            }
        }
    })
    .await?;
    let all = (chunks.len() + usize::from(index.is_some())) as u32;
    if all == 0 {
        return Err(LibraryError::NotFound(reel.clone()));
    }
    let first = index.is_some() as u32;
    let mut gone = remove(cloud, index.into_iter().collect(), patience, |done| progress(done, all)).await?;
    gone += remove(cloud, chunks, patience, |done| progress(first + done, all)).await?;
    Ok(gone)
}

/// Deletes functions; those that are gone already are not counted. `progress` hears how many are done.
pub async fn remove(
    cloud: &Cloud,
    mut names: Vec<String>,
    patience: &Patience,
    mut progress: impl FnMut(u32),
) -> Result<u32, LibraryError> {
    names.sort();
    let deletes = names.iter().map(|name| patience.again(move || cloud.delete_function(name)));
    // collected: a stream over the closure would not be `Send` for all lifetimes
    let deletes: Vec<_> = deletes.collect();
    let mut deletes = stream::iter(deletes).buffer_unordered(PARALLEL);
    let (mut done, mut gone) = (0, 0);
    while let Some(deleted) = deletes.next().await {
        gone += u32::from(deleted?);
        done += 1;
        progress(done);
    }
    Ok(gone)
}
