//! The hold on a reel: while a use case has it, no other process and no other job of this computer changes the reel,
//! and with its lease no other machine.

use std::sync::Arc;

use super::{Engine, Follow, unless_cancelled};
use crate::{
    model::{reel::name::ReelName, report::fault::Stopped},
    state::lock::{self, Claim, Purpose, ReelLock},
    storage::Storage,
    storage::lease::Lease,
};

impl Engine {
    /// Holds a reel, or says who does.
    pub(super) async fn hold(&self, reel: &ReelName, purpose: Purpose) -> Result<ReelLock, Stopped> {
        let (state_dir, reel) = (self.machine().folders.state.clone(), reel.clone());
        let taken = tokio::task::spawn_blocking(move || ReelLock::take(&state_dir, &reel, purpose)).await;
        taken.expect("taking a lock does not panic").map_err(Stopped::from)
    }

    /// Runs `work` while no other machine changes the reel either. A cancel ends the work, and the lease is given back.
    pub(super) async fn leased<T>(
        &self,
        storage: &Arc<dyn Storage>,
        held: &ReelLock,
        follow: &Follow,
        work: impl AsyncFnOnce(&Lease) -> Result<T, Stopped>,
    ) -> Result<T, Stopped> {
        if follow.cancel.is_cancelled() {
            return Err(Stopped::Cancelled);
        }
        // not cut off by a cancel: a marker that nobody knows of would hold other machines up
        let Claim { reel, machine, purpose } = held.claim();
        let take = || Lease::take(storage, reel, machine, purpose.word());
        let lease = follow.retries().again(take).await?;
        let result = unless_cancelled(&follow.cancel, work(&lease)).await;
        lease.release().await;
        result
    }

    /// Who seems to be at work on a reel, in words; for what can't be found, perhaps because it is being made.
    pub(super) fn at_work(&self, reel: &ReelName) -> Option<String> {
        lock::holder(&self.machine().folders.state, reel).map(|holder| format!("{holder} is working on it"))
    }
}
