//! The watch page as a file: the text that both gates fill, how a title stands in it, and which libraries it takes.
//! Knows no reel and serves nothing.

use std::sync::LazyLock;

use super::players::PLAYER;

/// Where in the page's script the player stands.
const PLAYER_HERE: &str = "/*player*/";

/// `watch.html` with the player in it.
pub fn html() -> &'static str {
    static HTML: LazyLock<String> =
        LazyLock::new(|| include_str!("../../../assets/gate/watch.html").replacen(PLAYER_HERE, PLAYER, 1));
    &HTML
}

/// What stands in the page between the first `start` and the next `end`; empty if they are not there.
pub fn between(start: &str, end: &str) -> &'static str {
    html().split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(inside, _)| inside)
}

/// Addresses of the libraries that the page's script takes from elsewhere, in its order: `const <NAME>_JS = '<address>'`.
pub fn libraries() -> Vec<&'static str> {
    let script = between("<script>", "</script>").split("const ").skip(1);
    let constants = script.filter_map(|rest| rest.split_once("_JS = '"));
    let named = constants.filter(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase()));
    let addresses = named.filter_map(|(_, rest)| rest.split_once('\'')).map(|(address, _)| address);
    addresses.filter(|address| address.starts_with("https:") && !address.contains([' ', ';', ','])).collect()
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

    /// Address of the hls.js that the page takes, version and all.
    fn hls_js() -> &'static str {
        between("const HLS_JS = '", "'")
    }

    /// What a browser has to find at that address.
    fn hls_js_integrity() -> &'static str {
        between("const HLS_JS_INTEGRITY = '", "'")
    }

    #[test]
    fn hls_js_is_one_version_with_its_hash() {
        assert!(hls_js().starts_with("https://") && hls_js().contains("/hls.js@1."), "{}", hls_js());
        assert!(hls_js_integrity().starts_with("sha384-"), "{}", hls_js_integrity());
    }

    #[test]
    fn the_libraries_of_the_page_are_those_that_its_script_names() {
        assert!(libraries().contains(&hls_js()), "{:?}", libraries());
        assert!(!html().contains(PLAYER_HERE));
    }

    #[test]
    fn nothing_that_is_escaped_ends_an_attribute_or_begins_an_element() {
        assert_eq!(escape("<a b='1' c=\"2\">&"), "&#60;a b=&#39;1&#39; c=&#34;2&#34;&#62;&#38;");
        assert_eq!(escape("Été 2026"), "Été 2026");
    }
}
