//! Who needs which rights: an administrator once for the two roles, someone for setting up without any say in IAM, and
//! those who publish.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use zipreel::{
    account::{self, RelayWish, Roles},
    local::Operation,
    model::gate::public::{GATE_POLICY, GATE_ROLE, Policy, Public},
    running::reporter::Control,
};

use super::setting_up::{BoardReporter, allowed, asked, connect, set_up};
use crate::{
    mishap::account::{self as desks, set_faults, zipreel},
    publish::sandbox::Sandbox,
    stand_in::clients::Fixture,
};

/// Refuses what writes to IAM, as AWS does to those with `setup.json` alone.
pub(super) const NO_WRITES: &str = "403@CreateRole=after:0,403@PutRolePolicy=after:0,403@UpdateAssumeRolePolicy=after:0,\
                         403@DeleteRole=after:0,403@DeleteRolePolicy=after:0";

const SETUP: [&str; 3] = ["setup", "--target", "local"];

async fn without(roles: Roles) -> Sandbox {
    let sandbox = Sandbox::start().await;
    account::teardown(&desks::connect(sandbox.stand_in.endpoint()).await, roles, &|_| ()).await.unwrap();
    sandbox
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_roles_are_setting_up_writes_nothing_in_iam() {
    let fixture = Fixture::start_with(|config| config.log_requests = true).await;
    let cloud = connect(&fixture).await;
    account::teardown(&cloud, Roles::Keep, &|_| ()).await.unwrap();
    set_up(&cloud, RelayWish::On).await.0.unwrap();
    let missing: Vec<_> = asked(&fixture).difference(&allowed(&[Policy::Setup])).cloned().collect();
    assert_eq!(missing, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roles_alone_need_nothing_but_the_administrators_policy() {
    let fixture = Fixture::start_with(|config| config.log_requests = true).await;
    let cloud = connect(&fixture).await;
    let before = asked(&fixture);
    let (reporter, control) = (Arc::new(BoardReporter::default()), Control::default());
    assert_eq!(account::setup_roles(&cloud, false, reporter.clone(), &control).await, Ok(0), "the stand-in has them");
    assert_eq!(account::setup_roles(&cloud, true, reporter, &control).await, Ok(1), "that of a relay with a ceiling");
    let asked: BTreeSet<_> = asked(&fixture).difference(&before).cloned().collect();
    let missing: Vec<_> = asked.difference(&allowed(&[Policy::SetupRoles])).cloned().collect();
    assert_eq!(missing, [""; 0]);
}

/// Names in the SDK's clients are AWS's, in lower case with underscores.
#[test]
fn every_call_of_iam_in_the_program_stands_in_the_administrators_policy() {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud")];
    let mut called = BTreeSet::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text: String = fs::read_to_string(path).unwrap().split_whitespace().collect();
        called.extend(text.split("self.iam.").skip(1).map(|rest| {
            let name = rest.split('(').next().unwrap();
            let word = |word: &str| word[..1].to_uppercase() + &word[1..];
            name.split('_').map(word).collect::<String>()
        }));
    }
    assert!(called.contains("PutRolePolicy"), "calls are found: {called:?}");
    // doctor asks whether it may ask, and says so if not
    called.remove("SimulatePrincipalPolicy");
    let missing: Vec<_> = called.difference(&allowed(&[Policy::SetupRoles])).cloned().collect();
    assert_eq!(missing, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_say_in_iam_the_rest_is_set_up_where_the_roles_are() {
    let sandbox = without(Roles::Keep).await;
    set_faults(&sandbox, NO_WRITES);
    let said = zipreel(&sandbox, &SETUP).await.ended(0);
    assert!(said.err.contains("is ready") && !said.err.contains("note: role"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_may_not_be_looked_at_are_taken_as_they_are_and_said_to_be() {
    let sandbox = without(Roles::Keep).await;
    set_faults(&sandbox, &format!("{NO_WRITES},403@GetRole=after:0,403@GetRolePolicy=after:0"));
    let said = zipreel(&sandbox, &SETUP).await.ended(0);
    for role in ["zipreel-chunk", "zipreel-gate"] {
        assert!(said.err.contains(&format!("note: role `{role}` is taken as it is")), "{}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_roles_are_missing_it_says_who_makes_them_how_and_then_goes_on() {
    let sandbox = without(Roles::Remove).await;
    set_faults(&sandbox, NO_WRITES);
    let said = zipreel(&sandbox, &SETUP).await.ended(1);
    for words in ["could not make role `zipreel-chunk`", "An administrator has to run `zipreel setup --roles`"] {
        assert!(said.err.contains(words), "{}", said.err);
    }
    assert_eq!(sandbox.stand_in.counts().calls(Operation::CreateFunction), 0);
    sandbox.stand_in.faults().clear();
    let said = zipreel(&sandbox, &["setup", "--roles", "--target", "local"]).await.ended(0);
    assert!(said.err.contains("2 steps changed something"), "{}", said.err);
    let cloud = desks::connect(sandbox.stand_in.endpoint()).await;
    assert_eq!(cloud.public(Public::Gate).await.unwrap(), None, "the roles and nothing else");
    set_faults(&sandbox, NO_WRITES);
    zipreel(&sandbox, &SETUP).await.ended(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_another_policy_is_named_where_it_may_not_be_mended() {
    let sandbox = Sandbox::start().await;
    let cloud = desks::connect(sandbox.stand_in.endpoint()).await;
    let wanted = zipreel::cloud::RoleWanted {
        name: GATE_ROLE.to_owned(),
        trust: Policy::Trust.text("aws", "123456789012"),
        policy: Some((GATE_POLICY.to_owned(), r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned())),
    };
    cloud.ensure_role(&wanted).await.unwrap();
    set_faults(&sandbox, NO_WRITES);
    let said = zipreel(&sandbox, &SETUP).await.ended(1);
    for words in ["could not give role `zipreel-gate` its policy", "`zipreel setup --roles`", "`zipreel policy roles`"]
    {
        assert!(said.err.contains(words), "{}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_may_not_be_removed_are_an_administrators_to_remove() {
    let sandbox = Sandbox::start().await;
    set_faults(&sandbox, NO_WRITES);
    let said = zipreel(&sandbox, &["teardown", "--yes", "--target", "local"]).await.ended(1);
    assert!(said.err.contains("An administrator removes the roles"), "{}", said.err);
    zipreel(&sandbox, &["teardown", "--yes", "--keep-roles", "--target", "local"]).await.ended(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_policy_is_printed_by_its_name_and_all_without_one() {
    let sandbox = Sandbox::start().await;
    let mut all = String::new();
    let policies = [
        ("roles", Policy::SetupRoles),
        ("setup", Policy::Setup),
        ("front", Policy::Front),
        ("cdn", Policy::Cdn),
        ("usage", Policy::Usage),
        ("publish", Policy::Publish),
    ];
    for (name, policy) in policies {
        let said = zipreel(&sandbox, &["policy", name]).await.ended(0);
        assert_eq!(said.out.trim_end(), policy.text("aws", "*").trim_end());
        all += &said.out;
    }
    assert_eq!(zipreel(&sandbox, &["policy"]).await.ended(0).out, all);
}
