//! What was begun and not published, by the journals in the state folder. Reads only: whether it can still go on is
//! found out by going on.

use std::{
    collections::HashMap,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    journal::{self, Began, Record},
    request::{IfTaken, Interrupted, Request, Target, Transcode},
};
use crate::reel::{
    ledger,
    name::{Generation, ReelName},
    retry::RetryPolicy,
};

/// A reel that was begun and not published.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumable {
    pub reel: ReelName,
    pub generation: Generation,
    pub began: Began,
    pub chunks_deployed: u32,
    /// Known once the split was complete, else the estimate.
    pub chunks: u32,
    pub bytes_deployed: u64,
}

impl Resumable {
    /// The request that goes on with it.
    pub fn request(&self, state_dir: PathBuf, work_dir: PathBuf, backlog_bytes: u64) -> Request {
        Request {
            video: self.began.video.clone(),
            reel: self.reel.clone(),
            target: self.target(),
            title: self.began.title.clone(),
            segment_length: Duration::from_secs_f64(self.began.segment_seconds.clamp(0.1, 86_400.0)),
            chunk_limit: self.began.chunk_limit,
            parallel_uploads: self.began.parallel_uploads.and_then(NonZeroUsize::new),
            transcode: if self.began.transcode { Transcode::Auto } else { Transcode::Never },
            if_taken: IfTaken::replace(self.began.replace),
            interrupted: Some(Interrupted {
                generation: self.generation,
                origin: self.began.origin.clone(),
                chunks_deployed: self.chunks_deployed,
            }),
            retry: RetryPolicy::default(),
            state_dir,
            work_dir,
            backlog_bytes,
        }
    }

    pub fn target(&self) -> Target {
        Target::named(&self.began.target, self.began.profile.clone())
    }
}

/// Everything in the state folder that can go on, newest first. What can't be read is left out. Blocking.
pub fn all(state_dir: &Path) -> Vec<Resumable> {
    let mut found: Vec<Resumable> = journal::folders(state_dir)
        .flat_map(|(reel, folder)| {
            journal::folders(&folder).map(move |(generation, folder)| (reel.clone(), generation, folder))
        })
        .filter_map(|(reel, generation, folder)| {
            let bytes = fs::read(folder.join(journal::FILE)).ok()?;
            summary(reel.parse().ok()?, generation.parse().ok()?, &ledger::good(&bytes))
        })
        .collect();
    found.sort_by(|a, b| b.began.at.cmp(&a.began.at));
    found
}

fn summary(reel: ReelName, generation: Generation, records: &[Record]) -> Option<Resumable> {
    let began = journal::began(records)?;
    let mut found = Resumable { reel, generation, chunks: began.chunks, began, chunks_deployed: 0, bytes_deployed: 0 };
    let mut deployed = HashMap::new();
    for record in records {
        match record {
            Record::Published { .. } => return None,
            Record::Packed { chunks, .. } => found.chunks = *chunks,
            // every run records each chunk
            Record::Deployed { rendition, chunk } => drop(deployed.insert((rendition, chunk.number), chunk.bytes)),
            Record::Began(_) | Record::Splitting { .. } => {}
        }
    }
    found.chunks_deployed = deployed.len() as u32;
    found.bytes_deployed = deployed.values().sum();
    Some(found)
}
