//! The Query protocol of STS, IAM and CloudWatch: a form in, XML out. Which action does what is [`super::query::sts`]'s,
//! [`super::query::iam`]'s and [`super::metrics`]'s part.

pub mod iam;
pub mod sts;

use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use time::OffsetDateTime;

use super::{context::Context, error::ApiError, form::Form, metrics, operation::Operation};

/// The inside of the answer's `…Result` element.
pub(super) fn answer(
    shared: &Context,
    operation: Operation,
    region: &str,
    form: &Form,
    now: OffsetDateTime,
) -> Result<String, ApiError> {
    match operation {
        Operation::GetCallerIdentity => Ok(sts::get_caller_identity(shared)),
        _ if metrics::is_ours(operation) => {
            metrics::Asked { metrics: &shared.metrics, operation, region, now }.by_form(form)
        }
        _ => iam::answer(shared, operation, form, now),
    }
}

pub(super) fn response(operation: Operation, result: &str, request_id: &str) -> Response<Body> {
    let space = match operation {
        Operation::GetCallerIdentity => "https://sts.amazonaws.com/doc/2011-06-15/",
        Operation::PutMetricData | Operation::GetMetricStatistics => "http://monitoring.amazonaws.com/doc/2010-08-01/",
        _ => "https://iam.amazonaws.com/doc/2010-05-08/",
    };
    let result =
        if result.is_empty() { String::new() } else { format!("<{operation}Result>{result}</{operation}Result>") };
    let body = format!(
        "<{operation}Response xmlns=\"{space}\">{result}<ResponseMetadata><RequestId>{request_id}</RequestId>\
         </ResponseMetadata></{operation}Response>"
    );
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}
