//! An HTTP API before the gate: made, mended, chosen and left again, while reels play on.

use std::collections::BTreeSet;

use aws_sdk_apigatewayv2::Client;
use futures_util::future::join_all;
use zipreel::{
    account::{self, Ready, RelayWish, Roles, Wish},
    cloud::Cloud,
    local::{Clock, Endpoint},
    model::{
        gate::{
            front::Front,
            public::{Policy, Public},
        },
        report::{
            fault::{Explain, FaultClass},
            health::{Grade, Subject},
        },
    },
    storage::player::Player,
};

use super::setting_up::{allowed, asked, set_up};
use crate::{
    clips::{Clip, clip},
    contract::http::{get, send},
    events,
    mishap::account::{client as lambda, connect, set_faults},
    publish::sandbox::Sandbox,
    stand_in::clients::{Fixture, sdk},
};

fn wish(front: Front) -> Wish {
    Wish { front: Some(front), ..RelayWish::AsItIs.into() }
}

async fn chosen(cloud: &Cloud, front: Front) -> Ready {
    let ready = set_up(cloud, wish(front)).await.0.unwrap();
    assert_eq!(ready.front, front);
    ready
}

fn gateway(endpoint: &Endpoint) -> Client {
    Client::new(&sdk(&endpoint.api, &endpoint.access_key, &endpoint.secret_key))
}

async fn apis(endpoint: &Endpoint) -> Vec<String> {
    let found = gateway(endpoint).get_apis().send().await.unwrap().items.unwrap_or_default();
    found.iter().map(|api| api.api_id().unwrap().to_owned()).collect()
}

/// What doctor says of the front.
async fn said(cloud: &Cloud) -> Vec<(Grade, String)> {
    let health = account::examine(cloud).await.unwrap();
    let of_front = health.0.into_iter().filter(|finding| finding.subject == Subject::Front);
    of_front.map(|finding| (finding.grade, finding.words)).collect()
}

/// The gate at this address serves the reel, and names this base in what has whole addresses.
async fn serves(at: &str, base: &str, context: &str) {
    let playlist = get(at, "/harbour/index.m3u8").await;
    assert_eq!(playlist.status, 200, "{context}: {playlist:?}");
    let absolute = get(at, "/harbour/index.abs.m3u8").await.text();
    let lines: Vec<_> = absolute.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.starts_with(&format!("{base}/harbour/"))), "{absolute}");
    let page = get(at, "/harbour/").await.text();
    assert!(page.contains(&format!("{base}/harbour/poster.jpg")), "{context}: {page}");
    let media = playlist.text().lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    let media = get(at, &format!("/harbour/{media}")).await.text();
    let chunk = media.lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    let generation = playlist.text().lines().find_map(|line| Some(line.split_once('/')?.0.to_owned())).unwrap();
    let link = get(at, &format!("/harbour/{generation}/{chunk}")).await;
    assert_eq!(link.status, 302, "{context}: {link:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reel_plays_at_both_addresses_whichever_is_chosen_until_the_account_is_torn_down() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    let video = clip(Clip::Silent);
    let name = ["--name", "harbour", "--target", "local"];
    assert!(sandbox.publish(&video, &name).await.published()["playlist"].as_str().unwrap().starts_with(&endpoint.gate));
    assert_eq!(get(&endpoint.front, "/harbour/index.m3u8").await.status, 404, "no API leads anywhere");
    let early = Player::new().unwrap().refused(&format!("{}/harbour/index.m3u8", endpoint.front)).await.unwrap_err();
    assert_eq!(early.class(), FaultClass::Transient, "a new API takes a moment: {early:?}");
    assert_eq!(said(&cloud).await, []);

    let ready = chosen(&cloud, Front::HttpApi).await;
    assert_eq!(ready.gate_url, format!("{}/", endpoint.front));
    assert_eq!(cloud.public_url(Public::Gate).await.unwrap(), Some(ready.gate_url.clone()));
    assert_eq!(set_up(&cloud, RelayWish::AsItIs).await.0.unwrap(), Ready { changed: 0, ..ready.clone() });
    for at in [&endpoint.gate, &endpoint.front] {
        serves(at, &endpoint.front, "behind the API").await;
    }
    let url = format!("HTTP API {}/", endpoint.front);
    assert_eq!(said(&cloud).await, [(Grade::Well, url)]);
    let relay = cloud.public(Public::Relay).await.unwrap().unwrap();
    assert_eq!(relay.environment["ZIPREEL_GATE_URL"], ready.gate_url);
    let again = sandbox.publish(&video, &[&name[..], &["--replace", "--segment-seconds", "2"]].concat()).await;
    assert!(again.published()["playlist"].as_str().unwrap().starts_with(&endpoint.front), "{again:?}");
    checks(&sandbox).await;

    let ready = chosen(&cloud, Front::Url).await;
    assert_eq!(ready.gate_url, format!("{}/", endpoint.gate));
    for at in [&endpoint.gate, &endpoint.front] {
        serves(at, &endpoint.gate, "back at the function URL").await;
    }
    let url = format!("function URL; the HTTP API {}/ goes on working until `zipreel teardown`", endpoint.front);
    assert_eq!(said(&cloud).await, [(Grade::Well, url)]);

    assert!(sandbox.command("state").args(["delete", "harbour", "--yes"]).status().await.unwrap().success());
    let removed = account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap().0;
    assert_eq!(&removed[..2], ["HTTP API zipreel-gate", "function zipreel-front"], "{removed:?}");
    assert_eq!(apis(&endpoint).await, [""; 0]);
    assert_eq!(get(&endpoint.front, "/").await.text(), r#"{"message":"Not Found"}"#);
    assert_eq!(account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap().0, [""; 0]);
}

async fn checks(sandbox: &Sandbox) {
    let output = sandbox.command("state").args(["check", "harbour", "--deep", "--json"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_is_the_apis_after_a_start_at_other_ports_too() {
    let sandbox = Sandbox::start().await;
    let before = chosen(&connect(sandbox.stand_in.endpoint()).await, Front::HttpApi).await;
    let sandbox = sandbox.cut_off().await;
    let endpoint = sandbox.stand_in.endpoint();
    let cloud = connect(endpoint).await;
    let url = format!("{}/", endpoint.front);
    assert_ne!(before.gate_url, url);
    assert_eq!(cloud.public_url(Public::Gate).await.unwrap(), Some(url.clone()));
    assert_eq!(said(&cloud).await, [(Grade::Well, format!("HTTP API {url}"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_api_lacks_is_told_and_mended() {
    let sandbox = Sandbox::start_at(Clock::system()).await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    chosen(&cloud, Front::HttpApi).await;
    let (gateway, api) = (gateway(&endpoint), apis(&endpoint).await.remove(0));
    let is_broken = async |gap: &str| {
        let setup: Vec<_> = said(&cloud).await.into_iter().filter(|(grade, _)| *grade == Grade::Setup).collect();
        assert_eq!(setup, [(Grade::Setup, gap.to_owned())]);
        let answer = get(&endpoint.front, "/harbour/index.m3u8").await;
        assert_eq!((answer.header("access-control-allow-origin"), answer.status >= 404), (None, true), "{gap}");
        let mended = set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
        assert_eq!((mended.changed, mended.front), (1, Front::HttpApi), "{gap}");
        assert_eq!(said(&cloud).await.len(), 1, "{gap}");
    };
    gateway.update_stage().api_id(&api).stage_name("$default").auto_deploy(false).send().await.unwrap();
    is_broken("the HTTP API does not lead to the gate").await;
    let routes = gateway.get_routes().api_id(&api).send().await.unwrap();
    let route = routes.items()[0].route_id().unwrap();
    gateway.update_route().api_id(&api).route_id(route).target("integrations/another").send().await.unwrap();
    is_broken("the HTTP API does not lead to the gate").await;
    let lambda = lambda(&sandbox);
    let remove = lambda.remove_permission().function_name("zipreel-front").statement_id("zipreel-api");
    remove.send().await.unwrap();
    is_broken("the HTTP API may not call the gate").await;
    gateway.delete_api().api_id(&api).send().await.unwrap();
    assert!(said(&cloud).await.contains(&(Grade::Setup, "HTTP API before the gate".to_owned())));
    chosen(&cloud, Front::HttpApi).await;
    // what the other handler streams is nothing that an API can read
    let other = lambda.update_function_configuration().function_name("zipreel-front").handler("gate.handler");
    other.send().await.unwrap();
    assert_eq!(get(&endpoint.front, "/harbour/index.m3u8").await.status, 500);
    chosen(&cloud, Front::HttpApi).await;
    assert_eq!(get(&endpoint.front, "/harbour/index.m3u8").await.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_setups_at_once_whose_answers_are_lost_agree_on_one_api() {
    let accounts = (1..=2).map(async |seed| {
        let sandbox = Sandbox::start().await;
        set_faults(&sandbox, &format!("effect-no-answer=0.3,seed={seed}"));
        let runs = (0..3).map(async |number: u32| {
            let mut command = sandbox.command(&format!("state-{number}"));
            let output = command.args(["setup", "--front", "http-api", "--target", "local", "--json"]).output().await;
            events::last(&String::from_utf8(output.unwrap().stdout).unwrap())
        });
        for last in join_all(runs).await {
            assert_eq!((&last["event"], &last["front"]), (&"ready".into(), &"http-api".into()), "seed {seed}: {last}");
        }
        sandbox.stand_in.faults().clear();
        let cloud = connect(sandbox.stand_in.endpoint()).await;
        let setup: Vec<_> = said(&cloud).await.into_iter().filter(|(grade, _)| *grade != Grade::Well).collect();
        assert_eq!(setup, [], "seed {seed}");
        account::teardown(&cloud, Roles::Keep, &|_| ()).await.unwrap();
        assert_eq!(apis(sandbox.stand_in.endpoint()).await, [""; 0], "those that came too late as well");
    });
    join_all(accounts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_forbids_function_urls_has_an_api_alone() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap();
    set_faults(&sandbox, "403@CreateFunctionUrlConfig=after:0");
    set_up(&cloud, RelayWish::AsItIs).await.0.expect_err("no address at all");
    let ready = chosen(&cloud, Front::HttpApi).await;
    assert_eq!(ready.gate_url, format!("{}/", endpoint.front));
    assert!(ready.notes.iter().any(|note| note.starts_with("the gate has its HTTP API alone")), "{:?}", ready.notes);
    assert_eq!(cloud.function_url(Public::Gate.name()).await.unwrap(), None);
    let health = account::examine(&cloud).await.unwrap();
    assert_eq!(health.to_set_up().collect::<Vec<_>>(), [&health.0[0]; 0]);
    let run = sandbox.publish(&clip(Clip::Silent), &["--name", "harbour", "--target", "local"]).await;
    assert!(run.published()["playlist"].as_str().unwrap().starts_with(&endpoint.front));
    serves(&endpoint.front, &endpoint.front, "alone").await;
    let gone = set_up(&cloud, wish(Front::Url)).await.0;
    gone.expect_err("what there is goes on being named");
    assert_eq!(cloud.public_url(Public::Gate).await.unwrap(), Some(ready.gate_url));
}

/// IAM judges calls of API Gateway by their HTTP methods.
fn method(operation: &str) -> Option<&'static str> {
    let verbs = [("Get", "GET"), ("Create", "POST"), ("Update", "PATCH"), ("Delete", "DELETE")];
    let of_gateway = ["Api", "Apis", "Integration", "Integrations", "Route", "Routes", "Stage", "Stages"];
    let found =
        verbs.into_iter().find(|(verb, _)| operation.strip_prefix(verb).is_some_and(|on| of_gateway.contains(&on)));
    found.map(|(_, method)| method)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_needs_a_policy_of_its_own_and_nothing_in_that_is_not_used() {
    let fixture = Fixture::start_with(|config| config.log_requests = true).await;
    let endpoint = fixture.endpoint().clone();
    let cloud = connect(&endpoint).await;
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    assert!(asked(&fixture).iter().all(|operation| method(operation).is_none()), "without one nobody asks for APIs");
    chosen(&cloud, Front::HttpApi).await;
    let (gateway, api) = (gateway(&endpoint), apis(&endpoint).await.remove(0));
    gateway.update_stage().api_id(&api).stage_name("$default").auto_deploy(false).send().await.unwrap();
    chosen(&cloud, Front::Url).await;
    account::teardown(&cloud, Roles::Keep, &|_| ()).await.unwrap();
    let asked = asked(&fixture);
    let methods: BTreeSet<_> = asked.iter().filter_map(|operation| method(operation)).map(str::to_owned).collect();
    assert_eq!(methods, allowed(&[Policy::Front]));
    let others = asked.into_iter().filter(|operation| method(operation).is_none()).collect::<BTreeSet<_>>();
    assert_eq!(others.difference(&allowed(&[Policy::Setup])).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_answers_as_the_contract_says_and_whole() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    chosen(&connect(&endpoint).await, Front::HttpApi).await;
    let options = send(&endpoint.front, "OPTIONS", "/x/", &[]).await;
    assert_eq!((options.status, options.header("access-control-allow-methods")), (204, Some("GET, HEAD, OPTIONS")));
    assert_eq!(send(&endpoint.front, "POST", "/x/", &[]).await.status, 405);
    assert_eq!(get(&endpoint.front, "/x/").await.text(), "not found\n");
    assert_eq!(get(&endpoint.front, "/x").await.header("location"), Some("/x/"));
    let wrong = send(&endpoint.front, "GET", "/x/", &["Host: example.org"]).await;
    assert!(wrong.status >= 400, "{wrong:?}");
}
