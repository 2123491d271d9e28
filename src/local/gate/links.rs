//! Download links of chunks, kept: GetFunction at most once per chunk and life of a link, and never a link that could
//! end while a player reads by it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::{Duration, OffsetDateTime};

use super::{
    bounded::bound,
    functions::{Busy, Deadline, Functions, Haste, Joined},
};
use crate::local::{
    context::Context,
    limits::Bucket,
    signature::link::{self, Link},
    store::record::Code,
};

/// A link with less left is never served.
const RESERVE: Duration = Duration::minutes(2);
/// Clients may keep a redirect until this long before the link's end, and never longer than [`CLIENT_MAX`].
const CLIENT_RESERVE: Duration = Duration::seconds(180);
const CLIENT_MAX: Duration = Duration::seconds(300);
const ABSENT_FOR: Duration = Duration::seconds(10);
const KEPT: usize = 2000;
const ABSENT_KEPT: usize = 1000;
/// How many clients that say a kept link is dead get a new one in a minute.
const RENEWALS: f64 = 20.0;

#[derive(Debug)]
pub(super) struct Links {
    shared: Arc<Context>,
    functions: Functions,
    joined: Joined<String>,
    state: Mutex<KeptLinks>,
}

#[derive(Debug)]
struct KeptLinks {
    kept: HashMap<String, Kept>,
    absent: HashMap<String, OffsetDateTime>,
    renewals: Bucket,
}

#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) link: Link,
    pub(super) code: Code,
}

impl Kept {
    /// Seconds that a client may keep the redirect.
    pub(super) fn max_age(&self, now: OffsetDateTime) -> i64 {
        (self.link.ends - now - CLIENT_RESERVE).clamp(Duration::ZERO, CLIENT_MAX).whole_seconds()
    }
}

impl Links {
    pub(super) fn new(shared: &Arc<Context>) -> Self {
        let renewals = Bucket::new(RENEWALS, RENEWALS / 60.0, shared.now());
        let state = KeptLinks { kept: HashMap::new(), absent: HashMap::new(), renewals };
        let (functions, joined) = (Functions::new(shared), Joined::default());
        Self { shared: Arc::clone(shared), functions, joined, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, KeptLinks> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A link with more than the reserve left; `None` if the function is gone or holds another zip than `sha256`
    /// (hexadecimal). `dead`: the client says that the one it had is refused.
    pub(super) async fn get(
        &self,
        name: &str,
        sha256: &str,
        dead: bool,
        haste: Haste,
        deadline: Deadline,
    ) -> Result<Option<Kept>, Busy> {
        if let Some(known) = self.known(name, sha256, dead) {
            return Ok(known);
        }
        let _turn = self.joined.turn(name).await;
        // the request that had the turn before may have brought it
        if !dead && let Some(known) = self.known(name, sha256, false) {
            return Ok(known);
        }
        let found = self.functions.get(name, deadline, haste, None).await?;
        let now = self.shared.now();
        let Some(function) = found.filter(|function| function.code.sha256 == sha256) else {
            let mut state = self.state();
            bound(&mut state.absent, ABSENT_KEPT, |until| *until);
            state.absent.insert(name.to_owned(), now + ABSENT_FOR);
            return Ok(None);
        };
        let kept = Kept { link: link::mint(&self.shared, &function, now), code: function.code };
        let mut state = self.state();
        bound(&mut state.kept, KEPT, |kept| kept.link.ends);
        state.kept.insert(name.to_owned(), kept.clone());
        Ok(Some(kept))
    }

    /// What needs no question: a link that is good, or the knowledge that there is none.
    fn known(&self, name: &str, sha256: &str, dead: bool) -> Option<Option<Kept>> {
        let now = self.shared.now();
        let mut state = self.state();
        let good = |kept: &&Kept| kept.code.sha256 == sha256 && kept.link.ends - now > RESERVE;
        if let Some(kept) = state.kept.get(name).filter(good).cloned()
            && !(dead && state.renewals.take(now))
        {
            return Some(Some(kept));
        }
        state.absent.get(name).is_some_and(|until| *until > now).then_some(None)
    }
}
