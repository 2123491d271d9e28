//! What setup makes, as a CloudFormation template, for accounts where only a stack may make roles. The functions' code
//! is an S3 object: inline code becomes a single CommonJS file, which the gate with its page is not. The relay is left to
//! `zipreel relay on`: gate and relay name each other, which a template can't say.

use serde_json::{Value, json};

use super::log_group;
use crate::reel::gate::{CHUNK_ROLE, GATE_POLICY, GATE_ROLE, LOG_RETENTION_DAYS, MEMORY_MB, Policy, Public, RUNTIME};

/// JSON, which CloudFormation takes as well as YAML.
pub fn template() -> String {
    let gate = Public::Gate;
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "zipreel: the roles and the gate, as `zipreel setup` makes them. Write gate.zip with \
                        `zipreel setup --template --packages FOLDER` and put it into a bucket of this Region. \
                        The roles have names: deploy with CAPABILITY_NAMED_IAM",
        "Parameters": {
            "CodeBucket": { "Type": "String", "Description": "Bucket of this Region that holds gate.zip" },
            "GateCodeKey": { "Type": "String", "Default": "gate.zip", "Description": "Key of gate.zip in that bucket" },
            "ReservedConcurrency": {
                "Type": "Number",
                "Default": gate.concurrency(),
                "MinValue": 0,
                "Description": "Instances set aside for the gate; 0 sets none aside. AWS keeps 100 unreserved",
            },
        },
        "Conditions": { "Reserves": { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "ReservedConcurrency" }, 0] }] } },
        "Resources": resources(gate),
        "Outputs": {
            "GateUrl": { "Description": "Base URL of all reels", "Value": { "Fn::GetAtt": ["GateUrl", "FunctionUrl"] } },
        },
    });
    serde_json::to_string_pretty(&template).expect("a template is plain data")
}

fn resources(gate: Public) -> Value {
    let permission = |more: Value| {
        let mut properties = json!({ "FunctionName": { "Ref": "Gate" }, "Principal": "*" });
        if let (Value::Object(properties), Value::Object(more)) = (&mut properties, more) {
            properties.extend(more);
        }
        json!({ "Type": "AWS::Lambda::Permission", "Properties": properties })
    };
    json!({
        "ChunkRole": {
            "Type": "AWS::IAM::Role",
            "Properties": { "RoleName": CHUNK_ROLE, "AssumeRolePolicyDocument": document(Policy::Trust) },
        },
        "GateRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": GATE_ROLE,
                "AssumeRolePolicyDocument": document(Policy::Trust),
                "Policies": [{ "PolicyName": GATE_POLICY, "PolicyDocument": document(Policy::GateRole) }],
            },
        },
        "GateLog": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": { "LogGroupName": log_group(gate), "RetentionInDays": LOG_RETENTION_DAYS },
        },
        "Gate": {
            "Type": "AWS::Lambda::Function",
            "DependsOn": "GateLog",
            "Properties": {
                "FunctionName": gate.name(),
                "Description": gate.description(),
                "Runtime": RUNTIME,
                "Architectures": ["arm64"],
                "Handler": gate.handler(),
                "MemorySize": MEMORY_MB,
                "Timeout": gate.timeout(),
                "Role": { "Fn::GetAtt": ["GateRole", "Arn"] },
                "LoggingConfig": { "LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "WARN" },
                "ReservedConcurrentExecutions": {
                    "Fn::If": ["Reserves", { "Ref": "ReservedConcurrency" }, { "Ref": "AWS::NoValue" }],
                },
                "Code": { "S3Bucket": { "Ref": "CodeBucket" }, "S3Key": { "Ref": "GateCodeKey" } },
            },
        },
        "GateUrl": {
            "Type": "AWS::Lambda::Url",
            "Properties": {
                "TargetFunctionArn": { "Fn::GetAtt": ["Gate", "Arn"] },
                "AuthType": "NONE",
                "InvokeMode": "RESPONSE_STREAM",
            },
        },
        "GateOpenByUrl": permission(json!({ "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE" })),
        "GateOpen": permission(json!({ "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": true })),
    })
}

/// A policy whose ARNs CloudFormation completes.
fn document(policy: Policy) -> Value {
    let text = policy.text("${AWS::Partition}", "${AWS::AccountId}");
    let mut document = serde_json::from_str(&text).expect("policies are JSON, held by a test");
    substitute(&mut document);
    document
}

fn substitute(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("${") => *value = json!({ "Fn::Sub": text }),
        Value::Array(values) => values.iter_mut().for_each(substitute),
        Value::Object(map) => map.values_mut().for_each(substitute),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_completed_by_the_stack() {
        let template: Value = serde_json::from_str(&template()).unwrap();
        let policy = &template["Resources"]["GateRole"]["Properties"]["Policies"][0]["PolicyDocument"];
        let resource = &policy["Statement"][0]["Resource"]["Fn::Sub"];
        assert_eq!(*resource, "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:zipreel-*");
    }
}
