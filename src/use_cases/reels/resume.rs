//! Going on with a publishing that was interrupted, in the account and Region where it was begun.

use std::sync::Arc;

use crate::{
    model::{
        reel::name::{Generation, ReelName},
        report::{
            event::Published,
            fault::{Fault, Stopped},
        },
    },
    running::reporter::{Control, Reporter},
    state::resumable,
    use_cases::{Engine, Person},
};

pub use crate::state::resumable::Resumable;

/// Everything that can go on, newest first.
pub async fn resumables(engine: &Engine) -> Vec<Resumable> {
    let state_dir = engine.machine().folders.state.clone();
    tokio::task::spawn_blocking(move || resumable::all(&state_dir)).await.unwrap_or_default()
}

/// The newest that can go on, of this name and generation if they are given.
pub async fn find(
    engine: &Engine,
    name: Option<&ReelName>,
    generation: Option<Generation>,
) -> Result<Resumable, Stopped> {
    let wanted = |found: &Resumable| {
        name.is_none_or(|name| found.reel == *name) && generation.is_none_or(|wanted| found.generation == wanted)
    };
    let found = resumables(engine).await.into_iter().find(wanted);
    found.ok_or_else(|| Stopped::Failed(nothing_to_resume(engine, name)))
}

/// Goes on with it.
pub async fn resume(
    engine: &Engine,
    resumable: &Resumable,
    person: &dyn Person,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<Published, Stopped> {
    let order = resumable.order(engine.machine().folders.clone());
    super::publish::publish(engine, order, person, reporter, control).await
}

fn nothing_to_resume(engine: &Engine, name: Option<&ReelName>) -> Fault {
    let what = match name {
        Some(name) => format!("could not resume `{name}`: nothing of that name was interrupted"),
        None => "could not resume: nothing was interrupted".to_owned(),
    };
    Fault::permanent(what).hint(format!(
        "Journals are looked for in `{}`. From another machine, publish the same video with the same settings: what \
         is deployed is found and not sent again.",
        engine.machine().folders.state.display()
    ))
}
