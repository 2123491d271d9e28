//! The rows of the picker: what there is to show, as the filter leaves it.

use std::path::Path;

use crate::tui::{
    folder::{self, Entry, Kind},
    widget::list::Fuzzy,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Row {
    pub(in crate::tui) entry: Entry,
    pub(in crate::tui) recent: bool,
    /// Characters that the filter matched.
    pub(in crate::tui) matched: Vec<u32>,
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

pub(super) fn recent_entry(path: &Path) -> Entry {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = if folder::is_video(path) { Kind::Video } else { Kind::Other };
    Entry { path: path.to_owned(), name, kind, bytes: 0, hidden: false }
}
