//! Videos in all folders below one. Nearer folders come first, so what is meant is mostly there at once; the walk is
//! bounded, comes into no folder twice whatever links lead to it, and ends as soon as nobody listens.

use std::{
    collections::{HashSet, VecDeque},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::folder::{self, Entry};
use crate::tui::terminal::caught::blocking;

/// Folders below folders.
const DEPTH: usize = 16;
const FOLDERS: usize = 20_000;
const FILES: usize = 5_000;
/// Between two tellings, so that a long walk is not told folder by folder.
const TELL: Duration = Duration::from_millis(80);

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Wanted {
    pub(in crate::tui) below: PathBuf,
    /// Hidden files, and what is in hidden folders.
    pub(in crate::tui) hidden: bool,
    pub(in crate::tui) all_files: bool,
}

/// Part of what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::tui) struct Batch {
    pub(in crate::tui) entries: Vec<Entry>,
    /// Looked into so far, in all.
    pub(in crate::tui) folders: usize,
    pub(in crate::tui) end: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum End {
    /// All was looked through.
    Whole,
    /// There is more than can be shown.
    TooMany,
    /// Some folders lie too deep, or could not be read.
    Parts,
}

/// Where the findings go.
pub(in crate::tui) trait Listener {
    /// Whether somebody still wants them.
    fn listens(&self) -> bool;
    fn tell(&mut self, batch: Batch);
}

pub(in crate::tui) fn search(wanted: &Wanted, listener: &mut impl Listener) {
    let mut walk = Walk { open: VecDeque::from([(wanted.below.clone(), 0)]), ..Walk::default() };
    let mut told = Instant::now();
    while let Some((folder, depth)) = walk.open.pop_front() {
        if !listener.listens() {
            return;
        }
        if walk.folders == FOLDERS || walk.files >= FILES {
            walk.is_cut = true;
            break;
        }
        walk.look_into(&folder, depth, wanted);
        if told.elapsed() >= TELL {
            told = Instant::now();
            listener.tell(Batch { entries: std::mem::take(&mut walk.found), folders: walk.folders, end: None });
        }
    }
    let end = match (walk.is_cut, walk.is_part) {
        (true, _) => End::TooMany,
        (false, true) => End::Parts,
        (false, false) => End::Whole,
    };
    listener.tell(Batch { entries: walk.found, folders: walk.folders, end: Some(end) });
}

/// Tells what is found, and stops the walk when it is dropped.
pub(in crate::tui) async fn follow(wanted: Wanted, tell: impl Fn(Batch)) {
    let (sender, mut found) = mpsc::channel(4);
    let walk = blocking(move || search(&wanted, &mut Follower(sender)));
    let drain = async {
        while let Some(batch) = found.recv().await {
            tell(batch);
        }
    };
    // after a defect what was found until then stays
    let (walked, ()) = tokio::join!(walk, drain);
    if walked.is_err() {
        tell(Batch { end: Some(End::Parts), ..Batch::default() });
    }
}

struct Follower(mpsc::Sender<Batch>);

impl Listener for Follower {
    fn listens(&self) -> bool {
        !self.0.is_closed()
    }

    fn tell(&mut self, batch: Batch) {
        // nobody listens any more: the walk ends by it
        let _ = self.0.blocking_send(batch);
    }
}

#[derive(Default)]
struct Walk {
    open: VecDeque<(PathBuf, usize)>,
    /// By their real paths.
    seen: HashSet<PathBuf>,
    /// Not told yet.
    found: Vec<Entry>,
    folders: usize,
    files: usize,
    is_cut: bool,
    is_part: bool,
}

impl Walk {
    fn look_into(&mut self, folder: &Path, depth: usize, wanted: &Wanted) {
        // a link that leads back, or to where the walk was
        if fs::canonicalize(folder).is_ok_and(|real| !self.seen.insert(real)) {
            return;
        }
        self.folders += 1;
        let Ok(listing) = folder::list(folder) else {
            self.is_part = true;
            return;
        };
        for entry in listing.entries.into_iter().filter(|entry| wanted.hidden || !entry.hidden) {
            match entry.kind {
                folder::Kind::Above => {}
                folder::Kind::Folder if depth == DEPTH => self.is_part = true,
                folder::Kind::Folder => self.open.push_back((entry.path, depth + 1)),
                folder::Kind::Other if !wanted.all_files => {}
                folder::Kind::Video | folder::Kind::Other => {
                    self.is_cut |= self.files == FILES;
                    if self.files < FILES {
                        self.files += 1;
                        self.found.push(entry);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Listens to this many tellings.
    struct Ears(Vec<Batch>, usize);

    impl Listener for Ears {
        fn listens(&self) -> bool {
            self.0.len() < self.1
        }

        fn tell(&mut self, batch: Batch) {
            self.0.push(batch);
        }
    }

    fn found(folder: &Path, hidden: bool, all_files: bool) -> (Vec<String>, Batch) {
        let mut ears = Ears(Vec::new(), usize::MAX);
        search(&Wanted { below: folder.to_owned(), hidden, all_files }, &mut ears);
        let last = ears.0.last().unwrap().clone();
        let entries = ears.0.iter().flat_map(|batch| &batch.entries);
        let names = entries.map(|entry| entry.path.strip_prefix(folder).unwrap().display().to_string());
        (names.collect(), last)
    }

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    #[test]
    fn near_videos_come_first_and_hidden_folders_only_if_they_are_shown() {
        let folder = tree(&["b/c/deep.mp4", "z.mp4", "b/near.mkv", "b/notes.txt", ".cache/hidden.mp4", "a/.x.mp4"]);
        let (names, last) = found(folder.path(), false, false);
        assert_eq!(names, ["z.mp4", "b/near.mkv", "b/c/deep.mp4"]);
        assert_eq!((last.folders, last.end), (4, Some(End::Whole)));
        let (names, _) = found(folder.path(), true, true);
        assert_eq!(names.len(), 6);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_in_a_circle_end_the_walk_and_no_file_comes_twice() {
        let folder = tree(&["a/one.mp4", "b/two.mp4"]);
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(folder.path().join(to), folder.path().join(at));
        link("", "a/back").unwrap();
        link("b", "a/other").unwrap();
        link("none", "a/dangling").unwrap();
        let (names, last) = found(folder.path(), false, false);
        assert_eq!(names, ["a/one.mp4", "b/two.mp4"]);
        assert_eq!((last.folders, last.end), (3, Some(End::Whole)));
    }

    #[test]
    fn what_lies_too_deep_is_said() {
        let deep = "d/".repeat(DEPTH + 1);
        let folder = tree(&[&format!("{deep}far.mp4"), &format!("{}near.mp4", "d/".repeat(DEPTH))]);
        let (names, last) = found(folder.path(), false, false);
        assert_eq!((names.len(), last.end), (1, Some(End::Parts)), "{names:?}");
    }

    #[test]
    fn there_is_an_end_to_how_many_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=FILES {
            fs::File::create(folder.path().join(format!("{number}.mp4"))).unwrap();
        }
        let (names, last) = found(folder.path(), false, false);
        assert_eq!((names.len(), last.end), (FILES, Some(End::TooMany)));
    }

    #[test]
    fn the_walk_ends_when_nobody_listens() {
        let folder = tree(&["a/one.mp4"]);
        let mut ears = Ears(Vec::new(), 0);
        search(&Wanted { below: folder.path().to_owned(), hidden: false, all_files: false }, &mut ears);
        assert_eq!(ears.0, []);
    }
}
