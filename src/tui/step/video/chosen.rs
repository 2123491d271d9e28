//! What is chosen in the picker: marked files, those that were chosen before the wizard opened, and the way on.

use std::path::{Path, PathBuf};

use super::Video;
use crate::tui::{action::Command, shared::Shared, step::choice::Going, work::folder::Entry};

/// Said where nothing is highlighted, since what was named is not there.
const NOTHING: &str = "nothing is chosen: move the cursor to a video first";

impl Video {
    /// For a file that is not to be published; why it is wanted, in a sentence. What the wizard was opened with is not meant.
    pub(in crate::tui) fn wanted(wanted: String, shared: &Shared) -> Self {
        Self { wanted: Some(wanted), given: None, handed: Vec::new(), ..Self::new(shared) }
    }

    /// These are marked, and the way to their settings is begun.
    pub(super) fn hand_on(&mut self, files: &[PathBuf]) -> Vec<Command> {
        self.choice.mark(files);
        // the first of them is highlighted as soon as its folder is listed, and until then nothing is
        self.is_held = true;
        self.named = files.first().cloned();
        self.choice.going = Some(Going::new(self.choice.files(Path::new(""))));
        self.examine()
    }

    pub(super) fn mark(&mut self) -> Vec<Command> {
        if !self.pasted.is_empty() {
            return Vec::new();
        }
        if self.is_held {
            return vec![Command::Say(NOTHING.to_owned())];
        }
        let row = self.highlighted().filter(|row| row.entry.kind.is_file());
        if let Some(Entry { path, bytes, .. }) = row.map(|row| row.entry.clone()) {
            self.choice.toggle(&path, bytes);
        }
        Vec::new()
    }

    /// Also what was chosen is published: the marks have done their work.
    pub(in crate::tui) fn unmark_all(&mut self) {
        self.choice.clear();
        self.word = None;
    }

    pub(super) fn choose(&mut self) -> Vec<Command> {
        if self.choice.going.is_some() {
            return Vec::new();
        }
        if self.is_held && self.choice.marked.is_empty() {
            return vec![Command::Say(NOTHING.to_owned())];
        }
        let path = match self.highlighted().map(|row| row.entry.clone()) {
            Some(entry) if !entry.kind.is_file() => return self.enter(&entry.path),
            Some(entry) => entry.path,
            None if self.choice.marked.is_empty() => return Vec::new(),
            None => PathBuf::new(),
        };
        // the look at the highlighted file is under way: its probe comes by itself
        let is_awaited = self.choice.marked.is_empty() && self.probes.get(&path).is_none();
        let files = self.choice.files(&path);
        self.choice.going = Some(Going::new(files));
        if is_awaited { Vec::new() } else { self.examine() }
    }

    /// Looks at all chosen files again: probes are renewed where the file has changed since.
    pub(super) fn examine(&self) -> Vec<Command> {
        let files = self.choice.going.iter().flat_map(|going| &going.files);
        vec![Command::Examine(files.map(|file| (file.clone(), self.probes.known(file))).collect())]
    }
}
