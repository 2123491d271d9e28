//! Paths as people paste or drag them: quoted, escaped, as links, one or many.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

/// What a pasted or dragged text can mean as a path, likeliest first: as it stands, a `file://` link, or quoted and
/// escaped as terminals do on a drop. Relative ones start at `folder`.
pub(in crate::tui) fn typed_paths(typed: &str, folder: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let typed = with_lines(typed);
    let typed = typed.trim_matches(['\n', ' ', '\t']);
    let first_line = typed.lines().next().unwrap_or_default();
    let mut texts = vec![typed.to_owned(), first_line.to_owned()];
    texts.extend(shell_words::split(typed).ok().and_then(|words| words.into_iter().next()));
    readings(texts, link_path(first_line), folder, home)
}

/// Terminals end the lines of what is pasted as the Enter key does.
fn with_lines(pasted: &str) -> String {
    pasted.replace("\r\n", "\n").replace('\r', "\n")
}

fn readings(texts: Vec<String>, link: Option<PathBuf>, folder: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let texts = texts.into_iter().filter(|text| !text.is_empty());
    for path in texts.map(|text| folder.join(from_home(&text, home))).chain(link) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// A pasted list of files, each with what it can mean as a path: one a line, or several whole paths in a line. Empty if
/// the text is one path.
pub(in crate::tui) fn typed_list(typed: &str, folder: &Path, home: Option<&Path>) -> Vec<(String, Vec<PathBuf>)> {
    let typed = &with_lines(typed);
    // quoted as one word it is one path, whatever its name holds; but lines with an apostrophe each are no quotation
    let is_quoted = typed.trim_start().starts_with(['\'', '"']) || !typed.trim().contains('\n');
    if is_quoted && shell_words::split(typed).is_ok_and(|words| words.len() < 2) {
        return Vec::new();
    }
    let lines: Vec<_> = typed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut list: Vec<(String, Vec<PathBuf>)> = Vec::new();
    for line in &lines {
        let files = typed_files(line, home);
        let several = files.into_iter().map(|file| (file.display().to_string(), vec![file])).collect::<Vec<_>>();
        // the first of several words is another file
        let word = || shell_words::split(line).ok().filter(|words| words.len() == 1).and_then(|mut words| words.pop());
        let texts = || [Some((*line).to_owned()), word()].into_iter().flatten().collect();
        let one = || vec![((*line).to_owned(), readings(texts(), link_path(line), folder, home))];
        for file in if several.len() > 1 { several } else { one() } {
            if !list.contains(&file) {
                list.push(file);
            }
        }
    }
    if lines.len() > 1 || list.len() > 1 { list } else { Vec::new() }
}

/// Several whole paths in a line, each a word as a shell reads it. Empty if the line can be read in another way.
fn typed_files(line: &str, home: Option<&Path>) -> Vec<PathBuf> {
    let is_whole = |word: &str| ["/", "~/", "file://"].iter().any(|start| word.starts_with(start));
    let words = shell_words::split(line).unwrap_or_default();
    if words.len() < 2 || !words.iter().all(|word| is_whole(word)) {
        return Vec::new();
    }
    let mut paths = Vec::new();
    for word in words {
        let path = link_path(&word).unwrap_or_else(|| from_home(&word, home));
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

fn from_home(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(below), Some(home)) if below.starts_with('/') => home.join(&below[1..]),
        _ => PathBuf::from(text),
    }
}

/// The path of a `file://` link.
fn link_path(link: &str) -> Option<PathBuf> {
    let rest = link.strip_prefix("file://")?;
    // an authority (`localhost`, a host's name) ends at the first slash
    let path = rest.find('/').map_or(rest, |slash| &rest[slash..]);
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    #[cfg(unix)]
    let name = <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes);
    #[cfg(not(unix))]
    let name = String::from_utf8_lossy(&bytes).into_owned();
    Some(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        #[cfg(unix)]
        {
            let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"/v/no\xfftext.mp4");
            assert!(found("file:///v/no%FFtext.mp4").contains(&PathBuf::from(name)));
        }
        holds("~/v/a.mp4", "/home/ada/v/a.mp4");
        holds("~", "/home/ada");
        holds("clips/a.mp4", "/work/clips/a.mp4");
        assert!(found("  \n").is_empty());
    }

    #[test]
    fn a_pasted_list_is_told_from_one_file_with_spaces_in_its_name() {
        let list = |typed| typed_list(typed, Path::new("/work"), Some(Path::new("/home/ada")));
        let both = ["/v/a b.mp4", "/v/c.mp4"].map(PathBuf::from);
        for typed in [
            "/v/a\\ b.mp4 /v/c.mp4 ",
            "'/v/a b.mp4' '/v/c.mp4'",
            "/v/a b.mp4\n/v/c.mp4\n",
            "file:///v/a%20b.mp4\r\nfile:///v/c.mp4\r\n",
            "/v/a b.mp4\rfile:///v/c.mp4\r",
            "/v/c.mp4 /v/c.mp4 '/v/a b.mp4'",
            "'/v/a b.mp4'\n\n  \"/v/c.mp4\"\n",
        ] {
            let found = list(typed);
            assert_eq!(found.len(), 2, "{typed}: {found:?}");
            for wanted in &both {
                assert!(found.iter().any(|(_, paths)| paths.contains(wanted)), "{typed}: {found:?}");
            }
        }
        for typed in ["/v/a b.mp4", "'/v/a b.mp4'", "'/v/a\nb.mp4'", "/v/a.mp4", "clips/a.mp4 clips/b.mp4", "", "'"] {
            assert_eq!(list(typed), [], "{typed}");
        }
        assert_eq!(list("/v/it's.mp4\n/v/that's.mp4")[1].1[0], Path::new("/v/that's.mp4"));
        let names = list("a.mp4\nb c.mp4\n");
        assert_eq!((names[0].1[0].as_path(), names[1].0.as_str()), (Path::new("/work/a.mp4"), "b c.mp4"));
        assert!(names[1].1.contains(&PathBuf::from("/work/b c.mp4")));
        assert_eq!(list("~/a.mp4 ~/b.mp4")[1].1[0], Path::new("/home/ada/b.mp4"));
    }
}
