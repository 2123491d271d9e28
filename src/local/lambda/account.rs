//! GetAccountSettings, and the reserved concurrency of functions.

use serde::Deserialize;
use serde_json::json;

use super::{
    call::{Answer, Request, parse},
    check,
};
use crate::local::{
    error::ApiError,
    http::body::Content,
    limits::{CONCURRENCY, UNRESERVED_CONCURRENCY, UNZIPPED_BYTES, ZIPPED_BYTES},
    store::State,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    reserved_concurrent_executions: Option<u64>,
}

pub(super) fn settings(request: &Request<'_>) -> Answer {
    let state = request.shared.store.read();
    Answer::ok(json!({
        "AccountLimit": {
            "TotalCodeSize": request.shared.quota_bytes(),
            "CodeSizeUnzipped": UNZIPPED_BYTES,
            "CodeSizeZipped": ZIPPED_BYTES,
            "ConcurrentExecutions": CONCURRENCY,
            "UnreservedConcurrentExecutions": CONCURRENCY - reserved(&state, ""),
        },
        "AccountUsage": { "TotalCodeSize": state.code_bytes(), "FunctionCount": state.functions.len() },
    }))
}

/// Concurrency that functions other than `except` have reserved.
fn reserved(state: &State, except: &str) -> u64 {
    let others = state.functions.values().filter(|function| function.name != except);
    others.filter_map(|function| function.reserved_concurrency).sum()
}

pub(super) fn put_concurrency(request: &Request<'_>, content: &Content) -> Result<Answer, ApiError> {
    let wanted = parse::<Body>(&content.text)?.reserved_concurrent_executions;
    let wanted = wanted.ok_or_else(|| check::missing("reservedConcurrentExecutions"))?;
    let taken = reserved(&request.shared.store.read(), &request.name()?);
    if taken.saturating_add(wanted) > CONCURRENCY - UNRESERVED_CONCURRENCY {
        return Err(ApiError::invalid_parameter(format!(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
             below its minimum value of [{UNRESERVED_CONCURRENCY}]."
        )));
    }
    request.change(|function| {
        function.reserved_concurrency = Some(wanted);
        Ok(Answer::ok(json!({ "ReservedConcurrentExecutions": wanted })))
    })
}

pub(super) fn get_concurrency(request: &Request<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::ok(match request.function()?.reserved_concurrency {
        Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
        None => json!({}),
    }))
}

pub(super) fn delete_concurrency(request: &Request<'_>) -> Result<Answer, ApiError> {
    request.change(|function| {
        function.reserved_concurrency = None;
        Ok(Answer::empty())
    })
}
