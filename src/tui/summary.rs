//! What stays on the ordinary screen after the wizard: links, what was left undone and how to go on, failures last.

use super::{
    app::App,
    job::{End, Job, Kind, Run, Stage},
};
use crate::model::{
    report::{board, fault::Fault},
    wording,
};

/// Lines for the ordinary screen; the caller prints them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub lines: Vec<String>,
}

impl Summary {
    pub(super) fn of(app: &App) -> Self {
        let mut lines = Vec::new();
        let jobs = || app.jobs.iter();
        for (job, published) in jobs().filter_map(|job| Some((job, job.published()?))) {
            let took = wording::span(published.elapsed);
            let done = if matches!(job.run, Run::Repair(..)) { "repaired" } else { "published" };
            lines.push(format!("{} was {done} in {took}", published.reel));
            lines.push(format!("watch: {}", published.watch_url));
            lines.push(format!("playlist: {}", published.playlist_url));
            lines.extend(published.warnings.iter().map(|warning| format!("warning: {warning}")));
        }
        if jobs().any(|job| job.published().is_some() && job.run.place().is_local()) {
            lines.extend(app.serves().map(|again| format!("serve it again with: {again}")));
        }
        for job in jobs() {
            if let (Kind::Deletion, Some(End::Removed(functions))) = (job.kind(), job.end()) {
                lines.push(format!("{} is deleted: {}", job.reel(), wording::count(*functions, "function")));
            }
        }
        jobs().filter(|job| is_unfinished(job)).for_each(|job| unfinished(job, app, &mut lines));
        jobs().for_each(|job| failures(job, &mut lines));
        Self { lines }
    }

    /// After a defect: what happened goes last.
    pub(super) fn failure(&mut self, what: &str) {
        self.lines.push(format!("error: {what}"));
    }
}

fn is_unfinished(job: &Job) -> bool {
    match &job.state {
        Stage::Ended(End::Published(..) | End::Removed(_) | End::Checked(_) | End::Retitled(_)) => false,
        Stage::Ended(_) | Stage::Running | Stage::Asking(..) => job.kind() != Kind::Check,
        Stage::Queued => true,
    }
}

fn unfinished(job: &Job, app: &App, lines: &mut Vec<String>) {
    let reel = job.reel();
    let Some(publishing) = job.publishing() else {
        let flags = job.run.place().flags();
        lines.push(match job.kind() {
            Kind::Retitle => {
                format!("{reel} may have its old title; give it one with: zipreel retitle {reel} TITLE{flags}")
            }
            Kind::Discard => format!("not all that was uploaded of {reel} is removed; discard it again in the wizard"),
            _ if job.attempt == 0 => {
                format!("{reel} is not deleted: its turn had not come; zipreel delete {reel}{flags}")
            }
            _ => format!("{reel} is not all deleted; go on with: zipreel delete {reel}{flags}"),
        });
        return;
    };
    let board = &publishing.board;
    if job.is_queued() || (!job.is_begun() && job.failed().is_none()) {
        let again = if job.kept { "; the wizard's first screen offers it again" } else { "" };
        lines.push(format!("{reel} was not begun{again}"));
        return;
    }
    if matches!(job.run, Run::Repair(..)) {
        lines.push(format!("{reel} is not repaired; its page in the wizard's library offers it again"));
        return;
    }
    if !job.is_begun() {
        lines.push(format!("{reel} is not published"));
        return;
    }
    let all = board.planned.as_ref().map_or(board.chunks_packed, |planned| planned.chunks.max(board.chunks_packed));
    let up = board.chunks_deployed;
    let so_far = if all > 0 { format!(": {up} of {} uploaded", wording::count(all, "chunk")) } else { String::new() };
    lines.push(format!("{reel} is not published yet{so_far}"));
    lines.push(format!("go on with: zipreel resume {reel}"));
    lines.push(format!("log: {}", app.shared.backend.log_file(reel).display()));
}

/// The parts that failed, and why the whole did, if that is another reason.
fn failures(job: &Job, lines: &mut Vec<String>) {
    let Some(fault) = job.failed() else { return };
    let board = job.publishing().map(|publishing| &publishing.board);
    for (name, part) in board.into_iter().flat_map(|board| &board.jobs) {
        if let board::JobState::Failed(fault) = &part.state {
            failed(&name.to_string(), fault, lines);
        }
    }
    if !board.is_some_and(|board| board.failures().any(|(_, told)| told == fault)) {
        let what = match job.kind() {
            Kind::Publishing => "publish",
            Kind::Deletion => "delete",
            Kind::Discard => "discard",
            Kind::Check => "check",
            Kind::Retitle => "retitle",
        };
        failed(what, fault, lines);
    }
}

fn failed(job: &str, fault: &Fault, lines: &mut Vec<String>) {
    lines.push(format!("{job} failed: {fault}"));
    lines.extend(fault.hint.as_ref().map(|hint| format!("  {hint}")));
}
