//! What has been on the screen, and for how long. A key that starts or deletes something counts only if what it acts on
//! was there long enough to be read: keys that were typed ahead act on nothing unseen.

use std::{
    collections::HashMap,
    fmt::Debug,
    time::{Duration, Instant},
};

/// How long a thing has to be in sight before it can be acted on.
pub(super) const LEAST: Duration = Duration::from_millis(300);

/// What an early key is told.
pub(super) const EARLY: &str = "nothing was started: read what it does first, then press the key again";

/// Something that can be acted on, whole: if a detail of it changes it is another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sight(String);

impl Sight {
    pub(super) fn of(thing: &impl Debug) -> Self {
        Self(format!("{thing:?}"))
    }
}

/// Since when each thing is in sight.
#[derive(Debug, Default)]
pub(super) struct Sights(HashMap<Sight, Instant>);

impl Sights {
    /// A frame was drawn with these things in it, and no others.
    pub(super) fn drawn(&mut self, shown: impl IntoIterator<Item = Sight>, now: Instant) {
        let before = std::mem::take(&mut self.0);
        self.0 = shown.into_iter().map(|sight| (before.get(&sight).copied().unwrap_or(now), sight)).fold(
            HashMap::new(),
            |mut sights, (since, sight)| {
                sights.insert(sight, since);
                sights
            },
        );
    }

    pub(super) fn is_seen(&self, sight: &Sight, now: Instant) -> bool {
        self.0.get(sight).is_some_and(|since| now.saturating_duration_since(*since) >= LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_counts_once_it_was_in_sight_without_a_break() {
        let (start, mut sights) = (Instant::now(), Sights::default());
        let after = |millis| start + Duration::from_millis(millis);
        let (one, other) = (Sight::of(&1), Sight::of(&2));
        sights.drawn([one.clone()], start);
        assert!(!sights.is_seen(&one, after(299)) && sights.is_seen(&one, after(300)));
        sights.drawn([one.clone(), other.clone()], after(200));
        assert!(sights.is_seen(&one, after(300)) && !sights.is_seen(&other, after(300)));
        sights.drawn([other.clone()], after(400));
        sights.drawn([one.clone()], after(500));
        assert!(!sights.is_seen(&one, after(600)) && !sights.is_seen(&other, after(900)));
    }
}
