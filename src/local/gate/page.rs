//! The watch page: the one file that both gates fill, and the policy it is sent with.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::model::gate::watch_page::{HTML, between, escape, hls_js};

/// What the page tells of a reel.
pub(super) struct Values<'a> {
    pub(super) title: &'a str,
    pub(super) reel: &'a str,
    pub(super) base: &'a str,
    pub(super) relay: &'a str,
    pub(super) generation: &'a str,
    /// JSON.
    pub(super) renditions: &'a str,
    /// `video` or `sound`.
    pub(super) kind: &'a str,
    pub(super) duration: &'a str,
}

/// In one pass: a title that reads like a placeholder stays text.
pub(super) fn fill(values: &Values<'_>) -> String {
    let mut page = String::with_capacity(HTML.len() + 1024);
    let mut rest = HTML;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            page.push_str("{{");
            rest = after;
            continue;
        };
        match name {
            "title" => page.push_str(&escape(values.title)),
            "reel" => page.push_str(values.reel),
            "base" => page.push_str(values.base),
            "relay" => page.push_str(values.relay),
            "generation" => page.push_str(values.generation),
            "renditions" => page.push_str(values.renditions),
            "kind" => page.push_str(values.kind),
            "duration" => page.push_str(values.duration),
            _ => {}
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// The `Content-Security-Policy`; `relay` is the relay's origin, or empty.
pub(super) fn policy(relay: &str) -> String {
    static START: LazyLock<String> = LazyLock::new(|| {
        format!("default-src 'none'; script-src {} {}; style-src {}", hash("script"), hls_js(), hash("style"))
    });
    let space = if relay.is_empty() { "" } else { " " };
    format!(
        "{}; connect-src 'self'{space}{relay}; img-src 'self' data:; media-src * blob:; worker-src blob:; \
         base-uri 'none'; form-action 'none'; frame-ancestors *",
        *START
    )
}

/// Of an inline element, as a policy names it. No placeholder is in it, so that it is the same for every reel.
fn hash(tag: &str) -> String {
    let text = between(&format!("<{tag}>"), &format!("</{tag}>"));
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(title: &str) -> String {
        let (base, relay) = ("http://127.0.0.1:1/", "http://127.0.0.1:2/");
        fill(&Values {
            title,
            reel: "clip",
            base,
            relay,
            generation: "0123abcd",
            renditions: "[\"src\"]",
            kind: "video",
            duration: "60",
        })
    }

    #[test]
    fn every_placeholder_is_filled_and_titles_stay_text() {
        let filled = page("<script>{{relay}}</script>");
        assert!(filled.contains("<title>&#60;script&#62;{{relay}}&#60;/script&#62;</title>"));
        assert!(!filled.replace("{{relay}}&#60;", "").contains("{{"), "{filled}");
        assert!(page("x").contains("http://127.0.0.1:1/clip/poster.jpg"));
    }

    #[test]
    fn script_and_style_are_the_same_for_every_reel() {
        for tag in ["script", "style"] {
            let inside = between(&format!("<{tag}>"), &format!("</{tag}>"));
            assert!(inside.len() > 100 && !inside.contains("{{") && page("a title").contains(inside), "{tag}");
        }
        assert!(policy("").contains("script-src 'sha256-") && policy("").contains("connect-src 'self';"));
        assert!(policy("").contains(" https://"), "the player's address is in the policy");
        assert!(policy("http://127.0.0.1:2").contains("connect-src 'self' http://127.0.0.1:2;"));
    }
}
