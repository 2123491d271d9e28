//! Random deeds of two machines in random orders, on lists that lag behind and whose pages move. One is held at a random
//! call; the other does its own; then the first goes on, is held again, or is dead. A seed gives one order.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use tokio::task::JoinHandle;

use super::{
    account::tell,
    world::{Deed, Means, Store, World, on_large_stacks, word},
};
use crate::split::until;

/// Seeds that run side by side.
const PARALLEL: usize = 8;
/// Times that one machine is held at something and the other does its own.
const MEETINGS: usize = 2;
/// Always on.
const LISTS: &str = "list-lag=30s,list-page=3";

const CALLS: [&str; 7] = [
    "CreateFunction",
    "CreateFunction",
    "GetFunction",
    "ListFunctions",
    "DeleteFunction",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
];
/// Publishing meets more than setting up.
const DEEDS: [Deed; 11] = [
    Deed::Publish,
    Deed::Publish,
    Deed::Replace,
    Deed::Replace,
    Deed::Resume,
    Deed::Collect,
    Deed::Collect,
    Deed::Delete,
    Deed::Check,
    Deed::Repair,
    Deed::Setup,
];
/// Between meetings, in seconds: lists catch up, leases end, retired generations and orphans are due.
const PAUSES: [u64; 5] = [0, 0, 31, 21 * 60, 25 * 3600];

struct Order {
    world: World,
    random: fastrand::Rng,
    /// What happened, for whoever has to understand a seed.
    story: Vec<String>,
    /// Chunks that stood, by name: revision and body bytes that had arrived.
    stood: BTreeMap<String, (String, u64)>,
}

impl Order {
    async fn run(seed: u64, means: Means) -> Result<usize, String> {
        let world = World::start(means, None).await;
        let mut order =
            Self { world, random: fastrand::Rng::with_seed(seed), story: Vec::new(), stood: BTreeMap::new() };
        let result = order.meet_all().await;
        let story = order.story.join("\n  ");
        order.world.end().await;
        result.map_err(|error| format!("{error}\n  {story}"))
    }

    /// How often the first was held.
    async fn meet_all(&mut self) -> Result<usize, String> {
        let mut held = 0;
        for _ in 0..MEETINGS {
            let seconds = PAUSES[self.random.usize(0..PAUSES.len())];
            self.story.push(format!("{seconds} s pass"));
            self.world.clock.advance(std::time::Duration::from_secs(seconds));
            held += usize::from(self.meet().await?);
        }
        // whatever is left: once the leases of the dead have ended, the reel can be had
        self.world.clock.advance(std::time::Duration::from_secs(21 * 60));
        let machine = self.random.usize(0..2);
        let said = self.alone(machine, Deed::Replace).await?;
        if said != "done" || self.world.store().visible().is_none() {
            return Err(format!("in the end nobody can publish: {said}"));
        }
        Ok(held)
    }

    fn pause(&mut self) -> String {
        let (call, at) = (CALLS[self.random.usize(0..CALLS.len())], self.random.u32(1..5));
        let when = if self.random.bool() { "before" } else { "after" };
        format!("pause-{when}@{call}=at:{at}")
    }

    fn deed(&mut self) -> Deed {
        DEEDS[self.random.usize(0..DEEDS.len())]
    }

    /// True if the first was held.
    async fn meet(&mut self) -> Result<bool, String> {
        let (machine, first, pause) = (self.random.usize(0..2), self.deed(), self.pause());
        self.story.push(format!("machine {machine}: {first:?} with {pause}"));
        self.look_at_what_stands();
        let lease = self.world.store().lease;
        self.world.set_faults(&format!("{LISTS},{pause}"));
        let mut running = tokio::spawn(self.world.deed(machine, first));
        let mut was_held = false;
        while self.is_held(&running).await {
            was_held = true;
            self.world.set_faults(LISTS);
            let store = self.world.store();
            let is_live = first.makes() && store.lease.is_some() && store.lease != lease;
            let second = self.deed();
            let said = self.world.deed(1 - machine, second).await;
            self.told(1 - machine, second, &said)?;
            if is_live {
                self.is_untouched(&store)?;
            }
            match self.random.usize(0..4) {
                0 => {
                    self.story.push(format!("machine {machine} dies"));
                    running.abort();
                    let _ = (&mut running).await;
                    self.world.stand_in.faults().release();
                    self.nothing_was_sent_again()?;
                    return Ok(true);
                }
                1 => {
                    let pause = self.pause();
                    self.story.push(format!("machine {machine} goes on with {pause}"));
                    self.world.set_faults(&format!("{LISTS},{pause}"));
                }
                _ => {}
            }
            self.world.stand_in.faults().release();
        }
        self.world.set_faults(LISTS);
        let said = running.await.unwrap();
        self.told(machine, first, &said)?;
        self.nothing_was_sent_again()?;
        Ok(was_held)
    }

    async fn alone(&mut self, machine: usize, deed: Deed) -> Result<&'static str, String> {
        self.world.set_faults(LISTS);
        self.look_at_what_stands();
        let said = self.world.deed(machine, deed).await;
        let word = self.told(machine, deed, &said)?;
        self.nothing_was_sent_again()?;
        Ok(word)
    }

    /// False if it has ended.
    async fn is_held(&self, running: &JoinHandle<Result<(), String>>) -> bool {
        let paused = || self.world.stand_in.faults().paused() > 0;
        until("it is held or has ended", || paused() || running.is_finished()).await;
        paused()
    }

    /// What is visible is whole, whatever was said.
    fn told(&mut self, machine: usize, deed: Deed, said: &Result<(), String>) -> Result<&'static str, String> {
        self.story.push(format!("machine {machine}: {deed:?} said {said:?}"));
        if let Some(damage) = self.world.damage() {
            return Err(damage);
        }
        word(said).ok_or_else(|| "it ended in a way that nobody can make sense of".to_owned())
    }

    /// Nobody else changes chunks while the first publishes under its lease.
    fn is_untouched(&self, before: &Store) -> Result<(), String> {
        let after = self.world.store();
        let gone: Vec<_> = before.chunks.iter().filter(|(name, was)| after.chunks.get(*name) != Some(was)).collect();
        if gone.is_empty() { Ok(()) } else { Err(format!("of a live publishing were touched: {gone:?}")) }
    }

    fn look_at_what_stands(&mut self) {
        let counts = self.world.stand_in.counts();
        let chunks = self.world.store().chunks.into_iter();
        let stood = chunks.map(|(name, (_, revision))| (name.clone(), (revision, counts.body_bytes(&name))));
        // what a dead machine sent is counted once its connection is seen to be gone
        self.stood = stood.filter(|(_, (_, bytes))| *bytes > 0).collect();
    }

    /// What stood all the time has no second body.
    fn nothing_was_sent_again(&self) -> Result<(), String> {
        let (now, counts) = (self.world.store().chunks, self.world.stand_in.counts());
        for (name, (revision, bytes)) in &self.stood {
            let stands_still = now.get(name).is_some_and(|(_, now)| now == revision);
            if stands_still && counts.body_bytes(name) != *bytes {
                return Err(format!("{name} was sent again"));
            }
        }
        Ok(())
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// `ZIPREEL_SEED` runs one, `ZIPREEL_SEEDS` so many.
async fn all(seeds: std::ops::Range<u64>, means: Means, parallel: usize) {
    let runs = seeds.clone().map(|seed| async move {
        let run = tokio::spawn(Order::run(seed, means));
        (seed, run.await.unwrap_or_else(|panic| Err(format!("panicked: {panic}"))))
    });
    let results: Vec<_> = stream::iter(runs).buffer_unordered(parallel).collect().await;
    let held: usize = results.iter().filter_map(|(_, result)| result.as_ref().ok()).sum();
    tell(&format!("{} orders of two machines ({means:?}): one was held {held} times", results.len()));
    let wrong: Vec<_> = results
        .into_iter()
        .filter_map(|(seed, result)| Some(format!("ZIPREEL_SEED={seed}: {}", result.err()?)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} seeds:\n{}", wrong.len(), seeds.count(), wrong.join("\n"));
    assert!(held > 0, "nothing was ever held");
}

fn seeds(variable: &str, usual: u64) -> std::ops::Range<u64> {
    match number("ZIPREEL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number(variable).unwrap_or(usual),
    }
}

#[test]
fn in_any_order_of_two_machines_what_is_visible_is_whole() {
    on_large_stacks(all(seeds("ZIPREEL_SEEDS", 100), Means::Engine, PARALLEL));
}

#[test]
fn in_any_order_of_processes_that_are_killed_what_is_visible_is_whole() {
    on_large_stacks(all(seeds("ZIPREEL_KILL_SEEDS", 2), Means::Process, 2));
}
