//! What was done for a reel, kept so that nothing is lost: append-only records, each with a checksum and on the disk
//! before it counts. `<state>/<reel>/<generation>/journal`, in the form of [`crate::reel::ledger`].
//!
//! The remote side is the truth; the journal tells what was meant and spares asking.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{ffmpeg::Leader, probe::Measured, request::Origin};
use crate::reel::{
    fault::{Explain, FaultClass},
    index::ChunkIndex,
    ledger::{self, Damage},
    name::{Generation, ReelName, RenditionId},
};

pub(super) const FILE: &str = "journal";
const DAMAGED: &str = "journal.damaged";
const LOCK: &str = "lock";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// First record: what was asked for.
    Began(Began),
    /// ffmpeg runs; enough to end it should it outlive us.
    Splitting {
        leader: Leader,
    },
    Deployed {
        rendition: RenditionId,
        chunk: ChunkIndex,
    },
    /// The split is complete: this many chunks make the reel.
    Packed {
        chunks: u32,
        bytes: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        traits: Option<Traits>,
    },
    Published {
        at: String,
        watch_url: String,
        playlist_url: String,
    },
}

/// What the index says of a rendition beside its chunks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traits {
    pub codecs: String,
    pub resolution: Option<(u32, u32)>,
    pub frame_rate: Option<f64>,
    pub independent: bool,
}

impl Traits {
    pub fn new(measured: Measured, independent: bool) -> Self {
        let Measured { codecs, resolution, frame_rate } = measured;
        Self { codecs, resolution, frame_rate, independent }
    }

    pub fn measured(self) -> Measured {
        Measured { codecs: self.codecs, resolution: self.resolution, frame_rate: self.frame_rate }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Began {
    pub at: String,
    #[serde(with = "any_path")]
    pub video: PathBuf,
    pub title: String,
    pub source_bytes: u64,
    #[serde(default)]
    pub origin: Option<Origin>,
    pub segment_seconds: f64,
    pub chunk_limit: u64,
    pub parallel_uploads: Option<usize>,
    pub transcode: bool,
    #[serde(default)]
    pub replace: bool,
    /// `local` or `aws`.
    pub target: String,
    pub profile: Option<String>,
    pub account: String,
    pub region: String,
    /// Estimated when the work began.
    pub chunks: u32,
}

/// Paths need not be text: those that are not are kept as their bytes.
mod any_path {
    use std::{
        ffi::OsString,
        path::{Path, PathBuf},
    };

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = match path.to_str() {
            Some(text) => Kept::Text(text.to_owned()),
            None => Kept::Bytes(bytes(path)),
        };
        kept.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        Ok(match Kept::deserialize(deserializer)? {
            Kept::Text(text) => text.into(),
            Kept::Bytes(bytes) => of_bytes(bytes).into(),
        })
    }

    #[cfg(unix)]
    fn bytes(path: &Path) -> Vec<u8> {
        std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
    }

    #[cfg(unix)]
    fn of_bytes(bytes: Vec<u8>) -> OsString {
        std::os::unix::ffi::OsStringExt::from_vec(bytes)
    }

    #[cfg(not(unix))]
    fn bytes(path: &Path) -> Vec<u8> {
        path.to_string_lossy().into_owned().into_bytes()
    }

    #[cfg(not(unix))]
    fn of_bytes(bytes: Vec<u8>) -> OsString {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("could not {doing} `{path}`")]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("another zipreel (process {holder}) is working on `{reel}`")]
    Held { reel: ReelName, holder: String },
}

impl Explain for JournalError {
    fn class(&self) -> FaultClass {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => FaultClass::NeedsPerson,
            Self::Io { .. } | Self::Held { .. } => FaultClass::Permanent,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "Make room on that disk, then press r or resume.".into()
            }
            Self::Io { .. } => "Check that the folder exists and is yours, or choose another with --state-dir.".into(),
            Self::Held { .. } => "Wait until it is done, or end it.".into(),
        })
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError + use<> {
    let path = path.to_owned();
    move |source| JournalError::Io { doing, path, source }
}

/// A folder of one generation, held against other processes while this lives.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    /// Of whole records.
    bytes: u64,
    records: Vec<Record>,
    /// Held until dropped.
    _lock: File,
}

impl Journal {
    /// Opens or begins the journal. A torn tail is cut off, a damaged file set aside; either is said in the second
    /// value.
    pub fn open(
        state_dir: &Path,
        reel: &ReelName,
        generation: Generation,
    ) -> Result<(Self, Option<String>), JournalError> {
        let reel_dir = state_dir.join(reel.as_str());
        let folder = reel_dir.join(generation.to_string());
        fs::create_dir_all(&folder).map_err(io_error("make the folder", &folder))?;
        // the names of the folders must last as long as what is in them
        for parent in [state_dir, &reel_dir] {
            sync_folder(parent).map_err(io_error("sync", parent))?;
        }
        let lock = lock(&reel_dir, reel)?;
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io_error("read the journal", &path)(error)),
        };
        let (records, whole, damage) = ledger::read(&bytes);
        let mut word = None;
        match damage {
            Damage::None => {}
            Damage::Tail => {
                word =
                    Some(format!("the journal's last record was torn and is cut off ({} bytes)", bytes.len() - whole));
            }
            Damage::Within => {
                let aside = folder.join(DAMAGED);
                fs::rename(&path, &aside).map_err(io_error("set aside the journal", &path))?;
                word = Some(format!(
                    "the journal was damaged (its record {} does not match its checksum) and is kept as `{}`; what is \
                     deployed is asked of the account",
                    records.len() + 1,
                    aside.display()
                ));
            }
        }
        let set_aside = matches!(damage, Damage::Within);
        let (records, whole) = if set_aside { (Vec::new(), 0) } else { (records, whole) };
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(io_error("open", &path))?;
        file.set_len(whole as u64).map_err(io_error("write", &path))?;
        sync_folder(&folder).map_err(io_error("sync", &folder))?;
        Ok((Self { file, path, bytes: whole as u64, records, _lock: lock }, word))
    }

    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The folder of this generation.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Returns when the record is on the disk. Blocking. After a failure the record can be appended again.
    pub fn append(&mut self, record: Record) -> Result<(), JournalError> {
        let line = ledger::line(&record);
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // half a record must not stand before the next; if this fails too, the next opening cuts it off
            let _ = self.file.set_len(self.bytes);
            return Err(io_error("write the journal", &self.path)(error));
        }
        self.bytes += line.len() as u64;
        self.records.push(record);
        Ok(())
    }
}

/// Holds a reel of this machine against other processes while the value lives; `None` if nothing was ever published
/// as that here.
pub fn hold(state_dir: &Path, reel: &ReelName) -> Result<Option<Held>, JournalError> {
    let reel_dir = state_dir.join(reel.as_str());
    if !reel_dir.is_dir() {
        return Ok(None);
    }
    Ok(Some(Held { _lock: lock(&reel_dir, reel)?, reel_dir }))
}

/// A reel's folder, held.
#[derive(Debug)]
pub struct Held {
    _lock: File,
    reel_dir: PathBuf,
}

impl Held {
    /// Removes the journals of this reel's runs in one account and Region: what they tell of is gone. Blocking.
    pub fn forget(&self, account: &str, region: &str) {
        for (_, folder) in folders(&self.reel_dir) {
            let began = began(&ledger::good(&fs::read(folder.join(FILE)).unwrap_or_default()));
            if began.is_some_and(|began| began.account == account && began.region == region) {
                // a journal that stays offers a resume, which then sends everything again
                let _ = fs::remove_dir_all(folder);
            }
        }
    }
}

/// Processes that runs of this reel have started, of all its generations. Blocking.
pub fn leaders(state_dir: &Path, reel: &ReelName) -> Vec<Leader> {
    let journals = folders(&state_dir.join(reel.as_str()))
        .flat_map(|(_, folder)| [FILE, DAMAGED].map(|name| fs::read(folder.join(name)).unwrap_or_default()));
    let records = journals.flat_map(|bytes| ledger::good(&bytes));
    let leaders = records.filter_map(|record| match record {
        Record::Splitting { leader } => Some(leader),
        _ => None,
    });
    leaders.collect()
}

fn lock(reel_dir: &Path, reel: &ReelName) -> Result<File, JournalError> {
    let path = reel_dir.join(LOCK);
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            return Err(JournalError::Held { reel: reel.clone(), holder: holder.trim().to_owned() });
        }
        Err(fs::TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
    }
    file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(io_error("write", &path))?;
    Ok(file)
}

/// A new name counts once its folder is on the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// What lies in a folder, by name.
pub(super) fn folders(path: &Path) -> impl Iterator<Item = (String, PathBuf)> + use<> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
}

/// What was asked for last.
pub(super) fn began(records: &[Record]) -> Option<Began> {
    records.iter().rev().find_map(|record| match record {
        Record::Began(began) => Some(began.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::resumable;

    fn began() -> Record {
        Record::Began(Began {
            at: "2026-11-22T10:00:00Z".into(),
            video: "/v.mp4".into(),
            title: "v".into(),
            source_bytes: 1,
            segment_seconds: 6.0,
            chunk_limit: 1 << 25,
            parallel_uploads: None,
            origin: None,
            transcode: false,
            replace: false,
            target: "local".into(),
            profile: None,
            account: "000000000000".into(),
            region: "us-east-1".into(),
            chunks: 3,
        })
    }

    fn published() -> Record {
        Record::Published { at: String::new(), watch_url: String::new(), playlist_url: String::new() }
    }

    fn open(state: &Path) -> (Journal, Option<String>) {
        Journal::open(state, &"a".parse().unwrap(), "01234567".parse().unwrap()).unwrap()
    }

    #[test]
    fn records_are_there_after_a_restart() {
        let state = tempfile::tempdir().unwrap();
        let (mut journal, word) = open(state.path());
        assert_eq!((journal.records().len(), word), (0, None));
        journal.append(began()).unwrap();
        journal.append(Record::Packed { chunks: 5, bytes: 9, traits: None }).unwrap();
        drop(journal);
        assert_eq!(resumable::all(state.path())[0].chunks, 5);
        let (mut journal, word) = open(state.path());
        assert_eq!((journal.records().len(), word), (2, None));
        journal.append(published()).unwrap();
        assert_eq!(resumable::all(state.path()), []);
    }

    #[test]
    fn a_torn_tail_is_cut_off_with_a_word() {
        let state = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(state.path());
        journal.append(began()).unwrap();
        let path = journal.path.clone();
        drop(journal);
        let torn = ledger::line(&published());
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&torn.as_bytes()[..20]).unwrap();
        let (mut journal, word) = open(state.path());
        assert!(word.unwrap().contains("torn"));
        journal.append(Record::Packed { chunks: 1, bytes: 1, traits: None }).unwrap();
        drop(journal);
        assert_eq!(open(state.path()).0.records().len(), 2);
    }

    #[test]
    fn a_damaged_journal_is_set_aside() {
        let state = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(state.path());
        journal.append(began()).unwrap();
        journal.append(published()).unwrap();
        let path = journal.path.clone();
        drop(journal);
        let mut bytes = fs::read(&path).unwrap();
        bytes[30] ^= 1;
        fs::write(&path, bytes).unwrap();
        let (journal, word) = open(state.path());
        assert!(word.unwrap().contains("journal.damaged"));
        assert!(journal.records().is_empty() && journal.folder().join("journal.damaged").exists());
    }

    #[test]
    fn a_second_process_is_told_who_holds_it() {
        let state = tempfile::tempdir().unwrap();
        let held = open(state.path());
        let error = Journal::open(state.path(), &"a".parse().unwrap(), "89abcdef".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        drop(held);
        open(state.path());
    }
}
