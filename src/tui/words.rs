//! Places, paths, accounts and what is converted, as the wizard writes them.

use std::{collections::BTreeSet, path::Path};

use super::{
    backend::{AccountRegion, Fate, Place, Probe, Stream, Target},
    widget::text,
};
use crate::model::wording;

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
    // it has no Regions
    let region = at.map(|at| at.region.clone()).or_else(|| place.region.clone()).filter(|_| !place.is_local());
    let parts = [Some(target_words(&place.target)), account, region];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The same, within a sentence.
pub(super) fn there_words(place: &Place, at: Option<&AccountRegion>) -> String {
    let words = where_words(place, at);
    if place.is_local() { format!("the {words}") } else { words }
}

/// Why browsers can't play what is published there, and the command that changes it.
pub(super) fn no_relay(place: &Place) -> String {
    wording::no_relay(&format!("`zipreel cdn on{}`", place.flags()))
}

/// Which of the streams are converted: the rest is copied.
pub(super) fn converted_words(probe: &Probe) -> String {
    let is_re_encoded = |stream: &&Stream| matches!(stream.fate, Fate::Transcode(_));
    let kinds: BTreeSet<_> = probe.streams.iter().filter(is_re_encoded).map(|stream| stream.kind.as_str()).collect();
    let copies = probe.streams.iter().any(|stream| matches!(stream.fate, Fate::Copy));
    let rest = if copies { "; the rest is copied" } else { "" };
    format!("to be converted: the {}{rest}", kinds.into_iter().collect::<Vec<_>>().join(" and the "))
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
