//! The rows of the picker: what there is to show, as the filter leaves it.

use std::path::{Path, PathBuf};

use crate::tui::{
    widget::list::Fuzzy,
    work::folder::{self, Entry, Kind, Listing},
};

/// Recent videos shown above the folder.
const RECENT_SHOWN: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Row {
    pub(in crate::tui) entry: Entry,
    pub(in crate::tui) recent: bool,
    /// Characters that the filter matched.
    pub(in crate::tui) matched: Vec<u32>,
}

/// What the rows are made of.
pub(super) struct ToShow<'a> {
    pub listing: Option<&'a Result<Listing, String>>,
    /// The file that the person named, shown whatever its kind.
    pub named: Option<&'a Entry>,
    pub recent: &'a [PathBuf],
    pub hidden: bool,
    pub all_files: bool,
}

impl ToShow<'_> {
    /// Each with whether it is a recent one.
    pub fn entries(&self) -> Vec<(Entry, bool)> {
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
        let folder = listing.entries.iter().filter(is_shown).map(|entry| (entry.clone(), false));
        // where two spellings of a name are one file, the named one is not in the listing
        let missing = self.named.filter(|named| !listing.entries.iter().any(|entry| entry.path == named.path));
        recent.chain(folder).chain(missing.map(|entry| (entry.clone(), false))).collect()
    }
}

/// All, or what the filter matches, best first. Each comes with whether it is shown as a recent one.
pub(super) fn of(all: Vec<(Entry, bool)>, filter: &str) -> Vec<Row> {
    if filter.is_empty() {
        return all.into_iter().map(|(entry, recent)| Row { entry, recent, matched: Vec::new() }).collect();
    }
    let matches = Fuzzy::new(filter).matches(all.iter().map(|(entry, _)| entry.name.as_str()));
    let found = matches.into_iter().filter_map(|found| {
        let (entry, _) = all.get(found.row)?;
        Some(Row { entry: entry.clone(), recent: false, matched: found.characters })
    });
    found.filter(|row| row.entry.kind != Kind::Above).collect()
}

fn recent_entry(path: &Path) -> Entry {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = if folder::is_video(path) { Kind::Video } else { Kind::Other };
    Entry { path: path.to_owned(), name, kind, bytes: 0, hidden: false }
}
