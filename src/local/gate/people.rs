//! What people see of a 404 or a 503, who come with a browser. Players and scripts get a word of text, or nothing.

use std::sync::LazyLock;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::reply::Reply;

const STYLE: &str = "body{margin:0;min-height:100svh;display:grid;place-content:center;text-align:center;font:16px/1.5 system-ui,sans-serif;background:#faf9f7;color:#1b1a18}\
    h1{margin:0;font-size:1.65rem;line-height:1.25}p{margin:.5rem 1.25rem;color:#6b665e}@media (prefers-color-scheme:dark){body{background:#0e0d0c;color:#f3f0ec}p{color:#a09a90}}";

/// What tells whether it is a person who asks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told<'a> {
    /// What is accepted.
    Headers(&'a HeaderMap),
    /// The path, which is all that is known behind a CDN: what people open ends in a slash, and what players and scripts
    /// ask for does not.
    Path(&'a str),
}

/// The refusal as a page for whoever can read one; any other answer as it is.
pub(super) fn page(reply: Reply, told: Told<'_>) -> Reply {
    let (title, text) = match reply.status {
        StatusCode::NOT_FOUND => {
            ("There is nothing here", "The link may be mistyped, or what it led to is no longer published.")
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            ("One moment", "Too much is asked of this place right now. This page tries again by itself.")
        }
        _ => return reply,
    };
    let (reply, is_person) = match told {
        Told::Headers(asked) => (reply.with(header::VARY, "accept"), is_person(asked)),
        Told::Path(path) => (reply, path.ends_with('/')),
    };
    if !is_person {
        return reply;
    }
    let after = reply.headers.get(header::RETRY_AFTER).and_then(|seconds| seconds.to_str().ok());
    let again = after.map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">"));
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         {}<title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>\n",
        again.unwrap_or_default()
    );
    let mut reply = reply
        .with(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .with(header::CONTENT_LENGTH, &html.len().to_string())
        .with(header::CONTENT_SECURITY_POLICY, &POLICY)
        .with(header::REFERRER_POLICY, "no-referrer");
    reply.body = Body::from(html);
    reply
}

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors *")
});

/// A browser that goes to a page names its type; `*/*` names none.
fn is_person(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types = lists.flat_map(|list| list.split(',')).filter_map(|item| item.split(';').next());
    types.into_iter().any(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}
