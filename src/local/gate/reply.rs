//! Answers of the gate and the relay: the headers that all of them have, and what conditional requests, HEAD and
//! OPTIONS make of them.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{coding, functions::Busy};
use crate::{
    local::traffic,
    model::{chunk::gzip, hex::hex},
};

pub(super) const IMMUTABLE: &str = "public, max-age=31536000, immutable";
pub(super) const SHORT: &str = "public, max-age=10";
const METHODS: &str = "GET, HEAD, OPTIONS";

/// An answer whose value of each header is known to be one.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// What who takes gzip gets instead of the body.
    gzip: Option<Compressed>,
}

#[derive(Debug)]
enum Compressed {
    Already(Bytes),
    /// This, once it is asked for.
    WhenAsked(Bytes),
}

impl Reply {
    pub(super) fn new(status: StatusCode) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Self { status, headers, body: Body::empty(), gzip: None }
    }

    pub(super) fn text(status: StatusCode, text: &'static str) -> Self {
        let mut reply = Self::new(status).with(header::CONTENT_TYPE, "text/plain");
        reply.body = Body::from(text);
        reply.with(header::CONTENT_LENGTH, &text.len().to_string())
    }

    /// The one answer to everything that is not there, whatever the reason.
    pub(super) fn not_found() -> Self {
        Self::text(StatusCode::NOT_FOUND, "not found\n")
    }

    /// Spread out, so that those sent away do not come back at once.
    pub(super) fn busy(why: Busy) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE).retry_after(why.seconds())
    }

    /// In seconds; scripts of other pages may read it.
    pub(super) fn retry_after(self, seconds: u64) -> Self {
        self.with(header::RETRY_AFTER, &seconds.to_string())
            .with(header::ACCESS_CONTROL_EXPOSE_HEADERS, header::RETRY_AFTER.as_str())
    }

    /// Browsers were sent as much this month as their ceiling allows.
    pub(super) fn beyond_ceiling(now: OffsetDateTime) -> Self {
        let seconds = traffic::until_next_month(now);
        // a CDN that keeps it does not say so of the next month
        let kept = format!("public, max-age={}", seconds.min(10));
        Self::text(StatusCode::TOO_MANY_REQUESTS, "the monthly ceiling is reached\n")
            .with(header::CACHE_CONTROL, &kept)
            .retry_after(seconds)
    }

    /// Of the path that was asked for, once more: a player waits so, where a 503 would end the video or lose a segment.
    pub(super) fn again(path: &str, times: u8) -> Self {
        Self::new(StatusCode::FOUND).with(header::LOCATION, &format!("{path}?busy={times}"))
    }

    pub(super) fn file(body: Bytes, kind: &str, cache: &str) -> Self {
        Self::new(StatusCode::OK).with(header::CONTENT_TYPE, kind).with(header::CACHE_CONTROL, cache).holding(body)
    }

    /// With a body, and what is said of it.
    fn holding(self, body: Bytes) -> Self {
        let tag = format!("\"{}\"", &hex(&Sha256::digest(&body))[..32]);
        let length = body.len().to_string();
        let mut reply = self.with(header::CONTENT_LENGTH, &length).with(header::ETAG, &tag);
        reply.body = Body::from(body);
        reply
    }

    /// It is there in a second form, which has a tag of its own; caches keep the two apart.
    pub(super) fn or_gzip(self, compressed: Bytes) -> Self {
        let mut reply = self.with(header::VARY, header::ACCEPT_ENCODING.as_str());
        reply.gzip = Some(Compressed::Already(compressed));
        reply
    }

    /// A file that is compressed for those alone who take that.
    pub(super) fn file_in_two(body: Bytes, kind: &str, cache: &str) -> Self {
        let mut reply = Self::file(body.clone(), kind, cache).with(header::VARY, header::ACCEPT_ENCODING.as_str());
        reply.gzip = Some(Compressed::WhenAsked(body));
        reply
    }

    /// Sets a header. A value that can't be one leaves the header out: nothing from outside can add a line.
    pub(super) fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// As the request's method and conditions want it.
    pub(super) fn shaped(mut self, method: &Method, asked: &HeaderMap) -> Response<Body> {
        if let Some(compressed) = self.gzip.take_if(|_| coding::takes_gzip(asked)) {
            let bytes = match compressed {
                Compressed::Already(bytes) => bytes,
                Compressed::WhenAsked(body) => gzip::gzip(&body).into(),
            };
            self = self.with(header::CONTENT_ENCODING, "gzip").holding(bytes);
        }
        let tag = self.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        if self.status == StatusCode::OK && tag.is_some_and(|tag| knows(asked, tag)) {
            self.status = StatusCode::NOT_MODIFIED;
            self.headers.remove(header::CONTENT_TYPE);
            self.headers.remove(header::CONTENT_LENGTH);
            self.headers.remove(header::CONTENT_ENCODING);
            self.body = Body::empty();
        }
        if method == Method::HEAD {
            self.body = Body::empty();
        }
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// The answer to a method that is neither GET nor HEAD.
pub(super) fn other_method(method: &Method) -> Option<Reply> {
    if method == Method::OPTIONS {
        let allowed = Reply::new(StatusCode::NO_CONTENT)
            .with(header::ALLOW, METHODS)
            .with(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
            .with(header::ACCESS_CONTROL_ALLOW_HEADERS, "*")
            .with(header::ACCESS_CONTROL_MAX_AGE, "86400")
            .with(header::CACHE_CONTROL, "public, max-age=86400");
        return Some(allowed);
    }
    let refused = || Reply::new(StatusCode::METHOD_NOT_ALLOWED).with(header::ALLOW, METHODS);
    (method != Method::GET && method != Method::HEAD).then(refused)
}

/// Whether the client has what `tag` names (RFC 9110's weak comparison).
pub(super) fn knows(asked: &HeaderMap, tag: &str) -> bool {
    let lists = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
