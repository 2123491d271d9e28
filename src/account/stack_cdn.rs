//! The CDN of a stack of CloudFormation's: the distribution that `zipreel cdn on` makes.

use serde_json::{Value, json};

use crate::model::gate::{
    cdn::EDGE_HEADER,
    distribution::{
        CACHE_POLICY, ERRORS, GATE_ORIGIN, GATE_TAG, HEADERS_POLICY, REGION_TAG, RELAY_ORIGIN, RELAY_PATHS, comment,
    },
    public::GATE,
};

pub(super) fn parameter(description: &str) -> Value {
    json!({
        "Type": "String",
        "Default": "",
        "Description": description,
    })
}

/// Nothing, or 32 bytes in hexadecimal digits: with another hash the relay would know nobody, and send all who come to the
/// CDN, which comes to it.
pub(super) fn digits(description: &str) -> Value {
    let mut parameter = parameter(description);
    parameter["AllowedPattern"] = json!("|[0-9a-f]{64}");
    parameter
}

/// The same, shown nowhere.
pub(super) fn secret(description: &str) -> Value {
    let mut parameter = digits(description);
    parameter["NoEcho"] = json!(true);
    parameter
}

/// The first where gate and relay know the CDN, else the second.
pub(super) fn known(value: Value, otherwise: Value) -> Value {
    json!({ "Fn::If": ["KnowsCdn", value, otherwise] })
}

pub(super) fn output_url() -> Value {
    json!({
        "Condition": "HasCdn",
        "Description": "Deploy again with this as KnownCdnUrl once it answers: then the watch page is there",
        "Value": { "Fn::Sub": "https://${Cdn.DomainName}/" },
    })
}

pub(super) fn output_id() -> Value {
    json!({
        "Condition": "HasCdn",
        "Description": "With a ceiling: deploy again with this as KnownCdnId, so that what the CDN sends counts, too",
        "Value": { "Ref": "Cdn" },
    })
}

/// Before gate and relay, whose URLs these are.
pub(super) fn distribution(gate: &Value, relay: &Value) -> Value {
    let behavior = |origin: &str| {
        json!({
            "TargetOriginId": origin,
            "ViewerProtocolPolicy": "redirect-to-https",
            "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
            "CachedMethods": ["GET", "HEAD"],
            "Compress": true,
            "CachePolicyId": CACHE_POLICY,
            "ResponseHeadersPolicyId": HEADERS_POLICY,
        })
    };
    let mut of_relay = behavior(RELAY_ORIGIN);
    of_relay["PathPattern"] = json!(RELAY_PATHS);
    let errors: Vec<_> = ERRORS.iter().map(|code| json!({ "ErrorCode": code, "ErrorCachingMinTTL": 0 })).collect();
    let config = json!({
        "Comment": { "Fn::Sub": comment("${AWS::Region}") },
        "Enabled": true,
        "HttpVersion": "http2and3",
        "IPV6Enabled": true,
        "Origins": [origin(GATE_ORIGIN, gate), origin(RELAY_ORIGIN, relay)],
        "DefaultCacheBehavior": behavior(GATE_ORIGIN),
        "CacheBehaviors": [of_relay],
        "CustomErrorResponses": errors,
    });
    let tag = |key: &str, value: Value| json!({ "Key": key, "Value": value });
    json!({
        "Type": "AWS::CloudFront::Distribution",
        "Condition": "HasCdn",
        "Properties": {
            "DistributionConfig": config,
            "Tags": [tag(REGION_TAG, json!({ "Ref": "AWS::Region" })), tag(GATE_TAG, json!(GATE))],
        },
    })
}

/// At the host of this URL.
fn origin(id: &str, url: &Value) -> Value {
    json!({
        "Id": id,
        "DomainName": { "Fn::Select": [2, { "Fn::Split": ["/", url] }] },
        "CustomOriginConfig": {
            "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"],
        },
        "OriginCustomHeaders": [{ "HeaderName": EDGE_HEADER, "HeaderValue": { "Ref": "EdgeSecret" } }],
    })
}
