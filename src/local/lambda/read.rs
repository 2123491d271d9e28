//! GetFunction, GetFunctionConfiguration, ListFunctions and DeleteFunction.

use std::ops::Bound;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::{
    call::{Answer, Request, configuration, full_configuration, unwritten},
    check,
};
use crate::local::{error::ApiError, limits::PAGE_ITEMS, link};

pub(super) fn get_function(request: &Request<'_>) -> Result<Answer, ApiError> {
    let function = request.function()?;
    let link = link::mint(request.shared, &function, request.now);
    let mut body = json!({
        "Configuration": full_configuration(&function, request.now),
        "Code": { "RepositoryType": "S3", "Location": link.url },
    });
    if !function.tags.is_empty() {
        body["Tags"] = json!(function.tags);
    }
    if let Some(reserved) = function.reserved_concurrency {
        body["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
    }
    Ok(Answer::ok(body))
}

pub(super) fn get_configuration(request: &Request<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::ok(full_configuration(&request.function()?, request.now)))
}

/// In pages of 50, whatever larger number is asked for.
pub(super) fn list_functions(request: &Request<'_>) -> Result<Answer, ApiError> {
    let wanted = match request.parameter("MaxItems").map(|text| text.parse::<u64>()) {
        None => PAGE_ITEMS as u64,
        Some(Ok(number)) => number,
        Some(Err(_)) => return Err(ApiError::serialization("MaxItems is no number")),
    };
    check::between(wanted, "maxItems", 1, 10_000)?;
    let items = usize::try_from(wanted).unwrap_or(PAGE_ITEMS).min(PAGE_ITEMS);
    let after = request.parameter("Marker").map(|marker| from_marker(&marker)).transpose()?;
    let state = request.shared.store.read();
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = state.functions.range((start, Bound::Unbounded)).map(|(_, function)| function);
    let page: Vec<_> = rest.by_ref().take(items).collect();
    let mut body = json!({ "Functions": page.iter().map(|function| configuration(function)).collect::<Vec<_>>() });
    if let (Some(last), Some(_)) = (page.last(), rest.next()) {
        body["NextMarker"] = json!(URL_SAFE_NO_PAD.encode(&last.name));
    }
    Ok(Answer::ok(body))
}

/// The name that the page before ended with.
fn from_marker(marker: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(marker).ok();
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| ApiError::invalid_parameter("Invalid value for Marker"))
}

pub(super) fn delete_function(request: &Request<'_>) -> Result<Answer, ApiError> {
    let name = request.name()?;
    let removed = request.shared.store.change().remove_function(&name).map_err(|error| unwritten(&error))?;
    if removed { Ok(Answer::empty()) } else { Err(request.not_found(&name)) }
}
