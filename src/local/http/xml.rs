//! The little XML that the Query services, S3 and CloudFront speak: text written into elements, and elements read.

use crate::model::references;

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

/// An element that was read: its name, the elements in it, and its text if there are none. Attributes are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::local) struct Element {
    pub(in crate::local) name: String,
    pub(in crate::local) children: Vec<Element>,
    pub(in crate::local) text: String,
}

/// How deep elements may stand in each other.
const DEPTH_MAX: usize = 32;

impl Element {
    /// A document of elements and text; `None` for anything else (comments, CDATA, types of documents, other entities).
    pub(in crate::local) fn read(text: &str) -> Option<Self> {
        let mut rest = text.trim_start_matches('\u{feff}').trim_start();
        if let Some(prolog) = rest.strip_prefix("<?") {
            rest = prolog.split_once("?>")?.1.trim_start();
        }
        let root = element_at(&mut rest, 0)?;
        rest.trim().is_empty().then_some(root)
    }

    pub(in crate::local) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(in crate::local) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find(|child| child.name == name)
    }

    /// The text at the end of a path of names.
    pub(in crate::local) fn at(&self, path: &[&str]) -> Option<&str> {
        path.iter().try_fold(self, |element, name| element.child(name)).map(|found| found.text.as_str())
    }

    /// The elements in `<name><Items>…</Items></name>`, as CloudFront writes lists.
    pub(in crate::local) fn items(&self, name: &str) -> &[Self] {
        self.child(name).and_then(|list| list.child("Items")).map_or(&[], |items| &items.children)
    }

    pub(in crate::local) fn written(&self) -> String {
        let inside: String = match self.children.is_empty() {
            true => escape(&self.text),
            false => self.children.iter().map(Self::written).collect(),
        };
        format!("<{0}>{inside}</{0}>", self.name)
    }
}

fn element_at(rest: &mut &str, depth: usize) -> Option<Element> {
    let (tag, after) = rest.strip_prefix('<')?.split_once('>')?;
    *rest = after;
    let is_whole = tag.ends_with('/');
    let name = tag.trim_end_matches('/').split_ascii_whitespace().next()?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-:".contains(&byte);
    if !name.bytes().all(fits) || depth > DEPTH_MAX {
        return None;
    }
    let mut element = Element { name: name.to_owned(), ..Element::default() };
    if is_whole {
        return Some(element);
    }
    loop {
        let (text, _) = rest.split_once('<')?;
        *rest = &rest[text.len()..];
        element.text.push_str(&unescape(text)?);
        if let Some(after) = rest.strip_prefix("</") {
            let (name, after) = after.split_once('>')?;
            *rest = after;
            if !element.children.is_empty() {
                // white space between elements
                element.text.clear();
            }
            return (name.trim_end() == element.name).then_some(element);
        }
        element.children.push(element_at(rest, depth + 1)?);
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';')?;
        plain.push(references::character(entity)?);
        plain.push_str(after);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_not_leave_its_element() {
        assert_eq!(element("a", "</a>&\"'\u{0}"), "<a>&lt;/a&gt;&amp;&quot;&apos;\u{fffd}</a>");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "<?xml version=\"1.0\"?>\n<A xmlns=\"x\">\n <B>1 &lt; 2 &#x26; 3</B><Items><C/><C></C></Items></A>";
        let read = Element::read(text).unwrap();
        assert_eq!(read.at(&["B"]), Some("1 < 2 & 3"));
        assert_eq!((read.at(&["Items", "C"]), read.at(&["D"])), (Some(""), None));
        assert_eq!(read.written(), "<A><B>1 &lt; 2 &amp; 3</B><Items><C></C><C></C></Items></A>");
        assert_eq!(Element::read(&read.written()), Some(read));
    }

    #[test]
    fn what_is_no_such_document_is_not_read() {
        let deep = "<a>".repeat(10_000);
        for text in
            ["", "a", "<a>", "<a></b>", "<a/><b/>", "<a>&x;</a>", "<a>&", "<!DOCTYPE a><a/>", "<a><!-- --></a>", &deep]
        {
            assert_eq!(Element::read(text), None, "{text:.20}");
        }
    }
}
