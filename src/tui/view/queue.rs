//! Several videos, or several deletions: a line each, and below them what the one under the cursor does just now.

use ratatui::layout::Rect;

use super::{
    home::{fitting, job_detail, job_sign, progress},
    publishing,
};
use crate::{
    model::wording,
    tui::{
        action::Action,
        job::{End, Job, Jobs, Kind, Stage},
        keymap::Table,
        pane,
        shared::{Shared, where_words},
        step::queue::Queue,
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Rows, inset},
            line::{Problem, position, row},
            text,
        },
    },
};

/// Lines that the stages need, and the rule above them.
const STAGES: u16 = 8;
/// Lines of the list that stay beside what is told of one.
const LIST_LEAST: u16 = 3;

pub(super) fn draw(queue: &Queue, shared: &Shared, jobs: &Jobs, canvas: &mut Canvas, area: Rect) {
    let area = inset(area, 0, u16::from(area.height >= 14));
    let mut rows = Rows::of(area);
    let head = rows.line();
    if area.height >= 12 {
        rows.line();
    }
    let all: Vec<&Job> = queue.jobs(jobs).collect();
    let at = queue.at(jobs);
    let entitle = |canvas: &mut Canvas, room: u16| {
        let place = position(at, all.len(), usize::from(room));
        let mut pen = canvas.pen(head);
        pen.right(Role::Dim, &place);
        let words = summary(queue.kind, &all, pen.room());
        pen.put(Role::Strong, &words);
    };
    let shown = all.get(at).copied();
    let lines = u16::try_from(all.len()).unwrap_or(u16::MAX);
    // the stages of one stand below where all lines still fit
    let course = shown.and_then(|job| Some((job, job.publishing()?))).filter(|(job, _)| job.is_under_way());
    let below = course.filter(|_| rows.left() >= lines.saturating_add(STAGES));
    if below.is_none()
        && let Some(job) = shown
        && let Some(problem) = problem(job, shared, usize::from(area.width))
    {
        // the list scrolls where both do not fit
        let least = lines.min(LIST_LEAST);
        let place = rows.take(lines.min(rows.left().saturating_sub(problem.height() + 2).max(least)));
        entitle(canvas, place.height);
        list(queue, &all, at, canvas, place);
        told(job, problem, canvas, rows);
        return;
    }
    // names may leave no room for it in the list
    let room = usize::from(area.width).saturating_sub(6 + widest(&all));
    let so_far = course
        .filter(|(job, _)| below.is_none() && rows.left() > LIST_LEAST && text::width(&progress(job).concat()) > room);
    let place = match (below, so_far) {
        (Some(_), _) => rows.take(lines),
        (None, Some(_)) => rows.take(lines.min(rows.left() - 1)),
        (None, None) => rows.rest(),
    };
    entitle(canvas, place.height);
    list(queue, &all, at, canvas, place);
    if let Some((job, _)) = so_far {
        canvas.pen(rows.take_last(1)).skip(1).put(Role::Dim, &fitting(&progress(job), "", usize::from(area.width) - 1));
    }
    if let Some((job, course)) = below {
        rows.line();
        publishing::totals(job, course, canvas, rows.line());
        let shown =
            pane::jobs::Shown { course, paused: job.control.is_paused(), over: !job.is_active(), selected: None };
        pane::jobs::draw(shown, canvas, rows.rest());
    }
}

fn told(job: &Job, problem: Problem, canvas: &mut Canvas, mut rows: Rows) {
    if rows.left() > problem.height() {
        rows.line();
    }
    if rows.left() > problem.height() {
        let to = where_words(job.run.place(), job.run.at());
        canvas.pen(rows.line()).put(Role::Strong, job.reel().as_str()).put(Role::Dim, &format!(" → {to}"));
    }
    problem.draw(canvas, rows.rest());
}

/// What the job under the cursor failed on, or waits with.
fn problem(job: &Job, shared: &Shared, width: usize) -> Option<Problem> {
    let fault = job.problem()?;
    Some(match job.failed() {
        Some(_) if job.kind() == Kind::Deletion => {
            let again = shared.keys.says(Table::Deletions, &Action::Retry, "deletes the rest");
            Problem::of(fault, width).remedy(&again, width)
        }
        Some(_) => publishing::failed(fault, shared, job, width),
        None => {
            let again = shared.keys.says(
                Table::Queue,
                &Action::Retry,
                "tries again; it waits for you, and nothing is lost meanwhile",
            );
            Problem::told("! ", Role::Warn, fault, width).remedy(&again, width)
        }
    })
}

/// `1 of 5 videos published, 1 under way, 1 failed, 2 wait`, and `1 of 5, 1 under way, 1 failed, 2 wait` where that has no
/// room.
fn summary(kind: Kind, jobs: &[&Job], room: usize) -> String {
    let (mut done, mut failed, mut waiting, mut stopped) = (0, 0, 0, 0);
    for job in jobs {
        match &job.state {
            Stage::Ended(End::Published(..) | End::Removed(_)) => done += 1,
            Stage::Ended(End::Failed(_)) => failed += 1,
            Stage::Ended(End::Cancelled) => stopped += 1,
            Stage::Queued => waiting += 1,
            _ => {}
        }
    }
    let all = jobs.len() as u64;
    let whole = match kind {
        Kind::Deletion => format!("{done} of {} deleted", wording::count(all, "reel")),
        _ => format!("{done} of {} published", wording::count(all, "video")),
    };
    let under_way = jobs.len() - done - failed - waiting - stopped;
    let mut parts = Vec::new();
    parts.extend((under_way > 0).then(|| format!("{under_way} under way")));
    parts.extend((failed > 0).then(|| format!("{failed} failed")));
    parts.extend((stopped > 0).then(|| format!("{stopped} stopped")));
    parts.extend((waiting > 0).then(|| if waiting == 1 { "1 waits".to_owned() } else { format!("{waiting} wait") }));
    let with = |first: String| [first].into_iter().chain(parts.clone()).collect::<Vec<_>>().join(", ");
    let words = with(whole);
    if text::width(&words) <= room { words } else { with(format!("{done} of {all}")) }
}

/// Columns for the reels' names.
fn widest(all: &[&Job]) -> usize {
    all.iter().map(|job| text::width(job.reel().as_str())).max().unwrap_or_default().min(40)
}

fn list(queue: &Queue, all: &[&Job], at: usize, canvas: &mut Canvas, area: Rect) {
    let mut rows = Rows::of(area);
    let names = widest(all);
    let mut cursor = queue.cursor.clone();
    cursor.at = at;
    for number in cursor.window(all.len(), usize::from(rows.left())) {
        let job = all[number];
        let place = rows.line();
        canvas.shows(place, job.can_retry().then(|| job.retry_sight()));
        let mut pen = row(canvas, place, number == at, number);
        let (role, sign) = job_sign(job);
        pen.put(role, sign);
        pen.put(if number == at { Role::Strong } else { Role::Text }, &text::fit(job.reel().as_str(), names));
        pen.to(place.x + 4 + u16::try_from(names + 2).unwrap_or_default());
        let (role, words) = job_detail(job, pen.room());
        pen.put(role, &words);
    }
}
