//! The rows of the picker: what there is to show, as the filter leaves it.

use std::{
    borrow::Cow,
    cmp::Reverse,
    path::{Path, PathBuf},
};

use crate::tui::{
    widget::list::{Fuzzy, Sort},
    work::folder::{self, Entry, Kind, Listing},
};

/// Recent videos shown above the folder.
const RECENT_SHOWN: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Row {
    pub(in crate::tui) entry: Entry,
    pub(in crate::tui) recent: bool,
    /// The folder it lies in, where files of several are shown.
    pub(in crate::tui) beside: String,
    /// Characters that the filter matched, in the name and what stands beside it.
    pub(in crate::tui) matched: Vec<u32>,
}

/// The folder above stays first, and folders stay apart from files.
fn in_order(sort: Sort, entries: &mut [&Entry]) {
    match sort {
        Sort::Name => {}
        Sort::Newest => entries.sort_by_key(|entry| (entry.kind, Reverse(entry.modified))),
        Sort::Largest => entries.sort_by_key(|entry| (entry.kind, Reverse(entry.bytes))),
    }
}

/// What the rows are made of.
pub(super) struct ToShow<'a> {
    pub listing: Option<&'a Result<Listing, String>>,
    /// The file that the person named, shown whatever its kind.
    pub named: Option<&'a Entry>,
    pub recent: &'a [PathBuf],
    pub hidden: bool,
    pub all_files: bool,
    pub sort: Sort,
    /// Files of several folders, in place of all that.
    pub gathered: Option<&'a [Entry]>,
}

impl ToShow<'_> {
    /// Each with whether it is a recent one.
    pub fn entries(&self) -> Vec<(Entry, bool)> {
        if let Some(gathered) = self.gathered {
            let mut entries: Vec<_> = gathered.iter().collect();
            in_order(self.sort, &mut entries);
            return entries.into_iter().map(|entry| (entry.clone(), false)).collect();
        }
        let Some(Ok(listing)) = self.listing else {
            // a file can be there in a folder that can't be read
            let named = self.named.filter(|_| self.listing.is_some());
            return named.map(|entry| (entry.clone(), false)).into_iter().collect();
        };
        let is_named = |entry: &Entry| self.named.is_some_and(|named| named.path == entry.path);
        let is_shown = |entry: &&Entry| {
            is_named(entry) || (self.hidden || !entry.hidden) && (self.all_files || entry.kind != Kind::Other)
        };
        let recent = self.recent.iter().take(RECENT_SHOWN).map(|path| (recent_entry(path), true));
        let mut folder: Vec<_> = listing.entries.iter().filter(is_shown).collect();
        in_order(self.sort, &mut folder);
        let folder = folder.into_iter().map(|entry| (entry.clone(), false));
        // where two spellings of a name are one file, the named one is not in the listing
        let missing = self.named.filter(|named| !listing.entries.iter().any(|entry| entry.path == named.path));
        recent.chain(folder).chain(missing.map(|entry| (entry.clone(), false))).collect()
    }
}

/// All, or what the filter matches, best first. Each comes with whether it is shown as a recent one; `beside` has the words
/// that stand beside its name.
pub(super) fn of(all: Vec<(Entry, bool)>, filter: &str, beside: impl Fn(&Path) -> String) -> Vec<Row> {
    let row = |entry: Entry, recent: bool, matched: Vec<u32>| {
        let beside = beside(&entry.path);
        Row { entry, recent, beside, matched }
    };
    if filter.is_empty() {
        return all.into_iter().map(|(entry, recent)| row(entry, recent, Vec::new())).collect();
    }
    let all = each_once(all);
    let texts = all.iter().map(|(entry, _)| match beside(&entry.path) {
        beside if beside.is_empty() => Cow::Borrowed(entry.name.as_str()),
        beside => Cow::Owned(format!("{}{GAP}{beside}", entry.name)),
    });
    let matches = Fuzzy::new(filter).matches(texts);
    let found = matches.into_iter().filter_map(|found| {
        let (entry, _) = all.get(found.row)?;
        (entry.kind != Kind::Above).then(|| row(entry.clone(), false, found.characters))
    });
    found.collect()
}

/// Among what is found there are no groups: a recent video that lies in the folder is found there.
fn each_once(mut all: Vec<(Entry, bool)>) -> Vec<(Entry, bool)> {
    let recent: Vec<_> = all.iter().filter(|(_, recent)| *recent).map(|(entry, _)| entry.path.clone()).collect();
    let is_in_folder = |path: &Path| all.iter().any(|(entry, recent)| !recent && entry.path == path);
    let twice: Vec<_> = recent.into_iter().filter(|path| is_in_folder(path)).collect();
    all.retain(|(entry, recent)| !recent || !twice.contains(&entry.path));
    all
}

/// Between a name and its folder.
pub(in crate::tui) const GAP: &str = "  ";

fn recent_entry(path: &Path) -> Entry {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = if folder::is_video(path) { Kind::Video } else { Kind::Other };
    Entry { path: path.to_owned(), name, kind, bytes: 0, modified: None, hidden: false }
}
