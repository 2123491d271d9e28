//! What is chosen in the picker: marked files in the order of marking, the way on while they are looked at again, and
//! those that can't be published with the reason.

use std::path::{Path, PathBuf};

use crate::{
    model::{report::fault::Fault, wording},
    tui::{
        action::{Command, Way},
        chosen::Chosen,
        step::probes::Probes,
    },
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Marked {
    pub(in crate::tui) path: PathBuf,
    pub(in crate::tui) bytes: u64,
}

/// Files on their way to the settings; the way goes on when each was looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Going {
    pub(in crate::tui) files: Vec<PathBuf>,
    waiting: Vec<PathBuf>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::tui) struct Choice {
    /// In the order of marking.
    pub(in crate::tui) marked: Vec<Marked>,
    pub(in crate::tui) going: Option<Going>,
    /// Marked once, and found to be unfit.
    pub(in crate::tui) refused: Vec<(PathBuf, Fault)>,
    /// It was said that leaving forgets the marks.
    pub(in crate::tui) is_leaving: bool,
}

impl Going {
    pub(in crate::tui) fn new(files: Vec<PathBuf>) -> Self {
        Self { waiting: files.clone(), files }
    }

    pub(in crate::tui) fn is_for(&self, video: &Path) -> bool {
        self.files.len() == 1 && self.files[0] == video
    }

    /// Files looked at so far.
    pub(in crate::tui) fn done(&self) -> usize {
        self.files.len() - self.waiting.len()
    }
}

impl Choice {
    pub(in crate::tui) fn toggle(&mut self, path: &Path, bytes: u64) {
        self.refused.retain(|(refused, _)| refused != path);
        match self.number(path) {
            Some(number) => drop(self.marked.remove(number)),
            None => self.marked.push(Marked { path: path.to_owned(), bytes }),
        }
    }

    /// Once, after those that are marked already.
    pub(in crate::tui) fn mark_one(&mut self, path: &Path, bytes: u64) {
        if self.number(path).is_none() {
            self.toggle(path, bytes);
        }
    }

    /// Each once, after those that are marked already; their sizes are not asked for.
    pub(in crate::tui) fn mark(&mut self, files: &[PathBuf]) {
        for file in files {
            self.mark_one(file, 0);
        }
    }

    pub(in crate::tui) fn clear(&mut self) {
        self.marked.clear();
        self.refused.clear();
    }

    /// Its place in the order of marking, from 0.
    pub(in crate::tui) fn number(&self, path: &Path) -> Option<usize> {
        self.marked.iter().position(|marked| marked.path == path)
    }

    /// The marked files, or this one if there are none.
    pub(in crate::tui) fn files(&self, highlighted: &Path) -> Vec<PathBuf> {
        if self.marked.is_empty() {
            return vec![highlighted.to_owned()];
        }
        self.marked.iter().map(|marked| marked.path.clone()).collect()
    }

    /// One more of the chosen files was looked at.
    pub(in crate::tui) fn examined(&mut self, video: &Path, probes: &Probes) -> Vec<Command> {
        let Some(going) = &mut self.going else { return Vec::new() };
        going.waiting.retain(|waiting| waiting != video);
        if !going.waiting.is_empty() {
            return Vec::new();
        }
        let files = self.going.take().map(|going| going.files).unwrap_or_default();
        self.arrive(files, probes)
    }

    /// On to the settings, unless one can't be published: then the person sees that first.
    fn arrive(&mut self, files: Vec<PathBuf>, probes: &Probes) -> Vec<Command> {
        let mut chosen = Vec::new();
        let mut refused = Vec::new();
        for video in files {
            match probes.get(&video) {
                Some(Ok(probe)) => match &probe.refused {
                    None => chosen.push(Chosen { video, probe: probe.clone() }),
                    Some(fault) => refused.push((video, fault.clone())),
                },
                Some(Err(fault)) => refused.push((video, fault.clone())),
                None => {
                    let words = format!(
                        "`{}` has just changed: choose it again when it is written to its end",
                        video.display()
                    );
                    return vec![Command::Say(words)];
                }
            }
        }
        // why, and what can be done, stands beside the highlighted file already
        if self.marked.is_empty() && !refused.is_empty() {
            return vec![Command::Say("this file can't be used".to_owned())];
        }
        self.marked.retain(|marked| refused.iter().all(|(video, _)| *video != marked.path));
        self.refused = refused;
        if self.refused.is_empty() {
            return vec![Command::StopLooking, Command::Go(Box::new(Way::Settings(chosen)))];
        }
        let unfit = wording::count(self.refused.len() as u64, "file");
        let its = wording::verb(self.refused.len() as u64, ["its mark is", "their marks are"]);
        vec![Command::Say(format!("{unfit} can't be published; {its} removed"))]
    }
}
