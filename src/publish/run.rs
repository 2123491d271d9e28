//! One publishing run: what the stages need is found out, then they run side by side, joined by bounded queues. When
//! one fails, the others are cancelled; nothing is visible before the index is deployed.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Instant, SystemTime},
};

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{
    ffmpeg::{self, Leader, Tools},
    index::{self, Existing},
    journal::{Began, Journal, Record},
    log::Logged,
    pack,
    probe::{self, ProbeError},
    remote,
    reporter::{Control, JobHandle, Reporter},
    request::Request,
    source,
    split::{Backlog, ClosedSegment, Split, SplitError, SplitSummary},
    upload::{self, Deployed},
    verify,
    work::Work,
};
use crate::{
    cloud::Cloud,
    reel::{
        decide::{MediaPlan, decide},
        event::{Event, JobChange, JobName, Planned, Published, Unit},
        fault::{Explain, Fault, FaultClass, Stopped},
        generation::generation,
        index::GenerationIndex,
        name::{Generation, PREFIX, RenditionId},
        pack::estimate_chunks,
        playlist::{self, Links},
        retry::RetryPolicy,
    },
};

/// Closed segments that may wait for the packing, and packed chunks for their upload. Neither holds content.
const SEGMENTS_QUEUED: usize = 64;
const CHUNKS_QUEUED: usize = 2;

/// Name of the function that serves every reel.
pub const GATE: &str = "zipreel-gate";

/// Counts retries on their way to the face.
struct Tally {
    face: Arc<dyn Reporter>,
    retries: AtomicU32,
}

impl Reporter for Tally {
    fn report(&self, event: Event) {
        if matches!(event, Event::Job { change: JobChange::Retrying { .. }, .. }) {
            self.retries.fetch_add(1, Ordering::Relaxed);
        }
        self.face.report(event);
    }
}

/// What was found out before anything is made.
struct Prepared {
    plan: MediaPlan,
    existing: Option<Existing>,
    deployed: Deployed,
    work: Arc<Work>,
    /// Removed with everything in it, however the run ends.
    folder: TempDir,
}

/// Publishes a video. Whatever it ends with, what was deployed stays and is used by the next run.
pub async fn publish(
    request: Request,
    cloud: Cloud,
    tools: &Tools,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<Published, Stopped> {
    let began = Instant::now();
    let face = Arc::new(Logged::new(reporter, &request.state_dir, &request.reel));
    let tally = Arc::new(Tally { face, retries: AtomicU32::new(0) });
    let prepared = prepare(request, cloud, tools, tally.clone(), control).await?;
    let Prepared { plan, existing, deployed, work, folder } = prepared;
    let (summary, measured, uploaded) = produce(&work, tools, &plan, folder.path(), deployed).await?;
    let bytes = uploaded.chunks.values().map(|chunk| chunk.bytes).sum();
    work.record(Record::Packed { chunks: uploaded.chunks.len() as u32, bytes }).await?;
    let generation = index::generation_index(&work, &uploaded, &measured);
    let poster = poster(&work, tools, &plan).await;
    index::index(&work, &generation, summary.independent, existing, poster).await?;
    let segments_checked = verify::verify(&work, &generation).await?;
    let watch_url = format!("{}{}/", work.gate, work.request.reel);
    let playlist_url = format!("{watch_url}index.m3u8");
    let playlist_copy = work.folder().join("playlist.m3u8");
    copy_playlist(&work, &generation, summary.independent, &playlist_copy).await?;
    let at = index::rfc3339(SystemTime::now());
    work.record(Record::Published { at, watch_url: watch_url.clone(), playlist_url: playlist_url.clone() }).await?;
    let published = Published {
        reel: work.request.reel.clone(),
        generation: work.generation,
        watch_url,
        playlist_url,
        playlist_copy,
        segments: summary.segments,
        chunks: uploaded.chunks.len() as u32,
        bytes,
        sent_bytes: uploaded.sent_bytes,
        retries: tally.retries.load(Ordering::Relaxed),
        segments_checked,
        elapsed: began.elapsed(),
    };
    work.report(Event::Published(published.clone()));
    Ok(published)
}

fn failed(error: &impl Explain) -> Stopped {
    Stopped::Failed(error.fault())
}

async fn prepare(
    request: Request,
    cloud: Cloud,
    tools: &Tools,
    reporter: Arc<dyn Reporter>,
    control: &Control,
) -> Result<Prepared, Stopped> {
    let job = JobHandle::queued(reporter.clone(), JobName::Probe, Unit::Steps);
    job.started(1);
    let found = look(&request, &cloud, tools, control).await;
    job.ended(&found);
    let Found { plan, source_bytes, generation, existing, gate } = found?;
    let rendition = RenditionId::source();
    let (journal, orphans, known) = open_journal(&request, generation, &reporter)?;
    for leader in orphans {
        ffmpeg::end_orphan(&leader);
    }
    let deployed = remote::deployed(&cloud, &request.reel, generation, &rendition, known || existing.is_some());
    let deployed = deployed.await.map_err(|error| failed(&error))?;
    let planned = planned(&request, &cloud, &plan, source_bytes, generation);
    let folder = attempt_folder(&request, generation).map_err(|error| work_folder_fault(&request.work_dir, error))?;
    let backlog = Backlog::new(request.backlog_bytes.max(2 * request.chunk_limit));
    let work = Arc::new(Work {
        cloud,
        generation,
        rendition,
        gate,
        control: control.part(),
        reporter,
        retry: RetryPolicy::default(),
        backlog,
        journal: Mutex::new(journal),
        request,
    });
    let began = began(&work, &plan, &planned);
    work.record(Record::Began(began)).await?;
    work.report(Event::Planned(planned));
    Ok(Prepared { plan, existing, deployed, work, folder })
}

struct Found {
    plan: MediaPlan,
    source_bytes: u64,
    generation: Generation,
    existing: Option<Existing>,
    gate: String,
}

/// Reads the video and the account; makes nothing.
async fn look(request: &Request, cloud: &Cloud, tools: &Tools, control: &Control) -> Result<Found, Stopped> {
    let media = match probe::probe(tools, &request.video, &control.cancel).await {
        Ok(media) => media,
        Err(ProbeError::Cancelled) => return Err(Stopped::Cancelled),
        Err(error) => return Err(failed(&error)),
    };
    let plan = decide(&media, request.transcode).map_err(|error| failed(&error))?;
    let video = request.video.clone();
    let print = tokio::task::spawn_blocking(move || source::print(&video)).await.expect("reading does not panic");
    let print = print.map_err(|error| {
        let what = format!("could not read `{}`", request.video.display());
        Stopped::Failed(Fault::permanent(what).because(error))
    })?;
    let dialect = tools.dialect(&plan).await.map_err(|error| failed(&error))?;
    // what ffmpeg is told decides the bytes; the sentences for people may be reworded
    let treatment = plan.arguments(request.segment_length, dialect).join("\n");
    let generation = generation(&print, request.segment_length, request.chunk_limit, &treatment, &tools.version);
    let existing = remote::existing(cloud, &request.reel).await.map_err(|error| failed(&error))?;
    if let Some(taken) = &existing
        && taken.index.current.generation != generation
        && !request.replace
    {
        return Err(Stopped::Failed(name_taken(request, taken)));
    }
    let gate = cloud.function_url(GATE).await.map_err(|error| failed(&error))?;
    let gate = gate.ok_or_else(|| Stopped::Failed(no_gate(cloud)))?;
    Ok(Found { plan, source_bytes: print.bytes, generation, existing, gate })
}

fn name_taken(request: &Request, taken: &Existing) -> Fault {
    let what = format!(
        "could not publish as `{}`: the name is taken by another video or other settings (`{}`, generation {}, published {})",
        request.reel, taken.index.title, taken.index.current.generation, taken.index.published
    );
    Fault::permanent(what).hint(
        "Choose another --name, or publish beside it with --replace: the old one is then served for another day at least.",
    )
}

fn no_gate(cloud: &Cloud) -> Fault {
    let (account, region) = (&cloud.identity().account, cloud.region());
    let what = format!("could not find the gate in account {account}, Region {region}: function `{GATE}` has no URL");
    Fault { class: FaultClass::NeedsPerson, ..Fault::permanent(what) }
        .hint("It is made once for an account and Region, and serves every reel.")
}

/// The journal, ffmpeg processes that an earlier run may have left, and whether there was an earlier run.
fn open_journal(
    request: &Request,
    generation: Generation,
    reporter: &Arc<dyn Reporter>,
) -> Result<(Journal, Vec<Leader>, bool), Stopped> {
    let opened = Journal::open(&request.state_dir, &request.reel, generation);
    let (journal, word) = opened.map_err(|error| failed(&error))?;
    if let Some(line) = word {
        reporter.report(Event::Log { job: JobName::Probe, line });
    }
    let leaders = journal.records().iter().filter_map(|record| match record {
        Record::Splitting { leader } => Some(leader.clone()),
        _ => None,
    });
    let orphans = leaders.collect();
    let known = !journal.records().is_empty();
    Ok((journal, orphans, known))
}

fn planned(request: &Request, cloud: &Cloud, plan: &MediaPlan, source_bytes: u64, generation: Generation) -> Planned {
    let segments = plan.expected_segments(request.segment_length).max(1);
    Planned {
        reel: request.reel.clone(),
        generation,
        region: cloud.region().to_owned(),
        duration: plan.duration.unwrap_or_default(),
        source_bytes,
        segments,
        chunks: estimate_chunks(source_bytes, segments, request.chunk_limit),
        streams: plan.sentences(),
        warnings: plan.warnings.clone(),
    }
}

fn began(work: &Work, plan: &MediaPlan, planned: &Planned) -> Began {
    let request = &work.request;
    let (target, profile) = request.target.names();
    Began {
        at: index::rfc3339(SystemTime::now()),
        video: std::path::absolute(&request.video).unwrap_or_else(|_| request.video.clone()),
        title: request.title.clone(),
        source_bytes: planned.source_bytes,
        segment_seconds: request.segment_length.as_secs_f64(),
        chunk_limit: request.chunk_limit,
        parallel_uploads: request.parallel_uploads.map(std::num::NonZero::get),
        transcode: !plan.is_deterministic(),
        target: target.to_owned(),
        profile,
        account: work.cloud.identity().account.clone(),
        region: work.cloud.region().to_owned(),
        chunks: planned.chunks,
    }
}

/// A new folder for this attempt; those that earlier attempts left behind go.
fn attempt_folder(request: &Request, generation: Generation) -> io::Result<TempDir> {
    let ours = request.work_dir.join(format!("{PREFIX}{}-{generation}", request.reel));
    std::fs::create_dir_all(&ours)?;
    for entry in std::fs::read_dir(&ours)?.flatten() {
        // what can't be removed is in nobody's way
        let _ = std::fs::remove_dir_all(entry.path());
    }
    tempfile::Builder::new().prefix("attempt-").tempdir_in(&ours)
}

fn work_folder_fault(work_dir: &Path, error: io::Error) -> Stopped {
    let what = format!("could not make a folder for segments in `{}`", work_dir.display());
    Stopped::Failed(Fault::permanent(what).because(error).hint("Choose another with --work-dir."))
}

/// Split, pack and upload side by side. The first failure cancels the others and is the result.
async fn produce(
    work: &Arc<Work>,
    tools: &Tools,
    plan: &MediaPlan,
    folder: &Path,
    deployed: Deployed,
) -> Result<(SplitSummary, probe::Measured, upload::Uploaded), Stopped> {
    let (segments, closed) = mpsc::channel(SEGMENTS_QUEUED);
    let (chunks, packed) = mpsc::channel(CHUNKS_QUEUED);
    let (split, pack, upload) = tokio::join!(
        stage(work, split(work, tools, plan, folder, segments)),
        stage(work, pack::pack(work, plan, closed, chunks)),
        stage(work, upload::upload(work, packed, deployed)),
    );
    // a stage that was cancelled tells less than the one that failed
    let faults = [split.as_ref().err(), pack.as_ref().err(), upload.as_ref().err()];
    if let Some(stopped) = faults.into_iter().flatten().find(|stopped| matches!(stopped, Stopped::Failed(_))) {
        return Err(stopped.clone());
    }
    Ok((split?, pack?, upload?))
}

async fn stage<T>(work: &Work, stage: impl Future<Output = Result<T, Stopped>>) -> Result<T, Stopped> {
    let result = stage.await;
    if result.is_err() {
        work.control.cancel.cancel();
    }
    result
}

async fn split(
    work: &Arc<Work>,
    tools: &Tools,
    plan: &MediaPlan,
    folder: &Path,
    segments: mpsc::Sender<ClosedSegment>,
) -> Result<SplitSummary, Stopped> {
    let job = work.job(JobName::Split, Unit::MediaTime);
    job.started(1);
    let note = |leader: &Leader| {
        // without the note an orphan would have to be ended by hand; that is no reason to stop
        let mut journal = work.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = journal.append(Record::Splitting { leader: leader.clone() });
    };
    let split = Split {
        tools,
        video: &work.request.video,
        plan,
        segment_length: work.request.segment_length,
        folder,
        backlog: work.backlog.clone(),
        started: &note,
    };
    let result = match split.run(segments, &job, &work.control).await {
        Ok(summary) => Ok(summary),
        Err(SplitError::Cancelled) => Err(Stopped::Cancelled),
        Err(error) => Err(failed(&error)),
    };
    job.ended(&result);
    result
}

/// A frame that stands for the video; a reel without one plays as well.
async fn poster(work: &Work, tools: &Tools, plan: &MediaPlan) -> Option<Vec<u8>> {
    const WIDTH: u32 = 1280;
    let at = plan.duration.unwrap_or_default() / 10;
    probe::frame(tools, &work.request.video, at, WIDTH, &work.control.cancel).await.ok()
}

/// The media playlist with absolute links, for those who host it elsewhere.
async fn copy_playlist(
    work: &Work,
    generation: &GenerationIndex,
    independent: bool,
    path: &Path,
) -> Result<(), Stopped> {
    let prefix = format!("{}{}/{}/", work.gate, work.request.reel, work.generation);
    let rendition = &generation.renditions[&work.rendition];
    let text = playlist::media(&work.rendition, rendition, independent, Links::Chunks { prefix: &prefix });
    tokio::fs::write(path, text).await.map_err(|error| {
        let what = format!("could not write the playlist's copy `{}`", path.display());
        Stopped::Failed(Fault::permanent(what).because(error))
    })
}
