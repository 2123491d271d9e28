//! Home: what goes on, then what can be done, a line each. A line that can start work says where it would go.

use ratatui::layout::Rect;

use super::removal;
use crate::{
    model::wording,
    tui::{
        action::Action,
        backend::Resumable,
        job::{Course, End, Job, Jobs, Kind, Stage},
        keymap::Table,
        shared::{Connection, Shared, where_words},
        step::home::{Home, Line, cannot, obstacle},
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Rows, inset},
            line::{Problem, row, scrolled},
            text,
        },
        words::there_words,
    },
};

/// Cells in which a detail still says something.
const DETAIL_LEAST: usize = 34;
/// Lines of the list that stay, whatever is told of one.
const LIST_LEAST: u16 = 3;
/// Lines for the detail of the line under the cursor, where there is no room beside it.
const BELOW: u16 = 3;

pub(super) fn draw(home: &Home, shared: &Shared, jobs: &Jobs, canvas: &mut Canvas, area: Rect) {
    let roomy = area.height >= 12;
    let area = inset(area, if area.width > 90 { 3 } else { 0 }, if roomy { 2 } else { 0 });
    let mut rows = Rows::of(area);
    let lines = Home::lines(shared, jobs);
    let going_on = lines.iter().take_while(|line| matches!(line, Line::Job(_))).count();
    let names = lines.iter().map(|line| text::width(&name(line, jobs)) + 2).max().unwrap_or_default().min(44);
    let beside = usize::from(area.width).saturating_sub(names + 6) >= DETAIL_LEAST;
    let told = lines.get(home.cursor.at).and_then(|line| told(line, shared, jobs, beside.then_some(names), area.width));
    // what can be done about the line under the cursor matters more
    let most = area.height.saturating_sub(told.as_ref().map_or(0, Problem::least));
    if most >= 6 && usize::from(area.height) > lines.len() + 3 {
        heading(shared, canvas, &mut rows, roomy);
    }
    if let Connection::Failed(fault) = &shared.connection {
        let fault = Problem::of(fault, usize::from(area.width));
        let place = rows.take_last((fault.height() + 1).min(rows.left().saturating_sub(LIST_LEAST)));
        let gap = u16::from(place.height > fault.height());
        fault.draw(canvas, Rect { y: place.y + gap, height: place.height - gap, ..place });
    }
    let below = below(told.as_ref(), beside, &mut rows);
    scrolled(home.cursor.at, lines.len(), canvas, &mut rows);
    let window = home.cursor.window(lines.len(), usize::from(rows.left()));
    // apart where there is room: each line, or at least what goes on from what can be done
    let gaps = roomy && lines.len() * 2 <= usize::from(rows.left());
    let gap = going_on > 0 && window.start == 0 && lines.len() < usize::from(rows.left());
    for at in window {
        if at == going_on && gap && !gaps {
            rows.take(1);
        }
        let place = rows.line();
        let selected = at == home.cursor.at;
        let line = &lines[at];
        if beside || selected {
            canvas.shows(place, line.sight(jobs));
        }
        let mut pen = row(canvas, place, selected, at);
        let (role, sign) = sign(line, jobs);
        pen.put(role, sign).put(if selected { Role::Strong } else { Role::Text }, &name(line, jobs));
        pen.to(place.x + 2 + u16::try_from(names + 3).unwrap_or_default());
        if beside {
            let room = pen.room();
            let (role, words) = beside_name(line, shared, jobs, room);
            pen.put(role, &words);
        }
        if gaps {
            rows.take(1);
        }
    }
    if let Some(told) = told {
        // close below the lines, where the eye is
        let end = below.bottom().saturating_sub(told.height().min(below.height));
        let y = (rows.rest().y + 1).min(end).max(rows.rest().y);
        told.draw(canvas, Rect { y, height: below.bottom() - y, ..below });
    }
}

/// The place of what is told of the line under the cursor; of the lines one at least stays in sight.
fn below(told: Option<&Problem>, beside: bool, rows: &mut Rows) -> Rect {
    match told {
        Some(told) => {
            let most = rows.left().saturating_sub(LIST_LEAST).max(told.least()).min(rows.left().saturating_sub(1));
            rows.take_last((told.height() + 1).min(most))
        }
        // it has its place all the time, so that the lines stay where they are
        None if !beside => rows.take_last(BELOW.min(rows.left() / 3)),
        None => Rect::ZERO,
    }
}

/// What zipreel is for, and where it publishes unless another place is picked: what stands in the corner of every screen.
fn heading(shared: &Shared, canvas: &mut Canvas, rows: &mut Rows, roomy: bool) {
    let line = rows.line();
    canvas.pen(line).put(Role::Strong, "From a video file to a link that plays.");
    let to = if shared.is_local() {
        "To an imitation of Amazon's cloud (AWS) on this computer"
    } else {
        "To your account at Amazon's cloud, AWS"
    };
    let to = format!("{to}; {}", shared.keys.says(Table::Home, &Action::Target, "changes that"));
    if roomy && text::width(&to) <= usize::from(line.width) {
        canvas.pen(rows.line()).put(Role::Dim, &to);
    }
    rows.take(if roomy { 2 } else { 1 });
}

/// What is told of the line under the cursor below the lines: what is wrong with it, and what there is no room for
/// beside it.
fn told(line: &Line, shared: &Shared, jobs: &Jobs, beside: Option<usize>, width: u16) -> Option<Problem> {
    let width = usize::from(width);
    let job = match line {
        Line::Job(id) => jobs.get(*id),
        _ => None,
    };
    if let Some((job, fault)) = job.and_then(|job| Some((job, job.problem()?))) {
        let says = |words: &str| shared.keys.says(Table::HomeJob, &Action::Retry, words);
        return Some(match job.failed() {
            Some(_) => Problem::told("✖ ", Role::Fail, fault, width).remedy(&says("tries again"), width),
            None => {
                let again = says("tries again; it waits for you, and nothing is lost meanwhile");
                Problem::told("! ", Role::Warn, fault, width).remedy(&again, width)
            }
        });
    }
    let (role, words) = detail(line, shared, jobs);
    let fits = beside.is_some_and(|names| names + 5 + text::width(&words) <= width);
    (!fits).then(|| Problem::plain(role, &words, width))
}

fn sign(line: &Line, jobs: &Jobs) -> (Role, &'static str) {
    let Line::Job(id) = line else { return (Role::Text, "") };
    jobs.get(*id).map_or((Role::Text, ""), job_sign)
}

/// A job's sign: told by shape, coloured besides.
pub(super) fn job_sign(job: &Job) -> (Role, &'static str) {
    match &job.state {
        Stage::Queued => (Role::Dim, "○ "),
        Stage::Running if job.is_stopping() => (Role::Warn, "– "),
        Stage::Running if job.control.is_paused() => (Role::Warn, "‖ "),
        Stage::Running if waits(job) => (Role::Warn, "! "),
        Stage::Running => (Role::Accent, "● "),
        Stage::Asking(..) => (Role::Warn, "? "),
        Stage::Ended(End::Failed(_)) => (Role::Fail, "✖ "),
        Stage::Ended(End::Cancelled) => (Role::Dim, "– "),
        Stage::Ended(_) => (Role::Ok, "✔ "),
    }
}

/// It stands until the person has put something right.
fn waits(job: &Job) -> bool {
    job.publishing().is_some_and(|publishing| publishing.board.waiting().is_some())
}

fn name(line: &Line, jobs: &Jobs) -> String {
    match line {
        Line::Job(id) => jobs.get(*id).map(job_name).unwrap_or_default(),
        Line::Publish => "Publish a video".to_owned(),
        Line::All(..) => "Resume and publish all".to_owned(),
        Line::Begun(resumable) => format!("Resume {}", resumable.reel),
        Line::Waiting(order) => format!("Publish {}", order.reel),
        Line::Library => "Library".to_owned(),
    }
}

fn job_name(job: &Job) -> String {
    let reel = job.reel();
    match job.kind() {
        Kind::Publishing => reel.to_string(),
        Kind::Deletion => format!("Delete {reel}"),
        Kind::Discard => format!("Discard upload of {reel}"),
        Kind::Check => format!("Check {reel}"),
        Kind::Retitle => format!("Title of {reel}"),
    }
}

/// The detail as far as it fits: below the lines it stands whole once the cursor is there.
fn beside_name(line: &Line, shared: &Shared, jobs: &Jobs, room: usize) -> (Role, String) {
    match line {
        Line::Job(id) => jobs.get(*id).map_or((Role::Dim, String::new()), |job| job_detail(job, room)),
        // what to do is never cut: it is told below
        Line::Begun(resumable) => match obstacle(resumable) {
            Some(why) => (Role::Warn, why),
            None => (Role::Dim, fitting(&left_to_do(resumable, shared), " · ", room)),
        },
        _ => detail(line, shared, jobs),
    }
}

/// The parts that fit; the first in any case.
pub(super) fn fitting(parts: &[String], between: &str, room: usize) -> String {
    let mut parts = parts.to_vec();
    while parts.len() > 1 && text::width(&parts.join(between)) > room {
        parts.pop();
    }
    parts.join(between)
}

fn detail(line: &Line, shared: &Shared, jobs: &Jobs) -> (Role, String) {
    match line {
        Line::Job(id) => jobs.get(*id).map_or((Role::Dim, String::new()), |job| job_detail(job, usize::MAX)),
        Line::Publish => (Role::Dim, "pick files, see the plan, get links".to_owned()),
        Line::All(begun, waiting) => {
            let places: std::collections::BTreeSet<_> = begun
                .iter()
                .map(|resumable| where_words(&resumable.place, Some(&resumable.at)))
                .chain(waiting.iter().map(|order| where_words(&order.place, order.expected.as_ref())))
                .collect();
            let (all, places) = (begun.len() + waiting.len(), places.into_iter().collect::<Vec<_>>().join(", "));
            (Role::Dim, format!("→ {places} · the {all} that can go on, in turn"))
        }
        Line::Begun(resumable) => match cannot(resumable) {
            Some(why) => (Role::Warn, why),
            None => (Role::Dim, left_to_do(resumable, shared).join(" · ")),
        },
        Line::Waiting(order) => {
            let to = where_words(&order.place, order.expected.as_ref());
            (Role::Dim, format!("→ {to} · nothing is sent yet"))
        }
        Line::Library => (Role::Dim, "what is published: links, checks, sizes".to_owned()),
    }
}

/// What a job does just now, in a line: the state first, then where; of its progress as much as fits.
pub(super) fn job_detail(job: &Job, room: usize) -> (Role, String) {
    let place = where_words(job.run.place(), job.run.at());
    match &job.state {
        Stage::Queued if matches!(job.kind(), Kind::Deletion | Kind::Discard) => {
            (Role::Dim, "waits for its turn".to_owned())
        }
        Stage::Queued => (Role::Dim, format!("waits for its turn → {place}")),
        Stage::Running if job.is_stopping() => (Role::Warn, "stopping in an orderly way".to_owned()),
        Stage::Running => match job.publishing().and_then(|publishing| publishing.board.waiting()) {
            Some((_, fault)) => (Role::Warn, format!("waits for you: {}", fault.reason())),
            None => {
                let mut parts = progress(job);
                parts.push(match job.course {
                    Course::Removal(_) => format!(", in {}", there_words(job.run.place(), job.run.at())),
                    _ => format!(" → {place}"),
                });
                (Role::Dim, fitting(&parts, "", room))
            }
        },
        Stage::Asking(..) => (Role::Warn, "needs your answer".to_owned()),
        Stage::Ended(End::Failed(fault)) => (Role::Fail, fault.reason().to_owned()),
        Stage::Ended(End::Cancelled) => (Role::Dim, "stopped".to_owned()),
        Stage::Ended(End::Published(published, _)) => (
            Role::Dim,
            format!("published · {} in {}", wording::bytes(published.bytes), wording::span(published.elapsed)),
        ),
        Stage::Ended(End::Removed(functions)) => {
            (Role::Dim, format!("deleted: {}", wording::count(*functions, "function")))
        }
        Stage::Ended(End::Checked(_)) => (Role::Dim, "checked".to_owned()),
        Stage::Ended(End::Retitled(_)) => (Role::Dim, "has its new title".to_owned()),
    }
}

/// How far it is, in parts; what can best be left out comes last.
pub(super) fn progress(job: &Job) -> Vec<String> {
    match &job.course {
        Course::Publishing(publishing) => {
            let (through, all) = (publishing.bytes_through(), publishing.bytes_to_send());
            let is_paused = job.control.is_paused();
            let paused = if is_paused { "paused at " } else { "" };
            match (publishing.board.planned.is_some(), all) {
                (true, 1..) => {
                    let percent = (through as f64 / all as f64 * 100.0).min(100.0);
                    let mut parts = vec![format!("{paused}{percent:.0} % of {}", wording::bytes(all))];
                    parts.extend(publishing.throughput().map(|rate| format!(" · {}", wording::rate(rate))));
                    let left = publishing.time_left().filter(|_| !is_paused);
                    parts.extend(left.map(|left| format!(" · about {} left", wording::clock(left))));
                    parts
                }
                _ => vec![format!("{paused}getting ready")],
            }
        }
        Course::Removal(gone) if gone.of > 0 => vec![removal::so_far(*gone)],
        Course::Retitle => vec!["giving it its new title".to_owned()],
        Course::Removal(_) => vec!["beginning".to_owned()],
        Course::Check { findings, .. } => vec![format!("{} looked at", wording::count(findings.len() as u64, "chunk"))],
    }
}

fn left_to_do(resumable: &Resumable, shared: &Shared) -> Vec<String> {
    let mut parts = vec![format!("→ {}", where_words(&resumable.place, Some(&resumable.at)))];
    match resumable.chunks {
        Some(chunks) => {
            parts.push(format!("{}/{} uploaded", resumable.chunks_deployed, wording::count(chunks, "chunk")));
        }
        None => parts.push(format!("{} uploaded", wording::count(resumable.chunks_deployed, "chunk"))),
    }
    parts.extend(resumable.bytes_left.map(|bytes| format!("{} to go", wording::bytes(bytes))));
    parts.extend(shared.wall.duration_since(resumable.touched).ok().map(wording::ago));
    parts
}
