//! The three things that can't be undone, each sent from here alone: a function goes, its code becomes another, an index
//! promises other chunks. Each is sent under the reel's lease with ten minutes left, and shows what was seen just before.

use super::{
    CloudError, CodeZip, FunctionFacts, NewFunction, Permit, Storage,
    lease::{Lease, LeaseError},
    sight::{Sighted, Whole},
};
use crate::model::{
    reel::name::FunctionName,
    report::{
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
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Cloud(error) => Some(error),
            Self::Lease(error) => Some(error),
            // another look settles it
            Self::Stale => None,
        }
    }

    fn class(&self) -> FaultClass {
        self.passed_on().map_or(FaultClass::Transient, Explain::class)
    }
}

/// True if it was there.
pub async fn delete(storage: &dyn Storage, lease: &Lease, victim: &Sighted) -> Result<bool, ChangeError> {
    lease.fresh().await?;
    let permit = recent(victim.is_recent())?;
    Ok(storage.delete(&victim.facts().name, &permit).await?)
}

/// Gives a function other code, if it is still as it was seen. One attempt.
pub async fn replace(
    storage: &dyn Storage,
    lease: &Lease,
    seen: &Sighted,
    code: &CodeZip,
    sent: &Count,
) -> Result<(), ChangeError> {
    lease.fresh().await?;
    let permit = recent(seen.is_recent())?;
    let FunctionFacts { name, revision, .. } = seen.facts();
    storage.replace(name, revision.as_deref(), code, sent, &permit).await?;
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
    storage: &dyn Storage,
    lease: &Lease,
    whole: &Whole,
    index: Flip<'_>,
    code: &CodeZip,
    sent: &Count,
) -> Result<(), ChangeError> {
    lease.fresh().await?;
    let permit = recent(whole.is_recent())?;
    match index {
        Flip::Create(new) => storage.create(new, code, sent, &permit).await?,
        Flip::Replace { name, revision } => storage.replace(name, revision, code, sent, &permit).await?,
    };
    Ok(())
}

fn recent(is_recent: bool) -> Result<Permit, ChangeError> {
    if is_recent { Ok(Permit(())) } else { Err(ChangeError::Stale) }
}

/// Puts a chunk where nothing is: nobody sees it before an index promises it. One attempt.
pub async fn put_chunk(
    storage: &dyn Storage,
    new: &NewFunction,
    code: &CodeZip,
    sent: &Count,
) -> Result<(), CloudError> {
    if !matches!(FunctionName::parse(&new.name), Some(FunctionName::Chunk { .. })) {
        let doing = format!("could not create function `{}`", new.name);
        return Err(CloudError::unexpected(doing, "it is no chunk, and would be visible"));
    }
    storage.create(new, code, sent, &Permit(())).await?;
    Ok(())
}
