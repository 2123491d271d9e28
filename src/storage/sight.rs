//! What was seen of functions, and when. To delete, replace or flip, a caller shows what it has seen just before: these
//! types are made of GetFunction's answers alone, since a list may be stale, and they grow old.

use std::{
    collections::HashMap,
    time::{Duration, Instant, SystemTime},
};

use super::{CloudError, FunctionFacts, Storage};

/// A moment by both of this computer's clocks: one of them stops while it sleeps, the other may be set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(Instant, SystemTime);

impl Moment {
    pub(super) fn now() -> Self {
        Self(Instant::now(), SystemTime::now())
    }

    pub(super) fn is_within(self, life: Duration) -> bool {
        let Self(at, wall) = self;
        // a clock that was set back tells nothing
        at.elapsed() < life && SystemTime::now().duration_since(wall).is_ok_and(|since| since < life)
    }
}

/// A function as GetFunction showed it.
#[derive(Debug, Clone)]
pub struct Sighted {
    facts: FunctionFacts,
    now: SystemTime,
    at: Moment,
}

impl Sighted {
    /// A function is changed so soon after it was looked at, or looked at again.
    const LIFE: Duration = Duration::from_secs(60);

    pub fn facts(&self) -> &FunctionFacts {
        &self.facts
    }

    /// AWS's clock at that time.
    pub fn aws_time(&self) -> SystemTime {
        self.now
    }

    pub(super) fn is_recent(&self) -> bool {
        self.at.is_within(Self::LIFE)
    }
}

/// Every chunk that an index promises stood there with the promised content, by GetFunction.
#[derive(Debug)]
pub struct Whole {
    since: Moment,
}

impl Whole {
    /// An index may be flipped so long after its first chunk was looked at: as many as a reel can have are looked at in
    /// nine minutes.
    const LIFE: Duration = Duration::from_secs(15 * 60);

    pub(super) fn is_recent(&self) -> bool {
        self.since.is_within(Self::LIFE)
    }
}

/// Looking at the chunks of an index, one after the other.
#[derive(Debug)]
pub struct Look {
    since: Moment,
    seen: HashMap<String, Sighted>,
}

impl Look {
    pub fn begin() -> Self {
        Self { since: Moment::now(), seen: HashMap::new() }
    }

    pub fn add(&mut self, sighted: Sighted) {
        self.seen.insert(sighted.facts.name.clone(), sighted);
    }

    pub fn seen(&self, name: &str) -> Option<&FunctionFacts> {
        self.seen.get(name).map(|sighted| &sighted.facts).filter(|facts| facts.is_usable())
    }

    /// `None` if one of them, given by name and `CodeSha256`, was not seen so.
    pub fn whole<'a>(&self, promised: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Whole> {
        let mut promised = promised.into_iter();
        let all = promised.all(|(name, sha256)| self.seen(name).is_some_and(|facts| facts.code_sha256 == sha256));
        all.then_some(Whole { since: self.since })
    }
}

/// Looks at what stands under a name; `None` if nothing does.
pub async fn sight(storage: &dyn Storage, name: &str) -> Result<Option<Sighted>, CloudError> {
    let at = Moment::now();
    Ok(storage.look(name).await?.map(|(facts, now)| Sighted { facts, now, at }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighted(name: &str, state: &str) -> Sighted {
        let facts = FunctionFacts {
            name: name.to_owned(),
            code_sha256: format!("of {name}"),
            code_bytes: 1,
            description: String::new(),
            state: Some(state.to_owned()),
            revision: None,
            modified: None,
        };
        Sighted { facts, now: SystemTime::now(), at: Moment::now() }
    }

    fn ago(seconds: u64) -> Moment {
        let since = Duration::from_secs(seconds);
        Moment(Instant::now().checked_sub(since).unwrap(), SystemTime::now() - since)
    }

    #[test]
    fn only_what_was_seen_with_the_promised_content_is_whole() {
        let mut look = Look::begin();
        look.add(sighted("a", "Active"));
        look.add(sighted("b", "Pending"));
        look.add(sighted("c", "Deleting"));
        assert!(look.whole([("a", "of a"), ("b", "of b")]).is_some());
        for promised in [("a", "another"), ("c", "of c"), ("d", "of d")] {
            assert!(look.whole([("a", "of a"), promised]).is_none(), "{promised:?}");
        }
    }

    #[test]
    fn what_was_seen_grows_old_by_either_clock() {
        let mut seen = sighted("a", "Active");
        assert!(seen.is_recent());
        for at in [ago(61), Moment(Instant::now(), ago(61).1), Moment(ago(61).0, SystemTime::now())] {
            seen.at = at;
            assert!(!seen.is_recent(), "{at:?}");
        }
        // a clock that was set back since
        seen.at = Moment(Instant::now(), SystemTime::now() + Duration::from_secs(5));
        assert!(!seen.is_recent());
        assert!(Whole { since: ago(14 * 60) }.is_recent() && !Whole { since: ago(16 * 60) }.is_recent());
    }
}
