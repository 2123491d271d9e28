//! What is left of a reel that nothing serves: retired generations whose time is over, and chunks that no index speaks
//! of. Decides from lists alone; who deletes, and after which question, is the caller's.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use indicatif::HumanBytes;

use crate::{
    model::{
        reel::{
            describe,
            index::Index,
            name::{FunctionName, Generation, ReelName},
        },
        wording,
    },
    storage::FunctionFacts,
};

/// Chunks without an index may belong to a publishing that is under way or can be resumed: so long they are left.
pub const ORPHANS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Chunks of one generation that can go, now or later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    pub reel: ReelName,
    pub generation: Generation,
    /// Names of the functions.
    pub functions: Vec<String>,
    pub bytes: u64,
    pub why: Why,
    /// Nobody can miss them any more.
    pub is_due: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Replaced by a newer generation.
    Retired,
    /// Of an interrupted publishing, or of a deletion that was.
    Orphaned,
    /// Beyond those that the index lists.
    Surplus,
}

impl Leftover {
    /// What it is, and how much.
    pub fn sentence(&self) -> String {
        let (reel, generation) = (&self.reel, self.generation);
        let (chunks, bytes) = (wording::count(self.functions.len() as u64, "chunk"), HumanBytes(self.bytes));
        let what = match self.why {
            Why::Retired => "was replaced, and is served until its time is over",
            Why::Orphaned => "has no index: of an interrupted publishing or deletion",
            Why::Surplus => "is served without these",
        };
        format!("{reel}: version {generation} {what}: {chunks}, {bytes}")
    }
}

/// `functions`: all of the reel, as listed. `index`: what the reel serves.
pub fn leftovers(
    reel: &ReelName,
    index: Option<&Index>,
    functions: &[FunctionFacts],
    now: SystemTime,
) -> Vec<Leftover> {
    let mut found: BTreeMap<Generation, Vec<(&FunctionFacts, FunctionName)>> = BTreeMap::new();
    for facts in functions {
        match describe::ours(&facts.name, &facts.description) {
            Some(name) if name.reel() == reel => {
                if let FunctionName::Chunk { generation, .. } = name {
                    found.entry(generation).or_default().push((facts, name));
                }
            }
            _ => {}
        }
    }
    found.into_iter().filter_map(|(generation, chunks)| leftover(reel, index, generation, chunks, now)).collect()
}

/// Whether a chunk of one generation is in no index: it may be deleted without taking anything from what is served.
pub fn is_unlisted(reel: &ReelName, index: Option<&Index>, wanted: Generation, facts: &FunctionFacts) -> bool {
    let served = index.and_then(|index| index.generation(wanted));
    match describe::ours(&facts.name, &facts.description) {
        Some(FunctionName::Chunk { reel: of, generation, rendition, number }) => {
            of == *reel
                && generation == wanted
                && served.is_none_or(|served| served.chunk(&rendition, number).is_none())
        }
        _ => false,
    }
}

/// Whether one function is left over, by the index as it is now; `orphans_kept`: how old a chunk without an index must
/// be.
pub fn is_left_over(
    reel: &ReelName,
    index: Option<&Index>,
    facts: &FunctionFacts,
    now: SystemTime,
    orphans_kept: Duration,
) -> bool {
    let left = leftovers(reel, index, std::slice::from_ref(facts), now);
    let old_enough = || facts.modified.and_then(|modified| now.duration_since(modified).ok()) >= Some(orphans_kept);
    left.first().is_some_and(|left| left.is_due || (left.why == Why::Orphaned && old_enough()))
}

fn leftover(
    reel: &ReelName,
    index: Option<&Index>,
    generation: Generation,
    mut chunks: Vec<(&FunctionFacts, FunctionName)>,
    now: SystemTime,
) -> Option<Leftover> {
    let current = index.map(|index| &index.current).filter(|current| current.generation == generation);
    let retired = index.and_then(|index| index.retired.iter().find(|old| old.generation.generation == generation));
    let (why, is_due) = match (current, retired) {
        (Some(current), _) => {
            chunks.retain(|(_, name)| match name {
                FunctionName::Chunk { rendition, number, .. } => current.chunk(rendition, *number).is_none(),
                FunctionName::Index { .. } => false,
            });
            (Why::Surplus, true)
        }
        (None, Some(retired)) => (Why::Retired, retired.until <= now.into()),
        (None, None) => {
            let is_old = |facts: &FunctionFacts| {
                let age = facts.modified.and_then(|modified| now.duration_since(modified).ok());
                age.is_some_and(|age| age >= ORPHANS_KEPT)
            };
            (Why::Orphaned, chunks.iter().all(|(facts, _)| is_old(facts)))
        }
    };
    if chunks.is_empty() {
        return None;
    }
    let bytes = chunks.iter().map(|(facts, _)| facts.code_bytes).sum();
    let functions = chunks.into_iter().map(|(facts, _)| facts.name.clone()).collect();
    Some(Leftover { reel: reel.clone(), generation, functions, bytes, why, is_due })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reel::{
        generation::FORMAT,
        index::{ChunkIndex, GenerationIndex, RenditionIndex, Retired},
    };

    const CURRENT: &str = "00000001";
    const OLD: &str = "00000002";
    const ORPHAN: &str = "00000003";

    fn chunk(generation: &str, number: u16) -> FunctionFacts {
        FunctionFacts {
            name: format!("zipreel-a-{generation}-src-{number:04}"),
            code_sha256: String::new(),
            code_bytes: 10,
            description: format!("zipreel chunk a {generation} src {number:04}"),
            state: None,
            revision: None,
            modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_341_600)),
        }
    }

    fn generation(text: &str) -> GenerationIndex {
        let (number, sha256) = (1.try_into().unwrap(), String::new());
        let chunk = ChunkIndex { number, bytes: 10, sha256, segments: vec![], pieces: vec![] };
        let rendition = RenditionIndex::example(vec![chunk]);
        let example = GenerationIndex::example(BTreeMap::from([("src".parse().unwrap(), rendition)]));
        GenerationIndex { generation: text.parse().unwrap(), ..example }
    }

    fn index() -> Index {
        let until = SystemTime::from(time::macros::datetime!(2026-11-23 12:00 UTC)).into();
        Index {
            format: FORMAT,
            reel: "a".parse().unwrap(),
            title: String::new(),
            published: until,
            by: None,
            robots: Default::default(),
            current: generation(CURRENT),
            retired: vec![Retired { until, generation: generation(OLD) }],
        }
    }

    /// 2026-11-22T10:00:00Z and so many hours.
    fn after(hours: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_341_600 + hours * 3600)
    }

    fn due(index: Option<&Index>, hours: u64) -> Vec<(Why, usize, bool)> {
        let mut foreign = chunk(ORPHAN, 3);
        foreign.description = "someone else's".into();
        let of_another = FunctionFacts { name: "zipreel-a-b-00000003-src-0001".into(), ..chunk(ORPHAN, 1) };
        let functions = [
            chunk(CURRENT, 1),
            chunk(CURRENT, 2),
            chunk(OLD, 1),
            chunk(ORPHAN, 1),
            chunk(ORPHAN, 2),
            foreign,
            of_another,
        ];
        let found = leftovers(&"a".parse().unwrap(), index, &functions, after(hours));
        found.into_iter().map(|left| (left.why, left.functions.len(), left.is_due)).collect()
    }

    #[test]
    fn what_is_served_stays_and_the_rest_goes_in_its_time() {
        let index = index();
        let at = |hours| due(Some(&index), hours);
        assert_eq!(at(1), [(Why::Surplus, 1, true), (Why::Retired, 1, false), (Why::Orphaned, 2, false)]);
        assert_eq!(at(25), [(Why::Surplus, 1, true), (Why::Retired, 1, false), (Why::Orphaned, 2, true)]);
        assert_eq!(at(26), [(Why::Surplus, 1, true), (Why::Retired, 1, true), (Why::Orphaned, 2, true)]);
    }

    #[test]
    fn one_chunk_is_no_plural() {
        let sentence = |functions: &[FunctionFacts]| {
            leftovers(&"a".parse().unwrap(), None, functions, after(1)).remove(0).sentence()
        };
        let one = sentence(&[chunk(ORPHAN, 1)]);
        assert!(one.ends_with("of an interrupted publishing or deletion: 1 chunk, 10 B"), "{one}");
        assert!(sentence(&[chunk(ORPHAN, 1), chunk(ORPHAN, 2)]).ends_with(": 2 chunks, 20 B"));
    }

    #[test]
    fn without_an_index_every_chunk_is_an_orphan() {
        assert!(due(None, 25).iter().all(|(why, _, due)| *why == Why::Orphaned && *due));
        assert!(due(None, 1).iter().all(|(_, _, due)| !due));
    }
}
