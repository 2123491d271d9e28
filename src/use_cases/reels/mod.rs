//! What is done to a reel, one file a use case.

pub mod check;
pub mod delete;
pub mod discard;
pub mod embed;
pub mod gc;
pub mod info;
pub mod list;
pub mod publish;
pub mod queue;
pub mod repair;
pub mod resume;
pub mod retitle;

use super::Engine;
use crate::{
    model::{
        reel::{name::ReelName, order::AccountRegion},
        report::fault::{Explain, Fault, Stopped},
    },
    remote::{LibraryError, deployed::Existing},
    state::{
        lock::ReelLock,
        resumable::{self, Resumable},
    },
};

/// Publishings of the reel in that account and Region which this computer began and did not end.
async fn left_open(engine: &Engine, reel: &ReelName, at: AccountRegion) -> Vec<Resumable> {
    let (state_dir, reel) = (engine.machine().folders.state.clone(), reel.clone());
    let read = tokio::task::spawn_blocking(move || resumable::of(&state_dir, &reel, &at));
    read.await.expect("reading journals does not panic")
}

/// The reel's index, or that there is none, with who may be making it just now. For callers that do not hold the reel:
/// their own hold would be named.
fn found(engine: &Engine, reel: &ReelName, existing: Option<Existing>) -> Result<Existing, Stopped> {
    existing.ok_or_else(|| Stopped::Failed(not_found(engine, reel)))
}

/// The same for who holds the reel: nobody else of this computer can be making it.
fn found_by_holder(held: &ReelLock, existing: Option<Existing>) -> Result<Existing, Stopped> {
    existing.ok_or_else(|| LibraryError::NotFound(held.reel().clone()).into())
}

fn not_found(engine: &Engine, reel: &ReelName) -> Fault {
    let fault = LibraryError::NotFound(reel.clone()).fault();
    match engine.at_work(reel) {
        Some(who) => fault.because(who).hint("Once that has ended, try again."),
        None => fault,
    }
}
