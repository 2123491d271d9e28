//! Folders as the picker shows them, and paths as people paste or drag them. Touches the disk; called only from
//! background work.

use std::{
    cmp::Ordering,
    fs, io,
    path::{Path, PathBuf},
};

use percent_encoding::percent_decode_str;

/// Endings of files that may hold a video. The probe tells which do.
const VIDEO_ENDINGS: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "ts", "m2ts", "mts", "avi", "mpg", "mpeg", "wmv", "flv", "ogv", "3gp", "vob",
    "mxf",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The folder above.
    Above,
    Video,
    Folder,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) bytes: u64,
    pub(super) hidden: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Listing {
    /// The folder above, videos, folders; each by name.
    pub(super) entries: Vec<Entry>,
    /// Files that are no videos.
    pub(super) others: usize,
}

pub(super) fn is_video(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    VIDEO_ENDINGS.iter().any(|video| video.eq_ignore_ascii_case(ending))
}

pub(super) fn list(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(folder)? {
        let Ok(entry) = entry else { continue };
        let path = entry.path();
        // follows symbolic links; a dangling one is nothing to publish
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = match () {
            () if metadata.is_dir() => Kind::Folder,
            () if metadata.is_file() && is_video(&path) => Kind::Video,
            () => {
                listing.others += 1;
                continue;
            }
        };
        let hidden = name.starts_with('.');
        listing.entries.push(Entry { path, name, kind, bytes: metadata.len(), hidden });
    }
    listing.entries.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| by_name(&a.name, &b.name)));
    if let Some(above) = folder.parent() {
        let above = Entry { path: above.into(), name: "..".into(), kind: Kind::Above, bytes: 0, hidden: false };
        listing.entries.insert(0, above);
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

/// What a pasted or dragged text can mean as a path, likeliest first: as it stands, a `file://` link, or quoted and
/// escaped as terminals do on a drop. Relative ones start at `folder`.
pub(super) fn typed_paths(typed: &str, folder: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let typed = typed.trim_matches(['\r', '\n', ' ', '\t']);
    let first_line = typed.lines().next().unwrap_or_default();
    let mut texts = vec![typed.to_owned(), first_line.to_owned()];
    if let Some(rest) = first_line.strip_prefix("file://") {
        // an authority (`localhost`, a host's name) ends at the first slash
        let path = rest.find('/').map_or(rest, |slash| &rest[slash..]);
        texts.push(percent_decode_str(path).decode_utf8_lossy().into_owned());
    }
    if let Some(word) = shell_words::split(typed).ok().and_then(|words| words.into_iter().next()) {
        texts.push(word);
    }
    let mut paths = Vec::new();
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        let path = match (text.strip_prefix('~'), home) {
            (Some(""), Some(home)) => home.to_owned(),
            (Some(below), Some(home)) if below.starts_with('/') => home.join(&below[1..]),
            _ => folder.join(&text),
        };
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
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
        assert_eq!(names, ["..", ".hidden.mp4", "Part 9.MKV", "part 10.mp4", "夜.webm", "raw"]);
        assert_eq!(listing.others, 1);
        assert!(listing.entries[1].hidden && !listing.entries[2].hidden);
        assert!(list(&folder.path().join("none")).is_err());
    }

    #[test]
    fn pasted_paths_mean_what_the_terminal_meant() {
        let found = |typed| typed_paths(typed, Path::new("/work"), Some(Path::new("/home/ada")));
        let holds =
            |typed, path: &str| assert!(found(typed).contains(&PathBuf::from(path)), "{typed}: {:?}", found(typed));
        holds("/v/a b.mp4\n", "/v/a b.mp4");
        holds("'/v/it'\\''s.mp4' ", "/v/it's.mp4");
        holds("/v/a\\ b.mp4", "/v/a b.mp4");
        holds("\"/v/a b.mp4\"", "/v/a b.mp4");
        holds("file:///v/a%20b%E5%A4%9C.mp4\r\n", "/v/a b夜.mp4");
        holds("file://localhost/v/a.mp4", "/v/a.mp4");
        holds("~/v/a.mp4", "/home/ada/v/a.mp4");
        holds("~", "/home/ada");
        holds("clips/a.mp4", "/work/clips/a.mp4");
        assert!(found("  \n").is_empty());
    }
}
