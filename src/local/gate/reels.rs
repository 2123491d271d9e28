//! What the gate knows of reels: their indexes, kept and checked for news, so that guesses cost little.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use time::{Duration, OffsetDateTime};
use tokio::time::{Instant, timeout_at};
use zip::ZipArchive;

use super::{
    bounded::bound,
    functions::{Busy, Deadline, Functions, Haste, Joined},
    guesses::{Asker, Client, Guesses},
    reply::Reply,
};
use crate::{
    local::context::Context,
    model::{
        chunk::{gzip, limits::INDEX_BYTES_MAX},
        reel::{
            index::{ChunkIndex, Container, FORMATS, INDEX_ENTRY, Index},
            moment::Timestamp,
            name::{ChunkNumber, FunctionName, Generation, ReelName, RenditionId},
        },
    },
};

/// After a check that AWS was too busy for.
const CHECK_WHEN_BUSY: Duration = Duration::seconds(60);
/// Nobody plays a generation for longer than this before it is seen that its reel was deleted.
const GENERATION_CHECK_EVERY: Duration = Duration::minutes(5);
/// What is kept of a request's time for one question to AWS.
const ATTEMPT: std::time::Duration = std::time::Duration::from_secs(3);
pub(super) const ABSENT_FOR: Duration = Duration::seconds(10);
const KEPT: usize = 64;
const ABSENT_KEPT: usize = 1000;
/// Names of reels that were there: asking for one again is no guess.
const KNOWN_KEPT: usize = 10_000;

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

    /// As it is, and as it was compressed at publishing.
    pub(super) fn served(&self, name: &str, kind: &str, cache: &str) -> Option<Reply> {
        let reply = Reply::file(self.file(name)?, kind, cache);
        Some(match self.file(&format!("{name}{}", gzip::ENDING)) {
            Some(compressed) => reply.or_gzip(compressed),
            None => reply,
        })
    }

    /// Whether the generation is current, or retired and still to be served.
    fn serves(&self, generation: Generation, now: OffsetDateTime) -> bool {
        let now = Timestamp::from(SystemTime::from(now));
        self.index.current.generation == generation
            || self.index.retired.iter().any(|old| old.generation.generation == generation && old.until > now)
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
    joined: Joined<ReelName>,
    guessing: Joined<Client>,
    /// Held by the request that guesses, or waits for the slot.
    slot: tokio::sync::Mutex<()>,
    state: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    kept: HashMap<ReelName, Kept>,
    /// When each was last found.
    known: HashMap<ReelName, OffsetDateTime>,
    absent: HashMap<Absent, OffsetDateTime>,
    /// Reels whose index is not one that can be read.
    unreadable: HashMap<ReelName, OffsetDateTime>,
    /// Until when a guess that AWS has not answered may be made again: who made it is sent back for the answer.
    begun: HashMap<Absent, OffsetDateTime>,
    guesses: Guesses,
}

/// A reel that is not there, or a generation that its index does not have.
type Absent = (ReelName, Option<Generation>);

#[derive(Debug, Clone)]
struct Kept {
    reel: Arc<Reel>,
    sha256: String,
    check_at: OffsetDateTime,
}

impl Reels {
    pub(super) fn new(shared: &Arc<Context>) -> Self {
        let guesses = Guesses::new(shared.now(), fastrand::f64());
        let (kept, known) = (HashMap::new(), HashMap::new());
        let (absent, unreadable, begun) = (HashMap::new(), HashMap::new(), HashMap::new());
        let state = Known { kept, known, absent, unreadable, begun, guesses };
        Self {
            functions: Functions::new(shared),
            joined: Joined::default(),
            guessing: Joined::default(),
            slot: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, name: &ReelName) -> Option<Kept> {
        self.state().kept.get(name).cloned()
    }

    /// The reel, at most some seconds old if AWS answers; `None` if there is none.
    pub(super) async fn current(&self, name: &ReelName, asker: Asker) -> Result<Option<Arc<Reel>>, Busy> {
        let Some(kept) = self.kept(name) else { return self.discover(name, asker).await };
        if self.functions.now() < kept.check_at {
            return Ok(Some(kept.reel));
        }
        let checked = self.check(name, &kept, asker.deadline, Some(1)).await;
        checked.or(Ok(Some(kept.reel)))
    }

    /// The reel if it serves this generation, by what is some minutes old if AWS answers.
    pub(super) async fn having(
        &self,
        name: &ReelName,
        generation: Generation,
        asker: Asker,
    ) -> Result<Option<Arc<Reel>>, Busy> {
        let found = self.listing(name, generation, asker).await?;
        let now = self.functions.now();
        match self.kept(name).filter(|kept| now >= kept.check_at + GENERATION_CHECK_EVERY) {
            Some(_) if found.is_some() => {
                let current = self.current(name, asker).await?;
                Ok(current.filter(|reel| reel.serves(generation, now)))
            }
            _ => Ok(found),
        }
    }

    /// The same, however old that is, for what says itself whether it is there: each chunk is a function of its own.
    pub(super) async fn listing(
        &self,
        name: &ReelName,
        generation: Generation,
        asker: Asker,
    ) -> Result<Option<Arc<Reel>>, Busy> {
        let now = self.functions.now();
        let serving = |reel: Option<Arc<Reel>>| reel.filter(|reel| reel.serves(generation, now));
        let Some(kept) = self.kept(name) else { return self.discover(name, asker).await.map(serving) };
        if kept.reel.index.generation(generation).is_some() {
            return Ok(serving(Some(kept.reel)));
        }
        // one may have been published since: players know it from another instance's playlist
        let absent = (name.clone(), Some(generation));
        if self.is_absent(&absent, now) {
            return Ok(None);
        }
        let ask = async |deadline| {
            let reel = self.check(name, &kept, deadline, None).await?;
            let found = reel.filter(|reel| reel.index.generation(generation).is_some());
            if found.is_none() {
                self.state().miss(absent.clone(), now);
            }
            Ok(found)
        };
        // where the index is due for a look, as it is for a playlist, looking is no guess
        let found = if now < kept.check_at { self.guess(asker, &absent, ask).await } else { ask(asker.deadline).await };
        found.map(serving)
    }

    async fn discover(&self, name: &ReelName, asker: Asker) -> Result<Option<Arc<Reel>>, Busy> {
        let absent = (name.clone(), None);
        let ask = async |deadline| {
            let _turn = self.joined.turn(name).await;
            match self.settled(&absent) {
                Some(settled) => Ok(settled),
                None => self.load(name, None, deadline, None).await,
            }
        };
        let now = self.functions.now();
        if self.is_absent(&absent, now) {
            return Ok(None);
        }
        let (known, unreadable) = {
            let state = self.state();
            let unreadable = state.unreadable.get(name).is_some_and(|until| *until > now);
            (state.known.contains_key(name), unreadable)
        };
        match known {
            _ if unreadable => Err(Busy::Refused),
            true => ask(asker.deadline).await,
            false => self.guess(asker, &absent, ask).await,
        }
    }

    /// Runs a question that costs a guess, unless it finds something. Guesses take turns, each client's and then all: many
    /// for reels that are there cost nothing, and so must not be refused for being made at the same time. Slot and guess
    /// are spent just before AWS is asked, so a client that goes away while waiting leaves them.
    async fn guess(
        &self,
        asker: Asker,
        about: &Absent,
        ask: impl AsyncFnOnce(Deadline) -> Result<Option<Arc<Reel>>, Busy>,
    ) -> Result<Option<Arc<Reel>>, Busy> {
        let (Asker { client, deadline }, began) = (asker, Instant::now());
        if self.state().begun.get(about).is_some_and(|until| *until > self.functions.now()) {
            let found = ask(deadline).await?;
            self.state().begun.remove(about);
            return Ok(found);
        }
        let _turn = timeout_at(deadline.end, self.guessing.turn(&client)).await.map_err(|_| Busy::Refused)?;
        if let Some(seconds) = self.state().guesses.away(client, self.functions.now()) {
            return Err(Busy::Spent(seconds));
        }
        let _turn_of_all = timeout_at(deadline.end, self.slot.lock()).await.map_err(|_| Busy::Refused)?;
        // the request that had the turn before may have asked the same
        if let Some(settled) = self.settled(about) {
            return Ok(settled);
        }
        let most = deadline.end.saturating_duration_since(Instant::now()).saturating_sub(ATTEMPT);
        let most = most.try_into().map_err(|_| Busy::Refused)?;
        let wait = self.state().guesses.wait(self.functions.now(), most).ok_or(Busy::Refused)?;
        tokio::time::sleep(wait.unsigned_abs()).await;
        let taken = self.state().guesses.take(client, self.functions.now());
        let until = self.functions.now() + deadline.end.saturating_duration_since(Instant::now());
        {
            let begun = &mut self.state().begun;
            bound(begun, ABSENT_KEPT, |until| *until);
            begun.insert(about.clone(), until);
        }
        let found = ask(deadline.after(began.elapsed())).await;
        if found.is_ok() {
            self.state().begun.remove(about);
        }
        match &found {
            Ok(Some(_)) => self.state().guesses.give_back(&taken),
            Ok(None) => {}
            Err(_) => self.state().guesses.give_back_to_client(&taken),
        }
        found
    }

    /// What is known by now of a reel, or of one that has a generation, without asking.
    fn settled(&self, about: &Absent) -> Option<Option<Arc<Reel>>> {
        let (name, generation) = about;
        let has = |reel: &Reel| generation.is_none_or(|generation| reel.index.generation(generation).is_some());
        let kept = self.kept(name).map(|kept| kept.reel).filter(|reel| has(reel));
        kept.map(Some).or_else(|| self.is_absent(about, self.functions.now()).then_some(None))
    }

    fn is_absent(&self, absent: &Absent, now: OffsetDateTime) -> bool {
        self.state().absent.get(absent).is_some_and(|until| *until > now)
    }

    /// Asks whether the index is still the one we know.
    async fn check(
        &self,
        name: &ReelName,
        known: &Kept,
        deadline: Deadline,
        attempts: Option<u32>,
    ) -> Result<Option<Arc<Reel>>, Busy> {
        let _turn = self.joined.turn(name).await;
        match self.kept(name) {
            // the request that had the turn before has asked already
            Some(newer) if newer.check_at > known.check_at => Ok(Some(newer.reel)),
            _ => {
                let loaded = self.load(name, Some(known), deadline, attempts).await;
                if loaded.is_err()
                    && let Some(kept) = self.state().kept.get_mut(name)
                {
                    kept.check_at = self.functions.now() + CHECK_WHEN_BUSY;
                }
                loaded
            }
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
        let found = self.functions.get(&function, deadline, Haste::First, attempts).await?;
        let now = self.functions.now();
        let Some(found) = found else {
            self.state().forget(name, now);
            return Ok(None);
        };
        let code = found.code;
        let reel = match known {
            Some(known) if known.sha256 == code.sha256 => Some(Arc::clone(&known.reel)),
            _ if code.bytes > INDEX_BYTES_MAX => None,
            _ => {
                let (path, wanted) = (self.functions.blob(&code.sha256), name.clone());
                let read = tokio::task::spawn_blocking(move || read(&path, &wanted)).await;
                read.ok().and_then(Result::ok).map(Arc::new)
            }
        };
        let mut state = self.state();
        bound(&mut state.known, KNOWN_KEPT, |found| *found);
        state.known.insert(name.clone(), now);
        let Some(reel) = reel else {
            // gone or damaged: a later request sees what is there then
            bound(&mut state.unreadable, ABSENT_KEPT, |until| *until);
            state.unreadable.insert(name.clone(), now + ABSENT_FOR);
            return Err(Busy::Refused);
        };
        bound(&mut state.kept, KEPT, |kept| kept.check_at);
        let kept =
            Kept { reel: Arc::clone(&reel), sha256: code.sha256, check_at: now + self.functions.index_check_every() };
        state.kept.insert(name.clone(), kept);
        Ok(Some(reel))
    }
}

impl Known {
    fn forget(&mut self, name: &ReelName, now: OffsetDateTime) {
        self.kept.remove(name);
        self.known.remove(name);
        self.miss((name.clone(), None), now);
    }

    fn miss(&mut self, absent: Absent, now: OffsetDateTime) {
        bound(&mut self.absent, ABSENT_KEPT, |until| *until);
        self.absent.insert(absent, now + ABSENT_FOR);
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
    if !FORMATS.contains(&index.format) || index.reel != *name {
        return Err(io::Error::other("the index of something else"));
    }
    Ok(Reel { index, files })
}
