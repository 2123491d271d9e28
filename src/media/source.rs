//! The video's file: open from the first look to the last, so that what is hashed is what is split, and known by its
//! size, three samples of its content and, once all of it was read, by the hash of all its bytes.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

use super::probe::{self, ProbeError};
use crate::{
    model::{
        media::{
            damage::Damage,
            input::{InputError, InputFault},
            structure::{Found, ts::Walk},
        },
        reel::{
            generation::{SourceHash, SourcePrint},
            name::ReelName,
        },
        report::{
            event::{JobName, Unit},
            fault::{Explain, Fault, Stopped},
        },
        shown,
    },
    running::reporter::{Control, JobHandle, Reporter},
};

const SAMPLE: u64 = 1024 * 1024;
/// Read at once, and between two looks at whether more may be read.
const BLOCK: usize = 256 * 1024;
const STRETCH: u64 = 8 * 1024 * 1024;
/// Until the next look at how far the split is.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    file: File,
    stamp: Stamp,
    hash: OnceLock<SourceHash>,
    /// What was found in the packets of a transport stream that was read to its end.
    found: OnceLock<Found>,
}

/// What changes when a file is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl Source {
    /// Blocking.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let stamp = Stamp::of(&file.metadata()?);
        Ok(Self { path: path.to_owned(), file, stamp, hash: OnceLock::new(), found: OnceLock::new() })
    }

    /// Blocking.
    pub fn print(&self) -> io::Result<SourcePrint> {
        let (mut file, bytes) = (&self.file, self.bytes());
        let mut hash = Sha256::new();
        for start in [0, (bytes / 2).saturating_sub(SAMPLE / 2), bytes.saturating_sub(SAMPLE)] {
            file.seek(SeekFrom::Start(start))?;
            let mut sample = Vec::with_capacity(SAMPLE as usize);
            file.take(SAMPLE).read_to_end(&mut sample)?;
            hash.update(&sample);
        }
        Ok(SourcePrint { bytes, samples: hash.finalize().into() })
    }

    pub fn bytes(&self) -> u64 {
        self.stamp.bytes
    }

    /// Known once [`Source::read`] has succeeded.
    pub fn hash(&self) -> Option<SourceHash> {
        self.hash.get().copied()
    }

    /// What is wrong with the streams of these numbers, by all bytes; nothing before [`Source::read`] has succeeded.
    pub fn damage_of(&self, ids: &[Option<u32>]) -> Damage {
        self.found.get().map_or_else(Damage::default, |found| found.damage_of(ids))
    }

    /// Hashes all bytes, once: a second call is answered at once. `may_read` says up to which byte it may be read
    /// by now.
    pub async fn read(
        self: &Arc<Self>,
        reporter: &Arc<dyn Reporter>,
        control: &Control,
        may_read: impl Fn() -> u64,
    ) -> Result<SourceHash, Stopped> {
        if let Some(hash) = self.hash() {
            return Ok(hash);
        }
        let job = JobHandle::queued(reporter.clone(), JobName::Hash, Unit::Bytes);
        job.started(1);
        job.sized(self.bytes());
        let result = tokio::select! {
            result = self.read_all(&job, may_read) => result,
            () = control.cancel.cancelled() => Err(Stopped::Cancelled),
            () = control.last_attempt.cancelled() => Err(Stopped::Cancelled),
        };
        job.ended(&result);
        let hash = result?;
        Ok(*self.hash.get_or_init(|| hash))
    }

    async fn read_all(self: &Arc<Self>, job: &JobHandle, may_read: impl Fn() -> u64) -> Result<SourceHash, Stopped> {
        let (source, hash, block) = (self.clone(), Sha256::new(), vec![0; BLOCK]);
        let mut reading = Reading { source, hash, walk: None, done: 0, block };
        while reading.done < self.bytes() {
            let until = may_read().min(self.bytes()).min(reading.done + STRETCH);
            if until <= reading.done {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            reading = self.blocking(move |_| reading.on(until)).await?;
            job.count().set(reading.done);
        }
        self.unchanged().await?;
        if let Some(walk) = reading.walk {
            self.found.get_or_init(|| walk.finish());
        }
        Ok(SourceHash::of(reading.hash))
    }

    /// Whether this is still the file of the first look, and nothing was written to it since.
    pub async fn unchanged(self: &Arc<Self>) -> Result<(), Stopped> {
        self.blocking(|source| {
            let (ours, named) = (source.file.metadata()?, fs::metadata(&source.path)?);
            let same = [&ours, &named].iter().all(|metadata| Stamp::of(metadata) == source.stamp);
            if same && is_same_file(&ours, &named) { Ok(()) } else { Err(Unreadable::Changed) }
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Unreadable> + Send + 'static,
    ) -> Result<T, Stopped> {
        let source = self.clone();
        let worked = tokio::task::spawn_blocking(move || work(&source)).await.expect("reading does not panic");
        worked.map_err(|error| {
            let error = match error {
                Unreadable::Changed => InputError::new(&self.path, InputFault::Changed),
                Unreadable::Io(error) => InputError::io(&self.path, error),
            };
            Stopped::Failed(error.fault())
        })
    }
}

enum Unreadable {
    Changed,
    Io(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// A hash on its way through a file.
struct Reading {
    source: Arc<Source>,
    hash: Sha256,
    /// Of a transport stream.
    walk: Option<Walk>,
    /// Bytes that it covers.
    done: u64,
    block: Vec<u8>,
}

impl Reading {
    /// Blocking.
    fn on(mut self, until: u64) -> Result<Self, Unreadable> {
        let mut file = &self.source.file;
        file.seek(SeekFrom::Start(self.done))?;
        while self.done < until {
            let wanted = (until - self.done).min(BLOCK as u64) as usize;
            match file.read(&mut self.block[..wanted]) {
                // it was longer
                Ok(0) => return Err(Unreadable::Changed),
                Ok(length) => {
                    let read = &self.block[..length];
                    self.hash.update(read);
                    if self.done == 0 {
                        self.walk = Walk::begin(read);
                    }
                    if let Some(walk) = &mut self.walk {
                        walk.feed(read);
                    }
                    self.done += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self)
    }
}

/// The hash of all bytes of a video.
pub async fn hash_of(video: &Path, reporter: &Arc<dyn Reporter>, control: &Control) -> Result<SourceHash, Stopped> {
    probe::inspect(video).await?;
    let path = video.to_owned();
    let opened = tokio::task::spawn_blocking(move || Source::open(&path)).await.expect("opening does not panic");
    let source = opened.map_err(|error| Stopped::Failed(InputError::io(video, error).fault()))?;
    Arc::new(source).read(reporter, control, || u64::MAX).await
}

/// How a video looks at first.
pub async fn print_of(video: &Path) -> Result<SourcePrint, ProbeError> {
    probe::inspect(video).await?;
    let path = video.to_owned();
    let looked = tokio::task::spawn_blocking(move || Source::open(&path)?.print());
    let looked = looked.await.expect("reading does not panic");
    Ok(looked.map_err(|error| InputError::io(video, error))?)
}

/// Why a reel can't be mended with this video.
pub fn another(reel: &ReelName, video: &Path) -> Fault {
    let (shown, video) = (video.display(), shown::path_word(video, "VIDEO"));
    let what = format!("could not repair `{reel}`: `{shown}` is another video than it was made of");
    Fault::permanent(what).because("the hash of all its bytes differs").hint(format!(
        "Repair it with the video that it was made of, or publish this one in its place: zipreel publish {video} --name \
         {reel} --replace, with the same --target."
    ))
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Mutex, atomic::AtomicU64},
    };

    use super::*;
    use crate::model::report::{
        board::{Board, JobState},
        event::Event,
    };

    #[derive(Clone, Default)]
    struct BoardReporter(Arc<Mutex<Board>>);

    impl Reporter for BoardReporter {
        fn report(&self, event: Event) {
            self.0.lock().unwrap().apply(&event);
        }
    }

    impl BoardReporter {
        fn state(&self) -> JobState {
            self.0.lock().unwrap().jobs[&JobName::Hash].state.clone()
        }

        fn count(&self) -> (u64, Option<u64>) {
            let board = self.0.lock().unwrap();
            board.jobs.get(&JobName::Hash).map_or((0, None), |job| (job.count.get(), job.total))
        }
    }

    /// Longer than what is read between two looks.
    const BYTES: u64 = 3 * STRETCH + 5;

    fn content() -> Vec<u8> {
        (0..BYTES).map(|place| (place / 1000) as u8).collect()
    }

    fn file(folder: &tempfile::TempDir) -> (PathBuf, Arc<Source>) {
        let path = folder.path().join("video.mp4");
        fs::write(&path, content()).unwrap();
        (path.clone(), Arc::new(Source::open(&path).unwrap()))
    }

    fn why(result: Result<SourceHash, Stopped>) -> String {
        match result {
            Err(Stopped::Failed(fault)) => fault.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn it_is_hashed_no_further_than_it_may_be_read_and_says_how_far_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (_, source) = file(&folder);
        let (seen, control, may_read) = (BoardReporter::default(), Control::default(), AtomicU64::new(7));
        let reporter: Arc<dyn Reporter> = Arc::new(seen.clone());
        let may = || may_read.load(std::sync::atomic::Ordering::Relaxed);
        let reading = source.read(&reporter, &control, may);
        let person = async {
            while seen.count() != (7, Some(BYTES)) {
                tokio::task::yield_now().await;
            }
            // it stands there until more may be read
            tokio::time::sleep(3 * PAUSE).await;
            assert_eq!(seen.count(), (7, Some(BYTES)));
            may_read.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
        };
        let (hash, ()) = tokio::join!(reading, person);
        assert_eq!(hash, Ok(SourceHash::of(Sha256::new_with_prefix(content()))));
        assert_eq!((seen.count(), source.hash()), ((BYTES, Some(BYTES)), hash.ok()));
        assert!(matches!(seen.state(), JobState::Succeeded));
    }

    #[tokio::test]
    async fn a_cancel_ends_it_and_so_does_the_end_of_all_attempts() {
        let folder = tempfile::tempdir().unwrap();
        let (_, source) = file(&folder);
        for token in [|control: &Control| control.cancel.clone(), |control: &Control| control.last_attempt.clone()] {
            let (seen, control) = (BoardReporter::default(), Control::default());
            let reporter: Arc<dyn Reporter> = Arc::new(seen.clone());
            let cancel = async {
                while seen.count().0 == 0 {
                    tokio::task::yield_now().await;
                }
                token(&control).cancel();
            };
            let (result, ()) = tokio::join!(source.read(&reporter, &control, || 7), cancel);
            assert_eq!(result, Err(Stopped::Cancelled));
            assert!(matches!(seen.state(), JobState::Cancelled));
        }
        assert_eq!(source.hash(), None);
    }

    /// Half of it is read, and then this `happens` to the file.
    async fn while_it_is_read(happens: impl FnOnce(&Path)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let (path, source) = file(&folder);
        let (seen, may_read) = (BoardReporter::default(), AtomicU64::new(BYTES / 2));
        let reporter: Arc<dyn Reporter> = Arc::new(seen.clone());
        let may = || may_read.load(std::sync::atomic::Ordering::Relaxed);
        let happening = async {
            while seen.count().0 < BYTES / 2 {
                tokio::task::yield_now().await;
            }
            happens(&path);
            may_read.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
        };
        let control = Control::default();
        let (result, ()) = tokio::join!(source.read(&reporter, &control, may), happening);
        assert_eq!(source.hash(), None);
        why(result)
    }

    #[tokio::test]
    async fn a_file_that_changes_while_it_is_read_has_no_hash() {
        let write = |path: &Path| File::options().append(true).open(path).unwrap();
        let grows = while_it_is_read(|path| write(path).write_all(b"more").unwrap()).await;
        let shrinks = while_it_is_read(|path| write(path).set_len(BYTES - 1).unwrap()).await;
        let rewritten = while_it_is_read(|path| fs::write(path, vec![0; BYTES as usize]).unwrap()).await;
        for why in [grows, shrinks, rewritten] {
            assert!(why.ends_with("video.mp4`: it changed while it was read"), "{why}");
        }
        let removed = while_it_is_read(|path| fs::remove_file(path).unwrap()).await;
        assert!(removed.ends_with("video.mp4`: there is no such file"), "{removed}");
    }

    /// By a file of the same size and time, as a copy with its attributes is.
    #[cfg(unix)]
    #[tokio::test]
    async fn another_file_of_the_name_is_noticed_whatever_its_time() {
        let why = while_it_is_read(|path| {
            let (other, time) = (path.with_extension("new"), fs::metadata(path).unwrap().modified().unwrap());
            fs::write(&other, vec![0; BYTES as usize]).unwrap();
            File::options().write(true).open(&other).unwrap().set_modified(time).unwrap();
            fs::rename(&other, path).unwrap();
        });
        assert!(why.await.ends_with("it changed while it was read"));
    }
}
