//! The hold on a reel: while a use case has it, no other process and no other job of this machine changes the reel.
//! What other machines do is told apart elsewhere: by the index's revision.

use super::{Engine, failed};
use crate::{
    reel::{fault::Stopped, name::ReelName},
    state::lock::{self, Purpose, ReelLock},
};

impl Engine {
    /// Holds a reel, or says who does.
    pub(super) async fn hold(&self, reel: &ReelName, purpose: Purpose) -> Result<ReelLock, Stopped> {
        let (state_dir, reel) = (self.machine().folders.state.clone(), reel.clone());
        let taken = tokio::task::spawn_blocking(move || ReelLock::take(&state_dir, &reel, purpose)).await;
        taken.expect("taking a lock does not panic").map_err(failed)
    }

    /// Who seems to be at work on a reel, in words; for what can't be found, perhaps because it is being made.
    pub(super) fn at_work(&self, reel: &ReelName) -> Option<String> {
        lock::holder(&self.machine().folders.state, reel).map(|holder| format!("{holder} is working on it"))
    }
}
