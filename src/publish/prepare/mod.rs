//! What is found out before anything is made: what the video is, what the account holds of the reel already, and what
//! the journals of this computer say of earlier runs.

pub mod compare;
pub mod foresight;
pub mod identity;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use tokio::sync::OnceCell;

use super::{
    made::{self, Inits, Renditions},
    prepare::{
        foresight::Standing,
        identity::{Identity, Video, look_at_video},
    },
    split::Backlog,
    tracks,
    work::{Kept, Rendition, Work},
};
use crate::{
    media::{
        ffmpeg::{self, Tools},
        subtitles::Beside,
    },
    model::{
        chunk::{
            forecast::{Forecast, Outline},
            limits::Held,
        },
        cost::{Costs, Viewed},
        gate::{links::Reached, public::GATE},
        hls::playlist,
        media::{
            decide::{Action, MediaPlan},
            renditions::Encoding,
            segment::pieces::PIECE_LENGTH,
        },
        reel::{
            generation::SourceHash,
            index::{ChunkIndex, Container, GenerationIndex},
            moment::rfc3339,
            name::{ChunkId, Generation, RenditionId},
            order::{AccountRegion, Order, Origin},
        },
        report::{
            event::{Event, JobName, Planned, Unit},
            fault::{Fault, FaultClass, Stopped},
        },
        wording,
    },
    remote::{
        deployed::{self, Deployed, Existing},
        leftover,
    },
    running::{
        attempt::attempts,
        reporter::{Control, JobHandle, Reporter},
    },
    state::{
        journal::{self, Began, Journal, Record},
        lock::ReelLock,
        order_form::OrderForm,
        work_folder::{AttemptFolder, attempt_folder},
    },
    storage::{FunctionFacts, Storage, gate_is_current},
};

pub(super) struct Prepared {
    pub plan: MediaPlan,
    /// Subtitle files beside the video.
    pub beside: Vec<Beside>,
    pub existing: Option<Existing>,
    /// Chunks of this reel as listed, of all generations.
    pub chunks: Vec<FunctionFacts>,
    pub start: Start,
    pub work: Arc<Work>,
    pub folder: AttemptFolder,
}

/// Where the work begins.
pub(super) enum Start {
    /// Every chunk is deployed, and all is known that the index needs: the video need not be split.
    Whole(Box<GenerationIndex>, Inits),
    /// Some may be; of these renditions all are.
    Parts(Deployed, Renditions),
}

pub(super) async fn prepare(
    order: Order,
    held: &ReelLock,
    storage: Arc<dyn Storage>,
    tools: &Tools,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<Prepared, Stopped> {
    let job = JobHandle::queued(reporter.clone(), JobName::Probe, Unit::Steps);
    job.started(1);
    let found = find(&order, held, &*storage, tools, control, &job).await;
    job.ended(&found);
    let Found { look, journal, chunks } = found?;
    let Look { video, generation, existing, held: beside, reached, gate_is_current } = look;
    let Video { plan, beside: texts, source, origin, .. } = video;
    let costs = |viewed: &Viewed| (!order.place.is_local()).then(|| storage.costs(viewed, reached.front));
    let mut planned = planned(&order, &storage.at().region, costs, &plan, source.bytes(), generation);
    planned.streams.extend(tracks::sentences(&texts));
    planned.warnings.extend((!gate_is_current && order.cut.segment_length > PIECE_LENGTH).then(|| no_pieces(&order)));
    planned.warnings.extend(left_behind(&order, &*storage, &origin, generation, existing.as_ref(), &chunks).await);
    let folder = attempt_folder(&order.folders.work, &order.reel, generation)?;
    let backlog_bytes = order.backlog_bytes();
    let backlog = Backlog::new(backlog_bytes);
    let visible = existing.as_ref().and_then(|existing| existing.index.generation(generation)).cloned();
    let deployed = deployed::deployed(&chunks, generation);
    let work = Work {
        storage,
        generation,
        renditions: Rendition::all(&plan),
        wanted: plan.wanted,
        reached,
        gate_is_current,
        visible: Mutex::new(visible.clone()),
        index_code: Mutex::new(existing.as_ref().map(|existing| existing.facts.code_sha256.clone())),
        beside,
        origin,
        source,
        heard: Mutex::default(),
        control: control.part(),
        reporter,
        retry: order.retry,
        backlog,
        journal: Mutex::new(journal),
        claim: held.claim().clone(),
        lease: OnceCell::new(),
        // an encoder may give other bytes another time
        kept: Mutex::new(if plan.is_deterministic() { Kept::default() } else { Kept::up_to(backlog_bytes) }),
        order,
    };
    let start = start(&work, visible.as_ref(), existing.as_ref(), deployed).await?;
    let work = Arc::new(work);
    work.record(Record::Began(Box::new(began(&work, &plan, &planned)))).await?;
    work.report(Event::Planned(planned));
    Ok(Prepared { plan, beside: texts, existing, chunks, start, work, folder })
}

struct Found {
    look: Look,
    journal: Journal,
    chunks: Vec<FunctionFacts>,
}

struct Look {
    video: Video,
    generation: Generation,
    existing: Option<Existing>,
    /// What its index will hold beside this generation.
    held: Vec<Held>,
    reached: Reached,
    gate_is_current: bool,
}

async fn find(
    order: &Order,
    held: &ReelLock,
    storage: &dyn Storage,
    tools: &Tools,
    control: &Control,
    job: &JobHandle,
) -> Result<Found, Stopped> {
    let look = look(order, storage, tools, control, job).await?;
    let (journal, known) = open_journal(held, look.generation, job)?;
    let known = known || look.existing.is_some();
    let chunks = |_| deployed::chunks(storage, &order.reel, look.generation, known);
    let chunks = attempts(job, control, &order.retry, chunks, |_| ()).await?;
    Ok(Found { look, journal, chunks })
}

/// Reads the video and the account, side by side; makes nothing. The first to fail ends it.
async fn look(
    order: &Order,
    storage: &dyn Storage,
    tools: &Tools,
    control: &Control,
    job: &JobHandle,
) -> Result<Look, Stopped> {
    let (video, (existing, reached)) =
        tokio::try_join!(look_at_video(order, tools, control), look_at_account(order, storage, control, job))?;
    let identity =
        Identity { order, limits: storage.limits(), tools, reporter: job.reporter(), control, video: &video };
    let generation = identity.find(existing.as_ref()).await?;
    let reached = reached.ok_or_else(|| Stopped::Failed(no_gate(storage)))?;
    let current = attempts(job, control, &order.retry, |_| gate_is_current(storage), |_| ()).await?;
    if !current && tracks::has_text(&video.plan, &video.beside) {
        return Err(Stopped::Failed(old_gate(order)));
    }
    let standing = Standing { existing: existing.as_ref(), storage, control, job };
    let held = foresight::foresee(order, &video.plan, video.source.bytes(), generation, &standing).await?;
    Ok(Look { video, generation, existing, held, reached, gate_is_current: current })
}

/// The reel as it is published, and where the gate is.
async fn look_at_account(
    order: &Order,
    storage: &dyn Storage,
    control: &Control,
    job: &JobHandle,
) -> Result<(Option<Existing>, Option<Reached>), Stopped> {
    let existing = attempts(job, control, &order.retry, |_| deployed::existing(storage, &order.reel), |_| ()).await?;
    let gate = attempts(job, control, &order.retry, |_| storage.gate_address(), |_| ()).await?;
    Ok((existing, gate))
}

fn no_gate(storage: &dyn Storage) -> Fault {
    let AccountRegion { account, region } = storage.at();
    let what = format!("could not find the gate in account {account}, Region {region}: function `{GATE}` has no URL");
    Fault { class: FaultClass::NeedsPerson, ..Fault::permanent(what) }
        .hint("It is made once for an account and Region, and serves every reel.")
}

/// Set up by an older program, and this run may not change it.
fn old_gate(order: &Order) -> Fault {
    let what = "could not publish subtitles or chapters: the gate that is deployed is an older one, which serves none";
    Fault { class: FaultClass::NeedsPerson, ..Fault::permanent(what) }.hint(format!(
        "`zipreel setup{}` brings it up to date; reels that are there stay as they are.",
        order.place.flags()
    ))
}

fn no_pieces(order: &Order) -> String {
    let flags = order.place.flags();
    format!(
        "the gate that is deployed is an older one: until `zipreel setup{flags}`, browsers load whole segments, and \
         there is no playlist for seeking"
    )
}

/// The journal, and whether there was an earlier run. An ffmpeg that one of them left behind is ended.
fn open_journal(held: &ReelLock, generation: Generation, job: &JobHandle) -> Result<(Journal, bool), Stopped> {
    let (journal, word) = Journal::open(held, generation)?;
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
async fn start(
    work: &Work,
    visible: Option<&GenerationIndex>,
    existing: Option<&Existing>,
    deployed: Deployed,
) -> Result<Start, Stopped> {
    let is_there = |id: &ChunkId, chunk: &ChunkIndex| deployed.get(id).is_some_and(|sha256| *sha256 == chunk.sha256);
    if let Some(visible) = visible
        && visible.has_segments()
        && chunks_of(visible).all(|(id, chunk)| is_there(&id, chunk))
        && let Some(inits) = inits(visible, existing)
    {
        // of an index without the hash, the video has just been found to make these chunks
        let generation = GenerationIndex { source_sha256: work.source.hash(), ..visible.clone() };
        return Ok(Start::Whole(Box::new(generation), inits));
    }
    let recorded = {
        let journal = work.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let of = |part: &Rendition| recorded(journal.records(), &part.id).map(|recorded| (part.id.clone(), recorded));
        work.renditions.iter().filter_map(of).collect::<Vec<_>>()
    };
    let mut before = Renditions::default();
    for (id, Recorded { chunks, traits, source_sha256 }) in recorded {
        let whole = chunks.iter().all(|chunk| {
            let id = ChunkId { rendition: id.clone(), number: chunk.number };
            is_there(&id, chunk) && work.keeps_promise(&id, &chunk.sha256)
        });
        let Some(hash) = source_sha256.filter(|_| whole) else { continue };
        if work.source.read(&work.reporter, &work.control, || u64::MAX).await? != hash {
            break;
        }
        if let Some(part) = work.renditions.iter().find(|part| part.id == id) {
            before.add(part, traits, chunks);
        }
    }
    if before.indexes.len() == work.renditions.len() {
        let Renditions { indexes, inits } = before;
        return Ok(Start::Whole(Box::new(made::generation_index(work, indexes)), inits));
    }
    Ok(Start::Parts(deployed, before))
}

fn chunks_of(generation: &GenerationIndex) -> impl Iterator<Item = (ChunkId, &ChunkIndex)> {
    generation.renditions.iter().flat_map(|(id, rendition)| {
        let of = |chunk: &ChunkIndex| ChunkId { rendition: id.clone(), number: chunk.number };
        rendition.chunks.iter().map(move |chunk| (of(chunk), chunk))
    })
}

/// The init sections that lie beside what is served; `None` if one is missing.
fn inits(visible: &GenerationIndex, existing: Option<&Existing>) -> Option<Inits> {
    let packed = visible.renditions.iter().filter(|(_, rendition)| rendition.container == Container::Mp4);
    let of = |id: &RenditionId| existing?.entries.get(&playlist::init_path(visible.generation, id)).cloned();
    packed.map(|(id, _)| Some((id.clone(), of(id)?))).collect()
}

/// What an earlier run found out by splitting all of its video.
struct Recorded {
    chunks: Vec<ChunkIndex>,
    traits: journal::Traits,
    /// Without it the video of today has to be cut and compared.
    source_sha256: Option<SourceHash>,
}

/// All chunks of a rendition and what they have in common, if an earlier run got as far as that.
fn recorded(records: &[Record], of: &RenditionId) -> Option<Recorded> {
    let (wanted, traits, source_sha256) = records.iter().rev().find_map(|record| match record {
        Record::Packed { rendition, chunks, traits: Some(traits), source_sha256, .. } if rendition == of => {
            Some((*chunks, traits.clone(), *source_sha256))
        }
        _ => None,
    })?;
    let chunks = records.iter().filter_map(|record| match record {
        Record::Deployed { rendition, chunk } if rendition == of => Some((chunk.number, chunk.clone())),
        _ => None,
    });
    let chunks: BTreeMap<_, _> = chunks.collect();
    let is_whole = chunks.len() as u32 == wanted && chunks.keys().map(|number| u32::from(number.get())).eq(1..=wanted);
    is_whole.then_some(Recorded { chunks: chunks.into_values().collect(), traits, source_sha256 })
}

/// A sentence for each interrupted publishing of this reel that this run can't go on with.
async fn left_behind(
    order: &Order,
    storage: &dyn Storage,
    now: &Origin,
    generation: Generation,
    existing: Option<&Existing>,
    chunks: &[FunctionFacts],
) -> Vec<String> {
    let index = existing.map(|existing| &existing.index);
    let left = leftover::leftovers(&order.reel, index, chunks, SystemTime::now());
    let orphans = left.into_iter().filter(|left| left.why == leftover::Why::Orphaned && left.generation != generation);
    let mut sentences = Vec::new();
    for left in orphans {
        // without its tags the reason is not told, and the sentence still holds
        let tags = storage.tags(&left.functions[0]).await.ok().flatten().unwrap_or_default();
        let difference = Origin::of_tags(&tags).and_then(|before| before.difference(now));
        let why = difference.unwrap_or_else(|| "the settings were others".to_owned());
        sentences.push(format!(
            "an interrupted publishing left {} of version {} that can't be used: {why}. `zipreel gc {}{}` removes \
             what is left",
            wording::count(left.functions.len() as u64, "chunk"),
            left.generation,
            order.reel,
            order.place.flags()
        ));
    }
    sentences
}

fn planned(
    order: &Order,
    region: &str,
    costs: impl FnOnce(&Viewed) -> Option<Costs>,
    plan: &MediaPlan,
    source_bytes: u64,
    generation: Generation,
) -> Planned {
    let duration = plan.duration.unwrap_or_default();
    let sounds: Vec<u64> = plan.sounds.iter().map(|sound| sound.bytes(duration)).collect();
    let copied = plan.sounds.iter().zip(&sounds).filter(|(sound, _)| sound.plan.action == Action::Copy);
    let bytes = source_bytes.saturating_sub(copied.map(|(_, bytes)| bytes).sum());
    let beside = plan.compatible.as_ref().map(|beside| Encoding::of(&beside.stream).bit_rate);
    let beside = beside.map(|rate| (rate as f64 / 8.0 * duration.as_secs_f64()) as u64);
    let (spacing, has_picture) = (plan.keyframe_spacing(), plan.video.is_some());
    let outline = Outline { duration, spacing, has_picture, bytes, beside, sounds: &sounds };
    let Forecast { segments, chunks, viewed, .. } = Forecast::of(&outline, &order.cut);
    Planned {
        reel: order.reel.clone(),
        generation,
        region: region.to_owned(),
        duration,
        source_bytes,
        segments,
        chunks,
        streams: plan.sentences(),
        warnings: plan.warnings.clone(),
        costs: costs(&viewed),
    }
}

fn began(work: &Work, plan: &MediaPlan, planned: &Planned) -> Began {
    let order = OrderForm { transcode: !plan.is_deterministic(), wanted: work.wanted, ..OrderForm::of(&work.order) };
    Began {
        at: rfc3339(SystemTime::now()),
        order,
        place: work.storage.at(),
        source_bytes: planned.source_bytes,
        origin: Some(work.origin.clone()),
        chunks: planned.chunks,
        renditions: work.renditions.len() as u32,
    }
}
