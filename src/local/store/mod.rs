//! The stand-in's memory, on disk: functions and roles as JSON files, code as files named by their hash. What it has
//! answered survives a crash; what a crash cut short was never there. Knows no HTTP and no AWS error.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Serialize, de::DeserializeOwned};
use tempfile::NamedTempFile;

use super::files;

pub(super) mod record;

use record::{Function, Role};

#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    keep: Keep,
    state: Mutex<State>,
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
}

impl State {
    /// Zipped bytes of all functions, as AWS counts them against the quota: the same zip twice counts twice.
    pub(super) fn code_bytes(&self) -> u64 {
        self.functions.values().map(|function| function.code.bytes).sum()
    }
}

/// The state under its lock, with the ways to change it durably.
pub(super) struct Change<'a> {
    folder: &'a Path,
    keep: Keep,
    state: MutexGuard<'a, State>,
}

impl Store {
    /// Opens a data folder, made if it is not there. The flag says whether it was empty.
    pub(super) fn open(folder: &Path, keep: Keep) -> io::Result<(Self, bool)> {
        for part in ["functions", "roles", "blobs"] {
            fs::create_dir_all(folder.join(part))?;
            files::sweep(&folder.join(part))?;
        }
        let state = State { functions: read_all(&folder.join("functions"))?, roles: read_all(&folder.join("roles"))? };
        let empty = state.functions.is_empty() && state.roles.is_empty();
        let store = Self { folder: folder.to_owned(), keep, state: Mutex::new(state) };
        store.sweep_blobs()?;
        Ok((store, empty))
    }

    pub(super) fn read(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change(&self) -> Change<'_> {
        Change { folder: &self.folder, keep: self.keep, state: self.read() }
    }

    /// A file for code whose hash is not known yet.
    pub(super) fn new_blob(&self) -> io::Result<NamedTempFile> {
        files::temporary(&self.folder.join("blobs"), files::Mode::Usual)
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
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

impl std::ops::Deref for Change<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl Change<'_> {
    /// Writes a function as it is to be from now on. Its code must be there already.
    pub(super) fn put_function(&mut self, function: Function) -> io::Result<()> {
        write(self.folder, "functions", &function.name, &function)?;
        let name = function.name.clone();
        if let Some(old) = self.state.functions.insert(name, function) {
            self.drop_blob(&old.code.sha256)?;
        }
        Ok(())
    }

    pub(super) fn remove_function(&mut self, name: &str) -> io::Result<Option<Function>> {
        if !self.state.functions.contains_key(name) {
            return Ok(None);
        }
        fs::remove_file(path(self.folder, "functions", name))?;
        let removed = self.state.functions.remove(name);
        if let Some(old) = &removed {
            self.drop_blob(&old.code.sha256)?;
        }
        Ok(removed)
    }

    pub(super) fn put_role(&mut self, role: Role) -> io::Result<()> {
        write(self.folder, "roles", &role.name, &role)?;
        self.state.roles.insert(role.name.clone(), role);
        Ok(())
    }

    pub(super) fn remove_role(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(path(self.folder, "roles", name))?;
        self.state.roles.remove(name);
        Ok(())
    }

    /// Makes received code durable under its hash. To be called under the lock, so that no one drops it meanwhile.
    pub(super) fn keep_blob(&self, file: NamedTempFile, sha256: &str) -> io::Result<()> {
        let path = self.folder.join("blobs").join(sha256);
        let too_much = self.keep == Keep::Hashes && file.as_file().metadata()?.len() >= HASH_ONLY_FROM;
        if too_much || path.exists() { Ok(()) } else { files::settle(file, &path) }
    }

    /// Removes a blob that no function names any more; downloads under way keep their open file.
    fn drop_blob(&self, sha256: &str) -> io::Result<()> {
        if self.state.functions.values().any(|function| function.code.sha256 == sha256) {
            return Ok(());
        }
        match fs::remove_file(self.folder.join("blobs").join(sha256)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// File names of AWS's names, which tell case apart where some file systems do not: `=a` is `A`.
fn path(folder: &Path, kind: &str, name: &str) -> PathBuf {
    let mut file = String::with_capacity(name.len() + 5);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            file.push('=');
        }
        file.push(character.to_ascii_lowercase());
    }
    file.push_str(".json");
    folder.join(kind).join(file)
}

fn write(folder: &Path, kind: &str, name: &str, record: &impl Serialize) -> io::Result<()> {
    files::replace(&path(folder, kind, name), &serde_json::to_vec_pretty(record)?, files::Mode::Usual)
}

trait Named: DeserializeOwned {
    fn name(&self) -> &str;
}

impl Named for Function {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Role {
    fn name(&self) -> &str {
        &self.name
    }
}

fn read_all<T: Named>(folder: &Path) -> io::Result<BTreeMap<String, T>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let damaged = |error| io::Error::new(io::ErrorKind::InvalidData, format!("`{}`: {error}", path.display()));
        let record: T = serde_json::from_slice(&fs::read(&path)?).map_err(damaged)?;
        all.insert(record.name().to_owned(), record);
    }
    Ok(all)
}
