//! The contract in an account of another make: the gate behind MiniStack's HTTP API, the relay at its function URL. The
//! rows are those that the stand-in and Node.js are held to, but for the quirks below.
#![cfg(unix)]

use zipreel::{
    cloud::Cloud,
    model::reel::name::{FunctionName, ReelName},
};

use crate::contract::{
    answers::{TITLE, every_row_holds, nothing_is_sent_twice, redirects_lead_to_ranges, the_relay_has_every_segment},
    codings::comes_in_each_form,
    http::get,
    reel::{self, GENERATION},
    row::Quirk,
    sides::Side,
};

const QUIRKS: &[Quirk] =
    &[Quirk::ApiDecodesPaths, Quirk::ApiRefusesOptions, Quirk::ApiAddsTypes, Quirk::UrlDecodesPaths];

/// `api` and `relay` are addresses as zipreel knows them, with a slash at their ends.
pub(super) async fn keeps_the_contract(publisher: &Cloud, api: &str, relay: &str) {
    let name: ReelName = "reel".parse().unwrap();
    let made = reel::make(&name, GENERATION);
    reel::publish(publisher, &name, TITLE, &made, &[]).await;
    // by its stage's name: without it MiniStack takes the slash at the end away
    let (gate, relay) = (format!("{api}$default"), relay.trim_end_matches('/').to_owned());
    let side = Side::of_another_make(gate, relay, QUIRKS);
    every_row_holds(&side).await;
    nothing_is_sent_twice(&side).await;
    redirects_lead_to_ranges(&side).await;
    the_relay_has_every_segment(&side).await;
    // a page and a playlist: more would take longer than it tells
    for path in ["/reel/", "/reel/0123abcd/src.m3u8"] {
        comes_in_each_form(&side, path).await;
    }
    let page = get(&side.gate, "/reel/").await;
    assert!(page.text().contains(&format!("\"og:url\" content=\"{api}reel/\"")), "{}", page.text());
    let index = FunctionName::Index { reel: name }.to_string();
    for function in made.chunks.keys().chain([&index]) {
        assert!(publisher.delete_function(function).await.unwrap(), "{function}");
    }
}
