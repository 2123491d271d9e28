//! Folders that are ours alone, also where the folder around them is shared with others, as `/tmp` is.

use std::{
    fs::{self, DirBuilder, Metadata},
    io,
    path::Path,
};

/// Makes the folder that a person named, and those above it that are missing, for us alone. One that is there stays as
/// it is: it may be a link and may be others'.
pub fn root(path: &Path) -> io::Result<()> {
    builder(true).create(path)
}

/// The same for a folder of ours in one that is there: it must be no link and belong to us.
pub fn folder(path: &Path) -> io::Result<()> {
    match builder(false).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(path)?;
    if is_ours(&found) {
        return Ok(());
    }
    let why = match found.is_dir() {
        true => "it belongs to another user",
        false if found.is_symlink() => "it is a link, which may lead anywhere",
        false => "it is no folder",
    };
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("`{}`: {why}", path.display())))
}

/// Whether this is a folder, no link to one, and our own.
pub fn is_ours(found: &Metadata) -> bool {
    found.is_dir() && belongs_to_us(found)
}

#[cfg(unix)]
fn builder(recursive: bool) -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = DirBuilder::new();
    builder.recursive(recursive).mode(0o700);
    builder
}

#[cfg(not(unix))]
fn builder(recursive: bool) -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(recursive);
    builder
}

#[cfg(unix)]
fn belongs_to_us(found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn belongs_to_us(_: &Metadata) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn folders_are_made_for_us_alone_and_links_are_not_followed() {
        let around = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let named = around.path().join("a/b");
        root(&named).unwrap();
        folder(&named.join("c")).unwrap();
        folder(&named.join("c")).unwrap();
        for path in [around.path().join("a"), named.clone(), named.join("c")] {
            assert_eq!(mode(&path), 0o700, "{path:?}");
        }
        symlink(&named, around.path().join("link")).unwrap();
        root(&around.path().join("link")).unwrap();
        let refused = folder(&around.path().join("link")).unwrap_err().to_string();
        assert!(refused.contains("it is a link"), "{refused}");
        fs::write(around.path().join("file"), "").unwrap();
        let refused = folder(&around.path().join("file")).unwrap_err().to_string();
        assert!(refused.contains("it is no folder"), "{refused}");
    }
}
