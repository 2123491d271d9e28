//! The index: playlists and `index.json` in one zip, deployed last. Creating or updating this one function is the step
//! that makes a reel, or its new generation, visible.

mod package;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use self::package::{entries_of, fitting, package, readable};
use super::{made::Made, tracks::Text, work::Work};
use crate::{
    model::{
        chunk::{
            gzip,
            limits::{self, Held, LimitError},
            zip,
        },
        reel::{
            describe::{self, IndexDescription},
            index::{GenerationIndex, INDEX_ENTRY, Index, Retired},
            moment::Timestamp,
            name::{FunctionName, Generation},
        },
        report::{
            event::{Count, JobName, Unit},
            fault::{Explain, Stopped},
        },
    },
    remote::deployed::{self, Existing, RemoteError},
    running::{
        attempt::{Retries, attempts},
        reporter::JobHandle,
    },
    storage::{
        CloudError, CodeZip, NewFunction, Storage,
        change::{self, ChangeError, Flip},
        lease::{Lease, LeaseError},
        sight::{Whole, sight},
    },
};

/// How long AWS may be at a change before that is worth a word.
const SETTLES: Duration = Duration::from_secs(1);
/// What is replaced is served for a day at least: players never fetch a VOD playlist again.
const RETIRED_AT_LEAST: Duration = Duration::from_secs(24 * 60 * 60);

/// What lies in an index beside its playlists.
#[derive(Clone, Copy)]
pub(super) struct Aside<'a> {
    pub poster: Option<&'a [u8]>,
    pub text: &'a Text,
}

/// What became of an index that was to be deployed.
pub(super) enum Landed {
    Flipped(Index),
    /// It was deployed before.
    Already(Index),
    /// The chunks were looked at too long ago: AWS could not be asked meanwhile.
    LookAgain,
}

/// Deploys the index of what was seen whole. With an existing one of another generation, that is retired and served on.
pub(super) async fn index(
    work: &Arc<Work>,
    made: &Made,
    whole: &Whole,
    existing: Option<&Existing>,
    aside: Aside<'_>,
) -> Result<Landed, Stopped> {
    let generation = &made.generation;
    let job = work.job(JobName::Index, Unit::Bytes);
    // until when a retired generation is served, other machines read too: all go by AWS's clock
    let now = match attempts(&job, &work.control, &work.retry, |_| work.storage.now(), |_| ()).await {
        Ok(now) => now,
        Err(stopped) => return ended(job, Err(stopped)),
    };
    let most = work.storage.limits().index_bytes;
    let mut theirs: Option<Existing> = None;
    let result = loop {
        let existing = theirs.as_ref().or(existing);
        let next = next(work, generation, existing, now);
        if let Some(existing) = existing.filter(|existing| same_content(most, existing, &next)) {
            match attempts(&job, &work.control, &work.retry, |_| still(work, existing), |_| ()).await {
                Ok(None) => {
                    job.skipped("already published");
                    return Ok(Landed::Already(existing.index.clone()));
                }
                Ok(Some(newer)) => theirs = Some(newer),
                Err(stopped) => break Err(stopped),
            }
            continue;
        }
        let entries = |poster, has_former| match has_former {
            true => package(&next, &made.inits, existing, poster, &aside.text.files),
            false => package(&next.without_former(), &made.inits, existing, poster, &aside.text.files),
        };
        let code = match fitting(most, aside.poster, entries) {
            Ok(code) => code,
            Err(error) => break Err(Stopped::Failed(limits::refusal(&work.order.reel, &error))),
        };
        job.sized(code.bytes());
        let deployment = Deployment { work, whole, existing, next: &next, code: &code };
        match attempts(&job, &work.control, &work.retry, |_| deployment.attempt(job.count()), |_| ()).await {
            Ok(Attempted::Ours) => {
                work.is_visible_as(generation, code.code_sha256());
                break Ok(Landed::Flipped(next));
            }
            Ok(Attempted::Theirs(quicker)) => {
                job.log("someone else published the same meanwhile");
                theirs = Some(*quicker);
            }
            Ok(Attempted::Stale) => break Ok(Landed::LookAgain),
            Err(stopped) => break Err(stopped),
        }
    };
    ended(job, result)
}

fn ended(job: JobHandle, result: Result<Landed, Stopped>) -> Result<Landed, Stopped> {
    job.ended(&result);
    result
}

/// What an attempt to deploy the index came to.
enum Attempted {
    Ours,
    /// Another machine was quicker, with the same chunks.
    Theirs(Box<Existing>),
    /// The chunks have to be looked at again.
    Stale,
}

fn next(work: &Work, generation: &GenerationIndex, existing: Option<&Existing>, now: SystemTime) -> Index {
    let retired = existing.map(|existing| retired(existing, work.generation, now)).unwrap_or_default();
    let generations = retired.iter().map(|retired| &retired.generation);
    let before = existing.map(|existing| &existing.index.current);
    let current = match before.filter(|before| before.generation == generation.generation) {
        Some(before) => generation.clone().after(before, now.into(), served_until(before, now)),
        None => generation.clone(),
    };
    Index {
        format: Index::format_of(generations.chain([&current])),
        reel: work.order.reel.clone(),
        title: work.order.title.clone(),
        published: now.into(),
        by: work.storage.by().map(str::to_owned),
        robots: work.order.robots,
        current,
        retired,
    }
}

/// How many bytes there are for subtitles and chapters beside this.
pub(super) fn room_for_text(work: &Work, made: &Made, existing: Option<&Existing>) -> u64 {
    let next = next(work, &made.generation, existing, SystemTime::now()).without_former();
    package::room(work.storage.limits().index_bytes, &next, &made.inits, existing)
}

pub(super) fn description(index: &Index, code_sha256: &str) -> IndexDescription {
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
    storage: &dyn Storage,
    existing: Existing,
    title: &str,
    retries: &Retries,
    lease: &Lease,
) -> Result<(), IndexError> {
    let Existing { facts, index, entries } = existing;
    let retired = index.retired.into_iter().map(slim).collect();
    let next = Index { title: title.to_owned(), retired, ..index };
    let package = |entries: &BTreeMap<_, _>| readable(storage.limits().index_bytes, zip_of(&next, entries));
    let code = package(&entries).or_else(|_| package(&gzip::without(entries.clone()).into_iter().collect()))?;
    let (name, sha256, sent) = (&facts.name, code.code_sha256(), Count::default());
    let change = async || {
        let other = |why| CloudError::unexpected(format!("could not update function `{name}`"), why);
        let seen = sight(storage, name).await?.ok_or_else(|| other("someone else has deleted it meanwhile"))?;
        match &seen.facts().code_sha256 {
            // the answer to an earlier attempt was lost
            now if *now == sha256 => return Ok(()),
            now if *now != facts.code_sha256 => return Err(other("someone else has changed it meanwhile").into()),
            _ => {}
        }
        change::replace(storage, lease, &seen, &code, &sent).await
    };
    retries.again(change).await?;
    let text = description(&next, &sha256).text();
    let describe = async || match storage.describe(name, &text, None).await {
        // AWS is still at the change: no news, once
        Err(error) if error.is_conflict() => {
            tokio::time::sleep(SETTLES).await;
            storage.describe(name, &text, None).await
        }
        done => done,
    };
    retries.again(describe).await?;
    Ok(())
}

/// With the playlists and all else that it had.
pub(super) fn zip_of(index: &Index, entries: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let json = serde_json::to_vec(index).expect("an index is plain data");
    let others = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    zip::whole([(INDEX_ENTRY, json.as_slice())].into_iter().chain(others))
}

/// `None` if what was found published still is; what another machine has made of it since, with the same chunks. An
/// update that was interrupted has left the description of the code before.
async fn still(work: &Work, existing: &Existing) -> Result<Option<Existing>, IndexError> {
    let (name, facts) = (work.index_function(), &existing.facts);
    let now = work.storage.get(&name).await?;
    if now.is_none_or(|now| now.code_sha256 != facts.code_sha256) {
        return theirs(work, &existing.index.current).await?.ok_or_else(|| gone(work)).map(Some);
    }
    let text = description(&existing.index, &facts.code_sha256).text();
    if facts.description != text {
        work.storage.describe(&name, &text, None).await?;
    }
    Ok(None)
}

fn gone(work: &Work) -> IndexError {
    IndexError::Gone { reel: work.order.reel.to_string() }
}

/// The index that stands there now, if it has these chunks.
async fn theirs(work: &Work, current: &GenerationIndex) -> Result<Option<Existing>, IndexError> {
    let Some(theirs) = deployed::existing(&*work.storage, &work.order.reel).await? else { return Ok(None) };
    if has_chunks_of(&theirs.index.current, current) {
        return Ok(Some(theirs));
    }
    let Index { by, current, published, .. } = theirs.index;
    let who = by.map(|by| format!("{by} with version {}", current.generation));
    let who = who.unwrap_or_else(|| "nobody known".to_owned());
    Err(IndexError::Overtaken { reel: work.order.reel.to_string(), who, when: published.to_string() })
}

/// Whether it is the same reel to a player.
fn has_chunks_of(deployed: &GenerationIndex, next: &GenerationIndex) -> bool {
    deployed.generation == next.generation && deployed.renditions == next.renditions
}

/// An index of more bytes than are read there is written anew, whatever it says. What it still has from before does not count.
fn same_content(most: u64, deployed: &Existing, next: &Index) -> bool {
    let Existing { facts, index, .. } = deployed;
    let former = next.current.former.clone();
    facts.code_bytes <= most
        && GenerationIndex { former, ..index.current.clone() } == next.current
        && index.title == next.title
        && index.robots == next.robots
        && index.format == next.format
}

/// What stays served beside the new generation: the one it replaces, and those whose time is not over.
fn retired(existing: &Existing, next: Generation, now: SystemTime) -> Vec<Retired> {
    let mut retired: Vec<Retired> =
        existing.index.retired.iter().filter(|retired| retired.until > now.into()).cloned().collect();
    let old = &existing.index.current;
    if old.generation != next {
        retired.push(Retired { until: served_until(old, now), generation: old.clone() });
    }
    retired.retain(|retired| retired.generation.generation != next);
    // of an index that an older zipreel wrote too
    retired.into_iter().map(slim).collect()
}

/// What is replaced now.
fn served_until(old: &GenerationIndex, now: SystemTime) -> Timestamp {
    (now + RETIRED_AT_LEAST.max(Duration::from_millis(old.duration_ms * 3))).into()
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
        Held { bytes, until: (generation != current).then_some(retired.until.to_string()) }
    };
    retired(existing, next, now).into_iter().map(weigh).collect()
}

#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error("someone else published `{reel}` meanwhile: {who}, {when}")]
    Overtaken { reel: String, who: String, when: String },
    #[error("someone else deleted `{reel}` meanwhile")]
    Gone { reel: String },
}

impl Explain for IndexError {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::Limit(error) => Some(error),
            Self::Change(error) => Some(error),
            Self::Remote(error) => Some(error),
            Self::Overtaken { .. } | Self::Gone { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Gone { .. } => Some("Publish it again if it is to be there.".into()),
            Self::Overtaken { .. } => Some("Look at what was published, then publish again to replace it.".into()),
            passed_on => passed_on.passed_on()?.hint(),
        }
    }
}

impl From<CloudError> for IndexError {
    fn from(error: CloudError) -> Self {
        Self::Change(error.into())
    }
}

impl From<LeaseError> for IndexError {
    fn from(error: LeaseError) -> Self {
        Self::Change(error.into())
    }
}

/// An index on its way.
struct Deployment<'a> {
    work: &'a Work,
    whole: &'a Whole,
    existing: Option<&'a Existing>,
    next: &'a Index,
    code: &'a CodeZip,
}

impl Deployment<'_> {
    async fn attempt(&self, sent: &Count) -> Result<Attempted, IndexError> {
        let Self { work, code, .. } = self;
        let name = work.index_function();
        let text = description(self.next, &code.code_sha256()).text();
        let function = FunctionName::Index { reel: work.order.reel.clone() };
        let tags = describe::tags(&function).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let new = NewFunction { name: name.clone(), description: text.clone(), tags };
        let flip = match self.existing {
            None => Flip::Create(&new),
            Some(existing) => Flip::Replace { name: &name, revision: existing.facts.revision.as_deref() },
        };
        match change::flip(&*work.storage, &*work.lease().await?, self.whole, flip, code, sent).await {
            Ok(()) => {}
            Err(ChangeError::Stale) => return Ok(Attempted::Stale),
            // the answer to an earlier attempt was lost, or someone else was quicker
            Err(ChangeError::Cloud(error))
                if error.is_conflict() || error.is_precondition() || error.is_not_found() =>
            {
                // it was deleted before the lease was ours, and may have been published again
                let error = if error.is_not_found() { gone(work) } else { error.into() };
                if let Some(theirs) = self.ours_or_overtaken(error).await? {
                    return Ok(Attempted::Theirs(Box::new(theirs)));
                }
            }
            Err(error) => return Err(error.into()),
        }
        if self.existing.is_some() {
            work.storage.describe(&name, &text, None).await?;
        }
        Ok(Attempted::Ours)
    }

    /// `None` if it is ours; the index of someone else who published the same chunks. `error` if there is none.
    async fn ours_or_overtaken(&self, error: IndexError) -> Result<Option<Existing>, IndexError> {
        let there = theirs(self.work, &self.next.current).await?.ok_or(error)?;
        Ok((there.facts.code_sha256 != self.code.code_sha256()).then_some(there))
    }
}
