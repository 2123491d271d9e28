//! What the gate knows of reels: their indexes, kept and checked for news, so that guesses cost little.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use zip::ZipArchive;

use super::functions::{Busy, Deadline, Functions, Joined};
use crate::{
    local::{limits::Bucket, shared::Shared},
    reel::{
        gate::INDEX_CHECK_EVERY,
        index::{ChunkIndex, Container, FORMAT, INDEX_ENTRY, Index},
        limits::INDEX_BYTES_MAX,
        name::{ChunkNumber, FunctionName, Generation, ReelName, RenditionId},
    },
};

/// After a check that AWS was too busy for.
const CHECK_WHEN_BUSY: Duration = Duration::seconds(60);
const ABSENT_FOR: Duration = Duration::seconds(10);
const KEPT: usize = 64;
const ABSENT_KEPT: usize = 1000;
/// Unknown reels and generations that may cost a GetFunction: so many at once, and so many a minute.
const GUESSES: f64 = 20.0;

/// An index function's zip, read.
#[derive(Debug)]
pub(super) struct Reel {
    pub(super) index: Index,
    files: HashMap<String, Bytes>,
}

impl Reel {
    pub(super) fn file(&self, name: &str) -> Option<Bytes> {
        self.files.get(name).cloned()
    }

    /// Whether the generation is current, or retired and still to be served.
    fn serves(&self, generation: Generation, now: OffsetDateTime) -> bool {
        let still = |until: &str| OffsetDateTime::parse(until, &Rfc3339).is_ok_and(|until| until > now);
        self.index.current.generation == generation
            || self.index.retired.iter().any(|old| old.generation.generation == generation && still(&old.until))
    }

    pub(super) fn chunk(
        &self,
        generation: Generation,
        rendition: &RenditionId,
        number: ChunkNumber,
        container: Container,
    ) -> Option<&ChunkIndex> {
        let index = self.index.generation(generation)?;
        let listed = index.renditions.get(rendition).filter(|rendition| rendition.container == container)?;
        listed.chunks.iter().find(|chunk| chunk.number == number)
    }
}

#[derive(Debug)]
pub(super) struct Reels {
    functions: Functions,
    joined: Joined,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    kept: HashMap<ReelName, Kept>,
    absent: HashMap<ReelName, OffsetDateTime>,
    guesses: Bucket,
}

#[derive(Debug, Clone)]
struct Kept {
    reel: Arc<Reel>,
    sha256: String,
    check_at: OffsetDateTime,
}

impl Reels {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let guesses = Bucket::new(GUESSES, GUESSES / 60.0, shared.now());
        let state = State { kept: HashMap::new(), absent: HashMap::new(), guesses };
        Self { functions: Functions::new(shared), joined: Joined::default(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, name: &ReelName) -> Option<Kept> {
        self.state().kept.get(name).cloned()
    }

    /// The reel, at most some seconds old if AWS answers; `None` if there is none.
    pub(super) async fn current(&self, name: &ReelName, deadline: Deadline) -> Result<Option<Arc<Reel>>, Busy> {
        let Some(kept) = self.kept(name) else { return self.discover(name, deadline).await };
        let now = self.functions.now();
        if now < kept.check_at {
            return Ok(Some(kept.reel));
        }
        match self.check(name, &kept, deadline, Some(1)).await {
            Err(Busy) => {
                if let Some(kept) = self.state().kept.get_mut(name) {
                    kept.check_at = now + CHECK_WHEN_BUSY;
                }
                Ok(Some(kept.reel))
            }
            done => done,
        }
    }

    /// The reel if it serves this generation, however old what we know of it is.
    pub(super) async fn having(
        &self,
        name: &ReelName,
        generation: Generation,
        deadline: Deadline,
    ) -> Result<Option<Arc<Reel>>, Busy> {
        let now = self.functions.now();
        let serving = |reel: Option<Arc<Reel>>| reel.filter(|reel| reel.serves(generation, now));
        let Some(kept) = self.kept(name) else { return self.discover(name, deadline).await.map(serving) };
        if kept.reel.index.generation(generation).is_some() {
            return Ok(serving(Some(kept.reel)));
        }
        // one may have been published since: players know it from another instance's playlist
        if !self.state().guesses.take(now) {
            return Err(Busy);
        }
        let reel = self.check(name, &kept, deadline, None).await?;
        if reel.as_ref().is_some_and(|reel| reel.index.generation(generation).is_some()) {
            self.state().guesses.give_back();
        }
        Ok(serving(reel))
    }

    async fn discover(&self, name: &ReelName, deadline: Deadline) -> Result<Option<Arc<Reel>>, Busy> {
        let _turn = self.joined.turn(name.as_str()).await;
        if let Some(kept) = self.kept(name) {
            return Ok(Some(kept.reel));
        }
        let now = self.functions.now();
        {
            let mut state = self.state();
            if state.absent.get(name).is_some_and(|until| *until > now) {
                return Ok(None);
            }
            if !state.guesses.take(now) {
                return Err(Busy);
            }
        }
        let found = self.load(name, None, deadline, None).await?;
        if found.is_some() {
            self.state().guesses.give_back();
        }
        Ok(found)
    }

    /// Asks whether the index is still the one we know.
    async fn check(
        &self,
        name: &ReelName,
        known: &Kept,
        deadline: Deadline,
        attempts: Option<u32>,
    ) -> Result<Option<Arc<Reel>>, Busy> {
        let _turn = self.joined.turn(name.as_str()).await;
        match self.kept(name) {
            // whoever had the turn before has asked already
            Some(newer) if newer.check_at > known.check_at => Ok(Some(newer.reel)),
            _ => self.load(name, Some(known), deadline, attempts).await,
        }
    }

    async fn load(
        &self,
        name: &ReelName,
        known: Option<&Kept>,
        deadline: Deadline,
        attempts: Option<u32>,
    ) -> Result<Option<Arc<Reel>>, Busy> {
        let function = FunctionName::Index { reel: name.clone() }.to_string();
        let found = self.functions.get(&function, deadline, attempts).await?;
        let now = self.functions.now();
        let Some(found) = found else {
            let mut state = self.state();
            state.kept.remove(name);
            bound(&mut state.absent, ABSENT_KEPT, |until| *until);
            state.absent.insert(name.clone(), now + ABSENT_FOR);
            return Ok(None);
        };
        let code = found.code;
        let reel = match known {
            Some(known) if known.sha256 == code.sha256 => Arc::clone(&known.reel),
            _ if code.bytes > INDEX_BYTES_MAX => return Err(Busy),
            _ => {
                let (path, wanted) = (self.functions.blob(&code.sha256), name.clone());
                // gone or damaged: the next request sees what is there then
                let read = tokio::task::spawn_blocking(move || read(&path, &wanted)).await;
                Arc::new(read.ok().and_then(Result::ok).ok_or(Busy)?)
            }
        };
        let mut state = self.state();
        bound(&mut state.kept, KEPT, |kept| kept.check_at);
        let kept = Kept { reel: Arc::clone(&reel), sha256: code.sha256, check_at: now + INDEX_CHECK_EVERY };
        state.kept.insert(name.clone(), kept);
        Ok(Some(reel))
    }
}

/// Makes room for one more by forgetting the entry that is oldest by `age`.
pub(super) fn bound<K: Clone + Eq + std::hash::Hash, V>(
    map: &mut HashMap<K, V>,
    limit: usize,
    age: impl Fn(&V) -> OffsetDateTime,
) {
    if map.len() < limit {
        return;
    }
    let oldest = map.iter().min_by_key(|(_, value)| age(value)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        map.remove(&oldest);
    }
}

fn read(path: &Path, name: &ReelName) -> io::Result<Reel> {
    let mut zip = ZipArchive::new(File::open(path)?)?;
    let mut files = HashMap::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at)?;
        let entry_name = entry.name()?.into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(entry_name, Bytes::from(content));
    }
    let json = files.get(INDEX_ENTRY).ok_or_else(|| io::Error::other("no index in it"))?;
    let index: Index = serde_json::from_slice(json)?;
    if index.format != FORMAT || index.reel != *name {
        return Err(io::Error::other("the index of something else"));
    }
    Ok(Reel { index, files })
}
