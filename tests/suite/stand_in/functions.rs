//! Functions made, read, listed and removed by the SDK and by the real `aws` client.

use super::clients::{Fixture, aws, create, get, json, request, zip_of};

#[tokio::test]
async fn a_function_made_by_the_sdk_can_be_read_downloaded_and_deleted() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    let zip = zip_of("0000.ts", &vec![7; 300_000]);
    let made = create(&client, "zipreel-a-01234567-src-0001", zip.clone()).send().await.unwrap();
    assert_eq!(made.code_size(), zip.len() as i64);
    let got = client.get_function().function_name("zipreel-a-01234567-src-0001").send().await.unwrap();
    assert_eq!(got.configuration().unwrap().code_sha256(), made.code_sha256());
    let link = got.code().unwrap().location().unwrap();
    let whole = get(link, &[]).await;
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("application/zip")));
    assert_eq!(whole.body, zip);
    client.delete_function().function_name("zipreel-a-01234567-src-0001").send().await.unwrap();
    assert_eq!(get(link, &[]).await.status, 404);
    assert!(client.get_function().function_name("zipreel-a-01234567-src-0001").send().await.is_err());
}

#[tokio::test]
async fn the_real_aws_client_creates_lists_gets_and_deletes() {
    let fixture = Fixture::start().await;
    let endpoint = fixture.endpoint();
    let zip = zip_of("0000.ts", &vec![7; 300_000]);
    let file = fixture.folder.path().join("chunk.zip");
    std::fs::write(&file, &zip).unwrap();
    let source = format!("fileb://{}", file.display());
    let role = super::clients::ROLE;
    let made = aws(
        endpoint,
        &[
            "lambda",
            "create-function",
            "--function-name",
            "by-hand",
            "--runtime",
            "provided.al2023",
            "--handler",
            "none",
            "--role",
            role,
            "--zip-file",
            &source,
            "--tags",
            "a=b",
        ],
    )
    .await;
    assert_eq!(json(&made)["CodeSize"], zip.len());
    let listed = json(&aws(endpoint, &["lambda", "list-functions"]).await);
    let names: Vec<_> = listed["Functions"].as_array().unwrap().iter().map(|one| one["FunctionName"].clone()).collect();
    assert_eq!(names, ["by-hand", "zipreel-gate", "zipreel-relay"]);
    let got = json(&aws(endpoint, &["lambda", "get-function", "--function-name", "by-hand"]).await);
    assert_eq!(got["Tags"]["a"], "b");
    let link = got["Code"]["Location"].as_str().unwrap().to_owned();
    let part = get(&link, &[("range", "bytes=10-19")]).await;
    assert_eq!((part.status, part.body.as_slice()), (206, &zip[10..20]));
    let identity = json(&aws(endpoint, &["sts", "get-caller-identity"]).await);
    assert_eq!(identity["Account"], "123456789012");
    let deleted = aws(endpoint, &["lambda", "delete-function", "--function-name", "by-hand"]).await;
    assert!(deleted.status.success(), "{}", String::from_utf8_lossy(&deleted.stderr));
    let gone = aws(endpoint, &["lambda", "get-function", "--function-name", "by-hand"]).await;
    assert!(String::from_utf8_lossy(&gone.stderr).contains("ResourceNotFoundException"));
    assert_eq!(request("HEAD", &link, &[]).await.status, 403);
}
