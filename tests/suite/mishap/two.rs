//! Two machines, each deed of one at every pause point of each deed of the other. The stand-in holds the one, and its
//! store says what became of it.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use futures_util::{StreamExt, stream};
use zipreel::local::Operation;

use super::{
    account::tell,
    world::{Deed, Means, World, on_large_stacks, word},
};
use crate::{clips::Clip, split::until};

/// Cells that run side by side: they wait for their turn to call, or for ffmpeg.
const PARALLEL: usize = 16;

/// With `ZIPREEL_CELLS=text` only the cells whose name contains it; without that and `ZIPREEL_ALL_POINTS` one cell of so many in a row: each deed meets each other at some point all the same.
const THINNED: usize = 8;

/// What the reel is before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ground {
    /// A publishing that died on both machines.
    Begun,
    /// A reel with a retired generation, and a replacing that died on both machines.
    Served,
    /// The same, and a chunk is gone.
    Broken,
    /// The same as served, and the gate is gone.
    Gateless,
}

impl Ground {
    const ALL: [Self; 4] = [Self::Begun, Self::Served, Self::Broken, Self::Gateless];

    fn of(first: Deed) -> Self {
        match first {
            Deed::Publish | Deed::Resume => Self::Begun,
            Deed::Replace | Deed::Collect | Deed::Delete | Deed::Check => Self::Served,
            Deed::Repair => Self::Broken,
            Deed::Setup => Self::Gateless,
        }
    }

    async fn make(self) -> tempfile::TempDir {
        let world = World::start(Means::Engine, None).await;
        if self == Self::Begun {
            die_twice(&world, Deed::Publish).await;
            return world.end().await;
        }
        world.publish(0, Clip::TinyTs).await.unwrap();
        world.publish(0, Clip::Tiny).await.unwrap();
        die_twice(&world, Deed::Replace).await;
        let visible = world.store().visible().unwrap();
        assert_eq!((visible.retired.len(), world.damage()), (1, None));
        match self {
            Self::Broken => {
                let (first, _) = visible.current.functions(&visible.reel).next().unwrap();
                world.lose(&first.to_string()).await;
                assert!(world.damage().is_some(), "the store shows it");
            }
            Self::Gateless => world.lose("zipreel-gate").await,
            Self::Begun | Self::Served => {}
        }
        world.end().await
    }
}

/// On both machines, after the first chunk; the other machine finds what the one left.
async fn die_twice(world: &World, deed: Deed) {
    for machine in [0, 1] {
        let pause = ["pause-after@CreateFunction=at:2", "pause-before@CreateFunction=at:2"][machine];
        world.die(machine, deed, pause).await;
        world.lose("zipreel-m-00000000-lock-0000").await;
        assert!(world.may_resume(machine).await);
    }
}

/// A call at which the first is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    when: &'static str,
    operation: Operation,
    at: u64,
}

impl Point {
    fn spec(self) -> String {
        format!("pause-{}@{}=at:{}", self.when, self.operation, self.at)
    }
}

const CHANGING: [Operation; 7] = [
    Operation::CreateFunction,
    Operation::UpdateFunctionCode,
    Operation::UpdateFunctionConfiguration,
    Operation::DeleteFunction,
    Operation::CreateFunctionUrlConfig,
    Operation::AddPermission,
    Operation::PutFunctionConcurrency,
];
const READING: [Operation; 2] = [Operation::ListFunctions, Operation::GetFunction];

/// Where a deed that nobody disturbs can be held: around the first and the last call of each kind that changes
/// something, and after the first and the last of each that reads. `all`: of every call.
async fn points(deed: Deed, ground: &Path, all: bool) -> Vec<Point> {
    let world = World::start(Means::Engine, Some(ground)).await;
    let counts = world.stand_in.counts();
    let calls = |operation| counts.calls(operation);
    let before: BTreeMap<_, _> =
        CHANGING.iter().chain(&READING).map(|operation| (operation, calls(*operation))).collect();
    let done = world.deed(0, deed).await;
    assert_eq!((done, world.damage()), (Ok(()), None), "{deed:?} alone");
    let mut points = Vec::new();
    for (operation, before) in before {
        let last = calls(*operation) - before;
        let whens: &[_] = if CHANGING.contains(operation) { &["before", "after"] } else { &["after"] };
        for at in (1..=last).filter(|at| all || *at == 1 || *at == last) {
            points.extend(whens.iter().map(|when| Point { when, operation: *operation, at }));
        }
    }
    world.end().await;
    points
}

/// How often a deed reads while it waits goes by time, and so by what else this computer does: one that ended before its
/// last read is held at the read before that, in a world of its own. What it changes it changes as often each time.
async fn cell(first: Deed, point: Point, second: Deed, ground: PathBuf) -> Result<&'static str, String> {
    let earliest = if READING.contains(&point.operation) { 1 } else { point.at };
    for at in (earliest..=point.at).rev() {
        if let Some(word) = at_point(first, Point { at, ..point }, second, &ground).await? {
            return Ok(word);
        }
    }
    Err("it ended before".into())
}

/// What became of the second, in a word. `None` if the first ended well before it could be held.
async fn at_point(first: Deed, point: Point, second: Deed, ground: &Path) -> Result<Option<&'static str>, String> {
    let world = World::start(Means::Engine, Some(ground)).await;
    let (was_broken, generation) = (world.damage(), world.store().visible().map(|index| index.current.generation));
    world.set_faults(&point.spec());
    let held = tokio::spawn(world.deed(0, first));
    until("the first is held", || world.stand_in.faults().paused() > 0 || held.is_finished()).await;
    if world.stand_in.faults().paused() == 0 {
        let ended = held.await.unwrap();
        world.end().await;
        return ended.map(|()| None).map_err(|error| format!("it ended before: {error}"));
    }
    world.set_faults("");
    let while_held = world.store();
    let said = world.deed(1, second).await;
    let damage = world.damage().filter(|_| was_broken.is_none());
    let after = world.store();
    // on a busy machine it may have given the call up, and gone on
    let is_held = !held.is_finished();
    world.stand_in.faults().release();
    let first_said = held.await.unwrap();
    let story = || format!("the first said {first_said:?}, the second {said:?}");
    if let Some(damage) = damage {
        return Err(format!("while the first was held: {damage}; {}", story()));
    }
    // who makes chunks is held at the one call that it makes; deletions go on beside the one that is held
    if is_held
        && first.makes()
        && while_held.lease.is_some()
        && while_held.chunks.iter().any(|(name, was)| after.chunks.get(name) != Some(was))
    {
        return Err(format!("chunks changed under the first's lease; {}", story()));
    }
    // what was broken before is mended by whoever was refused, or was replaced as it was
    let is_replaced = world.store().visible().map(|index| index.current.generation) != generation;
    if was_broken.is_some() && first_said.is_err() && world.damage().is_some() && !is_replaced {
        world.deed(0, Deed::Repair).await.map_err(|error| format!("afterwards: {error}; {}", story()))?;
    }
    if let Some(damage) = world.damage().filter(|damage| !is_replaced || was_broken.as_ref() != Some(damage)) {
        return Err(format!("{damage}; {}", story()));
    }
    let word = (word(&said), word(&first_said));
    world.end().await;
    match word {
        (Some(second), Some("done")) => Ok(Some(second)),
        // what the first was held at has changed meanwhile
        (Some("done"), Some(_)) => Ok(Some("instead")),
        _ => Err(format!("it ended otherwise; {}", story())),
    }
}

#[test]
fn at_every_pause_point_of_one_machine_the_other_leaves_a_whole_reel() {
    on_large_stacks(every_cell());
}

async fn every_cell() {
    let only = std::env::var("ZIPREEL_CELLS").ok();
    let all = only.is_some() || std::env::var_os("ZIPREEL_ALL_POINTS").is_some();
    let mut grounds = BTreeMap::new();
    for ground in Ground::ALL {
        grounds.insert(ground, ground.make().await);
    }
    let grounds = &grounds;
    let path = |first| grounds[&Ground::of(first)].path();
    let mut points = Vec::new();
    for first in Deed::ALL {
        points.push((first, self::points(first, path(first), all).await));
    }
    let rows: Vec<(Deed, Point)> =
        points.into_iter().flat_map(|(first, points)| points.into_iter().map(move |point| (first, point))).collect();
    let mut cells = Vec::new();
    for (place, (first, point)) in rows.iter().copied().enumerate() {
        for (column, second) in Deed::ALL.into_iter().enumerate() {
            let ground = path(first).to_owned();
            let name = format!("{first:?} {} × {second:?}", point.spec());
            let is_run = match &only {
                Some(only) => name.contains(only),
                None => all || (place + column).is_multiple_of(THINNED),
            };
            cells.push(async move {
                if !is_run {
                    return Ok("·");
                }
                // a task each: what reads the disk holds no other up
                let result = tokio::spawn(cell(first, point, second, ground)).await;
                let result = result.unwrap_or_else(|panic| Err(format!("panicked: {panic}")));
                result.map_err(|error| format!("{name}: {error}"))
            });
        }
    }
    let results: Vec<_> = stream::iter(cells).buffered(PARALLEL).collect().await;
    let (mut table, mut wrong) = (format!("{:48}", "first, held"), String::new());
    Deed::ALL.iter().for_each(|second| write!(table, "{:<9}", format!("{second:?}")).unwrap());
    for ((first, point), results) in rows.iter().zip(results.chunks(Deed::ALL.len())) {
        let Point { when, operation, at } = point;
        write!(table, "\n{:48}", format!("{first:?}, {when} {operation} {at}")).unwrap();
        for result in results {
            write!(table, "{:<9}", result.as_deref().unwrap_or("WRONG")).unwrap();
            if let Err(error) = result {
                writeln!(wrong, "{error}").unwrap();
            }
        }
    }
    tell(&format!(
        "{table}\ndone: both; refused: by the lease; none, taken, broken, late: it was told so; instead: the second was quicker; ·: with ZIPREEL_ALL_POINTS"
    ));
    assert!(wrong.is_empty(), "\n{wrong}");
}
