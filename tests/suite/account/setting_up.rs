//! Setting up an account that lets nobody be quicker than AWS: new roles can't be assumed at first, functions are
//! Pending, calls are throttled.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use zipreel::{
    account::{self, Ready, RelayWish, Roles, Wish},
    cloud::{Cloud, Connect, Keys, Overrides, RoleWanted},
    local,
    model::{
        gate::{
            front::Front,
            public::{Policy, Public},
        },
        report::{
            board::{Board, JobState},
            event::{Event, JobName, SetupStep},
            fault::Stopped,
            health::{Grade, Subject},
        },
    },
    running::reporter::{Control, Reporter},
};

use super::secrets::{REEL, publish, zipreel};
use crate::{
    clips::{Clip, clip},
    contract::sides,
    publish::sandbox::get,
    stand_in::clients::{Fixture, config},
};

#[derive(Clone, Default)]
pub(super) struct BoardReporter(Arc<Mutex<Board>>);

impl Reporter for BoardReporter {
    fn report(&self, event: Event) {
        self.0.lock().unwrap().apply(&event);
    }
}

pub(super) async fn connect(fixture: &Fixture) -> Cloud {
    connect_with(fixture, Overrides::default()).await
}

async fn connect_with(fixture: &Fixture, overrides: Overrides) -> Cloud {
    let endpoint = fixture.endpoint();
    let keys = Keys { access_key: endpoint.access_key.clone(), secret_key: endpoint.secret_key.clone() };
    let connect = Connect {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(endpoint.api.clone()),
        keys: Some(keys),
        overrides,
        ..Connect::default()
    };
    Cloud::connect(&connect).await.unwrap()
}

pub(super) async fn set_up(cloud: &Cloud, wish: impl Into<Wish>) -> (Result<Ready, Stopped>, Board) {
    let seen = BoardReporter::default();
    let ready = account::setup(cloud, wish, Arc::new(seen.clone()), &Control::default()).await;
    let board = seen.0.lock().unwrap().clone();
    (ready, board)
}

#[tokio::test]
async fn an_empty_account_is_set_up_though_roles_and_functions_take_their_time() {
    let fixture = Fixture::start().await;
    let cloud = connect(&fixture).await;
    account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap();
    fixture.set_faults("role-not-assumable=2s,pending=1s,429@AddPermission=1x,500@CreateRole=1x");
    let (ready, board) = set_up(&cloud, RelayWish::On).await;
    let ready = ready.unwrap();
    assert_eq!(ready.gate_url, format!("{}/", fixture.endpoint().gate));
    assert_eq!(ready.relay_url, Some(format!("{}/", fixture.endpoint().relay)));
    let gate = &board.jobs[&JobName::Setup(SetupStep::Gate)];
    assert!(gate.causes.iter().any(|cause| cause.contains("cannot be assumed")), "{:?}", gate.causes);
    let (again, board) = set_up(&cloud, RelayWish::AsItIs).await;
    assert_eq!(again.unwrap().changed, 0, "{:?}", board.jobs);
    let probe = JobName::Setup(SetupStep::Probe);
    for (name, job) in board.jobs.iter().filter(|(name, _)| **name != probe) {
        assert!(matches!(job.state, JobState::Skipped(_)), "{name} did something");
    }
}

#[tokio::test]
async fn what_an_older_program_made_is_updated_in_place() {
    let fixture = Fixture::start().await;
    let cloud = connect(&fixture).await;
    let (ready, _) = set_up(&cloud, RelayWish::AsItIs).await;
    let before = ready.unwrap();
    let client = fixture.lambda();
    let old = crate::stand_in::clients::zip_of("gate.mjs", b"old");
    let name = Public::Gate.name();
    client.update_function_code().function_name(name).zip_file(old.into()).send().await.unwrap();
    client.update_function_configuration().function_name(name).description("zipreel 0.0.1: x").send().await.unwrap();
    client.remove_permission().function_name(name).statement_id("zipreel-invoke").send().await.unwrap();
    let health = account::preflight(&cloud).await;
    let gaps: Vec<_> = health.to_set_up().map(|finding| (finding.subject, finding.words.as_str())).collect();
    let words =
        "`zipreel-gate` has another version's code, has other settings, is not open to the public by both permissions";
    assert_eq!(gaps, [(Subject::Gate, words)]);
    let (mended, _) = set_up(&cloud, RelayWish::AsItIs).await;
    let mended = mended.unwrap();
    assert_eq!((mended.gate_url.as_str(), mended.changed), (before.gate_url.as_str(), 2));
    assert_eq!(account::preflight(&cloud).await.to_set_up().count(), 0);
}

#[tokio::test]
async fn a_newer_programs_gate_is_left_alone() {
    let fixture = Fixture::start().await;
    let cloud = connect(&fixture).await;
    let client = fixture.lambda();
    let name = Public::Gate.name();
    let newer = crate::stand_in::clients::zip_of("gate.mjs", b"newer");
    client.update_function_configuration().function_name(name).description("zipreel 99.0.0: x").send().await.unwrap();
    client.update_function_code().function_name(name).zip_file(newer.into()).send().await.unwrap();
    let (ready, _) = set_up(&cloud, RelayWish::AsItIs).await;
    assert!(ready.unwrap().notes.iter().any(|note| note.contains("newer")));
    assert!(!cloud.public(Public::Gate).await.unwrap().unwrap().same_code);
}

#[tokio::test]
async fn where_no_roles_may_be_made_given_ones_are_used() {
    let fixture = Fixture::start().await;
    let cloud = connect(&fixture).await;
    account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap();
    let [chunk_role, gate_role] =
        ["others-chunk", "others-gate"].map(|name| format!("arn:aws:iam::123456789012:role/{name}"));
    for name in ["others-chunk", "others-gate"] {
        let wanted = RoleWanted { name: name.to_owned(), trust: Policy::Trust.text("aws", "*"), policy: None };
        cloud.ensure_role(&wanted).await.unwrap();
    }
    fixture.set_faults("403@CreateRole=after:0,403@GetRole=after:0,403@PutRolePolicy=after:0");
    let given =
        Overrides { chunk_role: Some(chunk_role.clone()), gate_role: Some(gate_role.clone()), ..Overrides::default() };
    let cloud = connect_with(&fixture, given).await;
    set_up(&cloud, RelayWish::On).await.0.unwrap();
    for (public, role) in [(Public::Gate, &gate_role), (Public::Relay, &chunk_role)] {
        let client = fixture.lambda();
        let made = client.get_function_configuration().function_name(public.name()).send().await.unwrap();
        assert_eq!(made.role(), Some(role.as_str()));
    }
}

#[tokio::test]
async fn a_relay_that_is_switched_off_is_gone_and_the_gate_knows() {
    let fixture = Fixture::start().await;
    let cloud = connect(&fixture).await;
    let (off, _) = set_up(&cloud, RelayWish::Off).await;
    assert_eq!(off.unwrap().relay_url, None);
    assert_eq!(cloud.public(Public::Relay).await.unwrap(), None);
    let environment = cloud.public(Public::Gate).await.unwrap().unwrap().environment;
    assert_eq!(environment.keys().collect::<Vec<_>>(), ["ZIPREEL_GATE_URL"]);
}

#[tokio::test]
async fn a_doctor_finds_a_stand_in_well_and_tries_it() {
    let fixture = Fixture::start().await;
    let cloud = connect(&fixture).await;
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    let health = account::examine(&cloud).await.unwrap();
    assert!(health.grade() <= Grade::Note, "{health:#?}");
    let observed = account::observe(&cloud).await.unwrap();
    assert!(observed.iter().all(|observed| observed.well), "{observed:#?}");
    let said = |what: &str| &observed.iter().find(|observed| observed.what == what).unwrap().answer;
    assert_eq!(said("life of a link"), "600 s");
    assert_eq!(said("Access-Control-Allow-Origin"), "none");
    assert_eq!(cloud.quota().await.unwrap().functions, 2, "it leaves nothing behind");
}

/// Its functions know each other's addresses, as if they had been told, from the start and wherever it is started.
#[tokio::test]
async fn a_doctor_finds_a_stand_in_well_that_nobody_set_up_and_that_moves() {
    let folder = tempfile::tempdir().unwrap();
    for (times, front) in [None, Some(Front::HttpApi), None].into_iter().enumerate() {
        let stand_in = local::start(config(&folder)).await.unwrap();
        let cloud = sides::connect(&stand_in).await;
        let health = account::examine(&cloud).await.unwrap();
        assert!(health.grade() <= Grade::Note, "at start {times}: {health:#?}");
        if front.is_some() {
            set_up(&cloud, Wish { front, ..RelayWish::AsItIs.into() }).await.0.unwrap();
        }
        stand_in.stop().await;
    }
}

/// Operations of the account that a policy allows, by AWS's names.
pub(super) fn allowed(policies: &[Policy]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for policy in policies {
        let policy: serde_json::Value = serde_json::from_str(&policy.text("aws", "*")).unwrap();
        for statement in policy["Statement"].as_array().unwrap() {
            let actions = &statement["Action"];
            let actions = actions.as_array().cloned().unwrap_or_else(|| vec![actions.clone()]);
            names.extend(actions.iter().map(|action| action.as_str().unwrap().split(':').nth(1).unwrap().to_owned()));
        }
    }
    names
}

pub(super) fn asked(fixture: &Fixture) -> BTreeSet<String> {
    let log = std::fs::read_to_string(fixture.folder.path().join("requests.jsonl")).unwrap();
    let operations = log.lines().filter_map(|line| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        entry["operation"].as_str().map(str::to_owned)
    });
    // needs no right, or is no call of the account's
    let free = ["GetCallerIdentity", "Download", "Gate", "Relay"];
    operations.filter(|operation| !free.contains(&operation.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_policies_allow_every_call_that_is_made() {
    let fixture = Fixture::start_with(|config| config.log_requests = true).await;
    let cloud = connect(&fixture).await;
    let video = clip(Clip::Mp4);
    let published = publish(&fixture, &["--json"], &video).await;
    assert_eq!(published.status.code(), Some(0), "{}", String::from_utf8_lossy(&published.stderr));
    for arguments in [&["list"][..], &["check", REEL, "--deep"], &["delete", REEL, "--yes"]] {
        let output = zipreel(&fixture, &[arguments, &["--target", "aws"]].concat()).output().await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let publishing = asked(&fixture);
    assert!(publishing.contains("CreateFunction") && publishing.contains("DeleteFunction"), "{publishing:?}");
    let missing: Vec<_> = publishing.difference(&allowed(&[Policy::Publish])).cloned().collect();
    assert_eq!(missing, [""; 0]);
    account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap();
    set_up(&cloud, RelayWish::On).await.0.unwrap();
    let all = allowed(&[Policy::Publish, Policy::SetupRoles, Policy::Setup]);
    let missing: Vec<_> = asked(&fixture).difference(&all).cloned().collect();
    assert_eq!(missing, [""; 0]);
}

#[tokio::test]
async fn a_gate_with_reels_is_not_taken_down() {
    let fixture = Fixture::start().await;
    let cloud = connect(&fixture).await;
    let video = clip(Clip::Mp4);
    assert!(publish(&fixture, &["--json"], &video).await.status.success());
    let refused = account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap_err();
    assert!(matches!(&refused, Stopped::Failed(fault) if fault.what.contains(REEL)), "{refused:?}");
    get(&format!("{}/{}/index.m3u8", fixture.endpoint().gate, REEL)).await;
}
