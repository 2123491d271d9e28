//! A monthly ceiling: set, kept, changed and taken off, by those who may; and what CloudWatch tells of last month.

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use aws_sdk_cloudwatch::{
    Client,
    types::{Dimension, MetricDatum, StandardUnit},
};
use zipreel::{
    account::{self, CeilingWish, RelayWish, Roles, Wish},
    cloud::Cloud,
    local::Endpoint,
    model::{
        gate::public::{Policy, Public},
        report::{
            health::{Grade, Subject},
            usage::Month,
        },
    },
    running::reporter::Control,
};

use super::{
    rights::NO_WRITES,
    setting_up::{BoardReporter, allowed, asked, set_up},
};
use crate::{
    contract::http::get,
    events,
    mishap::account::{connect, set_faults, zipreel},
    publish::sandbox::Sandbox,
    stand_in::clients::{Fixture, sdk},
};

fn at(gb: &str) -> Wish {
    Wish { ceiling: CeilingWish::At(gb.parse().unwrap()), ..RelayWish::AsItIs.into() }
}

/// What a function knows of the ceiling, and the name of its role.
async fn known(endpoint: &Endpoint, public: Public) -> (Option<String>, String) {
    let client = aws_sdk_lambda::Client::new(&sdk(&endpoint.api, &endpoint.access_key, &endpoint.secret_key));
    let found = client.get_function_configuration().function_name(public.name()).send().await.unwrap();
    let variables = found.environment().and_then(|environment| environment.variables());
    let ceiling = variables.and_then(|all| all.get("ZIPREEL_CEILING_GB")).cloned();
    (ceiling, found.role().unwrap().rsplit('/').next().unwrap().to_owned())
}

fn knows(gb: &str, role: &str) -> (Option<String>, String) {
    (Some(gb.to_owned()), role.to_owned())
}

/// What doctor says of use.
async fn said(cloud: &Cloud) -> Vec<(Grade, String)> {
    let health = account::examine(cloud).await.unwrap();
    let of_use = health.0.into_iter().filter(|finding| finding.subject == Subject::Usage);
    of_use.map(|finding| (finding.grade, finding.words)).collect()
}

/// What the relay sent to those who only asked whether it answers.
fn is_little(bytes: u64) -> bool {
    bytes < 1000
}

/// As the relay does.
async fn relayed(endpoint: &Endpoint, bytes: f64) {
    let client = Client::new(&sdk(&endpoint.api, &endpoint.access_key, &endpoint.secret_key));
    let dimension = Dimension::builder().name("FunctionName").value("zipreel-relay").build();
    let datum = MetricDatum::builder().metric_name("RelayedBytes").dimensions(dimension).value(bytes);
    let datum = datum.unit(StandardUnit::Bytes).build();
    client.put_metric_data().namespace("zipreel").metric_data(datum).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceiling_stays_until_it_is_taken_off_and_the_relays_role_goes_by_it() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    let none = (None, "zipreel-chunk".to_owned());
    assert_eq!(known(&endpoint, Public::Relay).await, none);
    let set = set_up(&cloud, at("250")).await.0.unwrap();
    let told = set.ceiling.unwrap();
    assert_eq!((told.ceiling_bytes, told.used_bytes.map(is_little)), (250_000_000_000, Some(true)));
    assert_eq!(known(&endpoint, Public::Relay).await, knows("250", "zipreel-relay"));
    assert_eq!(known(&endpoint, Public::Gate).await, knows("250", "zipreel-gate"));
    assert_eq!(set_up(&cloud, RelayWish::AsItIs).await.0.unwrap().changed, 0);

    let off = set_up(&cloud, RelayWish::Off).await.0.unwrap();
    assert!(off.notes.iter().any(|note| note.contains("kept for when the relay is on")), "{:?}", off.notes);
    assert_eq!(off.ceiling.unwrap().used_bytes, None);
    assert_eq!(known(&endpoint, Public::Gate).await, knows("250", "zipreel-gate"));
    set_up(&cloud, RelayWish::On).await.0.unwrap();
    assert_eq!(known(&endpoint, Public::Relay).await, knows("250", "zipreel-relay"));
    set_up(&cloud, at("1")).await.0.unwrap();
    assert_eq!(known(&endpoint, Public::Relay).await, knows("1", "zipreel-relay"));

    let ended = Wish { ceiling: CeilingWish::Off, ..RelayWish::AsItIs.into() };
    assert_eq!(set_up(&cloud, ended).await.0.unwrap().ceiling, None);
    assert_eq!(known(&endpoint, Public::Relay).await, none);
    assert_eq!(known(&endpoint, Public::Gate).await.0, None);
    let removed = account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap().0;
    assert!(removed.contains(&"role zipreel-relay".to_owned()), "{removed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_knows_whose_bytes_count_besides_its_own() {
    let sandbox = Sandbox::start().await;
    let cloud = connect(sandbox.stand_in.endpoint()).await;
    set_up(&cloud, at("250")).await.0.unwrap();
    let on = account::cdn_on(&cloud, Arc::new(BoardReporter::default()), &Control::default()).await;
    let id = on.unwrap().distribution;
    let counted = async || cloud.public(Public::Relay).await.unwrap().unwrap().environment.remove("ZIPREEL_CDN_ID");
    assert_eq!(counted().await, id);
    set_up(&cloud, Wish { ceiling: CeilingWish::Off, ..RelayWish::AsItIs.into() }).await.0.unwrap();
    assert_eq!(counted().await, None);
    set_faults(&sandbox, "403@ListDistributions=after:0");
    let unseen = set_up(&cloud, at("250")).await.0.unwrap();
    assert!(unseen.notes.iter().any(|note| note.contains("don't count towards the ceiling")), "{:?}", unseen.notes);
    set_faults(&sandbox, "");
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    assert_eq!(counted().await, id);

    // what it sent this month stays sent once it is off, and once another is on
    account::cdn_off(&cloud, Arc::new(BoardReporter::default()), &Control::default()).await.unwrap();
    let gone = format!("{}@{}", id.unwrap(), Month::of(SystemTime::now()).digits());
    assert_eq!(counted().await.as_ref(), Some(&gone));
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    assert_eq!(counted().await.as_ref(), Some(&gone));
    let on = account::cdn_on(&cloud, Arc::new(BoardReporter::default()), &Control::default()).await;
    let another = on.unwrap().distribution.unwrap();
    assert_eq!(counted().await, Some(format!("{another},{gone}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_tells_what_was_asked_and_sent_and_how_much_of_a_ceiling_is_used() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    let month = Month::of(SystemTime::now());
    let before = month.before();
    get(&endpoint.gate, "/nothing/index.m3u8").await;
    let told = said(&cloud).await;
    let begins: Vec<_> = told.iter().map(|(grade, words)| (*grade, words.split(' ').next().unwrap())).collect();
    assert_eq!(begins, [(Grade::Well, "gate:"), (Grade::Well, "relay:")]);
    let quiet = format!("gate: 0 requests in {before}; in {month} so far ");
    assert!(told[0].1.starts_with(&quiet) && !told[0].1.ends_with(" 0 requests"), "{told:?}");
    assert!(!told[1].1.contains("GB"), "nobody counts the bytes of a relay without a ceiling: {told:?}");

    set_up(&cloud, at("2")).await.0.unwrap();
    relayed(&endpoint, 1.5e9).await;
    let told = said(&cloud).await;
    assert!(told[1].1.ends_with(" and 1.5 GB"), "{told:?}");
    let used = format!("ceiling: 2 GB a month, 1.5 GB of it used in {month} so far");
    assert_eq!(told[2], (Grade::Well, used));
    relayed(&endpoint, 0.5e9).await;
    let ready = set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    assert!(ready.ceiling.unwrap().is_reached());
    let told = said(&cloud).await;
    assert_eq!(told[2].0, Grade::Note);
    assert!(told[2].1.ends_with(&format!("browsers play again from 1 {}", month.after())), "{told:?}");

    let said = zipreel(&sandbox, &["doctor", "--target", "local", "--json"]).await.ended(0);
    let relay = events::all(&said.out, Some(0)).into_iter().find(|line| line["usage"]["of"] == "relay").unwrap();
    let bytes = relay["usage"]["this_month"]["bytes"].as_u64().unwrap();
    assert!(bytes.checked_sub(2_000_000_000).is_some_and(is_little), "{relay}");
    assert_eq!(relay["usage"]["last_month"]["month"], before.digits(), "{relay}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_cloudwatch_may_not_be_asked_all_else_goes_on_and_says_so() {
    let sandbox = Sandbox::start().await;
    let cloud = connect(sandbox.stand_in.endpoint()).await;
    set_faults(&sandbox, "403@GetMetricStatistics=after:0");
    let told = said(&cloud).await;
    assert!(told.len() == 1 && told[0].0 == Grade::Note, "{told:?}");
    assert!(told[0].1.contains("`zipreel policy usage`"), "{told:?}");
    let ready = set_up(&cloud, at("2")).await.0.unwrap();
    assert_eq!(ready.ceiling.unwrap().used_bytes, None);
    assert!(ready.notes.iter().any(|note| note.contains("`zipreel policy usage`")), "{:?}", ready.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_be_made_is_an_administrators_to_make() {
    let sandbox = Sandbox::start().await;
    let set = ["setup", "--ceiling-gb", "5", "--target", "local"];
    set_faults(&sandbox, NO_WRITES);
    let refused = zipreel(&sandbox, &set).await.ended(1);
    for words in ["could not make role `zipreel-relay`", "`zipreel setup --roles --ceiling-gb N`"] {
        assert!(refused.err.contains(words), "{}", refused.err);
    }
    set_faults(&sandbox, "");
    let made = zipreel(&sandbox, &["setup", "--roles", "--ceiling-gb", "5", "--target", "local"]).await.ended(0);
    assert!(made.err.contains("1 step changed something"), "{}", made.err);
    set_faults(&sandbox, NO_WRITES);
    let done = zipreel(&sandbox, &[&set[..], &["--json"]].concat()).await.ended(0);
    let ready = events::last(&done.out);
    assert_eq!(ready["ceiling_bytes"], 5_000_000_000_u64, "{ready}");
    assert!(ready["used_bytes"].as_u64().is_some_and(is_little), "{ready}");
    for wrong in ["0", "1000001", "2.5", "on"] {
        let refused = zipreel(&sandbox, &["setup", "--ceiling-gb", wrong, "--target", "local"]).await.ended(2);
        assert!(refused.err.contains("from 1 to 1000000"), "{}", refused.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceiling_needs_no_right_but_those_of_setup_and_of_use() {
    let fixture = Fixture::start_with(|config| config.log_requests = true).await;
    let cloud = connect(fixture.endpoint()).await;
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    assert!(!asked(&fixture).contains("GetMetricStatistics"), "without one nobody asks CloudWatch");
    set_up(&cloud, at("5")).await.0.unwrap();
    set_up(&cloud, Wish { ceiling: CeilingWish::Off, ..RelayWish::AsItIs.into() }).await.0.unwrap();
    let asked = asked(&fixture);
    let all = allowed(&[Policy::SetupRoles, Policy::Setup, Policy::Usage]);
    assert_eq!(asked.difference(&all).collect::<Vec<_>>(), [""; 0]);
    let of_use: Vec<_> = allowed(&[Policy::Usage]).into_iter().collect();
    assert_eq!(of_use, ["GetMetricStatistics"]);
    assert!(asked.contains(&of_use[0]));
}

/// The relay's own calls stand in its code.
#[test]
fn the_relays_role_allows_what_the_relay_does_and_no_more() {
    let relay = include_str!("../../../assets/gate/ceiling.mjs");
    let called = relay.split("Action: '").skip(1).map(|rest| rest.split('\'').next().unwrap().to_owned());
    assert_eq!(called.collect::<BTreeSet<_>>(), allowed(&[Policy::RelayRole]));
}
