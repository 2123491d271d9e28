//! The log of a reel's runs: `<state>/<reel>/publish.log`, a line for each change of a job and each line that a tool said, with
//! the time. Kept within a bound; carries no credential and no presigned query, since no event does.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::SystemTime,
};

use crate::{
    model::{
        reel::name::ReelName,
        report::{event::Event, log_line},
    },
    running::reporter::Reporter,
    state::private,
};

/// A log that is longer when a run begins is put aside as `publish.log.old`.
const KEPT_BYTES: u64 = 1024 * 1024;

/// In the reel's folder: the log, and the one before it.
pub const FILES: [&str; 2] = ["publish.log", "publish.log.old"];

/// Where the log of a reel is.
pub fn path(state_dir: &Path, reel: &ReelName) -> PathBuf {
    state_dir.join(reel.as_str()).join(FILES[0])
}

/// Passes events on to a face and writes what matters of them, on a thread of its own.
pub(crate) struct Logged {
    face: Arc<dyn Reporter>,
    /// Taken when this is dropped, which ends the thread.
    lines: Option<mpsc::Sender<String>>,
    writer: Option<JoinHandle<()>>,
}

impl Logged {
    /// A log that can't be written is no reason not to work.
    pub fn new(face: Arc<dyn Reporter>, state_dir: &Path, reel: &ReelName) -> Self {
        let (lines, received) = mpsc::channel::<String>();
        let path = path(state_dir, reel);
        let writer = thread::spawn(move || {
            let mut file = open(&path).map(BufWriter::new);
            while let Ok(line) = received.recv() {
                let Some(file) = &mut file else { continue };
                let mut next = Some(line);
                while let Some(line) = next {
                    if writeln!(file, "{line}").is_err() {
                        return;
                    }
                    next = received.try_recv().ok();
                }
                if file.flush().is_err() {
                    return;
                }
            }
        });
        Self { face, lines: Some(lines), writer: Some(writer) }
    }
}

/// The last lines say how it ended: they are written before the process can end.
impl Drop for Logged {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn open(path: &Path) -> Option<File> {
    let folder = path.parent()?;
    private::root(folder.parent()?).and_then(|()| private::folder(folder)).ok()?;
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > KEPT_BYTES) {
        fs::rename(path, path.with_extension("log.old")).ok()?;
    }
    OpenOptions::new().create(true).append(true).open(path).ok()
}

impl Reporter for Logged {
    fn report(&self, event: Event) {
        if let (Some(line), Some(lines)) = (log_line::stamped(&event, SystemTime::now()), &self.lines) {
            // the writing thread ends only when the disk refuses
            let _ = lines.send(line);
        }
        self.face.report(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::report::event::{JobChange, JobName};

    #[test]
    fn what_jobs_and_tools_say_is_kept_to_the_last_line() {
        let state = tempfile::tempdir().unwrap();
        let reel: ReelName = "a".parse().unwrap();
        let (face, mut events) = tokio::sync::mpsc::unbounded_channel();
        let logged = Logged::new(Arc::new(face), state.path(), &reel);
        logged.report(Event::Log { job: JobName::Split, line: "frame\ndropped".into() });
        logged.report(Event::Job { job: JobName::Split, change: JobChange::Succeeded });
        drop(logged);
        let text = fs::read_to_string(path(state.path(), &reel)).unwrap();
        let lines: Vec<&str> = text.lines().filter_map(|line| line.split_once(' ')).map(|(_, rest)| rest).collect();
        assert_eq!(lines, ["split: frame dropped", "split: succeeded"]);
        assert!(events.try_recv().is_ok() && events.try_recv().is_ok(), "the face heard both");
    }
}
