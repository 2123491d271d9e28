//! One publishing run, from what is asked for to a reel that is visible and was read as a player reads it. Nothing is
//! visible before the index is deployed.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Instant, SystemTime},
};

use tokio::sync::oneshot;

use super::{
    index::{self, Aside, Landed},
    known,
    made::{self, Made, Making},
    prepare::{Prepared, Start, identity::RULED_OUT, prepare},
    prove::Proof,
    take_back, tracks, verify,
    work::{Rendition, Work},
};
use crate::{
    media::{
        ffmpeg::Tools,
        loudness,
        picture::{Brightness, View},
    },
    model::{
        cost::Viewed,
        gate::{self, links::Reached, public::Public},
        hls::{
            multivariant,
            playlist::{self, Links},
        },
        media::{
            decide::MediaPlan,
            facts::WantedLoudness,
            streams::loudness::{TARGET, audible},
        },
        reel::{
            index::{GenerationIndex, Grain, Index},
            moment::rfc3339,
            order::{OnDamage, Order},
        },
        report::{
            event::{Event, JobChange, JobName, Published, Unit},
            fault::{Explain, Fault, Stopped},
            loudness::Loudness,
        },
        wording,
    },
    remote::{
        deployed::Existing,
        leftover::{self, ORPHANS_KEPT},
        removal::Removal,
    },
    running::{
        attempt::Retries,
        reporter::{Control, JobHandle, Reporter},
    },
    state::{journal::Record, lock::ReelLock, log::Logged},
    storage::{FunctionFacts, Storage},
};

/// Counts retries on their way to the face.
struct CountRetries {
    face: Arc<dyn Reporter>,
    retries: AtomicU32,
}

impl Reporter for CountRetries {
    fn report(&self, event: Event) {
        if matches!(event, Event::Job { change: JobChange::Retrying { .. }, .. }) {
            self.retries.fetch_add(1, Ordering::Relaxed);
        }
        self.face.report(event);
    }
}

/// Publishes a video as a reel that is held. Whatever it ends with, what was deployed stays and is used by the next run.
///
/// `beside` begins once the video is known to be publishable, and is cancelled if the publishing fails. The links wait
/// for it; what it gives is told with them.
pub async fn publish<B: Future<Output = Option<String>>>(
    order: Order,
    held: &ReelLock,
    storage: Arc<dyn Storage>,
    tools: &Tools,
    reporter: Arc<dyn Reporter>,
    control: &Control,
    beside: impl FnOnce(Control) -> B,
) -> Result<Published, Stopped> {
    let began = Instant::now();
    let face = Arc::new(Logged::new(reporter, &order.folders.state, &order.reel));
    let tally = Arc::new(CountRetries { face, retries: AtomicU32::new(0) });
    // on the heap: together the stages' states are larger than a thread's stack should hold
    let prepared = Box::pin(prepare(order, held, storage, tools, tally.clone(), control)).await?;
    let work = prepared.work.clone();
    let (part, (say, told)) = (control.part(), oneshot::channel());
    let publishing = async {
        let published = Box::pin(run(prepared, tools, &tally, began, told)).await;
        part.cancel.cancel();
        published
    };
    let beside = async {
        // who has failed meanwhile does not listen
        let _ = say.send(beside(part.clone()).await);
    };
    let (published, ()) = tokio::join!(publishing, beside);
    work.release().await;
    published
}

async fn run(
    prepared: Prepared,
    tools: &Tools,
    tally: &CountRetries,
    began: Instant,
    told: oneshot::Receiver<Option<String>>,
) -> Result<Published, Stopped> {
    let Prepared { plan, beside, existing, chunks, start, work, folder } = prepared;
    let making = Making { work: &work, tools, folder: folder.path() };
    let spoken = tracks::spoken(&work, tools, &plan, &beside, existing.as_ref(), folder.path());
    let heard = Box::pin(loudness(&work, tools, &plan));
    let (made, poster, spoken, loudness) =
        tokio::join!(Box::pin(make(making, start)), poster(&work, tools, &plan), Box::pin(spoken), heard);
    let made = made?;
    let room = || index::room_for_text(&work, &made, existing.as_ref());
    let text = Box::pin(tracks::text(&work, &plan, spoken, &made, existing.as_ref(), room)).await?;
    let proved = Box::pin(Proof::of_all_made(&work, tools, &made.generation)).await?;
    let damaged = Box::pin(known::damaged_anywhere(&proved, &made.generation)).await?;
    refuse_damage(&work, &plan)?;
    let (made, index) =
        Box::pin(deploy(making, made, damaged, existing.as_ref(), Aside { poster: poster.as_deref(), text: &text }))
            .await?;
    let Made { generation, sent_bytes, .. } = made;
    let job = work.job(JobName::Verify, Unit::Segments);
    let unproved = proved.iter().filter_map(|(proof, made)| made.is_none().then_some(proof));
    let checked = read(&work, &generation, unproved, folder.path(), &job, (existing.as_ref(), &index)).await;
    job.ended(&checked);
    let segments_checked = checked?;
    let missed = told.await.ok().flatten();
    let links = gate::links::Links::of(&reached(&work, missed.is_none()).await, &work.order.reel);
    let (watch_url, playlist_url) = (links.watch.clone(), links.playlist());
    let playlist_copy = work.folder().join("playlist.m3u8");
    copy_playlist(&work, &generation, &playlist_copy).await?;
    let at = rfc3339(SystemTime::now());
    work.record(Record::Published { at, watch_url: watch_url.clone(), playlist_url: playlist_url.clone() }).await?;
    collect(&work, &index, &chunks).await;
    let viewed = Viewed::of(&generation);
    let published = Published {
        reel: work.order.reel.clone(),
        generation: work.generation,
        watch_url,
        playlist_url,
        seek_url: (generation.has_pieces() && work.gate_is_current).then(|| links.seek_playlist()),
        viewed,
        relay: has_relay(&work).await,
        costs: (!work.order.place.is_local()).then(|| work.storage.costs(&viewed, work.reached.front)),
        playlist_copy,
        segments: generation.segments(),
        chunks: generation.renditions.values().map(|rendition| rendition.chunks.len() as u32).sum(),
        bytes: generation.bytes(),
        sent_bytes,
        retries: tally.retries.load(Ordering::Relaxed),
        segments_checked,
        elapsed: began.elapsed(),
        loudness: loudness.or_else(|| normalized(&work, &plan)),
        warnings: work.damage(&plan).sentences().into_iter().chain(text.left_out).chain(missed).collect(),
    };
    work.report(Event::Published(Box::new(published.clone())));
    Ok(published)
}

/// Reads the reel as a player does, with what an earlier run made and nobody has decoded yet. Gives how many segments it
/// read.
async fn read<'a>(
    work: &Arc<Work>,
    generation: &GenerationIndex,
    unproved: impl Iterator<Item = &'a Proof<'a>>,
    folder: &Path,
    job: &JobHandle,
    (existing, index): (Option<&Existing>, &Index),
) -> Result<u32, Stopped> {
    let segments = verify::verify(work, generation, job).await?;
    for proof in unproved {
        let samples = proof.served(generation, folder, job).await?;
        take_back::withdraw_unless(proof.of_served(&samples).await, work, existing, index).await?;
    }
    Ok(segments)
}

/// How the gate is reached now: a CDN may have been switched on meanwhile. Where that can't be seen, links of before work
/// as well.
async fn reached(work: &Work, is_switched: bool) -> Reached {
    if !work.order.cdn || !is_switched {
        return work.reached.clone();
    }
    let now = Retries::default().again(|| work.storage.gate_address()).await;
    now.ok().flatten().unwrap_or_else(|| work.reached.clone())
}

/// Whether browsers can play it; where that may not be asked, nothing is said against it.
async fn has_relay(work: &Work) -> bool {
    if work.order.place.is_local() || work.order.relay {
        return true;
    }
    let relay = Retries::default().again(|| work.storage.public_url(Public::Relay)).await;
    relay.map_or(true, |url| url.is_some())
}

/// All chunks, made or there already.
async fn make(making: Making<'_>, start: Start) -> Result<Made, Stopped> {
    let made = match start {
        Start::Whole(generation, inits) => Ok(made::skip(making.work, *generation, inits)),
        Start::Parts(deployed, before) => making.make(deployed, before).await,
    };
    if made.is_err() {
        // ends the poster too: nobody will see it
        making.work.control.last_attempt.cancel();
    }
    made
}

/// Where the person wants no damaged video to be published.
fn refuse_damage(work: &Work, plan: &MediaPlan) -> Result<(), Stopped> {
    let damage = work.damage(plan);
    if work.order.on_damage == OnDamage::Fail && !damage.is_none() {
        return Err(Stopped::Failed(damage.refusal(&work.order.video, RULED_OUT)));
    }
    Ok(())
}

/// Deploys the index of what was just seen whole, and looks again: a deletion that was on its way may have come between.
async fn deploy(
    making: Making<'_>,
    mut made: Made,
    damaged: Vec<(u64, u64)>,
    existing: Option<&Existing>,
    aside: Aside<'_>,
) -> Result<(Made, Index), Stopped> {
    let index = loop {
        let whole;
        (made, whole) = making.mend(made).await?;
        made.generation.damaged.clone_from(&damaged);
        made.generation.subtitles.clone_from(&aside.text.subtitles);
        made.generation.chapters.clone_from(&aside.text.chapters);
        made.generation.captions = aside.text.captions;
        match index::index(making.work, &made, &whole, existing, aside).await? {
            Landed::LookAgain => {}
            Landed::Already(index) => return Ok((made, index)),
            Landed::Flipped(index) => break index,
        }
    };
    let folder = making.folder.join("flipped");
    match (Making { folder: &folder, ..making }).mend(made).await {
        Ok((made, _)) => Ok((made, index)),
        Err(Stopped::Failed(fault)) => {
            Err(Stopped::Failed(take_back::take_back(making.work, existing, &index, fault).await))
        }
        Err(Stopped::Cancelled) => Err(Stopped::Cancelled),
    }
}

/// Takes away what earlier runs left of this reel and nothing serves any more. The reel is published whatever comes of
/// it: what stays is collected by the next run.
async fn collect(work: &Work, index: &Index, chunks: &[FunctionFacts]) {
    let reel = &index.reel;
    let left = |now| leftover::leftovers(reel, Some(index), chunks, now);
    if left(SystemTime::now()).is_empty() {
        return;
    }
    // what that is does not depend on the time, whether it may go does: by AWS's clock
    let Ok(now) = work.storage.now().await else { return };
    let due = left(now).into_iter().filter(|left| left.is_due);
    let names: Vec<String> = due.flat_map(|left| left.functions).collect();
    if names.is_empty() {
        return;
    }
    let retries = Retries::default();
    let line = match work.lease().await {
        Err(error) => error.fault().to_string(),
        Ok(lease) => {
            let removal = Removal { storage: &*work.storage, lease: &lease, reel, retries: &retries };
            let may_go = |index: Option<&Index>, facts: &FunctionFacts, now| {
                leftover::is_left_over(reel, index, facts, now, ORPHANS_KEPT)
            };
            match removal.remove(names, may_go, |_| ()).await {
                Ok(gone) => format!("removed {}, which nothing serves any more", wording::count(gone, "function")),
                Err(error) => format!("{}: what nothing serves any more stays", error.fault()),
            }
        }
    };
    work.report(Event::Log { job: JobName::Index, line });
}

/// A frame that stands for the video; a reel without one plays as well.
async fn poster(work: &Work, tools: &Tools, plan: &MediaPlan) -> Option<Vec<u8>> {
    tokio::select! {
        frame = telling_frame(work, tools, plan) => frame,
        // the ffmpeg of a frame that is dropped is killed
        () = work.control.last_attempt.cancelled() => None,
    }
}

/// Of the sound that players begin with, where that is asked for; a reel of which it can't be told plays as well.
async fn loudness(work: &Work, tools: &Tools, plan: &MediaPlan) -> Option<Loudness> {
    let is_asked = plan.wanted.loudness == WantedLoudness::Measured;
    let stream = &plan.begins_with().filter(|_| is_asked)?.stream;
    let measured = tokio::select! {
        measured = loudness::measure(tools, &work.order.video, stream, None, &work.control.cancel) => measured,
        // the ffmpeg of a run that is dropped is killed
        () = work.control.last_attempt.cancelled() => return None,
    };
    let note = |why| {
        let line = format!("how loud the sound is could not be measured: ffmpeg {why}");
        work.report(Event::Log { job: JobName::Split, line });
    };
    measured.map_err(note).ok()
}

/// How loud the sound was that players begin with, if it was normalized in this run.
fn normalized(work: &Work, plan: &MediaPlan) -> Option<Loudness> {
    let first = plan.begins_with()?.stream.index;
    let own = |part: &&Rendition| part.plan.audio.as_ref().is_some_and(|audio| audio.stream.index == first);
    let measured = *work.renditions.iter().find(own)?.measured.get()?;
    Some(Loudness { normalized_to: audible(&measured).map(|_| TARGET), ..measured })
}

/// From where the video is not black.
async fn telling_frame(work: &Work, tools: &Tools, plan: &MediaPlan) -> Option<Vec<u8>> {
    const WIDTH: u32 = 1280;
    /// Parts of the length, in the order in which they are tried.
    const PLACES: [f64; 5] = [0.1, 0.25, 0.45, 0.65, 0.85];
    let stream = plan.face()?;
    let length = plan.duration.unwrap_or_default();
    let cancel = &work.control.cancel;
    let frame = async |place, brightness| {
        let at = length.mul_f64(place);
        let view = View { tools, video: &work.order.video, stream, max_width: WIDTH, brightness };
        view.at(at, cancel).await.ok()
    };
    if plan.video.is_none() {
        return frame(0.0, Brightness::Any).await;
    }
    for place in PLACES {
        if let Some(lit) = frame(place, Brightness::Lit).await {
            return Some(lit);
        }
        if cancel.is_cancelled() {
            return None;
        }
    }
    frame(PLACES[0], Brightness::Any).await
}

/// The playlist with absolute links, for those who host it elsewhere: the only rendition's, or the one of them all.
async fn copy_playlist(work: &Work, generation: &GenerationIndex, path: &Path) -> Result<(), Stopped> {
    let prefix = format!("{}{}/{}/", work.reached.gate, work.order.reel, work.generation);
    let text = match generation.renditions.iter().next() {
        Some((id, rendition)) if generation.renditions.len() == 1 => {
            playlist::media(id, rendition, Grain::Segments, Links::Chunks { prefix: &prefix })
        }
        _ => multivariant::absolute(generation, &format!("{}{}/", work.reached.gate, work.order.reel)),
    };
    tokio::fs::write(path, text).await.map_err(|error| {
        let what = format!("could not write the playlist's copy `{}`", path.display());
        Stopped::Failed(Fault::permanent(what).because(error))
    })
}
