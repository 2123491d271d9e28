//! Step 3: the plan as a page of labelled lines; warnings, the notice and the start at its end.

use ratatui::layout::Rect;

use crate::{
    reel::{order::IfTaken, region},
    tui::{
        action::Action,
        backend::{Account, Fate, Target, Transcode},
        canvas::{Canvas, inset},
        shared::{Shared, account_words},
        step::review::Review,
        theme::Role,
        widget::{amount, page::Page},
    },
};

const COLUMN: usize = 14;

pub(super) fn draw(review: &Review, shared: &Shared, canvas: &mut Canvas, area: Rect) {
    let area = inset(area, u16::from(area.width > 60) * 2, u16::from(area.height >= 18));
    let mut page = Page::new(area.width);
    plan(review, shared, &mut page);
    page.gap();
    costs(review, shared, &mut page);
    for warning in review.warnings(shared) {
        page.entry("! careful", COLUMN, Role::Warn, &warning);
    }
    if let Some(question) = Review::notice(shared) {
        page.gap();
        notice(review, &question.text(), &mut page);
    }
    if area.height > 10 {
        page.gap();
        start(review, &mut page);
    }
    page.draw(canvas, area, &review.scroll);
}

fn plan(review: &Review, shared: &Shared, page: &mut Page) {
    let order = &review.order;
    let effect = &review.effect;
    page.entry("Publish", COLUMN, Role::Strong, order.reel.as_str());
    if order.if_taken == IfTaken::Replace {
        page.entry("Replaces", COLUMN, Role::Warn, "what has this name now, which is served for another day at least");
    }
    page.entry("From", COLUMN, Role::Text, &shared.path_words(&order.video));
    let account = shared.account();
    let to = match (&order.place.target, account.and_then(|account| account.id.as_deref())) {
        (Target::Local, _) => "the stand-in on this machine".to_owned(),
        (Target::Aws { .. }, id) => {
            let name = region::long_name(shared.region()).unwrap_or_default();
            let id = id.map(|id| format!("account {}, ", account_words(id))).unwrap_or_default();
            format!("{id}{} {name}", shared.region())
        }
    };
    page.entry("To", COLUMN, Role::Text, &to);
    let makes = format!(
        "{} ({}, {}) and 1 index",
        amount::count(effect.chunks, "chunk function"),
        amount::count(effect.segments, "segment"),
        amount::bytes(effect.bytes),
    );
    page.entry("Makes", COLUMN, Role::Text, &makes);
    for thing in account.into_iter().flat_map(|account| &account.setup) {
        page.entry("Once", COLUMN, Role::Text, thing);
    }
    streams(review, page);
    if let Some(sending) = review.sending(shared) {
        let basis = if shared.memory.uplink.is_some() { "at the speed of the last time" } else { "at 20 Mbit/s" };
        page.entry("Takes", COLUMN, Role::Text, &format!("about {} {basis}", amount::span(sending)));
    }
}

fn streams(review: &Review, page: &mut Page) {
    let copied = review.probe.streams.iter().filter(|stream| stream.fate == Fate::Copy).count();
    let re_encoded: Vec<_> = review
        .probe
        .streams
        .iter()
        .filter(|stream| matches!(stream.fate, Fate::Transcode(_)))
        .map(|stream| format!("{} ({})", stream.kind, stream.what))
        .collect();
    let copied = amount::count(copied as u64, "stream");
    let words = match review.order.cut.transcode {
        Transcode::Auto if !re_encoded.is_empty() => format!("{copied} copied; re-encoded: {}", re_encoded.join(", ")),
        _ => format!("{copied} copied as they are"),
    };
    page.entry("Streams", COLUMN, Role::Text, &words);
}

fn costs(review: &Review, shared: &Shared, page: &mut Page) {
    if review.order.place.target == Target::Local {
        page.entry("Costs", COLUMN, Role::Text, "nothing: no account, nothing leaves this machine");
        return;
    }
    let region = shared.region();
    page.entry("Keeping", COLUMN, Role::Text, "no published price: AWS bills no code storage");
    let players = amount::dollars(review.effect.million_in_players(region));
    page.entry("Watching", COLUMN, Role::Text, &format!("≈ {players} a million full views in VLC, mpv, Safari"));
    let relay = amount::dollars(review.effect.thousand_by_relay(region));
    let words = if !review.relay_is_a_choice(shared) {
        format!("relay on, in this account already, ≈ {relay} a thousand full views")
    } else if review.order.relay {
        format!("[x] relay on, ≈ {relay} a thousand full views")
    } else {
        format!("[ ] relay off; b turns it on, ≈ {relay} a thousand full views")
    };
    page.button(Action::Relay, [(Role::Dim, format!("{:COLUMN$}", "Browsers")), (Role::Text, words)]);
    if let Some(line) = shared.account().and_then(|account| storage(review, account)) {
        page.entry("Storage", COLUMN, Role::Text, &line);
    }
}

fn storage(review: &Review, account: &Account) -> Option<String> {
    let storage = account.storage?;
    let left = u64::try_from(review.storage_left(account)?).unwrap_or_default();
    Some(format!("{} of {} left after this", amount::bytes(left), amount::bytes(storage.limit)))
}

fn notice(review: &Review, text: &str, page: &mut Page) {
    for (number, line) in text.lines().enumerate() {
        let role = if number == 0 { Role::Warn } else { Role::Text };
        match line.strip_prefix("- ") {
            Some(point) => page.point(role, point),
            None => page.paragraph(role, 0, line),
        }
    }
    let (sign, words) = if review.acknowledged { ("[x] ", "acknowledged") } else { ("[ ] ", "a acknowledges this") };
    page.button(Action::Acknowledge, [(Role::Text, sign.to_owned()), (Role::Accent, words.to_owned())]);
}

fn start(review: &Review, page: &mut Page) {
    if review.acknowledged {
        page.button(Action::Enter, [(Role::Accent, "⏎ publish".to_owned())]);
    } else {
        page.line([(Role::Dim, "⏎ publishes once the notice is acknowledged".to_owned())]);
    }
}
