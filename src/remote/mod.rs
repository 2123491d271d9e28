//! What is published: listing, checking and deleting reels of an account. The remote side alone is asked, so that
//! reels of other machines count too.

mod check;
mod delete;
pub mod deployed;
mod embed;
pub mod leftover;
mod list;
pub mod removal;
pub mod served;
mod sweep;

pub use check::{Checked, Dark, Depth, Finding, Report, check};
pub use delete::{Inventory, delete, inventory};
pub use embed::embed;
pub use list::{Listed, ListedReels, list};
pub use sweep::{Sweep, sweep};

use crate::{
    model::{
        reel::name::ReelName,
        report::fault::{Explain, FaultClass},
    },
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
    fn class(&self) -> FaultClass {
        match self {
            Self::Cloud(error) => error.class(),
            Self::Remote(error) => error.class(),
            Self::Player(error) => error.class(),
            Self::Removal(error) => error.class(),
            Self::NotFound(_) | Self::NoGate => FaultClass::Permanent,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cloud(error) => error.hint(),
            Self::Remote(error) => error.hint(),
            Self::Player(error) => error.hint(),
            Self::Removal(error) => error.hint(),
            Self::NotFound(_) => {
                Some("`zipreel list` shows what is published; --target and --region choose where.".into())
            }
            Self::NoGate => Some("It is made with the first publishing.".into()),
        }
    }

    fn is_offline(&self) -> bool {
        match self {
            Self::Cloud(error) => error.is_offline(),
            Self::Remote(error) => error.is_offline(),
            Self::Player(error) => error.is_offline(),
            Self::Removal(error) => error.is_offline(),
            Self::NotFound(_) | Self::NoGate => false,
        }
    }
}
