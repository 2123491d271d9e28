//! Giving up a publishing that was interrupted: its chunks go, but none that an index lists, and its journal with them.

use std::{collections::BTreeSet, sync::Arc};

use super::resume::{self, Resumable};
use crate::{
    model::{
        reel::{
            index::Index,
            name::{Generation, PREFIX, ReelName},
        },
        report::fault::{Fault, Stopped},
    },
    remote::{self, leftover, removal::Removal},
    state::{
        journal,
        lock::{Purpose, ReelLock},
        log, work_folder,
    },
    storage::{FunctionFacts, Storage},
    use_cases::{Engine, Follow, Person, Question, consent, unless_cancelled},
};

/// The newest of this name, and of this generation if one is given. Its video need not be there.
pub async fn find(engine: &Engine, name: &ReelName, generation: Option<Generation>) -> Result<Resumable, Stopped> {
    let found = resume::interrupted(engine, name, generation).await;
    found.ok_or_else(|| Stopped::Failed(nothing_to_discard(engine, name)))
}

/// Returns how many functions went.
pub async fn discard(
    engine: &Engine,
    resumable: &Resumable,
    person: &dyn Person,
    follow: &Follow,
    progress: impl FnMut(u32, u32),
) -> Result<u32, Stopped> {
    let held = engine.hold(&resumable.reel, Purpose::Discard).await?;
    let gone = discard_held(engine, &held, resumable, person, follow, progress).await?;
    let (generation, work) = (resumable.generation, engine.machine().folders.work.clone());
    let forgotten = tokio::task::spawn_blocking(move || {
        work_folder::collect(&work, Some(held.reel()));
        let forgotten = journal::forget_generation(&held, generation);
        held.remove_if_empty(&log::FILES);
        forgotten
    });
    forgotten.await.expect("forgetting does not panic")?;
    Ok(gone)
}

async fn names_on_record(engine: &Engine, resumable: &Resumable) -> BTreeSet<String> {
    let found = super::left_open(engine, &resumable.reel, resumable.began.place.clone()).await;
    found.iter().filter(|found| found.generation == resumable.generation).flat_map(Resumable::may_stand).collect()
}

async fn discard_held(
    engine: &Engine,
    held: &ReelLock,
    resumable: &Resumable,
    person: &dyn Person,
    follow: &Follow,
    mut progress: impl FnMut(u32, u32),
) -> Result<u32, Stopped> {
    let (reel, generation) = (&resumable.reel, resumable.generation);
    let order = resumable.order(engine.machine().folders.clone());
    let storage: Arc<dyn Storage> = Arc::new(unless_cancelled(&follow.cancel, engine.connect_for(&order)).await?);
    let question =
        Question::Discard { reel: reel.clone(), generation, at: storage.at(), is_local: order.place.is_local() };
    unless_cancelled(&follow.cancel, consent::ask(person, &question)).await?;
    let retries = follow.retries();
    // a list may be stale: what the journal tells of, now that nobody else is at it, is asked for by its name
    let mut names = names_on_record(engine, resumable).await;
    remote::each_function(&*storage, &format!("{PREFIX}{reel}-{generation}-"), &retries, |page| {
        names.extend(page.into_iter().map(|facts| facts.name));
    })
    .await?;
    let all = names.len() as u32;
    let may_go =
        |index: Option<&Index>, facts: &FunctionFacts, _| leftover::is_unlisted(reel, index, generation, facts);
    engine
        .leased(&storage, held, follow, async |lease| {
            let removal = Removal { storage: &*storage, lease, reel, retries: &retries };
            removal.remove(names.into_iter().collect(), may_go, |done| progress(done, all)).await.map_err(Stopped::from)
        })
        .await
}

fn nothing_to_discard(engine: &Engine, name: &ReelName) -> Fault {
    let what = format!("could not discard the publishing of `{name}`: nothing of that name was interrupted");
    Fault::permanent(what).hint(format!(
        "Journals are looked for in `{}`. What an upload left without a journal, `zipreel gc {name}` deletes; --target \
         and --region choose where.",
        engine.machine().folders.state.display()
    ))
}
