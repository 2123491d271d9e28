//! The split: ffmpeg cuts the video into pieces, each announced the moment it is closed, and
//! `join` makes segments of them. Knows nothing of chunks, functions or playlists for players.

use std::{cmp::Ordering, collections::VecDeque, fs::Metadata, io, path::Path, time::Duration};

use tokio::{io::AsyncReadExt as _, process::Command, sync::mpsc::Sender};

mod fault;

pub use self::fault::SplitError;
pub use super::backlog::Backlog;
pub use crate::media::cut::open::ClosedSegment;
use crate::{
    media::{
        cut::{
            Segments,
            breaks::Timeline,
            join::{Joining, has_no_room},
            pieces::{BLOCK, Pieces},
            sounds::Sounds,
            stills::{JoinError, Stills},
        },
        ffmpeg::{Leader, Process, Tail, Tools, crashed, describe, killed},
        probe::input_argument,
    },
    model::{
        chunk::limits::Sum,
        media::{
            arguments::{Dialect, input_guard},
            complaints::Complaints,
            damage::{CutOff, Damage},
            decide::{MediaPlan, PIECE},
            facts::Ratio,
            ffmpeg_output::{Lines, Piece, Said, said},
            input::{InputError, InputFault},
            segment::{lengths::Lengths, pieces::piece_length},
        },
    },
    running::reporter::{Control, JobHandle},
};

/// Lines of ffmpeg's that go to the job's log: a damaged file makes it complain of every frame.
const COMPLAINTS_MAX: u32 = 2000;

/// Pieces that are announced and not yet joined before ffmpeg is held: copying, it writes faster than it is followed, and
/// what it is ahead is on the disk beside the backlog.
const AHEAD_MAX: usize = 16;

/// What the split came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitSummary {
    pub segments: u32,
    pub bytes: u64,
    pub duration: Duration,
    /// Every segment begins with an IDR picture (looked up in each): the playlist may claim independent segments.
    pub independent: bool,
    /// Of the source, by what ffmpeg said.
    pub damage: Damage,
    pub timeline: Timeline,
    /// What the index holds of it.
    pub index_bytes: u64,
}

/// Which of a job's microseconds are those of one run of ffmpeg.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub before: u64,
    pub all: u64,
}

impl Share {
    /// All of them; nothing if the video's length is unknown.
    pub fn whole(plan: &MediaPlan) -> Self {
        Self { before: 0, all: plan.duration.map_or(0, |duration| duration.as_micros() as u64) }
    }
}

/// One run of ffmpeg over one video.
pub struct Split<'a> {
    pub tools: &'a Tools,
    pub video: &'a Path,
    pub plan: &'a MediaPlan,
    pub lengths: Lengths,
    /// How long each segment is to last, microseconds, where these are known; beyond them the lengths count.
    pub lengths_us: &'a [u64],
    /// Of a rendition of sound: where the picture breaks, microseconds from where the sound begins.
    pub breaks: &'a [u64],
    /// How far apart keyframes are where they are ours, and pieces of sound that stands alone.
    pub step: Duration,
    pub share: Share,
    /// Of this attempt alone, and empty.
    pub folder: &'a Path,
    pub backlog: Backlog,
    /// Called once when ffmpeg runs, before the first segment: the journal notes whom to end after a crash.
    pub started: &'a (dyn Fn(&Leader) + Send + Sync),
}

impl Split<'_> {
    /// Sends every segment in order as it closes; `sum` takes each in before it waits for those before it, and its first
    /// error ends the split. Returns when all are sent, or when nothing of ffmpeg is left after
    /// a failure, a cancel, or the receiver's end. Counts the job's microseconds of video; does not end the job.
    pub async fn run(
        self,
        sum: Sum,
        segments: Sender<ClosedSegment>,
        job: &JobHandle,
        control: &Control,
    ) -> Result<SplitSummary, SplitError> {
        let dialect = self.tools.dialect(self.plan).await?;
        let before = self.look().await?;
        tokio::fs::metadata(self.folder).await.map_err(|error| self.write_error(error))?;
        if self.share.all > 0 {
            job.sized(self.share.all);
        }
        let process = Process::spawn(self.command(dialect)?)
            .map_err(|error| SplitError::Run(self.tools.ffmpeg.clone(), error))?;
        (self.started)(process.leader());
        let mut run = Run::new(&self, dialect, sum, job, control, segments);
        let status = run.follow(process, control).await?;
        let after = self.look().await?;
        let complaints = run.tail.text();
        if after.len() != before.len() || after.modified().ok() != before.modified().ok() {
            return Err(InputError::new(self.video, InputFault::Changed).into());
        }
        if !status.success() {
            if has_no_room(self.folder) {
                return Err(self.write_error(io::ErrorKind::StorageFull.into()));
            }
            let (video, how) = (self.video.to_owned(), describe(status));
            let (crashed, killed) = (crashed(status), killed(status));
            return Err(SplitError::Failed { video, how, crashed, killed, complaints });
        }
        run.flush(control).await?;
        run.check_length(complaints)?;
        run.summary.damage.merge(&run.heard.damage(self.plan));
        run.summary.index_bytes = run.sum.index_bytes();
        if let Some(duration) = self.plan.duration {
            job.count().set(self.share.before + duration.as_micros() as u64);
        }
        Ok(run.summary.clone())
    }

    async fn look(&self) -> Result<Metadata, SplitError> {
        Ok(tokio::fs::metadata(self.video).await.map_err(|error| InputError::io(self.video, error))?)
    }

    fn write_error(&self, source: io::Error) -> SplitError {
        SplitError::Write { folder: self.folder.to_owned(), source, room: self.backlog.limit() }
    }

    fn failed(&self, how: String, complaints: String) -> SplitError {
        SplitError::Failed { video: self.video.to_owned(), how, crashed: false, killed: false, complaints }
    }

    fn join_error(&self, error: JoinError) -> SplitError {
        match error {
            JoinError::Io(error) => self.write_error(error),
            JoinError::Ffmpeg { how, complaints } => self.failed(how, complaints),
            JoinError::Slow(limit) => {
                self.failed(format!("did not come to an end within {} s", limit.as_secs()), String::new())
            }
            JoinError::Forms(change) => SplitError::Sound { video: self.video.to_owned(), change },
            JoinError::Picture(at) => SplitError::Picture { video: self.video.to_owned(), at },
            JoinError::Cancelled => SplitError::Cancelled,
        }
    }

    /// Runs in the attempt's folder with names of its own, since the hls muxer reads `%` in a path as a pattern.
    fn command(&self, dialect: Dialect) -> Result<Command, SplitError> {
        let input = input_argument(self.video).map_err(|error| InputError::io(self.video, error))?;
        let mut command = Command::new(&self.tools.ffmpeg);
        command.current_dir(self.folder).args(["-nostdin", "-hide_banner", "-loglevel", "warning"]);
        command.args(["-progress", "pipe:2"]).args(input_guard());
        command.args(self.plan.input_arguments()).arg("-i").arg(input);
        command.args(self.plan.arguments(self.step, dialect));
        // sound is cut at its pieces' length, and finer where a segment may have to end at any time
        let cut = if self.breaks.is_empty() { self.step } else { self.step.min(PIECE) };
        command.args(self.plan.muxer_arguments(cut, dialect)).args(self.plan.companions());
        Ok(command)
    }
}

/// Segments that were never sent wait for nobody.
impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.waiting.iter().for_each(|segment| self.split.backlog.remove(segment.bytes));
    }
}

/// A run's state while ffmpeg speaks.
struct Run<'a> {
    split: &'a Split<'a>,
    sum: Sum,
    job: &'a JobHandle,
    segments: Sender<ClosedSegment>,
    /// Closed, and the channel is full: ffmpeg goes on until the backlog is.
    waiting: VecDeque<ClosedSegment>,
    joiner: Segments,
    tail: Tail,
    complaints: u32,
    heard: Complaints,
    /// How far the output reaches by ffmpeg's progress, all streams.
    reached: Duration,
    summary: SplitSummary,
}

impl<'a> Run<'a> {
    fn new(
        split: &'a Split<'a>,
        dialect: Dialect,
        sum: Sum,
        job: &'a JobHandle,
        control: &Control,
        segments: Sender<ClosedSegment>,
    ) -> Self {
        let video = split.plan.video.as_ref().map(|video| &video.stream);
        let frame_rate = video.and_then(|video| video.frame_rate).map(Ratio::get);
        let stills = split.plan.fills.then(|| Stills {
            ffmpeg: split.tools.ffmpeg.clone(),
            segment_length: split.step,
            sample_aspect: video.and_then(|video| video.sample_aspect).map(Ratio::to_text),
            stream_options: split.plan.stream_options(dialect),
            cancel: control.cancel.clone(),
        });
        let (folder, lengths) = (split.folder, split.lengths);
        let sounds = split
            .plan
            .may_re_encode
            .then(|| Sounds { ffmpeg: split.tools.ffmpeg.clone(), cancel: control.cancel.clone() });
        let (lengths_us, breaks) = (split.lengths_us, split.breaks);
        let piece_length = match &split.plan.video {
            Some(_) => piece_length(split.plan.duration),
            None => split.step,
        };
        let joining = Joining { folder, lengths, lengths_us, piece_length, frame_rate, stills, sounds, breaks };
        let joiner = Segments::new(split.plan.packaging, joining);
        let damage = Damage::default();
        let summary = SplitSummary {
            segments: 0,
            bytes: 0,
            duration: Duration::ZERO,
            independent: true,
            damage,
            timeline: Timeline::default(),
            index_bytes: 0,
        };
        let (waiting, tail, reached) = (VecDeque::new(), Tail::default(), Duration::ZERO);
        let heard = Complaints::default();
        Self { split, sum, job, segments, waiting, joiner, tail, complaints: 0, heard, reached, summary }
    }

    /// Until both of ffmpeg's pipes are at their end and it is gone.
    async fn follow(
        &mut self,
        mut process: Process,
        control: &Control,
    ) -> Result<std::process::ExitStatus, SplitError> {
        let mut pieces = Pieces::new(self.split.plan.packaging, self.split.folder.to_owned());
        let mut error_lines = Lines::default();
        let (mut out, mut err) = (Vec::with_capacity(BLOCK), Vec::with_capacity(8192));
        let (mut out_open, mut err_open, mut held) = (true, true, false);
        let mut announced = VecDeque::new();
        let segments = self.segments.clone();
        while out_open || err_open {
            tokio::select! {
                read = process.stdout.read_buf(&mut out), if out_open => {
                    out_open = read.map_err(|error| self.run_error(error))? > 0;
                    announced.extend(pieces.push(&out).await.map_err(|error| self.split.join_error(error.into()))?);
                    out.clear();
                }
                () = std::future::ready(()), if !announced.is_empty() => self.take(announced.pop_front()).await?,
                read = process.stderr.read_buf(&mut err), if err_open => {
                    err_open = read.map_err(|error| self.run_error(error))? > 0;
                    error_lines.push(&err, |line| self.hear(line));
                    err.clear();
                }
                permit = segments.reserve(), if !self.waiting.is_empty() => match permit {
                    Ok(permit) => if let Some(segment) = self.waiting.pop_front() { permit.send(segment) },
                    Err(_) => return self.stop(process).await,
                },
                () = self.split.backlog.changed() => {}
                () = control.cancel.cancelled() => return self.stop(process).await,
            }
            let full = self.split.backlog.is_full() || announced.len() > AHEAD_MAX;
            if full != held {
                if full {
                    process.hold()
                } else {
                    process.release()
                }
                held = full;
            }
        }
        error_lines.end(|line| self.hear(line));
        self.take(announced).await?;
        process.wait().await.map_err(|error| self.run_error(error))
    }

    async fn stop<T>(&self, process: Process) -> Result<T, SplitError> {
        process.stop().await;
        Err(SplitError::Cancelled)
    }

    fn run_error(&self, error: io::Error) -> SplitError {
        SplitError::Run(self.split.tools.ffmpeg.clone(), error)
    }

    fn hear(&mut self, line: &str) {
        match said(line) {
            Said::Time { microseconds } => {
                self.reached = self.reached.max(Duration::from_micros(microseconds));
                self.job.count().set(self.split.share.before + microseconds);
            }
            Said::Progress => {}
            Said::Log(line) => {
                self.tail.push(line);
                self.heard.hear(line, self.split.plan, self.reached);
                self.complaints += 1;
                match self.complaints.cmp(&COMPLAINTS_MAX) {
                    Ordering::Less => self.job.log(line),
                    Ordering::Equal => self.job.log("ffmpeg says more than is kept here"),
                    Ordering::Greater => {}
                }
            }
        }
    }

    async fn take(&mut self, pieces: impl IntoIterator<Item = Piece>) -> Result<(), SplitError> {
        for piece in pieces {
            let closed = match self.joiner.add(&piece).await {
                Err(JoinError::Io(error)) if error.kind() == io::ErrorKind::WriteZero => self.nothing_in_it()?,
                joined => joined.map_err(|error| self.split.join_error(error))?,
            };
            for segment in closed {
                self.close(segment)?;
            }
        }
        Ok(())
    }

    /// A piece without one packet, and the disk has room. That is a video without pictures (or sound), which ends with it; where
    /// others came before, a write has failed.
    fn nothing_in_it(&self) -> Result<Vec<ClosedSegment>, SplitError> {
        if self.joiner.is_empty() {
            return Err(self.empty(self.tail.text()));
        }
        Err(self.split.write_error(io::ErrorKind::StorageFull.into()))
    }

    fn empty(&self, complaints: String) -> SplitError {
        let what = if self.split.plan.video.is_some() { "pictures" } else { "sound" };
        SplitError::Empty { video: self.split.video.to_owned(), what, complaints }
    }

    fn close(&mut self, segment: ClosedSegment) -> Result<(), SplitError> {
        let sum = self.sum.add(segment.bytes, segment.duration_us, segment.discontinuity, &segment.pieces);
        sum.map_err(|source| SplitError::Limit { video: self.split.video.to_owned(), source })?;
        self.split.backlog.add(segment.bytes);
        self.summary.segments += 1;
        self.summary.bytes += segment.bytes;
        self.summary.duration += Duration::from_micros(segment.duration_us);
        self.summary.timeline.add(segment.duration_us, segment.discontinuity);
        self.summary.independent = self.joiner.independent();
        self.waiting.push_back(segment);
        Ok(())
    }

    /// Sends what is left, the last segment with it.
    async fn flush(&mut self, control: &Control) -> Result<(), SplitError> {
        let last = self.joiner.finish().await.map_err(|error| self.split.join_error(error))?;
        for segment in last {
            self.close(segment)?;
        }
        while let Some(segment) = self.waiting.pop_front() {
            tokio::select! {
                sent = self.segments.send(segment) => sent.map_err(|_| SplitError::Cancelled)?,
                () = control.cancel.cancelled() => return Err(SplitError::Cancelled),
            }
        }
        Ok(())
    }

    /// ffmpeg ends with 0 when a file simply stops early.
    fn check_length(&mut self, complaints: String) -> Result<(), SplitError> {
        let (video, made) = (self.split.video.to_owned(), self.reached.max(self.summary.duration));
        let promised = self.split.plan.promised_duration().unwrap_or_default();
        let tolerance = Duration::from_secs(1).max(promised / 100);
        if self.summary.segments == 0 {
            return Err(self.empty(complaints));
        }
        if made + tolerance < promised {
            if !self.split.plan.may_end_early {
                return Err(SplitError::Short { video, made, promised, complaints });
            }
            self.summary.damage.cut_off = Some(CutOff { missing: Some((promised - made, promised)) });
        }
        Ok(())
    }
}
