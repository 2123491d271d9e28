//! Taking a reel away: the index first, so that nothing half is served, then every chunk of every generation. Can be
//! run again after an interruption; never touches a function whose name or description is not the reel's.

use super::LibraryError;
use crate::{
    cloud::Cloud,
    reel::{
        describe,
        name::{FunctionName, PREFIX, ReelName},
    },
};

/// Returns how many functions went. `progress` hears how many of how many so far.
pub async fn delete(cloud: &Cloud, reel: &ReelName, mut progress: impl FnMut(u32, u32)) -> Result<u32, LibraryError> {
    let mut index = None;
    let mut chunks = Vec::new();
    cloud
        .each_function(&format!("{PREFIX}{reel}-"), |page| {
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
    chunks.sort();
    let all = (chunks.len() + usize::from(index.is_some())) as u32;
    if all == 0 {
        return Err(LibraryError::NotFound(reel.clone()));
    }
    let mut gone = 0;
    for (done, name) in (1..).zip(index.into_iter().chain(chunks)) {
        gone += u32::from(cloud.delete_function(&name).await?);
        progress(done, all);
    }
    Ok(gone)
}
