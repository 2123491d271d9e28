//! Collecting what nothing serves any more. What a list said is looked at again once the reels are held: a publishing
//! may have ended meanwhile and serve what was left over before.

use std::{collections::BTreeMap, time::SystemTime};

use crate::{
    library::{self, Sweep},
    publish::collect::{Leftover, Why},
    reel::{
        fault::{Fault, Stopped},
        name::ReelName,
        order::Place,
    },
    state::lock::{Purpose, ReelLock},
    use_cases::{Engine, Follow, Person, Question, consent, failed},
};

pub use crate::publish::collect;

/// What was found and what became of it.
#[derive(Debug, Default)]
pub struct Collected {
    pub functions: u32,
    pub bytes: u64,
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
    let work = async {
        let cloud = engine.connect(place).await?;
        let patience = follow.patience();
        let sweep = async || library::sweep(&cloud, &patience, SystemTime::now()).await.map_err(failed);
        let first = sweep().await?;
        let of_interest = |left: &Leftover| reel.is_none_or(|reel| left.reel == *reel);
        if !first.leftovers.iter().any(of_interest) {
            tell_unread(&first, &mut found);
            return Ok(Collected::default());
        }
        let held = hold(engine, first.leftovers.iter().filter(|left| of_interest(left))).await;
        // what was left over before the reels were held may be served by now
        let Sweep { leftovers, unread } = sweep().await?;
        tell_unread(&Sweep { leftovers: Vec::new(), unread }, &mut found);
        let mut going = Vec::new();
        for left in leftovers.into_iter().filter(of_interest) {
            match held.get(&left.reel) {
                Some(Ok(_)) => {}
                Some(Err(fault)) => {
                    found(Found::LeftAlone { reel: &left.reel, fault });
                    continue;
                }
                // it came to be between the two looks
                None => continue,
            }
            let asked_for = reel.is_some() && left.why == Why::Orphaned;
            let stays = !(left.is_due || asked_for);
            found(Found::Leftover { left: &left, stays });
            if !stays {
                going.push(left);
            }
        }
        let functions: Vec<String> = going.iter().flat_map(|left| left.functions.iter().cloned()).collect();
        if functions.is_empty() {
            return Ok(Collected::default());
        }
        let bytes = going.iter().map(|left| left.bytes).sum();
        consent::ask(person, &Question::Collect { functions: functions.len() as u32, bytes }).await?;
        let functions = library::remove(&cloud, functions, &patience, |_| ()).await.map_err(failed)?;
        Ok(Collected { functions, bytes })
    };
    follow.cancel.run_until_cancelled(work).await.unwrap_or(Err(Stopped::Cancelled))
}

fn tell_unread(sweep: &Sweep, found: &mut impl FnMut(Found<'_>)) {
    for (reel, fault) in &sweep.unread {
        found(Found::LeftAlone { reel, fault });
    }
}

/// Holds each reel with leftovers, or keeps who else holds it.
async fn hold<'a>(
    engine: &Engine,
    leftovers: impl Iterator<Item = &'a Leftover>,
) -> BTreeMap<ReelName, Result<ReelLock, Fault>> {
    let mut held = BTreeMap::new();
    for left in leftovers {
        if held.contains_key(&left.reel) {
            continue;
        }
        let lock = match engine.hold(&left.reel, Purpose::Collect).await {
            Ok(lock) => Ok(lock),
            Err(Stopped::Failed(fault)) => Err(fault),
            Err(Stopped::Cancelled) => continue,
        };
        held.insert(left.reel.clone(), lock);
    }
    held
}
