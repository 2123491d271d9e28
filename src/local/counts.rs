//! What the stand-in was asked for: counts for tests, and a bounded log of requests in the data folder. Neither ever
//! holds a credential, a signature or a query.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;

use super::operation::Operation;

/// Bytes of the request log before it is set aside; one older file is kept.
const LOG_LIMIT: u64 = 8 * 1024 * 1024;

/// One request that was answered, or cut.
#[derive(Debug, Clone, Serialize)]
pub(in crate::local) struct Entry<'a> {
    /// RFC 3339, UTC, by the stand-in's clock.
    pub(in crate::local) time: String,
    #[serde(serialize_with = "as_text")]
    pub(in crate::local) operation: Option<Operation>,
    /// Function or role; empty where there is none.
    pub(in crate::local) target: &'a str,
    /// Bytes of the body that arrived.
    pub(in crate::local) body_bytes: u64,
    pub(in crate::local) status: u16,
    /// AWS's code of an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::local) error: Option<&'a str>,
    /// It makes a function that is there already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::local) repeated: bool,
    /// The connection was cut on purpose.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::local) cut: bool,
}

fn as_text<S: serde::Serializer>(operation: &Option<Operation>, serializer: S) -> Result<S::Ok, S::Error> {
    match operation {
        Some(operation) => serializer.collect_str(operation),
        None => serializer.serialize_str("unknown"),
    }
}

/// Counts since the start. Clones show the same counts.
#[derive(Debug, Clone, Default)]
pub struct Counts(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    calls: BTreeMap<(Operation, u16), u64>,
    bodies: BTreeMap<String, u64>,
    repeated_bytes: u64,
    log: Option<Log>,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Counts {
    pub(in crate::local) fn with_log(folder: &Path) -> io::Result<Self> {
        let log = Log::open(folder.join("requests.jsonl"))?;
        Ok(Self(Arc::new(Mutex::new(Inner { log: Some(log), ..Inner::default() }))))
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::local) fn add(&self, entry: &Entry<'_>) {
        let mut inner = self.inner();
        if let Some(operation) = entry.operation {
            *inner.calls.entry((operation, entry.status)).or_default() += 1;
            if operation.carries_code() {
                *inner.bodies.entry(entry.target.to_owned()).or_default() += entry.body_bytes;
                inner.repeated_bytes += if entry.repeated { entry.body_bytes } else { 0 };
            }
        }
        if let Some(log) = &mut inner.log {
            // a log that can't be written must not fail the request it tells of
            let _ = log.write(entry);
        }
    }

    /// Requests for an operation, whatever came of them.
    pub fn calls(&self, operation: Operation) -> u64 {
        self.inner().calls.iter().filter(|((of, _), _)| *of == operation).map(|(_, count)| count).sum()
    }

    /// Requests for an operation that were answered with `status`.
    pub fn answers(&self, operation: Operation, status: u16) -> u64 {
        self.inner().calls.get(&(operation, status)).copied().unwrap_or_default()
    }

    /// Bytes of request bodies with code that arrived for a function.
    pub fn body_bytes(&self, function: &str) -> u64 {
        self.inner().bodies.get(function).copied().unwrap_or_default()
    }

    /// Bytes of all request bodies with code that arrived, those too that were cut off before they named a function.
    pub fn code_bytes(&self) -> u64 {
        self.inner().bodies.values().sum()
    }

    /// Bytes of CreateFunction's bodies for functions that were there already.
    pub fn repeated_bytes(&self) -> u64 {
        self.inner().repeated_bytes
    }
}

impl Log {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path, file, bytes })
    }

    fn write(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        if self.bytes >= LOG_LIMIT {
            fs::rename(&self.path, self.path.with_extension("old.jsonl"))?;
            *self = Self::open(self.path.clone())?;
        }
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.bytes += line.len() as u64;
        self.file.write_all(&line)
    }
}
