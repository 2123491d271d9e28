//! Deleting a reel: the index first, then every chunk; and what this computer remembers of it.

use std::collections::BTreeSet;

use crate::{
    model::{
        reel::{
            name::ReelName,
            order::{AccountRegion, Place},
        },
        report::fault::Stopped,
    },
    remote::{self, removal::Removal},
    state::{
        journal,
        lock::{Purpose, ReelLock},
        log,
        resumable::Resumable,
        work_folder,
    },
    use_cases::{Engine, Follow, Person, Question, consent, unless_cancelled},
};

/// Returns how many functions went. `progress` hears how many of how many so far. After an interruption it can be run
/// again.
pub async fn delete(
    engine: &Engine,
    place: &Place,
    reel: &ReelName,
    person: &dyn Person,
    follow: &Follow,
    progress: impl FnMut(u32, u32),
) -> Result<u32, Stopped> {
    let held = engine.hold(reel, Purpose::Delete).await?;
    let retries = follow.retries();
    let asked = async {
        let storage = engine.storage(place).await?;
        let at = storage.at();
        let may_stand = may_stand(engine, reel, at.clone()).await;
        let inventory = remote::inventory(&*storage, reel, may_stand, &retries).await?;
        let question = Question::Delete { reel: reel.clone(), at: at.clone(), is_local: place.is_local() };
        consent::ask(person, &question).await?;
        Ok((storage, at, inventory))
    };
    let (storage, at, inventory) = unless_cancelled(&follow.cancel, asked).await?;
    let delete = engine.leased(&storage, &held, follow, async |lease| {
        let removal = Removal { storage: &*storage, lease, reel, retries: &retries };
        remote::delete(&removal, inventory, progress).await.map_err(Stopped::from)
    });
    let gone = delete.await?;
    forget(engine, held, at).await?;
    Ok(gone)
}

/// Chunks that this computer's unfinished publishings may have left there.
async fn may_stand(engine: &Engine, reel: &ReelName, at: AccountRegion) -> BTreeSet<String> {
    super::left_open(engine, reel, at).await.iter().flat_map(Resumable::may_stand).collect()
}

/// What this computer remembers of a reel that is gone.
async fn forget(engine: &Engine, held: ReelLock, at: AccountRegion) -> Result<(), Stopped> {
    let engine = engine.clone();
    let forgotten = tokio::task::spawn_blocking(move || {
        journal::forget(&held, &at);
        work_folder::collect(&engine.machine().folders.work, Some(held.reel()));
        let forgotten = engine.queue().forget(held.reel(), &at);
        held.remove_if_empty(&log::FILES);
        forgotten
    });
    forgotten.await.expect("forgetting does not panic").map_err(Stopped::from)
}
