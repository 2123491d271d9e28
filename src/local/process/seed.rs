//! What a new stand-in has from the start, so that the engine needs no setting up on it: the two roles, and the gate's
//! and the relay's functions with their URLs open to all. Setting up again finds them; tearing down removes them.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{
    local::{
        query::iam,
        signature::keys::ACCOUNT,
        store::{
            Store,
            record::{Code, Function, LogGroup, Settings, Statement, UrlConfig, uuid},
        },
    },
    model::{
        gate::cdn::RELAY_URL,
        gate::front::GATE_URL,
        gate::public::{
            CHUNK_ROLE, GATE_POLICY, GATE_ROLE, INVOKE_PERMISSION, LOG_RETENTION_DAYS, MEMORY_MB, Policy, Public,
            RUNTIME, URL_PERMISSION,
        },
        hex::hex,
    },
};

const REGION: &str = "us-east-1";

pub(in crate::local) fn fill(store: &Store, now: OffsetDateTime) -> io::Result<()> {
    let change = store.change()?;
    let trust = Policy::Trust.text("aws", ACCOUNT);
    let note = "Made with the stand-in";
    change.put_role(iam::new_role(CHUNK_ROLE, &trust, note, now))?;
    let mut gate = iam::new_role(GATE_ROLE, &trust, note, now);
    gate.policies.insert(GATE_POLICY.to_owned(), Policy::GateRole.text("aws", ACCOUNT));
    change.put_role(gate)?;
    let name = format!("/aws/lambda/{}", Public::Gate.name());
    change.put_log(LogGroup { name, created: now, retention: Some(LOG_RETENTION_DAYS.unsigned_abs()) })?;
    for public in [Public::Gate, Public::Relay] {
        // never run: the stand-in serves both itself
        let zip = public.package();
        let sha256 = hex(&Sha256::digest(&zip));
        let mut file = store.new_blob()?;
        file.write_all(&zip)?;
        store.sync_blob(&file)?;
        change.keep_blob(file, &sha256)?;
        let code = Code { sha256, bytes: zip.len() as u64, version: uuid() };
        change.put_function(function(public, code, now))?;
    }
    Ok(())
}

fn function(public: Public, code: Code, now: OffsetDateTime) -> Function {
    let logging = json!({ "LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "WARN" });
    Function {
        name: public.name().to_owned(),
        region: REGION.to_owned(),
        settings: Settings {
            runtime: RUNTIME.to_owned(),
            role: format!("arn:aws:iam::{ACCOUNT}:role/{}", public.role()),
            handler: public.handler().to_owned(),
            description: public.description(),
            timeout: public.timeout().unsigned_abs().into(),
            memory: MEMORY_MB.unsigned_abs().into(),
            architecture: "arm64".to_owned(),
            others: Map::from_iter([
                ("LoggingConfig".to_owned(), logging),
                ("Environment".to_owned(), json!({ "Variables": variables(public) })),
            ]),
        },
        code,
        tags: Default::default(),
        revision: uuid(),
        modified: now,
        created: now,
        active_from: now,
        updated_from: now,
        url: Some(UrlConfig {
            auth_type: "NONE".to_owned(),
            invoke_mode: "RESPONSE_STREAM".to_owned(),
            cors: None,
            created: now,
            modified: now,
        }),
        policy: vec![
            permission(URL_PERMISSION, "lambda:InvokeFunctionUrl", Some("NONE"), false),
            permission(INVOKE_PERMISSION, "lambda:InvokeFunction", None, true),
        ],
        reserved_concurrency: None,
    }
}

/// The addresses that `zipreel setup` would tell it: filled when the stand-in knows its ports.
fn variables(public: Public) -> Map<String, Value> {
    let names: &[&str] = match public {
        Public::Gate | Public::Front => &[GATE_URL, RELAY_URL],
        Public::Relay => &[GATE_URL],
    };
    names.iter().map(|name| ((*name).to_owned(), Value::from(""))).collect()
}

fn permission(id: &str, action: &str, url_auth_type: Option<&str>, via_function_url: bool) -> Statement {
    Statement {
        id: id.to_owned(),
        action: action.to_owned(),
        principal: "*".to_owned(),
        url_auth_type: url_auth_type.map(String::from),
        via_function_url,
        source_arn: None,
        source_account: None,
    }
}
