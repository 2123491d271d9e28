//! Collecting what nothing serves any more. What a list said is looked at again once the reels are held: a publishing
//! may have ended meanwhile and serve what was left over before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use crate::{
    model::{
        reel::{index::Index, name::ReelName, order::Place},
        report::fault::{Fault, Stopped},
    },
    remote::{
        self, Garbage,
        leftover::{ORPHANS_KEPT, is_left_over},
        removal::Removal,
    },
    state::{
        lock::{Purpose, ReelLock},
        work_folder,
    },
    storage::{FunctionFacts, Storage},
    use_cases::{Engine, Follow, Person, Question, consent, unless_cancelled},
};

pub use crate::remote::leftover::{Leftover, Why};

/// What was found and what became of it.
#[derive(Debug, Default)]
pub struct Collected {
    pub functions: u32,
    pub bytes: u64,
    /// Of segments on this computer's disk that dead runs left.
    pub segment_bytes: u64,
}

/// What a face is told before the question.
#[derive(Debug)]
pub enum Found<'a> {
    /// Left over; `stays` if its time has not come.
    Leftover { left: &'a Leftover, stays: bool },
    /// Nothing of this reel is touched, and why.
    LeftAlone { reel: &'a ReelName, fault: &'a Fault },
}

/// Deletes what is left over in the account, or of one reel: of that also what an interrupted publishing left less
/// than a day ago.
pub async fn collect(
    engine: &Engine,
    place: &Place,
    reel: Option<&ReelName>,
    person: &dyn Person,
    follow: &Follow,
    mut found: impl FnMut(Found<'_>),
) -> Result<Collected, Stopped> {
    let look = async {
        let storage = engine.storage(place).await?;
        let (going, held) = look(engine, &storage, reel, follow, &mut found).await?;
        let functions = going.iter().map(|left| left.functions.len() as u32).sum();
        let bytes = going.iter().map(|left| left.bytes).sum();
        if functions > 0 {
            consent::ask(person, &Question::Collect { functions, bytes }).await?;
        }
        Ok((storage, going, held))
    };
    let (storage, going, held) = unless_cancelled(&follow.cancel, look).await?;
    let mut collected = Collected::default();
    let kept = if reel.is_some() { Duration::ZERO } else { ORPHANS_KEPT };
    for (reel, held) in &held {
        let going = going.iter().filter(|left| left.reel == *reel);
        let bytes: u64 = going.clone().map(|left| left.bytes).sum();
        let names: Vec<String> = going.flat_map(|left| left.functions.clone()).collect();
        if names.is_empty() {
            continue;
        }
        match take_away(engine, &storage, held, names, kept, follow).await {
            Ok(functions) => {
                collected.functions += functions;
                collected.bytes += bytes;
            }
            Err(Stopped::Failed(fault)) => found(Found::LeftAlone { reel, fault: &fault }),
            Err(Stopped::Cancelled) => return Err(Stopped::Cancelled),
        }
    }
    let (work, reel) = (engine.machine().folders.work.clone(), reel.cloned());
    let removed = tokio::task::spawn_blocking(move || work_folder::collect(&work, reel.as_ref()));
    collected.segment_bytes = removed.await.expect("removing files does not panic");
    Ok(collected)
}

/// What goes, with the reels that it is of, held. What a first look called left over may be served once they are.
async fn look(
    engine: &Engine,
    storage: &Arc<dyn Storage>,
    reel: Option<&ReelName>,
    follow: &Follow,
    found: &mut impl FnMut(Found<'_>),
) -> Result<(Vec<Leftover>, BTreeMap<ReelName, ReelLock>), Stopped> {
    let retries = follow.retries();
    let garbage = async || remote::garbage(&**storage, &retries).await.map_err(Stopped::from);
    let of_interest = |left: &Leftover| reel.is_none_or(|reel| left.reel == *reel);
    let first = garbage().await?;
    let reels: BTreeSet<ReelName> =
        first.leftovers.iter().filter(|left| of_interest(left)).map(|left| left.reel.clone()).collect();
    let mut held = BTreeMap::new();
    for reel in reels {
        match engine.hold(&reel, Purpose::Collect).await {
            Ok(lock) => drop(held.insert(reel, lock)),
            Err(Stopped::Failed(fault)) => found(Found::LeftAlone { reel: &reel, fault: &fault }),
            Err(Stopped::Cancelled) => return Err(Stopped::Cancelled),
        }
    }
    let Garbage { leftovers, unread } = if held.is_empty() { first } else { garbage().await? };
    for (reel, fault) in &unread {
        found(Found::LeftAlone { reel, fault });
    }
    let mut going = Vec::new();
    for left in leftovers.into_iter().filter(|left| held.contains_key(&left.reel)) {
        let asked_for = reel.is_some() && left.why == Why::Orphaned;
        let stays = !(left.is_due || asked_for);
        found(Found::Leftover { left: &left, stays });
        if !stays {
            going.push(left);
        }
    }
    Ok((going, held))
}

/// Of one reel; each function is asked once more just before it goes.
async fn take_away(
    engine: &Engine,
    storage: &Arc<dyn Storage>,
    held: &ReelLock,
    names: Vec<String>,
    kept: Duration,
    follow: &Follow,
) -> Result<u32, Stopped> {
    let (reel, retries) = (held.reel(), follow.retries());
    let may_go = |index: Option<&Index>, facts: &FunctionFacts, now| is_left_over(reel, index, facts, now, kept);
    engine
        .leased(storage, held, follow, async |lease| {
            let removal = Removal { storage: &**storage, lease, reel, retries: &retries };
            removal.remove(names, may_go, |_| ()).await.map_err(Stopped::from)
        })
        .await
}
