//! The CDN that a stack of CloudFormation's makes is the one that `zipreel cdn on` makes, setting by setting. What neither
//! says (price class, certificate, timeouts, a root object) CloudFront has one default for.

use std::{collections::BTreeMap, process::Command};

use serde_json::{Map, Value, json};
use zipreel::cloud::gate::cdn::Behind;

use crate::{
    mishap::account::connect,
    stand_in::clients::{Fixture, aws, json as answered},
};

const BEHIND: Behind<'_> = Behind {
    gate: "https://gate.lambda-url.us-east-1.on.aws/",
    relay: "https://relay.lambda-url.us-east-1.on.aws/",
    reference: "zipreel-us-east-1-1",
};

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_makes_the_same_cdn() {
    let fixture = Fixture::start().await;
    let cloud = connect(fixture.endpoint()).await;
    let (_, made) = cloud.ensure_cdn(BEHIND, None).await.unwrap();
    let told = answered(&aws(fixture.endpoint(), &["cloudfront", "get-distribution", "--id", &made.id]).await);
    let mut config = in_words_of_a_stack(told["Distribution"]["DistributionConfig"].clone());
    // CloudFormation makes up its own
    assert_eq!(config.as_object_mut().unwrap().remove("CallerReference"), Some(json!(BEHIND.reference)));
    let secret = config["Origins"][0]["OriginCustomHeaders"][0]["HeaderValue"].as_str().unwrap().to_owned();
    let filled_in = BTreeMap::from([("EdgeSecret", secret.as_str()), ("AWS::Region", cloud.region())]);
    let of_stack = resolved(&template()["Resources"]["Cdn"], &filled_in);
    assert_eq!(of_stack["Type"], "AWS::CloudFront::Distribution");
    assert_eq!(of_stack["Properties"]["DistributionConfig"], config);
    let tags_sent = kept_tags(&fixture);
    let tags = of_stack["Properties"]["Tags"].as_array().unwrap().iter();
    let tags: Map<_, _> = tags.map(|tag| (tag["Key"].as_str().unwrap().to_owned(), tag["Value"].clone())).collect();
    assert_eq!(Value::Object(tags), tags_sent);
}

/// The stand-in knows no call that reads them.
fn kept_tags(fixture: &Fixture) -> Value {
    let mut all = std::fs::read_dir(fixture.folder.path().join("distributions")).unwrap();
    let kept = std::fs::read(all.next().unwrap().unwrap().path()).unwrap();
    serde_json::from_slice::<Value>(&kept).unwrap()["tags"].take()
}

fn template() -> Value {
    let printed = Command::new(env!("CARGO_BIN_EXE_zipreel")).args(["setup", "--template"]).output().unwrap();
    serde_json::from_slice(&printed.stdout).unwrap()
}

/// CloudFormation has lists without their lengths, and other names for some settings.
fn in_words_of_a_stack(told: Value) -> Value {
    match told {
        Value::Object(settings) => settings.into_iter().flat_map(|(name, value)| setting(&name, value)).collect(),
        Value::Array(values) => values.into_iter().map(in_words_of_a_stack).collect(),
        other => other,
    }
}

fn setting(name: &str, value: Value) -> Map<String, Value> {
    let name = match name {
        "IsIPV6Enabled" => "IPV6Enabled",
        "CustomHeaders" => "OriginCustomHeaders",
        "OriginSslProtocols" => "OriginSSLProtocols",
        other => other,
    };
    let mut beside = Map::new();
    let value = match value {
        Value::Object(mut list) if list.contains_key("Quantity") => {
            let items = list.remove("Items").unwrap();
            assert_eq!(list.remove("Quantity"), Some(json!(items.as_array().unwrap().len())), "{name}");
            // the methods whose answers are kept
            beside = list.into_iter().flat_map(|(name, value)| setting(&name, value)).collect();
            items
        }
        other => other,
    };
    beside.insert(name.to_owned(), in_words_of_a_stack(value));
    beside
}

/// What CloudFormation makes of it, by these parameters, without an HTTP API.
fn resolved(value: &Value, filled_in: &BTreeMap<&str, &str>) -> Value {
    let of = |value: &Value| resolved(value, filled_in);
    let named = |name: &Value| filled_in[name.as_str().unwrap()];
    let function = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
    match (function.map(|(name, given)| (name.as_str(), given)), value) {
        (Some(("Ref", name)), _) => json!(named(name)),
        (Some(("Fn::Sub", text)), _) => {
            let put_in = |text: String, (name, value): (&&str, &&str)| text.replace(&format!("${{{name}}}"), value);
            json!(filled_in.iter().fold(text.as_str().unwrap().to_owned(), put_in))
        }
        (Some(("Fn::GetAtt", place)), _) => match place[0].as_str().unwrap() {
            "GateUrl" => json!(BEHIND.gate),
            "RelayUrl" => json!(BEHIND.relay),
            other => panic!("{other} has no attribute here"),
        },
        (Some(("Fn::If", parts)), _) => {
            assert_eq!(parts[0], "HasApi");
            of(&parts[2])
        }
        (Some(("Fn::Split", parts)), _) => of(&parts[1]).as_str().unwrap().split(parts[0].as_str().unwrap()).collect(),
        (Some(("Fn::Select", parts)), _) => of(&parts[1])[parts[0].as_u64().unwrap() as usize].clone(),
        (Some((name, _)), _) if name.starts_with("Fn::") => panic!("{name} is not known here"),
        (_, Value::Object(map)) => map.iter().map(|(name, value)| (name.clone(), of(value))).collect(),
        (_, Value::Array(values)) => values.iter().map(of).collect(),
        (_, other) => other.clone(),
    }
}
