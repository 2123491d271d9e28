//! Files of several folders in place of those of one: the recent videos, and what a search finds in all folders below.

use std::path::{Path, PathBuf};

use super::Video;
use crate::{
    model::wording,
    tui::{
        action::Command,
        words::path_words,
        work::{
            folder::Entry,
            search::{Batch, End, Wanted},
        },
    },
};

pub(in crate::tui) struct Gathered {
    pub(in crate::tui) entries: Vec<Entry>,
    /// `None`: the recent videos.
    search: Option<Search>,
}

struct Search {
    number: u64,
    below: PathBuf,
    folders: usize,
    end: Option<End>,
}

impl Gathered {
    /// The folder that a file lies in, as far as it is not told above the files.
    pub(super) fn beside(&self, path: &Path, home: Option<&Path>) -> String {
        let folder = path.parent().unwrap_or(path);
        let below = self.search.as_ref().and_then(|search| folder.strip_prefix(&search.below).ok());
        let folder = path_words(below.unwrap_or(folder), home);
        if folder.is_empty() || folder.ends_with('/') { folder } else { format!("{folder}/") }
    }

    pub(in crate::tui) fn is_search(&self) -> bool {
        self.search.is_some()
    }

    /// How far a search is, and what it left out.
    pub(in crate::tui) fn progress(&self) -> Option<String> {
        let search = self.search.as_ref()?;
        let folders = wording::count(search.folders as u64, "folder");
        Some(match search.end {
            None => format!("searching: {folders} so far…"),
            Some(End::Whole) => format!("searched {folders}"),
            Some(End::TooMany) => {
                format!("searched {folders}, and there is more: begin in a folder further down to see it")
            }
            Some(End::Parts) => format!("searched {folders}; others lie too deep or can't be read"),
        })
    }

    pub(in crate::tui) fn is_under_way(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.end.is_none())
    }
}

impl Video {
    /// What is typed now goes to the search.
    pub(super) fn is_searching(&self) -> bool {
        self.gathered.as_ref().is_some_and(|gathered| gathered.search.is_some())
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.gathered.as_ref().is_some_and(Gathered::is_under_way)
    }

    /// Everything below the folder; what was typed into the filter goes on to hold.
    pub(super) fn search(&mut self) -> Vec<Command> {
        self.searches += 1;
        let (number, below) = (self.searches, self.folder.clone());
        let wanted = Wanted { below: below.clone(), hidden: self.hidden, all_files: self.all_files };
        let search = Search { number, below, folders: 0, end: None };
        self.gather(Gathered { entries: Vec::new(), search: Some(search) });
        self.filtering = true;
        vec![Command::Search { number, wanted }]
    }

    /// The recent videos, or back to the folder.
    pub(super) fn recent(&mut self) -> Vec<Command> {
        if self.gathered.is_some() {
            return self.leave_gathered();
        }
        if self.recent.is_empty() {
            return vec![Command::Say("no video was chosen yet: there is none to come back to".to_owned())];
        }
        self.filter.reset();
        self.gather(Gathered { entries: Vec::new(), search: None });
        vec![Command::ListRecent(self.recent.clone())]
    }

    fn gather(&mut self, gathered: Gathered) {
        self.gathered = Some(gathered);
        (self.word, self.is_held) = (None, false);
        self.refill();
        self.cursor.at = 0;
    }

    /// For what is asked to be read again.
    pub(super) fn gather_again(&self) -> Option<Command> {
        let gathered = self.gathered.as_ref()?;
        gathered.search.is_none().then(|| Command::ListRecent(self.recent.clone()))
    }

    pub(super) fn leave_gathered(&mut self) -> Vec<Command> {
        let was_searching = self.is_searching();
        self.gathered = None;
        self.filtering = false;
        self.filter.reset();
        let at = self.highlighted().map(|row| row.entry.path.clone());
        self.refill();
        if !self.rows.iter().any(|row| Some(&row.entry.path) == at.as_ref()) {
            self.highlight_first();
        }
        if was_searching { vec![Command::StopSearching] } else { Vec::new() }
    }

    pub(super) fn searched(&mut self, number: u64, batch: &Batch) -> Vec<Command> {
        let search = self.gathered.as_mut().and_then(|gathered| gathered.search.as_mut());
        let Some(search) = search.filter(|search| search.number == number) else { return Vec::new() };
        search.folders = search.folders.max(batch.folders);
        search.end = batch.end;
        self.more_gathered(&batch.entries)
    }

    pub(super) fn gathered_recent(&mut self, entries: &[Entry]) -> Vec<Command> {
        let Some(gathered) = self.gathered.as_mut().filter(|gathered| gathered.search.is_none()) else {
            return Vec::new();
        };
        gathered.entries.clear();
        self.more_gathered(entries)
    }

    /// The highlighted file stays highlighted; the first is, where none was.
    fn more_gathered(&mut self, entries: &[Entry]) -> Vec<Command> {
        let before = self.highlighted_video().map(Path::to_owned);
        if let Some(gathered) = &mut self.gathered {
            gathered.entries.extend_from_slice(entries);
        }
        self.refill();
        self.look_if_moved(before.as_deref()).into_iter().collect()
    }
}
