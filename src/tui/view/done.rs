//! Step 5: the links first and whole; a code for a phone beside them where there is room.

use ratatui::layout::Rect;

use crate::tui::{
    app::App,
    canvas::{Canvas, inset},
    theme::Role,
    widget::{amount, page::Page},
};

const COLUMN: usize = 11;

pub(super) fn draw(app: &App, canvas: &mut Canvas, area: Rect) {
    let Some(done) = &app.done else { return };
    let published = &done.published;
    let area = inset(area, u16::from(area.width > 60) * 2, u16::from(area.height >= 18));
    let mut text_area = area;
    if let Some(code) = &done.code {
        let size = code.size();
        // links stay on one line: only then the code stands beside them
        let longest = published.watch_url.len().max(published.playlist_url.len()) + COLUMN + 3;
        let beside = usize::from(area.width) >= longest + usize::from(size.width);
        if beside && area.height >= size.height {
            let place = Rect { x: area.right() - size.width, y: area.y, width: size.width, height: size.height };
            code.draw(canvas, place);
            text_area.width -= size.width + 3;
        } else if area.height >= size.height + 14 {
            let place = Rect { x: area.x + 2, y: area.bottom() - size.height, width: size.width, height: size.height };
            code.draw(canvas, place);
            text_area.height -= size.height + 1;
        }
    }
    let airy = text_area.height >= 14;
    let mut page = Page::new(text_area.width);
    let took = amount::span(published.elapsed);
    let live = format!("{} is live", published.reel);
    page.line([(Role::Ok, "✔ ".to_owned()), (Role::Strong, live), (Role::Dim, format!("   in {took}"))]);
    if airy {
        page.gap();
    }
    page.link("Watch", COLUMN, &published.watch_url);
    page.link("Playlist", COLUMN, &published.playlist_url);
    page.entry("", COLUMN, Role::Dim, "for VLC, mpv, Safari");
    page.entry("Copy", COLUMN, Role::Text, &app.shared.path_words(&published.playlist_copy));
    if airy {
        page.gap();
    }
    what_was_done(app, &mut page);
    page.draw(canvas, text_area, &done.scroll);
}

fn what_was_done(app: &App, page: &mut Page) {
    let Some(done) = &app.done else { return };
    let published = &done.published;
    let made = format!("{} and 1 index, {}", amount::count(published.chunks, "chunk"), amount::bytes(published.bytes));
    page.entry("Made", COLUMN, Role::Text, &made);
    let retries = match published.retries {
        0 => "no retries".to_owned(),
        1 => "1 retry".to_owned(),
        retries => format!("{retries} retries"),
    };
    let there = if published.sent_bytes < published.bytes { "; the rest was there already" } else { "" };
    let sent = format!("{}, {retries}{there}", amount::bytes(published.sent_bytes));
    page.entry("Sent", COLUMN, Role::Text, &sent);
    let checked = format!("{} of {} segments read back; k reads all", published.segments_checked, published.segments);
    page.entry("Checked", COLUMN, Role::Text, &checked);
    let account = app.shared.account();
    if let Some(storage) = account.and_then(|account| account.storage) {
        let used = storage.used.saturating_add(published.sent_bytes);
        let words = format!("{} of {} used in this Region", amount::bytes(used), amount::bytes(storage.limit));
        page.entry("Storage", COLUMN, Role::Text, &words);
    }
    if let Some(serving) = account.and_then(|account| account.serving.as_ref()) {
        page.entry("Serving", COLUMN, Role::Text, serving);
    }
}
