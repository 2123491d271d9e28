//! The watch page as a file: the text that both gates fill, how a title stands in it, and which hls.js it takes.
//! Knows no reel and serves nothing.

pub const HTML: &str = include_str!("../../../assets/gate/watch.html");

/// What stands in the page between the first `start` and the next `end`; empty if they are not there.
pub fn between(start: &str, end: &str) -> &'static str {
    HTML.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(inside, _)| inside)
}

/// Address of the hls.js that the page takes, version and all.
pub fn hls_js() -> &'static str {
    between("const HLS_JS = '", "'")
}

/// What a browser has to find at that address.
pub fn hls_js_integrity() -> &'static str {
    between("const HLS_JS_INTEGRITY = '", "'")
}

/// As text of an element or an attribute. Character by character as the deployed gate does it, so that both send the
/// same bytes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '<' | '>' | '"' | '\'' => escaped.push_str(&format!("&#{};", u32::from(character))),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hls_js_is_one_version_with_its_hash() {
        assert!(hls_js().starts_with("https://") && hls_js().contains("/hls.js@1."), "{}", hls_js());
        assert!(hls_js_integrity().starts_with("sha384-"), "{}", hls_js_integrity());
    }

    #[test]
    fn nothing_that_is_escaped_ends_an_attribute_or_begins_an_element() {
        assert_eq!(escape("<a b='1' c=\"2\">&"), "&#60;a b=&#39;1&#39; c=&#34;2&#34;&#62;&#38;");
        assert_eq!(escape("Été 2026"), "Été 2026");
    }
}
