//! Orders that were agreed to and wait for their turn. A process keeps its own in a file that it holds; what a process
//! left behind that ended before their turn came is found by the next one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{StateError, file_lock::FileLock, io_error, order_form::OrderForm, private, sync_folder};
use crate::model::{
    checked_lines,
    reel::{
        name::ReelName,
        order::{AccountRegion, Folders, Order},
    },
};

/// Below the state folder; no reel's name begins with a dot.
const FOLDER: &str = ".queue";
/// In it, beside the queues: whose turn it is to change what was left behind.
const TURN: &str = "turn";

/// An order that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    pub reel: ReelName,
    #[serde(flatten)]
    pub order: OrderForm,
    /// Where the person agreed to publish it.
    #[serde(flatten)]
    pub place: AccountRegion,
}

impl Waiting {
    pub fn of(order: &Order, place: AccountRegion) -> Self {
        Self { reel: order.reel.clone(), order: OrderForm::of(order), place }
    }

    pub fn order(&self, folders: Folders) -> Order {
        self.order.order(self.reel.clone(), self.place.clone(), None, folders)
    }
}

/// The queue of this process. Its file is there only while something waits.
#[derive(Debug)]
pub struct Queue {
    state_dir: PathBuf,
    file: Mutex<Option<(FileLock, PathBuf)>>,
}

impl Queue {
    pub fn new(state_dir: PathBuf) -> Self {
        Self { state_dir, file: Mutex::new(None) }
    }

    /// Returns when these orders, and no others, are on the disk. Blocking.
    pub fn keep(&self, waiting: &[Waiting]) -> Result<(), StateError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (held, path) = match file.take() {
            Some(held) => held,
            None if waiting.is_empty() => return Ok(()),
            None => begin(&self.state_dir)?,
        };
        if waiting.is_empty() {
            return fs::remove_file(&path).map_err(io_error("remove", &path));
        }
        let written = write(&held, waiting).map_err(io_error("write", &path));
        *file = Some((held, path));
        written
    }

    /// Orders that processes left behind which are no more, newest file first. Blocking.
    pub fn left_behind(&self) -> Vec<Waiting> {
        left_behind(&self.state_dir).into_iter().flat_map(|(_, waiting)| waiting).collect()
    }

    /// Takes an order that was left behind away, wherever it stands. Blocking.
    pub fn forget(&self, reel: &ReelName, place: &AccountRegion) -> Result<(), StateError> {
        let folder = self.state_dir.join(FOLDER);
        if !folder.is_dir() {
            return Ok(());
        }
        let _alone = alone(&folder)?;
        for (path, mut waiting) in left_behind(&self.state_dir) {
            let before = waiting.len();
            waiting.retain(|waiting| waiting.reel != *reel || waiting.place != *place);
            if waiting.len() == before {
                continue;
            }
            if waiting.is_empty() {
                fs::remove_file(&path).map_err(io_error("remove", &path))?;
            } else {
                let file = OpenOptions::new().write(true).open(&path).map_err(io_error("open", &path))?;
                write(&file, &waiting).map_err(io_error("write", &path))?;
            }
        }
        Ok(())
    }
}

/// One at a time, of all processes, changes what was left behind: a file is read and written whole. Held until dropped.
fn alone(folder: &Path) -> Result<FileLock, StateError> {
    let path = folder.join(TURN);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(io_error("open", &path))?;
    FileLock::wait(file).map_err(io_error("lock", &path))
}

/// Nothing of ours waits any more once we end in an orderly way and leave nothing; else the next process finds it.
fn begin(state_dir: &Path) -> Result<(FileLock, PathBuf), StateError> {
    let folder = state_dir.join(FOLDER);
    let made = private::root(state_dir).and_then(|()| private::folder(&folder));
    made.map_err(io_error("make the folder", &folder))?;
    loop {
        let path = folder.join(format!("{}-{:08x}", std::process::id(), fastrand::u32(..)));
        match OpenOptions::new().create_new(true).write(true).open(&path) {
            Ok(file) => {
                // nobody else opens a name that was not there before
                let held = FileLock::take(file).map_err(|error| io_error("lock", &path)(error.into()))?;
                sync_folder(&folder).map_err(io_error("sync", &folder))?;
                return Ok((held, path));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io_error("make", &path)(error)),
        }
    }
}

/// Each line has a checksum: after a crash within the writing, what is whole still counts.
fn write(mut file: &File, waiting: &[Waiting]) -> io::Result<()> {
    let text: String = waiting.iter().map(checked_lines::line).collect();
    io::Seek::rewind(&mut file)?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)?;
    file.sync_data()
}

fn left_behind(state_dir: &Path) -> Vec<(PathBuf, Vec<Waiting>)> {
    let entries = fs::read_dir(state_dir.join(FOLDER)).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| entry.file_name() != TURN)
        .filter_map(|entry| {
            let path = entry.path();
            let file = File::open(&path).ok()?;
            // a reader's lock: it keeps nobody from reading beside us, and is refused while the owner lives
            file.try_lock_shared().ok()?;
            let modified = file.metadata().and_then(|metadata| metadata.modified()).ok();
            Some((modified, path.clone(), checked_lines::good(&fs::read(&path).ok()?)))
        })
        .collect();
    files.sort_by_key(|(modified, ..)| std::cmp::Reverse(*modified));
    files.into_iter().map(|(_, path, waiting)| (path, waiting)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(reel: &str) -> Waiting {
        let place = AccountRegion { account: "000000000000".into(), region: "us-east-1".into() };
        Waiting { reel: reel.parse().unwrap(), order: OrderForm::example("/v.mp4"), place }
    }

    fn names(queue: &Queue) -> Vec<String> {
        queue.left_behind().iter().map(|waiting| waiting.reel.to_string()).collect()
    }

    #[test]
    fn what_a_process_leaves_behind_is_found_and_what_one_holds_is_not() {
        let state = tempfile::tempdir().unwrap();
        let (first, second) = (Queue::new(state.path().into()), Queue::new(state.path().into()));
        first.keep(&[waiting("a"), waiting("b"), waiting("c")]).unwrap();
        first.keep(&[waiting("b"), waiting("c")]).unwrap();
        assert_eq!(names(&second), [""; 0], "its owner is at work on it");
        drop(first);
        assert_eq!(names(&second), ["b", "c"]);
        let waiting = second.left_behind().remove(0);
        second.forget(&waiting.reel, &waiting.place).unwrap();
        assert_eq!(names(&second), ["c"]);
    }

    #[test]
    fn many_who_forget_at_once_lose_nothing_of_each_other() {
        let state = tempfile::tempdir().unwrap();
        let all: Vec<String> = (0..20).map(|number| format!("reel-{number}")).collect();
        Queue::new(state.path().into()).keep(&all.iter().map(|name| waiting(name)).collect::<Vec<_>>()).unwrap();
        std::thread::scope(|scope| {
            for name in &all[1..] {
                scope.spawn(|| {
                    let waiting = waiting(name);
                    Queue::new(state.path().into()).forget(&waiting.reel, &waiting.place).unwrap();
                });
            }
        });
        assert_eq!(names(&Queue::new(state.path().into())), ["reel-0"]);
    }

    #[test]
    fn an_empty_queue_leaves_no_file() {
        let state = tempfile::tempdir().unwrap();
        let queue = Queue::new(state.path().into());
        queue.keep(&[]).unwrap();
        queue.keep(&[waiting("a")]).unwrap();
        queue.keep(&[]).unwrap();
        assert_eq!(fs::read_dir(state.path().join(FOLDER)).unwrap().count(), 0);
    }

    #[test]
    fn a_line_that_was_not_written_whole_costs_only_itself() {
        let state = tempfile::tempdir().unwrap();
        let queue = Queue::new(state.path().into());
        queue.keep(&[waiting("a"), waiting("b")]).unwrap();
        let path = queue.file.lock().unwrap().as_ref().unwrap().1.clone();
        drop(queue);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 10]).unwrap();
        assert_eq!(names(&Queue::new(state.path().into())), ["a"]);
    }
}
