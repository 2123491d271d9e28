//! The gate behind its HTTP API: the same answers to paths that come decoded, handed over whole, which bounds them. What
//! leads astray is answered by API Gateway itself, which knows nothing of CORS.

use std::{borrow::Cow, sync::Arc};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, Method, Response, StatusCode, header},
};
use percent_encoding::percent_decode_str;

use super::{Gate, before, note, reply::Reply};
use crate::{
    local::{
        apis::{self, Astray},
        http::connection::Peer,
        operation::Operation,
        store::record::uuid,
        traffic,
    },
    model::gate::front::WHOLE_ANSWER_MAX,
};

pub(in crate::local) async fn handle(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let (shared, operation) = (&gate.shared, Operation::Gate);
    let refused = || apis::astray(shared).map(of_the_gateway);
    if let Some(refusal) = before(shared, &shared.origins.front, refused, operation, &parts, &peer.cut).await {
        return refusal;
    }
    traffic::called_by_api(shared);
    let mut response = gate.respond(&parts, &decoded(parts.uri.path()), peer.address.into()).await;
    if parts.method != Method::HEAD && !fits(&response) {
        let refused = Reply::text(StatusCode::INTERNAL_SERVER_ERROR, "too long to be sent whole\n");
        response = refused.shaped(&parts.method, &parts.headers);
    }
    note(shared, operation, response.status().as_u16());
    response
}

/// As an event has it: decoded once, in the path alone, so that a `?` in it begins no query. `%zz` stays as it is, and bytes
/// that are no UTF-8 become U+FFFD, since an event is JSON: no name has either, so whatever AWS makes of them, they lead
/// nowhere.
fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

fn fits(response: &Response<Body>) -> bool {
    let length = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_none_or(|length: u64| length <= WHOLE_ANSWER_MAX)
}

fn of_the_gateway(astray: Astray) -> Response<Body> {
    let (status, message) = match astray {
        Astray::NoRoute => (StatusCode::NOT_FOUND, "Not Found"),
        Astray::NoAnswer => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    };
    let mut response = Response::new(Body::from(format!("{{\"message\":\"{message}\"}}")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::from_str(&uuid()) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response
}
