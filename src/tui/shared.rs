//! What all screens know: where reels go, who is signed in, what is remembered, what time it is.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, Hasher, RandomState},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Instant, SystemTime},
};

use super::{
    backend::{Account, AccountRegion, Backend, Place, Profile, Target, Unfinished},
    memory::Memory,
    sight::Sights,
    start::Start,
    widget::text,
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

    /// The Region that will be used, as far as is known.
    pub(super) fn region(&self) -> &str {
        let settled = self.account().map(|account| account.at.region.as_str());
        let profile = || self.profile().and_then(|profile| profile.region.as_deref());
        settled.or(self.place.region.as_deref()).or_else(profile).unwrap_or(region::DEFAULT)
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

    /// `local stand-in`, `AWS · profile studio`.
    pub(super) fn target_words(&self) -> String {
        target_words(&self.place.target)
    }
}

/// `local stand-in`, `AWS · studio`.
pub(super) fn target_words(target: &Target) -> String {
    match target {
        Target::Local => "local stand-in".to_owned(),
        Target::Aws { profile: None } => "AWS".to_owned(),
        Target::Aws { profile: Some(profile) } => format!("AWS · {profile}"),
    }
}

/// Where work goes: target, account and Region, as far as they are known.
pub(super) fn where_words(place: &Place, at: Option<&AccountRegion>) -> String {
    let account = at.filter(|_| !place.is_local()).map(|at| account_words(&at.account));
    let region = at.map(|at| at.region.clone()).or_else(|| place.region.clone());
    let parts = [Some(target_words(&place.target)), account, region];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A path as people write it, from their home folder.
pub(super) fn path_words(path: &Path, home: Option<&Path>) -> String {
    let below = home.and_then(|home| path.strip_prefix(home).ok());
    let words = match below {
        Some(below) if below.as_os_str().is_empty() => "~".to_owned(),
        Some(below) => format!("~/{}", below.display()),
        None => path.display().to_string(),
    };
    text::clean(&words).into_owned()
}

/// `1234…9012`: enough to know one's account by, not enough to give it away on a shared screen.
pub(super) fn account_words(id: &str) -> String {
    match (id.get(..4), id.get(id.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if id.len() > 8 => format!("{head}…{tail}"),
        _ => id.to_owned(),
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
