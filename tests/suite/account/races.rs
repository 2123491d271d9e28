//! Setting up one account from several places at once, with answers that are lost: all end ready.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::Value;
use zipreel::{
    account::{self, RelayWish, Roles},
    cloud::Cloud,
    local::Operation,
    model::gate::public::Public,
};

use super::setting_up::set_up;
use crate::{
    clips::{Clip, clip},
    events,
    mishap::account::{client, connect, set_faults},
    publish::sandbox::Sandbox,
};

/// A sandbox whose account has nothing of zipreel's.
async fn bare() -> (Sandbox, Cloud) {
    let sandbox = Sandbox::start().await;
    let cloud = connect(sandbox.stand_in.endpoint()).await;
    account::teardown(&cloud, Roles::Remove, &|_| ()).await.unwrap();
    (sandbox, cloud)
}

/// What each of these commands, run at the same time, said last, and its exit status.
async fn at_once(sandbox: &Sandbox, commands: &[Vec<&str>]) -> Vec<(Option<i32>, Value)> {
    let runs = commands.iter().enumerate().map(|(number, arguments)| async move {
        // a state folder each: they stand for machines of their own
        let output = sandbox.command(&format!("state-{number}")).args(arguments).output().await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let last = events::last(&said);
        (output.status.code(), last)
    });
    join_all(runs).await
}

const SETUP: [&str; 4] = ["setup", "--target", "local", "--json"];

/// Nothing is left to do, and nothing is there twice.
async fn is_set_up(sandbox: &Sandbox, cloud: &Cloud, context: &str) {
    sandbox.stand_in.faults().clear();
    let health = account::examine(cloud).await.unwrap();
    let left: Vec<_> = health.to_set_up().collect();
    assert!(left.is_empty(), "{context}: {left:?}");
    let policy = client(sandbox).get_policy().function_name(Public::Gate.name()).send().await.unwrap();
    let policy: Value = serde_json::from_str(policy.policy().unwrap()).unwrap();
    assert_eq!(policy["Statement"].as_array().unwrap().len(), 2, "{context}");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_setups_at_once_all_end_ready() {
    let (sandbox, cloud) = bare().await;
    let ended = at_once(&sandbox, &vec![SETUP.to_vec(); 4]).await;
    for (code, last) in &ended {
        assert_eq!((*code, &last["event"]), (Some(0), &"ready".into()), "{ended:#?}");
    }
    is_set_up(&sandbox, &cloud, "four").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn six_setups_whose_answers_are_lost_all_end_ready() {
    let accounts = (1..=3).map(async |seed| {
        let (sandbox, cloud) = bare().await;
        set_faults(&sandbox, &format!("effect-no-answer=0.3,seed={seed}"));
        let ended = at_once(&sandbox, &vec![SETUP.to_vec(); 6]).await;
        for (code, last) in &ended {
            assert_eq!((*code, &last["event"]), (Some(0), &"ready".into()), "seed {seed}: {ended:#?}");
        }
        is_set_up(&sandbox, &cloud, &format!("seed {seed}")).await;
    });
    join_all(accounts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publishing_sets_up_beside_setups_and_a_relay() {
    let (sandbox, cloud) = bare().await;
    let video = clip(Clip::Silent);
    let publish = ["publish", "--json", "--name", "race", "--", video.to_str().unwrap()].to_vec();
    let relay = ["relay", "on", "--target", "local", "--json"].to_vec();
    let ended = at_once(&sandbox, &[SETUP.to_vec(), publish, SETUP.to_vec(), relay]).await;
    assert!(ended.iter().all(|(code, _)| *code == Some(0)), "{ended:#?}");
    is_set_up(&sandbox, &cloud, "all ready").await;
    let gate = cloud.public(Public::Gate).await.unwrap().unwrap();
    let relay = cloud.function_url(Public::Relay.name()).await.unwrap();
    assert_eq!(gate.environment.get("ZIPREEL_RELAY_URL"), relay.as_ref(), "the gate knows the relay");
}

/// Each step's call has its effect and no answer, for as often as the SDK itself tries.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_although_no_answer_came_is_there_already() {
    let operations = [
        Operation::CreateRole,
        Operation::PutRolePolicy,
        Operation::CreateLogGroup,
        Operation::PutRetentionPolicy,
        Operation::CreateFunction,
        Operation::CreateFunctionUrlConfig,
        Operation::AddPermission,
        Operation::UpdateFunctionConfiguration,
        Operation::PutFunctionConcurrency,
    ];
    let accounts = operations.map(async |operation| {
        let (sandbox, cloud) = bare().await;
        for fault in ["effect-no-answer", "reset-before"] {
            set_faults(&sandbox, &format!("{fault}@{operation}=1x"));
            let ended = at_once(&sandbox, &[SETUP.to_vec()]).await;
            assert_eq!(ended[0].0, Some(0), "{fault} {operation}: {ended:#?}");
            is_set_up(&sandbox, &cloud, &format!("{fault} {operation}")).await;
        }
    });
    join_all(accounts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_of_our_name_that_says_something_else_is_mended() {
    let (sandbox, cloud) = bare().await;
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    let (client, name) = (client(&sandbox), Public::Gate.name());
    client.remove_permission().function_name(name).statement_id("zipreel-url").send().await.unwrap();
    let wrong = client.add_permission().function_name(name).statement_id("zipreel-url").principal("*");
    wrong
        .action("lambda:InvokeFunctionUrl")
        .function_url_auth_type(aws_sdk_lambda::types::FunctionUrlAuthType::AwsIam)
        .send()
        .await
        .unwrap();
    assert!(!cloud.is_open(Public::Gate).await.unwrap());
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    assert!(cloud.is_open(Public::Gate).await.unwrap());
    is_set_up(&sandbox, &cloud, "mended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_changes_meanwhile_is_read_again() {
    let (sandbox, cloud) = bare().await;
    set_up(&cloud, RelayWish::AsItIs).await.0.unwrap();
    let client = client(&sandbox);
    let wanted = || BTreeMap::from([("ZIPREEL_GATE_URL".to_owned(), "https://a/".to_owned())]);
    let meddling = async |_| {
        let request = client.update_function_configuration().function_name(Public::Gate.name());
        request.description("changed by another").send().await.unwrap();
        Ok(wanted())
    };
    let error = cloud.ensure_environment(Public::Gate, meddling).await.unwrap_err();
    assert!(error.is_precondition(), "{error:?}");
    assert_eq!(
        zipreel::model::report::fault::Explain::class(&error),
        zipreel::model::report::fault::FaultClass::Transient
    );
    cloud.ensure_environment(Public::Gate, async |_| Ok(wanted())).await.unwrap();
    assert_eq!(cloud.public(Public::Gate).await.unwrap().unwrap().environment, wanted());
}
