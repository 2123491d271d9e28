//! How screens look: functions from state to cells. They change nothing but what drawing alone can know (how far a
//! list is scrolled, where things can be clicked).

mod done;
mod home;
mod library;
mod overlay;
mod publish;
mod reel;
mod review;
mod settings;
mod video;

use ratatui::{Frame, layout::Rect};

use super::{
    action::Action,
    app::{App, Screen},
    canvas::{Canvas, Pen, Rows, inset},
    keymap::Binding,
    shared::{Connection, account_words},
    theme::Role,
    widget::text,
};

/// Below this there is no room for any screen.
const LEAST_WIDTH: u16 = 24;
const LEAST_HEIGHT: u16 = 6;

const STEPS: [(Screen, &str); 5] = [
    (Screen::Video, "Video"),
    (Screen::Settings, "Settings"),
    (Screen::Review, "Review"),
    (Screen::Publish, "Publish"),
    (Screen::Done, "Done"),
];

pub(super) fn draw(app: &mut App, frame: &mut Frame) {
    let area = frame.area();
    let mut canvas = Canvas::new(frame.buffer_mut(), app.theme, app.shared.now, app.shared.wall);
    if area.width < LEAST_WIDTH || area.height < LEAST_HEIGHT {
        canvas.pen(area).put(Role::Dim, "zipreel: window too small");
    } else {
        screen(app, &mut canvas, area);
    }
    let seen = canvas.seen;
    if let Some(cursor) = seen.cursor {
        frame.set_cursor_position(cursor);
    }
    app.seen = seen;
}

fn screen(app: &App, canvas: &mut Canvas, area: Rect) {
    let airy = area.height >= 16;
    let mut rows = Rows::of(area);
    header(app, canvas, rows.line());
    if airy {
        canvas.rule(rows.line());
    }
    let bottom = rows.take_last(if airy { 2 } else { 1 });
    let body = inset(rows.rest(), 1, 0);
    match app.screen {
        Screen::Home => home::draw(app, canvas, body),
        Screen::Video => video::draw(app, canvas, body),
        Screen::Settings => settings::draw(app, canvas, body),
        Screen::Review => review::draw(app, canvas, body),
        Screen::Publish => publish::draw(app, canvas, body),
        Screen::Done => done::draw(app, canvas, body),
        Screen::Library => library::draw(app, canvas, body),
        Screen::Reel => reel::draw(app, canvas, body),
    }
    if app.overlay.is_some() {
        // what lies below can't be clicked or typed into
        canvas.seen.hits.clear();
        canvas.seen.cursor = None;
        overlay::draw(app, canvas, body);
    }
    footer(app, canvas, bottom);
}

fn header(app: &App, canvas: &mut Canvas, line: Rect) {
    let mut pen = canvas.pen(line);
    pen.skip(1).put(Role::Accent, "zipreel").skip(2).margin(1);
    // the steps, and beside them at least the target
    let whole = pen.room() >= 67;
    match app.screen {
        Screen::Home => {}
        Screen::Library => {
            pen.put(Role::Strong, "Library");
        }
        Screen::Reel => {
            pen.put(Role::Dim, "Library ─ ");
            pen.put(Role::Strong, app.reel.as_ref().map_or("", |reel| reel.name.as_str()));
        }
        step => steps(&mut pen, step, whole),
    }
    let place = place(app, pen.room());
    pen.right(Role::Dim, &place);
}

fn steps(pen: &mut Pen, current: Screen, whole: bool) {
    let at = STEPS.iter().position(|(screen, _)| *screen == current).unwrap_or_default();
    if !whole {
        pen.put(Role::Strong, &format!("{}/5 {}", at + 1, STEPS[at].1));
        return;
    }
    for (number, (_, name)) in STEPS.iter().enumerate() {
        if number > 0 {
            pen.put(Role::Line, " ─ ");
        }
        let role = match number.cmp(&at) {
            std::cmp::Ordering::Less => Role::Text,
            std::cmp::Ordering::Equal => Role::Strong,
            std::cmp::Ordering::Greater => Role::Dim,
        };
        pen.put(role, &format!("{} {name}", number + 1));
    }
}

/// Target, account and Region: as much as there is room for.
fn place(app: &App, room: usize) -> String {
    let shared = &app.shared;
    let target = shared.target_words();
    let account = shared.account().and_then(|account| account.id.as_deref()).map(account_words);
    let asking = matches!(shared.connection, Connection::Asking).then(|| "…".to_owned());
    let failed = matches!(shared.connection, Connection::Failed(_)).then(|| "not signed in".to_owned());
    let region = shared.region().to_owned();
    let whole: Vec<_> =
        [Some(target.clone()), account.or(asking).or(failed), Some(region)].into_iter().flatten().collect();
    let whole = whole.join(" · ");
    if text::width(&whole) < room { whole } else { target }
}

fn footer(app: &App, canvas: &mut Canvas, area: Rect) {
    let mut rows = Rows::of(area);
    let line = rows.take_last(1);
    let rule = rows.line();
    canvas.rule(rule);
    if let Some(said) = &app.said {
        let row = if rule.is_empty() { line } else { rule };
        let mut pen = canvas.pen(row);
        pen.skip(1).put(Role::Accent, " › ").put(Role::Text, said).put(Role::Text, " ");
        if rule.is_empty() {
            return;
        }
    }
    let table = app.table();
    let shown = table.footer(usize::from(line.width.saturating_sub(1)), |action| app.applies(action), footer_width);
    let mut x = line.x + 1;
    for binding in shown {
        let width = u16::try_from(footer_width(binding)).unwrap_or_default();
        let area = Rect { x, y: line.y, width, height: line.height };
        let area = area.intersection(line);
        canvas.pen(area).put(Role::Accent, binding.label).skip(1).put(Role::Dim, binding.short);
        canvas.clickable(Rect { width: area.width.saturating_sub(2), ..area }, binding.action.clone());
        x += width;
    }
}

fn footer_width(binding: &Binding) -> usize {
    text::width(binding.label) + 1 + text::width(binding.short) + 3
}

/// A line of a list: the cursor's mark, its ground, and what a click on it does.
fn row<'c, 'a>(canvas: &'c mut Canvas<'a>, line: Rect, selected: bool, number: usize) -> Pen<'c, 'a> {
    canvas.clickable(line, Action::Pick(number));
    let ground = canvas.theme.row();
    if selected {
        canvas.paint(line, ground);
    }
    let mut pen = canvas.pen(line);
    if selected {
        pen.under(ground).put(Role::Accent, "▌ ");
    } else {
        pen.skip(2);
    }
    pen
}

/// A fault as a small paragraph: what, why, what to do.
fn fault_lines(fault: &crate::reel::fault::Fault, width: usize) -> Vec<(Role, String)> {
    let what = text::wrap(&fault.to_string(), width).into_iter().map(|line| (Role::Fail, line));
    let hint = fault.hint.iter().flat_map(|hint| text::wrap(hint, width)).map(|line| (Role::Text, line));
    what.chain(hint).collect()
}
