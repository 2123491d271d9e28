//! What lies about in an account that nothing serves: retired generations whose time is over, and chunks without an
//! index.

use std::collections::BTreeMap;

use super::{LibraryError, each_function};
use crate::{
    model::{
        reel::{
            describe::{self, IndexDescription},
            name::{FunctionName, PREFIX, ReelName},
        },
        report::fault::{Explain, Fault},
    },
    remote::{
        deployed,
        leftover::{Leftover, leftovers},
    },
    running::attempt::Retries,
    storage::{FunctionFacts, Storage},
};

/// What was found, by reel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Garbage {
    pub leftovers: Vec<Leftover>,
    /// Reels whose index could not be read: nothing of theirs is called a leftover.
    pub unread: Vec<(ReelName, Fault)>,
}

/// Functions of one reel.
#[derive(Default)]
struct Found {
    index: Option<FunctionFacts>,
    functions: Vec<FunctionFacts>,
}

/// Looks through the whole account; deletes nothing.
pub async fn garbage(storage: &dyn Storage, retries: &Retries) -> Result<Garbage, LibraryError> {
    // how old something is, and whether its time is over, the account's own clock tells
    let now = retries.again(|| storage.now()).await?;
    let mut reels: BTreeMap<ReelName, Found> = BTreeMap::new();
    each_function(storage, PREFIX, retries, |page| {
        for facts in page {
            let Some(name) = describe::ours(&facts.name, &facts.description) else { continue };
            let found = reels.entry(name.reel().clone()).or_default();
            match name {
                FunctionName::Index { .. } => found.index = Some(facts),
                FunctionName::Chunk { .. } => found.functions.push(facts),
            }
        }
    })
    .await?;
    let mut garbage = Garbage::default();
    for (reel, found) in reels {
        if found.index.as_ref().is_some_and(|facts| is_tidy(facts, &found.functions)) {
            continue;
        }
        // asked for where it is not listed, too: a list may be stale
        let index = match retries.again(|| deployed::existing(storage, &reel)).await {
            Ok(existing) => existing.map(|existing| existing.index),
            Err(error) => {
                garbage.unread.push((reel, error.fault()));
                continue;
            }
        };
        garbage.leftovers.extend(leftovers(&reel, index.as_ref(), &found.functions, now));
    }
    Ok(garbage)
}

/// By the index's description there is nothing but what it serves: it need not be opened.
fn is_tidy(index: &FunctionFacts, chunks: &[FunctionFacts]) -> bool {
    let Some(described) = IndexDescription::parse(&index.description) else { return false };
    let current = |facts: &FunctionFacts| {
        matches!(FunctionName::parse(&facts.name), Some(FunctionName::Chunk { generation, .. })
            if generation == described.generation)
    };
    described.matches(&index.code_sha256) && chunks.len() as u32 == described.chunks && chunks.iter().all(current)
}
