//! A verified call as the operations see it, and what they answer with.

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::check;
use crate::local::{
    context::Context,
    error::ApiError,
    operation::{Call, function_name},
    signature::keys::ACCOUNT,
    store::record::Function,
};

/// A verified call.
pub(in crate::local) struct Request<'a> {
    pub(in crate::local) shared: &'a Context,
    pub(in crate::local) call: &'a Call,
    pub(in crate::local) region: &'a str,
    pub(in crate::local) query: &'a str,
    pub(in crate::local) now: OffsetDateTime,
}

#[derive(Debug)]
pub(in crate::local) struct Answer {
    pub(in crate::local) status: StatusCode,
    pub(in crate::local) body: Option<Value>,
}

impl Answer {
    pub(in crate::local) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Some(body) }
    }

    pub(in crate::local) fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body: Some(body) }
    }

    pub(in crate::local) fn empty() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }
}

impl Request<'_> {
    /// The name of the function the path is about.
    pub(super) fn name(&self) -> Result<String, ApiError> {
        let name = function_name(&self.call.target, ACCOUNT).ok_or_else(|| self.not_found(&self.call.target))?;
        check::function_name(&name)?;
        Ok(name)
    }

    pub(super) fn not_found(&self, name: &str) -> ApiError {
        let arn = if name.starts_with("arn:") { name.to_owned() } else { arn(self.region, name) };
        ApiError::function_not_found(&arn)
    }

    /// The function the path is about, as it is now.
    pub(super) fn function(&self) -> Result<Function, ApiError> {
        let name = self.name()?;
        self.shared.store.read().functions.get(&name).cloned().ok_or_else(|| self.not_found(&name))
    }

    /// Changes the function the path is about, under the store's lock.
    pub(super) fn change<T>(&self, edit: impl FnOnce(&mut Function) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let name = self.name()?;
        let store = self.shared.store.change()?;
        let mut function = store.function(&name).ok_or_else(|| self.not_found(&name))?;
        let result = edit(&mut function)?;
        store.put_function(function)?;
        Ok(result)
    }

    /// A decoded value of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).into_iter().next()
    }

    pub(super) fn parameters(&self, name: &str) -> Vec<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
            .collect()
    }
}

pub(super) fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}")
}

/// The request's JSON in its shape; no body is an empty object.
pub(in crate::local) fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    let text = if text.is_empty() { b"{}" } else { text };
    serde_json::from_slice(text)
        .map_err(|error| ApiError::serialization(format!("Could not parse request body: {error}")))
}

/// A time as Lambda writes it.
pub(super) fn timestamp(time: OffsetDateTime) -> String {
    use time::macros::format_description;
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+0000");
    time.format(format).unwrap_or_default()
}

/// `FunctionConfiguration` without what ListFunctions leaves out.
pub(super) fn configuration(function: &Function) -> Value {
    let settings = &function.settings;
    let mut shape = json!({
        "FunctionName": function.name,
        "FunctionArn": function.arn(ACCOUNT),
        "Runtime": settings.runtime,
        "Role": settings.role,
        "Handler": settings.handler,
        "CodeSize": function.code.bytes,
        "Description": settings.description,
        "Timeout": settings.timeout,
        "MemorySize": settings.memory,
        "LastModified": timestamp(function.modified),
        "CodeSha256": code_sha256(&function.code.sha256),
        "Version": "$LATEST",
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": function.revision,
        "PackageType": "Zip",
        "Architectures": [settings.architecture],
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", function.name) },
    });
    for (name, value) in &settings.others {
        match (shape.get_mut(name).and_then(Value::as_object_mut), value) {
            (Some(known), Value::Object(given)) => known.extend(given.clone()),
            _ => shape[name] = value.clone(),
        }
    }
    shape
}

/// The whole `FunctionConfiguration`, with the states that depend on the hour.
pub(super) fn full_configuration(function: &Function, now: OffsetDateTime) -> Value {
    let mut shape = configuration(function);
    if function.is_pending(now) {
        shape["State"] = json!("Pending");
        shape["StateReason"] = json!("The function is being created.");
        shape["StateReasonCode"] = json!("Creating");
    } else {
        shape["State"] = json!("Active");
        shape["LastUpdateStatus"] = json!("Successful");
    }
    if !function.is_pending(now) && function.is_updating(now) {
        shape["LastUpdateStatus"] = json!("InProgress");
        shape["LastUpdateStatusReason"] = json!("The function is being created.");
        shape["LastUpdateStatusReasonCode"] = json!("Creating");
    }
    shape
}

/// AWS's `CodeSha256`: base64 of what we keep in hexadecimal.
pub(super) fn code_sha256(hex: &str) -> String {
    let bytes: Vec<u8> =
        (0..hex.len() / 2).filter_map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).ok()).collect();
    STANDARD.encode(bytes)
}
