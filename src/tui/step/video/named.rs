//! What the person named by a path: one is shown, a pasted list is marked, and what is not there is said.

use std::path::{Path, PathBuf};

use tui_input::InputRequest;

use super::Video;
use crate::{
    model::wording,
    tui::{
        action::Command,
        work::{
            folder::{Entry, Found},
            typed::{typed_list, typed_paths},
        },
    },
};

/// Sentences about files of a list that are not there; the rest is counted.
const SENTENCES: usize = 3;
/// Files of a list: more than anybody publishes at once, and few enough to be looked through at every key.
const LIST_MAX: usize = 1000;

/// A repair takes one video.
const ONE: &str = "a reel is repaired from one file: paste one path";

impl Video {
    pub(super) fn look_for(&mut self, typed: &str, paths: Vec<PathBuf>) -> Vec<Command> {
        if paths.is_empty() {
            return Vec::new();
        }
        self.is_held = true;
        self.word = Some(format!("Looking for `{}`…", typed.trim()));
        self.sought = Some((typed.to_owned(), paths.clone()));
        vec![Command::Find { typed: typed.to_owned(), paths }]
    }

    pub(super) fn paste(&mut self, pasted: &str, home: Option<&Path>) -> Vec<Command> {
        let lines = pasted.lines().count();
        if lines > LIST_MAX {
            self.word = Some(format!("That is a list of {lines} lines: paste at most {LIST_MAX} files at a time."));
            return Vec::new();
        }
        let list = typed_list(pasted, &self.folder, home);
        if !list.is_empty() && self.wanted.is_some() {
            return vec![Command::Say(ONE.to_owned())];
        }
        if !list.is_empty() {
            // with those that are looked for still: the search for them ends with this one's begin
            self.pasted.extend(list);
            self.word = Some(format!("Looking for {}…", wording::count(self.pasted.len() as u64, "pasted file")));
            return vec![Command::FindAll(self.pasted.clone())];
        }
        if self.filtering && !pasted.contains('/') {
            for character in pasted.trim().chars().filter(|character| !character.is_control()) {
                self.edit(InputRequest::InsertChar(character));
            }
            return Vec::new();
        }
        let paths = typed_paths(pasted, &self.folder, home);
        self.look_for(pasted, paths)
    }

    pub(super) fn found_all(&mut self, found: &[Result<Entry, String>]) {
        self.pasted.clear();
        let there = || found.iter().flatten();
        there().for_each(|entry| self.choice.mark_one(&entry.path, entry.bytes));
        let (number, all) = (there().count(), found.len());
        let are = if number == 1 { "is" } else { "are" };
        let of = if number == all { String::new() } else { format!(" of {all}") };
        let mut words = match number {
            0 => String::new(),
            _ => format!("{number}{of} pasted files {are} marked. "),
        };
        let absent: Vec<_> = found.iter().filter_map(|found| found.as_ref().err()).map(String::as_str).collect();
        words.push_str(&absent.iter().take(SENTENCES).copied().collect::<Vec<_>>().join(" "));
        if absent.len() > SENTENCES {
            words.push_str(&format!(" And {} more could not be marked.", absent.len() - SENTENCES));
        }
        self.word = Some(words.trim_end().to_owned());
    }

    pub(super) fn found(&mut self, found: &Found) -> Vec<Command> {
        let stop = self.is_searching().then_some(Command::StopSearching);
        match found {
            Found::File(path) => {
                self.turn_to(path.parent().unwrap_or(path));
                self.came_from = None;
                self.is_held = true;
                self.named = Some(path.clone());
                stop.into_iter().chain([self.list()]).collect()
            }
            Found::Folder(path) => {
                let commands = stop.into_iter().chain(self.enter(path)).collect();
                self.came_from = None;
                self.is_held = true;
                self.word = Some(format!("`{}` is a folder: choose a file in it.", path.display()));
                commands
            }
            Found::Nothing(why) => {
                self.is_held = true;
                self.word = Some(why.clone());
                Vec::new()
            }
        }
    }
}
