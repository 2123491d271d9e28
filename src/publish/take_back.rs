//! Taking a flip back: only where what it promises can't be made whole, and what was served before was just found so.

use super::{
    index::{self, IndexError},
    look::{self, Look},
    work::Work,
};
use crate::{
    model::{
        reel::index::Index,
        report::{
            event::Count,
            fault::{Explain, Fault, Stopped},
        },
    },
    remote::{
        deployed::{self, Existing},
        removal::Removal,
    },
    running::attempt::Retries,
    storage::{
        CodeZip,
        change::{self, Flip},
        sight::Whole,
    },
};

/// What is promised can't be made whole: the reel serves what it served before, if that still is.
pub(super) async fn take_back(work: &Work, existing: Option<&Existing>, index: &Index, fault: Fault) -> Fault {
    let Some(before) = existing.filter(|before| before.index.current.generation != work.generation) else {
        return fault;
    };
    let back = match look::look(work, &before.index.current).await {
        Ok(Look::Whole(whole)) => flip_back(work, before, index, &whole).await,
        Ok(Look::Missing { .. }) => Ok(false),
        Err(stopped) => Err(stopped),
    };
    match back {
        Ok(true) => Fault { what: format!("{}; what was published before is served again", fault.what), ..fault },
        _ => fault,
    }
}

/// What is served does not decode: the reel serves what it served before; a new one is not there any more.
pub(super) async fn withdraw_unless(
    decodes: Result<(), Stopped>,
    work: &Work,
    existing: Option<&Existing>,
    index: &Index,
) -> Result<(), Stopped> {
    let Err(Stopped::Failed(fault)) = decodes else { return decodes };
    Err(Stopped::Failed(withdraw(work, existing, index, fault).await))
}

async fn withdraw(work: &Work, existing: Option<&Existing>, index: &Index, fault: Fault) -> Fault {
    if existing.is_some() {
        return take_back(work, existing, index, fault).await;
    }
    let retries = Retries { policy: work.retry, ..Retries::default() };
    let Ok(lease) = work.lease().await else { return fault };
    let removal = Removal { storage: &*work.storage, lease: &lease, reel: &work.order.reel, retries: &retries };
    match removal.remove_index().await {
        Ok(_) => fault,
        Err(error) => Fault { what: format!("{}; and {}", fault.what, error.fault().what), ..fault },
    }
}

/// Has the reel serve what it served before, which was just found whole: what was to replace it vanishes again and again.
/// False if the index is not ours any more.
async fn flip_back(work: &Work, before: &Existing, after: &Index, whole: &Whole) -> Result<bool, Stopped> {
    let name = work.index_function();
    let code = CodeZip::in_memory(index::zip_of(&before.index, &before.entries));
    let retries = Retries { policy: work.retry, ..Retries::default() };
    let change = async || {
        let Some(now) = deployed::existing(&*work.storage, &work.order.reel).await? else { return Ok(false) };
        if now.index.current.generation == before.index.current.generation {
            return Ok(true);
        }
        if now.index != *after {
            return Ok(false);
        }
        let index = Flip::Replace { name: &name, revision: now.facts.revision.as_deref() };
        change::flip(&*work.storage, &*work.lease().await?, whole, index, &code, &Count::default()).await?;
        Ok::<_, IndexError>(true)
    };
    let is_back = retries.again(change).await?;
    if is_back {
        let text = index::description(&before.index, &code.code_sha256()).text();
        retries.again(|| work.storage.describe(&name, &text, None)).await?;
    }
    Ok(is_back)
}
