//! A reel: facts, links, and the grid of its chunks.

use std::{collections::BTreeMap, time::Instant};

use ratatui::layout::Rect;

use crate::{
    model::{reel::name::RenditionId, wording},
    tui::{
        action::Action,
        backend::{Chunk, ChunkId, Decoding, Finding, Lack, ReelDetail},
        job::{End, Job, Jobs, Run, Stage},
        keymap::Table,
        shared::Shared,
        sight::Sight,
        step::reel::{ChunkCounts, Reel},
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Pen, Rows, inset},
            field, gauge,
            line::Problem,
            page::Page,
            text,
        },
        words::no_relay,
    },
};

const COLUMN: usize = 11;
/// Lines in which links and grid do not stand together.
const TIGHT: u16 = 14;
/// Lines above and below what a check that failed says: the title, and that there is more.
const HEAD: u16 = 3;

pub(super) fn draw(reel: &Reel, shared: &Shared, jobs: &Jobs, canvas: &mut Canvas, area: Rect) {
    let area = inset(area, u16::from(area.width > 60) * 2, u16::from(area.height >= 18));
    let mut rows = Rows::of(area);
    let title = reel.title.as_ref().map(|typed| (typed, rows.take_last(2)));
    let confirm = reel.confirm.is_some().then(|| {
        let height = 2 + u16::try_from(confirm_lines(reel, shared, area.width).len()).unwrap_or(1);
        rows.take_last(height.min(area.height))
    });
    match &reel.detail {
        None => {
            canvas.pen(rows.line()).put(Role::Dim, "reading what is in it…");
        }
        Some(Err(fault)) => {
            Problem::of(fault, usize::from(area.width)).draw(canvas, rows.rest());
        }
        Some(Ok(detail)) => known(reel, detail, shared, jobs, canvas, rows.rest()),
    }
    if let Some(area) = confirm {
        confirming(reel, shared, canvas, area);
    }
    if let Some((typed, area)) = title {
        let mut rows = Rows::of(area);
        canvas.rule(rows.line());
        let mut pen = canvas.pen(rows.line());
        pen.put(Role::Accent, "title ");
        let room = pen.room();
        field::draw(&mut pen, room, typed, Role::Text, true);
    }
}

/// Everything on one page, which scrolls.
fn known(reel: &Reel, detail: &ReelDetail, shared: &Shared, jobs: &Jobs, canvas: &mut Canvas, area: Rect) {
    let mut page = Page::new(area.width);
    let tight = area.height < TIGHT;
    page.line([(Role::Strong, detail.title.clone())]);
    // only a check that came to its end knows better, and not what an index is made of
    let knows = |check: &Job| matches!(check.end(), Some(End::Checked(_)));
    let is_told = |lack: &Lack| *lack == Lack::Interrupted || !reel.check(jobs).is_some_and(knows);
    let lack = reel.lack.filter(is_told);
    lack.iter().for_each(|lack| page.paragraph(Role::Warn, 0, &lacking(*lack)));
    let links = |page: &mut Page| {
        page.link("Watch", COLUMN, &detail.watch_url);
        if !detail.relay {
            page.entry("", COLUMN, Role::Warn, &no_relay(&reel.place));
        }
        page.link("Playlist", COLUMN, &detail.playlist_url);
        detail.seek_url.iter().for_each(|seek| page.link("Seek", COLUMN, seek));
    };
    // where there is little room, what is being found comes first
    let checked = reel.check(jobs).is_some();
    if !(tight && checked) {
        facts(reel, detail, shared, &mut page);
        page.gap();
        links(&mut page);
        page.gap();
    }
    let counts = reel.counts(jobs);
    let status = status(reel, shared, jobs, canvas.now, area);
    let is_told = !status.is_empty();
    for (role, words) in status {
        page.paragraph(role, 0, &words);
    }
    if reel.check(jobs).is_some_and(Job::is_active) {
        let done = f64::from(counts.ok + counts.missing + counts.differs);
        let width = area.width.min(60);
        let bar = gauge::bar(done / f64::from(counts.of.max(1)), width);
        let rest = "·".repeat(usize::from(width).saturating_sub(text::width(&bar)));
        page.line([(Role::Gauge, bar), (Role::Dim, rest)]);
    }
    if area.height > 12 && is_told {
        page.gap();
    }
    let findings = reel.findings(jobs);
    let otherwise = reel.was_right(shared, jobs).then_some(&Finding::Ok);
    grid(findings, otherwise, &detail.chunks, area, &mut page);
    legend(findings, otherwise.is_none(), usize::from(area.width), &mut page);
    if tight && checked {
        page.gap();
        links(&mut page);
        facts(reel, detail, shared, &mut page);
    }
    page.draw(canvas, area, &reel.scroll);
}

fn facts(reel: &Reel, detail: &ReelDetail, shared: &Shared, page: &mut Page) {
    let facts = &detail.reel;
    let mut parts = Vec::new();
    parts.extend(facts.duration.map(wording::clock));
    parts.push(wording::bytes(facts.bytes));
    parts.push(wording::count(detail.chunks.len() as u64, "chunk"));
    let published = facts.published.and_then(|at| shared.wall.duration_since(at).ok());
    parts.extend(published.map(|age| format!("published {}", wording::ago(age))));
    let check = facts.generation.and_then(|generation| shared.memory.check(&reel.place, &reel.name, generation));
    let checked = check.and_then(|check| shared.wall.duration_since(check.at).ok());
    parts.push(checked.map_or_else(|| "not checked yet".to_owned(), |age| format!("checked {}", wording::ago(age))));
    page.paragraph(Role::Dim, 0, &parts.join(" · "));
}

fn status(reel: &Reel, shared: &Shared, jobs: &Jobs, now: Instant, area: Rect) -> Vec<(Role, String)> {
    let (keys, counts) = (&shared.keys, reel.counts(jobs));
    let mut lines = Vec::new();
    if let Some(job) = jobs.busy_with(&reel.place, &reel.name) {
        lines.push((Role::Warn, format!("● {}", super::home::job_detail(job, usize::MAX).1)));
    }
    let Some(check) = reel.check(jobs) else {
        if reel.was_right(shared, jobs) {
            lines.push((
                Role::Ok,
                format!("✔ {} there and unchanged when it was checked", all_are(counts.of, ["was", "were"])),
            ));
        }
        let quick = keys.says(Table::Reel, &Action::Check, "checks that every chunk is there and unchanged");
        let deep = keys.says(Table::Reel, &Action::CheckDeep, "downloads all of it, and tests that it plays");
        lines.push((Role::Dim, format!("{quick}; {deep}")));
        return lines;
    };
    match &check.state {
        Stage::Ended(end) => lines.extend(ended(end, counts, area)),
        _ => lines.push((Role::Text, under_way(check, counts, now))),
    }
    if reel.is_damaged(jobs) {
        let words = "uploads again what is missing or changed, from the original video";
        lines.push((Role::Accent, keys.says(Table::Reel, &Action::Repair, words)));
    }
    lines.extend(reel.findings(jobs).map(bad).unwrap_or_default());
    lines
}

fn lacking(lack: Lack) -> String {
    let words = match lack {
        Lack::Interrupted => Lack::PUBLISH_AGAIN.to_owned(),
        Lack::Chunks { there, of } => {
            let (of, are) = (wording::count(of, "chunk"), wording::verb(there, ["is", "are"]));
            format!("{}: {there} of {of} {are} there", lack.short())
        }
    };
    format!("! {words}")
}

fn all_are(chunks: u32, verb: [&str; 2]) -> String {
    let [is, are] = verb;
    match chunks {
        1 => format!("its chunk {is}"),
        chunks => format!("all {chunks} chunks {are}"),
    }
}

/// Chunks with the same trouble.
struct Alike<'a> {
    sign: (Role, &'static str),
    what: &'a str,
    numbers: BTreeMap<&'a RenditionId, Vec<u32>>,
}

/// The numbers of the chunks that are not right, those with the same trouble in one line.
fn bad(findings: &BTreeMap<ChunkId, Finding>) -> Vec<(Role, String)> {
    let mut all: BTreeMap<u8, Vec<Alike>> = BTreeMap::new();
    for (id, finding) in findings {
        let (kind, what) = match finding {
            Finding::Missing => (0, "missing"),
            Finding::Differs(why) => (1, why.as_str()),
            Finding::Undecodable(_) => (2, "a part of it can't be played"),
            Finding::Errors(_) => (3, "plays with errors"),
            Finding::Ok | Finding::Reading(_) | Finding::Decoding => continue,
        };
        let kind = all.entry(kind).or_default();
        let at = kind.iter().position(|alike| alike.what == what).unwrap_or_else(|| {
            kind.push(Alike { sign: cell(Some(finding)), what, numbers: BTreeMap::new() });
            kind.len() - 1
        });
        kind[at].numbers.entry(&id.rendition).or_default().push(u32::from(id.number.get()));
    }
    all.into_values().flatten().map(Alike::line).collect()
}

impl Alike<'_> {
    /// `✖ chunks 3, 7-9: missing`
    fn line(self) -> (Role, String) {
        let Self { sign: (role, sign), what, numbers } = self;
        let chunks: usize = numbers.values().map(Vec::len).sum();
        // the number says all where there is one rendition, as nearly always
        let ranges = |(id, numbers): (&RenditionId, Vec<u32>)| match id.as_str() {
            "src" => wording::ranges(numbers),
            id => format!("{id}/{}", wording::ranges(numbers)),
        };
        let ranges: Vec<_> = numbers.into_iter().map(ranges).collect();
        let noun = if chunks == 1 { "chunk" } else { "chunks" };
        (role, format!("{sign} {noun} {}: {what}", ranges.join(", ")))
    }
}

fn under_way(check: &Job, counts: ChunkCounts, now: Instant) -> String {
    let ChunkCounts { ok, reading, decoding, of, .. } = counts;
    let deep = matches!(check.run, Run::Check { deep: true, .. });
    let how = if deep { "reading every byte, and testing that it plays" } else { "asking for every chunk" };
    let mut words = format!("{how}: {ok} of {} ok", wording::count(of, "chunk"));
    words.push_str(&format!(" · {} so far", wording::clock(now.saturating_duration_since(check.began))));
    if reading > 0 {
        words.push_str(&format!(" · {reading} being read"));
    }
    if decoding > 0 {
        words.push_str(&format!(" · {decoding} being tested"));
    }
    if let Some(said) = &check.said {
        words.push_str(&format!(" · ↻ {said}"));
    }
    words
}

fn ended(end: &End, counts: ChunkCounts, area: Rect) -> Vec<(Role, String)> {
    match end {
        End::Checked(report) => {
            let mut lines = Vec::new();
            if report.is_whole() {
                let all = all_are(report.chunks, ["is", "are"]);
                lines.push((Role::Ok, format!("✔ {all} there and unchanged")));
            } else {
                let ChunkCounts { ok, missing, differs, of, .. } = counts;
                let of = wording::count(of, "chunk");
                lines.push((Role::Fail, format!("✖ {ok} of {of} ok · {missing} missing · {differs} changed")));
                lines.extend(report.dark.map(|dark| (Role::Fail, format!("✖ {dark}"))));
            }
            lines.extend(report.decoding.iter().flat_map(decoded));
            lines
        }
        End::Failed(fault) => {
            let room = area.height.saturating_sub(HEAD);
            Problem::told("✖ ", Role::Fail, fault, usize::from(area.width)).lines(room)
        }
        _ => vec![(Role::Dim, "the check was stopped".to_owned())],
    }
}

fn decoded(decoding: &Decoding) -> Vec<(Role, String)> {
    let mut lines = Vec::new();
    let segments = wording::count(decoding.segments, "segment");
    let role = if decoding.undecodable().is_empty() { Role::Warn } else { Role::Fail };
    for sentence in decoding.sentences() {
        let sign = if sentence.decodes { ERRORS } else { UNDECODABLE };
        lines.push((role, format!("{sign} {}", sentence.words)));
    }
    lines.extend(decoding.doubt().map(|doubt| (Role::Dim, doubt.to_owned())));
    match &decoding.gave_up {
        None if lines.is_empty() => {
            let play = wording::verb(decoding.segments, ["plays", "play"]);
            lines.push((Role::Ok, format!("✔ {segments} {play} without an error")));
        }
        None => {}
        Some(why) => lines.push((Role::Warn, format!("! {segments} tested, not all: {why}"))),
    }
    lines
}

const ERRORS: &str = "▤";
const UNDECODABLE: &str = "▦";

/// A chunk's sign: told by shape, coloured besides.
fn cell(finding: Option<&Finding>) -> (Role, &'static str) {
    match finding {
        None => (Role::Dim, "□"),
        Some(Finding::Reading(_)) => (Role::Accent, "▨"),
        Some(Finding::Decoding) => (Role::Accent, "▷"),
        Some(Finding::Ok) => (Role::Ok, "■"),
        Some(Finding::Errors(_)) => (Role::Warn, ERRORS),
        Some(Finding::Undecodable(_)) => (Role::Fail, UNDECODABLE),
        Some(Finding::Missing) => (Role::Fail, "✖"),
        Some(Finding::Differs(_)) => (Role::Warn, "◪"),
    }
}

/// `otherwise`: drawn for a chunk that has no finding of its own.
fn grid(
    findings: Option<&BTreeMap<ChunkId, Finding>>,
    otherwise: Option<&Finding>,
    chunks: &[Chunk],
    area: Rect,
    page: &mut Page,
) {
    // two cells a chunk while they fit, one when there are many
    let wide = chunks.len() * 2 <= usize::from(area.width) * usize::from(area.height / 2).max(1);
    let step = if wide { 2 } else { 1 };
    let per_line = (usize::from(area.width) / step).max(1);
    // whole tens are easier to count
    let per_line = if wide && per_line > 10 { per_line / 10 * 10 } else { per_line };
    for chunks in chunks.chunks(per_line) {
        let sign = |chunk: &Chunk| {
            let (role, sign) = cell(findings.and_then(|findings| findings.get(&chunk.id)).or(otherwise));
            (role, if wide { format!("{sign} ") } else { sign.to_owned() })
        };
        page.line(chunks.iter().map(sign));
    }
}

fn legend(findings: Option<&BTreeMap<ChunkId, Finding>>, has_unchecked: bool, width: usize, page: &mut Page) {
    let always = [
        (Some(Finding::Ok), "ok"),
        (Some(Finding::Missing), "missing"),
        (Some(Finding::Differs(String::new())), "changed"),
        (Some(Finding::Reading(0)), "being read"),
        (None, "unchecked"),
    ];
    // what only a decoder finds is seldom there
    let decoded = [
        (Finding::Decoding, "being tested"),
        (Finding::Errors(String::new()), "plays with errors"),
        (Finding::Undecodable(String::new()), "a part can't be played"),
    ];
    let is_there = |sign: &Finding| {
        let found = findings.into_iter().flat_map(BTreeMap::values);
        found.into_iter().any(|found| std::mem::discriminant(found) == std::mem::discriminant(sign))
    };
    let decoded = decoded.into_iter().filter(|(sign, _)| is_there(sign)).map(|(sign, words)| (Some(sign), words));
    let always = always.into_iter().filter(|(sign, _)| has_unchecked || sign.is_some());
    let mut signs: Vec<_> = decoded.chain(always).collect();
    let cells = |words: &str| text::width(words) + 5;
    if signs.iter().map(|(_, words)| cells(words)).sum::<usize>() > width {
        // those that can be seen are explained first
        signs.sort_by_key(|(sign, _)| !sign.as_ref().is_some_and(is_there));
    }
    let mut spans = Vec::new();
    let mut left = width;
    for (finding, words) in signs {
        let (role, sign) = cell(finding.as_ref());
        let cells = cells(words);
        if left >= cells {
            left -= cells;
            spans.extend([(role, sign.to_owned()), (Role::Dim, format!(" {words}   "))]);
        }
    }
    page.line(spans);
}

/// What is deleted, from where, and what has to be typed.
fn confirm_lines(reel: &Reel, shared: &Shared, width: u16) -> Vec<String> {
    let asked = reel.deletion(shared).map(|(_, question)| question.text()).unwrap_or_default();
    text::wrap(&format!("{asked} To delete it, type its name: {}", reel.name), usize::from(width))
}

fn confirming(reel: &Reel, shared: &Shared, canvas: &mut Canvas, area: Rect) {
    let Some(typed) = &reel.confirm else { return };
    let mut rows = Rows::of(area);
    let field = rows.take_last(1);
    canvas.rule(rows.line());
    for line in confirm_lines(reel, shared, area.width) {
        canvas.pen(rows.line()).put(Role::Warn, &line);
    }
    let mut pen: Pen = canvas.pen(field);
    pen.put(Role::Accent, "name ");
    field::confirm(&mut pen, typed, typed.value() == reel.name.as_str());
    canvas.shows(field, reel.deletion(shared).map(|(run, _)| Sight::of(&vec![run])));
}
