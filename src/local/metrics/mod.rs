//! The little of CloudWatch that counting needs: values put, and their sums. It speaks AWS's three protocols: the Query
//! protocol of the deployed functions, the RPC v2 CBOR of the SDK, and the JSON of the `aws` client.

mod cbor;
mod request;
mod sums;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{error::ApiError, form::Form, http::xml, operation::Operation};
use request::Datapoint;
pub(in crate::local) use sums::{Metric, Metrics};

/// As signatures name it.
pub(in crate::local) const SERVICE: &str = "monitoring";
/// Begins the operation's name in the header that names it, in JSON.
const TARGET: &str = "GraniteServiceVersion20100801.";
const RPC: &str = "/service/GraniteServiceVersion20100801/operation/";

/// Whether a request to this path is one of the CBOR protocol.
pub(in crate::local) fn is_rpc(path: &str) -> bool {
    path.starts_with(RPC)
}

/// Whether that header names an operation of ours.
pub(in crate::local) fn is_target(target: &str) -> bool {
    target.starts_with(TARGET)
}

/// By the path or the header.
pub(in crate::local) fn operation(named: &str) -> Result<Operation, ApiError> {
    let name = named.strip_prefix(RPC).or_else(|| named.strip_prefix(TARGET));
    let named = name.and_then(|name| name.parse().ok()).filter(|operation| is_ours(*operation));
    named.ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "UnknownOperationException", "The stand-in knows no such operation")
    })
}

pub(in crate::local) fn is_ours(operation: Operation) -> bool {
    matches!(operation, Operation::PutMetricData | Operation::GetMetricStatistics)
}

/// What is asked for, and where.
pub(in crate::local) struct Asked<'a> {
    pub(in crate::local) metrics: &'a Metrics,
    pub(in crate::local) operation: Operation,
    pub(in crate::local) region: &'a str,
    pub(in crate::local) now: OffsetDateTime,
}

impl Asked<'_> {
    /// The sums, if they are asked for.
    fn done(&self, fields: &Value) -> Result<Option<(String, Vec<Datapoint>)>, ApiError> {
        match self.operation {
            Operation::PutMetricData => request::put(self.metrics, self.region, fields, self.now).map(|()| None),
            _ => request::statistics(self.metrics, self.region, fields).map(Some),
        }
    }

    /// The inside of the answer's `…Result` element.
    pub(in crate::local) fn by_form(&self, form: &Form) -> Result<String, ApiError> {
        let Some((label, datapoints)) = self.done(&request::of_form(form.pairs()))? else { return Ok(String::new()) };
        let member = |Datapoint { at, sum, unit }: &Datapoint| {
            let at = OffsetDateTime::from_unix_timestamp(*at).ok().and_then(|at| at.format(&Rfc3339).ok());
            let inside = [
                xml::element("Timestamp", &at.unwrap_or_default()),
                xml::element("Sum", &format!("{sum:?}")),
                xml::element("Unit", unit),
            ];
            format!("<member>{}</member>", inside.concat())
        };
        let members: String = datapoints.iter().map(member).collect();
        Ok(format!("<Datapoints>{members}</Datapoints>{}", xml::element("Label", &label)))
    }

    pub(in crate::local) fn by_rpc(&self, body: &[u8]) -> Result<Response<Body>, ApiError> {
        let fields = cbor::read(body).ok_or_else(|| ApiError::serialization("the body is no CBOR map"))?;
        Ok(encoded(match self.done(&fields)? {
            None => cbor::nothing(),
            Some((label, datapoints)) => cbor::statistics(&label, &datapoints),
        }))
    }

    pub(in crate::local) fn by_json(&self, body: &[u8]) -> Result<Response<Body>, ApiError> {
        let fields = serde_json::from_slice(body).map_err(|error| ApiError::serialization(error.to_string()))?;
        let answer = self.done(&fields)?.map(|(label, datapoints)| {
            let each = datapoints.iter().map(|one| json!({ "Timestamp": one.at, "Sum": one.sum, "Unit": one.unit }));
            json!({ "Label": label, "Datapoints": each.collect::<Vec<_>>() })
        });
        let mut response = Response::new(Body::from(answer.unwrap_or_else(|| json!({})).to_string()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
        Ok(response)
    }
}

/// As CloudWatch writes it, for clients that know its old names of errors, too.
pub(in crate::local) fn refusal(error: &ApiError, request_id: &str) -> Response<Body> {
    let (old, shape) = (error.query_code(), error.code.trim_end_matches("Exception"));
    let mut response = encoded(cbor::error(&format!("{shape}Exception"), &error.message));
    let kind = if error.status.is_server_error() { "Receiver" } else { "Sender" };
    if let Ok(told) = HeaderValue::from_str(&format!("{old};{kind}")) {
        response.headers_mut().insert("x-amzn-query-error", told);
    }
    error.finish(response, request_id)
}

fn encoded(answer: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(answer));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
    response.headers_mut().insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    response
}
