//! A reel of this computer, held against every other process and every other job of this one. The lock is the system's
//! own (it ends with its holder, however that ends); the file also says who holds it and what for.

use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{StateError, file_lock::FileLock, io_error, machine, private};
use crate::model::{reel::name::ReelName, report::fault::Explain};

const FILE: &str = "lock";

/// What a reel is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Publish,
    Repair,
    Delete,
    Discard,
    Collect,
    Retitle,
}

impl Purpose {
    const ALL: [Self; 6] = [Self::Publish, Self::Repair, Self::Delete, Self::Discard, Self::Collect, Self::Retitle];

    /// The name of what is done: `publish`, `gc`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Repair => "repair",
            Self::Delete => "delete",
            Self::Discard => "discard",
            Self::Collect => "gc",
            Self::Retitle => "retitle",
        }
    }
}

/// A process that holds a reel. Versions before 0.2 wrote no purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub process: Option<u32>,
    pub purpose: Option<Purpose>,
}

impl Holder {
    fn parse(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let process = words.next().and_then(|word| word.parse().ok());
        let word = words.next();
        Self { process, purpose: Purpose::ALL.into_iter().find(|purpose| Some(purpose.word()) == word) }
    }

    fn is_us(&self) -> bool {
        self.process == Some(std::process::id())
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.process {
            _ if self.is_us() => f.write_str("another job of this zipreel")?,
            Some(process) => write!(f, "another zipreel (process {process})")?,
            None => f.write_str("another zipreel")?,
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error("{holder} is working on `{reel}`{}", doing(holder))]
    Held { reel: ReelName, holder: Holder },
}

fn doing(holder: &Holder) -> String {
    holder.purpose.map_or(String::new(), |purpose| format!(" ({})", purpose.word()))
}

impl Explain for LockError {
    fn passed_on(&self) -> Option<&dyn Explain> {
        match self {
            Self::State(error) => Some(error),
            Self::Held { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::State(error) => error.hint(),
            Self::Held { .. } => Some("Wait until it is done, or end it.".into()),
        }
    }
}

/// A reel that is held while this lives.
#[derive(Debug)]
pub struct ReelLock {
    file: FileLock,
    folder: PathBuf,
    claim: Claim,
}

/// Who holds which reel and what for, as other machines are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub reel: ReelName,
    /// The id of this computer: of its state folder.
    pub machine: String,
    pub purpose: Purpose,
}

impl ReelLock {
    /// Holds a reel; its folder is made if it is not there. Blocking, for a moment.
    pub fn take(state_dir: &Path, reel: &ReelName, purpose: Purpose) -> Result<Self, LockError> {
        let folder = state_dir.join(reel.as_str());
        let path = folder.join(FILE);
        loop {
            private::root(state_dir).map_err(io_error("make the folder", state_dir))?;
            private::folder(&folder).map_err(io_error("make the folder", &folder))?;
            let file = match open(&path) {
                Ok(file) => file,
                // its holder has just removed the folder
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(io_error("open", &path)(error).into()),
            };
            let file = match FileLock::take(file) {
                Ok(held) => held,
                Err(TryLockError::WouldBlock) => {
                    let holder = Holder::parse(&fs::read_to_string(&path).unwrap_or_default());
                    return Err(LockError::Held { reel: reel.clone(), holder });
                }
                Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error).into()),
            };
            // a file that its holder removed meanwhile holds nobody off
            if !is_at(&file, &path) {
                continue;
            }
            let machine = machine::id(state_dir)?;
            let held = Self { file, folder, claim: Claim { reel: reel.clone(), machine, purpose } };
            let note = format!("{} {}", std::process::id(), purpose.word());
            held.note(&note).map_err(io_error("write", &path))?;
            return Ok(held);
        }
    }

    pub fn reel(&self) -> &ReelName {
        &self.claim.reel
    }

    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The reel's folder below the state folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn note(&self, text: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        (&*self.file).write_all(text.as_bytes())
    }

    /// Removes the reel's folder with the lock, if nothing but its logs is left in it. Blocking.
    pub fn remove_if_empty(self, logs: &[&str]) {
        let rest = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let unimportant = |name: &std::ffi::OsStr| name == FILE || logs.iter().any(|log| name == *log);
        let mut rest = rest.map(|entry| entry.file_name());
        if rest.all(|name| unimportant(&name)) {
            // what can't be removed is in nobody's way
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Nobody is named as the holder of what is not held.
impl Drop for ReelLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// Who seems to hold a reel, for a word on a screen: only taking the lock tells for sure. Blocking, and in nobody's way.
pub fn holder(state_dir: &Path, reel: &ReelName) -> Option<Holder> {
    let text = fs::read_to_string(state_dir.join(reel.as_str()).join(FILE)).ok()?;
    let holder = Holder::parse(&text);
    holder.process.is_some_and(is_running).then_some(holder)
}

/// Who holds a reel, by the lock itself: the number of a process that was killed may be another one's by now. Blocking;
/// a lock that nobody has is held for a moment.
pub fn held_by(state_dir: &Path, reel: &ReelName) -> Option<Holder> {
    let noted = holder(state_dir, reel)?;
    let file = File::open(state_dir.join(reel.as_str()).join(FILE)).ok()?;
    matches!(FileLock::take(file), Err(TryLockError::WouldBlock)).then_some(noted)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)
}

/// Whether a path leads to this very file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata().map(id), fs::metadata(path).map(id)), (Ok(ours), Ok(theirs)) if ours == theirs)
}

/// Elsewhere an open file can't be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(unix)]
fn is_running(process: u32) -> bool {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    // a process of another user answers that we may not signal it, which tells that it is there
    id.is_some_and(|id| rustix::process::test_kill_process(id) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_running(_: u32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reel() -> ReelName {
        "a".parse().unwrap()
    }

    #[test]
    fn a_second_holder_is_told_who_holds_it_and_what_for() {
        let state = tempfile::tempdir().unwrap();
        let held = ReelLock::take(state.path(), &reel(), Purpose::Delete).unwrap();
        let refused = ReelLock::take(state.path(), &reel(), Purpose::Publish).unwrap_err();
        assert_eq!(refused.to_string(), "another job of this zipreel is working on `a` (delete)");
        assert!(holder(state.path(), &reel()).unwrap().is_us());
        drop(held);
        assert_eq!(holder(state.path(), &reel()), None);
        ReelLock::take(state.path(), &reel(), Purpose::Publish).unwrap();
    }

    #[test]
    fn who_was_killed_holds_nothing_though_its_number_is_in_use_again() {
        let state = tempfile::tempdir().unwrap();
        let held = ReelLock::take(state.path(), &reel(), Purpose::Publish).unwrap();
        assert!(held_by(state.path(), &reel()).unwrap().is_us());
        drop(held);
        fs::write(state.path().join("a").join(FILE), format!("{} publish", std::process::id())).unwrap();
        assert!(holder(state.path(), &reel()).is_some(), "the note alone would say so");
        assert_eq!(held_by(state.path(), &reel()), None);
    }

    #[test]
    fn a_note_of_an_older_version_names_its_process() {
        let other = Holder::parse("1");
        let error = LockError::Held { reel: reel(), holder: other };
        assert_eq!(error.to_string(), "another zipreel (process 1) is working on `a`");
    }

    #[test]
    fn a_lock_whose_file_was_removed_holds_nobody_off() {
        let state = tempfile::tempdir().unwrap();
        let held = ReelLock::take(state.path(), &reel(), Purpose::Delete).unwrap();
        let waiting = open(&held.folder().join(FILE)).unwrap();
        held.remove_if_empty(&[]);
        let _second = ReelLock::take(state.path(), &reel(), Purpose::Publish).unwrap();
        waiting.try_lock().unwrap();
        assert!(!is_at(&waiting, &state.path().join("a").join(FILE)), "whoever waited for the old file sees that");
    }

    #[test]
    fn a_folder_with_a_journal_stays() {
        let state = tempfile::tempdir().unwrap();
        let held = ReelLock::take(state.path(), &reel(), Purpose::Delete).unwrap();
        let folder = held.folder().to_owned();
        fs::create_dir(folder.join("01234567")).unwrap();
        fs::write(folder.join("publish.log"), "x").unwrap();
        held.remove_if_empty(&["publish.log"]);
        assert!(folder.join("01234567").is_dir());
        fs::remove_dir(folder.join("01234567")).unwrap();
        ReelLock::take(state.path(), &reel(), Purpose::Delete).unwrap().remove_if_empty(&["publish.log"]);
        assert!(!folder.exists());
    }
}
