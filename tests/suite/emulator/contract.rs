//! The contract in an account of another make: the gate behind MiniStack's HTTP API, the relay at its function URL. Rows,
//! sizes and page are those that the stand-in and Node.js are held to, but for the quirks below.
#![cfg(unix)]

use std::collections::BTreeSet;

use zipreel::{cloud::Cloud, model::reel::name::ReelName};

use super::server::{Emulator, past_nginx};
use crate::contract::{
    answers::{
        TITLE, every_guess_holds, every_row_holds, nothing_is_sent_twice, redirects_lead_to_ranges, shows_its_reel,
        the_relay_has_every_segment,
    },
    codings::comes_in_each_form,
    reel::{self, GENERATION},
    row::Quirk,
    sides::Side,
    sizes::{
        deploy_indexes, deploy_playlists, reads_indexes_up_to_their_limit, relays_by_playlists_up_to_their_limit,
        says_what_is_too_long,
    },
};

const QUIRKS: &[Quirk] =
    &[Quirk::ApiDecodesPaths, Quirk::ApiRefusesOptions, Quirk::ApiAddsTypes, Quirk::UrlDecodesPaths];

/// `api` and `relay` are addresses as zipreel knows them, with a slash at their ends. To MiniStack all clients are
/// 127.0.0.1, so that what an instance allows each is asked of several instances.
pub(super) async fn keeps_the_contract(emulator: &Emulator, publisher: &Cloud, api: &str, relay: &str) {
    let before = functions(publisher).await;
    let name: ReelName = "reel".parse().unwrap();
    reel::publish(publisher, &name, TITLE, &reel::make(&name, GENERATION), &[]).await;
    deploy_indexes(publisher).await;
    deploy_playlists(publisher).await;
    // by its stage's name: without it MiniStack takes the slash at the end away
    let (gate, named) = (past_nginx(&format!("{api}$default")), api.trim_end_matches('/').to_owned());
    let side = Side::of_another_make(gate, named, relay.trim_end_matches('/').to_owned(), QUIRKS);
    reads_indexes_up_to_their_limit(&side).await;
    relays_by_playlists_up_to_their_limit(&side).await;
    says_what_is_too_long(&side).await;
    shows_its_reel(&side).await;
    // an instance lets a client ask three times for what is not there, and then once in two minutes
    let fresh = async || emulator.takes_fresh_instances().await;
    every_row_holds(&side, fresh).await;
    every_guess_holds(&side, fresh).await;
    nothing_is_sent_twice(&side).await;
    redirects_lead_to_ranges(&side).await;
    the_relay_has_every_segment(&side).await;
    // a page and a playlist: more would take longer than it tells
    for path in ["/reel/", "/reel/0123abcd/src.m3u8"] {
        comes_in_each_form(&side, path).await;
    }
    for function in functions(publisher).await.difference(&before) {
        assert!(publisher.delete_function(function).await.unwrap(), "{function}");
    }
}

async fn functions(cloud: &Cloud) -> BTreeSet<String> {
    let (mut all, mut marker) = (BTreeSet::new(), None);
    loop {
        let (page, next) = cloud.functions_from("zipreel-", marker).await.unwrap();
        all.extend(page.into_iter().map(|function| function.name));
        marker = next;
        if marker.is_none() {
            return all;
        }
    }
}
