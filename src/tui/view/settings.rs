//! Step 2: a line a field, what is wrong beside it, and below what it all leads to.

use std::{borrow::Cow, time::Duration};

use ratatui::layout::Rect;
use tui_input::Input;

use crate::model::reel::index::Grain;
use crate::{
    model::{
        reel::{
            order::{OnDamage, Robots, WantedLoudness},
            region,
        },
        wording,
    },
    tui::{
        action::Action,
        backend::{Probe, Transcode, Wanted},
        chosen::Totals,
        effect::{Effect, thousand_views},
        keymap::Table,
        shared::{Connection, Shared, account_words},
        step::settings::{
            Field, Settings, is_taken,
            streams::{self, Part},
        },
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Rows, inset},
            field,
            line::{Problem, row, scrolled, wrapped},
            list::Cursor,
            page::Page,
            text,
        },
    },
};

const LABEL: usize = 16;
/// Cells in which a name is typed.
const TYPED_LEAST: usize = 12;
/// Fields in sight, whatever is told below them.
const FIELDS_LEAST: u16 = 3;

pub(super) fn draw(settings: &Settings, shared: &Shared, canvas: &mut Canvas, area: Rect) {
    let problems = settings.problems(shared);
    let area = inset(area, u16::from(area.width > 60) * 2, u16::from(area.height >= 18));
    let mut rows = Rows::of(area);
    if area.height >= 16 {
        let probes = || settings.videos.iter().map(|video| &video.chosen.probe);
        let duration = probes().map(|probe| probe.duration).sum();
        let bytes = probes().map(|probe| probe.bytes).sum();
        let what = match settings.videos.as_slice() {
            [one] => one.chosen.file_name(),
            several => wording::count(several.len() as u64, "video"),
        };
        let mut pen = canvas.pen(rows.line());
        pen.put(Role::Strong, &what).skip(3);
        pen.put(Role::Dim, &format!("{}   {}", wording::clock(duration), wording::bytes(bytes)));
        rows.line();
    }
    let (told, effect) = (told(settings, &problems, shared, area), effect(settings, shared, area.width));
    let told_height = u16::try_from(told.len()).unwrap_or(u16::MAX);
    let effect = told.followed_by(effect);
    let effect_height = u16::try_from(effect.len()).unwrap_or(u16::MAX);
    let fields = settings.fields(shared);
    let needed = u16::try_from(fields.len()).unwrap_or(u16::MAX);
    let gap = u16::from(rows.left() > needed + effect_height);
    // what is told stays in sight whole: the fields scroll instead
    let least = told_height.min(rows.left().saturating_sub(FIELDS_LEAST));
    let room_for_effect = rows.left().saturating_sub(needed + gap).min(effect_height).max(least);
    let bottom = rows.take_last(room_for_effect);
    if room_for_effect > 0 && gap > 0 && rows.left() > needed {
        let spare = rows.left() - needed;
        rows.take_last(spare.min(1));
    }
    let at = fields.iter().position(|field| *field == settings.focus).unwrap_or_default();
    let is_scrolled = scrolled(at, fields.len(), canvas, &mut rows);
    let cursor = Cursor::on(at);
    for number in cursor.window(fields.len(), usize::from(rows.left())) {
        let problem = problems.iter().find(|(field, _)| *field == fields[number]).map(|(_, problem)| problem.as_str());
        line(settings, shared, canvas, rows.line(), (number, fields[number]), problem);
    }
    // the effect follows the fields where there is room, so that the eye has no way to go
    let y = if is_scrolled { bottom.y } else { (rows.rest().y + gap).min(bottom.y) };
    let place = Rect { y, ..bottom };
    effect.draw_beginning(canvas, place);
}

fn line(
    settings: &Settings,
    shared: &Shared,
    canvas: &mut Canvas,
    line: Rect,
    (number, field): (usize, Field),
    problem: Option<&str>,
) {
    let selected = settings.focus == field;
    let beside = problem.filter(|problem| fits(settings, shared, field, &format!("✖ {problem}"), line.width));
    let mut pen = row(canvas, line, selected, number);
    let column = column(pen.room());
    let label = label(settings, field);
    let label = text::fit(&label, column - 1);
    pen.put(if selected { Role::Strong } else { Role::Dim }, &format!("{label:column$}"));
    match typed(settings, shared, field) {
        Some(input) => {
            pen.skip(2);
            let note = beside.map_or(0, |problem| text::width(problem) + 5);
            let room = pen.room().saturating_sub(note).max(TYPED_LEAST).min(pen.room().saturating_sub(4));
            field::draw(&mut pen, room, &input, Role::Text, selected);
            pen.put(Role::Dim, &suffix(settings, shared, field, &input));
        }
        None => {
            let (before, after) = marks(field);
            pen.put(if selected { Role::Accent } else { Role::Dim }, before);
            pen.put(Role::Text, &value(settings, shared, field));
            pen.put(if selected { Role::Accent } else { Role::Dim }, after);
        }
    }
    pen.skip(3);
    match beside.or(problem) {
        // the whole fault stands below
        Some(_) if field == Field::Target && matches!(shared.connection, Connection::Failed(_)) => {
            let words = shared.unconnected();
            let fits = text::width(words) + 2 <= pen.room();
            pen.put(Role::Fail, "✖ ").put(Role::Fail, if fits { words } else { "" })
        }
        Some(problem) if beside.is_some() => pen.put(Role::Fail, "✖ ").put(Role::Fail, problem),
        // told below
        Some(_) => pen.put(Role::Fail, "✖"),
        None => {
            let note = note(settings, shared, field);
            if text::width(&note) <= pen.room() { pen.put(Role::Dim, &note) } else { &mut pen }
        }
    };
}

/// The random letters that are added to a typed name.
fn suffix(settings: &Settings, shared: &Shared, field: Field, input: &Input) -> String {
    let Field::Name(number) = field else { return String::new() };
    let Some(Ok(reel)) = settings.reels(shared).into_iter().nth(number).filter(|_| settings.unlisted) else {
        return String::new();
    };
    let typed = input.value().trim_end_matches('-');
    let suffix = reel.as_str().strip_prefix(typed).unwrap_or_default();
    // a dash that was just typed is the suffix's own
    suffix.get(input.value().len() - typed.len()..).unwrap_or_default().to_owned()
}

/// Whether the words stand whole beside the field's value.
fn fits(settings: &Settings, shared: &Shared, field: Field, words: &str, width: u16) -> bool {
    let room = usize::from(width).saturating_sub(2);
    let column = column(room);
    let value = match typed(settings, shared, field) {
        Some(input) => {
            let suffix = suffix(settings, shared, field, &input);
            2 + (text::width(input.value()) + 1 + text::width(&suffix)).max(TYPED_LEAST)
        }
        None => {
            let (before, after) = marks(field);
            text::width(before) + text::width(&value(settings, shared, field)) + text::width(after)
        }
    };
    column + value + 3 + text::width(words) <= room
}

/// Cells of the labels.
fn column(room: usize) -> usize {
    if room < 50 { 14 } else { LABEL }
}

/// What is wrong, and what is to be known of the field with the focus, where it does not fit beside the fields.
fn told(settings: &Settings, problems: &[(Field, String)], shared: &Shared, area: Rect) -> Page {
    let width = area.width;
    let mut page = Page::new(width);
    let inside = usize::from(width).saturating_sub(2);
    let mut lines: Vec<(Role, String)> = Vec::new();
    for (field, problem) in problems {
        match &shared.connection {
            Connection::Failed(fault) if *field == Field::Target => {
                let fault = Problem::of(fault, inside).remedy(
                    &shared.keys.says(
                        Table::Settings,
                        &Action::Enter,
                        "tries again, once that is done in another terminal",
                    ),
                    inside,
                );
                let room = area.height.saturating_sub(FIELDS_LEAST);
                lines.extend(fault.lines(room.saturating_sub(u16::try_from(lines.len()).unwrap_or(room))));
            }
            _ if fits(settings, shared, *field, &format!("✖ {problem}"), width) => {}
            _ => lines.extend(wrapped(Role::Fail, &format!("✖ {}: {problem}", label(settings, *field)), inside)),
        }
    }
    let note = note(settings, shared, settings.focus);
    let has_problem = problems.iter().any(|(field, _)| *field == settings.focus);
    if !has_problem && !fits(settings, shared, settings.focus, &note, width) {
        lines.extend(wrapped(Role::Dim, &format!("{}: {note}", label(settings, settings.focus)), inside));
    }
    for (role, line) in lines {
        page.line([(Role::Text, "  ".to_owned()), (role, line)]);
    }
    page
}

fn typed(settings: &Settings, shared: &Shared, field: Field) -> Option<Input> {
    match field {
        Field::Name(number) => {
            let video = settings.videos.get(number)?;
            match settings.names(shared).into_iter().nth(number) {
                // one that made way for another is shown as it will be
                Some(Ok(name)) if !video.is_decided => Some(Input::new(name.to_string())),
                _ => Some(video.typed.clone()),
            }
        }
        Field::Title => Some(settings.title.clone()),
        _ => None,
    }
}

/// What stands around a value: whether it is changed in place, or picked from a list.
fn marks(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Target | Field::Region => ("▸ ", ""),
        Field::More => ("  ", ""),
        _ => ("◂ ", " ▸"),
    }
}

fn label(settings: &Settings, field: Field) -> Cow<'static, str> {
    let label = match field {
        Field::Name(number) if settings.videos.len() > 1 => {
            let file = settings.videos.get(number).map(|video| video.chosen.file_name()).unwrap_or_default();
            return text::clean(&file).into_owned().into();
        }
        Field::Length => "Segments",
        Field::Name(_) => "Name",
        Field::Part(_, Part::Video) => "Video",
        Field::Part(_, Part::Audio) => "Sound",
        Field::Part(_, Part::Subtitles) => "Subtitles",
        Field::Part(_, Part::Deinterlace) => "Deinterlace",
        Field::Part(_, Part::Compatible) => "Compatible",
        Field::Replace => "Replace",
        Field::Unlisted => "Hard to guess",
        Field::Target => "Publish to",
        Field::Region => "Region",
        Field::Transcode => "Convert",
        Field::More => "More",
        Field::Title => "Title",
        Field::Robots => "Search engines",
        Field::Loudness => "Loudness",
        Field::Damage => "If damaged",
        Field::Chunk => "Chunk size",
        Field::Parallel => "Uploads at once",
    };
    label.into()
}

fn value(settings: &Settings, shared: &Shared, field: Field) -> String {
    match field {
        Field::Length => format!("{} s", settings.length.as_secs_f64()),
        Field::Part(number, part) => of_video(settings, number, part, streams::value),
        Field::Replace => if settings.replace { "yes" } else { "no" }.to_owned(),
        Field::Unlisted => if settings.unlisted { "yes" } else { "no" }.to_owned(),
        Field::Target => shared.target_words(),
        Field::Region => match (shared.known_region(), &shared.connection) {
            (Some(region), _) => region,
            (None, Connection::Failed(_)) => "not chosen",
            (None, _) => "…",
        }
        .to_owned(),
        Field::Transcode if settings.transcode == Transcode::Auto => "yes".to_owned(),
        Field::Transcode => "not allowed yet".to_owned(),
        Field::More if settings.more => "▾".to_owned(),
        Field::More if settings.videos.len() > 1 => "▸ search engines, rarer settings".to_owned(),
        Field::More => "▸ title, search engines, rarer settings".to_owned(),
        Field::Robots => match settings.robots {
            Robots::Index => "may list it",
            Robots::Noindex => "leave it out",
        }
        .to_owned(),
        Field::Loudness => match settings.loudness {
            WantedLoudness::Nothing => "not measured",
            WantedLoudness::Measured => "measured",
            WantedLoudness::Normalized => "normalized",
        }
        .to_owned(),
        Field::Damage => match settings.on_damage {
            OnDamage::Ask => "ask",
            OnDamage::Accept => "publish what is there",
            OnDamage::Fail => "do not publish",
        }
        .to_owned(),
        Field::Chunk => format!("{} MiB", settings.chunk_mib),
        Field::Parallel => settings.parallel.map_or_else(|| "auto".to_owned(), |number| number.to_string()),
        Field::Name(_) | Field::Title => String::new(),
    }
}

fn note(settings: &Settings, shared: &Shared, field: Field) -> String {
    match field {
        Field::Length => length_note(settings),
        Field::Name(number) => {
            let is_taken = settings
                .reels(shared)
                .get(number)
                .is_some_and(|reel| reel.as_ref().is_ok_and(|reel| is_taken(reel, shared)));
            let free = if shared.names.is_some() { "✔ not taken" } else { "" };
            if is_taken { "replaces what is there" } else { free }.to_owned()
        }
        Field::Part(number, part) => of_video(settings, number, part, streams::note),
        Field::Replace if settings.replace => "viewers of the old one can go on for a day or more".to_owned(),
        Field::Replace => "yes: takes the place of the published one".to_owned(),
        Field::Transcode if settings.transcode == Transcode::Auto => "converts what players can't show".to_owned(),
        Field::Transcode => "yes: converts what players can't show".to_owned(),
        Field::Unlisted if settings.unlisted => "random letters are added to the link".to_owned(),
        Field::Unlisted if shared.is_private() => "not needed here: only this computer can watch".to_owned(),
        Field::Unlisted => "everyone who guesses the name can watch".to_owned(),
        Field::Target => match &shared.connection {
            Connection::Ready(account) => match &account.id {
                Some(id) => format!("account {}", account_words(id)),
                None => "imitates AWS on this computer".to_owned(),
            },
            _ => String::new(),
        },
        Field::Region => {
            let asks = matches!(shared.connection, Connection::Failed(_));
            let Some(region) = shared.known_region() else {
                return if asks { "choose one here" } else { "" }.to_owned();
            };
            let own = shared.profile().and_then(|profile| profile.region.as_deref()) == Some(region);
            let name = region::long_name(region).unwrap_or_default();
            if own { format!("{name} · as the profile says") } else { name.to_owned() }
        }
        Field::Title => "shown on the watch page".to_owned(),
        Field::Robots => "whether they may list the watch page".to_owned(),
        Field::Loudness if settings.loudness == WantedLoudness::Normalized => {
            "each track as loud as is usual on the web (-16 LUFS); converts the sound".to_owned()
        }
        Field::Loudness if settings.loudness == WantedLoudness::Measured => {
            "told after publishing; the sound stays as it is".to_owned()
        }
        Field::Loudness => "left as it is".to_owned(),
        Field::Damage => "videos that are cut off, or have parts missing".to_owned(),
        Field::Chunk => "the largest zip file".to_owned(),
        Field::Parallel if settings.parallel.is_none() => "as many as make it faster".to_owned(),
        _ => String::new(),
    }
}

/// How long segments get, where that is another length than was asked for, and why.
fn length_note(settings: &Settings) -> String {
    let asked = settings.length.as_secs_f64();
    let effects = settings.effects();
    let real = longest(&effects, |effect| effect.segment_length).as_secs_f64();
    // what ends before a segment is as long as asked is short by itself
    let fits = |effect: &Effect| {
        let rate = effect.segment_bytes as f64 / effect.segment_length.as_secs_f64().max(0.001);
        rate * asked <= settings.chunk_limit() as f64
    };
    let is_long = real > asked + 0.05;
    let is_full = real < asked - 0.05 && !effects.iter().all(fits);
    let why = if is_long { "the video can't be split elsewhere" } else { "a chunk holds no more" };
    let is_other = is_long || is_full;
    if is_other {
        format!("about {real:.1} s: {why}")
    } else {
        "parts a player loads; shorter: quicker jumps".to_owned()
    }
}

fn of_video(settings: &Settings, number: usize, part: Part, words: fn(Wanted, Part, &Probe) -> String) -> String {
    let video = settings.videos.get(number);
    video.map(|video| words(video.wanted, part, &video.chosen.probe)).unwrap_or_default()
}

fn longest(effects: &[Effect], time: fn(&Effect) -> Duration) -> Duration {
    effects.iter().map(time).max().unwrap_or_default()
}

/// What the settings lead to, live.
fn effect(settings: &Settings, shared: &Shared, width: u16) -> Page {
    let effects = settings.effects();
    let totals = Totals::of(&effects);
    let mut page = Page::new(width);
    let narrow = width < 50;
    let (column, watching) = if narrow { (16, "  Watching") } else { (LABEL + 4, "  Watching costs") };
    let zips = match totals.chunks {
        1 => "1 zip (a chunk)".to_owned(),
        chunks => format!("{chunks} zips (chunks)"),
    };
    let segments = wording::count(totals.segments, "segment");
    let gives = format!("{segments} in {zips}, {} in all", wording::bytes(totals.bytes));
    page.entry("  Makes", column, Role::Text, &gives);
    let seconds = longest(&effects, |effect| effect.start_up).as_secs_f64();
    page.entry("  A start takes", column, Role::Text, &format!("≈ {seconds:.1} s on a connection of 20 Mbit/s"));
    let jump = |grain| wording::wait(effects.iter().map(|effect| effect.longest_seek(grain)).max().unwrap_or_default());
    let has_pieces = effects.iter().any(Effect::has_pieces);
    let by_pieces =
        if has_pieces { format!("; {} by a second link, the Seek link", jump(Grain::Pieces)) } else { String::new() };
    page.entry("  A jump takes", column, Role::Text, &format!("up to {}{by_pieces}", jump(Grain::Segments)));
    if shared.is_local() {
        page.entry(watching, column, Role::Text, wording::FREE_HERE);
    } else {
        let (region, front, cdn) = (shared.region(), shared.front(), shared.cdn());
        for (line, price) in thousand_views(effects.iter(), region, front, cdn).iter().enumerate() {
            page.entry(if line == 0 { watching } else { "" }, column, Role::Text, price);
        }
    }
    page
}
