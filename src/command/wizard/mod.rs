//! The wizard over the real engine: answers what it asks from the account, the stand-in, the journals and ffmpeg.

mod library;
mod media;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use futures_util::FutureExt;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::{Mutex as AsyncMutex, OnceCell, mpsc::UnboundedSender};
use tokio_util::sync::CancellationToken;

use super::session::{self, Session};
use crate::{
    account::{self, RelayWish},
    cli::PublishArgs,
    cloud::{self, Cloud},
    local::Joined,
    plain::Plain,
    publish::{
        self,
        ffmpeg::Tools,
        log, notice,
        probe::{self, Brightness},
        reporter::{Control, Reporter},
        request::{IfTaken, Request, Target, Transcode},
        resumable,
    },
    reel::{
        decide::decide,
        event::{Event, Published},
        fault::{Explain, Fault, Stopped},
        gate::Public,
        name::ReelName,
        retry::RetryPolicy,
    },
    settings::{self, Settings},
    tui::{
        self, Start,
        backend::{
            Account, Backend, Checked, Gone, Order, Place, Probe, Profile, Reel, ReelDetail, Resumable, Storage, Work,
        },
    },
};

/// Wide enough for the picture of any terminal.
const FRAME_WIDTH: u32 = 960;

/// Opens the wizard and says afterwards, on the ordinary screen, what stays.
pub async fn wizard(video: Option<PathBuf>, args: &PublishArgs) -> Result<u8, Stopped> {
    let settings = Settings::resolve(args).map_err(|error| Stopped::Failed(error.fault()))?;
    let video = video.or(settings.video).map(|video| std::path::absolute(&video).unwrap_or(video));
    let start = Start {
        video,
        folder: std::env::current_dir().unwrap_or_default(),
        state_dir: settings.place.state_dir.clone(),
        name: settings.name.clone(),
        segment_length: settings.segment_length,
        chunk_limit: settings.chunk_limit,
        parallel_uploads: settings.parallel,
        transcode: settings.transcode,
        replace: settings.replace,
        target: settings.target.clone(),
        region: settings.region.clone(),
        ground: None,
    };
    let engine = Arc::new(Engine::new(settings.place));
    let ended = tui::run(start, engine.clone()).await.map_err(no_terminal)?;
    engine.close().await;
    let plain = Plain::default();
    ended.summary.lines.iter().for_each(|line| plain.say(line));
    Ok(ended.exit_code)
}

fn no_terminal(error: std::io::Error) -> Stopped {
    let fault = Fault::permanent("could not open the wizard").because(error);
    Stopped::Failed(fault.hint("In scripts use `zipreel publish VIDEO`; `zipreel --help` names all commands."))
}

/// The real engine. Clones are the same one.
#[derive(Clone)]
struct Engine(Arc<Shared>);

struct Shared {
    place: settings::Place,
    tools: OnceCell<Tools>,
    /// Signed in already, by target and Region.
    clouds: AsyncMutex<HashMap<(String, Option<String>), Cloud>>,
    /// The stand-in, if it is ours: it ends with us.
    stand_in: AsyncMutex<Option<Joined>>,
    /// Of videos that were probed: where their frame is taken.
    durations: Mutex<HashMap<PathBuf, Duration>>,
}

impl Engine {
    fn new(place: settings::Place) -> Self {
        Self(Arc::new(Shared {
            place,
            tools: OnceCell::new(),
            clouds: AsyncMutex::default(),
            stand_in: AsyncMutex::default(),
            durations: Mutex::default(),
        }))
    }

    async fn close(&self) {
        if let Some(Joined::Started(stand_in)) = self.0.stand_in.lock().await.take() {
            stand_in.stop().await;
        }
    }

    async fn tools(&self) -> Result<&Tools, Fault> {
        self.0.tools.get_or_try_init(Tools::find).await.map_err(|error| error.fault())
    }

    /// Signs in, once for each place.
    async fn cloud(&self, place: &Place) -> Result<Cloud, Fault> {
        let key = (format!("{:?}", place.target.names()), place.region.clone());
        let mut clouds = self.0.clouds.lock().await;
        if let Some(cloud) = clouds.get(&key) {
            return Ok(cloud.clone());
        }
        let connected = session::connect(&place.target, place.region.as_deref(), &self.0.place).await;
        let Session { cloud, stand_in } = connected.map_err(fault)?;
        if let Some(started @ Joined::Started(_)) = stand_in {
            *self.0.stand_in.lock().await = Some(started);
        }
        clouds.insert(key, cloud.clone());
        Ok(cloud)
    }

    /// Asks again at the next need: the person may have signed in anew.
    async fn forget(&self) {
        self.0.clouds.lock().await.clear();
    }

    async fn account(&self, place: Place) -> Result<Account, Fault> {
        let local = place.target == Target::Local;
        if !local {
            self.forget().await;
        }
        let cloud = self.cloud(&place).await?;
        let quota = cloud.quota().await.map_err(|error| error.fault())?;
        let (setup, relay) = if local { (Vec::new(), true) } else { preflight(&cloud).await? };
        let identity = cloud.identity().clone();
        let told = local || notice::is_acknowledged(&self.0.place.state_dir, &identity.account);
        let started = matches!(*self.0.stand_in.lock().await, Some(Joined::Started(_)));
        Ok(Account {
            region: cloud.region().to_owned(),
            storage: Some(Storage { used: quota.code_bytes_used, limit: quota.code_bytes }),
            setup,
            relay,
            notice: (!told).then(|| notice::text(&identity.account)),
            serving: local.then(|| serving(started).to_owned()),
            afterwards: (local && started).then(|| "serve it again with: zipreel local".to_owned()),
            id: (!local).then_some(identity.account),
            principal: (!local).then_some(identity.arn),
            place,
        })
    }

    async fn probe(&self, video: PathBuf) -> Result<Probe, Fault> {
        let cancel = CancellationToken::new();
        let media = probe::probe(self.tools().await?, &video, &cancel).await.map_err(|error| error.fault())?;
        let bit_rate = media::bit_rate(&media);
        let bytes = media.bytes;
        let duration = media.duration.unwrap_or_default();
        self.0.durations.lock().unwrap_or_else(PoisonError::into_inner).insert(video, duration);
        Ok(match decide(&media, Transcode::Auto) {
            Ok(plan) => media::probe(&plan, bytes, bit_rate),
            Err(refusal) => media::refused(refusal.fault(), bytes, duration),
        })
    }

    async fn frame(&self, video: PathBuf) -> Result<Vec<u8>, Fault> {
        let known = self.0.durations.lock().unwrap_or_else(PoisonError::into_inner).get(&video).copied();
        let at = known.unwrap_or_default() / 10;
        let (tools, cancel) = (self.tools().await?, CancellationToken::new());
        let frame = probe::frame(tools, &video, at, FRAME_WIDTH, Brightness::Any, &cancel).await;
        frame.map_err(|error| error.fault())
    }

    fn request(&self, order: &Order) -> Request {
        let place = &self.0.place;
        Request {
            video: order.video.clone(),
            reel: order.reel.clone(),
            target: order.place.target.clone(),
            title: order.title.clone(),
            segment_length: order.segment_length,
            chunk_limit: order.chunk_limit,
            parallel_uploads: order.parallel_uploads,
            transcode: order.transcode,
            if_taken: IfTaken::replace(order.replace),
            interrupted: None,
            retry: RetryPolicy::default(),
            state_dir: place.state_dir.clone(),
            work_dir: place.work_dir.clone(),
            backlog_bytes: place.backlog_bytes,
        }
    }

    async fn run(
        &self,
        request: Request,
        place: Place,
        relay: RelayWish,
        events: UnboundedSender<Event>,
        control: Control,
    ) -> Result<Published, Fault> {
        let tools = self.tools().await?;
        let cloud = self.cloud(&place).await?;
        if place.target != Target::Local {
            let account = &cloud.identity().account;
            // the wizard starts nothing before the notice is acknowledged
            if !notice::is_acknowledged(&self.0.place.state_dir, account) {
                notice::acknowledge(&self.0.place.state_dir, account).map_err(|error| error.fault())?;
            }
        }
        let reporter: Arc<dyn Reporter> = Arc::new(events);
        account::ensure(&cloud, relay, reporter.clone(), &control).await.map_err(fault)?;
        publish::publish(request, cloud, tools, reporter, &control).await.map_err(fault)
    }

    async fn run_again(
        &self,
        resumable: Resumable,
        events: UnboundedSender<Event>,
        control: Control,
    ) -> Result<Published, Fault> {
        let state_dir = self.0.place.state_dir.clone();
        let all = tokio::task::spawn_blocking(move || resumable::all(&state_dir)).await;
        let same =
            |found: &resumable::Resumable| found.reel == resumable.reel && found.generation == resumable.generation;
        let found = all.unwrap_or_default().into_iter().find(same).ok_or_else(|| {
            Fault::permanent(format!("could not resume `{}`: its journal is gone", resumable.reel))
                .hint("Publish the same video again: what is deployed is found and not sent again.")
        })?;
        let place = &self.0.place;
        let request = found.request(place.state_dir.clone(), place.work_dir.clone(), place.backlog_bytes);
        self.run(request, resumable.place, RelayWish::AsItIs, events, control).await
    }

    fn log_file(&self, reel: &ReelName) -> PathBuf {
        log::path(&self.0.place.state_dir, reel)
    }
}

/// What the first publishing will make, and whether the relay is on.
async fn preflight(cloud: &Cloud) -> Result<(Vec<String>, bool), Fault> {
    let url = async |public: Public| cloud.function_url(public.name()).await.map_err(|error| error.fault());
    let relay = url(Public::Relay).await?.is_some();
    // an account with a gate is not set up again by a publishing
    if url(Public::Gate).await?.is_some() {
        return Ok((Vec::new(), relay));
    }
    let health = account::preflight(cloud).await;
    Ok((health.to_set_up().map(|finding| finding.words.clone()).collect(), relay))
}

fn serving(ours: bool) -> &'static str {
    if ours {
        "links live while this window is open; `zipreel local` serves them again"
    } else {
        "links live while the stand-in runs, in another process"
    }
}

fn fault(stopped: Stopped) -> Fault {
    match stopped {
        Stopped::Failed(fault) => fault,
        Stopped::Cancelled => Fault::permanent("stopped, as asked"),
    }
}

fn resumable(found: resumable::Resumable) -> Resumable {
    let began = &found.began;
    let touched = OffsetDateTime::parse(&began.at, &Rfc3339).map_or_else(|_| SystemTime::now(), SystemTime::from);
    Resumable {
        video_missing: !Path::new(&began.video).exists(),
        video: began.video.clone(),
        place: Place { target: found.target(), region: Some(began.region.clone()) },
        chunks_deployed: found.chunks_deployed,
        chunks: Some(found.chunks),
        bytes_left: Some(began.source_bytes.saturating_sub(found.bytes_deployed)),
        touched,
        reel: found.reel,
        generation: found.generation,
    }
}

impl Backend for Engine {
    fn probe(&self, video: PathBuf) -> Work<Probe> {
        let engine = self.clone();
        async move { Self::probe(&engine, video).await }.boxed()
    }

    fn frame(&self, video: PathBuf) -> Work<Vec<u8>> {
        let engine = self.clone();
        async move { Self::frame(&engine, video).await }.boxed()
    }

    fn profiles(&self) -> Work<Vec<Profile>> {
        let profile = |found: cloud::Profile| Profile { name: found.name, region: found.region };
        async move {
            let found = cloud::profiles().await.map_err(|error| error.fault())?;
            Ok(found.into_iter().map(profile).collect())
        }
        .boxed()
    }

    fn connect(&self, place: Place) -> Work<Account> {
        let engine = self.clone();
        async move { engine.account(place).await }.boxed()
    }

    fn names(&self, place: Place) -> Work<Vec<ReelName>> {
        let engine = self.clone();
        async move { library::names(&engine.cloud(&place).await?).await }.boxed()
    }

    fn resumable(&self) -> Work<Vec<Resumable>> {
        let state_dir = self.0.place.state_dir.clone();
        async move {
            let find = move || resumable::all(&state_dir).into_iter().map(resumable).collect();
            Ok(tokio::task::spawn_blocking(find).await.unwrap_or_default())
        }
        .boxed()
    }

    fn reels(&self, place: Place, found: UnboundedSender<Reel>) -> Work<()> {
        let engine = self.clone();
        async move { library::reels(&engine.cloud(&place).await?, &found).await }.boxed()
    }

    fn reel(&self, place: Place, name: ReelName) -> Work<ReelDetail> {
        let engine = self.clone();
        async move { library::reel(&engine.cloud(&place).await?, &name).await }.boxed()
    }

    fn check(&self, place: Place, name: ReelName, deep: bool, found: UnboundedSender<Checked>) -> Work<()> {
        let engine = self.clone();
        async move { library::check(&engine.cloud(&place).await?, &name, deep, &found).await }.boxed()
    }

    fn delete(&self, place: Place, name: ReelName, gone: UnboundedSender<Gone>) -> Work<u32> {
        let engine = self.clone();
        let tell = move |functions, of| {
            // a face that has gone away is no reason to stop
            let _ = gone.send(Gone { functions, of });
        };
        async move {
            crate::library::delete(&engine.cloud(&place).await?, &name, &publish::attempt::Patience::default(), tell)
                .await
                .map_err(library::fault)
        }
        .boxed()
    }

    fn publish(&self, order: Order, events: UnboundedSender<Event>, control: Control) -> Work<Published> {
        let engine = self.clone();
        let request = self.request(&order);
        // one that is on already is not taken away from the reels that are there
        let relay = if order.relay { RelayWish::On } else { RelayWish::AsItIs };
        async move { engine.run(request, order.place, relay, events, control).await }.boxed()
    }

    fn resume(&self, resumable: Resumable, events: UnboundedSender<Event>, control: Control) -> Work<Published> {
        let engine = self.clone();
        async move { engine.run_again(resumable, events, control).await }.boxed()
    }

    fn log_file(&self, reel: &ReelName) -> PathBuf {
        Self::log_file(self, reel)
    }
}
