//! The names of the reels: made of what is typed, taken or free, and of those that are taken the next free ones.

use std::collections::BTreeSet;

use tui_input::{Input, InputRequest};

use super::{Field, Naming, Settings, is_taken};
use crate::{
    model::reel::name::{NameError, ReelName},
    tui::{action::Action, shared::Shared},
};

impl Settings {
    /// Names as they are shown to be typed: without the suffix of unlisted reels.
    pub(in crate::tui) fn names(&self, shared: &Shared) -> Vec<Result<ReelName, String>> {
        let decided = self.videos.iter().filter(|video| video.is_decided);
        let mut used: BTreeSet<ReelName> = decided.filter_map(|video| own_name(video).ok()).collect();
        // a number is not taken from a file that has it in its name
        let all: BTreeSet<ReelName> = self.videos.iter().filter_map(|video| own_name(video).ok()).collect();
        let mut name = |video: &Naming| {
            let own = own_name(video)?;
            if video.is_decided {
                return Ok(own);
            }
            let is_free =
                |name: &ReelName| !used.contains(name) && !all.contains(name) && self.is_free(name, video, shared);
            // the first of its name keeps it, also where it is taken: whether to replace that is asked
            let name = if used.contains(&own) { own.numbered(is_free).unwrap_or(own) } else { own };
            used.insert(name.clone());
            Ok(name)
        };
        self.videos.iter().map(&mut name).collect()
    }

    fn is_free(&self, name: &ReelName, video: &Naming, shared: &Shared) -> bool {
        self.whole(name, video).is_ok_and(|reel| !is_taken(&reel, shared))
    }

    fn whole(&self, name: &ReelName, video: &Naming) -> Result<ReelName, String> {
        if !self.unlisted {
            return Ok(name.clone());
        }
        name.with_suffix(&video.suffix).map_err(|error| error.to_string())
    }

    /// The names of the reels: with their suffix, if unlisted.
    pub(in crate::tui) fn reels(&self, shared: &Shared) -> Vec<Result<ReelName, String>> {
        let names = self.names(shared).into_iter().zip(&self.videos);
        names.map(|(name, video)| name.and_then(|name| self.whole(&name, video))).collect()
    }

    pub(super) fn name_problems(&self, shared: &Shared) -> Vec<(Field, String)> {
        let reels = self.reels(shared);
        let problem = |(number, reel): (usize, &Result<ReelName, String>)| {
            let what = match reel {
                Err(problem) => return Some((Field::Name(number), problem.clone())),
                Ok(_) if self.is_alike(number, &reels) => "another of these videos has this name".to_owned(),
                Ok(reel) if is_taken(reel, shared) && !self.replace => format!("`{reel}` is taken"),
                Ok(_) => return None,
            };
            let takes = |free: ReelName| shared.keys.says(self.table(), &Action::FreeName, &format!("takes `{free}`"));
            let instead = self.free_name(number, shared).map_or_else(|| "choose another".to_owned(), takes);
            let replace = if self.is_alike(number, &reels) { "" } else { "; or set Replace to yes" };
            Some((Field::Name(number), format!("{what}: {instead}{replace}")))
        };
        reels.iter().enumerate().filter_map(problem).collect()
    }

    fn is_alike(&self, number: usize, reels: &[Result<ReelName, String>]) -> bool {
        let reel = reels[number].as_ref().ok();
        reels[..number].iter().any(|earlier| earlier.as_ref().ok() == reel && reel.is_some())
    }

    /// The next free name for a video whose own is taken.
    fn free_name(&self, number: usize, shared: &Shared) -> Option<ReelName> {
        let names = self.names(shared);
        let (video, own) = (self.videos.get(number)?, names.get(number)?.as_ref().ok()?);
        let is_free =
            |name: &ReelName| self.is_free(name, video, shared) && !names.iter().flatten().any(|other| other == name);
        own.numbered(is_free)
    }

    /// Whether there is a free name to take in place of one that is taken.
    pub(in crate::tui) fn offers_free_name(&self, shared: &Shared) -> bool {
        self.name_to_free(shared).is_some()
    }

    /// The field with the focus, if its name can't be had, or the first such field.
    fn name_to_free(&self, shared: &Shared) -> Option<(usize, ReelName)> {
        let problems = self.name_problems(shared);
        let number = |field: &Field| match field {
            Field::Name(number) => Some(*number),
            _ => None,
        };
        let here = problems.iter().find(|(field, _)| *field == self.focus);
        let mut numbers = here.into_iter().chain(&problems).filter_map(|(field, _)| number(field));
        numbers.find_map(|number| Some((number, self.free_name(number, shared)?)))
    }

    pub(super) fn take_free_name(&mut self, shared: &Shared) {
        let Some((number, free)) = self.name_to_free(shared) else { return };
        let Some(video) = self.videos.get_mut(number) else { return };
        video.typed = Input::new(free.to_string());
        video.is_decided = true;
        self.focus = Field::Name(number);
    }

    pub(super) fn rename(&mut self, number: usize, request: InputRequest, shared: &Shared) {
        let shown = self.names(shared).into_iter().nth(number);
        let Some(video) = self.videos.get_mut(number) else { return };
        if let Some(Ok(shown)) = shown.filter(|_| !video.is_decided) {
            video.typed = Input::new(shown.to_string());
        }
        video.is_decided = true;
        match request {
            InputRequest::InsertChar(character) => video.type_name(character),
            request => {
                video.has_gap = false;
                video.typed.handle(request);
            }
        }
    }
}

/// A dash at the end is on its way to more: it is no part of the name yet.
fn own_name(video: &Naming) -> Result<ReelName, String> {
    video.typed.value().trim_matches('-').parse().map_err(|error: NameError| error.to_string())
}
