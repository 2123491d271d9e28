//! Errors as AWS answers them: a status, a code and a sentence, written the way the protocol of the service wants
//! (JSON with `x-amzn-errortype` for Lambda, XML for the Query services and for downloads).

use std::io;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use serde_json::json;

use super::http::xml;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    /// Lambda's name of it; [`query_code`] gives the Query services'.
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Seconds, as `Retry-After`.
    pub(super) retry_after: Option<u64>,
}

/// Nothing but the data folder is read or written for an answer.
impl From<io::Error> for ApiError {
    fn from(error: io::Error) -> Self {
        Self::service(format!("the stand-in could not write to its data folder: {error}"))
    }
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::bad_request("InvalidParameterValueException", message)
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::bad_request("ValidationException", message)
    }

    pub(super) fn serialization(message: impl Into<String>) -> Self {
        Self::bad_request("SerializationException", message)
    }

    pub(super) fn code_storage_exceeded() -> Self {
        Self::bad_request("CodeStorageExceededException", "Code storage limit exceeded.")
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    pub(super) fn function_not_found(arn: &str) -> Self {
        Self::not_found(format!("Function not found: {arn}"))
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "ResourceConflictException", message)
    }

    pub(super) fn precondition_failed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
             retrieve the latest Revision Id",
        )
    }

    pub(super) fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message)
    }

    pub(super) fn throttled(retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate exceeded")
        }
    }

    pub(super) fn service(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", message)
    }

    pub(super) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", "Service is unavailable.")
    }

    pub(super) fn denied(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// As Lambda writes it.
    pub(super) fn rest_json(&self, request_id: &str) -> Response<Body> {
        let mut body = json!({});
        let key = match self.code {
            "ResourceNotFoundException" | "ServiceException" => "Message",
            _ => "message",
        };
        body[key] = json!(self.message);
        body["Type"] = json!(if self.status.is_server_error() { "Service" } else { "User" });
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            body["Reason"] = json!("CallerRateLimitExceeded");
        }
        let mut response = Response::new(Body::from(body.to_string()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        self.finish(response, request_id)
    }

    /// As STS, IAM and CloudWatch's Query protocol write it.
    pub(super) fn query(&self, request_id: &str) -> Response<Body> {
        let kind = if self.status.is_server_error() { "Receiver" } else { "Sender" };
        let body = format!(
            "<ErrorResponse><Error><Type>{kind}</Type><Code>{}</Code><Message>{}</Message></Error>\
             <RequestId>{request_id}</RequestId></ErrorResponse>",
            self.query_code(),
            xml::escape(&self.message)
        );
        let mut response = Response::new(Body::from(body));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        self.finish(response, request_id)
    }

    /// The Query services' name of it.
    pub(super) fn query_code(&self) -> &'static str {
        query_code(self.code)
    }

    pub(super) fn finish(&self, mut response: Response<Body>, request_id: &str) -> Response<Body> {
        *response.status_mut() = self.status;
        if let Ok(id) = HeaderValue::from_str(request_id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The Query services' name of what Lambda calls `code`.
fn query_code(code: &'static str) -> &'static str {
    match code {
        "UnrecognizedClientException" => "InvalidClientTokenId",
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "IncompleteSignatureException" => "IncompleteSignature",
        "MissingAuthenticationTokenException" => "MissingAuthenticationToken",
        "ExpiredTokenException" => "ExpiredToken",
        "AccessDeniedException" => "AccessDenied",
        "TooManyRequestsException" => "Throttling",
        "ServiceException" => "ServiceFailure",
        "ServiceUnavailableException" => "ServiceUnavailable",
        "ValidationException" => "ValidationError",
        "PreconditionFailedException" => "PreconditionFailed",
        other => other,
    }
}
