//! A reel: facts, links, and the grid of its chunks.

use std::time::Instant;

use ratatui::layout::Rect;

use crate::tui::{
    app::App,
    backend::{Chunk, Finding, ReelDetail},
    canvas::{Canvas, Rows, inset},
    reel_view::{ReelView, Tally},
    theme::Role,
    widget::{amount, field, gauge, page::Page, page::Scroll, text},
};

const COLUMN: usize = 11;

pub(super) fn draw(app: &App, canvas: &mut Canvas, area: Rect) {
    let Some(reel) = &app.reel else { return };
    let area = inset(area, u16::from(area.width > 60) * 2, u16::from(area.height >= 18));
    let mut rows = Rows::of(area);
    let confirm = reel.confirm.is_some().then(|| rows.take_last(3));
    match &reel.detail {
        None => {
            canvas.pen(rows.line()).put(Role::Dim, "asking for its index…");
        }
        Some(Err(fault)) => {
            for (role, line) in super::fault_lines(fault, usize::from(area.width)) {
                canvas.pen(rows.line()).put(role, &line);
            }
        }
        Some(Ok(detail)) => known(app, reel, detail, canvas, &mut rows),
    }
    if let Some(area) = confirm {
        confirming(reel, canvas, area);
    }
}

fn known(app: &App, reel: &ReelView, detail: &ReelDetail, canvas: &mut Canvas, rows: &mut Rows) {
    let area = rows.rest();
    let mut page = Page::new(area.width);
    facts(app, reel, detail, &mut page);
    page.link("Watch", COLUMN, &detail.watch_url);
    page.link("Playlist", COLUMN, &detail.playlist_url);
    let tally = reel.tally();
    let status = status(reel, tally, canvas.now);
    let grid_least = 2;
    let lines = u16::try_from(page.len()).unwrap_or(u16::MAX);
    let room = area.height.saturating_sub(u16::try_from(status.len()).unwrap_or_default() + grid_least + 2);
    page.draw(canvas, rows.take(lines.min(room)), &Scroll::default());
    if rows.left() > 6 {
        rows.line();
    }
    for spans in status {
        let mut pen = canvas.pen(rows.line());
        for (role, words) in spans {
            pen.put(role, &words);
        }
    }
    if let (Some(_), true) = (reel.checking, rows.left() > 4) {
        let done = f64::from(tally.ok + tally.missing + tally.differs);
        let line = rows.line();
        let narrow = Rect { width: line.width.min(60), ..line };
        gauge::draw(canvas, narrow, Some(done / f64::from(tally.of.max(1))), Role::Gauge);
        rows.line();
    }
    if rows.left() > grid_least {
        legend(canvas, rows.take_last(1));
    }
    grid(reel, &detail.chunks, canvas, rows.rest());
}

fn facts(app: &App, reel: &ReelView, detail: &ReelDetail, page: &mut Page) {
    let facts = &detail.reel;
    page.line([(Role::Strong, detail.title.clone())]);
    let mut parts = Vec::new();
    parts.extend(facts.generation.map(|generation| format!("generation {generation}")));
    parts.extend(facts.duration.map(amount::clock));
    parts.push(amount::bytes(facts.bytes));
    parts.push(amount::count(detail.chunks.len() as u64, "chunk"));
    let published = facts.published.and_then(|at| app.shared.wall.duration_since(at).ok());
    parts.extend(published.map(|age| format!("published {}", amount::ago(age))));
    let check = facts.generation.and_then(|generation| app.shared.memory.check(&reel.place, &reel.name, generation));
    let checked = check.and_then(|check| app.shared.wall.duration_since(check.at).ok());
    parts.push(checked.map_or_else(|| "never checked".to_owned(), |age| format!("checked {}", amount::ago(age))));
    page.paragraph(Role::Dim, 0, &parts.join(" · "));
    page.gap();
}

fn status(reel: &ReelView, tally: Tally, now: Instant) -> Vec<Vec<(Role, String)>> {
    let Tally { ok, missing, differs, reading, of } = tally;
    let mut lines = Vec::new();
    if let Some(gone) = reel.deleting {
        let words = format!("deleting: {} of {} functions are gone, the index first", gone.functions, gone.of);
        lines.push(vec![(Role::Warn, words)]);
    } else if let Some(checking) = reel.checking {
        let how = if checking.deep { "reading every byte" } else { "asking for every chunk" };
        let mut words = format!("{how}: {ok}/{of} ok");
        let since = amount::clock(now.saturating_duration_since(checking.since));
        words.push_str(&format!(" · {since}"));
        if reading > 0 {
            words.push_str(&format!(" · {reading} being read"));
        }
        lines.push(vec![(Role::Text, words)]);
    } else if !reel.findings.is_empty() {
        let (role, sign, words) = if ok == of {
            (Role::Ok, "✔ ", format!("all {of} chunks are whole"))
        } else {
            (Role::Fail, "✖ ", format!("{ok}/{of} ok · {missing} missing · {differs} differ"))
        };
        lines.push(vec![(role, sign.to_owned()), (role, words)]);
    }
    for (id, finding) in &reel.findings {
        if let Finding::Differs(why) = finding {
            lines.push(vec![(Role::Fail, format!("◪ {}/{}: {why}", id.rendition, id.number))]);
        }
    }
    lines.truncate(4);
    if let Some(fault) = &reel.fault {
        lines.extend(super::fault_lines(fault, 76).into_iter().map(|line| vec![line]));
    }
    lines
}

/// A chunk's sign: told by shape, coloured besides.
fn cell(finding: Option<&Finding>) -> (Role, &'static str) {
    match finding {
        None => (Role::Dim, "□"),
        Some(Finding::Reading(_)) => (Role::Accent, "▨"),
        Some(Finding::Ok) => (Role::Ok, "■"),
        Some(Finding::Missing) => (Role::Fail, "✖"),
        Some(Finding::Differs(_)) => (Role::Warn, "◪"),
    }
}

fn grid(reel: &ReelView, chunks: &[Chunk], canvas: &mut Canvas, area: Rect) {
    // two cells a chunk while they fit, one when there are many
    let wide = chunks.len() * 2 <= usize::from(area.width) * usize::from(area.height);
    let step = if wide { 2 } else { 1 };
    let per_line = (usize::from(area.width) / step).max(1);
    // whole tens are easier to count
    let per_line = if wide && per_line > 10 { per_line / 10 * 10 } else { per_line };
    for (line, chunks) in area.rows().zip(chunks.chunks(per_line)) {
        let mut pen = canvas.pen(line);
        for chunk in chunks {
            let (role, sign) = cell(reel.findings.get(&chunk.id));
            pen.put(role, sign).skip(step - 1);
        }
    }
}

fn legend(canvas: &mut Canvas, line: Rect) {
    let mut pen = canvas.pen(line);
    let signs = [
        (Some(Finding::Ok), "ok"),
        (Some(Finding::Missing), "missing"),
        (Some(Finding::Differs(String::new())), "differs"),
        (Some(Finding::Reading(0)), "being read"),
        (None, "unchecked"),
    ];
    for (finding, words) in signs {
        let (role, sign) = cell(finding.as_ref());
        if pen.room() > text::width(words) + 4 {
            pen.put(role, sign).skip(1).put(Role::Dim, words).skip(3);
        }
    }
}

fn confirming(reel: &ReelView, canvas: &mut Canvas, area: Rect) {
    let Some(typed) = &reel.confirm else { return };
    let mut rows = Rows::of(area);
    canvas.rule(rows.line());
    let words = format!("Deleting can't be undone. Type {} to delete it.", reel.name);
    canvas.pen(rows.line()).put(Role::Warn, &words);
    let mut pen = canvas.pen(rows.line());
    pen.put(Role::Accent, "name ");
    let right = typed.value() == reel.name.as_str();
    let room = pen.room();
    field::draw(&mut pen, room, typed, if right { Role::Ok } else { Role::Text }, true);
}
