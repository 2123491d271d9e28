//! The library: a line a reel; columns go as the screen narrows. Below them what all of it is, and what is marked.

use ratatui::layout::Rect;

use crate::{
    model::wording,
    tui::{
        action::Action,
        backend::Reel,
        job::{Job, Jobs, Kind},
        keymap::Table,
        shared::Shared,
        sight::Sight,
        step::library::{Library, deletion::Deletion},
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Rows},
            field,
            line::{Problem, position, row, wrapped},
            page::Page,
            text,
        },
        words::there_words,
    },
};

/// Title and width of each column after the name, the one that goes last first.
const COLUMNS: [(&str, usize); 5] = [("length", 9), ("size", 10), ("age", 11), ("last check", 20), ("chunks", 8)];
const NAME_LEAST: usize = 28;
/// Cells of a name beside what goes on with its reel.
const NAME_SHORTEST: usize = 8;
/// What an interrupted publishing or deletion has left: nobody can watch it.
const UNFINISHED: &str = "unfinished";
/// Lines that stay, whatever is told below them: the heads of the columns, and some reels.
const LIST_LEAST: u16 = 4;

pub(super) fn draw(library: &Library, shared: &Shared, jobs: &Jobs, canvas: &mut Canvas, area: Rect) {
    if let Some(deletion) = &library.deletion {
        return confirm(deletion, shared, canvas, area);
    }
    let mut rows = Rows::of(area);
    let filter = (library.filtering || !library.filter.value().is_empty()).then(|| rows.take_last(1));
    let fault = library.fault.as_ref().map(|fault| Problem::of(fault, usize::from(area.width)));
    let told = fault.as_ref().map(|fault| rows.take_last(fault.height().min(rows.left().saturating_sub(LIST_LEAST))));
    let all = (library.asking || !library.reels.is_empty()).then(|| rows.take_last(1));
    let columns = columns(area.width);
    let head = rows.line();
    let titles: String = columns.iter().map(|(title, width)| format!("{title:>width$}")).collect();
    let position = position(library.cursor.at, library.rows.len(), usize::from(rows.left()));
    let mut pen = canvas.pen(head);
    pen.skip(2).put(Role::Dim, "name").right(Role::Dim, &titles).skip(2).put(Role::Dim, &position);
    if library.rows.is_empty() && !library.asking && library.fault.is_none() {
        nothing(library, shared, canvas, &mut rows);
    }
    for at in library.cursor.window(library.rows.len(), usize::from(rows.left())) {
        let (name, matched) = &library.rows[at];
        let Some(reel) = library.reels.get(name) else { continue };
        let marked = library.marked.contains(name);
        line(reel, (shared, jobs), (matched, marked), columns, canvas, (rows.line(), at == library.cursor.at, at));
    }
    if let Some(line) = all {
        totals(library, shared, canvas, line);
    }
    if let (Some(fault), Some(area)) = (fault, told) {
        fault.draw(canvas, area);
    }
    if let Some(line) = filter {
        let mut pen = canvas.pen(line);
        pen.put(Role::Accent, "filter ");
        let room = pen.room();
        field::draw(&mut pen, room, &library.filter, Role::Text, library.filtering);
    }
}

/// How much all of it is, in which order it stands, and what is marked; what matters least has the least room.
fn totals(library: &Library, shared: &Shared, canvas: &mut Canvas, line: Rect) {
    let mut pen = canvas.pen(line);
    pen.skip(2);
    if !library.marked.is_empty() {
        let marked = format!("{} marked, {}", library.marked.len(), wording::bytes(library.marked_bytes()));
        pen.put(Role::Accent, &marked).put(Role::Dim, "   of ");
    }
    let so_far = if library.asking { "looking… " } else { "" };
    let found = wording::count(library.reels.len() as u64, "video");
    let found = match library.rows.len() {
        shown if shown < library.reels.len() && library.marked.is_empty() => format!("{shown} shown of {found}"),
        _ => found,
    };
    pen.put(Role::Dim, &format!("{so_far}{found}, {}", wording::bytes(library.bytes())));
    let at = shared.account_at(&shared.place).map(|account| &account.at);
    let place = format!(" in {}", there_words(&shared.place, at));
    let order = if library.filter.value().is_empty() { library.sort.words() } else { "best match first" };
    if text::width(&place) + text::width(order) + 2 < pen.room() {
        pen.put(Role::Dim, &place);
    }
    if text::width(order) + 2 < pen.room() {
        pen.right(Role::Dim, order);
    }
}

/// All that is to go, and what has to be typed. It counts once its end was in sight.
fn confirm(deletion: &Deletion, shared: &Shared, canvas: &mut Canvas, area: Rect) {
    let mut rows = Rows::of(area);
    let how: Vec<_> = wrapped(Role::Warn, &deletion.how(), usize::from(area.width)).collect();
    // a line at least of what is asked, and the field
    let keys = rows.take_last(u16::try_from(how.len() + 1).unwrap_or(u16::MAX).min(rows.left().saturating_sub(1)));
    let mut page = Page::new(area.width);
    page.paragraph(Role::Warn, 0, &deletion.text());
    if let [_, _, ..] = deletion.reels.as_slice() {
        for Reel { name, bytes, .. } in &deletion.reels {
            page.point(Role::Strong, &format!("{name}  {}", wording::bytes(*bytes)));
        }
    }
    let lines = u16::try_from(page.len()).unwrap_or(u16::MAX);
    let is_read = page.draw(canvas, rows.take(lines), &deletion.scroll);
    // close below the words, where the eye is
    let mut keys = Rows::of(Rect { y: (rows.rest().y + 1).min(keys.y), ..keys });
    for (role, words) in how.into_iter().take(usize::from(keys.left()).saturating_sub(1)) {
        canvas.pen(keys.line()).put(role, &words);
    }
    let field = keys.line();
    let mut pen = canvas.pen(field);
    pen.put(Role::Accent, "› ");
    field::confirm(&mut pen, &deletion.typed, deletion.is_typed());
    canvas.shows(field, is_read.then(|| Sight::of(&deletion.runs(shared))));
}

fn nothing(library: &Library, shared: &Shared, canvas: &mut Canvas, rows: &mut Rows) {
    if library.reels.is_empty() {
        canvas.pen(rows.line()).skip(2).put(Role::Text, "nothing is published here yet");
        let says = |action, words: &str| shared.keys.says(Table::Library, action, words);
        let back = shared.keys.key(Table::Library, &Action::Back);
        let looks = says(&Action::Target, "looks elsewhere");
        let words = format!("{back}, then Publish a video, makes the first; {looks}");
        let width = usize::from(rows.rest().width).saturating_sub(2);
        for (role, words) in wrapped(Role::Dim, &words, width) {
            canvas.pen(rows.line()).skip(2).put(role, &words);
        }
    } else {
        canvas.pen(rows.line()).skip(2).put(Role::Dim, "nothing matches");
    }
}

fn columns(width: u16) -> &'static [(&'static str, usize)] {
    let room = usize::from(width).saturating_sub(NAME_LEAST);
    let shown =
        (0..=COLUMNS.len()).rev().find(|shown| COLUMNS[..*shown].iter().map(|(_, width)| width).sum::<usize>() <= room);
    &COLUMNS[..shown.unwrap_or_default()]
}

fn line(
    reel: &Reel,
    (shared, jobs): (&Shared, &Jobs),
    (matched, marked): (&[u32], bool),
    columns: &[(&str, usize)],
    canvas: &mut Canvas,
    (line, selected, at): (Rect, bool, usize),
) {
    let wall = canvas.wall;
    let mut pen = row(canvas, line, selected, at);
    let age = reel.published.and_then(|published| wall.duration_since(published).ok()).map(wording::ago);
    let check = |generation| shared.memory.check(&shared.place, &reel.name, generation);
    let check = reel.generation.and_then(check).map(|check| {
        let sign = if check.ok == check.of { "✔" } else { "✖" };
        let ago = wall.duration_since(check.at).map(wording::ago).unwrap_or_default();
        format!("{sign} {}/{} {ago}", check.ok, check.of)
    });
    let texts = [
        reel.duration.map(wording::clock).unwrap_or_default(),
        wording::bytes(reel.bytes),
        age.unwrap_or_else(|| if reel.orphan { UNFINISHED } else { "" }.to_owned()),
        check.unwrap_or_else(|| "not yet".to_owned()),
        reel.chunks.to_string(),
    ];
    let cells: String = columns.iter().zip(&texts).map(|((_, width), text)| pad(text, *width)).collect();
    pen.right(Role::Dim, &cells);
    if marked {
        pen.put(Role::Accent, "✔ ");
    }
    let role = if selected { Role::Strong } else { Role::Text };
    let told = match jobs.busy_with(&shared.place, &reel.name) {
        Some(job) => format!("  {}", doing(job)),
        None if reel.orphan && !columns.iter().any(|(title, _)| *title == "age") => format!("  ! {UNFINISHED}"),
        None => reel.lack.map(|lack| format!("  ! {}", lack.short())).unwrap_or_default(),
    };
    let name = text::fit(reel.name.as_str(), pen.room().saturating_sub(text::width(&told)).max(NAME_SHORTEST));
    for (number, character) in (0u32..).zip(name.chars()) {
        let role = if matched.binary_search(&number).is_ok() { Role::Matched } else { role };
        pen.put(role, character.encode_utf8(&mut [0; 4]));
    }
    pen.put(Role::Warn, &told);
}

fn doing(job: &Job) -> &'static str {
    match job.kind() {
        Kind::Publishing => "● being published",
        Kind::Retitle => "● gets a title",
        _ if job.is_queued() => "○ waits to be deleted",
        _ => "● being deleted",
    }
}

fn pad(text: &str, width: usize) -> String {
    // the columns stay apart whatever is in them
    format!("{}{text}", " ".repeat(width.saturating_sub(text::width(text)).max(1)))
}
