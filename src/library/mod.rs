//! What is published: listing, checking and deleting reels of an account. The remote side alone is asked, so that
//! reels of other machines count too.

mod check;
mod delete;
mod embed;
mod list;
mod sweep;

pub use check::{Checked, Depth, Finding, Report, check};
pub use delete::{delete, remove};
pub use embed::embed;
pub use list::{Listed, Shelf, list};
pub use sweep::{Sweep, sweep};

use crate::{
    cloud::{Cloud, CloudError, functions::FunctionFacts},
    publish::{attempt::Patience, player::PlayerError, remote::RemoteError},
    reel::{
        fault::{Explain, FaultClass},
        name::ReelName,
    },
};

/// All functions whose names begin with `prefix`, a page at a time; each page is tried again by itself.
pub async fn each_function(
    cloud: &Cloud,
    prefix: &str,
    patience: &Patience,
    mut page: impl FnMut(Vec<FunctionFacts>),
) -> Result<(), CloudError> {
    let mut marker = None;
    loop {
        let (functions, next) = patience.again(|| cloud.functions_from(prefix, marker.clone())).await?;
        page(functions);
        if next.is_none() {
            return Ok(());
        }
        marker = next;
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Player(#[from] PlayerError),
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
            Self::NotFound(_) | Self::NoGate => FaultClass::Permanent,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cloud(error) => error.hint(),
            Self::Remote(error) => error.hint(),
            Self::Player(error) => error.hint(),
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
            Self::NotFound(_) | Self::NoGate => false,
        }
    }
}
