//! Is a reel whole, and is it served? Quick: every chunk is there with the right hash and size. Deep: every byte range is
//! read as a player reads it, through the gate, and its hash compared. Both ask the gate for the playlists.

use std::fmt;

use futures_util::{StreamExt, stream};

use super::LibraryError;
use crate::{
    model::{
        gate::public::Public,
        hls::playlist,
        reel::{
            index::{ChunkIndex, Container, Index},
            name::{ChunkNumber, FunctionName, Generation, ReelName, RenditionId},
        },
        report::fault::Explain,
        retry::RetryPolicy,
    },
    remote::{deployed, served},
    running::attempt::Retries,
    storage::{
        FunctionFacts, Storage,
        player::{Player, PlayerError},
    },
};

/// Chunks that are read side by side in a deep check.
const PARALLEL: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Quick,
    Deep,
}

/// News of one chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub rendition: RenditionId,
    pub number: ChunkNumber,
    pub finding: Finding,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Bytes read so far.
    Reading(u64),
    Ok,
    Missing,
    /// What differs, in words.
    Differs(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// The one that is served, and was looked at.
    pub generation: Option<Generation>,
    pub chunks: u32,
    pub ok: u32,
    pub missing: u32,
    pub differing: u32,
    /// Why nobody can watch it, whatever its chunks are.
    pub dark: Option<Dark>,
}

impl Report {
    pub fn is_whole(&self) -> bool {
        self.ok == self.chunks && self.chunks > 0 && self.dark.is_none()
    }
}

/// What the gate does instead of serving the reel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dark {
    /// It has no public URL.
    NoGate,
    /// It answers with this status of HTTP.
    Answers(u16),
    /// Its playlists are not those of this generation.
    Others,
}

impl fmt::Display for Dark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGate => f.write_str("there is no gate that serves it"),
            Self::Answers(status) => write!(f, "the gate does not serve it: it answers {status}"),
            Self::Others => f.write_str("the gate serves other playlists than those of this generation"),
        }
    }
}

/// Attempts at the gate's playlists: one that is busy says so at once, and one that can't read the index says nothing
/// else however often it is asked.
const GATE_ATTEMPTS: u32 = 4;

/// One chunk to look at.
struct Wanted<'a> {
    rendition: &'a RenditionId,
    container: Container,
    chunk: &'a ChunkIndex,
    name: String,
}

/// How often a reel is looked at anew that was replaced while it was checked.
const ROUNDS: u32 = 3;

/// Checks the generation that is served. `found` hears of each chunk, and in a deep check of each block read. What was
/// wrong with a reel that is another by now says nothing: then that one is checked.
pub async fn check(
    storage: &dyn Storage,
    reel: &ReelName,
    depth: Depth,
    retries: &Retries,
    found: impl Fn(Checked) + Sync,
) -> Result<Report, LibraryError> {
    let mut rounds = 1;
    loop {
        let existing = retries.again(|| deployed::existing(storage, reel)).await?;
        let existing = existing.ok_or_else(|| LibraryError::NotFound(reel.clone()))?;
        let report = check_generation(storage, &existing.index, depth, retries, &found).await?;
        if report.is_whole() || rounds == ROUNDS {
            return Ok(report);
        }
        let now = retries.again(|| storage.get(&existing.facts.name)).await?;
        if now.is_some_and(|now| now.code_sha256 == existing.facts.code_sha256) {
            return Ok(report);
        }
        rounds += 1;
    }
}

async fn check_generation(
    storage: &dyn Storage,
    index: &Index,
    depth: Depth,
    retries: &Retries,
    found: &(impl Fn(Checked) + Sync),
) -> Result<Report, LibraryError> {
    let reel = &index.reel;
    let wanted = wanted(index);
    let names: Vec<&str> = wanted.iter().map(|want| want.name.as_str()).collect();
    let there = deployed::standing(storage, reel, &names, retries).await?;
    let generation = index.current.generation;
    let mut report = Report { generation: Some(generation), chunks: wanted.len() as u32, ..Report::default() };
    let mut sound = Vec::new();
    for want in &wanted {
        match compare(want, there.get(&want.name)) {
            Finding::Ok if depth == Depth::Deep => sound.push(want),
            finding => tell(found, &mut report, want, finding),
        }
    }
    let gate = retries.again(|| storage.public_url(Public::Gate)).await?;
    if !sound.is_empty() {
        let gate = gate.as_ref().ok_or(LibraryError::NoGate)?;
        let base = format!("{gate}{reel}/{generation}/");
        let player = Player::new()?;
        // collected: a stream over the closure would not be `Send` for all lifetimes
        let reads: Vec<_> = sound.into_iter().map(|want| read(&player, &base, want, retries, found)).collect();
        let mut reads = stream::iter(reads).buffer_unordered(PARALLEL);
        while let Some(read) = reads.next().await {
            let (want, finding) = read?;
            tell(found, &mut report, want, finding);
        }
    }
    report.dark = dark(gate.as_deref(), index, retries).await?;
    Ok(report)
}

async fn dark(gate: Option<&str>, index: &Index, retries: &Retries) -> Result<Option<Dark>, LibraryError> {
    let Some(gate) = gate else { return Ok(Some(Dark::NoGate)) };
    let player = Player::new()?;
    let policy = RetryPolicy { attempts: retries.policy.attempts.min(GATE_ATTEMPTS), ..retries.policy };
    let retries = Retries { policy, ..retries.clone() };
    match retries.again(|| served::served(&player, gate, &index.reel, &index.current)).await {
        Ok(()) => Ok(None),
        Err(PlayerError::Status { status, .. }) => Ok(Some(Dark::Answers(status.as_u16()))),
        Err(PlayerError::Content { .. }) => Ok(Some(Dark::Others)),
        // a machine that does not reach it can't say
        Err(error) => Err(error.into()),
    }
}

fn wanted(index: &Index) -> Vec<Wanted<'_>> {
    let renditions = index.current.renditions.iter();
    let chunks =
        renditions.flat_map(|(id, rendition)| rendition.chunks.iter().map(move |chunk| (id, rendition, chunk)));
    chunks
        .map(|(id, rendition, chunk)| Wanted {
            rendition: id,
            container: rendition.container,
            chunk,
            name: FunctionName::Chunk {
                reel: index.reel.clone(),
                generation: index.current.generation,
                rendition: id.clone(),
                number: chunk.number,
            }
            .to_string(),
        })
        .collect()
}

fn tell(found: &impl Fn(Checked), report: &mut Report, want: &Wanted<'_>, finding: Finding) {
    match &finding {
        Finding::Reading(_) => {}
        Finding::Ok => report.ok += 1,
        Finding::Missing => report.missing += 1,
        Finding::Differs(_) => report.differing += 1,
    }
    found(Checked { rendition: want.rendition.clone(), number: want.chunk.number, finding });
}

fn compare(want: &Wanted<'_>, there: Option<&FunctionFacts>) -> Finding {
    let Some(facts) = there else { return Finding::Missing };
    if !facts.is_usable() {
        return Finding::Differs(format!("its state is {}", facts.state.as_deref().unwrap_or_default()));
    }
    if facts.code_bytes != want.chunk.bytes {
        return Finding::Differs(format!("it has {} bytes, not {}", facts.code_bytes, want.chunk.bytes));
    }
    if facts.code_sha256 != want.chunk.sha256 {
        return Finding::Differs("its hash is another".to_owned());
    }
    Finding::Ok
}

async fn read<'a>(
    player: &Player,
    base: &str,
    want: &'a Wanted<'a>,
    retries: &Retries,
    found: &(impl Fn(Checked) + Sync),
) -> Result<(&'a Wanted<'a>, Finding), PlayerError> {
    let url = format!("{base}{}", playlist::chunk_path(want.rendition, want.chunk.number, want.container));
    let mut before = 0;
    for (place, segment) in want.chunk.segments.iter().enumerate() {
        let attempt = || async {
            let mut done = before;
            let progress = |block: &[u8]| {
                done += block.len() as u64;
                let finding = Finding::Reading(done);
                found(Checked { rendition: want.rendition.clone(), number: want.chunk.number, finding });
            };
            let read = player.range(&url, segment.offset, segment.bytes, progress).await?;
            // an answer that ends early passes; whole content with another hash stays
            if read.bytes == segment.bytes { Ok(read) } else { Err(PlayerError::content(&url, "it ends early")) }
        };
        match retries.again(attempt).await {
            Ok(read) if read.crc32 == segment.crc32 => before += segment.bytes,
            Ok(_) => return Ok((want, Finding::Differs(format!("segment {place} of it has another hash")))),
            // a gate that does not answer says nothing about the chunk
            Err(error) if error.is_unanswered() => return Err(error),
            Err(error) => return Ok((want, Finding::Differs(error.fault().to_string()))),
        }
    }
    Ok((want, Finding::Ok))
}
