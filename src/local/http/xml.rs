//! The little XML that the Query services and S3 answer with: text written into elements.

/// Text that is safe between tags and in attribute values.
pub(in crate::local) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // XML 1.0 has no way to write other control characters
            '\t' | '\n' | '\r' | ' '.. => escaped.push(character),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

/// `<name>text</name>`, the text escaped.
pub(in crate::local) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_not_leave_its_element() {
        assert_eq!(element("a", "</a>&\"'\u{0}"), "<a>&lt;/a&gt;&amp;&quot;&apos;\u{fffd}</a>");
    }
}
