//! Is a reel whole, and is it served? Quick: every chunk is there with the right hash and size. Deep: every byte range is
//! read as a player reads it, through the gate, its hash compared, and what was read goes through a decoder. Both ask the
//! gate for the playlists.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::{StreamExt, stream};

use super::{
    LibraryError,
    decoding::{self, Decoder, Decoding, Delivered, Trouble, Watching},
};
use crate::{
    model::{
        gate::public::Public,
        hls::playlist,
        reel::{
            index::{ChunkIndex, Index, RenditionIndex},
            name::{ChunkNumber, FunctionName, Generation, ReelName, RenditionId},
        },
        report::fault::Explain,
        retry::RetryPolicy,
    },
    remote::{
        deployed::{self, Existing},
        served::{self, Dark},
    },
    running::attempt::Retries,
    storage::{
        FunctionFacts, Storage,
        player::{Player, PlayerError},
    },
};

/// Chunks that are read side by side where nothing is decoded.
const PARALLEL: usize = 4;

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub enum Depth<'a> {
    /// What the account says of each chunk.
    Quick,
    /// Every byte.
    Bytes,
    /// Every byte, and what a decoder makes of it.
    Decoded(&'a Decoder<'a>),
}

/// News of one chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub generation: Generation,
    pub rendition: RenditionId,
    pub number: ChunkNumber,
    pub finding: Finding,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Bytes read so far.
    Reading(u64),
    /// Read, and right so far: it goes through a decoder.
    Decoding,
    Ok,
    /// Every byte is right, and a decoder complains, or the video was known to be damaged: where and how, in words.
    Errors(String),
    /// Every byte is right, and of a segment at least nothing can be seen or heard.
    Undecodable(String),
    Missing,
    /// What differs, in words.
    Differs(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The one that is served, and was looked at.
    pub generation: Option<Generation>,
    pub chunks: u32,
    pub ok: u32,
    pub missing: u32,
    pub differing: u32,
    /// Why nobody can watch it, whatever its chunks are.
    pub dark: Option<Dark>,
    /// What was decoded; `None` if that was not asked for.
    pub decoding: Option<Decoding>,
}

impl Report {
    /// It is there as it was published, and served.
    pub fn is_whole(&self) -> bool {
        self.ok == self.chunks && self.chunks > 0 && self.dark.is_none()
    }

    /// It is whole, and all that was decoded has something to see or hear, but for what the video itself had not.
    pub fn is_right(&self) -> bool {
        self.is_whole() && self.decoding.as_ref().is_none_or(|decoding| decoding.undecodable().is_empty())
    }
}

/// Attempts at the gate's playlists: one that is busy says so at once, and one that can't read the index says nothing
/// else however often it is asked.
const GATE_ATTEMPTS: u32 = 4;

/// One chunk to look at.
struct Wanted<'a> {
    generation: Generation,
    rendition: &'a RenditionId,
    index: &'a RenditionIndex,
    chunk: &'a ChunkIndex,
    name: String,
    /// Number of its first segment, and where that begins in the reel.
    first: u32,
    start: Duration,
    /// Each segment begins with an IDR picture.
    independent: bool,
}

impl Wanted<'_> {
    fn told(&self, finding: Finding) -> Checked {
        let Self { generation, rendition, chunk, .. } = *self;
        Checked { generation, rendition: rendition.clone(), number: chunk.number, finding }
    }
}

/// How often a reel is looked at anew that was replaced while it was checked.
const ROUNDS: u32 = 3;

/// Checks the generation that is served. `found` hears of each chunk, and in a deep check of each block read. What was
/// found of a reel that is another or gone by now says nothing of it: then the one that is there is checked.
pub async fn check(
    storage: &dyn Storage,
    reel: &ReelName,
    depth: Depth<'_>,
    retries: &Retries,
    found: impl Fn(Checked) + Sync,
) -> Result<Report, LibraryError> {
    let existing = async || retries.again(|| deployed::existing(storage, reel)).await;
    let not_found = || LibraryError::NotFound(reel.clone());
    let mut looked_at = existing().await?.ok_or_else(not_found)?;
    let mut round = 1;
    loop {
        let report = check_generation(storage, &looked_at, depth, retries, &found).await?;
        let now = retries.again(|| storage.get(&looked_at.facts.name)).await?.ok_or_else(not_found)?;
        // after the last round the report says of which generation it tells
        if now.code_sha256 == looked_at.facts.code_sha256 || round == ROUNDS {
            return Ok(report);
        }
        let now = existing().await?.ok_or_else(not_found)?;
        // a new title changes none of what was found right
        if report.is_right() && now.index.current.generation == looked_at.index.current.generation {
            return Ok(report);
        }
        (looked_at, round) = (now, round + 1);
    }
}

async fn check_generation(
    storage: &dyn Storage,
    existing: &Existing,
    depth: Depth<'_>,
    retries: &Retries,
    found: &(impl Fn(Checked) + Sync),
) -> Result<Report, LibraryError> {
    let index = &existing.index;
    let reel = &index.reel;
    let wanted = wanted(index);
    let names: Vec<&str> = wanted.iter().map(|want| want.name.as_str()).collect();
    let there = deployed::standing(storage, reel, &names, retries).await?;
    let generation = index.current.generation;
    let mut report = Report { generation: Some(generation), chunks: wanted.len() as u32, ..Report::default() };
    let mut sound = Vec::new();
    for want in &wanted {
        match compare(want, there.get(&want.name)) {
            Finding::Ok if !matches!(depth, Depth::Quick) => sound.push(want),
            finding => tell(found, &mut report, want, finding),
        }
    }
    let gate = retries.again(|| storage.public_url(Public::Gate)).await?;
    if let Depth::Decoded(_) = depth {
        report.decoding = Some(Decoding::default());
    }
    if !sound.is_empty() {
        let gate = gate.as_ref().ok_or(LibraryError::NoGate)?;
        let url = format!("{gate}{reel}/");
        let base = format!("{url}{generation}/");
        let player = Player::new()?;
        let reading = Reading { player: &player, reel: &url, base: &base, generation, retries, found };
        match depth {
            Depth::Decoded(decoder) => {
                let watching = decoder.begin(reel, &index.current);
                report.decoding = Some(reading.decoded(&sound, watching, &mut report).await?);
            }
            _ => reading.all(&sound, &mut report).await?,
        }
    }
    report.dark = dark(gate.as_deref(), existing, depth, retries).await?;
    Ok(report)
}

async fn dark(
    gate: Option<&str>,
    existing: &Existing,
    depth: Depth<'_>,
    retries: &Retries,
) -> Result<Option<Dark>, LibraryError> {
    let Some(gate) = gate else { return Ok(Some(Dark::NoGate)) };
    let player = Player::new()?;
    let policy = RetryPolicy { attempts: retries.policy.attempts.min(GATE_ATTEMPTS), ..retries.policy };
    let retries = Retries { policy, ..retries.clone() };
    let index = &existing.index;
    let look = async || {
        served::served(&player, gate, &index.reel, &index.current).await?;
        match depth {
            Depth::Quick => Ok(()),
            _ => served::check_text(&player, &format!("{gate}{}/", index.reel), existing).await,
        }
    };
    match retries.again(look).await {
        Ok(()) => Ok(None),
        Err(PlayerError::Status { status, .. }) => Ok(Some(Dark::Answers(status.as_u16()))),
        Err(PlayerError::Content { .. }) => Ok(Some(Dark::Others)),
        // a machine that does not reach it can't say
        Err(error) => Err(error.into()),
    }
}

fn wanted(index: &Index) -> Vec<Wanted<'_>> {
    let mut wanted = Vec::new();
    for (id, rendition) in &index.current.renditions {
        let (mut first, mut start) = (0, Duration::ZERO);
        for chunk in &rendition.chunks {
            let name = FunctionName::Chunk {
                reel: index.reel.clone(),
                generation: index.current.generation,
                rendition: id.clone(),
                number: chunk.number,
            };
            let (name, independent) = (name.to_string(), rendition.independent == Some(true));
            let generation = index.current.generation;
            wanted.push(Wanted { generation, rendition: id, index: rendition, chunk, name, first, start, independent });
            first += chunk.segments.len() as u32;
            start += chunk.segments.iter().map(|segment| Duration::from_micros(segment.duration_us)).sum::<Duration>();
        }
    }
    wanted
}

fn tell(found: &impl Fn(Checked), report: &mut Report, want: &Wanted<'_>, finding: Finding) {
    match &finding {
        Finding::Reading(_) | Finding::Decoding => {}
        Finding::Ok | Finding::Errors(_) | Finding::Undecodable(_) => report.ok += 1,
        Finding::Missing => report.missing += 1,
        Finding::Differs(_) => report.differing += 1,
    }
    found(want.told(finding));
}

fn compare(want: &Wanted<'_>, there: Option<&FunctionFacts>) -> Finding {
    let Some(facts) = there else { return Finding::Missing };
    if !facts.is_usable() {
        return Finding::Differs(format!("AWS calls its state {}", facts.state.as_deref().unwrap_or_default()));
    }
    if facts.code_bytes != want.chunk.bytes {
        return Finding::Differs(format!("it has {} bytes, not {}", facts.code_bytes, want.chunk.bytes));
    }
    if facts.code_sha256 != want.chunk.sha256 {
        return Finding::Differs("the content is not what was sent".to_owned());
    }
    Finding::Ok
}

/// How chunks are read, and who hears of it.
struct Reading<'a, F> {
    player: &'a Player,
    /// URL of the reel, and of the generation.
    reel: &'a str,
    base: &'a str,
    generation: Generation,
    retries: &'a Retries,
    found: &'a F,
}

impl<F: Fn(Checked) + Sync> Reading<'_, F> {
    async fn all(&self, wanted: &[&Wanted<'_>], report: &mut Report) -> Result<(), LibraryError> {
        // collected: a stream over the closure would not be `Send` for all lifetimes
        let reads: Vec<_> = wanted.iter().map(|want| async { (*want, self.read(want, None).await) }).collect();
        let mut reads = stream::iter(reads).buffer_unordered(PARALLEL);
        while let Some((want, read)) = reads.next().await {
            tell(self.found, report, want, read?.0);
        }
        Ok(())
    }

    /// In order, as a player has them: while a chunk is decoded the next one is read, and no more is on the disk.
    async fn decoded(
        &self,
        wanted: &[&Wanted<'_>],
        mut watching: Watching<'_>,
        report: &mut Report,
    ) -> Result<Decoding, LibraryError> {
        let mut waiting: Option<(&Wanted<'_>, Delivered)> = None;
        for want in wanted.iter().copied().map(Some).chain([None]) {
            let folder = match want {
                Some(want) => self.ready(want, &mut watching).await?,
                None => None,
            };
            let read = async {
                match want {
                    Some(want) => self.read(want, folder.as_deref()).await.map(|read| Some((want, read))),
                    None => Ok(None),
                }
            };
            let decode = async {
                match waiting.take() {
                    Some((before, delivered)) => Some((before, watching.watch(delivered).await)),
                    None => None,
                }
            };
            let (read, decoded) = tokio::join!(read, decode);
            if let Some((before, troubles)) = decoded {
                tell(self.found, report, before, finding(&troubles));
            }
            match (read?, folder) {
                (Some((want, (Finding::Ok, Ok(())))), Some(folder)) => {
                    tell(self.found, report, want, Finding::Decoding);
                    waiting = Some((want, delivered(want, &folder)));
                }
                (Some((want, (finding, kept))), _) => {
                    if let Err(error) = kept {
                        watching.give_up(format!("could not write segments to the work folder: {error}"));
                    }
                    tell(self.found, report, want, finding);
                }
                (None, _) => {}
            }
        }
        Ok(watching.end())
    }

    /// The folder for a chunk's segments, with the init section that they need in it; `None` if they will not be decoded.
    async fn ready(&self, want: &Wanted<'_>, watching: &mut Watching<'_>) -> Result<Option<PathBuf>, LibraryError> {
        let Some(folder) = watching.folder() else { return Ok(None) };
        let Some(file) = init_file(want, &folder).filter(|file| !file.exists()) else { return Ok(Some(folder)) };
        let read = || served::init(self.player, self.reel, self.generation, want.rendition, want.index);
        let written = match self.retries.again(read).await {
            Ok(init) => fs::write(&file, init.unwrap_or_default()).map_err(|error| error.to_string()),
            // a gate that does not answer says nothing about the reel
            Err(error) if error.is_unanswered() => return Err(error.into()),
            Err(error) => Err(error.fault().to_string()),
        };
        if let Err(why) = written {
            watching.give_up(format!("could not get the init section: {why}"));
            return Ok(None);
        }
        Ok(Some(folder))
    }

    /// Compares each segment; with a folder, writes them to files there, which may fail without consequence.
    async fn read(&self, want: &Wanted<'_>, folder: Option<&Path>) -> Result<(Finding, io::Result<()>), PlayerError> {
        let Self { player, base, retries, found, .. } = self;
        let url = format!("{base}{}", playlist::chunk_path(want.rendition, want.chunk.number, want.index.container));
        let (mut before, mut kept) = (0, Ok(()));
        for (place, segment) in want.chunk.segments.iter().enumerate() {
            let file = folder.map(|folder| file_of(want, place, folder));
            let attempt = || async {
                let mut done = before;
                let mut writing = file.as_ref().map(|file| File::create(file).map(BufWriter::new)).transpose();
                let progress = |block: &[u8]| {
                    done += block.len() as u64;
                    if let Ok(Some(file)) = &mut writing
                        && let Err(error) = file.write_all(block)
                    {
                        writing = Err(error);
                    }
                    found(want.told(Finding::Reading(done)));
                };
                let read = player.range(&url, segment.offset, segment.bytes, progress).await?;
                let written = writing.and_then(|file| file.map_or(Ok(()), |mut file| file.flush()));
                // an answer that ends early passes; whole content with another hash stays
                match read.bytes == segment.bytes {
                    true => Ok((read, written)),
                    false => Err(PlayerError::content(&url, "it ends early")),
                }
            };
            match retries.again(attempt).await {
                Ok((read, written)) if read.crc32 == segment.crc32 => {
                    before += segment.bytes;
                    kept = kept.and(written);
                }
                Ok(_) => return Ok((Finding::Differs(format!("segment {place} of it is not what was sent")), kept)),
                // a gate that does not answer says nothing about the chunk
                Err(error) if error.is_unanswered() => return Err(error),
                Err(error) => return Ok((Finding::Differs(error.fault().to_string()), kept)),
            }
        }
        Ok((Finding::Ok, kept))
    }
}

fn file_of(want: &Wanted<'_>, place: usize, folder: &Path) -> PathBuf {
    let ending = want.index.container.extension();
    folder.join(format!("{}-{:06}.{ending}", want.rendition, want.first + place as u32))
}

fn init_file(want: &Wanted<'_>, folder: &Path) -> Option<PathBuf> {
    want.index.init.map(|_| folder.join(format!("{}-init.mp4", want.rendition)))
}

fn delivered(want: &Wanted<'_>, folder: &Path) -> Delivered {
    let mut delivered = Delivered::of(want.independent, init_file(want, folder));
    let mut start = want.start;
    for (place, segment) in want.chunk.segments.iter().enumerate() {
        let (number, file) = (want.first + place as u32, file_of(want, place, folder));
        let length = Duration::from_micros(segment.duration_us);
        delivered.add(want.rendition, number, file, (start, length), segment.discontinuity);
        start += length;
    }
    delivered
}

fn finding(troubles: &[Trouble]) -> Finding {
    let words =
        || decoding::sentences(troubles).into_iter().map(|sentence| sentence.words).collect::<Vec<_>>().join("; ");
    match (troubles.is_empty(), troubles.iter().any(Trouble::is_damage)) {
        (true, _) => Finding::Ok,
        (false, false) => Finding::Errors(words()),
        (false, true) => Finding::Undecodable(words()),
    }
}
