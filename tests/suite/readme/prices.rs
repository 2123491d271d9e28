//! The prices that the pages name are those that the program computes.

use std::time::Duration;

use zipreel::{
    model::{
        chunk::{
            forecast::{Forecast, Outline},
            pack::CHUNK_LIMIT_DEFAULT,
        },
        cost::{Bill, CdnPlan, Viewed},
        gate::front::Front,
        reel::{index::Grain, order::Cut},
    },
    settings::SEGMENT_SECONDS_DEFAULT,
};

use super::{page, pages};

/// 10 minutes at so many Mbit/s, with a keyframe every 2 s, by the settings that there are without any.
fn by_default(megabit: f64) -> Viewed {
    let (duration, bytes) = (Duration::from_secs(600), (megabit * 75e6) as u64);
    let outline = Outline {
        duration,
        spacing: Some(Duration::from_secs(2)),
        has_picture: true,
        bytes,
        beside: None,
        sounds: &[],
    };
    let cut = Cut {
        segment_length: Duration::from_secs_f64(SEGMENT_SECONDS_DEFAULT),
        grows: true,
        pes_lengths: true,
        chunk_limit: CHUNK_LIMIT_DEFAULT,
        transcode: Default::default(),
        wanted: Default::default(),
    };
    Forecast::of(&outline, &cut).viewed
}

#[test]
fn prices_are_those_that_the_program_computes() {
    let pages = pages();
    let row = |name: &str| pages.lines().find(|line| line.starts_with(&format!("| {name}"))).unwrap().to_owned();
    let rows = [row("a million full views, `index.m3u8`"), row("a million full views, `index.seek.m3u8`")];
    let (api, relay) = (row("the same behind an HTTP API"), row("a thousand full views"));
    for megabit in [12.0, 14.8] {
        let viewed = by_default(megabit);
        let dollars = |bill: Bill| format!("${:.2}", bill.total());
        for (row, grain) in rows.iter().zip([Grain::Segments, Grain::Pieces]) {
            let (price, jump) =
                (viewed.in_players(grain, 1_000_000, "us-east-1", Front::Url), viewed.longest_seek(grain));
            let cell = format!("| {}, {:.1} s |", dollars(price), jump.as_secs_f64());
            assert!(row.contains(&cell), "{megabit} Mbit/s: {cell}");
        }
        let behind = viewed.in_players(Grain::Segments, 1_000_000, "us-east-1", Front::HttpApi);
        assert!(api.contains(&format!("| {} |", dollars(behind))), "{megabit} Mbit/s: {}", dollars(behind));
        let by_relay = viewed.through_relay(1_000, "us-east-1", Front::Url);
        assert!(relay.contains(&format!("| {} |", dollars(by_relay))), "{megabit} Mbit/s: {}", dollars(by_relay));
    }
    let of_cdn = [CdnPlan::Free, CdnPlan::Pro, CdnPlan::ByGb];
    for (name, plan) in ["within the free terabyte", "on the Pro plan", "beyond what is free"].into_iter().zip(of_cdn) {
        let price = |megabit| by_default(megabit).by_cdn(plan, 1_000, "us-east-1", Front::Url).total();
        let cells = format!("| {name} | ${:.2} | ${:.2} |", price(12.0), price(14.8));
        assert!(row(name).starts_with(&cells), "{cells}");
    }
}

#[test]
fn prices_and_jumps_that_are_told_in_words_are_those_that_the_program_computes() {
    let jump = |megabit| by_default(megabit).longest_seek(Grain::Pieces).as_secs_f64();
    let few = |grain| by_default(12.0).in_players(grain, 1_000_000, "us-east-1", Front::Url).total() / 1e3;
    let prices = page("docs/prices.md").replace('\n', " ");
    for words in [
        format!("a jump takes up to {:.1} s at 12 Mbit/s and {:.1} s at 14.8 Mbit/s", jump(12.0), jump(14.8)),
        format!(
            "A thousand full views in players cost ${:.2} at 12 Mbit/s, and by `index.seek.m3u8` ${:.2}.",
            few(Grain::Segments),
            few(Grain::Pieces)
        ),
    ] {
        assert!(prices.contains(&words), "{words}");
    }
}

#[test]
fn prices_of_the_readme_are_those_that_the_program_computes() {
    let (viewed, readme) = (by_default(12.0), page("README.md").replace('\n', " "));
    let players = |views| viewed.in_players(Grain::Segments, views, "us-east-1", Front::Url).total();
    let by_cdn = |plan| viewed.by_cdn(plan, 1_000, "us-east-1", Front::Url).total();
    // within what is free only the copies are paid, which are as many however many watch
    let copies = by_cdn(CdnPlan::Free);
    let relay = viewed.through_relay(1_000, "us-east-1", Front::Url).total();
    let and_copies = |name: &str, plan| format!("{name} | ${:.2}, and the ${copies:.2} |", by_cdn(plan) - copies);
    for words in [
        format!("VLC, mpv and the like | ${:.2} (a million: ${:.2}) |", players(1_000), players(1_000_000)),
        format!("that it sends free each month (1,100 views) | nothing but ${copies:.2}, once for each video |"),
        and_copies("beyond that terabyte, paid by the GB", CdnPlan::ByGb),
        and_copies("with its Pro plan ($15 a month), if all its 33,000 views are used", CdnPlan::Pro),
        format!("by the relay alone | ${relay:.2} |"),
        format!("The ${copies:.2} are for CloudFront's copies"),
        format!(
            "a jump takes up to {:.1} s by the `playlist:` link, on a connection of 20 Mbit/s, and up to {:.1} s by the \
             `seek:` link, with which a thousand views cost ${:.2} instead.",
            viewed.longest_seek(Grain::Segments).as_secs_f64(),
            viewed.longest_seek(Grain::Pieces).as_secs_f64(),
            viewed.in_players(Grain::Pieces, 1_000, "us-east-1", Front::Url).total()
        ),
    ] {
        assert!(readme.contains(&words), "{words}");
    }
}
