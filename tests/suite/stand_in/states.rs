//! What a function goes through: Pending, revisions, conflicts, and all that hangs on it.

use std::time::Duration;

use aws_sdk_lambda::{
    primitives::Blob,
    types::{FunctionUrlAuthType, InvokeMode, LastUpdateStatus, State},
};
use zipreel::local::Clock;

use super::clients::{Fixture, aws, code, create, json, zip_of};

#[tokio::test]
async fn a_function_is_pending_for_a_while_and_can_be_read_but_not_changed_meanwhile() {
    let settle = Duration::from_secs(5);
    let fixture = Fixture::start_with(|config| (config.clock, config.settle) = (Clock::stopped(), settle)).await;
    let client = fixture.lambda();
    let made = create(&client, "chunk", zip_of("a", b"a")).send().await.unwrap();
    assert_eq!(made.state(), Some(&State::Pending));
    let got = client.get_function().function_name("chunk").send().await.unwrap();
    assert!(got.code().unwrap().location().is_some());
    let update = || client.update_function_configuration().function_name("chunk").description("new");
    assert_eq!(code(&update().send().await.unwrap_err()), "ResourceConflictException");
    fixture.clock.advance(settle);
    let state = || client.get_function_configuration().function_name("chunk").send();
    assert_eq!(state().await.unwrap().state(), Some(&State::Active));
    assert_eq!(update().send().await.unwrap().last_update_status(), Some(&LastUpdateStatus::InProgress));
    assert_eq!(code(&update().send().await.unwrap_err()), "ResourceConflictException");
    fixture.clock.advance(settle);
    let settled = state().await.unwrap();
    assert_eq!(settled.last_update_status(), Some(&LastUpdateStatus::Successful));
    assert_eq!(settled.description(), Some("new"));
}

#[tokio::test]
async fn a_name_is_taken_once_even_by_two_at_the_same_time() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    let call = |content: &[u8]| create(&client, "chunk", zip_of("a", content)).send();
    let (one, two) = tokio::join!(call(b"one"), call(b"two"));
    let (winner, loser) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(code(&loser.unwrap_err()), "ResourceConflictException");
    let got = client.get_function_configuration().function_name("chunk").send().await.unwrap();
    assert_eq!(got.code_sha256(), winner.unwrap().code_sha256());
}

#[tokio::test]
async fn an_update_for_an_older_revision_is_refused_and_changes_nothing() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    let made = create(&client, "index", zip_of("a", b"one")).send().await.unwrap();
    let flip = |revision: &str, content: &[u8]| {
        let blob = Blob::new(zip_of("a", content));
        client.update_function_code().function_name("index").zip_file(blob).revision_id(revision).send()
    };
    let first = flip(made.revision_id().unwrap(), b"two").await.unwrap();
    assert_ne!(first.revision_id(), made.revision_id());
    let late = flip(made.revision_id().unwrap(), b"three").await.unwrap_err();
    assert_eq!(code(&late), "PreconditionFailedException");
    assert_eq!(late.raw_response().unwrap().status().as_u16(), 412);
    let got = client.get_function_configuration().function_name("index").send().await.unwrap();
    assert_eq!(got.code_sha256(), first.code_sha256());
    let dry =
        client.update_function_code().function_name("index").zip_file(Blob::new(zip_of("a", b"dry"))).dry_run(true);
    assert_eq!(dry.send().await.unwrap().code_sha256(), first.code_sha256());
}

#[tokio::test]
async fn lists_come_in_pages_of_fifty_without_states() {
    let fixture = Fixture::start_with(|config| config.clock = Clock::stopped()).await;
    let client = fixture.lambda();
    for number in 0..118 {
        create(&client, &format!("chunk-{number:03}"), zip_of("a", b"a")).send().await.unwrap();
        fixture.clock.advance(Duration::from_millis(100));
    }
    fixture.clock.rewind(Duration::from_millis(11_800));
    let first = client.list_functions().max_items(10_000).send().await.unwrap();
    assert_eq!(first.functions().len(), 50);
    assert!(first.functions().iter().all(|function| function.state().is_none() && function.code_sha256().is_some()));
    fixture.clock.advance(Duration::from_secs(12));
    let mut names: Vec<_> = first.functions().iter().map(|one| one.function_name().unwrap().to_owned()).collect();
    let mut marker = first.next_marker().map(String::from);
    // gone between two pages: the next page still begins where the last one ended
    client.delete_function().function_name(names.last().unwrap()).send().await.unwrap();
    while let Some(next) = marker {
        let page = client.list_functions().marker(next).max_items(30).send().await.unwrap();
        assert!(page.functions().len() <= 30);
        names.extend(page.functions().iter().map(|one| one.function_name().unwrap().to_owned()));
        marker = page.next_marker().map(String::from);
    }
    let wanted = (0..118).map(|number| format!("chunk-{number:03}"));
    assert_eq!(names, wanted.chain(["zipreel-gate".into(), "zipreel-relay".into()]).collect::<Vec<_>>());
    let all = json(&aws(fixture.endpoint(), &["lambda", "list-functions"]).await);
    assert_eq!(all["Functions"].as_array().unwrap().len(), 119);
    assert_eq!(code(&client.list_functions().marker("!").send().await.unwrap_err()), "InvalidParameterValueException");
}

#[tokio::test]
async fn tags_concurrency_and_permissions_are_kept() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    let arn = create(&client, "chunk", zip_of("a", b"a")).tags("a", "1").send().await.unwrap();
    let arn = arn.function_arn().unwrap();
    client.tag_resource().resource(arn).tags("b", "2").tags("c", "3").send().await.unwrap();
    client.untag_resource().resource(arn).tag_keys("a").tag_keys("c").send().await.unwrap();
    let tags = client.list_tags().resource(arn).send().await.unwrap();
    assert_eq!(tags.tags().unwrap().iter().collect::<Vec<_>>(), [(&"b".to_owned(), &"2".to_owned())]);
    let reserve =
        |number| client.put_function_concurrency().function_name("chunk").reserved_concurrent_executions(number);
    assert_eq!(code(&reserve(901).send().await.unwrap_err()), "InvalidParameterValueException");
    reserve(900).send().await.unwrap();
    let account = client.get_account_settings().send().await.unwrap();
    assert_eq!(account.account_limit().unwrap().unreserved_concurrent_executions(), Some(100));
    let permit = || {
        let call = client.add_permission().function_name("chunk").statement_id("public").principal("*");
        call.action("lambda:InvokeFunctionUrl").function_url_auth_type(FunctionUrlAuthType::None)
    };
    permit().send().await.unwrap();
    assert_eq!(code(&permit().send().await.unwrap_err()), "ResourceConflictException");
    let policy = client.get_policy().function_name("chunk").send().await.unwrap();
    assert!(policy.policy().unwrap().contains(r#""lambda:FunctionUrlAuthType":"NONE""#));
    client.remove_permission().function_name("chunk").statement_id("public").send().await.unwrap();
    assert_eq!(
        code(&client.get_policy().function_name("chunk").send().await.unwrap_err()),
        "ResourceNotFoundException"
    );
}

#[tokio::test]
async fn the_gate_is_there_from_the_start_and_closed_without_both_permissions() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    let endpoint = fixture.endpoint();
    let url = client.get_function_url_config().function_name("zipreel-gate").send().await.unwrap();
    assert_eq!(url.function_url(), format!("{}/", endpoint.gate));
    let page = format!("{}/nothing/", endpoint.gate);
    assert_eq!(super::clients::get(&page, &[]).await.status, 404);
    let statement = |id: &str| client.remove_permission().function_name("zipreel-gate").statement_id(id).send();
    statement("zipreel-invoke").await.unwrap();
    assert_eq!(super::clients::get(&page, &[]).await.status, 403);
    let again = client.add_permission().function_name("zipreel-gate").statement_id("again").principal("*");
    again.action("lambda:InvokeFunction").invoked_via_function_url(true).send().await.unwrap();
    assert_eq!(super::clients::get(&page, &[]).await.status, 404);
    client.delete_function_url_config().function_name("zipreel-gate").send().await.unwrap();
    assert_eq!(super::clients::get(&page, &[]).await.status, 403);
    let made = client.create_function_url_config().function_name("zipreel-gate");
    let made = made.auth_type(FunctionUrlAuthType::None).invoke_mode(InvokeMode::ResponseStream).send().await.unwrap();
    assert_eq!(made.function_url(), format!("{}/", endpoint.gate));
}

#[tokio::test]
async fn roles_are_made_read_and_removed_by_the_real_client() {
    let fixture = Fixture::start().await;
    let call = async |arguments: &[&str]| aws(fixture.endpoint(), arguments).await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let name = ["--role-name", "a-role"];
    let made = call(&[&["iam", "create-role", "--assume-role-policy-document", trust][..], &name].concat()).await;
    assert_eq!(json(&made)["Role"]["Arn"], "arn:aws:iam::123456789012:role/a-role");
    let policy = [&["iam", "put-role-policy", "--policy-name", "p", "--policy-document", trust][..], &name].concat();
    assert!(call(&policy).await.status.success());
    let got = json(&call(&[&["iam", "get-role-policy", "--policy-name", "p"][..], &name].concat()).await);
    assert_eq!(got["PolicyDocument"]["Statement"][0]["Action"], "sts:AssumeRole");
    let refused = call(&[&["iam", "delete-role"][..], &name].concat()).await;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("DeleteConflict"));
    assert_eq!(json(&call(&[&["iam", "list-role-policies"][..], &name].concat()).await)["PolicyNames"][0], "p");
    assert!(call(&[&["iam", "delete-role-policy", "--policy-name", "p"][..], &name].concat()).await.status.success());
    assert!(call(&[&["iam", "delete-role"][..], &name].concat()).await.status.success());
    let gone = call(&[&["iam", "get-role"][..], &name].concat()).await;
    assert!(String::from_utf8_lossy(&gone.stderr).contains("NoSuchEntity"));
}
