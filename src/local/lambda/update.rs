//! UpdateFunctionCode and UpdateFunctionConfiguration.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    call::{Answer, Request, full_configuration, parse},
    check,
    create::{Edit, keep, source},
    zip,
};
use crate::local::{error::ApiError, http::body::Content, store::record::Function};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CodeBody {
    revision_id: Option<String>,
    dry_run: Option<bool>,
    publish: Option<bool>,
    architectures: Option<Vec<String>>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigurationBody {
    revision_id: Option<String>,
    #[serde(flatten)]
    edit: Edit,
}

pub(super) fn update_code(request: &Request<'_>, content: Content) -> Result<Answer, ApiError> {
    let Content { text, code } = content;
    let body: CodeBody = parse(&text)?;
    let name = request.name()?;
    if body.publish == Some(true) {
        return Err(ApiError::invalid_parameter("The stand-in keeps no published versions."));
    }
    let architecture = match body.architectures.as_deref() {
        None => None,
        Some([one]) => check::architecture(one).map(|()| Some(one.clone()))?,
        Some(list) => check::architecture(&list.join(", ")).map(|()| None)?,
    };
    let (shared, now) = (request.shared, request.now);
    // before the zip is read through, so that a call in vain ends early; and once more under the lock
    ready(request, &request.function()?, body.revision_id.as_deref())?;
    let code = code.ok_or_else(|| source(Some(&body.others)))?;
    zip::check(shared, &code)?;
    let store = shared.store.change()?;
    let mut function = store.function(&name).ok_or_else(|| request.not_found(&name))?;
    ready(request, &function, body.revision_id.as_deref())?;
    if body.dry_run == Some(true) {
        return Ok(Answer::ok(full_configuration(&function, now)));
    }
    function.code = keep(&store, code, function.code.bytes, shared.quota_bytes())?;
    function.settings.architecture = architecture.unwrap_or(function.settings.architecture);
    function.touch(now, shared.settle());
    let answer = full_configuration(&function, now);
    store.put_function(function)?;
    Ok(Answer::ok(answer))
}

pub(super) fn update_configuration(request: &Request<'_>, content: &Content) -> Result<Answer, ApiError> {
    let body: ConfigurationBody = parse(&content.text)?;
    body.edit.check()?;
    let (shared, now) = (request.shared, request.now);
    if let Some(role) = body.edit.role() {
        check::role(shared, &shared.store.read().roles, role, now)?;
    }
    request.change(|function| {
        ready(request, function, body.revision_id.as_deref())?;
        function.settings = body.edit.over(function.settings.clone());
        function.touch(now, shared.settle());
        Ok(Answer::ok(full_configuration(function, now)))
    })
}

/// Whether the function may be changed now, by someone who last saw this revision.
fn ready(request: &Request<'_>, function: &Function, revision: Option<&str>) -> Result<(), ApiError> {
    if revision.is_some_and(|seen| seen != function.revision) {
        return Err(ApiError::precondition_failed());
    }
    if function.is_pending(request.now) {
        let message = "The operation cannot be performed at this time. The function is currently in the following \
                       state: Pending";
        return Err(ApiError::conflict(message));
    }
    if function.is_updating(request.now) {
        let arn = function.arn(crate::local::signature::keys::ACCOUNT);
        let message =
            format!("The operation cannot be performed at this time. An update is in progress for resource: {arn}");
        return Err(ApiError::conflict(message));
    }
    Ok(())
}
