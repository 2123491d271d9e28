//! What is published: listing, checking and deleting reels of an account. The remote side alone is asked, so that
//! reels of other machines count too.

mod check;
mod decoding;
mod delete;
pub mod deployed;
mod garbage;
pub mod leftover;
mod list;
pub mod removal;
pub mod served;

pub use check::{Checked, Depth, Finding, Report, check};
pub use decoding::{Decoder, Decoding, Trouble};
pub use delete::{Inventory, delete, inventory};
pub use garbage::{Garbage, garbage};
pub use list::{Lack, Listed, ListedReels, list};
pub use served::Dark;

use crate::{
    model::{reel::name::ReelName, report::fault::Explain},
    remote::{deployed::RemoteError, removal::RemovalError},
    storage::{CloudError, player::PlayerError},
};
pub use deployed::each_function;

#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Player(#[from] PlayerError),
    #[error(transparent)]
    Removal(#[from] RemovalError),
    #[error("could not find the reel `{0}`")]
    NotFound(ReelName),
    #[error("could not find the gate: it has no URL")]
    NoGate,
}

impl Explain for LibraryError {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Cloud(error) => Some(error),
            Self::Remote(error) => Some(error),
            Self::Player(error) => Some(error),
            Self::Removal(error) => Some(error),
            Self::NotFound(_) | Self::NoGate => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound(_) => {
                Some("`zipreel list` shows what is published; --target and --region choose where.".into())
            }
            Self::NoGate => Some("It is made with the first publishing.".into()),
            other => other.passed_on()?.hint(),
        }
    }
}
