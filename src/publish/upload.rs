//! The upload: chunks become functions, several at a time. Each attempt is one request that streams from the
//! segments' files; what AWS has already, with our hash, is not sent again.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::mpsc::Receiver, task::JoinSet};

use super::{attempt::attempts, lane::Lane, pack::PackedChunk, reporter::JobHandle, work::Work};
use crate::{
    cloud::{CloudError, LeaseError, error::TIMED_OUT, functions::NewFunction},
    reel::{
        describe,
        event::{Event, JobName, Unit},
        fault::{Explain, Fault, FaultClass, Stopped},
        index::ChunkIndex,
        name::{ChunkNumber, ReelName},
        pack::MIB,
    },
    state::journal::Record,
};

/// Chunks of this generation that are deployed already: number to `CodeSha256`.
pub(super) type Deployed = HashMap<ChunkNumber, String>;

/// What the upload came to.
#[derive(Debug, Default)]
pub(super) struct Uploaded {
    pub chunks: BTreeMap<ChunkNumber, ChunkIndex>,
    pub sent_bytes: u64,
}

/// One chunk's end.
struct Done {
    index: ChunkIndex,
    sent: u64,
}

/// Runs until the chunks end and each is deployed.
pub(super) async fn upload(
    work: &Arc<Work>,
    mut chunks: Receiver<PackedChunk>,
    deployed: Deployed,
) -> Result<Uploaded, Stopped> {
    let job = work.job(JobName::Upload, Unit::Bytes);
    job.started(1);
    let mut uploads = Uploads::new(work.clone(), deployed);
    let result = uploads.run(&mut chunks, &job).await;
    // their futures end by the cancelled control; a row of a dropped one would say that it failed
    while uploads.running.join_next().await.is_some() {}
    job.ended(&result);
    result.map(|()| uploads.uploaded)
}

struct Uploads {
    work: Arc<Work>,
    deployed: Deployed,
    running: JoinSet<Result<Done, Stopped>>,
    lane: Arc<Lane>,
    measured: (Instant, u64),
    uploaded: Uploaded,
}

impl Uploads {
    fn new(work: Arc<Work>, deployed: Deployed) -> Self {
        let parallel = work.order.parallel_uploads.map(std::num::NonZero::get);
        let lane = Arc::new(Lane::new(parallel, work.order.cut.chunk_limit));
        Self {
            work,
            deployed,
            running: JoinSet::new(),
            lane,
            measured: (Instant::now(), 0),
            uploaded: Uploaded::default(),
        }
    }

    /// After the first failure those that run come to their end, and none is begun.
    async fn run(&mut self, chunks: &mut Receiver<PackedChunk>, job: &JobHandle) -> Result<(), Stopped> {
        let ending = self.work.control.last_attempt.clone();
        let mut next: Option<PackedChunk> = None;
        let mut more = true;
        let mut packed = 0;
        let mut failed = None;
        let mut clock = tokio::time::interval(Duration::from_millis(500));
        loop {
            if ending.is_cancelled() {
                (next, more) = (None, false);
            }
            if let Some(chunk) = next.take_if(|chunk| self.may_start(chunk.code.bytes())) {
                self.start(chunk);
            }
            if next.is_none() && !more && self.running.is_empty() {
                let ended = if ending.is_cancelled() { Err(Stopped::Cancelled) } else { Ok(()) };
                return failed.map_or(ended, |fault| Err(Stopped::Failed(fault)));
            }
            tokio::select! {
                () = self.work.control.cancel.cancelled() => return Err(Stopped::Cancelled),
                () = ending.cancelled(), if more => {}
                chunk = chunks.recv(), if next.is_none() && more => match chunk {
                    Some(chunk) => {
                        packed += chunk.index.bytes;
                        next = Some(chunk);
                    }
                    None => {
                        more = false;
                        job.sized(packed);
                    }
                },
                Some(done) = self.running.join_next() => match done.expect("an upload does not panic") {
                    Ok(done) => self.finish(done, job),
                    Err(Stopped::Failed(fault)) => {
                        failed.get_or_insert(fault);
                        ending.cancel();
                    }
                    Err(Stopped::Cancelled) => {}
                },
                _ = clock.tick() => self.measure(job),
            }
        }
    }

    fn may_start(&self, bytes: u64) -> bool {
        !self.work.control.is_paused() && self.lane.has_room(bytes)
    }

    fn measure(&mut self, job: &JobHandle) {
        let (since, before) = self.measured;
        let running = self.lane.sent();
        let now = self.uploaded.sent_bytes + running;
        // a full socket takes more only once a third of it is empty: the time until then belongs to what it takes
        if now != before || !self.lane.sends() {
            self.measured = (Instant::now(), now);
            self.lane.moved(now.saturating_sub(before), since.elapsed());
        }
        let done: u64 = self.uploaded.chunks.values().map(|chunk| chunk.bytes).sum();
        job.count().set(done + running);
    }

    fn start(&mut self, chunk: PackedChunk) {
        let number = chunk.index.number;
        let name = JobName::Chunk { rendition: self.work.rendition.clone(), number };
        let job = self.work.job(name, Unit::Bytes);
        job.sized(chunk.index.bytes);
        self.lane.begin(number, chunk.index.bytes, job.count().clone());
        let there = match self.deployed.get(&number) {
            None => There::Nothing,
            Some(sha256) if *sha256 == chunk.index.sha256 => There::Same,
            Some(_) => There::Other,
        };
        self.running.spawn(deploy(self.work.clone(), chunk, there, job, self.lane.clone()));
    }

    fn finish(&mut self, done: Done, job: &JobHandle) {
        self.lane.over(done.index.number, done.sent > 0);
        self.uploaded.sent_bytes += done.sent;
        self.uploaded.chunks.insert(done.index.number, done.index);
        self.measure(job);
    }
}

/// What the list showed under a chunk's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Nothing,
    Same,
    Other,
}

/// Deploys one chunk, records it and removes its segments.
async fn deploy(
    work: Arc<Work>,
    chunk: PackedChunk,
    there: There,
    job: JobHandle,
    lane: Arc<Lane>,
) -> Result<Done, Stopped> {
    let result = match there {
        _ if !work.keeps_promise(&chunk.index) => {
            let name = work.chunk_function(chunk.index.number).to_string();
            Err(Stopped::Failed(Error::Published { name }.fault()))
        }
        There::Same => Ok(Sent { bytes: 0, attempts: 0 }),
        _ => send(&work, &chunk, there, &job, &lane).await,
    };
    let result = match result {
        Ok(sent) => recorded(&work, &chunk, sent).await.map(|()| sent),
        Err(stopped) => Err(stopped),
    };
    match &result {
        Ok(Sent { bytes: 0, .. }) => job.skipped("already deployed with the same hash"),
        other => job.ended(other),
    }
    result.map(|sent| Done { index: chunk.index, sent: sent.bytes })
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    bytes: u64,
    attempts: u32,
}

async fn recorded(work: &Arc<Work>, chunk: &PackedChunk, sent: Sent) -> Result<(), Stopped> {
    let rendition = work.rendition.clone();
    work.record(Record::Deployed { rendition: rendition.clone(), chunk: chunk.index.clone() }).await?;
    for (path, bytes) in &chunk.files {
        work.remove_segment(path, *bytes).await;
    }
    work.report(Event::ChunkDeployed {
        rendition,
        number: chunk.index.number,
        bytes: chunk.index.bytes,
        sent: sent.bytes,
        attempts: sent.attempts,
    });
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error("function `{name}` is there and is not this reel's")]
    Foreign { name: String },
    #[error("function `{name}` is published with other content than was made now")]
    Published { name: String },
    #[error("someone else published `{reel}` meanwhile, and function `{name}` with it")]
    Overtaken { reel: ReelName, name: String },
    #[error("function `{name}` is {state}")]
    Unsettled { name: String, state: &'static str },
}

impl Explain for Error {
    fn class(&self) -> FaultClass {
        match self {
            Self::Cloud(error) => error.class(),
            Self::Lease(error) => error.class(),
            Self::Foreign { .. } | Self::Published { .. } | Self::Overtaken { .. } => FaultClass::Permanent,
            Self::Unsettled { .. } => FaultClass::Transient,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cloud(error) => error.hint(),
            Self::Lease(error) => error.hint(),
            Self::Foreign { .. } => Some("Delete that function, or choose another --name.".into()),
            Self::Published { .. } => Some(
                "Re-encoding on this machine, or with this ffmpeg, gives other bytes. Repair with those it was made \
                 with, or publish a new generation: --replace with another --chunk-mib or --segment-seconds."
                    .into(),
            ),
            Self::Overtaken { .. } => Some("Look at what was published, then publish again to replace it.".into()),
            Self::Unsettled { .. } => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Cloud(error) => error.retry_after(),
            Self::Lease(error) => error.retry_after(),
            _ => None,
        }
    }

    fn is_offline(&self) -> bool {
        match self {
            Self::Cloud(error) => error.is_offline(),
            Self::Lease(error) => error.is_offline(),
            _ => false,
        }
    }
}

async fn send(
    work: &Arc<Work>,
    chunk: &PackedChunk,
    there: There,
    job: &JobHandle,
    lane: &Lane,
) -> Result<Sent, Stopped> {
    let name = work.chunk_function(chunk.index.number);
    let new = NewFunction {
        name: name.to_string(),
        description: describe::chunk(&name),
        tags: describe::tags(&name)
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .chain(work.origin.tags())
            .collect(),
    };
    let create = |attempt| {
        let new = &new;
        async move {
            tokio::select! {
                () = lane.turn(chunk.index.number) => {}
                () = work.control.last_attempt.cancelled() => return Ok(None),
            }
            if there == There::Other && attempt == 1 {
                // a request with the whole chunk in it would only be refused
                settle(work, new, chunk, job).await?;
                return Ok(Some(Sent { bytes: chunk.code.bytes(), attempts: attempt }));
            }
            work.lease().await?;
            let created = work.cloud.create_function(new, &chunk.code, job.count()).await;
            match created {
                Ok(_) => {}
                Err(error) if error.is_conflict() => settle(work, new, chunk, job).await?,
                Err(error) => return Err(Error::Cloud(error)),
            }
            Ok(Some(Sent { bytes: chunk.code.bytes(), attempts: attempt }))
        }
    };
    let failed = |error: &Error| {
        let held_back = matches!(error, Error::Cloud(error)
            if error.is_throttle() || error.is_signature_age() || error.code == "Timeout");
        lane.failed(chunk.index.number, held_back);
    };
    match attempts(job, &work.control, &work.retry, create, failed).await {
        Err(Stopped::Failed(fault)) => Err(Stopped::Failed(if_too_slow(fault, chunk.code.bytes(), lane.fitting_mib()))),
        result => result?.ok_or(Stopped::Cancelled),
    }
}

/// The name is taken. By us, with the same content, is success: an answer was lost, or another run did it. Other
/// content of ours (re-encoded by another machine, damaged) is replaced, unless someone may be watching it.
async fn settle(work: &Work, new: &NewFunction, chunk: &PackedChunk, job: &JobHandle) -> Result<(), Error> {
    let name = || new.name.clone();
    // deleted since it was met: the next attempt creates it
    let gone = || Error::Unsettled { name: name(), state: "being deleted" };
    let facts = work.cloud.function(&new.name).await?.ok_or_else(gone)?;
    match facts.state.as_deref() {
        _ if facts.description != new.description => return Err(Error::Foreign { name: name() }),
        Some("Deleting") => return Err(gone()),
        Some("Failed") => {
            work.cloud.delete_function(&new.name, &work.lease().await?.fresh().await?).await?;
            return Err(Error::Unsettled { name: name(), state: "made anew, since it had failed" });
        }
        _ if facts.code_sha256 == chunk.index.sha256 => return Ok(()),
        _ => {}
    }
    job.log("other content is deployed under this name: it is replaced");
    let lease = work.lease().await?;
    let fresh = lease.fresh().await?;
    // before the lease was ours, another machine may have published what is under this name
    if work.cloud.function(&work.index_function()).await?.map(|index| index.code_sha256) != work.index_code {
        return Err(Error::Overtaken { reel: work.order.reel.clone(), name: name() });
    }
    work.cloud.replace_code(&new.name, facts.revision.as_deref(), &chunk.code, job.count(), &fresh).await?;
    Ok(())
}

/// Signatures that grew too old, attempt after attempt. A sign-in that expired says so too, and is a person's matter.
fn is_signature_age(fault: &Fault) -> bool {
    fault.class == FaultClass::Transient && fault.cause.as_deref().is_some_and(|cause| cause.contains("expired"))
}

/// With what to do if the uplink is why. `fitting_mib`: the largest chunk that it carries in time, if that is known.
fn if_too_slow(fault: Fault, bytes: u64, fitting_mib: Option<u64>) -> Fault {
    // an attempt is given up when its signature ends: at the slowest, AWS has no occasion to refuse it
    let timed_out = fault.class == FaultClass::Transient && fault.cause.as_deref() == Some(TIMED_OUT);
    let is_too_large = fitting_mib.is_some_and(|mib| bytes > mib * MIB);
    if !(is_signature_age(&fault) || timed_out && is_too_large) {
        return fault;
    }
    let hint = match fitting_mib {
        Some(mib) => {
            format!("The uplink is too slow for this chunk size. Publish again with --chunk-mib {mib} or less.")
        }
        None => "The uplink is too slow for this chunk size, or this machine's clock is wrong.".to_owned(),
    };
    fault.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expired_sign_in_is_not_taken_for_a_slow_uplink() {
        let cause = |class, cause: &str| Fault { class, ..Fault::permanent("could not create").because(cause) };
        assert!(is_signature_age(&cause(FaultClass::Transient, "Signature expired: 20261122T100000Z is now earlier")));
        let signed_out = "The security token included in the request is expired";
        assert!(!is_signature_age(&cause(FaultClass::NeedsPerson, signed_out)));
    }

    #[test]
    fn attempts_that_ran_out_of_time_name_the_chunk_size_that_fits() {
        let late = Fault { class: FaultClass::Transient, ..Fault::permanent("could not create").because(TIMED_OUT) };
        let hint = |bytes, fitting| if_too_slow(late.clone(), bytes, fitting).hint;
        assert!(hint(32 * MIB, Some(7)).unwrap().contains("--chunk-mib 7 or less"));
        assert_eq!(hint(MIB, Some(7)), None, "the uplink carries that: something else was slow");
        assert_eq!(hint(MIB, None), None);
    }
}
