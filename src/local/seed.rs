//! What a new stand-in has from the start, so that the engine needs no setting up on it: the two roles, and the gate's
//! and the relay's functions with their URLs open to all. Setting up again finds them; tearing down removes them.

use std::io::{self, Cursor, Write};

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::{
    CHUNK_ROLE, GATE, GATE_ROLE, RELAY, iam,
    keys::ACCOUNT,
    sigv4::hex,
    store::{
        Store,
        record::{Code, Function, Settings, Statement, UrlConfig, uuid},
    },
};

const REGION: &str = "us-east-1";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

pub(super) fn fill(store: &Store, now: OffsetDateTime) -> io::Result<()> {
    let change = store.change();
    for role in [CHUNK_ROLE, GATE_ROLE] {
        change.put_role(iam::new_role(role, TRUST, "Made with the stand-in", now))?;
    }
    let zip = placeholder()?;
    let sha256 = hex(&Sha256::digest(&zip));
    for name in [GATE, RELAY] {
        let mut file = store.new_blob()?;
        file.write_all(&zip)?;
        store.sync_blob(&file)?;
        change.keep_blob(file, &sha256)?;
        let code = Code { sha256: sha256.clone(), bytes: zip.len() as u64, version: uuid() };
        change.put_function(function(name, code, now))?;
    }
    Ok(())
}

/// The code that stands for what the stand-in does itself.
fn placeholder() -> io::Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT);
    writer.start_file("README.txt", options)?;
    writer.write_all(b"The stand-in serves the gate and the relay itself; it runs no code.\n")?;
    Ok(writer.finish()?.into_inner())
}

fn function(name: &str, code: Code, now: OffsetDateTime) -> Function {
    Function {
        name: name.to_owned(),
        region: REGION.to_owned(),
        settings: Settings {
            runtime: "nodejs24.x".to_owned(),
            role: format!("arn:aws:iam::{ACCOUNT}:role/{GATE_ROLE}"),
            handler: "index.handler".to_owned(),
            description: "Served by the stand-in itself".to_owned(),
            timeout: 30,
            memory: 128,
            architecture: "arm64".to_owned(),
            others: serde_json::Map::new(),
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
            permission("public-url", "lambda:InvokeFunctionUrl", Some("NONE"), false),
            permission("public-invoke", "lambda:InvokeFunction", None, true),
        ],
        reserved_concurrency: None,
    }
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
