//! What lies over a screen: a box in its middle, no wider than what it says.

use ratatui::layout::Rect;

use crate::tui::{
    action::Action,
    app::App,
    keymap::Table,
    overlay::{Chooser, Overlay, Purpose, confirm::Confirm, palette::Palette},
    pane,
    sight::Sight,
    terminal::theme::Role,
    widget::{
        canvas::{Canvas, Rows, inset},
        field,
        line::{position, row},
        list::Cursor,
        text,
    },
};

/// Cells for keys, of those that have many: all that any has by itself, and fewer where words need the room.
const KEYS_MOST: usize = 20;
const KEYS_NARROW: usize = 15;

pub(super) fn draw(app: &App, canvas: &mut Canvas, area: Rect) {
    match &app.overlay {
        Some(Overlay::Ask(confirm)) => ask(confirm, app, canvas, area),
        Some(Overlay::Choose(chooser)) => choose(chooser, canvas, area),
        Some(Overlay::Log { of, job, scroll }) => {
            let publishing = app.jobs.get(*of).and_then(|job| Some((job.reel(), job.publishing()?)));
            if let Some((reel, publishing)) = publishing {
                let inner = frame(canvas, area, &format!("log of {}", pane::jobs::label(job)), area.width, area.height);
                let file = app.shared.path_words(&app.shared.backend.log_file(reel));
                pane::log::draw(publishing, job, &file, scroll, canvas, inner);
            }
        }
        Some(Overlay::Palette(shown)) => palette(shown, app, canvas, area),
        None => {}
    }
}

/// Clears and borders a box in the middle; gives its inside.
fn frame(canvas: &mut Canvas, area: Rect, title: &str, width: u16, height: u16) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    let outer = Rect { x, y, width, height };
    // what stands beside it would be the ends of lines that begin below it
    canvas.clear(Rect { y, height, ..area });
    if width < 4 || height < 3 {
        return outer;
    }
    let inside = usize::from(width - 2);
    let side = "─".repeat(inside);
    let line = |offset: u16| Rect { y: y + offset, height: 1, ..outer };
    canvas.pen(line(0)).put(Role::Line, &format!("╭{side}╮"));
    canvas.pen(line(height - 1)).put(Role::Line, &format!("╰{side}╯"));
    for offset in 1..height - 1 {
        canvas.pen(line(offset)).put(Role::Line, "│");
        canvas.pen(Rect { x: outer.right() - 1, width: 1, ..line(offset) }).put(Role::Line, "│");
    }
    let head = Rect { x: x + 2, width: width.saturating_sub(4), ..line(0) };
    canvas.pen(head).put(Role::Strong, &format!(" {} ", text::fit(title, inside.saturating_sub(4))));
    Rect { y: y + 1, height: height - 2, ..inset(outer, 2, 0) }
}

fn ask(confirm: &Confirm, app: &App, canvas: &mut Canvas, area: Rect) {
    let (title, detail) = confirm.words(&app.quitting_words());
    let width = area.width.min(64);
    let lines = text::wrap(&detail, usize::from(width.saturating_sub(4)));
    let height = u16::try_from(lines.len()).unwrap_or_default() + 4;
    let inner = frame(canvas, area, &title, width, height);
    let mut rows = Rows::of(inner);
    // the words before the keys: those stand in the footer too
    let fits = lines.len() < usize::from(inner.height);
    let keys = if fits { rows.take_last(1) } else { Rect::ZERO };
    for line in lines {
        canvas.pen(rows.line()).put(Role::Text, &line);
    }
    canvas.shows(inner, Some(Sight::of(confirm)));
    if !fits {
        return;
    }
    let key = |action| app.shared.keys.key(Table::Ask, action);
    let mut pen = canvas.pen(keys);
    pen.put(Role::Accent, &key(&Action::Yes)).put(Role::Text, " yes");
    let first = pen.column().saturating_sub(keys.x);
    pen.skip(6);
    let second = pen.column();
    pen.put(Role::Accent, &key(&Action::No)).put(Role::Text, " no");
    let end = pen.column();
    canvas.clickable(Rect { width: first.min(keys.width), ..keys }, Action::Yes);
    canvas.clickable(Rect { x: second, width: end.saturating_sub(second), ..keys }, Action::No);
}

fn choose(chooser: &Chooser, canvas: &mut Canvas, area: Rect) {
    let title = match &chooser.purpose {
        Purpose::Target => "Publish to".to_owned(),
        Purpose::Region => "Region".to_owned(),
        Purpose::Copy(reel) => format!("Copy a link of {reel}"),
    };
    let labels = chooser.choices.iter().map(|choice| text::width(&choice.label)).max().unwrap_or_default();
    let details = chooser.choices.iter().map(|choice| text::width(&choice.detail)).max().unwrap_or_default();
    let width = u16::try_from(labels + details + 11).unwrap_or(u16::MAX).max(40);
    // nothing to choose from is said in some lines
    let height = u16::try_from(chooser.choices.len().max(4)).unwrap_or(u16::MAX).saturating_add(4);
    let inner = frame(canvas, area, &title, width, height);
    let mut rows = Rows::of(inner);
    let head = rows.line();
    if inner.height > 6 {
        rows.line();
    }
    let position = position(chooser.cursor.at, chooser.matches.len(), usize::from(rows.left()));
    let mut pen = canvas.pen(head);
    pen.put(Role::Accent, "filter ").right(Role::Dim, &position);
    let room = pen.room();
    field::draw(&mut pen, room, &chooser.filter, Role::Text, true);
    if chooser.matches.is_empty() {
        let why = if chooser.choices.is_empty() { &chooser.empty } else { "nothing matches" };
        for line in text::wrap(why, usize::from(inner.width.saturating_sub(2))) {
            canvas.pen(rows.line()).skip(2).put(Role::Dim, &line);
        }
    }
    for at in chooser.cursor.window(chooser.matches.len(), usize::from(rows.left())) {
        let choice = &chooser.choices[chooser.matches[at].row];
        let selected = at == chooser.cursor.at;
        let line = rows.line();
        let mut pen = row(canvas, line, selected, at);
        pen.put(if selected { Role::Strong } else { Role::Text }, &choice.label);
        pen.to(line.x + u16::try_from(labels + 4).unwrap_or_default()).put(Role::Dim, &choice.detail);
    }
}

/// All keys of the screen below, or those that were typed for: a line for each action, wrapped where it is narrow.
fn palette(shown: &Palette, app: &App, canvas: &mut Canvas, area: Rect) {
    let glyphs = canvas.theme.glyphs;
    let keys: Vec<_> = shown.bindings.iter().map(|binding| glyphs.of(&binding.all_keys()).into_owned()).collect();
    let most = if area.width < 60 { KEYS_NARROW } else { KEYS_MOST };
    let column = keys.iter().map(|keys| text::width(keys)).max().unwrap_or_default().min(most) + 2;
    let words = shown.bindings.iter().map(|binding| text::width(binding.help)).max().unwrap_or_default();
    let width = u16::try_from(column + words + 8).unwrap_or(u16::MAX).max(40);
    let room = usize::from(width.min(area.width)).saturating_sub(column + 6);
    let lines_of = |row: usize| text::wrap(shown.bindings[row].help, room);
    let needed = (0..shown.bindings.len()).map(|row| lines_of(row).len()).sum::<usize>();
    let height = u16::try_from(needed).unwrap_or(u16::MAX).saturating_add(4);
    let inner = frame(canvas, area, "Keys", width, height);
    let mut rows = Rows::of(inner);
    let head = rows.line();
    if inner.height > 9 {
        rows.line();
    }
    let left = usize::from(rows.left());
    let (number, all) = (shown.matches.len(), shown.bindings.len());
    let in_sight = if needed <= left { all } else { 0 };
    let count = if number < all { format!("{number} of {all}") } else { position(shown.cursor.at, all, in_sight) };
    let mut pen = canvas.pen(head);
    pen.put(Role::Accent, "find ").right(Role::Dim, &count);
    let room = pen.room();
    field::draw(&mut pen, room, &shown.filter, Role::Text, true);
    if shown.matches.is_empty() {
        canvas.pen(rows.line()).skip(2).put(Role::Dim, "nothing matches");
    }
    let mut lines = Vec::new();
    for (at, found) in shown.matches.iter().enumerate() {
        lines.extend(lines_of(found.row).into_iter().enumerate().map(|(part, words)| (at, found.row, part, words)));
    }
    // the cursor goes from action to action, and what is in sight from line to line
    shown.cursor.window(shown.matches.len(), left);
    let last = lines.iter().rposition(|(at, ..)| *at == shown.cursor.at).unwrap_or_default();
    for (at, row_of, part, words) in &lines[Cursor::on(last).window(lines.len(), left)] {
        let selected = *at == shown.cursor.at;
        let line = rows.line();
        let mut pen = row(canvas, line, selected, *at);
        let role = match (app.can_do(shown, *row_of), selected) {
            (false, _) => Role::Dim,
            (true, true) => Role::Strong,
            (true, false) => Role::Text,
        };
        let key = if *part == 0 { text::fit(&keys[*row_of], column - 1) } else { "".into() };
        pen.put(Role::Accent, &key).to(line.x + 2 + u16::try_from(column).unwrap_or_default()).put(role, words);
    }
}
