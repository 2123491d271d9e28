//! `zipreel publish`, `zipreel resume` and `zipreel discard`.

use std::path::Path;

use super::{
    face::{self, with_engine},
    person::AtTerminal,
};
use crate::{
    cli::{PlaceArgs, PublishArgs},
    model::{reel::name::ReelName, report::fault::Stopped},
    plain,
    running::reporter::Control,
    settings::{self, FaceSettings, Settings},
    use_cases::{
        Engine,
        reels::{discard, publish, resume},
    },
};

pub async fn publish(video: &Path, args: &PublishArgs, face: FaceSettings) -> Result<(), Stopped> {
    let settings = Settings::resolve(args)?;
    let order = settings.order(video)?;
    with_engine(settings.machine, async |engine| {
        let (person, control) = (AtTerminal::new(face), Control::default());
        let work = |reporter| publish::publish(engine, order, &person, reporter, &control);
        face::drive(face.json, &control, work).await?;
        serve(engine, face).await;
        Ok(())
    })
    .await
}

pub async fn resume(name: Option<&ReelName>, place: &PlaceArgs, face: FaceSettings) -> Result<(), Stopped> {
    let machine = settings::this_machine(place)?;
    with_engine(machine, async |engine| {
        let found = resume::find(engine, name, None).await?;
        let (deployed, chunks, reel) = (found.chunks_deployed, found.chunks, &found.reel);
        say(face, &format!("resuming {reel}: {deployed} of {chunks} chunks are deployed"));
        let (person, control) = (AtTerminal::new(face), Control::default());
        let work = |reporter| resume::resume(engine, &found, &person, reporter, &control);
        face::drive(face.json, &control, work).await?;
        serve(engine, face).await;
        Ok(())
    })
    .await
}

pub async fn discard(name: &ReelName, place: &PlaceArgs, yes: bool) -> Result<(), Stopped> {
    let machine = settings::this_machine(place)?;
    let person = AtTerminal::new(FaceSettings { yes, ..FaceSettings::default() });
    let gone = with_engine(machine, async |engine| {
        let found = resume::find(engine, Some(name), None).await?;
        face::watch(async |follow| discard::discard(engine, &found, &person, follow, |_, _| ()).await).await
    })
    .await?;
    plain::say(&format!("discarded the publishing of {name}: {gone} functions deleted"));
    Ok(())
}

/// A stand-in of our own ends with us, or serves on until Ctrl-C.
async fn serve(engine: &Engine, face: FaceSettings) {
    if !engine.serves() {
        return;
    }
    if face.serve {
        say(face, "serving; Ctrl-C ends it");
        face::signal().await;
    } else {
        say(face, "the stand-in ends with this command: `zipreel local` serves the reel again");
    }
}

fn say(face: FaceSettings, line: &str) {
    if !face.json {
        plain::say(line);
    }
}
