//! Step 3: what has to be agreed to first, then the plan as a page of labelled lines, and the start at its end.

use ratatui::layout::Rect;

use crate::{
    model::{
        reel::{
            order::{IfTaken, WantedLoudness, WantedSubtitles},
            region,
        },
        wording,
    },
    tui::{
        action::Action,
        backend::{Account, Fate, Question, Transcode},
        chosen::{Planned, Totals},
        effect::{cdn_hint, thousand_views},
        keymap::Table,
        shared::{Shared, account_words},
        step::{
            review::Review,
            settings::streams::{Part, note, value},
        },
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, inset},
            page::Page,
        },
    },
};

const COLUMN: usize = 14;

const REPLACES: &str =
    "what has this name now: the link plays this one; the old one is kept a day or more for those who watch it";

pub(super) fn draw(review: &Review, shared: &Shared, canvas: &mut Canvas, area: Rect) {
    let area = inset(area, u16::from(area.width > 60) * 2, u16::from(area.height >= 18));
    let mut page = Page::new(area.width);
    let stale = review.stale(shared);
    if let Some(stale) = &stale {
        page.paragraph(Role::Fail, 0, &format!("! {stale}"));
        page.gap();
    }
    let question = Review::notice(shared);
    if let Some(question) = question.filter(|_| stale.is_none() && !review.is_acknowledged(shared)) {
        page = page.telling("the plan, the price");
        notice(question, shared, &mut page);
        page.gap();
    } else if !shared.is_local() {
        page = page.telling("the rest of the plan");
    }
    match review.planned.as_slice() {
        [one] => reel(one, shared, &mut page),
        several => reels(several, shared, &mut page),
    }
    to(review, shared, &mut page);
    watching(review, shared, &mut page);
    plan(review, shared, &mut page);
    page.gap();
    for warning in review.warnings(shared) {
        page.entry("! careful", COLUMN, Role::Warn, &warning);
    }
    if question.is_some() && stale.is_none() && review.is_acknowledged(shared) {
        page.entry("Notice", COLUMN, Role::Text, "[x] you agreed to what AWS's terms may forbid");
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
            page.line([(Role::Dim, says(&Action::Acknowledge, "agrees to the notice above, which comes first"))]);
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

fn to(review: &Review, shared: &Shared, page: &mut Page) {
    let to = match (review.at(), review.is_local()) {
        (Some(at), false) => {
            let name = region::long_name(&at.region).unwrap_or_default();
            format!("account {}, {} {name}", account_words(&at.account), at.region)
        }
        _ => match shared.start.settings.machine.host {
            Some(address) => format!("this computer: the stand-in, open to your network at {address}"),
            None if !shared.is_private() => "this computer: the stand-in, which is open to your network".to_owned(),
            None => "this computer: a small imitation of AWS (the stand-in)".to_owned(),
        },
    };
    page.entry("To", COLUMN, Role::Text, &to);
}

/// What is made there, of what, and how long that takes.
fn plan(review: &Review, shared: &Shared, page: &mut Page) {
    let account = review.account.as_ref();
    let Totals { segments, chunks, bytes } = review.totals;
    let index = match (review.planned.len(), chunks) {
        (1, 1) => "an index of it",
        (1, _) => "an index of them",
        _ => "an index for each video",
    };
    let makes = format!(
        "{} ({}, {}) and {index}",
        wording::count(chunks, "chunk"),
        wording::count(segments, "segment"),
        wording::bytes(bytes),
    );
    page.entry("Makes", COLUMN, Role::Text, &makes);
    if !review.is_local() {
        page.entry("Keeping", COLUMN, Role::Text, "$0, and uploading $0: AWS's price list names no charge");
    }
    for (number, thing) in account.into_iter().flat_map(|account| &account.setup).enumerate() {
        page.entry(if number == 0 { "Sets up" } else { "" }, COLUMN, Role::Text, thing);
    }
    if let [one] = review.planned.as_slice() {
        page.entry("Content", COLUMN, Role::Text, &streams(one));
        for (label, offer) in [("Video", &one.probe.video), ("Sound", &one.probe.audio)] {
            let words = |(_, what): &(u32, String)| Some(format!("{what}, {}", offer.why.as_ref()?));
            let chosen = offer.streams.iter().find(|(number, _)| Some(*number) == offer.chosen).and_then(words);
            chosen.iter().for_each(|words| page.entry(label, COLUMN, Role::Text, words));
        }
    }
    if let [one] = review.planned.as_slice() {
        asked(one, page);
    }
    if let Some(sending) = review.sending(shared) {
        let basis = if shared.memory.uplink.is_some() {
            "at the speed of the last time"
        } else {
            "on a connection of 20 Mbit/s"
        };
        page.entry("Takes", COLUMN, Role::Text, &format!("about {} to upload, {basis}", wording::span(sending)));
    }
    if let Some(line) = account.filter(|_| !review.is_local()).and_then(|account| storage(review, account)) {
        page.entry("Storage", COLUMN, Role::Text, &line);
    }
}

/// What was chosen in the settings, where it is not what happens by itself.
fn asked(Planned { order, probe, .. }: &Planned, page: &mut Page) {
    let wanted = order.cut.wanted;
    if wanted.subtitles != WantedSubtitles::default() {
        page.entry("Subtitles", COLUMN, Role::Text, &value(wanted, Part::Subtitles, probe));
    }
    let loudness = match wanted.loudness {
        WantedLoudness::Nothing => None,
        WantedLoudness::Measured => Some("measured meanwhile, and said at the end"),
        WantedLoudness::Normalized => Some("made as loud as is usual on the web (-16 LUFS): each track is converted"),
    };
    if let Some(words) = loudness {
        page.entry("Loudness", COLUMN, Role::Text, words);
    }
    if wanted.compatible.is_some() && probe.h264.is_some() {
        let (way, cost) = (value(wanted, Part::Compatible, probe), note(wanted, Part::Compatible, probe));
        page.entry("Compatible", COLUMN, Role::Text, &format!("{way}: {cost}"));
    }
}

fn streams(planned: &Planned) -> String {
    let streams = &planned.probe.streams;
    let copied: Vec<_> =
        streams.iter().filter(|stream| stream.fate == Fate::Copy).map(|stream| stream.kind.as_str()).collect();
    let re_encoded: Vec<_> = streams
        .iter()
        .filter(|stream| matches!(stream.fate, Fate::Transcode(_)))
        .map(|stream| match &stream.fate {
            Fate::Transcode(becomes) => format!("{} {becomes}", stream.kind),
            _ => String::new(),
        })
        .collect();
    let copied = if copied.is_empty() { String::new() } else { format!("{} copied", wording::list(&copied)) };
    let texts = streams.iter().filter(|stream| stream.fate == Fate::Text && stream.kind == "subtitles").count();
    let texts = if texts > 0 {
        format!("; {}, as text", wording::count(texts as u64, "subtitle track"))
    } else {
        String::new()
    };
    let is_compatible = planned.order.cut.wanted.compatible.is_some() && planned.probe.h264.is_some();
    let is_allowed = planned.order.cut.transcode == Transcode::Auto || is_compatible;
    if is_allowed && !re_encoded.is_empty() {
        let between = if copied.is_empty() { "" } else { "; " };
        format!("{copied}{between}{}{texts}", re_encoded.join(", "))
    } else if copied.is_empty() {
        texts.trim_start_matches("; ").to_owned()
    } else {
        format!("{copied} unchanged{texts}")
    }
}

/// Whether browsers can play it, and what watching costs.
fn watching(review: &Review, shared: &Shared, page: &mut Page) {
    if review.is_local() {
        let stays = if shared.is_private() { "nothing leaves this computer" } else { "nothing leaves your network" };
        page.entry("Costs", COLUMN, Role::Text, &format!("nothing: no account, {stays}"));
        return;
    }
    let region = review.at().map_or(shared.region(), |at| at.region.as_str());
    let front = shared.front();
    let cdn = shared.cdn() || review.cdn();
    let effects = || review.planned.iter().map(|planned| &planned.effect);
    let turns = |words: &str| shared.keys.says(Table::Review, &Action::Relay, words);
    let words = match (review.relay(), review.cdn(), shared.relay()) {
        _ if !review.relay_is_a_choice(shared) => "can play it: the CDN is on in this account".to_owned(),
        (false, ..) => format!("[ ] most can't play it yet; {}", turns("lets them, by a function that passes it on")),
        (true, false, false) => format!("[x] can play it, by a function (the relay); {}", turns("adds a CDN")),
        (true, false, true) => format!("can play it: the relay is on in this account; {}", turns("adds a CDN")),
        (true, true, false) => format!("[x] can play it, by a CDN; {}", turns("turns that off")),
        (true, true, true) => format!("[x] can play it, by a CDN; {}", turns("leaves the CDN out")),
    };
    page.choice(Action::Relay, "Browsers", COLUMN, &words);
    if !cdn {
        let twice =
            if review.relay() { String::new() } else { shared.keys.says(Table::Review, &Action::Relay, "twice: ") };
        page.entry("", COLUMN, Role::Dim, &format!("{twice}{}", cdn_hint(effects(), region, front)));
    }
    if let Some(terms) = review.terms(shared) {
        page.entry("", COLUMN, Role::Text, &terms);
    }
    for (line, price) in thousand_views(effects(), region, front, cdn).iter().enumerate() {
        page.entry(if line == 0 { "Watching" } else { "" }, COLUMN, Role::Text, price);
    }
}

fn storage(review: &Review, account: &Account) -> Option<String> {
    let storage = account.storage?;
    let left = u64::try_from(review.storage_left(account)?).unwrap_or_default();
    Some(format!("{} of the account's {} left after this", wording::bytes(left), wording::bytes(storage.limit)))
}

/// Above the plan, so that nobody has to look for what the start waits for.
fn notice(question: &Question, shared: &Shared, page: &mut Page) {
    for (number, line) in question.text().lines().enumerate() {
        let role = if number == 0 { Role::Warn } else { Role::Text };
        match line.strip_prefix("- ") {
            Some(point) => page.point(role, point),
            None => page.paragraph(role, 0, line),
        }
    }
    let key = |action| shared.keys.key(Table::Review, &action);
    let (agrees, declines) = (key(Action::Acknowledge), key(Action::Back));
    let agrees = format!("I agree: press {agrees}");
    let declines = format!("   I don't: press {declines}");
    let spans = [(Role::Text, "[ ] ".to_owned()), (Role::Accent, agrees), (Role::Dim, declines)];
    page.button(Action::Acknowledge, spans);
}
