//! The jobs of a publishing: a line a stage, and under the upload the chunks on their way.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::{
    model::{
        report::{
            board::{Job, JobState},
            event::{JobName, Unit},
        },
        wording,
    },
    tui::{
        action::Action,
        job::{Publishing, is_chunk},
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Pen, Rows},
            gauge, text,
        },
    },
};

/// Cells of a chunk's place when two stand side by side.
const CHUNK_LEAST: u16 = 44;
/// Cells of a gauge that shows something.
const GAUGE_LEAST: u16 = 8;

/// What is drawn: the course of a publishing, and where the cursor is.
#[derive(Clone, Copy)]
pub(in crate::tui) struct Shown<'a> {
    pub(in crate::tui) course: &'a Publishing,
    pub(in crate::tui) paused: bool,
    /// The publishing has failed, or was stopped: nothing of it goes on.
    pub(in crate::tui) over: bool,
    /// `None`: nothing of it can be chosen here.
    pub(in crate::tui) selected: Option<&'a JobName>,
}

/// Gives the lines used.
pub(in crate::tui) fn draw(shown: Shown, canvas: &mut Canvas, area: Rect) -> u16 {
    let jobs = shown.course.rows();
    let mut chunks: Vec<(usize, &JobName)> = jobs.iter().enumerate().filter(|(_, job)| is_chunk(job)).collect();
    if shown.over {
        // the one that the error names is in sight
        let failed =
            |name| matches!(shown.course.board.jobs.get(name).map(|job| &job.state), Some(JobState::Failed(..)));
        chunks.sort_by_key(|(_, name)| !failed(*name));
    }
    let stages = jobs.iter().enumerate().filter(|(_, job)| !is_chunk(job)).collect();
    let stages = in_sight(shown, stages, usize::from(area.height));
    let mut rows = Rows::of(area);
    let mut left_for_chunks = area.height.saturating_sub(u16::try_from(stages.len()).unwrap_or(u16::MAX));
    for (number, name) in stages {
        stage(shown, canvas, rows.line(), number, name);
        if *name == JobName::Upload {
            let lines = self::chunks(shown, canvas, rows.rest(), &chunks, left_for_chunks);
            rows.take(lines);
            left_for_chunks = 0;
        }
    }
    area.height - rows.left()
}

/// As many stages as fit: what goes on just now and what has the cursor first, what is done last.
fn in_sight<'a>(shown: Shown, mut stages: Vec<(usize, &'a JobName)>, room: usize) -> Vec<(usize, &'a JobName)> {
    let rank = |name: &JobName| match shown.course.board.jobs.get(name).map(|job| &job.state) {
        _ if *name == JobName::Upload => 0,
        _ if shown.selected == Some(name) => 1,
        None | Some(JobState::Queued) => 3,
        Some(state) if state.is_over() && !matches!(state, JobState::Failed(_)) => 4,
        Some(_) => 2,
    };
    while stages.len() > room {
        let Some(last) = (0..stages.len()).max_by_key(|at| rank(stages[*at].1)) else { break };
        stages.remove(last);
    }
    stages
}

/// A stage's sign: told by shape, coloured besides.
fn sign(shown: Shown, job: Option<&Job>) -> (Role, &'static str) {
    match job.map(|job| &job.state) {
        None | Some(JobState::Queued) => (Role::Dim, "○"),
        Some(state) if shown.over && !state.is_over() => (Role::Dim, "–"),
        Some(JobState::Running) if shown.paused => (Role::Warn, "‖"),
        Some(JobState::Running) => (Role::Accent, "●"),
        Some(JobState::Retrying { .. }) => (Role::Warn, "↻"),
        Some(JobState::Waiting(_)) => (Role::Warn, "!"),
        Some(JobState::Succeeded | JobState::Skipped(_)) => (Role::Ok, "✔"),
        Some(JobState::Failed(_)) => (Role::Fail, "✖"),
        Some(JobState::Cancelled) => (Role::Dim, "–"),
    }
}

fn select<'c, 'a>(shown: Shown, canvas: &'c mut Canvas<'a>, area: Rect, number: usize, name: &JobName) -> Pen<'c, 'a> {
    if shown.selected.is_some() {
        canvas.clickable(area, Action::Pick(number));
    }
    let ground = canvas.theme.row();
    let selected = shown.selected == Some(name);
    if selected {
        canvas.paint(area, ground);
    }
    let mut pen = canvas.pen(area);
    if selected {
        pen.under(ground);
    }
    pen
}

fn stage(shown: Shown, canvas: &mut Canvas, line: Rect, number: usize, name: &JobName) {
    let now = canvas.now;
    let job = shown.course.board.jobs.get(name);
    let (role, sign) = sign(shown, job);
    let label = label(name);
    let strong =
        !shown.over && matches!(job.map(|job| &job.state), Some(JobState::Running | JobState::Retrying { .. }));
    let clock = shown.course.clocks.get(name);
    let took = clock.map(|clock| clock.ended.unwrap_or(now).saturating_duration_since(clock.started));
    let over = job.is_some_and(|job| job.state.is_over());
    let gauge_width = line.width.saturating_sub(65).min(30);
    // a shorter one says less than its number
    let gauge_width = if gauge_width < GAUGE_LEAST { 0 } else { gauge_width };
    let gauge_at = line.x + 11 + 24;
    let gauge = Rect { x: gauge_at, width: gauge_width, ..line };
    let mut pen = select(shown, canvas, line, number, name);
    pen.put(role, sign).skip(1).put(if strong { Role::Strong } else { Role::Text }, &format!("{label:<8} "));
    if let Some(took) = took.filter(|_| over || gauge_width > 0) {
        pen.right(Role::Dim, &format!("{} {}", if over || shown.over { "in" } else { "for" }, wording::clock(took)));
    }
    match job.map(|job| &job.state) {
        Some(state) if shown.over && !state.is_over() && !matches!(state, JobState::Queued) => {
            pen.put(Role::Dim, &format!("stopped at {}", progress(shown, name)));
        }
        Some(JobState::Retrying { wait, cause, of }) => {
            let words = retry_words(shown, name, (*wait, cause, *of), now, pen.room());
            pen.put(Role::Warn, &words);
        }
        Some(JobState::Waiting(fault) | JobState::Failed(fault)) => {
            pen.put(Role::Fail, fault.reason());
        }
        Some(JobState::Skipped(why)) => {
            pen.put(Role::Dim, why);
        }
        Some(JobState::Running) if gauge_width > 0 => {
            let words = progress(shown, name);
            let ratio = ratio(shown, name, job);
            pen.put(Role::Text, &text::fit(&words, 23)).to(gauge.right() + 1);
            pen.put(Role::Text, &format!("{:5}  ", ratio.map(percent).unwrap_or_default()));
            pen.put(Role::Text, &speed(shown, name));
            gauge::draw(canvas, gauge, ratio, Role::Gauge);
        }
        Some(JobState::Running) => {
            let room = pen.room();
            pen.put(Role::Text, &in_words(shown, name, job, room));
        }
        Some(JobState::Succeeded) => {
            pen.put(Role::Dim, &progress(shown, name));
        }
        Some(JobState::Cancelled) => {
            pen.put(Role::Dim, "stopped");
        }
        None | Some(JobState::Queued) => {
            pen.put(Role::Dim, waits_for(name));
        }
    }
}

fn waits_for(name: &JobName) -> &'static str {
    match name {
        JobName::Pack => "waits for the first segments",
        JobName::Upload => "waits for the first chunk",
        JobName::Index => "waits for the uploads; then the links work",
        JobName::Verify => "waits for the index; then reads as a player does",
        _ => "waits",
    }
}

/// What a stage does, as people say it.
pub(in crate::tui) fn label(name: &JobName) -> String {
    match name {
        JobName::Probe => "Examine".to_owned(),
        JobName::Hash => "Read".to_owned(),
        JobName::Verify => "Test".to_owned(),
        name => capital(&name.words()),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn percent(ratio: f64) -> String {
    format!("{:>3.0} %", (ratio * 100.0).clamp(0.0, 100.0))
}

/// Percent, how much of how much, and how fast: the whole where it fits, and the shortest of each at least.
fn in_words(shown: Shown, name: &JobName, job: Option<&Job>, room: usize) -> String {
    let ratio = ratio(shown, name, job).map(percent).unwrap_or_default();
    let (long, speed) = (progress(shown, name), speed(shown, name));
    let middle = long.split("  ").next().unwrap_or_default();
    let short = middle.split(' ').next().filter(|number| number.contains('/')).unwrap_or(middle);
    let joined = |parts: [&str; 3]| parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
    let all = [long.as_str(), middle, short].map(|words| [ratio.as_str(), words, &speed]);
    let shortest = joined(all[2]);
    all.into_iter().map(joined).find(|words| text::width(words) <= room).unwrap_or(shortest)
}

/// What is done, in the words of the stage.
fn progress(shown: Shown, name: &JobName) -> String {
    let board = &shown.course.board;
    let planned = board.planned.as_ref();
    let of = |done: u32, all: Option<u32>, noun: &str| match all {
        Some(all) if all > done => format!("{done}/{all} {}", wording::plural(noun)),
        _ => wording::count(done, noun),
    };
    let over = |name: &JobName| board.jobs.get(name).is_some_and(|job| job.state.is_over());
    let chunks = if over(&JobName::Pack) { Some(board.chunks_packed) } else { planned.map(|planned| planned.chunks) };
    match name {
        // its segments are counted when they are packed, which is later
        JobName::Split if over(name) => {
            planned.map(|planned| format!("{} of video", wording::clock(planned.duration))).unwrap_or_default()
        }
        JobName::Split => of(board.segments_closed, planned.map(|planned| planned.segments), "segment"),
        JobName::Pack => of(board.chunks_packed, chunks, "chunk"),
        JobName::Upload => {
            let words = of(board.chunks_deployed, chunks, "chunk");
            format!("{words}  {}", wording::bytes(shown.course.bytes_through()))
        }
        name => match board.jobs.get(name) {
            Some(Job { unit, total: Some(total), count, .. }) => counted(*unit, count.get(), *total),
            _ => String::new(),
        },
    }
}

fn counted(unit: Unit, done: u64, total: u64) -> String {
    match unit {
        Unit::Bytes => format!("{} of {}", wording::bytes(done), wording::bytes(total)),
        Unit::MediaTime => {
            format!(
                "{} of {}",
                wording::clock(Duration::from_micros(done)),
                wording::clock(Duration::from_micros(total))
            )
        }
        Unit::Chunks => format!("{done}/{}", wording::count(total, "chunk")),
        Unit::Segments => format!("{done}/{}", wording::count(total, "segment")),
        Unit::Steps => format!("{done}/{total}"),
    }
}

fn ratio(shown: Shown, name: &JobName, job: Option<&Job>) -> Option<f64> {
    // the bytes on their way move more smoothly than the chunks that have arrived
    let to_send = shown.course.bytes_to_send();
    if *name == JobName::Upload && to_send > 0 {
        return Some(shown.course.bytes_through() as f64 / to_send as f64);
    }
    job.and_then(Job::ratio)
}

fn speed(shown: Shown, name: &JobName) -> String {
    let unit = shown.course.board.jobs.get(name).map(|job| job.unit);
    match (name, unit) {
        (JobName::Upload, _) => shown.course.throughput().map(wording::rate).unwrap_or_default(),
        (_, Some(Unit::Bytes)) => shown.course.rate(name).map(wording::rate).unwrap_or_default(),
        (_, Some(Unit::MediaTime)) => {
            shown.course.rate(name).map(|rate| format!("{:.0}× speed", rate / 1e6)).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// `too busy: attempt 3 of 8 in 1.2 s`: the code that came with it stands in the log.
fn retry_words(
    shown: Shown,
    name: &JobName,
    (wait, cause, of): (Duration, &str, u32),
    now: std::time::Instant,
    room: usize,
) -> String {
    let since = shown.course.clocks.get(name).and_then(|clock| clock.waiting).unwrap_or(now);
    let left = wait.saturating_sub(now.saturating_duration_since(since));
    let attempt = shown.course.board.jobs.get(name).map_or(0, |job| job.attempt);
    let cause = cause.split(": “").next().unwrap_or(cause);
    let again = wording::again(left, attempt, of);
    format!("{}: {again}", text::fit(cause, room.saturating_sub(text::width(&again) + 2)))
}

/// The sentence alone: the code that came with it stands below, whole.
fn without_code(reason: &str) -> &str {
    reason.split(" (4").next().unwrap_or(reason)
}

/// Chunks on their way, in one or two columns; those with something to say take a whole line. Gives the lines used.
fn chunks(shown: Shown, canvas: &mut Canvas, area: Rect, chunks: &[(usize, &JobName)], room: u16) -> u16 {
    let paired = area.width >= 2 * CHUNK_LEAST + 6;
    let plain = |name: &JobName| {
        matches!(
            shown.course.board.jobs.get(name).map(|job| &job.state),
            Some(JobState::Running | JobState::Queued) | None
        )
    };
    let mut chunks = chunks.to_vec();
    if chunks.len() > usize::from(room) {
        // what waits for the person is in sight, however many there are, and what has the cursor
        let waits = |name: &JobName| {
            let state = shown.course.board.jobs.get(name).map(|job| &job.state);
            matches!(state, Some(JobState::Waiting(_) | JobState::Failed(_)))
        };
        chunks.sort_by_key(|(_, name)| !(waits(name) || shown.selected == Some(*name)));
    }
    let mut used = 0;
    let mut queue = chunks.iter().peekable();
    while let Some((number, name)) = queue.next() {
        if used + 1 == room && queue.peek().is_some() {
            let more = queue.count() + 1;
            let line = Rect { y: area.y + used, height: 1, ..area };
            canvas.pen(line).skip(4).put(Role::Dim, &format!("and {more} more"));
            return used + 1;
        }
        if used >= room {
            break;
        }
        let line = Rect { x: area.x + 4, y: area.y + used, width: area.width.saturating_sub(4), height: 1 };
        let beside = (paired && plain(name)).then(|| queue.next_if(|(_, next)| plain(next))).flatten();
        if paired && plain(name) {
            let half = line.width / 2 - 1;
            chunk(shown, canvas, Rect { width: half, ..line }, *number, name);
            if let Some((number, name)) = beside {
                chunk(shown, canvas, Rect { x: line.x + half + 2, width: half, ..line }, *number, name);
            }
        } else {
            chunk(shown, canvas, line, *number, name);
        }
        used += 1;
    }
    used
}

fn chunk(shown: Shown, canvas: &mut Canvas, area: Rect, number: usize, name: &JobName) {
    let Some(job) = shown.course.board.jobs.get(name) else { return };
    let now = canvas.now;
    let JobName::Chunk { rendition, number: chunk } = name else { return };
    let label = format!("chunk {}", chunk.of(rendition));
    let amount_width = 16;
    let mut pen = select(shown, canvas, area, number, name);
    pen.put(Role::Dim, &label).skip(2);
    match &job.state {
        state if shown.over && !state.is_over() => {
            pen.put(Role::Dim, "– stopped");
        }
        JobState::Retrying { wait, cause, of } => {
            let words = retry_words(shown, name, (*wait, cause, *of), now, pen.room().saturating_sub(2));
            pen.put(Role::Warn, "↻ ").put(Role::Warn, &words);
        }
        JobState::Waiting(fault) => {
            pen.put(Role::Warn, "! ").put(Role::Warn, without_code(fault.reason()));
        }
        JobState::Failed(fault) => {
            pen.put(Role::Fail, "✖ ").put(Role::Fail, without_code(fault.reason()));
        }
        _ => {
            let sent = job.count.get();
            let words = match job.total {
                Some(total) if sent >= total => "awaits a reply".to_owned(),
                Some(total) => format!("{:.1}/{:.1} MiB", sent as f64 / 1_048_576.0, total as f64 / 1_048_576.0),
                None => wording::bytes(sent),
            };
            let start = pen.column();
            let room = area.right().saturating_sub(start);
            let width = room.saturating_sub(amount_width).min(24);
            pen.to(start + width + 1).put(Role::Text, &format!("{words:>14}"));
            if job.attempt > 1 {
                pen.put(Role::Warn, &format!("  attempt {}", job.attempt));
            }
            gauge::draw(canvas, Rect { x: start, width, ..area }, job.ratio(), Role::Gauge);
        }
    }
}
