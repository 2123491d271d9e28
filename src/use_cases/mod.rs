//! What a person can do with zipreel, each thing once: the wizard and the commands translate to these and know no rule
//! themselves. A use case owns the hold on its reel, its journal, the person's consent, the account and Region that
//! the work was meant for, setting up, retries and progress, and gives back a typed result.

pub mod account;
mod consent;
mod engine;
mod follow;
mod hold;
pub mod reels;
pub mod video;

pub use consent::{Person, Question, Reply};
pub use engine::{Engine, LOCAL_REGION, Machine};
pub use follow::Follow;

/// What is not usual about an account or an emulator: part of what a person sets, and so of [`Machine`].
pub use crate::cloud::{InvokeMode, Overrides};

use tokio_util::sync::CancellationToken;

use crate::model::report::fault::Stopped;

/// A cancel ends the work where it waits.
async fn unless_cancelled<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, Stopped>>,
) -> Result<T, Stopped> {
    cancel.run_until_cancelled(work).await.unwrap_or(Err(Stopped::Cancelled))
}
