//! Step 5: the links first and whole; a code for a phone beside them where there is room.

use std::net::IpAddr;

use ratatui::layout::{Rect, Size};

use crate::model::reel::index::Grain;
use crate::{
    model::wording,
    tui::{
        action::Action,
        backend::Published,
        job::{Job, Run},
        keymap::Table,
        shared::Shared,
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Rows, inset},
            page::{Page, Scroll},
            qr, text,
        },
        words::no_relay,
    },
};

const COLUMN: usize = 11;

/// Beside the code, what was done still has to be readable.
const TEXT_LEAST: u16 = 46;
/// Between text and code.
const GAP: u16 = 3;

pub(super) fn draw(
    published: &Published,
    job: &Job,
    scroll: &Scroll,
    shared: &Shared,
    canvas: &mut Canvas,
    area: Rect,
) {
    let area = inset(area, u16::from(area.width > 60) * 2, u16::from(area.height >= 18));
    let airy = area.height >= 14;
    let mut page = links(published, job, shared, area.width, airy);
    let above = u16::try_from(page.len()).unwrap_or(u16::MAX);
    let code = canvas.theme.paper().filter(|_| is_for_others(&published.watch_url));
    let code = code.and_then(|_| qr::Code::of(&published.watch_url));
    let room = code.map(|code| {
        let size = code.size();
        (code, size)
    });
    let beside = |size: Size| area.width >= size.width + GAP + TEXT_LEAST && area.height >= size.height;
    match room {
        // links stay on one line: only where they do, the code stands beside them
        Some((code, size))
            if beside(size) && longest(published) + usize::from(size.width) < usize::from(area.width) =>
        {
            let text = Rect { width: area.width - size.width - GAP, ..area };
            let place = Rect { x: area.right() - size.width, width: size.width, ..area };
            let mut page = links(published, job, shared, text.width, airy);
            what_was_done(published, job, shared, &mut page);
            page.draw(canvas, text, scroll);
            code.draw(canvas, place);
        }
        Some((code, size)) if beside(size) && area.height >= above.saturating_add(size.height) => {
            let mut rows = Rows::of(area);
            page.draw(canvas, rows.take(above), &Scroll::default());
            let rest = rows.rest();
            let text = Rect { width: rest.width - size.width - GAP, ..rest };
            let place = Rect { x: rest.right() - size.width, width: size.width, ..rest };
            let mut page = Page::new(text.width);
            what_was_done(published, job, shared, &mut page);
            page.draw(canvas, text, scroll);
            code.draw(canvas, place);
        }
        _ => {
            what_was_done(published, job, shared, &mut page);
            page.draw(canvas, area, scroll);
        }
    }
}

/// Whether another machine, such as a phone, could open the link: not what is at home on this one alone.
fn is_for_others(link: &str) -> bool {
    let host = link.split_once("://").map_or(link, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    // an address of IPv6 stands in brackets, and has colons itself
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    match host.parse::<IpAddr>() {
        Ok(address) => !address.is_loopback() && !address.is_unspecified(),
        Err(_) => host != "localhost" && !host.ends_with(".localhost"),
    }
}

/// Cells of the longest link with its label, and a gap.
fn longest(published: &Published) -> usize {
    let seek = published.seek_url.as_ref().map_or(0, String::len);
    published.watch_url.len().max(published.playlist_url.len()).max(seek) + COLUMN + usize::from(GAP)
}

/// Who can't open the link, or can't play what it leads to.
fn limits(published: &Published, job: &Job, shared: &Shared) -> Option<String> {
    let place = job.run.place();
    let serving = shared.account_at(place).and_then(|account| account.serving.clone());
    serving.or_else(|| (!published.relay).then(|| no_relay(place)))
}

fn links(published: &Published, job: &Job, shared: &Shared, width: u16, airy: bool) -> Page {
    let mut page = Page::new(width);
    let took = wording::span(published.elapsed);
    let done = if matches!(job.run, Run::Repair(..)) { "repaired" } else { "published" };
    let live = format!("{} is {done}", published.reel);
    let took = format!("   in {took}");
    // the time that it took goes where there is no room for it
    let took = if text::width(&live) + text::width(&took) + 2 <= usize::from(width) { took } else { String::new() };
    page.line([(Role::Ok, "✔ ".to_owned()), (Role::Strong, live), (Role::Dim, took)]);
    if airy {
        page.gap();
    }
    let limits = limits(published, job, shared);
    let words = |grain| published.viewed.words(grain, published.costs.as_ref());
    let (playlist, seek) = match &published.seek_url {
        Some(seek) => (format!("VLC, mpv and others: {}", words(Grain::Segments)), Some(seek)),
        None => ("for VLC, mpv and other players".to_owned(), None),
    };
    let quicker = || format!("the same players: {}", words(Grain::Pieces));
    if airy {
        page.link("Watch", COLUMN, &published.watch_url);
        limits.iter().for_each(|limits| page.entry("", COLUMN, Role::Warn, limits));
        page.link("Playlist", COLUMN, &published.playlist_url);
        page.entry("", COLUMN, Role::Dim, &playlist);
        if let Some(seek) = seek {
            page.link("Seek", COLUMN, seek);
            page.entry("", COLUMN, Role::Dim, &quicker());
        }
    } else {
        // all links before what there is to say of them
        page.tight_link("Watch", COLUMN, &published.watch_url);
        page.tight_link("Playlist", COLUMN, &published.playlist_url);
        seek.iter().for_each(|seek| page.tight_link("Seek", COLUMN, seek));
        limits.iter().for_each(|limits| page.paragraph(Role::Warn, 0, limits));
        page.entry("Playlist", COLUMN, Role::Dim, &playlist);
        seek.iter().for_each(|_| page.entry("Seek", COLUMN, Role::Dim, &quicker()));
    }
    if airy {
        page.gap();
    }
    page
}

fn what_was_done(published: &Published, job: &Job, shared: &Shared, page: &mut Page) {
    let made = format!(
        "{} and an index of {}: {}",
        wording::count(published.chunks, "chunk"),
        if published.chunks == 1 { "it" } else { "them" },
        wording::bytes(published.bytes)
    );
    page.entry("Made", COLUMN, Role::Text, &made);
    let retries = match published.retries {
        0 => "no retries".to_owned(),
        retries => wording::count(retries, "retry"),
    };
    let there = if published.sent_bytes < published.bytes { "; the rest was there already" } else { "" };
    let sent = format!("{}, {retries}{there}", wording::bytes(published.sent_bytes));
    let label = if job.run.place().is_local() { "Stored" } else { "Sent" };
    page.entry(label, COLUMN, Role::Text, &sent);
    let reads = shared.keys.says(Table::Done, &Action::CheckDeep, "tests that all of it plays");
    let segments = wording::count(published.segments, "segment");
    let checked = format!("{} of {segments}, all good; {reads}", published.segments_checked);
    page.entry("Tested", COLUMN, Role::Text, &checked);
    if let Some(loudness) = published.loudness {
        page.entry("Loudness", COLUMN, Role::Text, &loudness.to_string());
    }
    for warning in &published.warnings {
        page.entry("! careful", COLUMN, Role::Warn, warning);
    }
    let account = shared.account_at(job.run.place());
    // what the stand-in imitates is no account's
    if let Some(storage) = account.and_then(|account| account.storage).filter(|_| !job.run.place().is_local()) {
        let words = format!("{} of the account's {} used", wording::bytes(storage.used), wording::bytes(storage.limit));
        page.entry("Storage", COLUMN, Role::Text, &words);
    }
    let more = shared.keys.says(Table::Done, &Action::CopyMenu, "copies any link, or HTML that shows it on a web page");
    page.entry("More", COLUMN, Role::Text, &more);
    // nobody else could play it
    if !job.run.place().is_local() {
        let saved = format!("{}, the playlist for a website of your own", shared.path_words(&published.playlist_copy));
        page.entry("Saved", COLUMN, Role::Text, &saved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_for_what_a_phone_can_open() {
        for here in ["http://127.0.0.1:8721/a/", "http://127.8.0.2/a/", "http://[::1]:8721/a/", "http://localhost:1/a/"]
        {
            assert!(!is_for_others(here), "{here}");
        }
        for there in
            ["https://k3.lambda-url.eu-west-1.on.aws/a/", "http://192.168.1.7:8721/a/", "http://[fd00::7]:1/a/"]
        {
            assert!(is_for_others(there), "{there}");
        }
    }
}
