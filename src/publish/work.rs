//! What all stages of one publishing run share.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::{samples::Samples, split::Backlog, upload::packed_chunk::PackedChunk};
use crate::{
    media::source::Source,
    model::{
        chunk::limits::Held,
        gate::links::Reached,
        media::{damage::Damage, decide::MediaPlan},
        reel::{
            index::{Alternative, GenerationIndex},
            name::{ChunkId, FunctionName, Generation, RenditionId},
            order::{Order, Origin, Wanted},
        },
        report::{
            event::{Event, JobChange, JobName, Unit},
            fault::{Explain, FaultClass, Stopped},
            loudness::Loudness,
        },
        retry::RetryPolicy,
    },
    running::reporter::{Control, JobHandle, Reporter},
    state::{
        journal::{Journal, Record},
        lock::Claim,
    },
    storage::{
        Storage,
        lease::{Lease, LeaseError},
    },
};

/// Deployed chunks that could not be made again with the same bytes, with their segments on the disk.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Bytes that may still be kept.
    room: u64,
    chunks: BTreeMap<ChunkId, PackedChunk>,
}

impl Kept {
    pub fn up_to(room: u64) -> Self {
        Self { room, chunks: BTreeMap::new() }
    }

    /// False if there is no room for it.
    fn keep(&mut self, chunk: &PackedChunk) -> bool {
        let before = self.chunks.remove(&chunk.id());
        self.room += before.map_or(0, |before| before.index.bytes);
        let Some(room) = self.room.checked_sub(chunk.index.bytes) else { return false };
        self.room = room;
        self.chunks.insert(chunk.id(), chunk.clone());
        true
    }
}

/// One rendition of the reel, and how it is made.
pub(crate) struct Rendition {
    pub id: RenditionId,
    pub plan: MediaPlan,
    pub told: Option<Alternative>,
    /// Segments that are to be decoded before they are promised.
    pub samples: Samples,
    /// How loud its sound is, where that was measured to be normalized.
    pub measured: OnceCell<Loudness>,
}

impl Rendition {
    /// All renditions of a plan, the picture's first if there is one.
    pub fn all(plan: &MediaPlan) -> Vec<Self> {
        let parts = plan.parts();
        let pictures = parts.len() - plan.sounds.len();
        let sounds = plan.sounds.iter().map(|sound| Some(sound.told.clone()));
        let told = std::iter::repeat_n(None, pictures).chain(sounds);
        let ids = RenditionId::all(plan.compatible.is_some());
        let part = |((id, plan), told)| {
            let (samples, measured) = (Samples::default(), OnceCell::new());
            Self { id, plan, told, samples, measured }
        };
        ids.zip(parts).zip(told).map(part).collect()
    }
}

pub(crate) struct Work {
    pub order: Order,
    pub storage: Arc<dyn Storage>,
    pub generation: Generation,
    /// In the order in which they are made.
    pub renditions: Vec<Rendition>,
    /// What was asked for, so that it makes the same again.
    pub wanted: Wanted,
    /// This generation as the deployed index has it, if that serves it: its chunks can't become others.
    pub visible: Mutex<Option<GenerationIndex>>,
    /// `CodeSha256` of the reel's index as it was found, or deployed since; `None`: there was none.
    pub index_code: Mutex<Option<String>>,
    /// What the index will hold beside this generation.
    pub beside: Vec<Held>,
    pub origin: Origin,
    pub source: Arc<Source>,
    /// What was found to be wrong with it while it was split.
    pub heard: Mutex<Damage>,
    /// Where the gate is.
    pub reached: Reached,
    /// It serves all that this program writes; an older one serves segments, and knows nothing of pieces.
    pub gate_is_current: bool,
    /// Cancelled with the whole, or when one stage fails.
    pub control: Control,
    pub reporter: Arc<dyn Reporter>,
    pub retry: RetryPolicy,
    pub backlog: Backlog,
    pub journal: Mutex<Journal>,
    pub claim: Claim,
    pub lease: OnceCell<Arc<Lease>>,
    pub kept: Mutex<Kept>,
}

impl Work {
    /// What was asked for: of a generation that is served, as its index has it.
    pub fn wanted(&self) -> Wanted {
        let visible = self.visible.lock().unwrap_or_else(PoisonError::into_inner);
        visible.as_ref().map_or(self.wanted, |visible| visible.wanted)
    }

    pub fn job(&self, name: JobName, unit: Unit) -> JobHandle {
        JobHandle::queued(self.reporter.clone(), name, unit)
    }

    /// The reel's lease, taken at the first need. If another machine holds it, that is said at once.
    pub async fn lease(&self) -> Result<Arc<Lease>, LeaseError> {
        let Claim { reel, machine, purpose } = &self.claim;
        // one attempt: the caller tries again as for its own calls
        let take = async || Lease::take(&self.storage, reel, machine, purpose.word()).await.map(Arc::new);
        self.lease.get_or_try_init(take).await.cloned()
    }

    /// Gives the lease back, if it was taken.
    pub async fn release(&self) {
        if let Some(lease) = self.lease.get() {
            lease.release().await;
        }
    }

    pub fn report(&self, event: Event) {
        self.reporter.report(event);
    }

    pub fn chunk_function(&self, chunk: &ChunkId) -> FunctionName {
        FunctionName::Chunk {
            reel: self.order.reel.clone(),
            generation: self.generation,
            rendition: chunk.rendition.clone(),
            number: chunk.number,
        }
    }

    pub fn index_function(&self) -> String {
        FunctionName::Index { reel: self.order.reel.clone() }.to_string()
    }

    /// Whether a chunk may have this content: nobody is served another under its name, since the index promises none,
    /// or just this.
    pub fn keeps_promise(&self, chunk: &ChunkId, sha256: &str) -> bool {
        let visible = self.visible.lock().unwrap_or_else(PoisonError::into_inner);
        visible.as_ref().is_none_or(|visible| {
            visible.chunk(&chunk.rendition, chunk.number).is_some_and(|promised| promised.sha256 == sha256)
        })
    }

    /// The index has been deployed.
    pub fn is_visible_as(&self, generation: &GenerationIndex, code_sha256: String) {
        *self.index_code.lock().unwrap_or_else(PoisonError::into_inner) = Some(code_sha256);
        *self.visible.lock().unwrap_or_else(PoisonError::into_inner) = Some(generation.clone());
    }

    /// A chunk is deployed: what it was made of is kept or goes.
    pub async fn is_deployed(&self, chunk: &PackedChunk) {
        let is_kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).keep(chunk);
        for (path, bytes) in &chunk.files {
            if is_kept {
                // it waits for no upload any more
                self.backlog.remove(*bytes);
            } else {
                self.remove_segment(path, *bytes).await;
            }
        }
    }

    /// These chunks, if what they were made of is there still.
    pub fn kept(&self, wanted: &[ChunkId]) -> Option<Vec<PackedChunk>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.iter().map(|id| kept.chunks.get(id).cloned()).collect()
    }

    /// Returns when the record is on the disk. On a full one it waits for the person, if there is one.
    pub async fn record(self: &Arc<Self>, record: Record) -> Result<(), Stopped> {
        loop {
            let (work, record) = (self.clone(), record.clone());
            let written = tokio::task::spawn_blocking(move || {
                work.journal.lock().unwrap_or_else(PoisonError::into_inner).append(record)
            });
            let Err(error) = written.await.expect("writing the journal does not panic") else { return Ok(()) };
            let fault = error.fault();
            if fault.class != FaultClass::NeedsPerson || !self.control.attended {
                return Err(Stopped::Failed(fault));
            }
            self.report(Event::Job { job: JobName::Upload, change: JobChange::Waiting { fault } });
            self.control.retried().await;
            if self.control.cancel.is_cancelled() {
                return Err(Stopped::Cancelled);
            }
        }
    }

    /// What is known to be wrong with the video by now.
    pub fn damage(&self, plan: &MediaPlan) -> Damage {
        let mut damage = plan.damage.clone();
        let ids: Vec<_> = plan.streams().map(|stream| stream.id).collect();
        damage.merge(&self.source.damage_of(&ids));
        damage.merge(&self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        damage
    }

    /// The generation's folder in the state folder.
    pub fn folder(&self) -> std::path::PathBuf {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).folder().to_owned()
    }

    /// Takes a deployed segment's file away; what can't be removed now goes with the attempt's folder.
    pub async fn remove_segment(&self, path: &Path, bytes: u64) {
        let _ = tokio::fs::remove_file(path).await;
        self.backlog.remove(bytes);
    }
}
