//! The index: playlists and `index.json` in one zip, deployed last. Creating or updating this one function is the step
//! that makes a reel, or its new generation, visible.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    attempt::{Patience, attempts},
    remote,
    reporter::JobHandle,
    upload::Uploaded,
    work::Work,
};
use crate::{
    cloud::{
        Cloud, CloudError, Fresh, LeaseError,
        code::CodeZip,
        functions::{FunctionFacts, NewFunction},
    },
    reel::{
        describe::{self, IndexDescription},
        event::{Count, JobName, Unit},
        fault::{Explain, FaultClass, Stopped},
        index::{
            Container, FORMAT, GenerationIndex, INDEX_ENTRY, Index, MULTIVARIANT_ENTRY, POSTER_ENTRY, RenditionIndex,
            Retired,
        },
        limits::{self, Held, INDEX_BYTES_MAX, LimitError},
        media::Measured,
        moment::rfc3339,
        name::{FunctionName, Generation},
        playlist::{self, Bandwidth, Links},
        zip,
    },
};

/// A retired generation is served for a day at least: players never fetch a VOD playlist again.
const RETIRED_AT_LEAST: Duration = Duration::from_secs(24 * 60 * 60);

/// An earlier state of this reel that is deployed now.
#[derive(Debug, Clone)]
pub struct Existing {
    pub facts: FunctionFacts,
    pub index: Index,
    /// Playlists and init sections by entry name, to be served on.
    pub entries: BTreeMap<String, Vec<u8>>,
}

pub(super) fn generation_index(work: &Work, uploaded: &Uploaded, measured: &Measured) -> GenerationIndex {
    let chunks: Vec<_> = uploaded.chunks.values().cloned().collect();
    let segments: Vec<_> = chunks.iter().flat_map(|chunk| chunk.segments.iter().copied()).collect();
    let Bandwidth { peak, average } = playlist::bandwidth(&segments);
    let rendition = RenditionIndex {
        container: Container::Ts,
        bandwidth: peak,
        average_bandwidth: average,
        codecs: measured.codecs.clone(),
        resolution: measured.resolution,
        frame_rate: measured.frame_rate,
        chunks,
    };
    GenerationIndex {
        generation: work.generation,
        duration_ms: segments.iter().map(|segment| segment.duration_us).sum::<u64>() / 1000,
        segment_seconds: work.order.cut.segment_length.as_secs_f64(),
        chunk_limit_bytes: work.order.cut.chunk_limit,
        source_sha256: work.source.hash(),
        renditions: BTreeMap::from([(work.rendition.clone(), rendition)]),
    }
}

/// Deploys the index. With an existing one of another generation, that is retired and served on.
pub(super) async fn index(
    work: &Arc<Work>,
    generation: &GenerationIndex,
    independent: bool,
    mut existing: Option<Existing>,
    poster: Option<Vec<u8>>,
) -> Result<Index, Stopped> {
    let job = work.job(JobName::Index, Unit::Bytes);
    // until when a retired generation is served, other machines read too: all go by AWS's clock
    let now = match attempts(&job, &work.control, &work.retry, |_| work.cloud.now(), |_| ()).await {
        Ok(now) => now,
        Err(stopped) => return ended(job, Err(stopped)),
    };
    let result = loop {
        let next = next(work, generation, existing.as_ref(), now);
        if let Some(existing) = existing.as_ref().filter(|existing| same_content(existing, &next)) {
            let result = describe_anew(work, &job, existing).await;
            match &result {
                Ok(()) => job.skipped("already published"),
                other => job.ended(other),
            }
            return result.map(|()| existing.index.clone());
        }
        let package = |poster| readable(package(&next, independent, existing.as_ref(), poster));
        // a reel without a picture plays as well
        let code = match package(poster.as_deref()).or_else(|_| package(None)) {
            Ok(code) => code,
            Err(error) => break Err(Stopped::Failed(limits::refusal(&work.order.reel, &error))),
        };
        job.sized(code.bytes());
        let deploy = |_| deploy(work, &next, &code, existing.as_ref(), job.count());
        match attempts(&job, &work.control, &work.retry, deploy, |_| ()).await {
            Ok(Flip::Ours) => break Ok(next),
            Ok(Flip::Theirs(theirs)) => {
                job.log("someone else published the same meanwhile");
                existing = Some(*theirs);
            }
            Err(stopped) => break Err(stopped),
        }
    };
    ended(job, result)
}

fn ended(job: JobHandle, result: Result<Index, Stopped>) -> Result<Index, Stopped> {
    job.ended(&result);
    result
}

/// What an attempt to deploy the index came to.
enum Flip {
    Ours,
    /// Another machine was quicker, with the same chunks.
    Theirs(Box<Existing>),
}

fn next(work: &Work, generation: &GenerationIndex, existing: Option<&Existing>, now: SystemTime) -> Index {
    Index {
        format: FORMAT,
        reel: work.order.reel.clone(),
        title: work.order.title.clone(),
        published: rfc3339(now),
        by: work.cloud.identity().name().map(str::to_owned),
        current: generation.clone(),
        retired: existing.map(|existing| retired(existing, work.generation, now)).unwrap_or_default(),
    }
}

fn description(index: &Index, code_sha256: &str) -> IndexDescription {
    let current = &index.current;
    IndexDescription {
        reel: index.reel.clone(),
        generation: current.generation,
        chunks: current.renditions.values().map(|rendition| rendition.chunks.len() as u32).sum(),
        bytes: current.bytes(),
        duration: Duration::from_millis(current.duration_ms),
        code: describe::code_prefix(code_sha256),
    }
}

/// Gives a deployed reel another title: the same entries, with another `index.json` among them.
pub async fn retitle(
    cloud: &Cloud,
    existing: Existing,
    title: &str,
    patience: &Patience,
    fresh: &Fresh<'_>,
) -> Result<(), IndexError> {
    let Existing { facts, index, mut entries } = existing;
    let retired = index.retired.into_iter().map(slim).collect();
    let next = Index { title: title.to_owned(), retired, ..index };
    entries.insert(INDEX_ENTRY.to_owned(), serde_json::to_vec(&next).expect("an index is plain data"));
    let code = readable(zip::whole(entries.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))))?;
    let (name, revision) = (&facts.name, facts.revision.as_deref());
    let sent = Count::default();
    match patience.again(|| cloud.replace_code(name, revision, &code, &sent, fresh)).await {
        // the answer to an earlier attempt was lost, or someone else was quicker
        Err(error) if error.is_precondition() => {
            let now = patience.again(|| cloud.function(name)).await?;
            if now.is_none_or(|now| now.code_sha256 != code.code_sha256()) {
                return Err(error.into());
            }
        }
        other => drop(other?),
    }
    let text = description(&next, &code.code_sha256()).text();
    patience.again(|| cloud.describe(name, &text)).await?;
    Ok(())
}

/// An update that was interrupted has left the description of the code before.
async fn describe_anew(work: &Work, job: &JobHandle, existing: &Existing) -> Result<(), Stopped> {
    let text = description(&existing.index, &existing.facts.code_sha256).text();
    if existing.facts.description == text {
        return Ok(());
    }
    let name = work.index_function();
    attempts(job, &work.control, &work.retry, |_| work.cloud.describe(&name, &text), |_| ()).await.map(|_| ())
}

/// Whether it is the same reel to whoever plays it.
fn has_chunks_of(deployed: &GenerationIndex, next: &GenerationIndex) -> bool {
    deployed.generation == next.generation && deployed.renditions == next.renditions
}

/// An index that the gate does not read is written anew, whatever it says.
fn same_content(deployed: &Existing, next: &Index) -> bool {
    let Existing { facts, index, .. } = deployed;
    facts.code_bytes <= INDEX_BYTES_MAX
        && index.current == next.current
        && index.title == next.title
        && index.format == next.format
}

/// What stays served beside the new generation: the one it replaces, and those whose time is not over.
fn retired(existing: &Existing, next: Generation, now: SystemTime) -> Vec<Retired> {
    let mut retired: Vec<Retired> =
        existing.index.retired.iter().filter(|retired| retired.until > rfc3339(now)).cloned().collect();
    let old = &existing.index.current;
    if old.generation != next {
        let until = now + RETIRED_AT_LEAST.max(Duration::from_millis(old.duration_ms * 3));
        retired.push(Retired { until: rfc3339(until), generation: old.clone() });
    }
    retired.retain(|retired| retired.generation.generation != next);
    // of an index that an older zipreel wrote too
    retired.into_iter().map(slim).collect()
}

fn slim(Retired { until, generation }: Retired) -> Retired {
    Retired { until, generation: generation.retired() }
}

/// What the index will have to hold beside the generation that is to come.
pub(super) fn held(existing: &Existing, next: Generation, now: SystemTime) -> Vec<Held> {
    let current = existing.index.current.generation;
    let weigh = |retired: Retired| {
        let generation = retired.generation.generation;
        let entries: u64 = entries_of(existing, generation).map(|(_, bytes)| bytes.len() as u64).sum();
        let bytes = limits::json_bytes(&retired) + entries;
        Held { bytes, until: (generation != current).then_some(retired.until) }
    };
    retired(existing, next, now).into_iter().map(weigh).collect()
}

/// The playlists and init sections of one generation.
fn entries_of(existing: &Existing, generation: Generation) -> impl Iterator<Item = (&String, &Vec<u8>)> {
    let prefix = format!("{generation}/");
    existing.entries.iter().filter(move |(name, _)| name.starts_with(&prefix))
}

/// An index that the gate reads, or why it would not.
fn readable(zip: Vec<u8>) -> Result<CodeZip, LimitError> {
    if zip.len() as u64 > INDEX_BYTES_MAX {
        return Err(LimitError::Index { fitting_seconds: None });
    }
    Ok(CodeZip::in_memory(zip))
}

#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error("someone else published `{reel}` meanwhile: {who}, {when}")]
    Overtaken { reel: String, who: String, when: String },
}

impl Explain for IndexError {
    fn class(&self) -> FaultClass {
        match self {
            Self::Limit(error) => error.class(),
            Self::Cloud(error) => error.class(),
            Self::Lease(error) => error.class(),
            Self::Overtaken { .. } => FaultClass::Permanent,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Limit(error) => error.hint(),
            Self::Cloud(error) => error.hint(),
            Self::Lease(error) => error.hint(),
            Self::Overtaken { .. } => Some("Look at what was published, then publish again to replace it.".into()),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Cloud(error) => error.retry_after(),
            Self::Lease(error) => error.retry_after(),
            Self::Limit(_) | Self::Overtaken { .. } => None,
        }
    }

    fn is_offline(&self) -> bool {
        match self {
            Self::Cloud(error) => error.is_offline(),
            Self::Lease(error) => error.is_offline(),
            Self::Limit(_) | Self::Overtaken { .. } => false,
        }
    }
}

async fn deploy(
    work: &Work,
    next: &Index,
    code: &CodeZip,
    existing: Option<&Existing>,
    sent: &Count,
) -> Result<Flip, IndexError> {
    let name = work.index_function();
    let text = description(next, &code.code_sha256()).text();
    let lease = work.lease().await?;
    let fresh = lease.fresh().await?;
    match existing {
        None => create(work, next, code, sent, &fresh).await,
        Some(existing) => {
            let revision = existing.facts.revision.as_deref();
            let updated = work.cloud.replace_code(&name, revision, code, sent, &fresh).await;
            match updated {
                Ok(_) => {}
                // the answer to an earlier attempt was lost, or someone else was quicker
                Err(error) if error.is_precondition() => {
                    if let theirs @ Flip::Theirs(_) = ours_or_overtaken(work, next, code, error).await? {
                        return Ok(theirs);
                    }
                }
                Err(error) => return Err(error.into()),
            }
            work.cloud.describe(&name, &text).await?;
            Ok(Flip::Ours)
        }
    }
}

async fn create(
    work: &Work,
    next: &Index,
    code: &CodeZip,
    sent: &Count,
    fresh: &Fresh<'_>,
) -> Result<Flip, IndexError> {
    let function = FunctionName::Index { reel: work.order.reel.clone() };
    let new = NewFunction {
        name: work.index_function(),
        description: description(next, &code.code_sha256()).text(),
        tags: describe::tags(&function).into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    };
    match work.cloud.create_index(&new, code, sent, fresh).await {
        Ok(_) => Ok(Flip::Ours),
        Err(error) if error.is_conflict() => ours_or_overtaken(work, next, code, error).await,
        Err(error) => Err(error.into()),
    }
}

async fn ours_or_overtaken(work: &Work, next: &Index, code: &CodeZip, error: CloudError) -> Result<Flip, IndexError> {
    match work.cloud.function(&work.index_function()).await? {
        Some(facts) if facts.code_sha256 == code.code_sha256() => Ok(Flip::Ours),
        Some(facts) => {
            let theirs = remote::existing(&work.cloud, &work.order.reel).await.ok().flatten();
            let theirs = match theirs {
                Some(theirs) if has_chunks_of(&theirs.index.current, &next.current) => {
                    return Ok(Flip::Theirs(Box::new(theirs)));
                }
                theirs => theirs,
            };
            let index = theirs.map(|theirs| theirs.index);
            let who = index
                .as_ref()
                .and_then(|index| Some(format!("{} with generation {}", index.by.as_ref()?, index.current.generation)));
            let when = index.map_or(facts.modified, |index| index.published);
            let who = who.unwrap_or_else(|| "nobody known".to_owned());
            Err(IndexError::Overtaken { reel: work.order.reel.to_string(), who, when })
        }
        None => Err(error.into()),
    }
}

fn package(index: &Index, independent: bool, existing: Option<&Existing>, poster: Option<&[u8]>) -> Vec<u8> {
    let mut files: Vec<(String, Vec<u8>)> = vec![
        (INDEX_ENTRY.to_owned(), serde_json::to_vec(index).expect("an index is plain data")),
        (MULTIVARIANT_ENTRY.to_owned(), playlist::multivariant(&index.current, independent).into_bytes()),
    ];
    let generation = index.current.generation;
    for (id, rendition) in &index.current.renditions {
        let media = |links| playlist::media(id, rendition, independent, links).into_bytes();
        files.push((playlist::media_path(generation, id), media(Links::Chunks { prefix: "" })));
        files.push((playlist::relay_path(generation, id), media(Links::Relay)));
    }
    for retired in &index.retired {
        let entries = existing.into_iter().flat_map(|existing| entries_of(existing, retired.generation.generation));
        files.extend(entries.map(|(name, bytes)| (name.clone(), bytes.clone())));
    }
    files.extend(poster.map(|bytes| (POSTER_ENTRY.to_owned(), bytes.to_vec())));
    zip::whole(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())))
}
