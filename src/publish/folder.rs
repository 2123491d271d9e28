//! Where an attempt keeps its segments until they are deployed.

use std::{fs::File, io, path::Path};

use tempfile::TempDir;

use crate::reel::{
    fault::{Fault, Stopped},
    name::{Generation, PREFIX},
    order::Order,
};

/// Removed with everything in it, however the run ends.
pub(super) struct AttemptFolder {
    folder: TempDir,
    /// Whoever holds it may remove what earlier attempts left; `None` if another process does, with a state folder of
    /// its own.
    _lock: Option<File>,
}

impl AttemptFolder {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A new folder for this attempt; those that earlier attempts at this reel left behind go.
pub(super) fn attempt_folder(order: &Order, generation: Generation) -> Result<AttemptFolder, Stopped> {
    make(order, generation).map_err(|error| {
        let what = format!("could not make a folder for segments in `{}`", order.folders.work.display());
        Stopped::Failed(Fault::permanent(what).because(error).hint("Choose another with --work-dir."))
    })
}

fn make(order: &Order, generation: Generation) -> io::Result<AttemptFolder> {
    let prefix = format!("{PREFIX}{}-", order.reel);
    let ours = order.folders.work.join(format!("{prefix}{generation}"));
    std::fs::create_dir_all(&ours)?;
    let new = || tempfile::Builder::new().prefix("attempt-").tempdir_in(&ours);
    let lock = File::create(order.folders.work.join(format!("{prefix}lock")))?;
    if lock.try_lock().is_err() {
        return Ok(AttemptFolder { folder: new()?, _lock: None });
    }
    for entry in std::fs::read_dir(&order.folders.work)?.flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        if rest.is_some_and(|rest| rest.parse::<Generation>().is_ok()) && entry.path() != ours {
            // what can't be removed is in nobody's way
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    for entry in std::fs::read_dir(&ours)?.flatten() {
        let _ = std::fs::remove_dir_all(entry.path());
    }
    Ok(AttemptFolder { folder: new()?, _lock: Some(lock) })
}
