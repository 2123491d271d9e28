//! AWS's limits, with its codes and sentences (facts.md A1 to A4, A7).

use std::{io::Write, time::Duration};

use aws_sdk_lambda::{
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::{FunctionCode, Runtime},
};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};
use zipreel::local::Clock;

use super::{
    by_hand::Signed,
    clients::{Fixture, ROLE, authority, create, read_answer, zip_of},
};

/// Status, code and sentence of an error.
fn told<E: ProvideErrorMetadata>(error: &SdkError<E>) -> (u16, String, String) {
    let status = error.raw_response().map(|response| response.status().as_u16()).unwrap_or_default();
    let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
    (status, code.to_owned(), message.to_owned())
}

macro_rules! refused {
    ($call:expr, $status:literal, $code:literal, $part:expr) => {{
        let (status, code, message) = told(&$call.send().await.unwrap_err());
        assert_eq!((status, code.as_str()), ($status, $code), "{message}");
        assert!(message.contains($part), "{message}");
    }};
}

#[tokio::test]
async fn names_and_fields_are_held_to_lambdas_rules() {
    let fixture = Fixture::start_with(|config| config.clock = Clock::stopped()).await;
    let client = fixture.lambda();
    let call = || {
        // out of the reach of the rate
        fixture.clock.advance(Duration::from_millis(100));
        create(&client, "fine", zip_of("a", b"a"))
    };
    refused!(call().function_name("a b"), 400, "ValidationException", "at 'functionName' failed to satisfy constraint");
    refused!(call().function_name("a".repeat(65)), 400, "InvalidParameterValueException", "less than or equal to 64");
    refused!(call().description("é".repeat(257)), 400, "ValidationException", "'description'");
    refused!(call().handler("a b"), 400, "ValidationException", "'handler'");
    refused!(call().handler("a".repeat(129)), 400, "ValidationException", "'handler'");
    refused!(call().memory_size(127), 400, "ValidationException", "greater than or equal to 128");
    refused!(call().timeout(901), 400, "ValidationException", "less than or equal to 900");
    refused!(call().runtime(Runtime::from("perl5")), 400, "InvalidParameterValueException", "enum value set");
    refused!(call().role("a-role"), 400, "ValidationException", "'role'");
    refused!(call().role(ROLE.replace("123456789012", "999999999999")), 403, "AccessDeniedException", "Cross-account");
    refused!(call().role(format!("{ROLE}s")), 400, "InvalidParameterValueException", "cannot be assumed by Lambda");
    let tagged = (0..51).fold(call(), |call, number| call.tags(format!("key-{number}"), "value"));
    refused!(tagged, 400, "InvalidParameterValueException", "Number of tags exceeds resource tag limit.");
    refused!(call().tags("<key>", "value"), 400, "InvalidParameterValueException", "not allowed");
    let fifty = (0..50).fold(call(), |call, number| call.tags(format!("key-{number}"), "value"));
    fifty.description("é".repeat(256)).function_name("a".repeat(64)).send().await.unwrap();
}

#[tokio::test]
async fn only_whole_zips_are_taken() {
    let fixture = Fixture::start().await;
    let client = fixture.lambda();
    let call = |zip: &[u8]| create(&client, "chunk", zip.to_vec());
    let good = zip_of("0000.ts", &[7; 1000]);
    let mut damaged = good.clone();
    damaged[500] ^= 1;
    for zip in [b"no zip at all".as_slice(), &good[..good.len() - 5], &damaged] {
        refused!(call(zip), 400, "InvalidParameterValueException", "Could not unzip uploaded file.");
    }
    let empty = ZipWriter::new(std::io::Cursor::new(Vec::new())).finish().unwrap().into_inner();
    refused!(call(&empty), 400, "InvalidParameterValueException", "non-empty zip");
    let nothing = create(&client, "chunk", Vec::new()).code(FunctionCode::builder().build());
    refused!(nothing, 400, "InvalidParameterValueException", "source for function code");
    let from_s3 =
        create(&client, "chunk", Vec::new()).code(FunctionCode::builder().s3_bucket("b-b").s3_key("k").build());
    refused!(from_s3, 400, "InvalidParameterValueException", "NoSuchBucket");
    call(&good).send().await.unwrap();
}

#[tokio::test]
async fn what_unzips_to_too_much_is_refused_by_what_its_directory_says() {
    let fixture = Fixture::start().await;
    // 5 entries of 49 MiB, each the same stretch of the file: small on the wire, 245 MiB unzipped; then 6 of them
    for (entries, fits) in [(5u32, true), (6, false)] {
        let zip = claiming(entries, 49 << 20);
        let made = create(&fixture.lambda(), "many", zip).send().await;
        match made {
            Ok(_) => assert!(fits),
            Err(error) => {
                let (status, code, message) = told(&error);
                assert_eq!((fits, status, code.as_str()), (false, 400, "InvalidParameterValueException"));
                assert_eq!(message, "Unzipped size must be smaller than 262144000 bytes");
            }
        }
    }
}

/// A zip of deflated entries that claim `size` bytes each.
fn claiming(entries: u32, size: u32) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for number in 0..entries {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        writer.start_file(format!("{number}"), options).unwrap();
        writer.write_all(b"1234567890").unwrap();
    }
    let mut zip = writer.finish().unwrap().into_inner();
    for at in 0..zip.len() - 4 {
        // method and unzipped size, in the local headers and in the directory
        let fields = match &zip[at..at + 4] {
            b"PK\x03\x04" => Some((at + 8, at + 22)),
            b"PK\x01\x02" => Some((at + 10, at + 24)),
            _ => None,
        };
        if let Some((method, unzipped)) = fields {
            zip[method..method + 2].copy_from_slice(&8u16.to_le_bytes());
            zip[unzipped..unzipped + 4].copy_from_slice(&size.to_le_bytes());
        }
    }
    zip
}

/// Sends a CreateFunction of `zip_bytes` zeros and as many spaces as fill it up to `body_bytes`; nothing of that size
/// lies in memory but the body itself.
async fn create_of(fixture: &Fixture, zip_bytes: usize, body_bytes: Option<usize>) -> (u16, String) {
    let base64 = "A".repeat(zip_bytes.div_ceil(3) * 4 - (3 - zip_bytes % 3) % 3) + &"=".repeat((3 - zip_bytes % 3) % 3);
    let mut body = format!(r#"{{"FunctionName":"large","Code":{{"ZipFile":"{base64}"}}"#).into_bytes();
    drop(base64);
    body.resize(body_bytes.unwrap_or(body.len() + 1) - 1, b' ');
    body.push(b'}');
    let request = Signed::new(fixture.endpoint(), "POST", "/2015-03-31/functions").body(body);
    let mut stream = TcpStream::connect(authority(&fixture.endpoint().api)).await.unwrap();
    stream.write_all(request.head().as_bytes()).await.unwrap();
    stream.write_all(&request.body).await.unwrap();
    let answer = read_answer(&mut stream).await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn sizes_are_refused_at_awss_bounds_with_awss_sentences() {
    let fixture = Fixture::start().await;
    let too_large = |text: &str| text.contains("\"message\":\"Zipped size must be smaller than 52428800 bytes\"");
    let (status, text) = create_of(&fixture, 52_428_800, None).await;
    assert!(status == 413 && too_large(&text), "{status} {text}");
    // a byte less is within the size, and no zip
    let (status, text) = create_of(&fixture, 52_428_799, Some(70_167_211)).await;
    assert!(status == 400 && text.contains("'role'"), "{status} {text}");
    // the zip's size is looked at before the request's
    let (status, text) = create_of(&fixture, 54_000_000, None).await;
    assert!(status == 413 && too_large(&text), "{status} {text}");
}

#[tokio::test]
async fn a_request_too_large_without_its_zip_is_refused() {
    let fixture = Fixture::start().await;
    let (status, text) = create_of(&fixture, 52_428_000, Some(70_167_212)).await;
    assert!(
        status == 413 && text.contains("Request must be smaller than 70167211 bytes for the CreateFunction operation")
    );
}

#[tokio::test]
async fn code_beyond_the_quota_is_refused_and_deleting_makes_room() {
    let zip = zip_of("0000.ts", &[7; 400_000]);
    // room for two, and for the gate
    let quota = 1_000_000;
    let fixture = Fixture::start_with(|config| config.quota_bytes = quota).await;
    let client = fixture.lambda();
    // the gate's and the relay's code count too
    let used = client.get_account_settings().send().await.unwrap().account_usage().unwrap().total_code_size();
    assert!(used > 0 && used < 190_000, "{used}");
    create(&client, "one", zip.clone()).send().await.unwrap();
    create(&client, "two", zip.clone()).send().await.unwrap();
    refused!(create(&client, "three", zip.clone()), 400, "CodeStorageExceededException", "Code storage limit exceeded");
    let account = client.get_account_settings().send().await.unwrap();
    assert_eq!(account.account_limit().unwrap().total_code_size(), quota as i64);
    assert_eq!(account.account_usage().unwrap().total_code_size(), used + 2 * zip.len() as i64);
    client.update_function_code().function_name("two").zip_file(Blob::new(zip.clone())).send().await.unwrap();
    client.delete_function().function_name("one").send().await.unwrap();
    create(&client, "three", zip).send().await.unwrap();
}

#[tokio::test]
async fn the_sixteenth_call_of_a_second_is_throttled_and_get_function_has_a_rate_of_its_own() {
    let fixture = Fixture::start_with(|config| config.clock = Clock::stopped()).await;
    let client = fixture.lambda();
    for _ in 0..15 {
        client.list_functions().send().await.unwrap();
    }
    let error = client.get_account_settings().send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().headers().get("retry-after"), Some("1"));
    let aws_sdk_lambda::operation::get_account_settings::GetAccountSettingsError::TooManyRequestsException(error) =
        error.into_service_error()
    else {
        panic!("another error");
    };
    assert_eq!(error.reason().unwrap().as_str(), "CallerRateLimitExceeded");
    for _ in 0..100 {
        client.get_function().function_name("zipreel-gate").send().await.unwrap();
    }
    refused!(client.get_function().function_name("zipreel-gate"), 429, "TooManyRequestsException", "Rate exceeded");
    fixture.clock.advance(Duration::from_millis(70));
    client.list_functions().send().await.unwrap();
    refused!(client.list_functions(), 429, "TooManyRequestsException", "Rate exceeded");
}
