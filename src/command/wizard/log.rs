//! The whole log of a publishing, in a file: what the wizard shows is only its last lines.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    publish::reporter::Reporter,
    reel::{chronicle, event::Event},
};

/// Beyond this the file is begun anew, bytes.
const LONGEST: u64 = 16 << 20;

/// Writes down what it passes on.
pub(super) struct Logged {
    /// `None`: the file could not be opened. That is no reason not to publish.
    file: Mutex<Option<File>>,
    face: UnboundedSender<Event>,
}

impl Logged {
    pub(super) fn new(path: PathBuf, face: UnboundedSender<Event>) -> Self {
        Self { file: Mutex::new(open(&path)), face }
    }
}

fn open(path: &Path) -> Option<File> {
    fs::create_dir_all(path.parent()?).ok()?;
    let long = fs::metadata(path).is_ok_and(|metadata| metadata.len() > LONGEST);
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    if long { options.truncate(true) } else { options.append(true) }.open(path).ok()
}

impl Reporter for Logged {
    fn report(&self, event: Event) {
        if let Some((job, line)) = chronicle::line(&event) {
            let at = OffsetDateTime::from(SystemTime::now()).format(&Rfc3339).unwrap_or_default();
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            if file.as_mut().is_some_and(|file| writeln!(file, "{at} {job}: {line}").is_err()) {
                *file = None;
            }
        }
        self.face.report(event);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::reel::event::{JobChange, JobName};

    #[test]
    fn each_fact_is_a_line_and_is_passed_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("harbour-night").join("publish.log");
        let (face, mut events) = unbounded_channel();
        let logged = Logged::new(path.clone(), face);
        let cause = "429 too many requests\nslow down".to_owned();
        let change = JobChange::Retrying { attempt: 2, of: 8, wait: Duration::from_millis(1200), cause };
        logged.report(Event::Job { job: JobName::Upload, change });
        logged.report(Event::Job { job: JobName::Upload, change: JobChange::Queued });
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert!(
            text.contains("upload: failed: 429 too many requests slow down; again in 1.2 s, attempt 2 of 8"),
            "{text}"
        );
        assert!(events.try_recv().is_ok() && events.try_recv().is_ok());
    }
}
