//! Step 3: the plan as a page of labelled lines; warnings, the notice and the start at its end.

use ratatui::layout::Rect;

use crate::model::reel::index::Grain;
use crate::tui::effect::Effect;
use crate::{
    model::{
        reel::{order::IfTaken, region},
        wording,
    },
    tui::{
        action::Action,
        backend::{Account, Fate, Question, Transcode},
        chosen::{Planned, Totals},
        keymap::Table,
        shared::{Shared, account_words},
        step::review::Review,
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, inset},
            page::Page,
        },
    },
};

const COLUMN: usize = 14;

const REPLACES: &str = "what has this name now, which is served for another day at least";

pub(super) fn draw(review: &Review, shared: &Shared, canvas: &mut Canvas, area: Rect) {
    let area = inset(area, u16::from(area.width > 60) * 2, u16::from(area.height >= 18));
    let mut page = Page::new(area.width);
    let stale = review.stale(shared);
    if let Some(stale) = &stale {
        page.paragraph(Role::Fail, 0, &format!("! {stale}"));
        page.gap();
    }
    match review.planned.as_slice() {
        [one] => reel(one, shared, &mut page),
        several => reels(several, shared, &mut page),
    }
    plan(review, shared, &mut page);
    page.gap();
    costs(review, shared, &mut page);
    for warning in review.warnings(shared) {
        page.entry("! careful", COLUMN, Role::Warn, &warning);
    }
    if let Some(question) = Review::notice(shared) {
        page.gap();
        notice(review.is_acknowledged(shared), question, shared, &mut page);
    }
    if area.height > 10 {
        page.gap();
        let says = |action: &Action, words: &str| shared.keys.says(Table::Review, action, words);
        let words = match review.planned.len() {
            1 => says(&Action::Enter, "publish"),
            number => says(&Action::Enter, &format!("publish all {number}, one after another")),
        };
        if stale.is_some() {
            page.line([(Role::Dim, "this can't start: see above".to_owned())]);
        } else if review.is_acknowledged(shared) {
            page.button(Action::Enter, [(Role::Accent, words)]);
        } else {
            page.line([(Role::Dim, says(&Action::Enter, "publishes once the notice is acknowledged"))]);
        }
    }
    page.draw(canvas, area, &review.scroll);
}

/// The single video: a line for each thing.
fn reel(planned: &Planned, shared: &Shared, page: &mut Page) {
    let order = &planned.order;
    page.entry("Publish", COLUMN, Role::Strong, order.reel.as_str());
    if order.if_taken == IfTaken::Replace {
        page.entry("Replaces", COLUMN, Role::Warn, REPLACES);
    }
    page.entry("From", COLUMN, Role::Text, &shared.path_words(&order.video));
}

/// Several videos: a block for each, in the order in which they are published.
fn reels(planned: &[Planned], shared: &Shared, page: &mut Page) {
    for (number, planned) in planned.iter().enumerate() {
        let Planned { order, probe, .. } = planned;
        let label = if number == 0 { "Publish" } else { "" };
        let facts = format!(
            "{}. {} · {} · {}",
            number + 1,
            order.reel,
            wording::bytes(probe.bytes),
            wording::clock(probe.duration)
        );
        page.entry(label, COLUMN, Role::Strong, &facts);
        page.entry("", COLUMN, Role::Dim, &shared.path_words(&order.video));
        page.entry("", COLUMN, Role::Dim, &streams(planned));
        if order.if_taken == IfTaken::Replace {
            page.entry("", COLUMN, Role::Warn, &format!("replaces {REPLACES}"));
        }
    }
    page.gap();
}

/// Where it goes, and what that makes there.
fn plan(review: &Review, shared: &Shared, page: &mut Page) {
    let account = review.account.as_ref();
    let to = match (review.at(), review.is_local()) {
        (Some(at), false) => {
            let name = region::long_name(&at.region).unwrap_or_default();
            format!("account {}, {} {name}", account_words(&at.account), at.region)
        }
        _ => "the stand-in on this machine".to_owned(),
    };
    page.entry("To", COLUMN, Role::Text, &to);
    let Totals { segments, chunks, bytes } = review.totals;
    let indexes = match review.planned.len() {
        1 => "1 index".to_owned(),
        number => format!("{number} indexes"),
    };
    let makes = format!(
        "{} ({}, {}) and {indexes}",
        wording::count(chunks, "chunk function"),
        wording::count(segments, "segment"),
        wording::bytes(bytes),
    );
    page.entry("Makes", COLUMN, Role::Text, &makes);
    for thing in account.into_iter().flat_map(|account| &account.setup) {
        page.entry("Once", COLUMN, Role::Text, thing);
    }
    if let [one] = review.planned.as_slice() {
        page.entry("Streams", COLUMN, Role::Text, &streams(one));
        for (label, offer) in [("Video", &one.probe.video), ("Sound", &one.probe.audio)] {
            let words = |(_, what): &(u32, String)| Some(format!("{what}, {}", offer.why.as_ref()?));
            let chosen = offer.streams.iter().find(|(number, _)| Some(*number) == offer.chosen).and_then(words);
            chosen.iter().for_each(|words| page.entry(label, COLUMN, Role::Text, words));
        }
    }
    if let Some(sending) = review.sending(shared) {
        let basis = if shared.memory.uplink.is_some() { "at the speed of the last time" } else { "at 20 Mbit/s" };
        page.entry("Takes", COLUMN, Role::Text, &format!("about {} {basis}", wording::span(sending)));
    }
}

fn streams(planned: &Planned) -> String {
    let streams = &planned.probe.streams;
    let copied = streams.iter().filter(|stream| stream.fate == Fate::Copy).count();
    let re_encoded: Vec<_> = streams
        .iter()
        .filter(|stream| matches!(stream.fate, Fate::Transcode(_)))
        .map(|stream| format!("{} ({})", stream.kind, stream.what))
        .collect();
    let copied = wording::count(copied as u64, "stream");
    let texts = streams.iter().filter(|stream| stream.fate == Fate::Text && stream.kind == "subtitles").count();
    let texts = if texts > 0 { format!("; {texts} with subtitles, as WebVTT") } else { String::new() };
    match planned.order.cut.transcode {
        Transcode::Auto if !re_encoded.is_empty() => {
            format!("{copied} copied; re-encoded: {}{texts}", re_encoded.join(", "))
        }
        _ => format!("{copied} copied as they are{texts}"),
    }
}

fn costs(review: &Review, shared: &Shared, page: &mut Page) {
    if review.is_local() {
        page.entry("Costs", COLUMN, Role::Text, "nothing: no account, nothing leaves this machine");
        return;
    }
    let region = review.at().map_or(shared.region(), |at| at.region.as_str());
    let effects = || review.planned.iter().map(|planned| &planned.effect);
    page.entry("Keeping", COLUMN, Role::Text, "no published price: AWS bills no code storage");
    let million = |grain| wording::dollars(effects().map(|effect| effect.million_in_players(grain, region)).sum());
    let mut words = format!("≈ {} a million full views in VLC, mpv and other players", million(Grain::Segments));
    if effects().any(Effect::has_pieces) {
        words.push_str(&format!("; ≈ {} by index.seek.m3u8", million(Grain::Pieces)));
    }
    page.entry("Watching", COLUMN, Role::Text, &words);
    let relay = wording::dollars(effects().map(|effect| effect.thousand_by_relay(region)).sum());
    let words = if !review.relay_is_a_choice(shared) {
        format!("relay on, in this account already, ≈ {relay} a thousand full views")
    } else if review.relay() {
        format!("[x] relay on, ≈ {relay} a thousand full views")
    } else {
        let turns = shared.keys.says(Table::Review, &Action::Relay, "turns the relay on");
        format!("[ ] no: {turns}, ≈ {relay} a thousand full views")
    };
    page.button(Action::Relay, [(Role::Dim, format!("{:COLUMN$}", "Browsers")), (Role::Text, words)]);
    if let Some(line) = review.account.as_ref().and_then(|account| storage(review, account)) {
        page.entry("Storage", COLUMN, Role::Text, &line);
    }
}

fn storage(review: &Review, account: &Account) -> Option<String> {
    let storage = account.storage?;
    let left = u64::try_from(review.storage_left(account)?).unwrap_or_default();
    Some(format!("{} of {} left after this", wording::bytes(left), wording::bytes(storage.limit)))
}

fn notice(is_acknowledged: bool, question: &Question, shared: &Shared, page: &mut Page) {
    for (number, line) in question.text().lines().enumerate() {
        let role = if number == 0 { Role::Warn } else { Role::Text };
        match line.strip_prefix("- ") {
            Some(point) => page.point(role, point),
            None => page.paragraph(role, 0, line),
        }
    }
    let asks = || shared.keys.says(Table::Review, &Action::Acknowledge, "acknowledges this");
    let (sign, words) = if is_acknowledged { ("[x] ", "acknowledged".to_owned()) } else { ("[ ] ", asks()) };
    page.button(Action::Acknowledge, [(Role::Text, sign.to_owned()), (Role::Accent, words)]);
}
