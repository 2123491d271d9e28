//! Standard output: what a program, a file or a pipe gets. Whoever closes a pipe wants no more, which is no failure; a
//! disk without room is, and is said once the command has done its work.

use std::{
    io::{self, Write as _},
    sync::OnceLock,
};

use serde_json::Value;

use super::exit::DONE;
use crate::{
    json,
    model::{
        report::fault::{Fault, Stopped},
        shown,
    },
    settings::FaceSettings,
};

/// Why the first text was lost that somebody wanted. A process has one standard output.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// That a command has said what it came to. Each does, since nothing else makes one.
pub(super) struct Said(());

/// What a command came to: an event for programs, which is their last, or whatever `people` says.
pub(super) fn ended(face: &FaceSettings, event: Value, people: impl FnOnce()) -> Result<Said, Stopped> {
    if face.json {
        self::event(&json::last(event, DONE));
    } else {
        people();
    }
    said()
}

/// A text that is all that a command is asked for.
pub(super) fn document(text: &str) -> Result<Said, Stopped> {
    print(text);
    said()
}

/// Nothing had to be said, or the screen has said it.
pub(super) fn said() -> Result<Said, Stopped> {
    match LOST.get() {
        None => Ok(Said(())),
        Some(error) => Err(Stopped::Failed(unwritten(error))),
    }
}

fn unwritten(error: &io::Error) -> Fault {
    Fault::permanent("could not write to standard output")
        .because(error)
        .hint("The work itself is done. Make room where the output goes, or read it in a terminal.")
}

/// Writes a text and passes it on at once: the reader of a pipe wants it now.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => drop(LOST.set(error)),
        _ => {}
    }
}

/// One line with words of others.
pub(super) fn line(text: &str) {
    print(&format!("{}\n", shown::line(text)));
}

/// One JSON object on a line.
pub(super) fn event(event: &Value) {
    match shown::json(event) {
        Ok(text) => print(&format!("{text}\n")),
        Err(error) => drop(LOST.set(error.into())),
    }
}

/// Whether the end that failed to be written has to be said elsewhere.
pub(super) fn is_lost() -> bool {
    LOST.get().is_some()
}
