//! A CDN before gate and relay: switched on and off again, interrupted and mended, while reels play.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_cloudfront::Client;
use futures_util::future::join_all;
use serde_json::Value;
use zipreel::{
    account::{self, CdnStanding, CdnState, RelayWish, Roles, Wish},
    cloud::Cloud,
    local::{Endpoint, Operation},
    model::{
        gate::{
            front::Front,
            public::{Policy, Public},
        },
        report::{
            fault::Stopped,
            health::{Grade, Subject},
        },
    },
    running::reporter::Control,
};

use super::setting_up::{BoardReporter, allowed, asked, set_up};
use crate::{
    clips::{Clip, clip},
    contract::http::{get, send},
    events,
    mishap::account::{connect, set_faults, zipreel},
    publish::sandbox::{Sandbox, get as get_url, tool},
    split::until,
    stand_in::clients::{Fixture, sdk},
};

async fn on(cloud: &Cloud) -> CdnStanding {
    account::cdn_on(cloud, Arc::new(BoardReporter::default()), &Control::default()).await.unwrap()
}

async fn off(cloud: &Cloud) -> CdnStanding {
    account::cdn_off(cloud, Arc::new(BoardReporter::default()), &Control::default()).await.unwrap()
}

async fn state(cloud: &Cloud) -> CdnState {
    account::cdn_standing(cloud).await.unwrap().state
}

fn cloudfront(endpoint: &Endpoint) -> Client {
    Client::new(&sdk(&endpoint.api, &endpoint.access_key, &endpoint.secret_key))
}

async fn distributions(endpoint: &Endpoint) -> Vec<String> {
    let list = cloudfront(endpoint).list_distributions().send().await.unwrap().distribution_list.unwrap();
    list.items.unwrap_or_default().into_iter().map(|one| one.id).collect()
}

/// As a person would in the console.
async fn deleted_by_hand(endpoint: &Endpoint, id: &str) {
    let client = cloudfront(endpoint);
    let found = client.get_distribution().id(id).send().await.unwrap();
    let mut config = found.distribution.unwrap().distribution_config.unwrap();
    config.enabled = false;
    let update = client.update_distribution().id(id).if_match(found.e_tag.unwrap()).distribution_config(config);
    let revision = update.send().await.unwrap().e_tag.unwrap();
    loop {
        if client.delete_distribution().id(id).if_match(&revision).send().await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// What doctor says of the CDN.
async fn said(cloud: &Cloud) -> Vec<(Grade, String)> {
    let health = account::examine(cloud).await.unwrap();
    let of_cdn = health.0.into_iter().filter(|finding| finding.subject == Subject::Cdn);
    of_cdn.map(|finding| (finding.grade, finding.words)).collect()
}

/// What a browser does by the page of the gate: its playlists, and a segment, readable from every origin.
async fn plays_in_browsers(endpoint: &Endpoint, context: &str) -> String {
    let page = get(&endpoint.gate, "/harbour/").await;
    let cdn_on = page.text().contains(&endpoint.edge);
    let base = if cdn_on { &endpoint.edge } else { &endpoint.gate };
    // whom the page may ask besides, wherever it was opened
    let policy = page.header("content-security-policy").unwrap();
    let asked = policy.split(';').find(|part| part.trim().starts_with("connect-src")).unwrap();
    let is_asked = |origin: &str| asked.split_whitespace().any(|allowed| allowed == origin);
    let multivariant = get(base, "/harbour/index.relay.m3u8").await;
    assert_eq!(multivariant.status, 200, "{context}: {multivariant:?}");
    let text = multivariant.text();
    let media = text.lines().find(|line| !line.starts_with('#')).unwrap();
    let media = get(base, &format!("/harbour/{media}")).await.text();
    let segment = media.lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    let (origin, path) = segment.split_at(segment[8..].find('/').unwrap() + 8);
    assert!(is_asked(origin), "{context}: {origin} by {asked}");
    let mut answer = get(origin, path).await;
    if answer.status == 302 {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{context}: {answer:?}");
        let there = answer.header("location").unwrap().to_owned();
        let (origin, path) = there.split_at(there[8..].find('/').unwrap() + 8);
        assert!(is_asked(origin), "{context}: sent to {origin} by {asked}");
        answer = get(origin, path).await;
    }
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("*")),
        "{context}: {answer:?}"
    );
    assert!(answer.body.len() % 188 == 0 && answer.body[0] == 0x47, "{context}");
    segment
}

async fn published(sandbox: &Sandbox) -> String {
    let run = sandbox.publish(&clip(Clip::Mp4), &["--name", "harbour", "--target", "local"]).await;
    run.playlist()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reel_plays_through_the_cdn_and_by_the_relay_alone_once_it_is_off() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    let playlist = published(&sandbox).await;
    let before = plays_in_browsers(&endpoint, "before").await;
    assert!(before.starts_with(&endpoint.relay), "{before}");
    assert_eq!((get(&endpoint.edge, "/harbour/").await.status, state(&cloud).await), (403, CdnState::Off));
    assert_eq!(said(&cloud).await, []);

    let standing = on(&cloud).await;
    let url = format!("{}/", endpoint.edge);
    assert_eq!((standing.state, standing.url.as_ref()), (CdnState::On, Some(&url)));
    assert_eq!(CdnStanding { changed: 0, ..standing.clone() }, on(&cloud).await, "twice");
    assert_eq!(set_up(&cloud, RelayWish::AsItIs).await.0.unwrap().changed, 0, "setting up keeps it");
    let segment = plays_in_browsers(&endpoint, "behind it").await;
    assert!(segment.starts_with(&format!("{url}_relay/harbour/")), "{segment}");
    tool("ffmpeg", &["-v", "error", "-i", &format!("{url}harbour/index.relay.m3u8"), "-f", "null", "-"]);
    tool("ffmpeg", &["-v", "error", "-i", &playlist, "-f", "null", "-"]);
    let old = get(&endpoint.relay, before.strip_prefix(&endpoint.relay).unwrap()).await;
    assert_eq!((old.status, old.header("location")), (302, Some(segment.as_str())), "links of before lead there");
    let own = format!("x-zipreel-edge: {}", "0".repeat(64));
    let path = segment.strip_prefix(&endpoint.edge).unwrap();
    assert_eq!(send(&endpoint.relay, "GET", path, &[&own]).await.status, 302, "who makes it up is not the CDN");
    let id = standing.distribution.clone().unwrap();
    assert_eq!(said(&cloud).await, [(Grade::Well, format!("{url} (distribution {id})"))]);
    let health = account::examine(&cloud).await.unwrap();
    assert_eq!(health.to_set_up().collect::<Vec<_>>(), [&health.0[0]; 0]);

    let gone = off(&cloud).await;
    assert_eq!((gone.state, gone.url), (CdnState::Off, None));
    assert_eq!((off(&cloud).await.changed, distributions(&endpoint).await), (0, vec![]), "twice");
    assert_eq!(plays_in_browsers(&endpoint, "off again").await, before);
    assert_eq!((get(&endpoint.edge, "/harbour/").await.status, said(&cloud).await), (403, vec![]));
    assert_eq!(set_up(&cloud, RelayWish::AsItIs).await.0.unwrap().changed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_is_switched_on_with_it_and_not_off_before_it() {
    let sandbox = Sandbox::start().await;
    let cloud = connect(sandbox.stand_in.endpoint()).await;
    set_up(&cloud, RelayWish::Off).await.0.unwrap();
    assert_eq!(on(&cloud).await.state, CdnState::On);
    assert!(cloud.public(Public::Relay).await.unwrap().is_some());
    let said = zipreel(&sandbox, &["relay", "off", "--target", "local", "--json"]).await.ended(1);
    let last = events::last(&said.out);
    assert!(last["cause"].as_str().unwrap().starts_with("the CDN is on (http://"), "{last}");
    assert!(last["hint"].as_str().unwrap().contains("`zipreel cdn off`"), "{last}");
    assert_eq!(state(&cloud).await, CdnState::On);
    off(&cloud).await;
    set_up(&cloud, RelayWish::Off).await.0.unwrap();
    assert!(cloud.public(Public::Relay).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_front_is_led_to_by_the_same_cdn() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    published(&sandbox).await;
    let before = on(&cloud).await;
    for (front, origin) in [(Front::HttpApi, &endpoint.front), (Front::Url, &endpoint.gate)] {
        set_up(&cloud, Wish { front: Some(front), ..RelayWish::AsItIs.into() }).await.0.unwrap();
        let cdn = cloud.cdns().await.unwrap().remove(0);
        assert!(origin.ends_with(&format!(":{}", cdn.leads_to[0].port)), "{cdn:?}");
        plays_in_browsers(&endpoint, front.word()).await;
        let after = account::cdn_standing(&cloud).await.unwrap();
        assert_eq!(after.url, before.url);
        assert!(matches!(after.state, CdnState::On | CdnState::Deploying), "{after:?}");
    }
}

/// The process is killed as soon as this has had its effect; the reel plays, and the same command goes on where it was.
async fn is_killed(command: &str, moment: &str) {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    published(&sandbox).await;
    if command == "off" {
        on(&connect(&endpoint).await).await;
    }
    set_faults(&sandbox, &format!("pause-after@{moment}"));
    let mut child = sandbox.command("state");
    let mut child = child.args(["cdn", command, "--target", "local", "--yes"]).spawn().unwrap();
    until(moment, || sandbox.stand_in.faults().paused() > 0).await;
    child.start_kill().unwrap();
    child.wait().await.unwrap();
    set_faults(&sandbox, "");
    sandbox.stand_in.faults().release();
    plays_in_browsers(&endpoint, moment).await;
    let said = zipreel(&sandbox, &["cdn", command, "--target", "local", "--json", "--yes"]).await.ended(0);
    assert_eq!(events::last(&said.out)["cdn"], command, "{moment}");
    assert_eq!(distributions(&endpoint).await.len(), usize::from(command == "on"), "{moment}");
    plays_in_browsers(&endpoint, moment).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_is_switched_on_it_goes_on_and_reels_play_meanwhile() {
    for moment in [
        "CreateDistributionWithTags=at:1",
        "GetDistribution=at:2",
        "UpdateFunctionConfiguration=at:1",
        "UpdateFunctionConfiguration=at:2",
    ] {
        is_killed("on", moment).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_is_switched_off_it_goes_on_and_reels_play_meanwhile() {
    for moment in [
        "UpdateFunctionConfiguration=at:1",
        "UpdateFunctionConfiguration=at:2",
        "UpdateDistribution=at:1",
        "DeleteDistribution=at:1",
    ] {
        is_killed("off", moment).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_deleted_by_hand_is_told_and_named_no_more() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    published(&sandbox).await;
    for mended in ["setup", "cdn off", "cdn on"] {
        let id = on(&cloud).await.distribution.unwrap();
        deleted_by_hand(&endpoint, &id).await;
        assert_eq!(state(&cloud).await, CdnState::Gone);
        assert_eq!(said(&cloud).await[0].0, Grade::Setup);
        match mended {
            "setup" => {
                let ready = set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
                assert!(ready.notes.iter().any(|note| note.contains("is gone")), "{:?}", ready.notes);
            }
            "cdn off" => assert_eq!(off(&cloud).await.state, CdnState::Off),
            _ => assert_ne!(on(&cloud).await.distribution, Some(id)),
        }
        assert_eq!(state(&cloud).await, if mended == "cdn on" { CdnState::On } else { CdnState::Off });
        plays_in_browsers(&endpoint, mended).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_rights_it_says_whose_they_are_and_changes_nothing() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    published(&sandbox).await;
    let before = plays_in_browsers(&endpoint, "before").await;
    set_faults(&sandbox, "403@CreateDistributionWithTags=after:0");
    let said = zipreel(&sandbox, &["cdn", "on", "--target", "local", "--json"]).await.ended(1);
    assert!(events::last(&said.out)["hint"].as_str().unwrap().contains("`zipreel policy cdn`"), "{said:?}");
    assert_eq!((distributions(&endpoint).await, plays_in_browsers(&endpoint, "refused").await), (vec![], before));
    set_faults(&sandbox, "");
    on(&cloud).await;
    // who sets up without them keeps what is there
    set_faults(&sandbox, "403@ListDistributions=after:0");
    let ready = set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    assert!(ready.notes.iter().any(|note| note.contains("is taken as it is")), "{:?}", ready.notes);
    assert_eq!(ready.changed, 0);
    let finding = said_of(&cloud).await;
    assert_eq!(finding.0, Grade::Note, "{finding:?}");
    let refused = account::cdn_off(&cloud, Arc::new(BoardReporter::default()), &Control::default()).await;
    let Err(Stopped::Failed(fault)) = refused else { panic!("{refused:?}") };
    assert!(fault.hint.unwrap().contains("`zipreel policy cdn`"));
}

async fn said_of(cloud: &Cloud) -> (Grade, String) {
    said(cloud).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_does_not_let_go_of_is_told_and_a_second_call_does_the_rest() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    on(&cloud).await;
    set_faults(&sandbox, "409@DeleteDistribution=after:0");
    let said = zipreel(&sandbox, &["cdn", "off", "--target", "local", "--json"]).await.ended(0);
    let last = events::last(&said.out);
    assert_eq!(last["cdn"], "switching-off", "{last}");
    assert!(last["notes"][0].as_str().unwrap().contains("flat-rate plan"), "{last}");
    assert_eq!((state(&cloud).await, get(&endpoint.edge, "/x/").await.status), (CdnState::SwitchingOff, 403));
    set_faults(&sandbox, "");
    assert_eq!((off(&cloud).await.state, distributions(&endpoint).await), (CdnState::Off, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_the_account_down_takes_it_away_and_says_what_stays() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    on(&cloud).await;
    let removed = account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap();
    assert_eq!((removed.0[0].as_str(), removed.1.len()), ("the CDN", 0), "{removed:?}");
    assert_eq!(distributions(&endpoint).await, [""; 0]);
    on(&cloud).await;
    set_faults(&sandbox, "409@DeleteDistribution=after:0");
    let removed = account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap();
    assert!(removed.1[0].contains("run `zipreel cdn off` again then"), "{removed:?}");
    assert!(removed.0.iter().any(|what| what.contains("zipreel-gate")), "{removed:?}");
    set_faults(&sandbox, "");
    assert_eq!((off(&cloud).await.state, distributions(&endpoint).await), (CdnState::Off, vec![]), "without a gate");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_machines_that_switch_it_on_at_once_agree() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    published(&sandbox).await;
    set_faults(&sandbox, "effect-no-answer=0.2,seed=3");
    let runs = (0..2).map(async |number: u32| {
        let mut command = sandbox.command(&format!("state-{number}"));
        let output = command.args(["cdn", "on", "--target", "local", "--json"]).output().await.unwrap();
        events::last(&String::from_utf8(output.stdout).unwrap())
    });
    let ends: Vec<Value> = join_all(runs).await;
    set_faults(&sandbox, "");
    assert!(ends.iter().all(|last| last["cdn"] == "on"), "{ends:?}");
    assert_eq!(on(&cloud).await.state, CdnState::On);
    plays_in_browsers(&endpoint, "after both").await;
    off(&cloud).await;
    assert_eq!(distributions(&endpoint).await, [""; 0], "those that came too late as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_the_same_cdn_after_a_start_at_other_ports() {
    let sandbox = Sandbox::start().await;
    published(&sandbox).await;
    let before = on(&connect(sandbox.stand_in.endpoint()).await).await;
    let sandbox = sandbox.cut_off().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let after = account::cdn_standing(&connect(&endpoint).await).await.unwrap();
    assert_eq!((after.state, &after.distribution), (CdnState::On, &before.distribution));
    assert_ne!(after.url, before.url);
    let segment = plays_in_browsers(&endpoint, "elsewhere").await;
    assert!(segment.starts_with(&endpoint.edge), "{segment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_of_somebody_elses_is_left_alone() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    let cloud = connect(&endpoint).await;
    on(&cloud).await;
    let client = cloudfront(&endpoint);
    let id = distributions(&endpoint).await.remove(0);
    let found = client.get_distribution().id(&id).send().await.unwrap();
    let mut config = found.distribution.unwrap().distribution_config.unwrap();
    config.comment = "zipreel eu-west-1: watch pages, playlists and segments of zipreel-gate".to_owned();
    let update = client.update_distribution().id(&id).if_match(found.e_tag.unwrap()).distribution_config(config);
    update.send().await.unwrap();
    assert_eq!(off(&cloud).await.state, CdnState::Off);
    assert_eq!(distributions(&endpoint).await, [id], "another Region's");
}

/// What a call of this name needs.
fn needs(operation: &str) -> Vec<&str> {
    match operation {
        "CreateDistributionWithTags" => vec!["CreateDistribution", "CreateDistributionWithTags", "TagResource"],
        other => vec![other],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cdn_needs_a_policy_of_its_own_and_nothing_in_that_is_not_used() {
    let fixture = Fixture::start_with(|config| config.log_requests = true).await;
    let cloud = connect(fixture.endpoint()).await;
    let is_cdns = |operation: &&String| operation.contains("Distribution");
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    account::examine(&cloud).await.unwrap();
    assert_eq!(asked(&fixture).iter().filter(is_cdns).count(), 0, "without one nobody asks for it");
    on(&cloud).await;
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    account::cdn_standing(&cloud).await.unwrap();
    off(&cloud).await;
    on(&cloud).await;
    account::teardown(&cloud, Roles::Keep, &|_| ()).await.unwrap();
    let asked = asked(&fixture);
    let of_cdn: BTreeSet<_> = asked.iter().filter(is_cdns).flat_map(|operation| needs(operation)).collect();
    let allowed_here = allowed(&[Policy::Cdn]);
    assert_eq!(of_cdn, allowed_here.iter().map(String::as_str).collect::<BTreeSet<_>>());
    let others: BTreeSet<_> = asked.iter().filter(|operation| !is_cdns(operation)).cloned().collect();
    let others: Vec<_> = others.difference(&allowed(&[Policy::Setup, Policy::Usage])).cloned().collect();
    // what doctor asks IAM, which the stand-in does not know
    assert_eq!(others, ["unknown"]);
    assert!("UpdateDistribution".parse::<Operation>().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_lets_nothing_of_a_request_but_its_path_and_coding_through() {
    let sandbox = Sandbox::start().await;
    let endpoint = sandbox.stand_in.endpoint().clone();
    published(&sandbox).await;
    on(&connect(&endpoint).await).await;
    assert_eq!(send(&endpoint.edge, "POST", "/harbour/", &[]).await.status, 403);
    assert_eq!(send(&endpoint.edge, "GET", "/harbour/", &["Host: example.org"]).await.status, 421);
    let options = send(&endpoint.edge, "OPTIONS", "/harbour/", &[]).await;
    assert_eq!((options.status, options.header("access-control-allow-methods")), (204, Some("GET, HEAD, OPTIONS")));
    let accepts = ["Accept: text/html", "Cookie: a=b", "x-zipreel-edge: mine"];
    let for_people = send(&endpoint.edge, "GET", "/nothing/index.m3u8", &accepts).await;
    assert_eq!((for_people.status, for_people.text().as_str()), (404, "not found\n"), "it can't know who asks");
    let bare = send(&endpoint.edge, "GET", "/harbour?t=3", &[]).await;
    assert_eq!(bare.header("location"), Some("/harbour/"), "no query");
    let packed = send(&endpoint.edge, "GET", "/harbour/", &["Accept-Encoding: gzip"]).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.header("x-amz-cf-id").is_some());
    let page = get_url(&format!("{}/harbour/", endpoint.edge)).await;
    assert!(!page.contains("lambda") && page.contains(&endpoint.edge), "{page}");
}
