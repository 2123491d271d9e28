//! Taking functions of one reel away, under its lease. What was called superfluous some time ago is looked at again just
//! before it goes: the reel's index before each batch, each function itself by GetFunction, since a list may be stale.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
    time::SystemTime,
};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::deployed::{self, RemoteError};
use crate::{
    model::{
        reel::{
            describe,
            index::Index,
            name::{FunctionName, ReelName},
        },
        report::fault::Explain,
    },
    running::attempt::Retries,
    storage::{
        FunctionFacts, Storage,
        change::{self, ChangeError},
        lease::Lease,
        sight::sight,
    },
};

/// Functions that go before the index is looked at again.
const BATCH: usize = 50;
/// Calls side by side: the limiter paces them, a slow answer must not hold up the others.
const PARALLEL: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl Explain for RemovalError {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Change(error) => Some(error),
            Self::Remote(error) => Some(error),
        }
    }
}

/// Functions of one reel that are to go.
pub struct Removal<'a> {
    pub storage: &'a dyn Storage,
    pub lease: &'a Lease,
    pub reel: &'a ReelName,
    pub retries: &'a Retries,
}

/// What is asked of each function just before it goes: by the reel's index, what AWS says of the function, and AWS's
/// clock.
pub trait MayGo: Fn(Option<&Index>, &FunctionFacts, SystemTime) -> bool + Sync {}

impl<T: Fn(Option<&Index>, &FunctionFacts, SystemTime) -> bool + Sync> MayGo for T {}

impl Removal<'_> {
    /// Deletes those that may still go, and returns how many went. `progress` hears how many were looked at.
    pub async fn remove(
        &self,
        names: Vec<String>,
        may_go: impl MayGo,
        mut progress: impl FnMut(u32),
    ) -> Result<u32, RemovalError> {
        // each name once, in the order in which they are numbered
        let names: Vec<String> = names.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let (gone, mut done) = (AtomicU32::new(0), 0);
        for batch in names.chunks(BATCH) {
            let existing = self.retries.again(|| deployed::existing(self.storage, self.reel)).await?;
            let index = existing.as_ref().map(|existing| &existing.index);
            // collected: a stream over the closure would not be `Send` for all lifetimes
            let removals: Vec<_> = batch.iter().map(|name| self.remove_one(name, index, &may_go, &gone)).collect();
            let mut removals = stream::iter(removals).buffer_unordered(PARALLEL);
            while removals.try_next().await?.is_some() {
                done += 1;
                progress(done);
            }
        }
        Ok(gone.into_inner())
    }

    async fn remove_one(
        &self,
        name: &str,
        index: Option<&Index>,
        may_go: &impl MayGo,
        gone: &AtomicU32,
    ) -> Result<(), RemovalError> {
        let went = self.retries.again(|| self.look_and_delete(name, |facts, now| may_go(index, facts, now))).await?;
        gone.fetch_add(u32::from(went), Ordering::Relaxed);
        Ok(())
    }

    /// Deletes the reel's index, which ends all its links; true if there was one.
    pub async fn remove_index(&self) -> Result<bool, RemovalError> {
        let name = FunctionName::Index { reel: self.reel.clone() }.to_string();
        let ours = |facts: &FunctionFacts, _| describe::ours(&name, &facts.description).is_some();
        Ok(self.retries.again(|| self.look_and_delete(&name, ours)).await?)
    }

    async fn look_and_delete(
        &self,
        name: &str,
        may_go: impl Fn(&FunctionFacts, SystemTime) -> bool,
    ) -> Result<bool, ChangeError> {
        match sight(self.storage, name).await? {
            Some(victim) if may_go(victim.facts(), victim.aws_time()) => {
                change::delete(self.storage, self.lease, &victim).await
            }
            _ => Ok(false),
        }
    }
}
