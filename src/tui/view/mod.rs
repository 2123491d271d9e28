//! How screens look: functions from state to cells. They change nothing but what drawing alone can know (how far a
//! list is scrolled, where things can be clicked).

mod asked;
mod done;
mod home;
mod library;
mod overlay;
mod publishing;
mod queue;
mod reel;
mod removal;
mod review;
mod settings;
mod video;

use ratatui::{Frame, layout::Rect};

use super::{
    app::App,
    chosen::Planned,
    job::{Job, Kind, Run},
    keymap::Binding,
    overlay::Overlay,
    screen::Screen,
    shared::{Connection, account_words, where_words},
    sight::Sight,
    terminal::theme::Role,
    widget::{
        canvas::{Canvas, Pen, Rows, inset},
        text,
    },
};

/// Below this there is no room for any screen.
const LEAST_WIDTH: u16 = 24;
const LEAST_HEIGHT: u16 = 6;

const STEPS: [&str; 5] = ["Video", "Settings", "Review", "Publish", "Done"];

pub(super) fn draw(app: &mut App, frame: &mut Frame) {
    let area = frame.area();
    let mut canvas = Canvas::new(frame.buffer_mut(), app.theme, app.shared.now, app.shared.wall);
    if area.width < LEAST_WIDTH || area.height < LEAST_HEIGHT {
        let words = text::wrap("zipreel: this window is too small", usize::from(area.width));
        for (words, line) in words.into_iter().zip(area.rows()) {
            canvas.pen(line).put(Role::Dim, &words);
        }
    } else {
        screen(app, &mut canvas, area);
    }
    let seen = canvas.drawn;
    if let Some(cursor) = seen.cursor {
        frame.set_cursor_position(cursor);
    }
    app.drawn = seen;
    // what was in sight when the keys were called up may be done from there, and nothing that came since
    if !matches!(app.overlay, Some(Overlay::Palette(_))) {
        app.shared.sights.drawn(std::mem::take(&mut app.drawn.shown), app.shared.now);
    }
}

fn screen(app: &App, canvas: &mut Canvas, area: Rect) {
    let airy = area.height >= 16;
    let mut rows = Rows::of(area);
    header(app, canvas, rows.line());
    if airy {
        canvas.rule(rows.line());
    }
    let said = said(app, area.width);
    // a word takes the rule's place, and as many lines above it as it needs
    let said_lines = u16::try_from(said.len()).unwrap_or(u16::MAX).min(area.height / 3);
    let bottom = rows.take_last(1 + said_lines.max(u16::from(airy)));
    let body = inset(rows.rest(), 1, 0);
    top(app, canvas, body);
    if app.overlay.is_some() {
        // what lies below can't be clicked, typed into or started
        canvas.drawn.hits.clear();
        canvas.drawn.shown.clear();
        canvas.drawn.cursor = None;
        canvas.drawn.links.clear();
        overlay::draw(app, canvas, body);
    }
    footer(app, said, canvas, bottom);
}

fn top(app: &App, canvas: &mut Canvas, body: Rect) {
    let (shared, jobs) = (&app.shared, &app.jobs);
    match app.top() {
        Screen::Home(home) => home::draw(home, shared, jobs, canvas, body),
        Screen::Video(picker) => video::draw(picker, shared, app.overlay.is_some(), canvas, body),
        Screen::Source(source) => video::draw(&source.picker, shared, app.overlay.is_some(), canvas, body),
        Screen::Settings(settings) => settings::draw(settings, shared, canvas, body),
        Screen::Review(review) => {
            let run = |planned: &Planned| Run::Publish(Box::new(planned.order.clone()));
            let runs: Vec<_> = review.planned.iter().map(run).collect();
            canvas.shows(body, Some(Sight::of(&runs)));
            review::draw(review, shared, canvas, body);
        }
        Screen::Publishing(publishing) => {
            if let Some(job) = jobs.get(publishing.job) {
                publishing::draw(publishing, job, shared, jobs, canvas, body);
            }
        }
        Screen::Queue(queue) => queue::draw(queue, shared, jobs, canvas, body),
        Screen::Removal(removal) => {
            if let Some(job) = jobs.get(removal.job) {
                removal::draw(removal, job, shared, canvas, body);
            }
        }
        Screen::Library(library) => library::draw(library, shared, jobs, canvas, body),
        Screen::Reel(reel) => reel::draw(reel, shared, jobs, canvas, body),
    }
}

fn header(app: &App, canvas: &mut Canvas, line: Rect) {
    let mut pen = canvas.pen(line);
    pen.skip(1).put(Role::Accent, "zipreel").skip(2).margin(1);
    // the steps, and beside them at least the target
    let whole = pen.room() >= 67;
    let job = app.shown_job();
    match app.top() {
        Screen::Home(_) => {}
        Screen::Library(_) => {
            pen.put(Role::Strong, "Library");
        }
        Screen::Reel(reel) => {
            pen.put(Role::Dim, "Library ─ ").put(Role::Strong, reel.name.as_str());
        }
        Screen::Source(source) => {
            pen.put(Role::Dim, &format!("Repair {} ─ ", source.reel)).put(Role::Strong, "choose its original video");
        }
        Screen::Removal(_) => {
            let what = job.map(|job| job.reel().to_string()).unwrap_or_default();
            pen.put(Role::Dim, "Delete ─ ").put(Role::Strong, &what);
        }
        Screen::Queue(queue) => {
            pen.put(Role::Strong, if queue.kind == Kind::Deletion { "Deletions" } else { "All videos" });
        }
        Screen::Video(_) => steps(&mut pen, 0, whole),
        Screen::Settings(_) => steps(&mut pen, 1, whole),
        Screen::Review(_) => steps(&mut pen, 2, whole),
        Screen::Publishing(_) => {
            steps(&mut pen, if job.is_some_and(|job| job.published().is_some()) { 4 } else { 3 }, whole);
        }
    }
    let room = pen.room();
    let place = match app.top() {
        Screen::Publishing(_) | Screen::Removal(_) => job.map(|job| job_place(job, room)).unwrap_or_default(),
        Screen::Queue(_) => String::new(),
        Screen::Reel(reel) => {
            let at = app.shared.account_at(&reel.place).map(|account| &account.at);
            shorter(where_words(&reel.place, at), room)
        }
        _ => place(app, room),
    };
    pen.right(Role::Dim, &place);
}

/// Where a job works, which may be elsewhere than what is chosen now.
fn job_place(job: &Job, room: usize) -> String {
    shorter(where_words(job.run.place(), job.run.at()), room)
}

/// The beginning that fits, part by part.
fn shorter(words: String, room: usize) -> String {
    let mut words = words;
    while text::width(&words) + 1 >= room {
        let Some((shorter, _)) = words.rsplit_once(" · ") else { break };
        words = shorter.to_owned();
    }
    words
}

fn steps(pen: &mut Pen, at: usize, whole: bool) {
    if !whole {
        pen.put(Role::Strong, &format!("{}/5 {}", at + 1, STEPS[at]));
        return;
    }
    for (number, name) in STEPS.iter().enumerate() {
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
    let failed = matches!(shared.connection, Connection::Failed(_)).then(|| shared.unconnected().to_owned());
    let region = shared.known_region().filter(|_| !shared.is_local()).map(str::to_owned);
    let whole: Vec<_> = [Some(target.clone()), account.or(asking).or(failed), region].into_iter().flatten().collect();
    let whole = whole.join(" · ");
    if text::width(&whole) < room { whole } else { target }
}

/// What is said at the bottom, in lines.
fn said(app: &App, width: u16) -> Vec<String> {
    let leaving = app.leaving_words();
    let words = leaving.as_ref().or(app.said.as_ref());
    words.map(|words| text::wrap(words, usize::from(width.saturating_sub(5)))).unwrap_or_default()
}

fn footer(app: &App, said: Vec<String>, canvas: &mut Canvas, area: Rect) {
    let mut rows = Rows::of(area);
    let line = rows.take_last(1);
    let above = rows.rest();
    let one = said.len() == 1;
    if said.is_empty() || one && area.width >= 60 {
        canvas.rule(above);
    }
    for (number, (words, line)) in said.iter().zip(above.rows()).enumerate() {
        let mut pen = canvas.pen(line);
        pen.skip(1).put(Role::Accent, if number == 0 { " › " } else { "   " }).put(Role::Text, words);
        pen.put(Role::Text, " ");
    }
    let glyphs = canvas.theme.glyphs;
    let width = |binding: &Binding| text::width(&glyphs.of(&binding.label)) + 1 + text::width(&app.short(binding)) + 3;
    let room = usize::from(line.width.saturating_sub(1));
    let shown =
        app.shared.keys.footer(app.table(), room, |action| app.applies(action), |action| app.needs(action), width);
    let mut x = line.x + 1;
    for binding in shown {
        let width = u16::try_from(width(binding)).unwrap_or_default();
        let area = Rect { x, y: line.y, width, height: line.height };
        let area = area.intersection(line);
        canvas.pen(area).put(Role::Accent, &binding.label).skip(1).put(Role::Dim, &app.short(binding));
        canvas.clickable(Rect { width: area.width.saturating_sub(2), ..area }, binding.action.clone());
        x += width;
    }
}
