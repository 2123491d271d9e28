//! Lists that do not show what is there: they lag behind, and their pages move.

use std::time::Duration;

use aws_sdk_lambda::Client;
use zipreel::local::Clock;

use super::clients::{Fixture, create, zip_of};

/// Names on a page, without the two functions that are there from the start, and the marker of the next.
async fn page(client: &Client, marker: Option<String>) -> (Vec<String>, Option<String>) {
    let page = client.list_functions().set_marker(marker).send().await.unwrap();
    let names = page.functions().iter().map(|function| function.function_name().unwrap().to_owned());
    (names.filter(|name| name.len() == 1).collect(), page.next_marker().map(str::to_owned))
}

async fn make(client: &Client, name: &str) {
    create(client, name, zip_of("a", name.as_bytes())).send().await.unwrap();
}

#[tokio::test]
async fn a_list_shows_what_was_there_half_a_minute_ago() {
    let fixture = Fixture::start_with(|config| config.clock = Clock::stopped()).await;
    let client = fixture.lambda();
    make(&client, "a").await;
    fixture.clock.advance(Duration::from_secs(60));
    make(&client, "b").await;
    client.delete_function().function_name("a").send().await.unwrap();
    fixture.set_faults("list-lag=30s");
    assert_eq!(page(&client, None).await.0, ["a"]);
    assert!(client.get_function().function_name("a").send().await.is_err(), "only lists lag");
    client.get_function().function_name("b").send().await.unwrap();
    fixture.clock.advance(Duration::from_secs(30));
    assert_eq!(page(&client, None).await.0, ["b"]);
    client.update_function_configuration().function_name("b").description("new").send().await.unwrap();
    let listed = client.list_functions().send().await.unwrap();
    assert_eq!(listed.functions()[0].description(), Some("a chunk"), "what it says of a function is as old");
    fixture.set_faults("");
    let listed = client.list_functions().send().await.unwrap();
    assert_eq!(listed.functions()[0].description(), Some("new"));
}

#[tokio::test]
async fn pages_skip_what_others_delete_before_them_and_repeat_what_they_push_on() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    for name in ["b", "c", "d"] {
        make(&client, name).await;
    }
    fixture.set_faults("list-page=2");
    let (first, next) = page(&client, None).await;
    assert_eq!(first, ["b", "c"]);
    make(&client, "a").await;
    assert_eq!(page(&client, next.clone()).await.0, ["c", "d"], "one is pushed on to the next page");
    for name in ["a", "b"] {
        client.delete_function().function_name(name).send().await.unwrap();
    }
    assert!(!page(&client, next).await.0.contains(&"d".to_owned()), "one has moved to the page before");
}

#[tokio::test]
async fn any_call_can_be_held_before_its_effect_and_after_it() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    for (fault, has_effect) in [("pause-before", false), ("pause-after", true)] {
        make(&client, "a").await;
        fixture.set_faults(&format!("{fault}@DeleteFunction=1x"));
        let call = tokio::spawn(client.delete_function().function_name("a").send());
        while fixture.stand_in.faults().paused() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let is_gone = client.get_function().function_name("a").send().await.is_err();
        assert_eq!(is_gone, has_effect, "{fault}");
        fixture.stand_in.faults().release();
        call.await.unwrap().unwrap();
    }
    // what was not there is told late, too
    fixture.set_faults("pause-after@GetFunction=1x");
    let call = tokio::spawn(client.get_function().function_name("a").send());
    while fixture.stand_in.faults().paused() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    make(&client, "a").await;
    fixture.stand_in.faults().release();
    assert!(call.await.unwrap().is_err());
}
