//! What setup makes, as a CloudFormation template, for accounts where only a stack may make roles. The functions' code
//! lies in S3: inline code becomes a single CommonJS file, which the gate with its page is not. Gate, relay and CDN name each
//! other, which a template can't say: the relay is told of the gate, the CDN of both, and they by a second deployment.

use serde_json::{Map, Value, json};

use super::stack_cdn as cdn;
use crate::model::gate::{
    cdn::{CDN_URL, EDGE_SHA256, RELAY_PREFIX, RELAY_URL},
    ceiling::{CDN_ID, CEILING_GB, MOST_GB},
    front::{self, Front, GATE_URL},
    public::{
        CHUNK_ROLE, GATE_POLICY, GATE_ROLE, LOG_RETENTION_DAYS, MEMORY_MB, Policy, Public, RELAY_POLICY, RELAY_ROLE,
        RUNTIME, log_group,
    },
};

/// What a stack is to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    Whole,
    /// The roles: an administrator's part, once an account.
    Roles,
}

/// JSON, which CloudFormation takes as well as YAML.
pub fn template(stack: Stack) -> String {
    let template = match stack {
        Stack::Whole => whole(),
        Stack::Roles => json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "zipreel: the roles, as `zipreel setup --roles --target aws` makes them, once for each account. \
                            They have names: deploy with CAPABILITY_NAMED_IAM. `zipreel setup --target aws` then makes \
                            the rest in each Region",
            "Parameters": { "WithCeiling": {
                "Type": "String",
                "Default": "off",
                "AllowedValues": ["off", "on"],
                "Description": "on makes the role of a relay with a monthly ceiling, too (`zipreel setup --ceiling-gb`)",
            } },
            "Conditions": { "Counts": { "Fn::Equals": [{ "Ref": "WithCeiling" }, "on"] } },
            "Resources": roles(),
        }),
    };
    serde_json::to_string_pretty(&template).expect("a template is plain data")
}

fn whole() -> Value {
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "zipreel: the roles, the gate and the relay, as `zipreel setup --target aws` and \
                        `zipreel relay on --target aws` make them. Write gate.zip and relay.zip with `zipreel setup --template --packages FOLDER` and put them \
                        into a bucket of this Region. The roles have names: deploy with CAPABILITY_NAMED_IAM",
        "Parameters": parameters(),
        "Conditions": {
            "Reserves": differs("ReservedConcurrency", &json!(0)),
            "HasApi": { "Fn::Equals": [{ "Ref": "GateFront" }, Front::HttpApi.word()] },
            "HasRelay": { "Fn::Equals": [{ "Ref": "WithRelay" }, "on"] },
            "KnowsRelay": { "Fn::And": [{ "Condition": "HasRelay" }, differs("KnownRelayUrl", &json!(""))] },
            "HasCdn": { "Fn::And": [{ "Condition": "HasRelay" }, differs("EdgeSecret", &json!(""))] },
            "HasCeiling": differs("CeilingGb", &json!(0)),
            "Counts": { "Fn::And": [{ "Condition": "HasRelay" }, { "Condition": "HasCeiling" }] },
            "CountsCdn": { "Fn::And": [{ "Condition": "HasCeiling" }, { "Condition": "KnowsCdn" }, differs("KnownCdnId", &json!(""))] },
            "KnowsCdn": { "Fn::And": [{ "Condition": "HasCdn" }, differs("KnownCdnUrl", &json!("")), differs("EdgeSha256", &json!(""))] },
        },
        "Resources": resources(),
        "Outputs": {
            "GateUrl": { "Description": "Base URL of all reels", "Value": gate_url() },
            "RelayUrl": {
                "Condition": "HasRelay",
                "Description": "Deploy again with this as KnownRelayUrl: then the watch page uses the relay",
                "Value": url_of(Public::Relay),
            },
            "CdnUrl": cdn::output_url(),
            "CdnId": cdn::output_id(),
        },
    })
}

fn parameters() -> Value {
    json!({
        "CodeBucket": { "Type": "String", "Description": "Bucket of this Region that holds the two zips" },
        "GateCodeKey": { "Type": "String", "Default": "gate.zip", "Description": "Key of gate.zip in that bucket" },
        "RelayCodeKey": { "Type": "String", "Default": "relay.zip", "Description": "Key of relay.zip in that bucket" },
        "ReservedConcurrency": {
            "Type": "Number",
            "Default": Public::Gate.concurrency(),
            "MinValue": 0,
            "Description": "Instances set aside for each function; 0 sets none aside. AWS keeps 100 unreserved",
        },
        "GateFront": {
            "Type": "String",
            "Default": Front::Url.word(),
            "AllowedValues": [Front::Url.word(), Front::HttpApi.word()],
            "Description": "http-api puts an HTTP API before the gate, beside its function URL, at a price for each request. \
                            Back to url takes it away, and links that name it end",
        },
        "WithRelay": {
            "Type": "String",
            "Default": "off",
            "AllowedValues": ["off", "on"],
            "Description": "Carries every byte that browsers see, at the price of egress",
        },
        "CeilingGb": {
            "Type": "Number",
            "Default": 0,
            "MinValue": 0,
            "MaxValue": MOST_GB,
            "Description": "What browsers may be sent in a month by relay and CDN, in GB; 0 is no ceiling",
        },
        "KnownRelayUrl": {
            "Type": "String",
            "Default": "",
            "Description": "With the relay on: what the stack gives out as RelayUrl, from the second deployment on",
        },
        "EdgeSecret": cdn::secret("With the relay on: 64 hexadecimal digits that nobody guesses (openssl rand -hex 32) put a CDN \
                                            before gate and relay; it sends them to be known by. Kept from then on"),
        "EdgeSha256": cdn::digits("With the CDN: SHA-256 of EdgeSecret in hexadecimal digits (printf %s SECRET | sha256sum), from the \
                                   second deployment on"),
        "KnownCdnUrl": cdn::parameter("With the CDN: what the stack gives out as CdnUrl, from the second deployment on; the \
                                              relay then serves the CDN alone"),
        "KnownCdnId": cdn::parameter("With CDN and ceiling: what the stack gives out as CdnId, from the second deployment on; \
                                             its bytes count then, too"),
    })
}

fn differs(parameter: &str, from: &Value) -> Value {
    json!({ "Fn::Not": [{ "Fn::Equals": [{ "Ref": parameter }, from] }] })
}

fn roles() -> Value {
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
        "RelayRole": {
            "Type": "AWS::IAM::Role",
            "Condition": "Counts",
            "Properties": {
                "RoleName": RELAY_ROLE,
                "AssumeRolePolicyDocument": document(Policy::Trust),
                "Policies": [{ "PolicyName": RELAY_POLICY, "PolicyDocument": document(Policy::RelayRole) }],
            },
        },
    })
}

fn resources() -> Value {
    let mut resources = roles();
    let all = resources.as_object_mut().expect("written as an object above");
    let log = json!({
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": { "LogGroupName": log_group(Public::Gate), "RetentionInDays": LOG_RETENTION_DAYS },
    });
    all.insert("GateLog".to_owned(), log);
    all.extend(public(Public::Gate));
    all["Gate"]["DependsOn"] = json!("GateLog");
    all.extend(http_api());
    all.insert("Cdn".to_owned(), cdn::distribution(&gate_url(), &url_of(Public::Relay)));
    all.extend(public(Public::Relay).into_iter().map(|(name, mut resource)| {
        resource["Condition"] = json!("HasRelay");
        (name, resource)
    }));
    resources
}

/// A function with its URL, open to all by the two permissions that AWS wants.
fn public(public: Public) -> Map<String, Value> {
    let id = id(public);
    let permission = |more: Value| {
        let mut properties = json!({ "FunctionName": { "Ref": id }, "Principal": "*" });
        if let (Value::Object(properties), Value::Object(more)) = (&mut properties, more) {
            properties.extend(more);
        }
        json!({ "Type": "AWS::Lambda::Permission", "Properties": properties })
    };
    let url = json!({
        "Type": "AWS::Lambda::Url",
        "Properties": {
            "TargetFunctionArn": { "Fn::GetAtt": [id, "Arn"] },
            "AuthType": "NONE",
            "InvokeMode": "RESPONSE_STREAM",
        },
    });
    Map::from_iter([
        (id.to_owned(), json!({ "Type": "AWS::Lambda::Function", "Properties": function(public) })),
        (format!("{id}Url"), url),
        (
            format!("{id}OpenByUrl"),
            permission(json!({ "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE" })),
        ),
        (format!("{id}Open"), permission(json!({ "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": true }))),
    ])
}

/// What stands before the gate where that is wished for: the gate's code once more, with the handler for it.
fn http_api() -> Map<String, Value> {
    let of_api = |kind: &str, properties: Value| {
        let mut properties = properties;
        properties["ApiId"] = json!({ "Ref": "Api" });
        json!({ "Type": format!("AWS::ApiGatewayV2::{kind}"), "Condition": "HasApi", "Properties": properties })
    };
    let api = json!({
        "Type": "AWS::ApiGatewayV2::Api",
        "Condition": "HasApi",
        "Properties": { "Name": front::API, "ProtocolType": "HTTP" },
    });
    let function = json!({
        "Type": "AWS::Lambda::Function",
        "Condition": "HasApi",
        "DependsOn": "GateLog",
        "Properties": function(Public::Front),
    });
    let integration = json!({
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": { "Fn::GetAtt": ["Front", "Arn"] },
        "PayloadFormatVersion": front::PAYLOAD_FORMAT,
    });
    let route = json!({ "RouteKey": front::DEFAULT, "Target": { "Fn::Sub": "integrations/${ApiIntegration}" } });
    let calls = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*";
    let permission = json!({
        "Type": "AWS::Lambda::Permission",
        "Condition": "HasApi",
        "Properties": {
            "FunctionName": { "Ref": "Front" },
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": { "Fn::Sub": calls },
        },
    });
    let all = [
        ("Api", api),
        ("Front", function),
        ("ApiIntegration", of_api("Integration", integration)),
        ("ApiRoute", of_api("Route", route)),
        ("ApiStage", of_api("Stage", json!({ "StageName": front::DEFAULT, "AutoDeploy": true }))),
        ("FrontOpenToApi", permission),
    ];
    all.into_iter().map(|(name, resource)| (name.to_owned(), resource)).collect()
}

fn function(public: Public) -> Value {
    let nothing = json!({ "Ref": "AWS::NoValue" });
    // of what is there under that condition, the linter wants no `Fn::If` upon it
    let with_api = |value: Value| match public {
        Public::Front => value,
        _ => json!({ "Fn::If": ["HasApi", value, nothing] }),
    };
    let ceiling = json!({ "Fn::If": ["HasCeiling", { "Ref": "CeilingGb" }, nothing] });
    let environment = match public {
        Public::Gate | Public::Front => json!({ "Variables": {
            GATE_URL: with_api(json!({ "Fn::Sub": "${Api.ApiEndpoint}/" })),
            front::FRONT: with_api(json!(Front::HttpApi.word())),
            CEILING_GB: ceiling,
            CDN_URL: cdn::known(json!({ "Ref": "KnownCdnUrl" }), nothing.clone()),
            RELAY_URL: cdn::known(
                json!({ "Fn::Sub": format!("${{KnownCdnUrl}}{RELAY_PREFIX}") }),
                json!({ "Fn::If": ["KnowsRelay", { "Ref": "KnownRelayUrl" }, nothing] }),
            ),
        } }),
        Public::Relay => json!({ "Variables": {
            GATE_URL: gate_url(),
            CDN_URL: cdn::known(json!({ "Ref": "KnownCdnUrl" }), nothing.clone()),
            EDGE_SHA256: cdn::known(json!({ "Ref": "EdgeSha256" }), nothing.clone()),
            CEILING_GB: ceiling,
            CDN_ID: { "Fn::If": ["CountsCdn", { "Ref": "KnownCdnId" }, nothing] },
        } }),
    };
    let arn = |role: &str| json!({ "Fn::GetAtt": [role, "Arn"] });
    let role = match public {
        Public::Gate | Public::Front => arn("GateRole"),
        Public::Relay => json!({ "Fn::If": ["Counts", arn("RelayRole"), arn("ChunkRole")] }),
    };
    let code = match public {
        Public::Gate | Public::Front => "GateCodeKey",
        Public::Relay => "RelayCodeKey",
    };
    json!({
        "FunctionName": public.name(),
        "Description": public.description(),
        "Runtime": RUNTIME,
        "Architectures": ["arm64"],
        "Handler": public.handler(),
        "MemorySize": MEMORY_MB,
        "Timeout": public.timeout(),
        "Role": role,
        "Environment": environment,
        "LoggingConfig": {
            "LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "WARN", "LogGroup": log_group(public),
        },
        "ReservedConcurrentExecutions": { "Fn::If": ["Reserves", { "Ref": "ReservedConcurrency" }, nothing] },
        "Code": { "S3Bucket": { "Ref": "CodeBucket" }, "S3Key": { "Ref": code } },
    })
}

/// The name of its resource; its URL, permissions and parameters begin with it.
fn id(public: Public) -> &'static str {
    match public {
        Public::Gate => "Gate",
        Public::Front => "Front",
        Public::Relay => "Relay",
    }
}

/// The base URL of all reels.
fn gate_url() -> Value {
    json!({ "Fn::If": ["HasApi", { "Fn::Sub": "${Api.ApiEndpoint}/" }, url_of(Public::Gate)] })
}

fn url_of(public: Public) -> Value {
    json!({ "Fn::GetAtt": [format!("{}Url", id(public)), "FunctionUrl"] })
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
        let template: Value = serde_json::from_str(&template(Stack::Whole)).unwrap();
        let policy = &template["Resources"]["GateRole"]["Properties"]["Policies"][0]["PolicyDocument"];
        let resource = &policy["Statement"][0]["Resource"]["Fn::Sub"];
        assert_eq!(*resource, "arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:zipreel-*");
    }
    #[test]
    fn a_stack_of_the_roles_alone_wants_nothing_else() {
        let template: Value = serde_json::from_str(&template(Stack::Roles)).unwrap();
        let resources = template["Resources"].as_object().unwrap();
        assert_eq!(resources.keys().collect::<Vec<_>>(), ["ChunkRole", "GateRole", "RelayRole"]);
        assert_eq!(
            (&resources["RelayRole"]["Condition"], &template["Parameters"]["WithCeiling"]["Default"]),
            (&json!("Counts"), &json!("off"))
        );
    }
}
