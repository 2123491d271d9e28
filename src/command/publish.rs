//! `zipreel publish` and `zipreel resume`.

use std::{
    io::{self, BufRead, IsTerminal},
    path::Path,
    sync::Arc,
};

use super::{
    face,
    session::{self, Session},
};
use crate::{
    account::{self, RelayWish},
    cli::{PlaceArgs, PublishArgs},
    cloud::Cloud,
    local::Joined,
    plain,
    publish::{
        self,
        ffmpeg::Tools,
        notice,
        reporter::{Control, Reporter},
        request::{Request, Target},
        resumable,
    },
    reel::{
        fault::{Explain, Fault, Stopped},
        name::ReelName,
    },
    settings::{Place, Settings, Talk},
};

pub async fn publish(video: &Path, args: &PublishArgs, talk: Talk) -> Result<(), Stopped> {
    let settings = Settings::resolve(args).map_err(failed)?;
    let request = settings.request(video).map_err(failed)?;
    start(request, settings.region.as_deref(), &settings.place, talk).await
}

pub async fn resume(name: Option<&ReelName>, place: &PlaceArgs, talk: Talk) -> Result<(), Stopped> {
    let place = Place::resolve(place).map_err(failed)?;
    let all = resumable::all(&place.state_dir);
    let found = all.into_iter().find(|resumable| name.is_none_or(|name| resumable.reel == *name));
    let Some(resumable) = found else { return Err(Stopped::Failed(nothing_to_resume(name, &place))) };
    let (deployed, chunks, reel) = (resumable.chunks_deployed, resumable.chunks, &resumable.reel);
    if !talk.json {
        plain::say(&format!("resuming {reel}: {deployed} of {chunks} chunks are deployed"));
    }
    let request = resumable.request(place.state_dir.clone(), place.work_dir.clone(), place.backlog_bytes);
    start(request, Some(&resumable.began.region), &place, talk).await
}

fn nothing_to_resume(name: Option<&ReelName>, place: &Place) -> Fault {
    let what = match name {
        Some(name) => format!("could not resume `{name}`: nothing of that name was interrupted"),
        None => "could not resume: nothing was interrupted".to_owned(),
    };
    Fault::permanent(what).hint(format!(
        "Journals are looked for in `{}`. From another machine, publish the same video with the same settings: what \
         is deployed is found and not sent again.",
        place.state_dir.display()
    ))
}

async fn start(request: Request, region: Option<&str>, place: &Place, talk: Talk) -> Result<(), Stopped> {
    let tools = async { Tools::find().await.map_err(failed) };
    let (tools, session) = tokio::try_join!(tools, session::connect(&request.target, region, place))?;
    let Session { cloud, stand_in } = session;
    if matches!(request.target, Target::Aws { .. }) {
        acknowledge(&cloud, place, talk)?;
    }
    drive(request, &cloud, &tools, talk).await?;
    serve(stand_in, talk).await
}

/// Publishes to an account that is connected and whose notice was acknowledged.
pub(super) async fn run(request: Request, cloud: &Cloud, talk: Talk) -> Result<(), Stopped> {
    let tools = Tools::find().await.map_err(failed)?;
    drive(request, cloud, &tools, talk).await
}

async fn drive(request: Request, cloud: &Cloud, tools: &Tools, talk: Talk) -> Result<(), Stopped> {
    let control = Control::default();
    let work = async |reporter: Arc<dyn Reporter>| {
        account::ensure(cloud, RelayWish::AsItIs, reporter.clone(), &control).await?;
        publish::publish(request, cloud.clone(), tools, reporter, &control).await
    };
    face::drive(talk.json, &control, work).await.map(|_| ())
}

/// A stand-in of our own ends with us, or serves on until Ctrl-C.
async fn serve(stand_in: Option<Joined>, talk: Talk) -> Result<(), Stopped> {
    match stand_in {
        None | Some(Joined::Running(_)) => Ok(()),
        Some(Joined::Started(stand_in)) => {
            if talk.serve {
                say(talk, "serving; Ctrl-C ends it");
                face::signal().await;
            } else {
                say(talk, "the stand-in ends with this command: `zipreel local` serves the reel again");
            }
            stand_in.stop().await;
            Ok(())
        }
    }
}

fn say(talk: Talk, line: &str) {
    if !talk.json {
        plain::say(line);
    }
}

/// The notice about AWS's terms, once an account, before anything is made there.
pub(super) fn acknowledge(cloud: &Cloud, place: &Place, talk: Talk) -> Result<(), Stopped> {
    let account = &cloud.identity().account;
    if notice::is_acknowledged(&place.state_dir, account) {
        return Ok(());
    }
    if !talk.yes {
        let text = notice::text(account);
        let asked = io::stdin().is_terminal() && !talk.json;
        if !(asked && agrees(&format!("{text}\nDo you accept this?"))) {
            return Err(Stopped::Failed(
                Fault::permanent(format!(
                    "could not make anything in account {account}: the notice was not acknowledged"
                ))
                .because(text)
                .hint("If you accept this, go on with --yes once."),
            ));
        }
    }
    notice::acknowledge(&place.state_dir, account).map_err(failed)
}

/// Asks the person at the terminal.
pub(super) fn agrees(question: &str) -> bool {
    plain::say(&format!("{question} Type yes to go on:"));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("yes")
}

fn failed(error: impl Explain) -> Stopped {
    Stopped::Failed(error.fault())
}
