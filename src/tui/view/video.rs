//! Step 1: files on the left, what is in the highlighted one on the right (below, where it is narrow).

mod said;

use std::path::Path;

use ratatui::layout::{Rect, Size};
use ratatui_image::protocol::Protocol;

use crate::{
    model::wording,
    tui::{
        action::Action,
        keymap::Table,
        shared::Shared,
        step::{
            rows::{GAP, Row},
            video::{Gathered, Video},
        },
        terminal::{picture, theme::Role},
        widget::{
            canvas::{Canvas, Rows, inset},
            field,
            line::{position, row, wrapped},
            list::Sort,
            text,
        },
        work::folder::{Entry, Kind},
    },
};
use said::{Said, said};

/// From here on the probe stands beside the files.
const BESIDE: u16 = 72;
/// Lines of a picture that still show something.
const PICTURE_LEAST: u16 = 4;
/// Lines for files, with their folder, whatever is told of one.
const FILES_LEAST: u16 = 4;
/// The same where what can be done about one would be cut.
const FILES_FEWEST: u16 = 2;

/// `covered`: something lies over the screen.
pub(super) fn draw(video: &Video, shared: &Shared, covered: bool, canvas: &mut Canvas, area: Rect) {
    if area.width >= BESIDE {
        let left = area.width * 9 / 20;
        let files_area = Rect { width: left, ..area };
        let probe_area = Rect { x: area.x + left + 3, width: area.width - left - 3, ..area };
        files(video, shared, canvas, files_area);
        for line in (Rect { x: area.x + left + 1, width: 1, ..area }).rows() {
            canvas.pen(line).put(Role::Line, "│");
        }
        beside(video, covered, canvas, probe_area);
    } else {
        let mut rows = Rows::of(area);
        let said = said(video, usize::from(area.width));
        // some files stay in sight; what is wrong with the one under the cursor takes the rest if it needs it
        let least = if area.height >= 10 { area.height / 3 } else { 1 };
        // what was said of named files stays too
        let told = u16::try_from(told(video, usize::from(area.width)).len().min(2)).unwrap_or_default();
        let most = if said.is_problem { area.height.saturating_sub(FILES_LEAST + told).max(least) } else { least };
        let is_filtered = video.filtering || !video.filter.value().is_empty();
        let fewest = FILES_FEWEST + told + u16::from(!video.choice.marked.is_empty()) + u16::from(is_filtered);
        let needed = said.least().saturating_add(1).min(area.height.saturating_sub(fewest));
        let most = if said.least() > 0 { most.max(needed) } else { most };
        let below = rows.take_last((said.height() + 1).clamp(least, most));
        files(video, shared, canvas, rows.rest());
        words(said, canvas, below);
    }
}

fn files(video: &Video, shared: &Shared, canvas: &mut Canvas, area: Rect) {
    let mut rows = Rows::of(area);
    let head = rows.line();
    let bottom = (video.filtering || !video.filter.value().is_empty()).then(|| rows.take_last(1));
    let marks = (!video.choice.marked.is_empty()).then(|| rows.take_last(1));
    let (before, folder) = match video.gathered.as_ref().map(Gathered::is_search) {
        None => ("", shared.path_words(&video.folder)),
        Some(true) => ("below ", shared.path_words(&video.folder)),
        Some(false) => ("recent videos", String::new()),
    };
    // as much as leaves room for some files
    let most = usize::from(rows.left().saturating_sub(2));
    for (role, line) in told(video, usize::from(area.width)).into_iter().take(most) {
        canvas.pen(rows.line()).put(role, &line);
    }
    let progress = video.gathered.as_ref().and_then(Gathered::progress).filter(|_| rows.left() > 3);
    for (role, line) in progress.into_iter().flat_map(|words| wrapped(Role::Dim, &words, usize::from(area.width))) {
        canvas.pen(rows.line()).put(role, &line);
    }
    let place = place(video, usize::from(rows.left()));
    let mut pen = canvas.pen(head);
    pen.right(Role::Dim, &place);
    let room = pen.put(Role::Dim, before).room();
    pen.put(Role::Dim, &text::fit_end(&folder, room));
    body(video, shared, canvas, &mut rows, area.width);
    if let Some(line) = marks {
        marked(video, shared, canvas, line);
    }
    if let Some(line) = bottom {
        let mut pen = canvas.pen(line);
        pen.put(Role::Accent, if video.gathered.is_some() { "find " } else { "filter " });
        let room = pen.room();
        field::draw(&mut pen, room, &video.filter, Role::Text, video.filtering);
    }
}

/// The files themselves, or why there are none.
fn body(video: &Video, shared: &Shared, canvas: &mut Canvas, rows: &mut Rows, width: u16) {
    match &video.listing {
        _ if video.gathered.as_ref().is_some_and(Gathered::is_under_way) && video.all_rows == 0 => {
            canvas.pen(rows.line()).skip(2).put(Role::Dim, "looking…");
        }
        _ if video.gathered.is_some() && video.rows.is_empty() => {
            let words = if video.all_rows == 0 { "nothing is there" } else { "nothing matches" };
            canvas.pen(rows.line()).skip(2).put(Role::Dim, words);
        }
        _ if video.gathered.is_some() => list(video, shared, canvas, rows),
        None => {
            canvas.pen(rows.line()).skip(2).put(Role::Dim, "reading…");
        }
        Some(Err(error)) => {
            for line in text::wrap(&format!("could not read this folder: {error}"), usize::from(width)) {
                canvas.pen(rows.line()).put(Role::Fail, &line);
            }
            let above = shared.keys.says(Table::Video, &Action::ParentFolder, "leads to the folder above");
            canvas.pen(rows.line()).put(Role::Accent, &above);
            // a named file may be there all the same
            list(video, shared, canvas, rows);
        }
        Some(Ok(_)) if video.rows.is_empty() => {
            canvas.pen(rows.line()).skip(2).put(Role::Dim, "nothing matches");
        }
        Some(Ok(listing)) => {
            list(video, shared, canvas, rows);
            if !listing.entries.iter().any(|entry| entry.kind == Kind::Video) && rows.left() > 1 {
                rows.line();
                let others = listing.entries.iter().filter(|entry| entry.kind == Kind::Other).count() as u64;
                let all = shared.keys.says(Table::Video, &Action::AllFiles, "shows all");
                let words = match video.table() {
                    Table::Video if others > 0 => {
                        format!("no video in this folder ({}; {all})", wording::count(others, "other file"))
                    }
                    _ => "no video in this folder".to_owned(),
                };
                for line in text::wrap(&words, usize::from(width.saturating_sub(2))).iter().take(rows.left().into()) {
                    canvas.pen(rows.line()).skip(2).put(Role::Dim, line);
                }
            }
        }
    }
}

/// How many are marked, how much that is, and what can be done with them.
fn marked(video: &Video, shared: &Shared, canvas: &mut Canvas, line: Rect) {
    let bytes = video.choice.marked.iter().map(|marked| marked.bytes).sum();
    let number = video.choice.marked.len();
    let mut pen = canvas.pen(line);
    pen.put(Role::Accent, &format!("{number} marked"));
    // what was pasted was not looked at yet
    if video.choice.marked.iter().all(|marked| marked.bytes > 0) {
        pen.put(Role::Text, &format!(" · {}", wording::bytes(bytes)));
    }
    let says = |action, words: &str| shared.keys.says(Table::Video, action, words);
    let [takes, unmarks] = if number == 1 { ["takes it", "unmarks it"] } else { ["takes them", "unmarks all"] };
    let (takes, unmarks) = (says(&Action::Enter, takes), says(&Action::UnmarkAll, unmarks));
    let hints = [format!("{takes}, {unmarks}"), unmarks, says(&Action::UnmarkAll, "unmarks")];
    // where letters are typed they unmark nothing
    let hints = if video.table() == Table::Video { &hints[..] } else { &[] };
    if let Some(hint) = hints.iter().find(|hint| text::width(hint) + 2 <= pen.room()) {
        pen.skip(2).put(Role::Dim, hint);
    }
}

/// What a file is wanted for, what was said of a named one, and which marked files can't be published.
fn told(video: &Video, width: usize) -> Vec<(Role, String)> {
    let mut lines: Vec<_> = video.wanted.iter().flat_map(|wanted| wrapped(Role::Accent, wanted, width)).collect();
    if let Some(word) = &video.word {
        lines.extend(wrapped(Role::Warn, &format!("! {}", text::clean(word)), width));
    }
    for (path, fault) in &video.choice.refused {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let why = fault.cause.as_ref().unwrap_or(&fault.what);
        let words = format!("✖ {} is left out: {why}", text::clean(&name));
        lines.extend(text::wrap(&words, width).into_iter().map(|line| (Role::Fail, line)));
    }
    lines
}

fn list(video: &Video, shared: &Shared, canvas: &mut Canvas, rows: &mut Rows) {
    let recent = video.rows.iter().take_while(|row| row.recent).count();
    // a heading above each part, when there are two and room for them
    let headed = recent > 0 && usize::from(rows.left()) > recent + 6;
    let headings = if headed { 2 } else { 0 };
    let window = video.cursor.window(video.rows.len(), usize::from(rows.left().saturating_sub(headings)));
    for at in window {
        if headed && at == 0 {
            canvas.pen(rows.line()).put(Role::Dim, "recent");
        }
        if headed && at == recent {
            canvas.pen(rows.line()).put(Role::Dim, "this folder");
        }
        entry(video, shared, canvas, rows.line(), at);
    }
}

fn entry(video: &Video, shared: &Shared, canvas: &mut Canvas, line: Rect, at: usize) {
    let entry_row = &video.rows[at];
    let entry = &entry_row.entry;
    let known = video.probes.get(&entry.path).and_then(|probe| probe.as_ref().ok());
    let selected = at == video.cursor.at && !video.is_held;
    let mut pen = row(canvas, line, selected, at);
    if entry.kind.is_file() && pen.room() > 24 {
        let bytes = known.map_or(entry.bytes, |probe| probe.bytes);
        let size = if bytes > 0 { wording::bytes(bytes) } else { String::new() };
        let (duration, column) = match video.sort {
            Sort::Newest => (age(entry, shared), 12),
            _ => (known.map(|probe| wording::clock(probe.duration)).unwrap_or_default(), 9),
        };
        // the length stands beside it anyway; the name needs the room more
        let is_wide = pen.room() > 40;
        let words = match (entry.kind == Kind::Other, is_wide) {
            (false, true) => format!("{size:>8}{duration:>column$}"),
            (true, true) => format!("{size:>8} {}", entry.other()),
            (true, false) => entry.other().to_owned(),
            (false, false) if video.sort == Sort::Newest => duration,
            (false, false) => format!("{size:>8}"),
        };
        pen.right(Role::Dim, &words);
    }
    if !video.choice.marked.is_empty() {
        let number = video.choice.number(&entry.path).map(|number| (number + 1).to_string());
        pen.put(Role::Accent, &format!("{:<3}", number.unwrap_or_default()));
    }
    name(&mut pen, entry_row, selected);
}

/// How long ago it was written, short.
fn age(entry: &Entry, shared: &Shared) -> String {
    let age = entry.modified.and_then(|modified| shared.wall.duration_since(modified).ok());
    age.map(wording::ago).unwrap_or_default()
}

/// In which order files are shown, where one is among them, and how many the filter leaves.
fn place(video: &Video, room: usize) -> String {
    let (number, all) = (video.rows.len(), video.all_rows);
    let is_filtered = !video.filter.value().is_empty();
    let at = if number == 0 { 0 } else { video.cursor.at + 1 };
    let position = if is_filtered && number < all {
        format!("{at}/{number} · {all} in all")
    } else {
        position(video.cursor.at, number, room)
    };
    // the usual order needs no words
    let order = if video.sort == Sort::Name { "" } else { video.sort.words() };
    [order, &position].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn name(pen: &mut crate::tui::widget::canvas::Pen, row: &Row, selected: bool) {
    let name = match row.entry.kind {
        Kind::Above => "..".to_owned(),
        Kind::Folder => format!("{}/", text::clean(&row.entry.name)),
        Kind::Video | Kind::Other => text::clean(&row.entry.name).into_owned(),
    };
    let role = match row.entry.kind {
        Kind::Video | Kind::Other if selected => Role::Strong,
        Kind::Video => Role::Text,
        Kind::Above | Kind::Folder | Kind::Other => Role::Dim,
    };
    // of a folder the end tells the most
    let beside = text::clean(&row.beside);
    let room = pen.room().saturating_sub(text::width(&name) + GAP.len());
    let whole = text::width(&beside) <= room;
    let beside = if beside.is_empty() { String::new() } else { format!("{GAP}{}", text::fit_end(&beside, room)) };
    let length = row.entry.name.chars().count();
    let shift = u32::try_from(length).unwrap_or(u32::MAX);
    runs(pen, role, &name, |number| row.matched.binary_search(&number).is_ok());
    runs(pen, Role::Dim, &beside, |number| whole && row.matched.binary_search(&(number + shift)).is_ok());
}

/// Runs of characters that matched, and of those that did not.
fn runs(pen: &mut crate::tui::widget::canvas::Pen, role: Role, text: &str, is_matched: impl Fn(u32) -> bool) {
    let mut run = String::new();
    let mut matched = false;
    for (number, character) in (0u32..).zip(text.chars()) {
        let now = is_matched(number);
        if now != matched && !run.is_empty() {
            pen.put(if matched { Role::Matched } else { role }, &run);
            run.clear();
        }
        matched = now;
        run.push(character);
    }
    pen.put(if matched { Role::Matched } else { role }, &run);
}

fn beside(video: &Video, covered: bool, canvas: &mut Canvas, area: Rect) {
    let Some(path) = video.highlighted_video() else {
        let mut lines = said(video, usize::from(area.width)).lines(area.height);
        if lines.is_empty() && area.height > 4 {
            lines.push((Role::Dim, "here you will see what is in a video".to_owned()));
        }
        let area = inset(area, 0, 1);
        for ((role, line), row) in lines.into_iter().zip(area.rows()) {
            canvas.pen(row).put(role, &line);
        }
        return;
    };
    let mut rows = Rows::of(area);
    let said = said(video, usize::from(area.width));
    // 16:9 in cells twice as high as wide
    let height = (area.width * 9 / 32).min(area.height.saturating_sub(said.height() + 1));
    if height >= PICTURE_LEAST && canvas.theme.draws_pictures() {
        let place = rows.take(height);
        picture(video, path, covered, canvas, place);
        rows.line();
    }
    for (role, line) in said.lines(rows.left()) {
        canvas.pen(rows.line()).put(role, &line);
    }
}

fn picture(video: &Video, path: &Path, covered: bool, canvas: &mut Canvas, area: Rect) {
    let frame = video.frame.as_ref().filter(|(of, _)| of == path).map(|(_, frame)| frame);
    let size = Size::new(area.width, area.height);
    let painted = video.picture.as_ref().filter(|(of, _, _)| of == path);
    if let Some((_, painted_size, picture)) = painted {
        if *painted_size != size {
            canvas.drawn.picture = Some((path.to_owned(), size));
        }
        let fits = picture.size().width <= area.width && picture.size().height <= area.height;
        // pixels would shine through what lies over the screen; half blocks are text like it
        let covered = covered && !matches!(**picture, Protocol::Halfblocks(_));
        if fits && !covered {
            picture::draw(picture, canvas.theme, area, canvas.buffer);
            return;
        }
    }
    match frame {
        Some(Ok(_)) => canvas.drawn.picture = Some((path.to_owned(), size)),
        Some(Err(_)) => blank(canvas, area, "no picture"),
        None => blank(canvas, area, ""),
    }
}

fn blank(canvas: &mut Canvas, area: Rect, words: &str) {
    let ground = canvas.theme.row();
    canvas.paint(area, ground);
    let middle = Rect { y: area.y + area.height / 2, height: 1, ..area };
    let left = usize::from(area.width).saturating_sub(text::width(words)) / 2;
    canvas.pen(middle).under(ground).skip(left).put(Role::Dim, words);
}

fn words(said: Said, canvas: &mut Canvas, area: Rect) {
    let mut rows = Rows::of(area);
    if area.height > 2 {
        canvas.rule(rows.line());
    }
    for (role, line) in said.lines(rows.left()) {
        canvas.pen(rows.line()).put(role, &line);
    }
}
