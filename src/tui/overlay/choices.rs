//! The lists to pick a target, a Region and a link from.

use super::{Choice, Chooser, Purpose};
use crate::{
    model::reel::{name::ReelName, region},
    tui::{
        backend::{Target, ToCopy},
        shared::Shared,
    },
};

/// Values of the target list: AWS profiles are prefixed, so that one may be called `local`.
const LOCAL: &str = "local";
const AWS: &str = "aws";
const PROFILE: &str = "aws:";

pub(in crate::tui) fn targets(shared: &Shared) -> Chooser {
    let choice = |value: &str, label: &str, detail: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        detail: detail.to_owned(),
    };
    let mut choices = vec![choice(LOCAL, "local stand-in", "imitates AWS; no account needed")];
    for profile in &shared.profiles {
        let region = profile.region.as_ref().map(|region| format!("{region}, ")).unwrap_or_default();
        let detail = format!("{region}saved sign-in (profile)");
        choices.push(choice(&format!("{PROFILE}{}", profile.name), &format!("AWS · {}", profile.name), &detail));
    }
    if shared.profiles.is_empty() {
        choices.push(choice(AWS, "AWS", "Amazon's cloud; the sign-in of its tool `aws`"));
    }
    let current = match &shared.place.target {
        Target::Local => LOCAL.to_owned(),
        Target::Aws { profile: None } => AWS.to_owned(),
        Target::Aws { profile: Some(profile) } => format!("{PROFILE}{profile}"),
    };
    Chooser::new(Purpose::Target, choices, &current, None)
}

pub(in crate::tui) fn target(value: &str) -> Target {
    match value {
        LOCAL => Target::Local,
        _ => Target::Aws { profile: value.strip_prefix(PROFILE).map(str::to_owned) },
    }
}

/// What can be copied of a reel: empty until it is known.
pub(in crate::tui) fn copies(reel: ReelName) -> Chooser {
    let empty = format!("asking for the links of {reel}…");
    Chooser { empty, ..Chooser::new(Purpose::Copy(reel), Vec::new(), "", None) }
}

pub(in crate::tui) fn to_copy(all: &[ToCopy]) -> Vec<Choice> {
    let choice =
        |one: &ToCopy| Choice { value: one.text.clone(), label: one.name.to_owned(), detail: one.what.to_owned() };
    all.iter().map(choice).collect()
}

/// All Regions, the profile's own first.
pub(in crate::tui) fn regions(shared: &Shared, current: &str, typed: Option<char>) -> Chooser {
    let own = shared.profile().and_then(|profile| profile.region.as_deref());
    let mut regions: Vec<_> = region::REGIONS.iter().collect();
    regions.sort_by_key(|region| Some(region.id) != own);
    let choices = regions.into_iter().map(|region| Choice {
        value: region.id.to_owned(),
        label: region.id.to_owned(),
        detail: if Some(region.id) == own {
            format!("{} · as the profile says", region.name)
        } else {
            region.name.to_owned()
        },
    });
    Chooser::new(Purpose::Region, choices.collect(), current, typed)
}
