//! What is found out before anything is made: what the video is, what the account holds of the reel already, and what
//! the journals of this machine say of earlier runs.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{
    attempt::attempts,
    collect,
    ffmpeg::{self, Tools},
    index::{self, Existing},
    probe::{self, ProbeError},
    remote,
    reporter::{Control, JobHandle, Reporter},
    run::GATE,
    source,
    split::Backlog,
    upload::{Deployed, Uploaded},
    work::Work,
};
use crate::{
    cloud::{Cloud, functions::FunctionFacts},
    reel::{
        cost::Viewed,
        decide::{MediaPlan, decide},
        event::{Event, JobName, Planned, Unit},
        fault::{Explain, Fault, FaultClass, Stopped},
        generation::generation,
        index::{ChunkIndex, GenerationIndex},
        moment::rfc3339,
        name::{ChunkNumber, Generation, PREFIX, RenditionId},
        order::{AccountRegion, IfTaken, Interrupted, Order, Origin},
        pack::estimate_chunks,
        playlist,
    },
    state::{
        journal::{self, Began, Journal, Record},
        lock::ReelLock,
        order_form::OrderForm,
    },
};

pub(super) struct Prepared {
    pub plan: MediaPlan,
    pub existing: Option<Existing>,
    /// Chunks of this reel as listed, of all generations.
    pub chunks: Vec<FunctionFacts>,
    pub start: Start,
    pub work: Arc<Work>,
    pub folder: AttemptFolder,
}

/// Removed with everything in it, however the run ends.
pub(super) struct AttemptFolder {
    folder: TempDir,
    /// Whoever holds it may remove what earlier attempts left; `None` if another process does, with a state folder of
    /// its own.
    _lock: Option<File>,
}

impl AttemptFolder {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Where the work begins.
pub(super) enum Start {
    /// Every chunk is deployed, and all is known that the index needs: the video need not be split.
    Whole { generation: GenerationIndex, independent: bool },
    /// Some may be.
    Parts(Deployed),
}

pub(super) async fn prepare(
    order: Order,
    held: &ReelLock,
    cloud: Cloud,
    tools: &Tools,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<Prepared, Stopped> {
    let job = JobHandle::queued(reporter.clone(), JobName::Probe, Unit::Steps);
    job.started(1);
    let found = find(&order, held, &cloud, tools, control, &job).await;
    job.ended(&found);
    let Found { look, journal, chunks } = found?;
    let Look { plan, source_bytes, generation, existing, gate, origin } = look;
    let rendition = RenditionId::source();
    let mut planned = planned(&order, &cloud, &plan, source_bytes, generation);
    planned.warnings.extend(left_behind(&order, &cloud, &origin, generation, existing.as_ref(), &chunks).await);
    let folder = attempt_folder(&order, generation).map_err(|error| work_folder_fault(&order.folders.work, error))?;
    let backlog = Backlog::new(order.folders.backlog_bytes.max(2 * order.cut.chunk_limit));
    let visible = existing.as_ref().and_then(|existing| existing.index.generation(generation)).cloned();
    let deployed = remote::deployed(&chunks, generation, &rendition);
    let work = Work {
        cloud,
        generation,
        rendition,
        gate,
        visible,
        origin,
        control: control.part(),
        reporter,
        retry: order.retry,
        backlog,
        journal: Mutex::new(journal),
        claim: held.claim().clone(),
        lease: OnceCell::new(),
        order,
    };
    let start = start(&work, existing.as_ref(), deployed);
    let work = Arc::new(work);
    work.record(Record::Began(began(&work, &plan, &planned))).await?;
    work.report(Event::Planned(planned));
    Ok(Prepared { plan, existing, chunks, start, work, folder })
}

struct Found {
    look: Look,
    journal: Journal,
    chunks: Vec<FunctionFacts>,
}

struct Look {
    plan: MediaPlan,
    source_bytes: u64,
    generation: Generation,
    existing: Option<Existing>,
    gate: String,
    origin: Origin,
}

async fn find(
    order: &Order,
    held: &ReelLock,
    cloud: &Cloud,
    tools: &Tools,
    control: &Control,
    job: &JobHandle,
) -> Result<Found, Stopped> {
    let look = look(order, cloud, tools, control, job).await?;
    let (journal, known) = open_journal(held, look.generation, job)?;
    let (rendition, known) = (RenditionId::source(), known || look.existing.is_some());
    let chunks = |_| remote::chunks(cloud, &order.reel, look.generation, &rendition, known);
    let chunks = attempts(job, control, &order.retry, chunks, |_| ()).await?;
    Ok(Found { look, journal, chunks })
}

/// Reads the video and the account, side by side; makes nothing. The first to fail ends it.
async fn look(
    order: &Order,
    cloud: &Cloud,
    tools: &Tools,
    control: &Control,
    job: &JobHandle,
) -> Result<Look, Stopped> {
    let (video, (existing, gate)) =
        tokio::try_join!(look_at_video(order, tools, control), look_at_account(order, cloud, control, job))?;
    let Video { plan, source_bytes, generation, origin } = video;
    if let Some(before) = order.interrupted.as_ref().filter(|before| before.generation != generation) {
        return Err(Stopped::Failed(changed(order, before, &origin)));
    }
    if let Some(taken) = &existing
        && taken.index.current.generation != generation
        && order.if_taken != IfTaken::Replace
    {
        return Err(Stopped::Failed(name_taken(order, taken)));
    }
    let gate = gate.ok_or_else(|| Stopped::Failed(no_gate(cloud)))?;
    Ok(Look { plan, source_bytes, generation, existing, gate, origin })
}

struct Video {
    plan: MediaPlan,
    source_bytes: u64,
    generation: Generation,
    origin: Origin,
}

async fn look_at_video(order: &Order, tools: &Tools, control: &Control) -> Result<Video, Stopped> {
    let media = match probe::probe(tools, &order.video, &control.cancel).await {
        Ok(media) => media,
        Err(ProbeError::Cancelled) => return Err(Stopped::Cancelled),
        Err(error) => return Err(failed(&error)),
    };
    let plan = decide(&media, order.cut.transcode).map_err(|error| failed(&error))?;
    let dialect = tools.dialect(&plan).await.map_err(|error| failed(&error))?;
    let video = order.video.clone();
    let print = tokio::task::spawn_blocking(move || source::print(&video)).await.expect("reading does not panic");
    let print = print.map_err(|error| {
        let what = format!("could not read `{}`", order.video.display());
        Stopped::Failed(Fault::permanent(what).because(error))
    })?;
    // everything that ffmpeg is told to do to the streams decides their bytes
    let treatment = plan.arguments(order.cut.segment_length, dialect).join("\n");
    let generation = generation(&print, order.cut.segment_length, order.cut.chunk_limit, &treatment, &tools.version);
    let origin = Origin { source: print.text(), ffmpeg: tools.version.clone() };
    Ok(Video { plan, source_bytes: print.bytes, generation, origin })
}

/// The reel as it is published, and the gate's URL.
async fn look_at_account(
    order: &Order,
    cloud: &Cloud,
    control: &Control,
    job: &JobHandle,
) -> Result<(Option<Existing>, Option<String>), Stopped> {
    let existing = attempts(job, control, &order.retry, |_| remote::existing(cloud, &order.reel), |_| ()).await?;
    let gate = attempts(job, control, &order.retry, |_| cloud.function_url(GATE), |_| ()).await?;
    Ok((existing, gate))
}

fn failed(error: &impl Explain) -> Stopped {
    Stopped::Failed(error.fault())
}

/// What was begun can't go on: other bytes would come of it.
fn changed(order: &Order, before: &Interrupted, now: &Origin) -> Fault {
    let (reel, video) = (&order.reel, order.video.display());
    let difference = before.origin.as_ref().and_then(|before| before.difference(now));
    let difference = difference.unwrap_or_else(|| "this zipreel cuts it in another way".to_owned());
    let deployed = before.chunks_deployed;
    Fault::permanent(format!("could not resume `{reel}`: {difference}")).hint(format!(
        "Publish it as a new generation: zipreel publish {video} --name {reel}. `zipreel gc {reel}` then removes the \
         {deployed} chunks of the old one."
    ))
}

fn name_taken(order: &Order, taken: &Existing) -> Fault {
    let (title, generation) = (&taken.index.title, taken.index.current.generation);
    let (reel, published) = (&order.reel, &taken.index.published);
    match order.if_taken {
        IfTaken::Repair => Fault::permanent(format!(
            "could not repair `{reel}`: this video, or this ffmpeg, does not make the generation {generation} that is \
             published (`{title}`, {published})"
        ))
        .hint("Repair with the file and the ffmpeg it was made with, or publish a new generation with --replace."),
        _ => Fault::permanent(format!(
            "could not publish as `{reel}`: the name is taken by another video or other settings (`{title}`, \
             generation {generation}, published {published})"
        ))
        .hint(
            "Choose another --name, or publish beside it with --replace: the old one is then served for another day \
             at least.",
        ),
    }
}

fn no_gate(cloud: &Cloud) -> Fault {
    let (account, region) = (&cloud.identity().account, cloud.region());
    let what = format!("could not find the gate in account {account}, Region {region}: function `{GATE}` has no URL");
    Fault { class: FaultClass::NeedsPerson, ..Fault::permanent(what) }
        .hint("It is made once for an account and Region, and serves every reel.")
}

/// The journal, and whether there was an earlier run. An ffmpeg that one of them left behind is ended.
fn open_journal(held: &ReelLock, generation: Generation, job: &JobHandle) -> Result<(Journal, bool), Stopped> {
    let (journal, word) = Journal::open(held, generation).map_err(|error| failed(&error))?;
    if let Some(line) = word {
        job.log(line);
    }
    for leader in journal::leaders(held.folder()) {
        if ffmpeg::end_orphan(&leader) {
            job.log(format!("ended ffmpeg of an earlier run (process {})", leader.pid));
        }
    }
    let known = !journal.records().is_empty();
    Ok((journal, known))
}

/// Whether anything is left to do for the chunks.
fn start(work: &Work, existing: Option<&Existing>, deployed: Deployed) -> Start {
    let is_there = |chunk: &ChunkIndex| deployed.get(&chunk.number).is_some_and(|sha256| *sha256 == chunk.sha256);
    if let (Some(visible), Some(existing)) = (&work.visible, existing)
        && visible.renditions.values().flat_map(|rendition| &rendition.chunks).all(is_there)
    {
        let media = existing.entries.get(&playlist::media_path(work.generation, &work.rendition));
        let text = media.map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
        return Start::Whole { generation: visible.clone(), independent: text.contains("#EXT-X-INDEPENDENT-SEGMENTS") };
    }
    let journal = work.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match recorded(journal.records()) {
        Some((chunks, traits)) if chunks.values().all(is_there) => {
            let (independent, measured) = (traits.independent, traits.measured());
            drop(journal);
            let uploaded = Uploaded { chunks, sent_bytes: 0 };
            Start::Whole { generation: index::generation_index(work, &uploaded, &measured), independent }
        }
        _ => Start::Parts(deployed),
    }
}

/// All chunks and what they have in common, if an earlier run got as far as that.
fn recorded(records: &[Record]) -> Option<(BTreeMap<ChunkNumber, ChunkIndex>, journal::Traits)> {
    let (wanted, traits) = records.iter().rev().find_map(|record| match record {
        Record::Packed { chunks, traits: Some(traits), .. } => Some((*chunks, traits.clone())),
        _ => None,
    })?;
    let chunks = records.iter().filter_map(|record| match record {
        Record::Deployed { chunk, .. } => Some((chunk.number, chunk.clone())),
        _ => None,
    });
    let chunks: BTreeMap<_, _> = chunks.collect();
    let is_whole = chunks.len() as u32 == wanted && chunks.keys().map(|number| u32::from(number.get())).eq(1..=wanted);
    is_whole.then_some((chunks, traits))
}

/// A sentence for each interrupted publishing of this reel that this run can't go on with.
async fn left_behind(
    order: &Order,
    cloud: &Cloud,
    now: &Origin,
    generation: Generation,
    existing: Option<&Existing>,
    chunks: &[FunctionFacts],
) -> Vec<String> {
    let index = existing.map(|existing| &existing.index);
    let left = collect::leftovers(&order.reel, index, chunks, SystemTime::now());
    let orphans = left.into_iter().filter(|left| left.why == collect::Why::Orphaned && left.generation != generation);
    let mut sentences = Vec::new();
    for left in orphans {
        // without its tags the reason is not told, and the sentence still holds
        let tags = cloud.tags(&left.functions[0]).await.ok().flatten().unwrap_or_default();
        let difference = Origin::of_tags(&tags).and_then(|before| before.difference(now));
        let why = difference.unwrap_or_else(|| "the settings were others".to_owned());
        sentences.push(format!(
            "an interrupted publishing left {} chunks of generation {} that can't be used: {why}. `zipreel gc {}` \
             removes them",
            left.functions.len(),
            left.generation,
            order.reel
        ));
    }
    sentences
}

fn planned(order: &Order, cloud: &Cloud, plan: &MediaPlan, source_bytes: u64, generation: Generation) -> Planned {
    let segments = plan.expected_segments(order.cut.segment_length).max(1);
    let duration = plan.duration.unwrap_or_default();
    let viewed = Viewed { duration, segment_length: duration / segments, bytes: source_bytes };
    Planned {
        reel: order.reel.clone(),
        generation,
        region: cloud.region().to_owned(),
        duration,
        source_bytes,
        segments,
        chunks: estimate_chunks(source_bytes, segments, order.cut.chunk_limit),
        streams: plan.sentences(),
        warnings: plan.warnings.clone(),
        costs: (!order.place.is_local()).then(|| viewed.costs(cloud.region())),
    }
}

fn began(work: &Work, plan: &MediaPlan, planned: &Planned) -> Began {
    let (account, region) = (work.cloud.identity().account.clone(), work.cloud.region().to_owned());
    let order = OrderForm { transcode: !plan.is_deterministic(), ..OrderForm::of(&work.order) };
    Began {
        at: rfc3339(SystemTime::now()),
        order,
        place: AccountRegion { account, region },
        source_bytes: planned.source_bytes,
        origin: Some(work.origin.clone()),
        chunks: planned.chunks,
    }
}

/// A new folder for this attempt; those that earlier attempts at this reel left behind go.
fn attempt_folder(order: &Order, generation: Generation) -> io::Result<AttemptFolder> {
    let prefix = format!("{PREFIX}{}-", order.reel);
    let ours = order.folders.work.join(format!("{prefix}{generation}"));
    std::fs::create_dir_all(&ours)?;
    let new = || tempfile::Builder::new().prefix("attempt-").tempdir_in(&ours);
    let lock = File::create(order.folders.work.join(format!("{prefix}lock")))?;
    if lock.try_lock().is_err() {
        return Ok(AttemptFolder { folder: new()?, _lock: None });
    }
    for entry in std::fs::read_dir(&order.folders.work)?.flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        if rest.is_some_and(|rest| rest.parse::<Generation>().is_ok()) && entry.path() != ours {
            // what can't be removed is in nobody's way
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    for entry in std::fs::read_dir(&ours)?.flatten() {
        let _ = std::fs::remove_dir_all(entry.path());
    }
    Ok(AttemptFolder { folder: new()?, _lock: Some(lock) })
}

fn work_folder_fault(work_dir: &Path, error: io::Error) -> Stopped {
    let what = format!("could not make a folder for segments in `{}`", work_dir.display());
    Stopped::Failed(Fault::permanent(what).because(error).hint("Choose another with --work-dir."))
}
