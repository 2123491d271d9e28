//! What was begun and not published, by the journals in the state folder. Reads only: whether it can still go on is
//! found out by going on.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use super::{
    folders,
    journal::{self, Began, Record},
    lock::{self, Holder},
};
use crate::model::{
    pace::uploads::PARALLEL_MAX,
    reel::{
        name::{ChunkNumber, FunctionName, Generation, ReelName, RenditionId},
        order::{AccountRegion, Compatible, Folders, Interrupted, Order, Place},
    },
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
    /// The highest number on record of each rendition.
    last_deployed: BTreeMap<RenditionId, ChunkNumber>,
    /// Who seems to be at work on the reel now.
    pub holder: Option<Holder>,
}

impl Resumable {
    /// The order that goes on with it.
    pub fn order(&self, folders: Folders) -> Order {
        let interrupted = Interrupted { generation: self.generation, origin: self.began.origin.clone() };
        self.began.order.order(self.reel.clone(), self.began.place.clone(), Some(interrupted), folders)
    }

    /// Names of the chunks that may be in the account, whatever a list shows: those on record, and those that a run
    /// may have begun after them. Chunks are begun in order, no more at once than can be sent side by side.
    pub fn may_stand(&self) -> impl Iterator<Item = String> {
        self.last_deployed.iter().flat_map(|(rendition, last)| {
            let end = last.get().saturating_add(PARALLEL_MAX as u16).min(ChunkNumber::LAST.get());
            let (reel, generation) = (&self.reel, self.generation);
            (1..=end).filter_map(|number| ChunkNumber::try_from(number).ok()).map(move |number| {
                let (reel, rendition) = (reel.clone(), rendition.clone());
                FunctionName::Chunk { reel, generation, rendition, number }.to_string()
            })
        })
    }

    /// Where it was begun.
    pub fn place(&self) -> Place {
        self.began.order.place(&self.began.place.region)
    }
}

/// Everything in the state folder that can go on, newest first. What can't be read is left out. Blocking.
pub fn all(state_dir: &Path) -> Vec<Resumable> {
    let mut found =
        journals(state_dir, |records| !records.iter().any(|record| matches!(record, Record::Published { .. })));
    found.sort_by(|a, b| b.began.at.cmp(&a.began.at));
    found
}

/// Of the journals that are wanted.
fn journals(state_dir: &Path, is_wanted: impl Fn(&[Record]) -> bool) -> Vec<Resumable> {
    folders(state_dir)
        .flat_map(|(reel, folder)| folders(&folder).map(move |(generation, folder)| (reel.clone(), generation, folder)))
        .filter_map(|(reel, generation, folder)| {
            let reel: ReelName = reel.parse().ok()?;
            let holder = lock::holder(state_dir, &reel);
            let records = journal::read(&folder);
            is_wanted(&records).then(|| summary(reel, generation.parse().ok()?, &records, holder))?
        })
        .collect()
}

/// Of one reel in one account and Region; a generation too that was published and then begun again. Blocking.
pub fn of(state_dir: &Path, reel: &ReelName, at: &AccountRegion) -> Vec<Resumable> {
    let mut found = journals(state_dir, was_left_open);
    found.retain(|found| found.reel == *reel && found.began.place == *at);
    found
}

fn was_left_open(records: &[Record]) -> bool {
    let last = records.iter().rfind(|record| matches!(record, Record::Began(_) | Record::Published { .. }));
    matches!(last, Some(Record::Began(_)))
}

fn summary(reel: ReelName, generation: Generation, records: &[Record], holder: Option<Holder>) -> Option<Resumable> {
    let began = journal::began(records)?;
    let chunks = began.chunks;
    // nothing on record yet: the first ones may be on their way all the same
    let ids = RenditionId::all(began.order.wanted.compatible == Some(Compatible::Add));
    let last_deployed = ids.take(began.renditions.max(1) as usize).map(|id| (id, ChunkNumber::FIRST)).collect();
    let (chunks_deployed, bytes_deployed) = (0, 0);
    let mut found =
        Resumable { reel, generation, chunks, began, chunks_deployed, bytes_deployed, last_deployed, holder };
    let renditions = found.began.renditions as usize;
    let mut packed = HashMap::new();
    let mut deployed = HashMap::new();
    for record in records {
        match record {
            Record::Packed { rendition, chunks, .. } => {
                packed.insert(rendition, *chunks);
                let all: u32 = packed.values().sum();
                found.chunks = if packed.len() >= renditions { all } else { all.max(found.began.chunks) };
            }
            // every run records each chunk
            Record::Deployed { rendition, chunk } => {
                let last = found.last_deployed.entry(rendition.clone()).or_insert(chunk.number);
                *last = chunk.number.max(*last);
                deployed.insert((rendition, chunk.number), chunk.bytes);
            }
            Record::Began(_) | Record::Splitting { .. } | Record::Published { .. } => {}
        }
    }
    found.chunks_deployed = deployed.len() as u32;
    found.bytes_deployed = deployed.values().sum();
    Some(found)
}
