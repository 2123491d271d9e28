//! The stand-in's memory, on disk: functions and roles as JSON files, code as files named by their hash. What it has
//! answered survives a crash; what a crash cut short was never there. Knows no HTTP and no AWS error.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde::{Serialize, de::DeserializeOwned};
use tempfile::NamedTempFile;
use time::OffsetDateTime;

use super::clock::Clock;
use crate::{model::hex::hex, state::private};

pub mod files;
mod history;
pub(super) mod record;

use history::History;
use record::{Api, Distribution, Function, LogGroup, Role};

#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    keep: Keep,
    clock: Clock,
    /// Changed only by the request that has the turn, so that reading never waits for a disk.
    state: RwLock<State>,
    turn: Mutex<Folder>,
}

/// Whose the data folder is.
#[derive(Debug, PartialEq, Eq)]
enum Folder {
    Ours,
    /// Another process may have opened it.
    GivenUp,
}

/// What is kept of code on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    #[default]
    All,
    /// For measurements: of zips over a megabyte the hash alone, so that their downloads are not found.
    Hashes,
}

/// Indexes are smaller, and the gate must be able to read them.
const HASH_ONLY_FROM: u64 = 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) functions: BTreeMap<String, Function>,
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) logs: BTreeMap<String, LogGroup>,
    pub(super) apis: BTreeMap<String, Api>,
    pub(super) distributions: BTreeMap<String, Distribution>,
    history: History,
}

impl State {
    /// Zipped bytes of all functions, as AWS counts them against the quota: the same zip twice counts twice.
    pub(super) fn code_bytes(&self) -> u64 {
        self.functions.values().map(|function| function.code.bytes).sum()
    }

    /// The functions as they were `then`.
    pub(super) fn functions_at(&self, then: OffsetDateTime) -> BTreeMap<String, Function> {
        self.history.functions(&self.functions, then)
    }
}

/// The turn to change the state, and the ways to do it durably: first on disk, then in memory.
pub(super) struct Change<'a> {
    store: &'a Store,
    _turn: MutexGuard<'a, Folder>,
}

impl Store {
    /// Opens a data folder, made if it is not there. The flag says whether it was empty.
    pub(super) fn open(folder: &Path, keep: Keep, clock: Clock) -> io::Result<(Self, bool)> {
        for part in ["functions", "roles", "logs", "apis", "distributions", "blobs"] {
            private::root(&folder.join(part))?;
            files::sweep(&folder.join(part))?;
        }
        let state = State {
            functions: read_all(&folder.join("functions"))?,
            roles: read_all(&folder.join("roles"))?,
            logs: read_all(&folder.join("logs"))?,
            apis: read_all(&folder.join("apis"))?,
            distributions: read_all(&folder.join("distributions"))?,
            history: History::default(),
        };
        let empty = state.functions.is_empty() && state.roles.is_empty();
        let store =
            Self { folder: folder.to_owned(), keep, clock, state: RwLock::new(state), turn: Mutex::new(Folder::Ours) };
        store.sweep_blobs()?;
        Ok((store, empty))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its turn: to be called where waiting for a disk is allowed. Fails once the folder is given up.
    pub(super) fn change(&self) -> io::Result<Change<'_>> {
        match self.turn() {
            turn if *turn == Folder::Ours => Ok(Change { store: self, _turn: turn }),
            _ => Err(io::Error::other("this stand-in has ended")),
        }
    }

    /// Waits for the change that is under way, and lets none follow: whoever opens the folder next must find what this
    /// one has answered, and keep what it finds.
    pub(super) fn give_up(&self) {
        *self.turn() = Folder::GivenUp;
    }

    fn turn(&self) -> MutexGuard<'_, Folder> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file for code whose hash is not known yet.
    pub(super) fn new_blob(&self) -> io::Result<NamedTempFile> {
        files::temporary(&self.folder.join("blobs"), files::Mode::Usual)
    }

    /// Makes a finished blob's content durable, before its turn to get a name.
    pub(super) fn sync_blob(&self, file: &NamedTempFile) -> io::Result<()> {
        if self.is_kept(file)? { file.as_file().sync_all() } else { Ok(()) }
    }

    fn is_kept(&self, file: &NamedTempFile) -> io::Result<bool> {
        Ok(self.keep == Keep::All || file.as_file().metadata()?.len() < HASH_ONLY_FROM)
    }

    /// `sha256` comes from a record, so it is hexadecimal.
    pub(super) fn blob(&self, sha256: &str) -> PathBuf {
        self.folder.join("blobs").join(sha256)
    }

    /// A crash between a function's end and its blob's leaves a blob that no function names.
    fn sweep_blobs(&self) -> io::Result<()> {
        let state = self.read();
        let named: BTreeSet<_> = state.functions.values().map(|function| function.code.sha256.as_str()).collect();
        for entry in fs::read_dir(self.folder.join("blobs"))? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(|name| named.contains(name)) {
                files::remove_if_there(&entry.path())?;
            }
        }
        Ok(())
    }
}

impl Change<'_> {
    /// The state, which no one else changes meanwhile.
    pub(super) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.store.read()
    }

    fn edit(&self) -> RwLockWriteGuard<'_, State> {
        self.store.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn function(&self, name: &str) -> Option<Function> {
        self.state().functions.get(name).cloned()
    }

    /// Writes a function as it is to be from now on. Its code must be there already.
    pub(super) fn put_function(&self, function: Function) -> io::Result<()> {
        write(&self.path("functions", &function.name), &function)?;
        let name = function.name.clone();
        let mut state = self.edit();
        let old = state.functions.insert(name.clone(), function);
        let sha256 = old.as_ref().map(|old| old.code.sha256.clone());
        state.history.note(self.store.clock.now(), name, old);
        drop(state);
        sha256.map_or(Ok(()), |sha256| self.drop_blob(&sha256))
    }

    /// False if there was none.
    pub(super) fn remove_function(&self, name: &str) -> io::Result<bool> {
        if self.function(name).is_none() {
            return Ok(false);
        }
        files::remove(&self.path("functions", name))?;
        let mut state = self.edit();
        let old = state.functions.remove(name);
        let sha256 = old.as_ref().map(|old| old.code.sha256.clone());
        state.history.note(self.store.clock.now(), name.to_owned(), old);
        drop(state);
        sha256.map_or(Ok(()), |sha256| self.drop_blob(&sha256))?;
        Ok(true)
    }

    pub(super) fn put_role(&self, role: Role) -> io::Result<()> {
        write(&self.path("roles", &role.name), &role)?;
        self.edit().roles.insert(role.name.clone(), role);
        Ok(())
    }

    pub(super) fn remove_role(&self, name: &str) -> io::Result<()> {
        files::remove(&self.path("roles", name))?;
        self.edit().roles.remove(name);
        Ok(())
    }

    pub(super) fn put_api(&self, api: Api) -> io::Result<()> {
        write(&self.path("apis", &api.id), &api)?;
        self.edit().apis.insert(api.id.clone(), api);
        Ok(())
    }

    pub(super) fn remove_api(&self, id: &str) -> io::Result<()> {
        files::remove(&self.path("apis", id))?;
        self.edit().apis.remove(id);
        Ok(())
    }

    pub(super) fn put_distribution(&self, distribution: Distribution) -> io::Result<()> {
        write(&self.path("distributions", &distribution.id), &distribution)?;
        self.edit().distributions.insert(distribution.id.clone(), distribution);
        Ok(())
    }

    pub(super) fn remove_distribution(&self, id: &str) -> io::Result<()> {
        files::remove(&self.path("distributions", id))?;
        self.edit().distributions.remove(id);
        Ok(())
    }

    pub(super) fn put_log(&self, group: LogGroup) -> io::Result<()> {
        write(&self.log(&group.name), &group)?;
        self.edit().logs.insert(group.name.clone(), group);
        Ok(())
    }

    pub(super) fn remove_log(&self, name: &str) -> io::Result<()> {
        files::remove(&self.log(name))?;
        self.edit().logs.remove(name);
        Ok(())
    }

    /// Log groups have slashes in their names.
    fn log(&self, name: &str) -> PathBuf {
        self.path("logs", &hex(name.as_bytes()))
    }

    /// Gives a [synced](Store::sync_blob) blob its name. In the same turn as its function, so that no one drops it.
    pub(super) fn keep_blob(&self, file: NamedTempFile, sha256: &str) -> io::Result<()> {
        let path = self.store.blob(sha256);
        if self.store.is_kept(&file)? && !path.exists() { files::place(file, &path) } else { Ok(()) }
    }

    /// Removes a blob that no function names any more; downloads under way keep their open file.
    fn drop_blob(&self, sha256: &str) -> io::Result<()> {
        if self.state().functions.values().any(|function| function.code.sha256 == sha256) {
            return Ok(());
        }
        files::remove_if_there(&self.store.blob(sha256))
    }

    /// File names tell case apart where some file systems do not: `=a` is AWS's `A`.
    fn path(&self, kind: &str, name: &str) -> PathBuf {
        let mut file = String::with_capacity(name.len() + 5);
        for character in name.chars() {
            if character.is_ascii_uppercase() {
                file.push('=');
            }
            file.push(character.to_ascii_lowercase());
        }
        file.push_str(".json");
        self.store.folder.join(kind).join(file)
    }
}

fn write(path: &Path, record: &impl Serialize) -> io::Result<()> {
    files::replace(path, &serde_json::to_vec_pretty(record)?, files::Mode::Usual)
}

trait Keyed: DeserializeOwned {
    fn key(&self) -> &str;
}

impl Keyed for Function {
    fn key(&self) -> &str {
        &self.name
    }
}

impl Keyed for Role {
    fn key(&self) -> &str {
        &self.name
    }
}

impl Keyed for LogGroup {
    fn key(&self) -> &str {
        &self.name
    }
}

impl Keyed for Distribution {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Keyed for Api {
    fn key(&self) -> &str {
        &self.id
    }
}

fn read_all<T: Keyed>(folder: &Path) -> io::Result<BTreeMap<String, T>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let damaged = |error| io::Error::new(io::ErrorKind::InvalidData, format!("`{}`: {error}", path.display()));
        let record: T = serde_json::from_slice(&fs::read(&path)?).map_err(damaged)?;
        all.insert(record.key().to_owned(), record);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread, time::Duration};

    use super::*;
    use crate::local::query::iam::new_role;

    #[test]
    fn giving_up_the_folder_waits_for_the_change_under_way_and_lets_none_follow() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Keep::All, Clock::system()).unwrap().0;
        let change = store.change().unwrap();
        let (gave_up, given_up) = mpsc::channel();
        thread::scope(|threads| {
            threads.spawn(|| {
                store.give_up();
                gave_up.send(()).unwrap();
            });
            assert!(given_up.recv_timeout(Duration::from_millis(100)).is_err(), "a change is under way");
            change.put_role(new_role("made", "{}", "", store.clock.now())).unwrap();
            drop(change);
            given_up.recv().unwrap();
        });
        assert_eq!(store.change().map(drop).unwrap_err().to_string(), "this stand-in has ended");
        let next = Store::open(folder.path(), Keep::All, Clock::system()).unwrap().0;
        assert!(next.read().roles.contains_key("made"));
    }
}
