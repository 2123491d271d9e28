//! The Query protocol of STS and IAM: a form in, XML out. Which action does what is [`super::sts`]'s and
//! [`super::iam`]'s part.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use time::OffsetDateTime;

use super::{error::ApiError, iam, operation::Operation, shared::Shared, sts};

/// Fields of a form, decoded.
#[derive(Debug, Default)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
        };
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (decode(name), decode(value))).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| ApiError::validation(format!("The request must contain the parameter {name}.")))
    }

    /// The action, among those of `service`.
    pub(super) fn operation(&self, service: &str) -> Result<Operation, ApiError> {
        let name = self.get("Action").unwrap_or_default();
        let operation = name.parse().ok().filter(|operation| match service {
            "sts" => *operation == Operation::GetCallerIdentity,
            _ => (Operation::CreateRole..Operation::CreateLogGroup).contains(operation),
        });
        operation.ok_or_else(|| {
            let message = format!("Could not find operation {name} of service {service}");
            ApiError::new(StatusCode::BAD_REQUEST, "InvalidAction", message)
        })
    }
}

/// The inside of the answer's `…Result` element.
pub(super) fn answer(
    shared: &Shared,
    operation: Operation,
    form: &Form,
    now: OffsetDateTime,
) -> Result<String, ApiError> {
    match operation {
        Operation::GetCallerIdentity => Ok(sts::get_caller_identity(shared)),
        _ => iam::answer(shared, operation, form, now),
    }
}

pub(super) fn response(operation: Operation, result: &str, request_id: &str) -> Response<Body> {
    let space = match operation {
        Operation::GetCallerIdentity => "https://sts.amazonaws.com/doc/2011-06-15/",
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
