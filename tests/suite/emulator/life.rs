//! Set up, publish, play, check, delete, tear down: by users with the least policies that zipreel prints.
#![cfg(unix)]

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::Command;
use zipreel::{
    cloud::{Cloud, Keys},
    model::gate::public::{Policy, Public},
};

use super::{contract::keeps_the_contract, server::Emulator};
use crate::{
    clips::{Clip, clip},
    events,
    publish::sandbox::{Reel, Run, client, get, get_range},
};

async fn run(mut command: Command, args: &[&str]) -> Run {
    let output = command.args(args).arg("--json").output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Run {
        code: output.status.code(),
        lines: events::all(&text, output.status.code()),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The last line of a command that succeeded.
fn last<'a>(run: &'a Run, event: &str) -> &'a Value {
    assert_eq!(run.code, Some(0), "{}\n{:#?}", run.stderr, run.lines);
    let last = run.lines.last().unwrap();
    assert_eq!(last["event"], event);
    last
}

fn graded<'a>(run: &'a Run, grade: &'a str) -> Vec<&'a str> {
    run.events("finding").filter(|line| line["grade"] == grade).map(|line| line["subject"].as_str().unwrap()).collect()
}

/// The roles are an administrator's to make, once; the rest takes no right to write in IAM.
async fn has_its_roles_made(emulator: &Emulator, administrator: &Keys, owner: &Keys) {
    let refused = run(emulator.zipreel(owner), &["setup", "--yes"]).await;
    let hint = refused.failed()["hint"].as_str().unwrap();
    assert!(hint.contains("`zipreel setup --roles`"), "{:#?}", refused.lines);
    let made = run(emulator.zipreel(administrator), &["setup", "--roles", "--yes"]).await;
    assert_eq!(last(&made, "ready")["changed"], 2);
    let again = run(emulator.zipreel(administrator), &["setup", "--roles"]).await;
    assert_eq!(last(&again, "ready")["changed"], 0);
}

/// Root may do everything: nothing is said to be missing, but that it should not be used.
async fn root_is_told_apart(emulator: &Emulator) {
    let said = run(emulator.zipreel(&emulator.root()), &["doctor"]).await;
    let rights = said.events("finding").find(|line| line["subject"] == "rights").unwrap();
    assert_eq!(rights["grade"], "note", "{rights}");
    assert!(rights["words"].as_str().unwrap().contains("root"), "{rights}");
}

async fn sets_up_once(emulator: &Emulator, administrator: &Keys, owner: &Keys) {
    let before = run(emulator.zipreel(owner), &["doctor"]).await;
    assert_eq!(before.code, Some(1), "{:#?}", before.lines);
    assert_eq!(graded(&before, "setup"), ["roles", "roles", "gate", "log"], "{:#?}", before.lines);
    has_its_roles_made(emulator, administrator, owner).await;
    let first = run(emulator.zipreel(owner), &["setup", "--yes"]).await;
    let ready = last(&first, "ready");
    assert!(ready["changed"].as_u64().unwrap() >= 3, "{ready}");
    assert_eq!(ready["relay"], Value::Null);
    let second = run(emulator.zipreel(owner), &["setup"]).await;
    let again = last(&second, "ready");
    assert_eq!((&again["changed"], &again["gate"]), (&Value::from(0), &ready["gate"]), "{:#?}", second.lines);
    let after = run(emulator.zipreel(owner), &["doctor"]).await;
    assert_eq!(after.code, Some(0), "{:#?}", after.lines);
}

/// What another user's gate is not this user's to change.
async fn may_not_change_the_gate(cloud: &Cloud) {
    let denied = cloud.delete_public(Public::Gate).await.unwrap_err();
    assert!(denied.code.contains("AccessDenied"), "{denied:?}");
}

async fn plays(run: &Run) -> Reel {
    let reel = Reel::of(run).await;
    assert!(reel.multivariant.contains("#EXT-X-STREAM-INF"), "{}", reel.multivariant);
    let ranges = reel.ranges();
    assert_eq!(ranges.len() as u64, run.published()["segments"].as_u64().unwrap());
    for (url, offset, length) in &ranges {
        let segment = get_range(url, *offset, *length).await;
        assert!(segment.len() % 188 == 0 && segment.chunks(188).all(|packet| packet[0] == 0x47), "{url} at {offset}");
    }
    reel
}

/// Through the relay a browser gets the bytes that a player gets by the redirect, and may read them.
async fn relays(reel: &Reel) {
    let url = format!("{}.relay.m3u8", reel.url.strip_suffix(".m3u8").unwrap());
    let playlist = get(&url).await;
    let segments: Vec<_> = playlist.lines().filter(|line| !line.starts_with('#')).collect();
    let ranges = reel.ranges();
    assert_eq!(segments.len(), ranges.len());
    let (link, offset, length) = &ranges[1];
    let answer = client().get(segments[1]).header("origin", "https://example.org").send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", segments[1]);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let relayed = answer.bytes().await.unwrap();
    assert_eq!(relayed, get_range(link, *offset, *length).await);
}

/// The API takes rights of its own; what was published before plays on at both addresses.
async fn moves_behind_an_api_and_back(emulator: &Emulator, [owner, fronts, publisher]: [&Keys; 3], published: &Run) {
    let refused = run(emulator.zipreel(owner), &["setup", "--front", "http-api"]).await;
    assert!(refused.failed()["hint"].as_str().unwrap().contains("`zipreel policy front`"), "{:#?}", refused.lines);
    plays(published).await;
    let behind = run(emulator.zipreel(fronts), &["setup", "--front", "http-api", "--yes"]).await;
    let ready = last(&behind, "ready").clone();
    assert_eq!(ready["front"], "http-api");
    let api = ready["gate"].as_str().unwrap();
    assert!(api.contains("/_aws/execute-api/"), "{api}");
    let again = run(emulator.zipreel(fronts), &["setup"]).await;
    assert_eq!((&last(&again, "ready")["changed"], &last(&again, "ready")["gate"]), (&0.into(), &ready["gate"]));
    let examined = run(emulator.zipreel(fronts), &["doctor"]).await;
    assert_eq!(examined.code, Some(0), "{:#?}", examined.lines);

    let video = clip(Clip::Mp4);
    let args = ["publish", video.to_str().unwrap(), "--name", "quay", "--segment-seconds", "2", "--yes"];
    let behind = run(emulator.zipreel(publisher), &args).await;
    assert!(behind.playlist().starts_with(api), "{}", behind.playlist());
    plays(&behind).await;
    plays(published).await;
    let checked = run(emulator.zipreel(publisher), &["check", "harbour", "--deep"]).await;
    assert_eq!(checked.code, Some(0), "{:#?}", checked.lines);
    // last, since its wrong names use up what one address may ask for, and here all have the same
    keeps_the_contract(emulator, &emulator.cloud(publisher).await, api, ready["relay"].as_str().unwrap()).await;
    let absolute = get(&behind.playlist().replace("index.m3u8", "index.abs.m3u8")).await;
    assert!(absolute.contains(&format!("{api}quay/")), "{absolute}");

    let back = run(emulator.zipreel(fronts), &["setup", "--front", "url"]).await;
    assert_eq!(last(&back, "ready")["front"], "url");
    let first = published.playlist();
    assert!(first.starts_with(last(&back, "ready")["gate"].as_str().unwrap()), "{first}");
    plays(&behind).await;
    deletes(emulator, publisher, "quay").await;
}

async fn deletes(emulator: &Emulator, publisher: &Keys, reel: &str) {
    let deleted = emulator.zipreel(publisher).args(["delete", reel, "--yes"]).output().await.unwrap();
    assert!(deleted.status.success(), "{}", String::from_utf8_lossy(&deleted.stderr));
}

/// The gate looks at an index it knows again after 10 s.
async fn goes_away(playlist: &str) {
    let end = Instant::now() + Duration::from_secs(40);
    loop {
        let status = client().get(playlist).send().await.unwrap().status();
        if status == 404 {
            return;
        }
        assert!(Instant::now() < end, "{playlist} still answers {status}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn is_empty(emulator: &Emulator, owner: &Cloud) {
    assert_eq!(owner.quota().await.unwrap().functions, 0);
    assert_eq!(owner.function_url(Public::Gate.name()).await.unwrap(), None);
    let roles = emulator.iam().list_roles().send().await.unwrap().roles;
    let ours: Vec<_> = roles.iter().map(|role| role.role_name()).filter(|name| name.starts_with("zipreel")).collect();
    assert_eq!(ours, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reel_lives_and_dies_in_an_account_of_another_make() {
    let emulator = Emulator::start().await;
    let administrator = emulator.user("administrator", &[Policy::SetupRoles, Policy::Setup]).await;
    let owner = emulator.user("owner", &[Policy::Setup]).await;
    let fronts = emulator.user("fronts", &[Policy::Setup, Policy::Front]).await;
    let publisher = emulator.user("publisher", &[Policy::Publish]).await;
    root_is_told_apart(&emulator).await;
    sets_up_once(&emulator, &administrator, &owner).await;
    let cloud = emulator.cloud(&publisher).await;
    may_not_change_the_gate(&cloud).await;

    let video = clip(Clip::Mp4);
    let args = ["publish", video.to_str().unwrap(), "--name", "harbour", "--segment-seconds", "2", "--yes"];
    let published = run(emulator.zipreel(&publisher), &args).await;
    let planned = published.events("planned").next().unwrap();
    assert!(planned["dollars"]["million_views"].as_f64().unwrap() > 0.0, "{planned}");
    let reel = plays(&published).await;
    let checked = run(emulator.zipreel(&publisher), &["check", "harbour", "--deep"]).await;
    assert_eq!(checked.code, Some(0), "{:#?}", checked.lines);

    let unasked = run(emulator.zipreel(&owner), &["relay", "on"]).await;
    assert!(unasked.failed()["what"].as_str().unwrap().contains("price"), "{:#?}", unasked.lines);
    let on = run(emulator.zipreel(&owner), &["relay", "on", "--yes"]).await;
    assert!(last(&on, "ready")["relay"].is_string());
    relays(&reel).await;
    for (what, undone) in [("on", "its price was not agreed to"), ("off", "could not switch the CDN before")] {
        let unasked = run(emulator.zipreel(&owner), &["cdn", what]).await;
        assert!(unasked.failed()["what"].as_str().unwrap().contains(undone), "{:#?}", unasked.lines);
    }
    moves_behind_an_api_and_back(&emulator, [&owner, &fronts, &publisher], &published).await;

    let refused = run(emulator.zipreel(&owner), &["teardown", "--yes"]).await;
    assert!(refused.failed()["what"].as_str().unwrap().contains("harbour"), "{:#?}", refused.lines);
    deletes(&emulator, &publisher, "harbour").await;
    goes_away(&published.playlist()).await;
    let removed = run(emulator.zipreel(&fronts), &["teardown", "--yes", "--keep-roles"]).await;
    assert_eq!(last(&removed, "removed")["removed"].as_array().unwrap().len(), 5, "{:#?}", removed.lines);
    let removed = run(emulator.zipreel(&administrator), &["teardown", "--yes"]).await;
    assert_eq!(last(&removed, "removed")["removed"].as_array().unwrap().len(), 2, "{:#?}", removed.lines);
    is_empty(&emulator, &emulator.cloud(&owner).await).await;
    let nothing = run(emulator.zipreel(&administrator), &["teardown", "--yes"]).await;
    assert_eq!(last(&nothing, "removed")["removed"], Value::Array(Vec::new()));
}
