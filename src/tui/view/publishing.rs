//! Step 4: totals on top, the engine's jobs, and below what the person has to know now. Once all is done: step 5.

use ratatui::layout::Rect;

use super::{asked, done};
use crate::{
    model::{report::fault::Fault, wording},
    tui::{
        action::Action,
        job::{End, Job, Jobs, Publishing as Course, Run, Stage},
        keymap::Table,
        pane,
        shared::{Shared, where_words},
        step::publishing::Publishing,
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Rows},
            gauge,
            line::Problem,
            text,
        },
    },
};

/// Stages in sight, whatever has to be said below them.
const STAGES_LEAST: u16 = 2;

pub(super) fn draw(screen: &Publishing, job: &Job, shared: &Shared, jobs: &Jobs, canvas: &mut Canvas, area: Rect) {
    let Some(course) = job.publishing() else { return };
    if job.question().is_some() {
        return asked::draw(job, &screen.asking, &shared.keys, canvas, area);
    }
    if let Some(published) = job.published() {
        return done::draw(published, job, &screen.scroll, shared, canvas, area);
    }
    let mut rows = Rows::of(area);
    if area.height >= 14 {
        rows.line();
    }
    totals(job, course, canvas, rows.line());
    if area.height >= 12 {
        rows.line();
    }
    let words = words(job, course, shared, jobs, usize::from(area.width));
    // of the stages at least what goes on just now stays in sight
    let below = rows.take_last(words.height().min(rows.left().saturating_sub(STAGES_LEAST)));
    let network = rows.left() >= 10;
    let kept = if network { rows.take_last(2) } else { Rect::ZERO };
    let (paused, over) = (job.control.is_paused(), !job.is_active());
    let shown = pane::jobs::Shown { course, paused, over, selected: Some(&screen.selected) };
    let used = pane::jobs::draw(shown, canvas, rows.rest());
    if network {
        // close below the jobs, where the eye is
        throughput(course, canvas, Rect { y: (rows.rest().y + used + 1).min(kept.y + 1), height: 1, ..kept });
    }
    canvas.shows(below, job.can_retry().then(|| job.retry_sight()));
    words.draw(canvas, below);
}

pub(super) fn totals(job: &Job, course: &Course, canvas: &mut Canvas, line: Rect) {
    let now = canvas.now;
    let planned = course.board.planned.as_ref();
    let mut right = Vec::new();
    if !job.is_queued() {
        let elapsed = job.ended.unwrap_or(now).saturating_duration_since(job.began);
        right.push(format!("elapsed {}", wording::clock(elapsed)));
    }
    // while it is paused, or waits for a person, nobody knows
    let goes_on = job.is_active() && !job.control.is_paused() && course.board.waiting().is_none();
    let left = course.time_left().filter(|_| goes_on);
    right.extend(left.map(|left| format!("about {} left", wording::clock(left))));
    let mut pen = canvas.pen(line);
    pen.put(Role::Strong, &text::fit(job.reel().as_str(), 36));
    // what does not fit goes: the time that has passed first
    let size = planned.map(|_| wording::bytes(course.bytes_to_send()));
    let with_size = |rest: &[String]| size.iter().chain(rest).cloned().collect::<Vec<_>>().join("   ");
    let short = left.map(|left| format!("{} left", wording::clock(left)));
    let right = [
        with_size(&right),
        with_size(&right[right.len().saturating_sub(1)..]),
        with_size(short.as_slice()),
        right.pop().unwrap_or_default(),
    ];
    let right = right.into_iter().find(|words| text::width(words) + 1 < pen.room()).unwrap_or_default();
    // the way it takes matters less than the time left
    let head = format!(" → {}", where_words(job.run.place(), job.run.at()));
    if pen.room() > text::width(&right) + text::width(&head) + 1 {
        pen.put(Role::Dim, &head);
    }
    pen.right(Role::Dim, &right);
}

fn throughput(publish: &Course, canvas: &mut Canvas, line: Rect) {
    let samples: Vec<_> = publish.samples.iter().copied().collect();
    if samples.is_empty() {
        return;
    }
    let mut pen = canvas.pen(line);
    pen.put(Role::Dim, "Network  ");
    let speed = publish.throughput().map(wording::rate).unwrap_or_default();
    let retries = publish.board.retries;
    let words = if retries > 0 { format!("{speed} · {}", wording::count(retries, "retry")) } else { speed };
    let room = pen.room().saturating_sub(text::width(&words) + 2).min(80);
    pen.put(Role::Gauge, &gauge::sparkline(&samples, room)).skip(2).put(Role::Dim, &words);
}

/// The state of the whole, and what to do about it.
fn words(job: &Job, course: &Course, shared: &Shared, jobs: &Jobs, width: usize) -> Problem {
    let board = &course.board;
    let says = |table, words: &str| shared.keys.says(table, &Action::Retry, words);
    match &job.state {
        Stage::Ended(End::Failed(fault)) => return failed(fault, shared, job, width),
        Stage::Ended(_) => {
            let stopped = Problem::plain(Role::Warn, "– stopped; nothing is lost", width);
            return stopped.remedy(&says(Table::PublishFailed, "goes on: what is uploaded is not sent again"), width);
        }
        Stage::Queued => {
            let running = jobs.publishings().find(|other| other.is_under_way());
            let after = running.map(|running| format!(": {} is being published", running.reel())).unwrap_or_default();
            return Problem::plain(Role::Warn, &format!("○ waits for its turn{after}"), width);
        }
        _ if job.is_stopping() => return Problem::plain(Role::Warn, "stopping in an orderly way…", width),
        _ => {}
    }
    if let Some((_, fault)) = board.waiting() {
        return Problem::told("! ", Role::Warn, fault, width)
            .remedy(&says(Table::Publish, "tries again; it waits for you, and nothing is lost meanwhile"), width);
    }
    if job.control.is_paused() {
        let goes_on = shared.keys.says(Table::Publish, &Action::Pause, "goes on");
        let words = format!("‖ paused: no further chunk is uploaded; {goes_on}");
        return Problem::plain(Role::Warn, &words, width);
    }
    if course.waits_for_cdn() {
        let goes_on = shared.keys.says(Table::PublishCdn, &Action::Cancel, "does without it");
        let words = format!(
            "✔ the reel is published; Amazon's delivery network (CDN) takes minutes, and its link comes then; {goes_on}"
        );
        return Problem::plain(Role::Ok, &words, width);
    }
    let warnings = board.planned.iter().flat_map(|planned| &planned.warnings);
    let warnings: Vec<_> = warnings.map(|warning| format!("! {warning}")).collect();
    let leaving = "leads home, the upload goes on; quitting stops it, Resume goes on";
    Problem::lines_of(Role::Warn, &warnings, width)
        .more(&shared.keys.says(Table::Publish, &Action::Back, leaving), width)
}

/// Why it failed, what can be done now, and where the whole log is.
pub(super) fn failed(fault: &Fault, shared: &Shared, job: &Job, width: usize) -> Problem {
    let log = shared.path_words(&shared.backend.log_file(job.reel()));
    let again = match job.run {
        Run::Repair(..) => "tries again; on the reel's page another file can be chosen",
        _ => "tries again: what is uploaded is not sent again",
    };
    let remedy = shared.keys.says(Table::PublishFailed, &Action::Retry, again);
    Problem::told("✖ ", Role::Fail, fault, width).remedy(&remedy, width).more(&format!("log: {log}"), width)
}
