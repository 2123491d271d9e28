//! Folders as the picker shows them, and paths that people name. Touches the disk; called only from background work.

use std::{
    cmp::Ordering,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Endings of files that may hold a video. The probe tells which do.
const VIDEO_ENDINGS: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "ts", "m2ts", "mts", "avi", "mpg", "mpeg", "wmv", "flv", "ogv", "3gp", "vob",
    "mxf",
];
/// Endings of subtitles as text, which can go along with a video of the same name.
const SUBTITLE_ENDINGS: &[&str] = &["srt", "vtt", "ass", "ssa"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tui) enum Kind {
    /// The folder above.
    Above,
    Video,
    /// A file without the ending of a video. The probe tells whether it is one.
    Other,
    Folder,
}

impl Kind {
    /// It can be chosen, if the probe finds a video in it.
    pub(in crate::tui) fn is_file(self) -> bool {
        matches!(self, Self::Video | Self::Other)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Entry {
    pub(in crate::tui) path: PathBuf,
    pub(in crate::tui) name: String,
    pub(in crate::tui) kind: Kind,
    pub(in crate::tui) bytes: u64,
    pub(in crate::tui) modified: Option<SystemTime>,
    pub(in crate::tui) hidden: bool,
}

impl Entry {
    /// What a file is that is no video.
    pub(in crate::tui) fn other(&self) -> &'static str {
        if has_ending(&self.path, SUBTITLE_ENDINGS) { "subtitles" } else { "other file" }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::tui) struct Listing {
    /// The folder above, videos, other files, folders; each by name.
    pub(in crate::tui) entries: Vec<Entry>,
}

/// A file that the person named, looked at when its folder was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Named {
    pub(in crate::tui) path: PathBuf,
    /// Why it can't be shown, as a sentence.
    pub(in crate::tui) entry: Result<Entry, String>,
}

/// What a path that the person named turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum Found {
    File(PathBuf),
    Folder(PathBuf),
    /// Why there is nothing to show, as a sentence.
    Nothing(String),
}

/// Tells one state of a file from another at the cost of one look: what a probe found belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Print {
    bytes: u64,
    modified: Option<SystemTime>,
}

/// `None` if there is no such file, or it may not be looked at.
pub(in crate::tui) fn print(path: &Path) -> Option<Print> {
    let metadata = fs::metadata(path).ok()?;
    Some(Print { bytes: metadata.len(), modified: metadata.modified().ok() })
}

/// The first of these readings of `typed` that exists.
pub(in crate::tui) fn find(typed: &str, paths: &[PathBuf]) -> Found {
    let mut problem = None;
    for path in paths {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Found::Folder(path.clone()),
            Ok(metadata) if metadata.is_file() => return Found::File(path.clone()),
            Ok(_) => problem = Some(special(path)),
            Err(error) if is_absent(&error) => {}
            Err(error) => problem = Some(unreadable(path, &error)),
        }
    }
    Found::Nothing(problem.unwrap_or_else(|| format!("There is no file or folder `{}`.", typed.trim())))
}

/// Each file of a pasted list, or a sentence about what is none. Each comes with what was pasted of it, and what that can
/// mean as a path.
pub(in crate::tui) fn find_all(pasted: &[(String, Vec<PathBuf>)]) -> Vec<Result<Entry, String>> {
    let each = pasted.iter().map(|(typed, paths)| match find(typed, paths) {
        Found::File(path) => named(path).entry,
        Found::Folder(path) => Err(format!("`{}` is a folder.", path.display())),
        Found::Nothing(why) => Err(why),
    });
    each.collect()
}

/// Those of the files that are there still, as the picker shows them.
pub(in crate::tui) fn there(files: Vec<PathBuf>) -> Vec<Entry> {
    files.into_iter().filter_map(|file| named(file).entry.ok()).collect()
}

/// A named file as the picker shows it, whatever its ending.
pub(in crate::tui) fn named(path: PathBuf) -> Named {
    let entry = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => Ok(file(&path, &metadata)),
        Ok(metadata) if metadata.is_dir() => Err(format!("`{}` is a folder.", path.display())),
        Ok(_) => Err(special(&path)),
        Err(error) if is_absent(&error) => Err(format!("There is no file `{}` any more.", path.display())),
        Err(error) => Err(unreadable(&path, &error)),
    };
    Named { path, entry }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename)
}

fn special(path: &Path) -> String {
    format!("`{}` is a device or a pipe: only files can be published.", path.display())
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("`{}` could not be looked at: {error}.", path.display())
}

fn file(path: &Path, metadata: &fs::Metadata) -> Entry {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = if is_video(path) { Kind::Video } else { Kind::Other };
    Entry {
        path: path.to_owned(),
        hidden: name.starts_with('.'),
        name,
        kind,
        bytes: metadata.len(),
        modified: metadata.modified().ok(),
    }
}

pub(in crate::tui) fn is_video(path: &Path) -> bool {
    has_ending(path, VIDEO_ENDINGS)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    endings.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

pub(in crate::tui) fn list(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(folder)? {
        let Ok(entry) = entry else { continue };
        let path = entry.path();
        // follows symbolic links; a dangling one is nothing to publish
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_file() {
            listing.entries.push(file(&path, &metadata));
        } else if metadata.is_dir() {
            listing.entries.push(Entry { kind: Kind::Folder, ..file(&path, &metadata) });
        }
    }
    listing.entries.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| by_name(&a.name, &b.name)));
    if let Some(above) = folder.parent() {
        let (name, kind) = ("..".to_owned(), Kind::Above);
        listing.entries.insert(0, Entry { path: above.into(), name, kind, bytes: 0, modified: None, hidden: false });
    }
    Ok(listing)
}

/// Numbers inside names count as numbers: `part 9` before `part 10`.
fn by_name(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (digits_left, digits_right) = (digits(left), digits(right));
        if digits_left > 0 && digits_right > 0 {
            let number = |text: &str, digits| text[..digits].trim_start_matches('0').to_owned();
            let (x, y) = (number(left, digits_left), number(right, digits_right));
            let order = x.len().cmp(&y.len()).then(x.cmp(&y));
            if order != Ordering::Equal {
                return order;
            }
            (left, right) = (&left[digits_left..], &right[digits_right..]);
            continue;
        }
        let (mut rest_left, mut rest_right) = (left.chars(), right.chars());
        let order = match (rest_left.next(), rest_right.next()) {
            (None, None) => return a.cmp(b),
            (x, y) => x.map(|x| x.to_lowercase().to_string()).cmp(&y.map(|y| y.to_lowercase().to_string())),
        };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (rest_left.as_str(), rest_right.as_str());
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn videos_come_before_folders_and_numbers_count() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["part 10.mp4", "Part 9.MKV", "notes.txt", ".hidden.mp4", "夜.webm"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("raw")).unwrap();
        let listing = list(folder.path()).unwrap();
        let names: Vec<_> = listing.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["..", ".hidden.mp4", "Part 9.MKV", "part 10.mp4", "夜.webm", "notes.txt", "raw"]);
        assert_eq!(listing.entries[5].kind, Kind::Other);
        assert!(listing.entries[1].hidden && !listing.entries[2].hidden);
        assert!(list(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_named_path_is_a_file_a_folder_or_a_sentence_that_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("talk.final"), "x").unwrap();
        fs::create_dir(at("raw")).unwrap();
        assert_eq!(find("talk", &[at("talk"), at("talk.final")]), Found::File(at("talk.final")));
        assert_eq!(find("raw", &[at("raw")]), Found::Folder(at("raw")));
        let Found::Nothing(words) = find(" gone.mp4\n", &[at("gone.mp4"), at("talk.final/gone.mp4")]) else { panic!() };
        assert_eq!(words, "There is no file or folder `gone.mp4`.");
        let entry = named(at("talk.final")).entry.unwrap();
        assert_eq!((entry.kind, entry.bytes), (Kind::Other, 1));
        assert!(named(at("gone.mp4")).entry.unwrap_err().contains("any more"));
        assert!(named(at("raw")).entry.unwrap_err().contains("is a folder"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_named_as_what_it_is() {
        let Found::Nothing(words) = find("/dev/null", &["/dev/null".into()]) else { panic!() };
        assert!(words.contains("a device or a pipe"), "{words}");
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link.mp4");
        std::os::unix::fs::symlink(folder.path().join("gone.mp4"), &link).unwrap();
        assert!(named(link).entry.unwrap_err().contains("There is no file"), "a link to nothing");
    }

    #[test]
    fn a_file_that_grows_has_another_print() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("download.mp4");
        assert_eq!(print(&path), None);
        fs::write(&path, "half").unwrap();
        let half = print(&path);
        assert_eq!(print(&path), half);
        fs::write(&path, "all of it").unwrap();
        assert_ne!(print(&path), half);
    }
}
