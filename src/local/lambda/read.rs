//! GetFunction, GetFunctionConfiguration, ListFunctions and DeleteFunction.

use std::{collections::BTreeMap, ops::Bound};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::{
    call::{Answer, Request, configuration, full_configuration},
    check,
};
use crate::local::{error::ApiError, limits::PAGE_ITEMS, signature::link, store::record::Function};

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
    let lagging = request.shared.faults.list_lag().map(|lag| state.functions_at(request.shared.clock.now() - lag));
    let functions = lagging.as_ref().unwrap_or(&state.functions);
    let (page, next) = match request.shared.faults.list_page() {
        None => page_by_name(functions, after, items),
        Some(page) => page_by_position(functions, after, page),
    };
    let mut body = json!({ "Functions": page.into_iter().map(configuration).collect::<Vec<_>>() });
    if let Some(next) = next {
        body["NextMarker"] = json!(URL_SAFE_NO_PAD.encode(next));
    }
    Ok(Answer::ok(body))
}

/// A page and the marker of the next. What is created or deleted meanwhile moves no other function.
fn page_by_name(
    functions: &BTreeMap<String, Function>,
    after: Option<String>,
    items: usize,
) -> (Vec<&Function>, Option<String>) {
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = functions.range((start, Bound::Unbounded)).map(|(_, function)| function);
    let page: Vec<_> = rest.by_ref().take(items).collect();
    let next = page.last().filter(|_| rest.next().is_some()).map(|last| last.name.clone());
    (page, next)
}

/// Continued by position: a function that is created meanwhile makes a page repeat one, a deleted one makes it skip one.
fn page_by_position(
    functions: &BTreeMap<String, Function>,
    after: Option<String>,
    items: usize,
) -> (Vec<&Function>, Option<String>) {
    let start = after.and_then(|position| position.parse::<usize>().ok()).unwrap_or_default();
    let end = start.saturating_add(items);
    let next = (end < functions.len()).then(|| end.to_string());
    (functions.values().skip(start).take(items).collect(), next)
}

/// What the page before ended with: a name, or a position.
fn from_marker(marker: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(marker).ok();
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| ApiError::invalid_parameter("Invalid value for Marker"))
}

pub(super) fn delete_function(request: &Request<'_>) -> Result<Answer, ApiError> {
    let name = request.name()?;
    let removed = request.shared.store.change()?.remove_function(&name)?;
    if removed { Ok(Answer::empty()) } else { Err(request.not_found(&name)) }
}
