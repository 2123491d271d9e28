//! Home: a few lines, each a thing to do.

use ratatui::layout::Rect;

use super::row;
use crate::tui::{
    app::App,
    backend::Resumable,
    canvas::{Canvas, Rows, inset},
    shared::Connection,
    step::home::{Home, Line},
    theme::Role,
    widget::{amount, text},
};

/// Cells in which a detail still says something.
const DETAIL_LEAST: usize = 24;

pub(super) fn draw(app: &App, canvas: &mut Canvas, area: Rect) {
    let roomy = area.height >= 12;
    let area = inset(area, if area.width > 90 { 3 } else { 0 }, if roomy { 2 } else { 0 });
    let mut rows = Rows::of(area);
    if area.height >= 6 {
        canvas.pen(rows.line()).put(Role::Strong, "From a video file to a playlist URL.");
        rows.take(if roomy { 2 } else { 1 });
    }
    let lines = Home::lines(&app.shared);
    let names = lines.iter().map(|line| text::width(&name(line))).max().unwrap_or_default().min(44);
    let window = app.home.cursor.window(lines.len(), usize::from(rows.left()));
    // the first line apart from the rest where there is room
    let gaps = roomy && lines.len() * 2 <= usize::from(rows.left());
    for at in window {
        let line = rows.line();
        let selected = at == app.home.cursor.at;
        let mut pen = row(canvas, line, selected, at);
        pen.put(if selected { Role::Strong } else { Role::Text }, &name(&lines[at]));
        pen.to(line.x + 2 + u16::try_from(names + 4).unwrap_or_default());
        if pen.room() >= DETAIL_LEAST {
            pen.put(Role::Dim, &detail(&lines[at], app));
        }
        if gaps {
            rows.take(1);
        }
    }
    if let Connection::Failed(fault) = &app.shared.connection {
        rows.take(1);
        for (role, line) in super::fault_lines(fault, usize::from(area.width)) {
            canvas.pen(rows.line()).put(role, &line);
        }
    }
}

fn name(line: &Line) -> String {
    match line {
        Line::Publish => "Publish a video".to_owned(),
        Line::Resume(resumable) => format!("Resume {}", resumable.reel),
        Line::Library => "Library".to_owned(),
    }
}

fn detail(line: &Line, app: &App) -> String {
    match line {
        Line::Publish => "pick a file, see the plan, get a link".to_owned(),
        Line::Resume(resumable) => left_to_do(resumable, app),
        Line::Library => "what is published: links, checks, sizes".to_owned(),
    }
}

fn left_to_do(resumable: &Resumable, app: &App) -> String {
    let mut parts = Vec::new();
    if resumable.video_missing {
        parts.push("the video is gone".to_owned());
    }
    match resumable.chunks {
        Some(chunks) => parts.push(format!("{}/{chunks} chunks up", resumable.chunks_deployed)),
        None => parts.push(format!("{} up", amount::count(resumable.chunks_deployed, "chunk"))),
    }
    parts.extend(resumable.bytes_left.map(|bytes| format!("{} to go", amount::bytes(bytes))));
    parts.extend(app.shared.wall.duration_since(resumable.touched).ok().map(amount::ago));
    parts.join(" · ")
}
