//! What all stages of one publishing run share.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    journal::{Journal, Record},
    reporter::{Control, JobHandle, Reporter},
    request::Request,
    split::Backlog,
};
use crate::{
    cloud::Cloud,
    reel::{
        event::{Event, JobName, Unit},
        fault::{Explain, Stopped},
        name::{ChunkNumber, FunctionName, Generation, RenditionId},
        retry::RetryPolicy,
    },
};

pub(super) struct Work {
    pub request: Request,
    pub cloud: Cloud,
    pub generation: Generation,
    pub rendition: RenditionId,
    /// Public base URL of the gate, with a slash at its end.
    pub gate: String,
    /// Cancelled with the whole, or when one stage fails.
    pub control: Control,
    pub reporter: Arc<dyn Reporter>,
    pub retry: RetryPolicy,
    pub backlog: Backlog,
    pub journal: Mutex<Journal>,
}

impl Work {
    pub fn job(&self, name: JobName, unit: Unit) -> JobHandle {
        JobHandle::queued(self.reporter.clone(), name, unit)
    }

    pub fn report(&self, event: Event) {
        self.reporter.report(event);
    }

    pub fn chunk_function(&self, number: ChunkNumber) -> FunctionName {
        FunctionName::Chunk {
            reel: self.request.reel.clone(),
            generation: self.generation,
            rendition: self.rendition.clone(),
            number,
        }
    }

    pub fn index_function(&self) -> String {
        FunctionName::Index { reel: self.request.reel.clone() }.to_string()
    }

    /// Returns when the record is on the disk.
    pub async fn record(self: &Arc<Self>, record: Record) -> Result<(), Stopped> {
        let work = self.clone();
        let written = tokio::task::spawn_blocking(move || {
            work.journal.lock().unwrap_or_else(PoisonError::into_inner).append(record)
        });
        written.await.expect("writing the journal does not panic").map_err(|error| Stopped::Failed(error.fault()))
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
