//! The upload: chunks become functions, several at a time where the line is better used so. What AWS has already, with
//! our hash, is not sent again; what the line can't carry is said before it is sent.

pub mod packed_chunk;
pub mod send;
pub mod slow;
pub mod turns;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::mpsc::Receiver, task::JoinSet};

use super::{
    upload::{
        packed_chunk::PackedChunk,
        send::{Sent, promised, send},
        slow::TooSlow,
        turns::{Number, Turn, Turns},
    },
    work::Work,
};
use crate::{
    model::{
        pace::uploads::Pace,
        reel::{index::ChunkIndex, name::ChunkId},
        report::{
            event::{Event, JobName, Unit},
            fault::{Explain, Fault, Stopped},
        },
    },
    remote::deployed::Deployed,
    running::reporter::JobHandle,
    state::journal::Record,
};

/// Packed chunks that are looked at before their turn comes: the small first ones, and a full one.
const AHEAD: usize = 4;

/// What the upload came to.
#[derive(Debug, Default)]
pub(super) struct Uploaded {
    pub chunks: BTreeMap<ChunkId, ChunkIndex>,
    pub sent_bytes: u64,
}

/// One chunk's end.
struct Done {
    number: Number,
    id: ChunkId,
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
    turns: Arc<Turns>,
    /// In order.
    waiting: VecDeque<PackedChunk>,
    /// How many were begun.
    begun: Number,
    uploaded: Uploaded,
}

impl Uploads {
    fn new(work: Arc<Work>, deployed: Deployed) -> Self {
        let parallel = work.order.parallel_uploads.map(std::num::NonZero::get);
        let pace = Pace::new(parallel, work.retry.signature_life);
        Self {
            work,
            deployed,
            running: JoinSet::new(),
            turns: Arc::new(Turns::new(pace)),
            waiting: VecDeque::new(),
            begun: 0,
            uploaded: Uploaded::default(),
        }
    }

    /// After the first failure those that run come to their end, and none is begun.
    async fn run(&mut self, chunks: &mut Receiver<PackedChunk>, job: &JobHandle) -> Result<(), Stopped> {
        let ending = self.work.control.last_attempt.clone();
        let mut more = true;
        let mut packed = 0;
        let mut failed = None;
        let mut clock = tokio::time::interval(Duration::from_millis(500));
        loop {
            if let Some(fault) = self.too_slow() {
                failed.get_or_insert(fault);
                ending.cancel();
            }
            if ending.is_cancelled() {
                self.waiting.clear();
                more = false;
            }
            while self.may_start() {
                self.start();
            }
            if self.waiting.is_empty() && !more && self.running.is_empty() {
                let ended = if ending.is_cancelled() { Err(Stopped::Cancelled) } else { Ok(()) };
                return failed.map_or(ended, |fault| Err(Stopped::Failed(fault)));
            }
            tokio::select! {
                () = self.work.control.cancel.cancelled() => return Err(Stopped::Cancelled),
                () = ending.cancelled(), if more => {}
                chunk = chunks.recv(), if more && self.waiting.len() < AHEAD => match chunk {
                    Some(chunk) => {
                        packed += chunk.index.bytes;
                        self.waiting.push_back(chunk);
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

    fn may_start(&self) -> bool {
        let next = self.waiting.front();
        !self.work.control.is_paused() && next.is_some_and(|chunk| self.turns.has_room(chunk.code.bytes()))
    }

    /// Why a chunk that waits will not get through, before the smaller ones ahead of it are sent for nothing.
    fn too_slow(&self) -> Option<Fault> {
        let uplink = self.turns.uplink();
        let to_send = self.waiting.iter().filter(|chunk| !self.is_there(chunk));
        let large = to_send.into_iter().find(|chunk| uplink.is_too_slow_for(chunk.code.bytes()))?;
        Some(TooSlow::new(&self.work, large, &uplink).fault())
    }

    /// It was seen, with this content.
    fn is_there(&self, chunk: &PackedChunk) -> bool {
        self.deployed.get(&chunk.id()).is_some_and(|sha256| *sha256 == chunk.index.sha256)
    }

    fn measure(&self, job: &JobHandle) {
        let done: u64 = self.uploaded.chunks.values().map(|chunk| chunk.bytes).sum();
        job.count().set(done + self.turns.sent());
        self.turns.tick();
    }

    fn start(&mut self) {
        let Some(chunk) = self.waiting.pop_front() else { return };
        let is_there = self.is_there(&chunk);
        let ChunkId { rendition, number } = chunk.id();
        let name = JobName::Chunk { rendition, number };
        let job = self.work.job(name, Unit::Bytes);
        job.sized(chunk.index.bytes);
        self.begun += 1;
        self.turns.begin(self.begun, chunk.index.bytes, job.count().clone());
        let turn = Turn { number: self.begun, turns: self.turns.clone() };
        self.running.spawn(deploy(self.work.clone(), chunk, is_there, job, turn));
    }

    fn finish(&mut self, done: Done, job: &JobHandle) {
        self.turns.over(done.number);
        self.uploaded.sent_bytes += done.sent;
        self.uploaded.chunks.insert(done.id, done.index);
        self.measure(job);
    }
}

/// Deploys one chunk, records it and removes its segments.
async fn deploy(
    work: Arc<Work>,
    chunk: PackedChunk,
    is_there: bool,
    job: JobHandle,
    turn: Turn,
) -> Result<Done, Stopped> {
    let result = match (promised(&work, &chunk), is_there) {
        (Err(stopped), _) => Err(stopped),
        (Ok(()), true) => Ok(Sent { bytes: 0, attempts: 0 }),
        (Ok(()), false) => send(&work, &chunk, &job, &turn).await,
    };
    let result = match result {
        Ok(sent) => recorded(&work, &chunk, sent).await.map(|()| sent),
        Err(stopped) => Err(stopped),
    };
    match &result {
        Ok(Sent { bytes: 0, .. }) => job.skipped("already deployed with the same hash"),
        other => job.ended(other),
    }
    result.map(|sent| Done { number: turn.number, id: chunk.id(), index: chunk.index, sent: sent.bytes })
}

async fn recorded(work: &Arc<Work>, chunk: &PackedChunk, sent: Sent) -> Result<(), Stopped> {
    let rendition = chunk.rendition.clone();
    work.record(Record::Deployed { rendition: rendition.clone(), chunk: chunk.index.clone() }).await?;
    work.is_deployed(chunk).await;
    work.report(Event::ChunkDeployed {
        rendition,
        number: chunk.index.number,
        bytes: chunk.index.bytes,
        sent: sent.bytes,
        attempts: sent.attempts,
    });
    Ok(())
}
