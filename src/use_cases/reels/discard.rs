//! Giving up a publishing that was interrupted: its chunks go, but none that an index lists, and its journal with them.

use super::resume::Resumable;
use crate::{
    library,
    publish::{collect, log, remote},
    reel::{fault::Stopped, name::PREFIX},
    state::{journal, lock::Purpose},
    use_cases::{Engine, Follow, Person, Question, consent, engine::account_region, failed},
};

/// Returns how many functions went.
pub async fn discard(
    engine: &Engine,
    resumable: &Resumable,
    person: &dyn Person,
    follow: &Follow,
    progress: impl FnMut(u32, u32),
) -> Result<u32, Stopped> {
    let held = engine.hold(&resumable.reel, Purpose::Discard).await?;
    let work = discard_held(engine, resumable, person, follow, progress);
    let gone = follow.cancel.run_until_cancelled(work).await.unwrap_or(Err(Stopped::Cancelled))?;
    let generation = resumable.generation;
    let forgotten = tokio::task::spawn_blocking(move || {
        let forgotten = journal::forget_generation(&held, generation);
        held.remove_if_empty(&log::FILES);
        forgotten
    });
    forgotten.await.expect("forgetting does not panic").map_err(failed)?;
    Ok(gone)
}

async fn discard_held(
    engine: &Engine,
    resumable: &Resumable,
    person: &dyn Person,
    follow: &Follow,
    mut progress: impl FnMut(u32, u32),
) -> Result<u32, Stopped> {
    let (reel, generation) = (&resumable.reel, resumable.generation);
    let order = resumable.order(engine.machine().folders.clone());
    let cloud = engine.connect_for(&order).await?;
    let question = Question::Discard { reel: reel.clone(), generation, at: account_region(&cloud) };
    consent::ask(person, &question).await?;
    let patience = follow.patience();
    let existing = patience.again(|| remote::existing(&cloud, reel)).await.map_err(failed)?;
    let mut chunks = Vec::new();
    library::each_function(&cloud, &format!("{PREFIX}{reel}-{generation}-"), &patience, |page| chunks.extend(page))
        .await
        .map_err(failed)?;
    let index = existing.as_ref().map(|existing| &existing.index);
    let left = collect::unlisted(reel, index, generation, &chunks);
    let all = left.len() as u32;
    let gone = library::remove(&cloud, left, &patience, |done| progress(done, all)).await;
    gone.map_err(failed)
}
