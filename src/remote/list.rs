//! All reels of an account, from ListFunctions alone: names and descriptions tell everything but the titles.

use std::{collections::BTreeMap, time::SystemTime};

use super::{LibraryError, each_function};
use crate::{
    model::reel::{
        describe::{self, IndexDescription},
        name::{FunctionName, Generation, PREFIX, ReelName},
    },
    running::attempt::Retries,
    storage::{FunctionFacts, Storage},
};

/// One reel as its functions show it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listed {
    /// `None`: chunks without an index, left by an interrupted or deleted publishing.
    pub index: Option<IndexDescription>,
    /// The index's code is another than its description says: an update was interrupted.
    pub stale: bool,
    /// When the index was last changed.
    pub modified: Option<SystemTime>,
    /// Chunks and their bytes, a generation each.
    pub generations: BTreeMap<Generation, (u32, u64)>,
}

/// Why a reel that has an index is not served whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Its last publishing has changed the index, and did not come to its end.
    Interrupted,
    /// Chunks that are there are not as many as the index says.
    Chunks { there: u32, of: u32 },
}

impl Lack {
    /// What is to be done where it was interrupted.
    pub const PUBLISH_AGAIN: &str = "its last publishing was interrupted: publish it again";

    pub fn short(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Chunks { .. } => "not whole",
        }
    }
}

impl Listed {
    /// `None` also where there is no index at all.
    pub fn lack(&self) -> Option<Lack> {
        let (there, of) = (self.chunks(), self.index.as_ref()?.chunks);
        if self.stale {
            return Some(Lack::Interrupted);
        }
        (there != of).then_some(Lack::Chunks { there, of })
    }

    /// Chunks that are deployed of the generation that is served.
    pub fn chunks(&self) -> u32 {
        self.current().map_or(0, |(chunks, _)| chunks)
    }

    /// Zips of all generations.
    pub fn bytes(&self) -> u64 {
        self.generations.values().map(|(_, bytes)| bytes).sum()
    }

    fn current(&self) -> Option<(u32, u64)> {
        self.generations.get(&self.index.as_ref()?.generation).copied()
    }

    /// Chunks that no index speaks of: of other generations, or of a reel without an index.
    pub fn other_chunks(&self) -> u32 {
        let all: u32 = self.generations.values().map(|(chunks, _)| chunks).sum();
        all - self.chunks()
    }

    /// As many chunks as the index says.
    pub fn is_whole(&self) -> bool {
        self.index.is_some() && self.lack().is_none()
    }
}

/// What was found so far, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListedReels(pub BTreeMap<ReelName, Listed>);

impl ListedReels {
    /// Takes in one function; others than ours are passed over.
    pub fn add(&mut self, facts: &FunctionFacts) {
        match describe::ours(&facts.name, &facts.description) {
            Some(FunctionName::Chunk { reel, generation, .. }) => {
                let (chunks, bytes) = self.0.entry(reel).or_default().generations.entry(generation).or_default();
                *chunks += 1;
                *bytes += facts.code_bytes;
            }
            Some(FunctionName::Index { reel }) => {
                let listed = self.0.entry(reel).or_default();
                listed.index = IndexDescription::parse(&facts.description);
                listed.stale = listed.index.as_ref().is_some_and(|index| !index.matches(&facts.code_sha256));
                listed.modified = facts.modified;
            }
            None => {}
        }
    }
}

/// Lists page by page; `page` sees the shelf after each.
pub async fn list(
    storage: &dyn Storage,
    retries: &Retries,
    mut page: impl FnMut(&ListedReels),
) -> Result<ListedReels, LibraryError> {
    let mut shelf = ListedReels::default();
    each_function(storage, PREFIX, retries, |functions| {
        functions.iter().for_each(|facts| shelf.add(facts));
        page(&shelf);
    })
    .await?;
    Ok(shelf)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str, description: &str, code: &str) -> FunctionFacts {
        FunctionFacts {
            name: name.into(),
            code_sha256: code.into(),
            code_bytes: 10,
            description: description.into(),
            state: None,
            revision: None,
            modified: Some(SystemTime::UNIX_EPOCH),
        }
    }

    #[test]
    fn reels_orphans_and_foreign_functions_are_told_apart() {
        let mut shelf = ListedReels::default();
        let index = "zipreel index a 01234567 2 chunks 20 bytes 12 s code abcdefgh";
        for (name, description) in [
            ("zipreel-a-01234567-src-0001", "zipreel chunk a 01234567 src 0001"),
            ("zipreel-a-01234567-src-0002", "zipreel chunk a 01234567 src 0002"),
            ("zipreel-a-89abcdef-src-0001", "zipreel chunk a 89abcdef src 0001"),
            ("zipreel-b-01234567-src-0001", "zipreel chunk b 01234567 src 0001"),
            ("zipreel-c-01234567-src-0001", "someone else's"),
            ("zipreel-gate", ""),
        ] {
            shelf.add(&facts(name, description, "x"));
        }
        shelf.add(&facts("zipreel-a-index", index, "abcdefghijkl"));
        let names: Vec<&str> = shelf.0.keys().map(ReelName::as_str).collect();
        assert_eq!(names, ["a", "b"]);
        let [a, b] = ["a", "b"].map(|name| &shelf.0[&name.parse().unwrap()]);
        assert!(a.is_whole() && !b.is_whole());
        assert_eq!((a.chunks(), a.other_chunks(), a.bytes()), (2, 1, 30));
        assert_eq!((b.chunks(), b.other_chunks(), b.index.is_none()), (0, 1, true));
        assert_eq!((a.lack(), b.lack()), (None, None));
        shelf.add(&facts("zipreel-a-index", index, "anothercode"));
        assert_eq!(shelf.0[&"a".parse().unwrap()].lack(), Some(Lack::Interrupted), "its description is stale");
        let index = index.replace("2 chunks", "3 chunks");
        shelf.add(&facts("zipreel-a-index", &index, "abcdefghijkl"));
        assert_eq!(shelf.0[&"a".parse().unwrap()].lack(), Some(Lack::Chunks { there: 2, of: 3 }));
    }
}
