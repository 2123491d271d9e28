//! The stages know where chunks lie by the seam alone: the life of a reel in a place that is neither AWS nor its
//! stand-in.

mod memory;

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use zipreel::{
    media::ffmpeg::Tools,
    model::{
        reel::{
            name::FunctionName,
            order::{IfTaken, Order},
        },
        report::{
            event::Published,
            fault::{FaultClass, Stopped},
        },
    },
    remote::{
        self, Depth, deployed,
        leftover::{ORPHANS_KEPT, is_left_over},
        removal::Removal,
    },
    running::{attempt::Retries, reporter::Control},
    storage::{
        Storage,
        lease::{Lease, LeaseError},
    },
};

use self::memory::Memory;
use crate::{
    clips::scratch,
    mishap::engine::{BoardReporter, REEL, order, publish},
};

async fn made(order: Order, memory: &Memory) -> Result<Published, Stopped> {
    let tools = Tools::find().await.unwrap();
    publish(order, memory, &tools, &BoardReporter::default(), &Control::default()).await
}

/// Other chunks of the same video.
fn others(folder: &Path) -> Order {
    let mut order = order(folder, "Second");
    order.cut.segment_length = Duration::from_secs(4);
    Order { if_taken: IfTaken::Replace, ..order }
}

async fn is_whole(memory: &Memory) -> bool {
    let (reel, retries) = (REEL.parse().unwrap(), Retries::default());
    remote::check(memory, &reel, Depth::Bytes, &retries, |_| ()).await.unwrap().is_whole()
}

/// Each chunk and index of all generations that the place holds.
fn reel_functions(memory: &Memory) -> Vec<FunctionName> {
    memory.names().iter().filter_map(|name| FunctionName::parse(name)).collect()
}

async fn collect(memory: &Memory) -> u32 {
    let (reel, retries) = (REEL.parse().unwrap(), Retries::default());
    let garbage = remote::garbage(memory, &retries).await.unwrap();
    let due = garbage.leftovers.into_iter().filter(|left| left.is_due);
    let names = due.flat_map(|left| left.functions).collect();
    let place: Arc<dyn Storage> = Arc::new(memory.clone());
    let lease = Lease::take(&place, &reel, "this-machine", "gc").await.unwrap();
    let removal = Removal { storage: memory, lease: &lease, reel: &reel, retries: &retries };
    let may_go = |index: Option<&_>, facts: &_, now| is_left_over(&reel, index, facts, now, ORPHANS_KEPT);
    let gone = removal.remove(names, may_go, |_| ()).await.unwrap();
    lease.release().await;
    gone
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reel_lives_in_a_place_that_is_not_aws() {
    let (folder, memory) = (scratch(), Memory::start().await);
    let reel = REEL.parse().unwrap();
    let first = made(order(folder.path(), "First"), &memory).await.unwrap();
    assert!(is_whole(&memory).await);
    assert_eq!(reel_functions(&memory).len() as u32, first.chunks + 1, "the lease is given back");
    let listed = remote::list(&memory, &Retries::default(), |_| ()).await.unwrap();
    assert!(listed.0[&reel].is_whole());

    let second = made(others(folder.path()), &memory).await.unwrap();
    assert!(is_whole(&memory).await && second.generation != first.generation);
    let index = deployed::existing(&memory, &reel).await.unwrap().unwrap().index;
    let retired: Vec<_> = index.retired.iter().map(|old| old.generation.generation).collect();
    assert_eq!((index.current.generation, retired), (second.generation, vec![first.generation]));
    assert_eq!(collect(&memory).await, 0, "what was replaced is served for a day");
    memory.later(Duration::from_secs(25 * 60 * 60));
    assert_eq!(collect(&memory).await, first.chunks);
    assert!(is_whole(&memory).await);

    let (place, retries): (Arc<dyn Storage>, _) = (Arc::new(memory.clone()), Retries::default());
    let lease = Lease::take(&place, &reel, "this-machine", "delete").await.unwrap();
    let removal = Removal { storage: &memory, lease: &lease, reel: &reel, retries: &retries };
    let inventory = remote::inventory(&memory, &reel, BTreeSet::new(), &retries).await.unwrap();
    assert_eq!(remote::delete(&removal, inventory, |_, _| ()).await.unwrap(), second.chunks + 1);
    lease.release().await;
    assert_eq!(memory.names(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_place_interrupted_goes_on_where_there_is_room() {
    let (folder, memory) = (scratch(), Memory::start().await);
    // the lease, and two chunks
    memory.has_room_for(3);
    let stopped = made(order(folder.path(), "First"), &memory).await;
    assert!(matches!(&stopped, Err(Stopped::Failed(fault)) if fault.class == FaultClass::NeedsPerson), "{stopped:?}");
    assert!(deployed::existing(&memory, &REEL.parse().unwrap()).await.unwrap().is_none(), "nothing is visible");
    let kept = reel_functions(&memory);
    assert_eq!(kept.len(), 2, "{kept:?}");
    memory.has_room_for(u64::MAX);
    let published = made(order(folder.path(), "First"), &memory).await.unwrap();
    assert!(published.sent_bytes < published.bytes, "what is there is not sent again");
    assert!(is_whole(&memory).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_machine_at_a_time_changes_a_reel_there() {
    let place: Arc<dyn Storage> = Arc::new(Memory::start().await);
    let reel = REEL.parse().unwrap();
    let ours = Lease::take(&place, &reel, "this-machine", "publish").await.unwrap();
    let theirs = Lease::take(&place, &reel, "another-machine", "gc").await;
    assert!(matches!(theirs, Err(LeaseError::Held { .. })), "{theirs:?}");
    ours.release().await;
    Lease::take(&place, &reel, "another-machine", "gc").await.unwrap().release().await;
}
