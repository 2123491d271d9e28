//! Publishing a video: what was ordered, where it was meant to go, by nobody else at the same time.

use std::sync::Arc;

use crate::{
    account::{Need, RelayWish},
    model::{
        media::segment::pieces::PIECE_LENGTH,
        reel::order::{IfTaken, Order},
        report::{event::Published, fault::Stopped},
    },
    publish::{self, prepare::foresight},
    running::reporter::{Control, Reporter},
    state::lock::Purpose,
    storage::Storage as _,
    use_cases::{Engine, Person, account::cdn, consent, unless_cancelled, video},
};

/// Publishes a video. Whatever it ends with, what was deployed stays and is used by the next run.
pub async fn publish(
    engine: &Engine,
    mut order: Order,
    person: &dyn Person,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<Published, Stopped> {
    let purpose = if order.if_taken == IfTaken::Repair { Purpose::Repair } else { Purpose::Publish };
    let held = engine.hold(&order.reel, purpose).await?;
    let ready = async {
        let tools = engine.tools().await?;
        let damage = video::damage(engine, &order, &control.cancel).await?;
        consent::damaged(person, &mut order, damage).await?;
        let cloud = engine.connect_for(&order).await?;
        consent::acknowledged(engine, &order.place, &cloud, person).await?;
        // a relay that is on already is not taken away from the reels that are there
        let wish = if order.relay || order.cdn { RelayWish::On } else { RelayWish::AsItIs };
        let need = Need {
            worthwhile: foresight::foresee_alone(cloud.limits(), &order, tools, control),
            text: video::has_text(engine, &order, &control.cancel),
            pieces: order.cut.segment_length > PIECE_LENGTH,
        };
        engine.ensure(&cloud, wish, need, reporter.clone(), control).await?;
        Ok((tools, cloud))
    };
    // On the heap, each: with all stages inside one another an optimizing compiler finds the future too deep.
    let (tools, cloud) = unless_cancelled(&control.cancel, Box::pin(ready)).await?;
    let (to, is_wanted, steps) = (order.place.clone(), order.cdn, reporter.clone());
    let storage = Arc::new(cloud.clone());
    let beside = async |part: Control| match is_wanted {
        true => cdn::on_beside(engine, &to, &cloud, steps, part).await,
        false => None,
    };
    Box::pin(publish::publish(order, &held, storage, tools, reporter, control, beside)).await
}
