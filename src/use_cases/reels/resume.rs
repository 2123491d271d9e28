//! Going on with a publishing that was interrupted, in the account and Region where it was begun.

use std::sync::Arc;

use crate::{
    media::{probe::ProbeError, source},
    model::{
        media::input::{InputError, InputFault},
        reel::{
            generation::SourcePrint,
            name::{Generation, ReelName},
        },
        report::{
            event::Published,
            fault::{Explain, Fault, Stopped},
        },
    },
    running::reporter::{Control, Reporter},
    state::{
        lock::{self, LockError},
        resumable,
    },
    use_cases::{Engine, Person},
};

pub use crate::state::resumable::Resumable;

/// What keeps a publishing from going on, as far as this computer alone can tell.
enum Obstacle {
    /// The video is another one by now. What became of the upload the account knows.
    Changed,
    Other(Fault),
}

/// Everything that was begun and not published, newest first.
pub async fn resumables(engine: &Engine) -> Vec<Resumable> {
    let state_dir = engine.machine().folders.state.clone();
    tokio::task::spawn_blocking(move || resumable::all(&state_dir)).await.unwrap_or_default()
}

/// The newest of this name, and of this generation if one is given.
pub(super) async fn interrupted(engine: &Engine, name: &ReelName, generation: Option<Generation>) -> Option<Resumable> {
    let is_wanted =
        |found: &Resumable| found.reel == *name && generation.is_none_or(|wanted| found.generation == wanted);
    resumables(engine).await.into_iter().find(is_wanted)
}

/// What goes on under this name: its video can be read.
pub async fn find(engine: &Engine, name: &ReelName, generation: Option<Generation>) -> Result<Resumable, Stopped> {
    let Some(found) = interrupted(engine, name, generation).await else {
        let what = format!("could not resume `{name}`: nothing of that name was interrupted");
        return Err(Stopped::Failed(nothing_to_resume(engine, what)));
    };
    match print(&found).await {
        Ok(_) => Ok(found),
        Err(fault) => Err(Stopped::Failed(fault)),
    }
}

/// The newest that can go on, with a sentence on each newer one that can't. If none can, why the newest can't; one whose
/// video has changed is given all the same, since going on with it says what there is to do.
pub async fn newest(engine: &Engine) -> Result<(Resumable, Vec<String>), Stopped> {
    let (mut first, mut passed_over) = (None, Vec::new());
    for found in resumables(engine).await {
        let Some(obstacle) = obstacle(engine, &found).await else { return Ok((found, passed_over)) };
        passed_over.push(sentence(&found, &obstacle));
        if first.is_none() {
            first = Some((found, obstacle));
        }
    }
    match first {
        Some((found, Obstacle::Changed)) => Ok((found, Vec::new())),
        Some((_, Obstacle::Other(fault))) => Err(Stopped::Failed(fault)),
        None => {
            let what = "could not resume: nothing was interrupted".to_owned();
            Err(Stopped::Failed(nothing_to_resume(engine, what)))
        }
    }
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

async fn obstacle(engine: &Engine, found: &Resumable) -> Option<Obstacle> {
    let (state_dir, reel) = (engine.machine().folders.state.clone(), found.reel.clone());
    let held = tokio::task::spawn_blocking(move || {
        let holder = lock::held_by(&state_dir, &reel)?;
        Some(LockError::Held { reel, holder })
    });
    if let Some(held) = held.await.expect("looking at a lock does not panic") {
        return Some(Obstacle::Other(held.fault()));
    }
    let print = match print(found).await {
        Ok(print) => print,
        Err(fault) => return Some(Obstacle::Other(fault)),
    };
    let began = &found.began;
    let is_same = match &began.origin {
        Some(origin) => origin.source == print.text(),
        None => began.source_bytes == print.bytes,
    };
    (!is_same).then_some(Obstacle::Changed)
}

/// How its video looks now, or why it can't go on without it and what to do.
async fn print(found: &Resumable) -> Result<SourcePrint, Fault> {
    let (reel, video) = (&found.reel, &found.began.order.video);
    source::print_of(video).await.map_err(|error| {
        let fault = Fault::permanent(format!("could not resume `{reel}`"));
        match &error {
            ProbeError::Input(InputError { source: InputFault::Missing, .. }) => fault
                .because(format!("its video `{}` is not there", video.display()))
                .hint(format!("Bring the video back to that path, or give the upload up: `zipreel discard {reel}`.")),
            _ => Fault { hint: error.hint(), ..fault.because(error.fault()) },
        }
    })
}

fn sentence(found: &Resumable, obstacle: &Obstacle) -> String {
    let reel = &found.reel;
    match obstacle {
        Obstacle::Changed => {
            format!("passing over {reel}: its video `{}` has changed since", found.began.order.video.display())
        }
        Obstacle::Other(fault) => format!("passing over {reel}: {}", fault.reason()),
    }
}

fn nothing_to_resume(engine: &Engine, what: String) -> Fault {
    Fault::permanent(what).hint(format!(
        "Journals are looked for in `{}`. From another machine, publish the same video with the same settings: what \
         is deployed is found and not sent again.",
        engine.machine().folders.state.display()
    ))
}
