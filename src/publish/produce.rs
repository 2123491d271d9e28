//! Split, pack and upload side by side, joined by bounded queues. The first that fails ends the others: uploads under
//! way still come to their end, since what they have sent would have to be sent again.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::mpsc::{self, Sender};

use super::{
    pack,
    split::{ClosedSegment, Split, SplitError, SplitSummary},
    upload::{self, Uploaded},
    work::Work,
};
use crate::{
    media::ffmpeg::Tools,
    model::{
        chunk::limits::Sum,
        media::{decide::MediaPlan, facts::Measured},
        reel::generation::SourceHash,
        report::{
            event::{Count, JobName, Unit},
            fault::{Explain, Stopped},
        },
        retry::RetryPolicy,
    },
    remote::deployed::Deployed,
    running::{
        attempt::attempts,
        reporter::{Control, JobHandle},
    },
    state::journal::{Leader, Record},
};

/// Closed segments that may wait for the packing, and packed chunks for their upload. Neither holds content.
const SEGMENTS_QUEUED: usize = 64;
const CHUNKS_QUEUED: usize = 2;

/// The first failure ends the others and is the result.
pub(super) async fn produce(
    work: &Arc<Work>,
    tools: &Tools,
    plan: &MediaPlan,
    folder: &Path,
    deployed: Deployed,
) -> Result<(SplitSummary, Measured, Uploaded), Stopped> {
    let (segments, closed) = mpsc::channel(SEGMENTS_QUEUED);
    let (chunks, packed) = mpsc::channel(CHUNKS_QUEUED);
    let job = work.job(JobName::Split, Unit::MediaTime);
    let reached = job.count().clone();
    let (split, pack, upload, hash) = tokio::join!(
        stage(work, split(work, tools, plan, folder, segments, job)),
        stage(work, pack::pack(work, plan, closed, chunks)),
        stage(work, upload::upload(work, packed, deployed)),
        stage(work, hash(work, plan, &reached)),
    );
    // a stage that was ended tells less than the one that failed
    let faults = [split.as_ref().err(), pack.as_ref().err(), upload.as_ref().err(), hash.as_ref().err()];
    if let Some(stopped) = faults.into_iter().flatten().find(|stopped| matches!(stopped, Stopped::Failed(_))) {
        return Err(stopped.clone());
    }
    hash?;
    Ok((split?, pack?, upload?))
}

/// Behind the split, so that what is hashed has just been read by ffmpeg: a second reader elsewhere in the file would
/// take the disk from it, and from the first upload with it.
async fn hash(work: &Work, plan: &MediaPlan, reached: &Count) -> Result<SourceHash, Stopped> {
    let all = plan.duration.map_or(0, |duration| duration.as_micros());
    let behind = || match all {
        0 => u64::MAX,
        all => (u128::from(work.source.bytes()) * u128::from(reached.get()) / all).try_into().unwrap_or(u64::MAX),
    };
    work.source.read(&work.reporter, &work.control, behind).await
}

/// In the same poll as the failure: a queue that closes behind it must not look like the end of the work.
async fn stage<T>(work: &Work, stage: impl Future<Output = Result<T, Stopped>>) -> Result<T, Stopped> {
    let result = stage.await;
    if result.is_err() {
        work.control.last_attempt.cancel();
    }
    result
}

/// How often ffmpeg is run if it is killed.
const SPLITS_MAX: u32 = 3;

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Split(#[from] SplitError),
    #[error("could not go on splitting: ffmpeg made another segment {0} than the first time")]
    Different(u32),
}

impl Explain for Error {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Split(error) => Some(error),
            Self::Different(_) => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Split(error) => error.hint(),
            Self::Different(_) => Some("Resume: the split begins anew.".into()),
        }
    }
}

/// Segments that were handed on, of all attempts.
#[derive(Default)]
struct HandedOn(Vec<(PathBuf, u64, u64)>);

async fn split(
    work: &Arc<Work>,
    tools: &Tools,
    plan: &MediaPlan,
    folder: &Path,
    segments: Sender<ClosedSegment>,
    job: JobHandle,
) -> Result<SplitSummary, Stopped> {
    let control = work.control.part();
    let policy = RetryPolicy { attempts: work.retry.attempts.min(SPLITS_MAX), ..work.retry };
    let handed_on = tokio::sync::Mutex::new(HandedOn::default());
    let mut runs = 0;
    let attempt = |_| {
        runs += 1;
        let folder = folder.join(runs.to_string());
        let (work, job, control, segments, handed_on) = (work, &job, &control, &segments, &handed_on);
        async move {
            let mut handed_on = handed_on.lock().await;
            handed_on.tidy(folder.parent());
            let split = Attempt { work, tools, plan, folder: &folder, job, control };
            match split.run(segments, &mut handed_on).await {
                Err(Error::Split(SplitError::Cancelled)) => Ok(Err(Stopped::Cancelled)),
                Ok(summary) => Ok(Ok(summary)),
                Err(error) => Err(error),
            }
        }
    };
    let ended = async {
        work.control.last_attempt.cancelled().await;
        control.cancel.cancel();
        std::future::pending().await
    };
    let result = tokio::select! {
        result = attempts(&job, &control, &policy, attempt, |_| ()) => result.and_then(|ended| ended),
        () = ended => Err(Stopped::Cancelled),
    };
    let result = match result {
        Ok(summary) => work.source.unchanged().await.map(|()| summary),
        stopped => stopped,
    };
    job.ended(&result);
    result
}

/// One run of ffmpeg in a folder of its own.
struct Attempt<'a> {
    work: &'a Arc<Work>,
    tools: &'a Tools,
    plan: &'a MediaPlan,
    folder: &'a Path,
    job: &'a JobHandle,
    control: &'a Control,
}

impl Attempt<'_> {
    /// Hands on what earlier attempts did not.
    async fn run(&self, segments: &Sender<ClosedSegment>, handed_on: &mut HandedOn) -> Result<SplitSummary, Error> {
        let room = self.work.backlog.limit();
        let unwritable = |source| SplitError::Write { folder: self.folder.to_owned(), source, room };
        tokio::fs::create_dir_all(self.folder).await.map_err(unwritable)?;
        let note = |leader: &Leader| {
            // without the note an orphan would have to be ended by hand; that is no reason to stop
            let mut journal = self.work.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let _ = journal.append(Record::Splitting { leader: leader.clone() });
        };
        let split = Split {
            tools: self.tools,
            video: &self.work.order.video,
            plan: self.plan,
            segment_length: self.work.order.cut.segment_length,
            folder: self.folder,
            backlog: self.work.backlog.clone(),
            started: &note,
        };
        let Work { order, storage, rendition, beside, .. } = &**self.work;
        let sum = Sum::new(storage.limits(), order.cut.chunk_limit, rendition, self.plan.duration, beside.clone())
            .packed_in(self.plan.packaging);
        let (closed, mut queue) = mpsc::channel::<ClosedSegment>(1);
        let forward = async {
            while let Some(segment) = queue.recv().await {
                self.forward(segment, segments, handed_on).await?;
            }
            Ok(())
        };
        // both in one task: when forwarding ends for good, its queue closes and the split is over too
        let (split, forwarded) = tokio::join!(split.run(sum, closed, self.job, self.control), async {
            let forwarded: Result<(), Error> = forward.await;
            if forwarded.is_err() {
                self.control.cancel.cancel();
            }
            forwarded
        });
        forwarded?;
        Ok(split?)
    }

    async fn forward(
        &self,
        segment: ClosedSegment,
        segments: &Sender<ClosedSegment>,
        handed_on: &mut HandedOn,
    ) -> Result<(), Error> {
        let made = (segment.bytes, segment.duration_us);
        match handed_on.0.get(segment.number as usize) {
            Some((_, bytes, duration_us)) if (*bytes, *duration_us) == made => {
                self.work.remove_segment(&segment.path, segment.bytes).await;
                Ok(())
            }
            Some(_) => Err(Error::Different(segment.number)),
            None => {
                // beside the attempts, of which the next one tidies up after the one before
                let beside = self.folder.parent().unwrap_or(self.folder);
                self.work.samples.take(&segment, self.plan.duration, beside).await;
                handed_on.0.push((segment.path.clone(), segment.bytes, segment.duration_us));
                // the packing is gone only when the work has stopped
                segments.send(segment).await.map_err(|_| Error::Split(SplitError::Cancelled))
            }
        }
    }
}

impl HandedOn {
    /// Frees what a failed attempt left that nobody waits for.
    fn tidy(&self, attempts: Option<&Path>) {
        let folders = attempts.into_iter().filter_map(|path| std::fs::read_dir(path).ok()).flatten().flatten();
        for file in folders.filter_map(|folder| std::fs::read_dir(folder.path()).ok()).flatten().flatten() {
            if !self.0.iter().any(|(path, ..)| *path == file.path()) {
                // what can't be removed now goes with the whole folder
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}
