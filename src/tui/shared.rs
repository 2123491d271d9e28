//! What all screens know: where reels go, who is signed in, what is remembered, what time it is.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, Hasher, RandomState},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Instant, SystemTime},
};

pub(super) use super::words::{account_words, path_words, target_words, where_words};
use super::{
    backend::{Account, Backend, Front, Place, Profile, Target, Unfinished},
    keymap::Keymap,
    memory::Memory,
    sight::Sights,
    start::Start,
};
use crate::model::{
    reel::{name::ReelName, region},
    report::fault::Fault,
};

/// What is known of the account behind the place.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub(super) enum Connection {
    Unasked,
    Asking,
    Ready(Account),
    Failed(Fault),
}

pub(super) struct Shared {
    pub(super) start: Start,
    pub(super) keys: Keymap,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) home: Option<PathBuf>,
    pub(super) place: Place,
    pub(super) connection: Connection,
    pub(super) profiles: Vec<Profile>,
    /// Of the reels at the place; `None` until asked.
    pub(super) names: Option<BTreeSet<ReelName>>,
    /// Of all places that were signed in to.
    pub(super) accounts: HashMap<Place, Account>,
    pub(super) unfinished: Unfinished,
    /// What is on the screen, and for how long.
    pub(super) sights: Sights,
    pub(super) memory: Memory,
    /// Makes the suffix of unlisted reels.
    pub(super) suffix: fn() -> String,
    pub(super) now: Instant,
    pub(super) wall: SystemTime,
}

impl Shared {
    pub(super) fn new(start: Start, backend: Arc<dyn Backend>, memory: Memory) -> Self {
        let place = start.settings.place.clone();
        Self {
            home: std::env::home_dir(),
            place,
            keys: start.keys.clone(),
            start,
            backend,
            connection: Connection::Unasked,
            profiles: Vec::new(),
            names: None,
            accounts: HashMap::new(),
            unfinished: Unfinished::default(),
            sights: Sights::default(),
            memory,
            suffix: unguessable,
            now: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    pub(super) fn account(&self) -> Option<&Account> {
        match &self.connection {
            Connection::Ready(account) => Some(account),
            _ => None,
        }
    }

    /// Who is signed in at each place, as far as it was asked.
    pub(super) fn account_at(&self, place: &Place) -> Option<&Account> {
        self.accounts.get(place)
    }

    /// What is known of the account there, brought up to date.
    pub(super) fn account_became(&mut self, place: &Place, change: impl Fn(&mut Account)) {
        if let Some(account) = self.accounts.get_mut(place) {
            change(account);
        }
        if let Connection::Ready(account) = &mut self.connection
            && account.place == *place
        {
            change(account);
        }
    }

    /// The Region that will be used; `None` if nobody has named one, as far as is known.
    pub(super) fn known_region(&self) -> Option<&str> {
        let settled = self.account().map(|account| account.at.region.as_str());
        let profile = || self.profile().and_then(|profile| profile.region.as_deref());
        settled.or(self.place.region.as_deref()).or_else(profile)
    }

    /// It, or the one whose prices are told until it is known.
    pub(super) fn region(&self) -> &str {
        self.known_region().unwrap_or(region::DEFAULT)
    }

    /// What stands before the gate, as far as is known.
    pub(super) fn front(&self) -> Front {
        self.account().map(|account| account.front).unwrap_or_default()
    }

    /// Whether the relay is on, as far as is known.
    pub(super) fn relay(&self) -> bool {
        self.account().is_some_and(|account| account.relay)
    }

    /// Whether a CDN stands before gate and relay, as far as is known.
    pub(super) fn cdn(&self) -> bool {
        self.account().is_some_and(|account| account.cdn)
    }

    pub(super) fn profile(&self) -> Option<&Profile> {
        let Target::Aws { profile } = &self.place.target else { return None };
        let name = profile.as_deref().unwrap_or("default");
        self.profiles.iter().find(|profile| profile.name == name)
    }

    pub(super) fn path_words(&self, path: &Path) -> String {
        path_words(path, self.home.as_deref())
    }

    pub(super) fn is_local(&self) -> bool {
        self.place.target == Target::Local
    }

    /// Whether nobody but this computer can watch what is published: the stand-in was not opened, here or by another
    /// zipreel.
    pub(super) fn is_private(&self) -> bool {
        let opened = self.start.settings.machine.host.is_some() || self.account().is_some_and(|account| account.open);
        self.is_local() && !opened
    }

    /// What a connection that has failed leaves undone.
    pub(super) fn unconnected(&self) -> &'static str {
        if self.is_local() { "not open" } else { "not connected" }
    }

    /// `local stand-in`, `AWS · profile studio`.
    pub(super) fn target_words(&self) -> String {
        target_words(&self.place.target)
    }
}

/// 8 letters or digits that nobody guesses (41 bits, from the keys the system gives hash maps).
pub(super) fn unguessable() -> String {
    let mut number = RandomState::new().build_hasher().finish();
    let mut suffix = String::new();
    for _ in 0..8 {
        suffix.extend(char::from_digit((number % 36) as u32, 36));
        number /= 36;
    }
    suffix
}
