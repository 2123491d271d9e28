//! What was done for a reel, kept so that nothing is lost: append-only records, each with a checksum and on the disk
//! before it counts. `<state>/<reel>/<generation>/journal`, in the form of [`crate::model::checked_lines`].
//!
//! The remote side is the truth; the journal tells what was meant and spares asking.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{StateError, folders, io_error, lock::ReelLock, order_form::OrderForm, private, sync_folder};
use crate::model::{
    checked_lines::{self, Damage},
    media::facts::Measured,
    reel::{
        generation::SourceHash,
        index::{ChunkIndex, VideoRange},
        name::{Generation, RenditionId},
        order::{AccountRegion, Origin},
    },
};

pub(super) const FILE: &str = "journal";
const DAMAGED: &str = "journal.damaged";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// First record: what was asked for.
    Began(Box<Began>),
    /// ffmpeg runs; enough to end it should it outlive us.
    Splitting {
        leader: Leader,
    },
    Deployed {
        rendition: RenditionId,
        chunk: ChunkIndex,
    },
    /// The split of a rendition is complete: this many chunks make it.
    Packed {
        #[serde(default = "RenditionId::source", skip_serializing_if = "RenditionId::is_source")]
        rendition: RenditionId,
        chunks: u32,
        bytes: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        traits: Option<Traits>,
        /// Of the video. zipreel 0.1 did not write it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source_sha256: Option<SourceHash>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_range: Option<VideoRange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplemental_codecs: Option<String>,
    /// The init section of fragmented MP4, as base64; transport streams have none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "base64_text")]
    pub init: Option<Vec<u8>>,
}

mod base64_text {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| STANDARD.encode(bytes)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| STANDARD.decode(text).map_err(D::Error::custom)).transpose()
    }
}

impl Traits {
    pub fn new(measured: Measured, independent: bool) -> Self {
        let Measured { codecs, resolution, frame_rate, video_range, supplemental_codecs, init } = measured;
        Self { codecs, resolution, frame_rate, independent, video_range, supplemental_codecs, init }
    }
}

/// What was asked for, and what was found out before anything was made. Journals of zipreel 0.1 have the same fields
/// side by side; what [`OrderForm`] got since is missing in them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Began {
    pub at: String,
    #[serde(flatten)]
    pub order: OrderForm,
    /// Where it went: going on anywhere else is refused.
    #[serde(flatten)]
    pub place: AccountRegion,
    pub source_bytes: u64,
    #[serde(default)]
    pub origin: Option<Origin>,
    /// Estimated when the work began.
    pub chunks: u32,
    /// How many there are to be.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub renditions: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

/// The head of ffmpeg's process group, told apart from a later process with the same number by when it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leader {
    pub pid: u32,
    /// Opaque; `None` if the system does not tell.
    pub started: Option<String>,
}

/// The journal of one generation. The process that opened it holds its reel.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    /// Of whole records.
    bytes: u64,
    records: Vec<Record>,
}

impl Journal {
    /// Opens or begins the journal of a reel that is held. A torn tail is cut off, a damaged file set aside; either is
    /// said in the second value. Blocking.
    pub fn open(held: &ReelLock, generation: Generation) -> Result<(Self, Option<String>), StateError> {
        let folder = held.folder().join(generation.to_string());
        private::folder(&folder).map_err(io_error("make the folder", &folder))?;
        // the names of the folders must last as long as what is in them
        for parent in held.folder().parent().into_iter().chain([held.folder()]) {
            sync_folder(parent).map_err(io_error("sync", parent))?;
        }
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io_error("read the journal", &path)(error)),
        };
        let (records, whole, damage) = checked_lines::read(&bytes);
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
        Ok((Self { file, path, bytes: whole as u64, records }, word))
    }

    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The folder of this generation.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Returns when the record is on the disk. Blocking. After a failure the record can be appended again.
    pub fn append(&mut self, record: Record) -> Result<(), StateError> {
        let line = checked_lines::line(&record);
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

/// Removes the journals of a held reel's runs in one account and Region: what they tell of is gone. Blocking.
pub fn forget(held: &ReelLock, place: &AccountRegion) {
    for (_, folder) in folders(held.folder()) {
        if began(&read(&folder)).is_some_and(|began| began.place == *place) {
            // a journal that stays offers a resume, which then sends everything again
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Removes the journal of one generation of a held reel. Blocking.
pub fn forget_generation(held: &ReelLock, generation: Generation) -> Result<(), StateError> {
    let folder = held.folder().join(generation.to_string());
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", &folder)(error)),
        _ => Ok(()),
    }
}

/// Processes that runs of the reel with this folder have started, of all its generations. Blocking.
pub fn leaders(reel_folder: &Path) -> Vec<Leader> {
    let journals = folders(reel_folder)
        .flat_map(|(_, folder)| [FILE, DAMAGED].map(|name| fs::read(folder.join(name)).unwrap_or_default()));
    let records = journals.flat_map(|bytes| checked_lines::good(&bytes));
    let leaders = records.filter_map(|record| match record {
        Record::Splitting { leader } => Some(leader),
        _ => None,
    });
    leaders.collect()
}

/// The records of a generation's folder that can be read; none without a journal. Blocking.
pub(super) fn read(folder: &Path) -> Vec<Record> {
    checked_lines::good(&fs::read(folder.join(FILE)).unwrap_or_default())
}

/// What was asked for last.
pub(super) fn began(records: &[Record]) -> Option<Began> {
    records.iter().rev().find_map(|record| match record {
        Record::Began(began) => Some((**began).clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{lock::Purpose, resumable};

    fn began() -> Record {
        let order = OrderForm::example("/v.mp4");
        let place = AccountRegion { account: "000000000000".into(), region: "us-east-1".into() };
        let at = "2026-11-22T10:00:00Z".into();
        Record::Began(Box::new(Began { at, order, place, source_bytes: 1, origin: None, chunks: 3, renditions: 1 }))
    }

    fn published() -> Record {
        Record::Published { at: String::new(), watch_url: String::new(), playlist_url: String::new() }
    }

    fn open(state: &Path) -> (Journal, Option<String>) {
        let held = ReelLock::take(state, &"a".parse().unwrap(), Purpose::Publish).unwrap();
        Journal::open(&held, "01234567".parse().unwrap()).unwrap()
    }

    #[test]
    fn records_are_there_after_a_restart() {
        let state = tempfile::tempdir().unwrap();
        let (mut journal, word) = open(state.path());
        assert_eq!((journal.records().len(), word), (0, None));
        journal.append(began()).unwrap();
        journal
            .append(Record::Packed {
                rendition: RenditionId::source(),
                chunks: 5,
                bytes: 9,
                traits: None,
                source_sha256: None,
            })
            .unwrap();
        drop(journal);
        assert_eq!(resumable::all(state.path())[0].chunks, 5);
        let (mut journal, word) = open(state.path());
        assert_eq!((journal.records().len(), word), (2, None));
        journal.append(published()).unwrap();
        assert_eq!(resumable::all(state.path()), []);
    }

    #[test]
    fn what_a_run_with_several_renditions_may_have_left_is_known_of_each() {
        let state = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(state.path());
        let Record::Began(first) = began() else { panic!("it began") };
        journal.append(Record::Began(Box::new(Began { renditions: 3, chunks: 9, ..*first }))).unwrap();
        let packed =
            |rendition, chunks| Record::Packed { rendition, chunks, bytes: 9, traits: None, source_sha256: None };
        let of = |journal: &mut Journal, rendition, chunks| {
            journal.append(packed(rendition, chunks)).unwrap();
            resumable::all(state.path())[0].chunks
        };
        assert_eq!(of(&mut journal, RenditionId::source(), 4), 9, "an estimate, until all are packed");
        assert_eq!(of(&mut journal, RenditionId::sound(1), 1), 9);
        assert_eq!(of(&mut journal, RenditionId::sound(2), 1), 6);
        let may_stand: Vec<String> = resumable::all(state.path())[0].may_stand().collect();
        for id in ["src", "t01", "t02"] {
            assert!(may_stand.contains(&format!("zipreel-a-01234567-{id}-0001")), "{may_stand:?}");
        }
    }

    #[test]
    fn a_torn_tail_is_cut_off_with_a_word() {
        let state = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(state.path());
        journal.append(began()).unwrap();
        let path = journal.path.clone();
        drop(journal);
        let torn = checked_lines::line(&published());
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&torn.as_bytes()[..20]).unwrap();
        let (mut journal, word) = open(state.path());
        assert!(word.unwrap().contains("torn"));
        journal
            .append(Record::Packed {
                rendition: RenditionId::source(),
                chunks: 1,
                bytes: 1,
                traits: None,
                source_sha256: None,
            })
            .unwrap();
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
    fn only_journals_of_the_account_and_region_are_forgotten() {
        let state = tempfile::tempdir().unwrap();
        open(state.path()).0.append(began()).unwrap();
        let held = ReelLock::take(state.path(), &"a".parse().unwrap(), Purpose::Delete).unwrap();
        let there = AccountRegion { account: "000000000000".into(), region: "eu-west-1".into() };
        forget(&held, &there);
        assert_eq!(resumable::all(state.path()).len(), 1);
        forget(&held, &AccountRegion { region: "us-east-1".into(), ..there });
        assert_eq!(resumable::all(state.path()), []);
    }

    /// As zipreel 0.1 wrote it.
    #[test]
    fn a_journal_of_the_first_version_is_read() {
        let line = r#"{"record":"began","at":"2026-11-22T10:00:00Z","video":"/v/harbour.mp4","title":"Harbour","source_bytes":9,"origin":{"source":"s","ffmpeg":"5.1.9"},"segment_seconds":6.0,"chunk_limit":33554432,"parallel_uploads":4,"transcode":true,"replace":true,"target":"aws","profile":"studio","account":"111111111111","region":"eu-west-1","chunks":3}"#;
        let Record::Began(began) = serde_json::from_str(line).unwrap() else { panic!("it began") };
        assert_eq!((began.place.account.as_str(), began.chunks, began.source_bytes), ("111111111111", 3, 9));
        assert_eq!((began.order.title.as_str(), began.order.replace, began.order.relay), ("Harbour", true, false));
        assert_eq!(
            began.order.place(&began.place.region).target,
            crate::model::reel::order::Target::Aws { profile: Some("studio".into()) }
        );
        let packed: Record = serde_json::from_str(r#"{"record":"packed","chunks":3,"bytes":9}"#).unwrap();
        assert_eq!(
            packed,
            Record::Packed { rendition: RenditionId::source(), chunks: 3, bytes: 9, traits: None, source_sha256: None }
        );
    }
}
