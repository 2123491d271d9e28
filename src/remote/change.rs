//! The three things that can't be undone, each sent from here alone: a function goes, its code becomes another, an index
//! promises other chunks. Each is sent under the reel's lease with ten minutes left, and shows what was seen just before.

use std::time::Duration;

use crate::{
    cloud::{
        Cloud, CloudError, Lease, LeaseError, Sighted, Whole,
        functions::{NewFunction, code::CodeZip},
    },
    model::report::{
        event::Count,
        fault::{Explain, FaultClass},
    },
};

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// It has to be looked at again.
    #[error("what was seen is too long ago")]
    Stale,
}

impl Explain for ChangeError {
    fn class(&self) -> FaultClass {
        match self {
            Self::Cloud(error) => error.class(),
            Self::Lease(error) => error.class(),
            Self::Stale => FaultClass::Transient,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cloud(error) => error.hint(),
            Self::Lease(error) => error.hint(),
            Self::Stale => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Cloud(error) => error.retry_after(),
            Self::Lease(error) => error.retry_after(),
            Self::Stale => None,
        }
    }

    fn is_offline(&self) -> bool {
        match self {
            Self::Cloud(error) => error.is_offline(),
            Self::Lease(error) => error.is_offline(),
            Self::Stale => false,
        }
    }
}

/// True if it was there.
pub async fn delete(cloud: &Cloud, lease: &Lease, victim: &Sighted) -> Result<bool, ChangeError> {
    let fresh = lease.fresh().await?;
    let victim = victim.recent().ok_or(ChangeError::Stale)?;
    Ok(cloud.delete_function(&victim, &fresh).await?)
}

/// Gives a function other code, if it is still as it was seen. One attempt.
pub async fn replace(
    cloud: &Cloud,
    lease: &Lease,
    seen: &Sighted,
    code: &CodeZip,
    sent: &Count,
) -> Result<(), ChangeError> {
    let fresh = lease.fresh().await?;
    let seen = seen.recent().ok_or(ChangeError::Stale)?;
    cloud.replace_code(&seen, code, sent, &fresh).await?;
    Ok(())
}

/// The index's function that is to promise what was seen whole.
pub enum Flip<'a> {
    Create(&'a NewFunction),
    /// If its revision is still that.
    Replace {
        name: &'a str,
        revision: Option<&'a str>,
    },
}

/// One attempt.
pub async fn flip(
    cloud: &Cloud,
    lease: &Lease,
    whole: &Whole,
    index: Flip<'_>,
    code: &CodeZip,
    sent: &Count,
) -> Result<(), ChangeError> {
    let fresh = lease.fresh().await?;
    let whole = whole.recent().ok_or(ChangeError::Stale)?;
    match index {
        Flip::Create(new) => cloud.create_index(new, code, sent, &whole, &fresh).await?,
        Flip::Replace { name, revision } => cloud.flip_index(name, revision, code, sent, &whole, &fresh).await?,
    };
    Ok(())
}
