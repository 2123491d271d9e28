//! Step 4: totals on top, the jobs, and below what the person has to know now.

use ratatui::layout::Rect;

use crate::{
    reel::fault::Fault,
    tui::{
        app::App,
        canvas::{Canvas, Rows},
        pane,
        step::publish::Publish,
        theme::Role,
        widget::{amount, gauge, text},
    },
};

pub(super) fn draw(app: &App, canvas: &mut Canvas, area: Rect) {
    let Some(publish) = &app.publish else { return };
    let mut rows = Rows::of(area);
    if area.height >= 14 {
        rows.line();
    }
    totals(app, publish, canvas, rows.line());
    if area.height >= 12 {
        rows.line();
    }
    let words = words(app, publish, usize::from(area.width));
    let height = u16::try_from(words.len()).unwrap_or(u16::MAX).min(area.height / 2);
    let below = rows.take_last(height);
    let network = rows.left() >= 10;
    let kept = if network { rows.take_last(2) } else { Rect::ZERO };
    let used = pane::jobs::draw(publish, canvas, rows.rest());
    if network {
        // close below the jobs, where the eye is
        throughput(publish, canvas, Rect { y: (rows.rest().y + used + 1).min(kept.y + 1), height: 1, ..kept });
    }
    for ((role, words), line) in words.into_iter().zip(below.rows()) {
        canvas.pen(line).put(role, &words);
    }
}

fn totals(app: &App, publish: &Publish, canvas: &mut Canvas, line: Rect) {
    let now = canvas.now;
    let reel = publish.task.reel();
    let planned = publish.board.planned.as_ref();
    let region = planned.map_or_else(|| app.shared.region().to_owned(), |planned| planned.region.clone());
    let place = if app.shared.is_local() { "local stand-in".to_owned() } else { region };
    let ended = publish.ended_at.unwrap_or(now);
    let elapsed = format!("elapsed {}", amount::clock(ended.saturating_duration_since(publish.started)));
    let mut right = vec![elapsed];
    right.extend(publish.time_left().map(|left| format!("about {} left", amount::clock(left))));
    let mut pen = canvas.pen(line);
    pen.put(Role::Strong, &text::fit(reel.as_str(), 36));
    // what does not fit goes: the size first, the time that has passed next
    let size = planned.map(|planned| amount::bytes(planned.source_bytes));
    let whole = size.into_iter().chain(right.iter().cloned()).collect::<Vec<_>>().join("   ");
    let right = [whole, right.join("   "), right.pop().unwrap_or_default()];
    let right = right.into_iter().find(|words| text::width(words) + 1 < pen.room()).unwrap_or_default();
    // the way it takes matters less than the time left
    let head = format!(" → {place}");
    if pen.room() > text::width(&right) + text::width(&head) + 1 {
        pen.put(Role::Dim, &head);
    }
    pen.right(Role::Dim, &right);
}

fn throughput(publish: &Publish, canvas: &mut Canvas, line: Rect) {
    let samples: Vec<_> = publish.samples.iter().copied().collect();
    if samples.is_empty() {
        return;
    }
    let mut pen = canvas.pen(line);
    pen.put(Role::Dim, "Network  ");
    let speed = publish.throughput().map(amount::rate).unwrap_or_default();
    let retries = publish.board.retries;
    let words = if retries > 0 {
        format!("{speed} · {}", amount::count(retries, "retry").replace("retrys", "retries"))
    } else {
        speed
    };
    let room = pen.room().saturating_sub(text::width(&words) + 2).min(80);
    pen.put(Role::Gauge, &gauge::sparkline(&samples, room)).skip(2).put(Role::Dim, &words);
}

/// The state of the whole, and what to do about it.
fn words(app: &App, publish: &Publish, width: usize) -> Vec<(Role, String)> {
    let board = &publish.board;
    if let Some(fault) = publish.failed() {
        let mut lines = told("✖", Role::Fail, fault, width);
        lines.push((Role::Accent, "r tries again: what is up is not sent again".to_owned()));
        let log = app.shared.backend.log_file(publish.task.reel());
        lines.push((Role::Dim, text::fit_end(&format!("log: {}", app.shared.path_words(&log)), width).into_owned()));
        return lines;
    }
    if publish.is_stopping() {
        return vec![(Role::Warn, "stopping in an orderly way…".to_owned())];
    }
    if let Some((_, fault)) = board.waiting() {
        let mut lines = told("!", Role::Warn, fault, width);
        lines.push((Role::Accent, "r goes on; nothing is lost meanwhile".to_owned()));
        return lines;
    }
    if publish.control.is_paused() {
        return vec![(Role::Warn, "‖ paused: what is on its way arrives, nothing new starts; p goes on".to_owned())];
    }
    let warnings = board.planned.iter().flat_map(|planned| &planned.warnings);
    let mut lines: Vec<_> = warnings
        .flat_map(|warning| text::wrap(&format!("! {warning}"), width))
        .map(|line| (Role::Warn, line))
        .collect();
    lines.push((Role::Dim, "safe to quit: resume picks up here".to_owned()));
    lines
}

fn told(sign: &str, role: Role, fault: &Fault, width: usize) -> Vec<(Role, String)> {
    let what = text::wrap(&format!("{sign} {fault}"), width).into_iter().map(|line| (role, line));
    let hint = fault.hint.iter().flat_map(|hint| text::wrap(hint, width)).map(|line| (Role::Text, line));
    what.chain(hint).collect()
}
