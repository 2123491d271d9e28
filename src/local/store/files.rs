//! Files that are whole or not there: written beside their place, synced, then renamed into it.

use std::{fs, io, io::Write, path::Path};

use tempfile::{Builder, NamedTempFile};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) enum Mode {
    /// 0600 where the platform has modes.
    OwnerOnly,
    /// As the person's umask has it.
    Usual,
}

/// Puts `bytes` at `path`, whatever was there; after a crash the old or the new content is there, whole.
pub(in crate::local) fn replace(path: &Path, bytes: &[u8], mode: Mode) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("a file needs a folder"))?;
    let mut file = temporary(folder, mode)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    place(file, path)
}

/// A file without its final name yet, removed again unless it is [placed](place).
pub(in crate::local) fn temporary(folder: &Path, mode: Mode) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".part-");
    #[cfg(unix)]
    if mode == Mode::Usual {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder.tempfile_in(folder)
}

/// Gives a synced temporary file its name, durably.
pub(in crate::local) fn place(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path)?;
    sync_folder(path)
}

/// Removes a file, durably.
pub(in crate::local) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder(path)
}

/// The rename itself is durable only when its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes what a crash left half-written. A request that outlived its stand-in may remove its own part meanwhile.
pub(in crate::local) fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(".part-") {
            remove_if_there(&entry.path())?;
        }
    }
    Ok(())
}

pub(in crate::local) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
