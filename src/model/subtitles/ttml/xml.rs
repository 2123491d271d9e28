//! The part of XML that TTML is written in: tags, text, references, CDATA. Comments, other instructions and document types
//! are passed over, entities of a file's own are not expanded. None of it fails: what is no tag is text.

use crate::model::references;

/// References are no longer than this: `&#x10ffff;`.
const REFERENCE_MAX: usize = 12;

#[derive(Debug, PartialEq)]
pub enum Token<'a> {
    /// `<?xml …?>`: a document begins.
    Declaration,
    /// Its name without a prefix; `is_closed` for `<br/>`.
    Start {
        name: &'a str,
        attributes: Attributes<'a>,
        is_closed: bool,
    },
    End(&'a str),
    Text(String),
}

/// What stands between a tag's name and its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attributes<'a>(&'a str);

impl<'a> Attributes<'a> {
    /// The first of this name, whatever its prefix.
    pub fn get(self, name: &str) -> Option<String> {
        self.all().find(|(one, _)| *one == name).map(|(_, value)| unescaped(value))
    }

    fn all(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (name, after) = rest.split_once('=')?;
            let after = after.trim_start();
            let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let (value, after) = after[1..].split_once(quote)?;
            rest = after;
            Some((local(name.trim()), value))
        })
    }
}

pub struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What comes before `end`, which is taken too; nothing is left of a text without it.
    fn until(&mut self, end: &str) -> Option<&'a str> {
        let found = self.rest.split_once(end);
        self.rest = found.map_or("", |(_, rest)| rest);
        found.map(|(inside, _)| inside)
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    /// A tag, behind its `<`.
    fn tag(&mut self) -> Option<Token<'a>> {
        let mut quote = None;
        let end = self.rest.bytes().position(|byte| match (quote, byte) {
            (None, b'>') => true,
            (None, b'"' | b'\'') => {
                quote = Some(byte);
                false
            }
            (Some(open), byte) if open == byte => {
                quote = None;
                false
            }
            _ => false,
        });
        let Some(end) = end else {
            self.rest = "";
            return None;
        };
        let inside = self.take(end);
        self.take(1);
        if let Some(name) = inside.strip_prefix('/') {
            return Some(Token::End(local(name.trim())));
        }
        let (inside, is_closed) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        let (name, attributes) = inside.split_once(is_space).unwrap_or((inside, ""));
        Some(Token::Start { name: local(name), attributes: Attributes(attributes), is_closed })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while !self.rest.is_empty() {
            let Some(after) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                return Some(Token::Text(unescaped(self.take(end))));
            };
            if after.starts_with("!--") {
                self.take("<!--".len());
                self.until("-->")?;
            } else if after.starts_with("![CDATA[") {
                self.take("<![CDATA[".len());
                return self.until("]]>").map(|text| Token::Text(text.to_owned()));
            } else if after.starts_with('?') {
                let inside = self.until("?>")?;
                if inside.strip_prefix("<?xml").is_some_and(|rest| rest.starts_with(is_space)) {
                    return Some(Token::Declaration);
                }
            } else if after.starts_with('!') {
                // a document type may have declarations of its own in brackets
                if self.until(">")?.contains('[') {
                    self.until("]>")?;
                }
            } else if after.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '/')) {
                self.take(1);
                return self.tag();
            } else {
                self.take(1);
                return Some(Token::Text("<".to_owned()));
            }
        }
        None
    }
}

pub fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn unescaped(raw: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(raw.len()), raw);
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let end = after.bytes().take(REFERENCE_MAX).position(|byte| byte == b';');
        match end.and_then(|end| Some((character(&after[..end])?, &after[end + 1..]))) {
            Some((character, after)) => {
                text.push(character);
                rest = after;
            }
            None => {
                text.push('&');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn character(name: &str) -> Option<char> {
    // of HTML, which people write all the same
    if name == "nbsp" { Some('\u{a0}') } else { references::character(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_text_are_told_apart() {
        let text = "<?xml version='1.0'?><!DOCTYPE tt [<!ENTITY a \"b\">]><!-- <p> --><tt:p\n begin = \"1s\" x:id='a>b'>\
                    1 &lt; 2 &#38; &#x33; &unknown; & <![CDATA[<i>]]><br/></tt:p >4 < 5";
        let told: Vec<String> = Tokens::new(text)
            .map(|token| match token {
                Token::Declaration => "declaration".to_owned(),
                Token::Start { name, attributes, is_closed } => {
                    format!("+{name} {:?} {:?} {is_closed}", attributes.get("begin"), attributes.get("id"))
                }
                Token::End(name) => format!("-{name}"),
                Token::Text(text) => text,
            })
            .collect();
        assert_eq!(
            told,
            [
                "declaration",
                "+p Some(\"1s\") Some(\"a>b\") false",
                "1 < 2 & 3 &unknown; & ",
                "<i>",
                "+br None None true",
                "-p",
                "4 ",
                "<",
                " 5"
            ]
        );
    }

    #[test]
    fn what_has_no_end_ends_the_text() {
        for text in ["<p begin=\"", "<!-- x", "<![CDATA[x", "<?x", "<!DOCTYPE", "<p"] {
            assert_eq!(Tokens::new(text).next(), None, "{text}");
        }
    }
}
