//! What stays on the ordinary screen after the wizard: links, what was left undone and how to go on, failures last.

use super::{app::App, step::publish::Publish, widget::amount};
use crate::reel::{board::State, fault::Fault};

/// Lines for the ordinary screen; the caller prints them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub lines: Vec<String>,
}

impl Summary {
    pub(super) fn of(app: &App) -> Self {
        let mut lines = Vec::new();
        if let Some(done) = &app.done {
            let published = &done.published;
            let took = amount::span(published.elapsed);
            lines.push(format!("{} is live, published in {took}", published.reel));
            lines.push(format!("watch: {}", published.watch_url));
            lines.push(format!("playlist: {}", published.playlist_url));
            lines.extend(app.shared.account().and_then(|account| account.afterwards.clone()));
        }
        if let Some(publish) = app.publish.as_ref().filter(|publish| !matches!(publish.ended, Some(Ok(_)))) {
            unfinished(publish, app, &mut lines);
        }
        Self { lines }
    }

    /// After a defect: what happened goes last.
    pub(super) fn failure(&mut self, what: &str) {
        self.lines.push(format!("error: {what}"));
    }
}

fn unfinished(publish: &Publish, app: &App, lines: &mut Vec<String>) {
    let reel = publish.task.reel();
    let board = &publish.board;
    let all = board.planned.as_ref().map_or(board.chunks_packed, |planned| planned.chunks.max(board.chunks_packed));
    let up = board.chunks_deployed;
    let so_far = if all > 0 { format!(": {up} of {} up", amount::count(all, "chunk")) } else { String::new() };
    lines.push(format!("{reel} is not published yet{so_far}"));
    lines.push(format!("go on with: zipreel resume {reel}"));
    lines.push(format!("log: {}", app.shared.backend.log_file(reel).display()));
    for (name, job) in &board.jobs {
        if let State::Failed(fault) = &job.state {
            failed(&name.to_string(), fault, lines);
        }
    }
    let told = |fault: &Fault| board.failures().any(|(_, told)| told == fault);
    if let Some(fault) = publish.failed().filter(|fault| !publish.control.cancel.is_cancelled() && !told(fault)) {
        failed("publish", fault, lines);
    }
}

fn failed(job: &str, fault: &Fault, lines: &mut Vec<String>) {
    lines.push(format!("{job} failed: {fault}"));
    lines.extend(fault.hint.as_ref().map(|hint| format!("  {hint}")));
}
