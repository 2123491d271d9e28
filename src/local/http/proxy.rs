//! What something between a client and the stand-in answers in its place, where a fault asks for it: a proxy's error, a
//! hotel's login. Nothing in it is in AWS's form.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Grand Hotel</title></head>\n\
                    <body><h1>Welcome</h1><p>Please sign in to use the network.</p></body></html>\n";

/// Redirects lead to a login; a gateway that got no answer itself (502) sends nothing with its status.
pub(in crate::local) fn page(status: u16) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let body = if status == StatusCode::BAD_GATEWAY { Body::empty() } else { Body::from(PAGE) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let mut set = |name: HeaderName, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/html");
    if status.is_redirection() {
        set(header::LOCATION, "http://login.hotel.example/?next=here");
    } else if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        set(header::PROXY_AUTHENTICATE, "Basic realm=\"Grand Hotel\"");
    }
    response
}
