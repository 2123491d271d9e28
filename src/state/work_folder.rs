//! The work folder: segments that wait for their upload, a folder an attempt, and what dead runs left there. It may be
//! shared, by runs with other state folders and by other users: an attempt's folder is locked while its run lives, no
//! link is followed, and what is not ours is not touched.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use crate::{
    model::{
        reel::name::{Generation, PREFIX, ReelName},
        report::fault::{Fault, Stopped},
    },
    state::{file_lock::FileLock, private},
};

/// In an attempt's folder; locked before the folder gets the name of an attempt.
const LOCK: &str = "lock";
const ATTEMPT: &str = "attempt-";

/// Removed with everything in it, however the run ends.
pub(crate) struct AttemptFolder {
    path: PathBuf,
    _lock: FileLock,
}

impl AttemptFolder {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for AttemptFolder {
    fn drop(&mut self) {
        // what can't be removed now is found by a later run
        let _ = fs::remove_dir_all(&self.path);
        remove_if_empty(&self.path);
    }
}

/// Of an attempt at a reel, whose run is over.
#[derive(Debug)]
struct Left {
    path: PathBuf,
    /// Held, so that two don't remove it at once; versions before 0.2 had none.
    _lock: Option<FileLock>,
}

/// A new folder for this attempt, below the work folder; what dead runs left of this reel goes.
pub(crate) fn attempt_folder(work: &Path, reel: &ReelName, generation: Generation) -> Result<AttemptFolder, Stopped> {
    attempt(work, reel, generation).map_err(|error| {
        let what = format!("could not make a folder for segments in `{}`", work.display());
        Stopped::Failed(Fault::permanent(what).because(error).hint("Choose another with --work-dir."))
    })
}

fn attempt(work: &Path, reel: &ReelName, generation: Generation) -> io::Result<AttemptFolder> {
    private::root(work)?;
    collect(work, Some(reel));
    let ours = work.join(format!("{PREFIX}{reel}-{generation}"));
    loop {
        private::folder(&ours)?;
        match begin(&ours) {
            // another run has just removed the folder, which was empty
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            begun => return begun,
        }
    }
}

fn begin(ours: &Path) -> io::Result<AttemptFolder> {
    let name = format!("{}-{:08x}", std::process::id(), fastrand::u32(..));
    let new = ours.join(format!("new-{name}"));
    private::folder(&new)?;
    let lock = FileLock::take(OpenOptions::new().create_new(true).write(true).open(new.join(LOCK))?)?;
    let path = ours.join(format!("{ATTEMPT}{name}"));
    fs::rename(&new, &path)?;
    Ok(AttemptFolder { path, _lock: lock })
}

/// Bytes that dead runs left. Blocking.
pub fn left(work: &Path) -> u64 {
    dead(work, None).iter().map(|left| size(&left.path)).sum()
}

/// Removes what dead runs left, of all reels or of one, and says how many bytes that were. Blocking.
pub fn collect(work: &Path, reel: Option<&ReelName>) -> u64 {
    let mut bytes = 0;
    let reels = of_reels(work).into_iter().filter(|(of, _)| reel.is_none_or(|reel| reel == of));
    let reels: Vec<_> = reels.collect();
    for left in dead(work, reel) {
        let size = size(&left.path);
        // what can't be removed is in nobody's way
        if fs::remove_dir_all(&left.path).is_ok() {
            bytes += size;
        }
    }
    for (reel, folder) in reels {
        let _ = fs::remove_dir(folder);
        remove_old_lock(work, &reel);
    }
    bytes
}

fn remove_if_empty(attempt: &Path) {
    let _ = attempt.parent().map(fs::remove_dir);
}

/// Our own folders of reels and generations.
fn of_reels(work: &Path) -> Vec<(ReelName, PathBuf)> {
    let entries = fs::read_dir(work).into_iter().flatten().flatten();
    let ours = entries.filter_map(|entry| {
        let name = entry.file_name();
        let (reel, generation) = name.to_str()?.strip_prefix(PREFIX)?.rsplit_once('-')?;
        generation.parse::<Generation>().ok()?;
        let found = fs::symlink_metadata(entry.path()).ok()?;
        Some((reel.parse().ok()?, entry.path())).filter(|_| private::is_ours(&found))
    });
    ours.collect()
}

fn dead(work: &Path, reel: Option<&ReelName>) -> Vec<Left> {
    let mut dead = Vec::new();
    for (of, folder) in of_reels(work) {
        if reel.is_some_and(|reel| *reel != of) || old_lock(work, &of) == OldLock::Held {
            continue;
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_attempt = entry.file_name().to_str().is_some_and(|name| name.starts_with(ATTEMPT));
            if !is_attempt || !fs::symlink_metadata(&path).is_ok_and(|found| private::is_ours(&found)) {
                continue;
            }
            match File::open(path.join(LOCK)).map(FileLock::take) {
                Ok(Ok(lock)) => dead.push(Left { path, _lock: Some(lock) }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => dead.push(Left { path, _lock: None }),
                _ => {}
            }
        }
    }
    dead
}

/// Versions before 0.2 held one lock a reel, beside its folders, and none an attempt.
#[derive(Debug, PartialEq, Eq)]
enum OldLock {
    None,
    Free,
    Held,
}

fn old_lock_path(work: &Path, reel: &ReelName) -> PathBuf {
    work.join(format!("{PREFIX}{reel}-lock"))
}

fn old_lock(work: &Path, reel: &ReelName) -> OldLock {
    let path = old_lock_path(work, reel);
    if !fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
        return OldLock::None;
    }
    match File::open(&path).map(FileLock::take) {
        Ok(Ok(_)) => OldLock::Free,
        _ => OldLock::Held,
    }
}

fn remove_old_lock(work: &Path, reel: &ReelName) {
    if old_lock(work, reel) == OldLock::Free {
        let _ = fs::remove_file(old_lock_path(work, reel));
    }
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let found = entry.metadata().ok()?;
        Some(if found.is_dir() { size(&entry.path()) } else { found.len() })
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reel() -> ReelName {
        "a".parse().unwrap()
    }

    fn generation() -> Generation {
        "01234567".parse().unwrap()
    }

    fn segment(attempt: &Path) -> PathBuf {
        let path = attempt.join("piece00000001.ts");
        fs::write(&path, "segment").unwrap();
        path
    }

    #[test]
    fn a_third_run_leaves_the_segments_of_a_second_that_lives() {
        let work = tempfile::tempdir().unwrap();
        let first = attempt(work.path(), &reel(), generation()).unwrap();
        let second = attempt(work.path(), &reel(), generation()).unwrap();
        let kept = segment(second.path());
        drop(first);
        let third = attempt(work.path(), &reel(), generation()).unwrap();
        assert!(kept.exists() && third.path() != second.path());
        assert_eq!(collect(work.path(), None), 0);
        assert!(kept.exists());
        drop((second, third));
        assert_eq!(fs::read_dir(work.path()).unwrap().count(), 0, "nothing stays");
    }

    #[test]
    fn what_a_dead_run_left_is_counted_and_goes() {
        let work = tempfile::tempdir().unwrap();
        for (folder, lock) in [("zipreel-a-01234567/attempt-1", true), ("zipreel-b-01234567/attempt-x", false)] {
            let folder = work.path().join(folder);
            fs::create_dir_all(folder.join("deeper")).unwrap();
            segment(&folder.join("deeper"));
            if lock {
                fs::write(folder.join(LOCK), "").unwrap();
            }
        }
        fs::write(work.path().join("zipreel-b-lock"), "").unwrap();
        fs::create_dir(work.path().join("mine")).unwrap();
        assert_eq!(left(work.path()), 14);
        assert_eq!(collect(work.path(), Some(&reel())), 7);
        assert_eq!(left(work.path()), 7);
        let older = File::open(work.path().join("zipreel-b-lock")).unwrap();
        older.try_lock().unwrap();
        assert_eq!(collect(work.path(), None), 0, "an older version works on it");
        drop(older);
        assert_eq!(collect(work.path(), None), 7);
        let rest: Vec<_> = fs::read_dir(work.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(rest, ["mine"]);
    }

    #[cfg(unix)]
    #[test]
    fn no_link_in_the_work_folder_is_followed() {
        use std::os::unix::fs::symlink;
        let (work, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let theirs = elsewhere.path().join("attempt-1");
        fs::create_dir(&theirs).unwrap();
        let precious = segment(&theirs);
        let link = work.path().join("zipreel-a-01234567");
        symlink(elsewhere.path(), &link).unwrap();
        symlink(&precious, work.path().join("zipreel-a-lock")).unwrap();
        let refused = attempt(work.path(), &reel(), generation()).err().unwrap().to_string();
        assert!(refused.contains("it is a link"), "{refused}");
        assert_eq!((left(work.path()), collect(work.path(), None)), (0, 0));
        assert_eq!(fs::read_to_string(&precious).unwrap(), "segment");
        fs::remove_file(&link).unwrap();
        attempt(work.path(), &reel(), generation()).unwrap();
        assert_eq!(fs::read_to_string(&precious).unwrap(), "segment", "a lock's link empties nothing");
    }
}
