//! What this computer remembers of the reels it works on: who holds a reel, what was done for it, what can go on, and
//! which notices were agreed to. Everything lies below the state folder, a folder a reel.

pub mod file_lock;
pub mod journal;
pub mod lock;
pub mod log;
mod machine;
pub mod notice;
pub mod order_form;
pub mod private;
pub mod queue;
pub mod resumable;
pub mod work_folder;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::model::report::fault::{Explain, FaultClass};

/// A file of the state folder that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing} `{path}`")]
pub struct StateError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl Explain for StateError {
    fn class(&self) -> FaultClass {
        if self.is_full() { FaultClass::NeedsPerson } else { FaultClass::Permanent }
    }

    fn hint(&self) -> Option<String> {
        let hint = if self.is_full() {
            "Make room on that disk, then try again."
        } else if matches!(self.source.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory) {
            "Name a folder with --state-dir, or move that file away."
        } else {
            "Check that the folder exists and is yours, or choose another with --state-dir."
        };
        Some(hint.to_owned())
    }
}

impl StateError {
    fn is_full(&self) -> bool {
        self.source.kind() == io::ErrorKind::StorageFull
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StateError + use<> {
    let path = path.to_owned();
    move |source| StateError { doing, path, source }
}

/// A new name counts once its folder is on the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The folders in a folder, by name.
fn folders(path: &Path) -> impl Iterator<Item = (String, PathBuf)> + use<> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
}
