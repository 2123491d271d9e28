//! The little of CloudWatch Logs that setting up needs: log groups and how long they keep lines. None is ever written.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    context::Context, error::ApiError, operation::Operation, signature::keys::ACCOUNT, store::record::LogGroup,
};

/// Names the operation, as `Logs_20140328.CreateLogGroup`.
pub(super) const TARGET: &str = "x-amz-target";
const PREFIX: &str = "Logs_20140328.";
const REGION: &str = "us-east-1";
/// Days that AWS takes for a retention.
const RETENTIONS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    log_group_name: Option<String>,
    log_group_name_prefix: Option<String>,
    retention_in_days: Option<u32>,
}

pub(super) fn operation(headers: &HeaderMap) -> Result<Operation, ApiError> {
    let named = headers.get(TARGET).and_then(|value| value.to_str().ok()?.strip_prefix(PREFIX)?.parse().ok());
    let known = Operation::CreateLogGroup..Operation::Download;
    named.filter(|operation| known.contains(operation)).ok_or_else(|| {
        ApiError::new(StatusCode::BAD_REQUEST, "UnknownOperationException", "The stand-in knows no such operation")
    })
}

pub(super) fn answer(
    shared: &Context,
    operation: Operation,
    body: &[u8],
    now: OffsetDateTime,
) -> Result<Response<Body>, ApiError> {
    let answer = done(shared, operation, body, now)?;
    let mut response = Response::new(Body::from(answer.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    Ok(response)
}

fn done(shared: &Context, operation: Operation, body: &[u8], now: OffsetDateTime) -> Result<Value, ApiError> {
    let body: Asked = serde_json::from_slice(body).map_err(|error| ApiError::serialization(error.to_string()))?;
    if operation == Operation::DescribeLogGroups {
        return Ok(describe(shared, body.log_group_name_prefix.as_deref().unwrap_or_default()));
    }
    let name = body.log_group_name.filter(|name| is_name(name)).ok_or_else(|| invalid("the log group's name"))?;
    let store = shared.store.change()?;
    let known = store.state().logs.get(&name).cloned();
    let done = match (operation, known) {
        (Operation::CreateLogGroup, Some(_)) => {
            let message = "The specified log group already exists";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "ResourceAlreadyExistsException", message));
        }
        (Operation::CreateLogGroup, None) => store.put_log(LogGroup { name, created: now, retention: None }),
        (_, None) => {
            let message = "The specified log group does not exist.";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "ResourceNotFoundException", message));
        }
        (Operation::PutRetentionPolicy, Some(group)) => {
            let days = body.retention_in_days.filter(|days| RETENTIONS.contains(days));
            let days = days.ok_or_else(|| invalid("the retention"))?;
            store.put_log(LogGroup { retention: Some(days), ..group })
        }
        (_, Some(_)) => store.remove_log(&name),
    };
    done?;
    Ok(json!({}))
}

fn describe(shared: &Context, prefix: &str) -> Value {
    let state = shared.store.read();
    let groups = state.logs.values().filter(|group| group.name.starts_with(prefix)).map(|group| {
        let mut shape = json!({
            "logGroupName": group.name,
            "arn": format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{}:*", group.name),
            "creationTime": (group.created.unix_timestamp_nanos() / 1_000_000) as i64,
            "storedBytes": 0,
        });
        if let Some(days) = group.retention {
            shape["retentionInDays"] = json!(days);
        }
        shape
    });
    json!({ "logGroups": groups.collect::<Vec<_>>() })
}

/// `[\.\-_/#A-Za-z0-9]{1,512}`
fn is_name(name: &str) -> bool {
    (1..=512).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte))
}

fn invalid(what: &str) -> ApiError {
    let message = format!("1 validation error detected: {what} is missing or wrong");
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameterException", message)
}
