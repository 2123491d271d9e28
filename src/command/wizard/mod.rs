//! The wizard over the real engine: what it asks becomes a use case, and its result what a screen shows.

mod library;
mod media;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use futures_util::FutureExt;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{PublishArgs, WizardArgs},
    model::{
        media::facts::{Stream, Wanted},
        reel::{moment, name::ReelName},
        report::{
            event::Published,
            fault::{Fault, Stopped},
        },
    },
    plain,
    settings::{BoundKeys, Settings, WizardSettings},
    tui::{
        self, Keymap, Start,
        backend::{
            Account, AccountRegion, Backend, Checked, Gone, JobWork, Order, Place, Probe, Profile, Publishing, Reel,
            ReelDetail, Removal, Resumable, Storage, Unfinished, Work,
        },
    },
    use_cases::{
        Engine, Follow,
        account::sign_in,
        reels::{
            check::{self, Report},
            delete, discard, publish, queue,
            repair::{self, Repair},
            resume, retitle,
        },
        video,
    },
};

/// Wide enough for the picture of any terminal.
const FRAME_WIDTH: u32 = 960;

/// Opens the wizard and says afterwards, on the ordinary screen, what stays.
pub async fn wizard(
    files: Vec<PathBuf>,
    video: Option<PathBuf>,
    own: &WizardArgs,
    args: &PublishArgs,
) -> Result<u8, Stopped> {
    let (files, video) = named(files, video);
    let own = WizardSettings::resolve(own)?;
    let keys = Keymap::of(&BoundKeys::resolve()?)?;
    let mut settings = Settings::resolve(args)?;
    if files.len() > 1 && (args.name.is_some() || args.title.is_some()) {
        return Err(Stopped::Failed(of_one(files.len())));
    }
    settings.video = video.or(settings.video).map(|video| std::path::absolute(&video).unwrap_or(video));
    settings.machine.opens().iter().for_each(|words| plain::say(words));
    let engine = Engine::new(settings.machine.clone());
    let wanted = settings.cut.wanted;
    let folder = std::env::current_dir().unwrap_or_default();
    // without the `./` that a shell adds
    let files = files.iter().map(|file| folder.join(file).components().collect()).collect();
    let start = Start { settings, files, folder, own, keys };
    let wizard = Wizard { engine: engine.clone(), wanted, faces: Arc::default() };
    let ended = tui::run(start, Arc::new(wizard)).await.map_err(no_terminal)?;
    engine.close().await;
    ended.summary.lines.iter().for_each(|line| plain::say(line));
    Ok(ended.exit_code)
}

/// Files to publish, and what is to be highlighted: a folder that is named alone is looked into.
fn named(files: Vec<PathBuf>, video: Option<PathBuf>) -> (Vec<PathBuf>, Option<PathBuf>) {
    match files.as_slice() {
        [folder] if folder.is_dir() => (Vec::new(), Some(folder.clone())),
        _ => (files, video),
    }
}

/// A name or a title for several videos.
fn of_one(files: usize) -> Fault {
    let fault = Fault::permanent(format!("could not give {files} videos the same name or title"));
    fault.hint("Leave out --name and --title: the wizard shows how each is named, and lets you change it.")
}

fn no_terminal(error: std::io::Error) -> Stopped {
    let fault = Fault::permanent("could not open the wizard").because(error);
    Stopped::Failed(fault.hint("In scripts use `zipreel publish VIDEO`; `zipreel --help` names all commands."))
}

/// By video: the stream and the time that its frame is taken of, if it has one.
type Faces = HashMap<PathBuf, Option<(Stream, Duration)>>;

/// Clones are the same one.
#[derive(Clone)]
struct Wizard {
    engine: Engine,
    /// What the flags ask of every video.
    wanted: Wanted,
    /// Of videos that were probed.
    faces: Arc<Mutex<Faces>>,
}

impl Wizard {
    async fn probe(&self, video: PathBuf, wanted: Wanted) -> Result<Probe, Stopped> {
        let (media, plan) = video::examine(&self.engine, &video, wanted, &CancellationToken::new()).await?;
        let beside = match &plan {
            Ok(plan) => video::beside(&video, plan).await,
            Err(_) => Ok(Vec::new()),
        };
        let bit_rate = media::bit_rate(&media);
        let duration = media.duration.unwrap_or_default();
        let face = media.video().or(media.cover()).or(media.audio()).cloned();
        let mut faces = self.faces.lock().unwrap_or_else(PoisonError::into_inner);
        faces.insert(video, face.map(|stream| (stream, duration / 10)));
        drop(faces);
        Ok(match plan.and_then(|plan| Ok((plan, beside?))) {
            Ok((plan, beside)) => media::probe(&media, &plan, beside, bit_rate),
            Err(refusal) => media::refused(refusal, media.bytes, duration),
        })
    }

    async fn frame(&self, video: PathBuf) -> Result<Vec<u8>, Stopped> {
        let known = || self.faces.lock().unwrap_or_else(PoisonError::into_inner).get(&video).cloned();
        if known().is_none() {
            self.probe(video.clone(), self.wanted).await?;
        }
        let Some((stream, at)) = known().flatten() else {
            return Err(Stopped::Failed(Fault::permanent("there is no picture in it")));
        };
        video::frame(&self.engine, &video, &stream, at, FRAME_WIDTH, &CancellationToken::new()).await
    }

    async fn account(&self, place: Place) -> Result<Account, Stopped> {
        let signed_in = sign_in::sign_in(&self.engine, &place).await?;
        let local = place.is_local();
        Ok(Account {
            storage: Some(Storage { used: signed_in.code_bytes_used, limit: signed_in.code_bytes }),
            setup: signed_in.setup,
            relay: signed_in.relay,
            front: signed_in.front,
            cdn: signed_in.cdn,
            notice: signed_in.notice,
            serving: local.then(|| self.serving(signed_in.serves, signed_in.open)),
            open: signed_in.open,
            id: (!local).then(|| signed_in.at.account.clone()),
            principal: (!local).then_some(signed_in.principal),
            at: signed_in.at,
            place,
        })
    }

    /// Where and how long the stand-in's links work.
    fn serving(&self, ours: bool, open: bool) -> String {
        let reach = if open { "in your network" } else { "only on this computer" };
        if ours {
            format!("the links work {reach}, while zipreel runs; later: `{}`", self.engine.serves_again())
        } else {
            format!("the links work {reach}, while the other zipreel that serves them runs")
        }
    }

    async fn unfinished(&self) -> Unfinished {
        let begun = resume::resumables(&self.engine).await.into_iter().map(resumable).collect();
        Unfinished { begun, waiting: queue::left_behind(&self.engine).await }
    }
}

fn fault(stopped: Stopped) -> Fault {
    match stopped {
        Stopped::Failed(fault) => fault,
        Stopped::Cancelled => Fault::permanent("stopped, as asked"),
    }
}

fn resumable(found: resume::Resumable) -> Resumable {
    let began = &found.began;
    Resumable {
        video_missing: !Path::new(&began.order.video).exists(),
        video: began.order.video.clone(),
        place: found.place(),
        at: began.place.clone(),
        cdn: began.order.cdn,
        // a job of this wizard stands on Home itself
        holder: found.holder.as_ref().map(ToString::to_string),
        chunks_deployed: found.chunks_deployed,
        chunks: Some(found.chunks),
        bytes_left: Some(began.source_bytes.saturating_sub(found.bytes_deployed)),
        touched: moment::of_rfc3339(&began.at).unwrap_or_else(SystemTime::now),
        reel: found.reel,
        generation: found.generation,
    }
}

/// Work of the engine as the wizard waits for it.
fn work<T: Send + 'static>(work: impl Future<Output = Result<T, Stopped>> + Send + 'static) -> Work<T> {
    async move { work.await.map_err(fault) }.boxed()
}

impl Backend for Wizard {
    fn probe(&self, video: PathBuf) -> Work<Probe> {
        let wizard = self.clone();
        work(async move { Self::probe(&wizard, video, wizard.wanted).await })
    }

    fn probe_as(&self, video: PathBuf, wanted: Wanted) -> Work<Probe> {
        let wizard = self.clone();
        work(async move { Self::probe(&wizard, video, wanted).await })
    }

    fn frame(&self, video: PathBuf) -> Work<Vec<u8>> {
        let wizard = self.clone();
        work(async move { Self::frame(&wizard, video).await })
    }

    fn profiles(&self) -> Work<Vec<Profile>> {
        let profile = |found: sign_in::Profile| Profile { name: found.name, region: found.region };
        work(async move { Ok(sign_in::profiles().await?.into_iter().map(profile).collect()) })
    }

    fn connect(&self, place: Place) -> Work<Account> {
        let wizard = self.clone();
        work(async move { wizard.account(place).await })
    }

    fn names(&self, place: Place) -> Work<Vec<ReelName>> {
        let engine = self.engine.clone();
        work(async move { library::names(&engine, &place).await })
    }

    fn unfinished(&self) -> Work<Unfinished> {
        let wizard = self.clone();
        work(async move { Ok(wizard.unfinished().await) })
    }

    fn reels(&self, place: Place, found: UnboundedSender<Reel>) -> Work<()> {
        let engine = self.engine.clone();
        work(async move { library::reels(&engine, &place, &found).await })
    }

    fn reel(&self, place: Place, name: ReelName) -> Work<ReelDetail> {
        let engine = self.engine.clone();
        work(async move { library::reel(&engine, &place, &name).await })
    }

    fn afterwards(&self) -> Option<String> {
        self.engine.serves().then(|| self.engine.serves_again().to_owned())
    }

    fn log_file(&self, reel: &ReelName) -> PathBuf {
        self.engine.log_of(reel)
    }

    fn keep(&self, waiting: Vec<Order>) -> Work<()> {
        let engine = self.engine.clone();
        work(async move { queue::keep(&engine, &waiting).await })
    }

    fn forget(&self, reel: ReelName, at: AccountRegion) -> Work<()> {
        let engine = self.engine.clone();
        work(async move { queue::forget(&engine, &reel, &at).await })
    }

    fn check(
        &self,
        place: Place,
        name: ReelName,
        deep: bool,
        found: UnboundedSender<Checked>,
        follow: Follow,
    ) -> JobWork<Report> {
        let engine = self.engine.clone();
        async move { library::check(&engine, &place, &name, deep, &found, &follow).await }.boxed()
    }

    fn delete(&self, place: Place, name: ReelName, removal: Removal) -> JobWork<u32> {
        let engine = self.engine.clone();
        async move {
            let Removal { person, gone, follow } = removal;
            delete::delete(&engine, &place, &name, &*person, &follow, tell(gone)).await
        }
        .boxed()
    }

    fn discard(&self, resumable: Resumable, removal: Removal) -> JobWork<u32> {
        let wizard = self.clone();
        async move {
            let Removal { person, gone, follow } = removal;
            // as its journal knows it now
            let begun = discard::find(&wizard.engine, &resumable.reel, Some(resumable.generation)).await?;
            discard::discard(&wizard.engine, &begun, &*person, &follow, tell(gone)).await
        }
        .boxed()
    }

    fn retitle(&self, place: Place, name: ReelName, title: String, follow: Follow) -> JobWork<()> {
        let engine = self.engine.clone();
        async move { retitle::retitle(&engine, &place, &name, &title, &follow).await.map(drop) }.boxed()
    }

    fn publish(&self, order: Order, publishing: Publishing) -> JobWork<Published> {
        let engine = self.engine.clone();
        async move {
            let Publishing { person, events, control } = publishing;
            publish::publish(&engine, order, &*person, Arc::new(events), &control).await
        }
        .boxed()
    }

    fn resume(&self, resumable: Resumable, publishing: Publishing) -> JobWork<Published> {
        let wizard = self.clone();
        async move {
            let Publishing { person, events, control } = publishing;
            let begun = resume::find(&wizard.engine, &resumable.reel, Some(resumable.generation)).await?;
            resume::resume(&wizard.engine, &begun, &*person, Arc::new(events), &control).await
        }
        .boxed()
    }

    fn repair(&self, wanted: Repair, publishing: Publishing) -> JobWork<(Published, Report)> {
        let engine = self.engine.clone();
        async move {
            let Publishing { person, events, control } = publishing;
            let mended = repair::repair(&engine, &wanted, &*person, Arc::new(events), &control).await?;
            match check::damage(&wanted.reel, &mended.1) {
                None => Ok(mended),
                Some(damage) => Err(Stopped::Failed(damage)),
            }
        }
        .boxed()
    }
}

/// How far a removal is. A face that has gone away is no reason to stop.
fn tell(gone: UnboundedSender<Gone>) -> impl FnMut(u32, u32) {
    move |functions, of| {
        let _ = gone.send(Gone { functions, of });
    }
}
