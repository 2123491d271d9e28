//! The log of a reel's runs: `<state>/<reel>/log`, a line for each change of a job and each line that a tool said, with
//! the time. Kept within a bound; carries no credential and no presigned query, since no event does.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::SystemTime,
};

use super::{index::rfc3339, reporter::Reporter};
use crate::reel::{
    event::{Event, JobChange, JobName},
    name::ReelName,
};

/// A log that is longer when a run begins is put aside as `log.old`.
const KEPT_BYTES: u64 = 1024 * 1024;

/// Where the log of a reel is.
pub fn path(state_dir: &Path, reel: &ReelName) -> PathBuf {
    state_dir.join(reel.as_str()).join("log")
}

/// Passes events on to a face and writes what matters of them, on a thread of its own.
pub(super) struct Logged {
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
    fs::create_dir_all(path.parent()?).ok()?;
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > KEPT_BYTES) {
        fs::rename(path, path.with_extension("old")).ok()?;
    }
    OpenOptions::new().create(true).append(true).open(path).ok()
}

impl Reporter for Logged {
    fn report(&self, event: Event) {
        if let (Some(text), Some(lines)) = (text(&event), &self.lines) {
            // the writing thread ends only when the disk refuses
            let _ = lines.send(format!("{} {text}", rfc3339(SystemTime::now())));
        }
        self.face.report(event);
    }
}

fn text(event: &Event) -> Option<String> {
    match event {
        Event::Job { job, change } => self::change(job, change),
        Event::Log { job, line } => Some(format!("{job}: {line}")),
        Event::Planned(planned) => {
            Some(format!("begin {} generation {} in {}", planned.reel, planned.generation, planned.region))
        }
        Event::Published(published) => Some(format!("published {}", published.playlist_url)),
        Event::ChunkDeployed { rendition, number, bytes, sent, attempts } => {
            Some(format!("chunk {rendition}/{number} deployed: {bytes} bytes, {sent} sent, {attempts} attempts"))
        }
        Event::SegmentClosed { .. } | Event::ChunkPacked { .. } => None,
    }
}

fn change(job: &JobName, change: &JobChange) -> Option<String> {
    match change {
        JobChange::Queued | JobChange::Sized { .. } => None,
        JobChange::Started { attempt, .. } => Some(format!("{job}: attempt {attempt}")),
        JobChange::Retrying { attempt, of, wait, cause } => {
            Some(format!("{job}: {cause}; attempt {attempt} of {of} in {:.1} s", wait.as_secs_f64()))
        }
        JobChange::Waiting { fault } => Some(format!("{job}: waits for the person: {fault}")),
        JobChange::Succeeded => Some(format!("{job}: done")),
        JobChange::Skipped { why } => Some(format!("{job}: skipped, {why}")),
        JobChange::Failed { fault } => Some(format!("{job}: failed: {fault}")),
        JobChange::Cancelled => Some(format!("{job}: cancelled")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_jobs_and_tools_say_is_kept_to_the_last_line() {
        let state = tempfile::tempdir().unwrap();
        let reel: ReelName = "a".parse().unwrap();
        let (face, mut events) = tokio::sync::mpsc::unbounded_channel();
        let logged = Logged::new(Arc::new(face), state.path(), &reel);
        logged.report(Event::Log { job: JobName::Split, line: "frame dropped".into() });
        logged.report(Event::Job { job: JobName::Split, change: JobChange::Succeeded });
        drop(logged);
        let text = fs::read_to_string(path(state.path(), &reel)).unwrap();
        let lines: Vec<&str> = text.lines().filter_map(|line| line.split_once(' ')).map(|(_, rest)| rest).collect();
        assert_eq!(lines, ["split: frame dropped", "split: done"]);
        assert!(events.try_recv().is_ok() && events.try_recv().is_ok(), "the face heard both");
    }
}
