//! The watch page as a file: the text that both gates fill, and how a title stands in it.
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
    fn the_player_stands_in_the_page() {
        assert!(html().contains(PLAYER) && !html().contains(PLAYER_HERE));
    }

    #[test]
    fn nothing_that_is_escaped_ends_an_attribute_or_begins_an_element() {
        assert_eq!(escape("<a b='1' c=\"2\">&"), "&#60;a b=&#39;1&#39; c=&#34;2&#34;&#62;&#38;");
        assert_eq!(escape("Été 2026"), "Été 2026");
    }
}
