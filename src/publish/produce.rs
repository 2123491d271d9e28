//! Split, pack and upload side by side, joined by bounded queues; renditions one after the other. The first stage that
//! fails ends the others: uploads under way still come to their end, since what they have sent would have to be sent
//! again.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::mpsc::{self, Sender};

use super::{
    pack::{self, Closed, PackedRendition},
    split::{ClosedSegment, Share, Split, SplitError, SplitSummary},
    upload::{self, Uploaded},
    work::{Rendition, Work},
};
use crate::{
    media::{
        cut::breaks::Timeline,
        ffmpeg::Tools,
        loudness::{Unmeasured, measure},
    },
    model::{
        chunk::{
            self,
            limits::{Held, Sum},
        },
        hls::playlist,
        media::{
            damage::Damage,
            decide::MediaPlan,
            segment::{lengths::Lengths, pieces::SOUND_PIECE_LENGTH},
            streams::loudness,
        },
        reel::{generation::SourceHash, order::Cut},
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

/// What is made in one go.
pub(super) struct Batch<'a> {
    pub work: &'a Arc<Work>,
    pub tools: &'a Tools,
    pub folder: &'a Path,
    /// In order; the picture's is the first, if it is among them.
    pub parts: Vec<&'a Rendition>,
    /// The picture's, if that is there already.
    pub picture: Option<Timeline>,
    /// What the index holds beside these.
    pub held: Vec<Held>,
}

/// What came of it.
pub(super) struct Produced {
    pub parts: Vec<PackedRendition>,
    pub uploaded: Uploaded,
    /// Of the source.
    pub heard: Damage,
}

impl Batch<'_> {
    /// The first failure ends the others and is the result.
    pub async fn produce(&self, deployed: Deployed) -> Result<Produced, Stopped> {
        let work = self.work;
        let (segments, closed) = mpsc::channel(SEGMENTS_QUEUED);
        let (chunks, packed) = mpsc::channel(CHUNKS_QUEUED);
        let job = work.job(JobName::Split, Unit::MediaTime);
        let reached = job.count().clone();
        let (split, pack, upload, hash) = tokio::join!(
            stage(work, self.split(segments, job)),
            stage(work, pack::pack(work, &self.parts, closed, chunks)),
            stage(work, upload::upload(work, packed, deployed)),
            stage(work, self.hash(&reached)),
        );
        // a stage that was ended tells less than the one that failed
        let faults = [split.as_ref().err(), pack.as_ref().err(), upload.as_ref().err(), hash.as_ref().err()];
        if let Some(stopped) = faults.into_iter().flatten().find(|stopped| matches!(stopped, Stopped::Failed(_))) {
            return Err(stopped.clone());
        }
        hash?;
        Ok(Produced { heard: split?, parts: pack?, uploaded: upload? })
    }

    /// Behind the split, so that what is hashed has just been read by ffmpeg: a second reader elsewhere in the file would
    /// take the disk from it, and from the first upload with it.
    async fn hash(&self, reached: &Count) -> Result<SourceHash, Stopped> {
        let Work { source, reporter, control, .. } = &**self.work;
        let all = self.one_run();
        let behind = || match all {
            0 => u64::MAX,
            all => (u128::from(source.bytes()) * u128::from(reached.get()) / u128::from(all))
                .try_into()
                .unwrap_or(u64::MAX),
        };
        source.read(reporter, control, behind).await
    }

    /// Microseconds of the video; 0 if they are unknown.
    fn one_run(&self) -> u64 {
        self.parts.first().map_or(0, |part| Share::whole(&part.plan).all)
    }
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

/// Segments of the rendition under way that were handed on, of all attempts.
#[derive(Default)]
struct HandedOn(Vec<(PathBuf, u64, u64)>);

/// How far the attempts have got.
#[derive(Default)]
struct Progress {
    finished: Vec<SplitSummary>,
    handed_on: HandedOn,
}

impl Batch<'_> {
    /// Gives what was heard of the source.
    async fn split(&self, segments: Sender<Closed>, job: JobHandle) -> Result<Damage, Stopped> {
        let work = self.work;
        let control = work.control.part();
        let policy = RetryPolicy { attempts: work.retry.attempts.min(SPLITS_MAX), ..work.retry };
        let progress = tokio::sync::Mutex::new(Progress::default());
        let mut runs = 0;
        let attempt = |_| {
            runs += 1;
            let attempt = Attempt { batch: self, number: runs, job: &job, control: &control };
            let (segments, progress) = (&segments, &progress);
            async move {
                match attempt.run(segments, &mut *progress.lock().await).await {
                    Err(Error::Split(SplitError::Cancelled)) => Ok(Err(Stopped::Cancelled)),
                    Ok(()) => Ok(Ok(())),
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
            Ok(()) => work.source.unchanged().await,
            stopped => stopped,
        };
        job.ended(&result);
        result?;
        let mut heard = Damage::default();
        progress.lock().await.finished.iter().for_each(|summary| heard.merge(&summary.damage));
        Ok(heard)
    }
}

/// Runs of ffmpeg, one for each rendition that no earlier attempt has finished.
struct Attempt<'a> {
    batch: &'a Batch<'a>,
    number: u32,
    job: &'a JobHandle,
    control: &'a Control,
}

impl Attempt<'_> {
    async fn run(&self, segments: &Sender<Closed>, progress: &mut Progress) -> Result<(), Error> {
        while let Some(part) = self.batch.parts.get(progress.finished.len()) {
            let folder = self.batch.folder.join(part.id.as_str());
            progress.handed_on.tidy(&folder);
            let run = Run { attempt: self, part, folder: &folder.join(self.number.to_string()) };
            let summary = run.run(segments, progress).await?;
            segments.send(Closed::End(summary.independent)).await.map_err(|_| Error::Split(SplitError::Cancelled))?;
            progress.handed_on = HandedOn::default();
            progress.finished.push(summary);
        }
        Ok(())
    }
}

/// One run of ffmpeg in a folder of its own.
struct Run<'a> {
    attempt: &'a Attempt<'a>,
    part: &'a Rendition,
    folder: &'a Path,
}

impl Run<'_> {
    /// The picture's, once that is made; none where sound stands alone.
    fn picture<'a>(&'a self, progress: &'a Progress) -> Option<&'a Timeline> {
        let batch = self.attempt.batch;
        let made = progress.finished.first().map(|summary| &summary.timeline);
        let is_there = batch.work.renditions.first().is_some_and(|part| part.plan.video.is_some());
        batch.picture.as_ref().or(made).filter(|_| is_there)
    }

    /// Of sound, as long as those of the picture may be at most: each segment is a request of its own.
    fn lengths(&self, progress: &Progress) -> Lengths {
        let own = self.attempt.batch.work.order.cut;
        let cut = match self.picture(progress).filter(|_| self.part.told.is_some()) {
            Some(picture) => Cut {
                segment_length: Duration::from_secs(playlist::target_duration(picture.lengths_us.iter().copied())),
                grows: own.grows(),
                ..own
            },
            None => own,
        };
        chunk::pack::lengths(&cut, self.part.plan.video.is_some())
    }

    /// As [`Split::step`].
    fn step(&self, lengths: &Lengths) -> Duration {
        let cut = &self.attempt.batch.work.order.cut;
        match self.part.plan.video {
            Some(_) => cut.keyframe_length(),
            // as many as make a segment
            None if cut.grows() => {
                let longest = lengths.longest();
                longest / longest.div_duration_f64(SOUND_PIECE_LENGTH).ceil().max(1.0) as u32
            }
            None => lengths.longest(),
        }
    }

    /// Where a picture is cut that stands beside another.
    fn as_picture(&self, progress: &Progress) -> Vec<u64> {
        let picture = self.picture(progress).filter(|_| self.part.plan.beside_copy);
        picture.map_or(Vec::new(), |picture| picture.lengths_us.clone())
    }

    /// Where sound beside the picture breaks: where that does.
    fn breaks(&self, progress: &Progress) -> Vec<u64> {
        let picture = self.picture(progress).filter(|_| self.part.told.is_some());
        picture.map_or(Vec::new(), |picture| picture.breaks_from(self.later_us()))
    }

    /// How much later than the picture this sound begins, microseconds.
    fn later_us(&self) -> i64 {
        let picture = self.attempt.batch.work.renditions.first().and_then(|part| part.plan.video.as_ref());
        let starts = [self.part.plan.audio.as_ref(), picture].map(|plan| plan.and_then(|plan| plan.stream.start));
        let [Some(sound), Some(picture)] = starts else { return 0 };
        ((sound - picture) * 1e6) as i64
    }

    /// With how loud its sound is, if that is to be normalized.
    async fn measured_plan(&self) -> Result<MediaPlan, SplitError> {
        let Attempt { batch, control, .. } = *self.attempt;
        let plan = self.part.plan.clone();
        let Some(audio) = plan.audio.as_ref().filter(|_| plan.wanted.loudness.is_normalized()) else {
            return Ok(plan);
        };
        let video = &batch.work.order.video;
        let encoded = loudness::encoded();
        let measure = || measure(batch.tools, video, &audio.stream, Some(&encoded), &control.cancel);
        match self.part.measured.get_or_try_init(measure).await {
            Ok(measured) => Ok(MediaPlan { measured: Some(*measured), ..plan }),
            Err(Unmeasured::Cancelled) => Err(SplitError::Cancelled),
            Err(Unmeasured::Failed(how)) => Err(SplitError::Failed {
                video: video.clone(),
                how: format!("{how}, while it measured how loud the sound is"),
                crashed: false,
                killed: false,
                complaints: String::new(),
            }),
        }
    }

    /// Hands on what earlier attempts did not.
    async fn run(&self, segments: &Sender<Closed>, progress: &mut Progress) -> Result<SplitSummary, Error> {
        let Attempt { batch, job, control, .. } = *self.attempt;
        let Batch { work, tools, parts, .. } = batch;
        let plan = &self.measured_plan().await?;
        let room = work.backlog.limit();
        let unwritable = |source| SplitError::Write { folder: self.folder.to_owned(), source, room };
        tokio::fs::create_dir_all(self.folder).await.map_err(unwritable)?;
        let note = |leader: &Leader| {
            // without the note an orphan would have to be ended by hand; that is no reason to stop
            let mut journal = work.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let _ = journal.append(Record::Splitting { leader: leader.clone() });
        };
        let (one, done) = (batch.one_run(), progress.finished.len() as u64);
        let lengths = self.lengths(progress);
        let split = Split {
            tools,
            video: &work.order.video,
            plan,
            step: self.step(&lengths),
            lengths,
            lengths_us: &self.as_picture(progress),
            breaks: &self.breaks(progress),
            share: Share { before: one * done, all: one * parts.len() as u64 },
            folder: self.folder,
            backlog: work.backlog.clone(),
            started: &note,
        };
        let finished = progress.finished.iter().map(|summary| Held { bytes: summary.index_bytes, until: None });
        let held = batch.held.iter().cloned().chain(finished).collect();
        let sum = Sum::new(work.storage.limits(), work.order.cut.chunk_limit, &self.part.id, plan.duration, held)
            .packed_in(plan.packaging);
        let (closed, mut queue) = mpsc::channel::<ClosedSegment>(1);
        let handed_on = &mut progress.handed_on;
        let forward = async {
            while let Some(segment) = queue.recv().await {
                self.forward(segment, segments, handed_on).await?;
            }
            Ok(())
        };
        // both in one task: when forwarding ends for good, its queue closes and the split is over too
        let (split, forwarded) = tokio::join!(split.run(sum, closed, job, control), async {
            let forwarded: Result<(), Error> = forward.await;
            if forwarded.is_err() {
                control.cancel.cancel();
            }
            forwarded
        });
        forwarded?;
        Ok(split?)
    }

    async fn forward(
        &self,
        segment: ClosedSegment,
        segments: &Sender<Closed>,
        handed_on: &mut HandedOn,
    ) -> Result<(), Error> {
        let work = self.attempt.batch.work;
        let made = (segment.bytes, segment.duration_us);
        match handed_on.0.get(segment.number as usize) {
            Some((_, bytes, duration_us)) if (*bytes, *duration_us) == made => {
                work.remove_segment(&segment.path, segment.bytes).await;
                Ok(())
            }
            Some(_) => Err(Error::Different(segment.number)),
            None => {
                // beside the attempts, of which the next one tidies up after the one before
                let beside = self.folder.parent().unwrap_or(self.folder);
                self.part.samples.take(&segment, self.part.plan.duration, beside).await;
                handed_on.0.push((segment.path.clone(), segment.bytes, segment.duration_us));
                // the packing is gone only when the work has stopped
                segments.send(Closed::Segment(segment)).await.map_err(|_| Error::Split(SplitError::Cancelled))
            }
        }
    }
}

impl HandedOn {
    /// Frees what a failed attempt left that nobody waits for.
    fn tidy(&self, attempts: &Path) {
        let folders = std::fs::read_dir(attempts).into_iter().flatten().flatten();
        for file in folders.filter_map(|folder| std::fs::read_dir(folder.path()).ok()).flatten().flatten() {
            if !self.0.iter().any(|(path, ..)| *path == file.path()) {
                // what can't be removed now goes with the whole folder
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}
