//! What all stages of one publishing run share.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    journal::{Journal, Record},
    reporter::{Control, JobHandle, Reporter},
    request::Request,
    split::Backlog,
};
use crate::{
    cloud::Cloud,
    reel::{
        event::{Event, JobChange, JobName, Unit},
        fault::{Explain, FaultClass, Stopped},
        index::{ChunkIndex, GenerationIndex},
        name::{ChunkNumber, FunctionName, Generation, RenditionId},
        retry::RetryPolicy,
    },
};

/// What a generation was made from and with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// [`crate::reel::generation::SourcePrint`] as text.
    pub source: String,
    /// Version.
    pub ffmpeg: String,
}

impl Origin {
    const SOURCE_TAG: &str = "zipreel:source";
    const FFMPEG_TAG: &str = "zipreel:ffmpeg";

    /// Why `now` makes other bytes, in words that follow a colon; `None` if it is neither of the two.
    pub fn difference(&self, now: &Self) -> Option<String> {
        if self.source != now.source {
            return Some("the video has changed since".to_owned());
        }
        let (before, now) = (&self.ffmpeg, &now.ffmpeg);
        (before != now).then(|| format!("it was begun with ffmpeg {before}, and this is ffmpeg {now}"))
    }

    /// For the chunks' functions, so that another machine can tell too.
    pub fn tags(&self) -> [(String, String); 2] {
        // of these AWS takes letters, digits, spaces and _.:/=+-@
        let legal = |text: &str| {
            let legal = |c: char| if c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c) { c } else { '_' };
            text.chars().map(legal).take(200).collect::<String>()
        };
        [(Self::SOURCE_TAG.to_owned(), legal(&self.source)), (Self::FFMPEG_TAG.to_owned(), legal(&self.ffmpeg))]
    }

    pub fn of_tags(tags: &HashMap<String, String>) -> Option<Self> {
        Some(Self { source: tags.get(Self::SOURCE_TAG)?.clone(), ffmpeg: tags.get(Self::FFMPEG_TAG)?.clone() })
    }
}

pub(super) struct Work {
    pub request: Request,
    pub cloud: Cloud,
    pub generation: Generation,
    pub rendition: RenditionId,
    /// This generation as the deployed index has it, if that serves it: its chunks can't become others.
    pub visible: Option<GenerationIndex>,
    pub origin: Origin,
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

    /// Whether a chunk of our name that has other content may be given this one: nobody is served the old content, or
    /// this is what the index promises.
    pub fn may_replace(&self, chunk: &ChunkIndex) -> bool {
        self.visible.as_ref().is_none_or(|visible| {
            visible.chunk(&self.rendition, chunk.number).is_some_and(|promised| promised.sha256 == chunk.sha256)
        })
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
