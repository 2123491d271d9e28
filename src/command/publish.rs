//! `zipreel publish`, `zipreel resume` and `zipreel discard`.

use std::path::Path;

use super::{
    face::{self, with_engine},
    out::{self, Said},
    person::AtTerminal,
};
use crate::{
    cli::{PlaceArgs, PublishArgs},
    json,
    model::{
        reel::name::ReelName,
        report::{
            event::{Event, Published},
            fault::{Fault, FaultClass, Stopped},
        },
        wording,
    },
    plain,
    running::reporter::Control,
    settings::{self, FaceSettings, Settings},
    use_cases::{
        Engine,
        reels::{discard, publish, resume},
    },
};

pub async fn publish(video: &Path, args: &PublishArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let settings = Settings::resolve(args)?;
    let order = settings.order(video)?;
    let reel = order.reel.clone();
    // on standard error, where it is no part of what a program reads
    settings.machine.opens().iter().for_each(|words| plain::say(words));
    with_engine(settings.machine, async |engine| {
        let (person, control) = (AtTerminal::new(face), Control::default());
        let work = |reporter| publish::publish(engine, order, &person, reporter, &control);
        let published = match face::follow(face, &control, work).await {
            Err(Stopped::Failed(fault)) => return Err(goes_on(engine, &reel, fault).await),
            other => other?,
        };
        let end = face::signal();
        let said = tell(&published, face)?;
        serve(engine, face, end).await;
        Ok(said)
    })
    .await
}

/// What the person has to put right first leaves the publishing to be resumed, if it had begun.
async fn goes_on(engine: &Engine, reel: &ReelName, fault: Fault) -> Stopped {
    let has_begun = fault.class == FaultClass::NeedsPerson && resume::find(engine, reel, None).await.is_ok();
    if !has_begun {
        return Stopped::Failed(fault);
    }
    let hint = fault.hint.clone().map(|hint| format!("{hint} ")).unwrap_or_default();
    Stopped::Failed(fault.hint(format!("{hint}`zipreel resume {reel}` goes on with what is uploaded.")))
}

pub async fn resume(name: Option<&ReelName>, place: &PlaceArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let machine = settings::this_machine(place)?;
    with_engine(machine, async |engine| {
        let (found, passed_over) = match name {
            Some(name) => (resume::find(engine, name, None).await?, Vec::new()),
            None => resume::newest(engine).await?,
        };
        passed_over.iter().for_each(|words| say(face, words));
        let (deployed, chunks, reel) = (found.chunks_deployed, found.chunks, &found.reel);
        let are = wording::verb(chunks, ["is", "are"]);
        say(face, &format!("resuming {reel}: {deployed} of {} {are} deployed", wording::count(chunks, "chunk")));
        let (person, control) = (AtTerminal::new(face), Control::default());
        let work = |reporter| resume::resume(engine, &found, &person, reporter, &control);
        let published = face::follow(face, &control, work).await?;
        let end = face::signal();
        let said = tell(&published, face)?;
        serve(engine, face, end).await;
        Ok(said)
    })
    .await
}

/// Before what is served until Ctrl-C: a program that publishes waits for this.
fn tell(published: &Published, face: &FaceSettings) -> Result<Said, Stopped> {
    out::ended(face, json::line(&Event::Published(Box::new(published.clone()))), || say_published(published))
}

/// The summary on standard error; the links, last, on standard output.
pub(super) fn say_published(published: &Published) {
    plain::published(published);
    out::line(&format!("watch: {}", published.watch_url));
    out::line(&format!("playlist: {}", published.playlist_url));
    if let Some(seek) = &published.seek_url {
        out::line(&format!("seek: {seek}"));
    }
}

pub async fn discard(name: &ReelName, place: &PlaceArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let machine = settings::this_machine(place)?;
    let person = AtTerminal::new(face);
    let (generation, gone) = with_engine(machine, async |engine| {
        let found = discard::find(engine, name, None).await?;
        let gone = face::watch(face, async |follow| discard::discard(engine, &found, &person, follow, |_, _| ()).await)
            .await?;
        Ok((found.generation, gone))
    })
    .await?;
    out::ended(face, json::discarded(name, generation, gone), || {
        plain::say(&format!("discarded the publishing of {name}: {} deleted", wording::count(gone, "function")));
    })
}

/// A stand-in of our own ends with us, or serves on until Ctrl-C.
async fn serve(engine: &Engine, face: &FaceSettings, end: impl Future<Output = ()>) {
    if !engine.serves() {
        return;
    }
    if face.serve {
        say(face, "serving; Ctrl-C ends it");
        end.await;
    } else {
        say(face, &format!("the stand-in ends with this command: `{}` serves the reel again", engine.serves_again()));
    }
}

fn say(face: &FaceSettings, line: &str) {
    if !face.json {
        plain::say(line);
    }
}
