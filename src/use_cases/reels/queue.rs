//! Orders that wait for their turn: kept on the disk, so that the next process finds what this one did not get to.

use crate::{
    model::{
        reel::{
            name::ReelName,
            order::{AccountRegion, Order},
        },
        report::fault::Stopped,
    },
    state::queue::Waiting,
    use_cases::Engine,
};

/// Keeps these orders, and no others, as those that wait in this process. Each was agreed to for one account and
/// Region; an order without is not kept.
pub async fn keep(engine: &Engine, orders: &[Order]) -> Result<(), Stopped> {
    let waiting: Vec<Waiting> =
        orders.iter().filter_map(|order| Some(Waiting::of(order, order.expected.clone()?))).collect();
    let engine = engine.clone();
    let kept = tokio::task::spawn_blocking(move || engine.queue().keep(&waiting)).await;
    kept.expect("keeping a queue does not panic").map_err(Stopped::from)
}

/// Orders that processes left behind which are no more.
pub async fn left_behind(engine: &Engine) -> Vec<Order> {
    let (folders, engine) = (engine.machine().folders.clone(), engine.clone());
    let found = tokio::task::spawn_blocking(move || engine.queue().left_behind()).await.unwrap_or_default();
    found.iter().map(|waiting| waiting.order(folders.clone())).collect()
}

/// An order that was left behind is taken up, or given up.
pub async fn forget(engine: &Engine, reel: &ReelName, place: &AccountRegion) -> Result<(), Stopped> {
    let (engine, reel, place) = (engine.clone(), reel.clone(), place.clone());
    let forgotten = tokio::task::spawn_blocking(move || engine.queue().forget(&reel, &place)).await;
    forgotten.expect("forgetting does not panic").map_err(Stopped::from)
}
