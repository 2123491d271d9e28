//! Takes the zip out of a request's JSON while it arrives: finds the one string value at `Code.ZipFile` (create) or
//! `ZipFile` (update), decodes its base64 into a sink and keeps the small rest, in which the value is empty.
//! Bytes may be cut anywhere. Knows nothing of HTTP or files.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Everything of the body but the zip: AWS's bound of a request less the largest zip's base64, and some.
const REST_LIMIT: usize = 512 * 1024;
/// Deeper than any request of Lambda's.
const DEPTH_LIMIT: usize = 32;
/// A longer key is none of ours, even if each character is written `\uXXXX`.
const KEY_LIMIT: usize = 64;
/// Base64 is decoded in pieces of this size.
const BLOCK: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) enum ZipFieldPath {
    /// `{"Code": {"ZipFile": …}}`
    InCode,
    /// `{"ZipFile": …}`
    TopLevel,
}

#[derive(Debug, thiserror::Error)]
pub(in crate::local) enum FieldError {
    #[error("the zip is no base64")]
    Base64,
    #[error("the body has more than one zip")]
    Twice,
    #[error("the body without the zip is too large")]
    RestTooLarge,
    #[error("the body is nested too deeply")]
    TooDeep,
    #[error("the zip was not taken")]
    Sink(#[from] std::io::Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Outside,
    /// In a string that is copied; a key is also remembered.
    Text {
        key: bool,
        escaped: bool,
    },
    Zip,
    ZipEscape,
    /// After `\u`: digits so far and their value.
    ZipUnicode {
        digits: u8,
        value: u32,
    },
}

#[derive(Debug)]
pub(in crate::local) struct ZipField {
    place: ZipFieldPath,
    state: Inside,
    /// True for objects, false for arrays, outermost first.
    open: Vec<bool>,
    /// The next string is a key.
    key_next: bool,
    /// The key whose value we are in, at depth 1 and 2, raw.
    keys: [Vec<u8>; 2],
    rest: Vec<u8>,
    base64: Base64,
    found: bool,
}

impl ZipField {
    pub(in crate::local) fn new(place: ZipFieldPath) -> Self {
        Self {
            place,
            state: Inside::Outside,
            open: Vec::new(),
            key_next: false,
            keys: [Vec::new(), Vec::new()],
            rest: Vec::new(),
            base64: Base64::default(),
            found: false,
        }
    }

    /// Takes the next bytes; the zip's go to `sink`.
    pub(in crate::local) fn push(
        &mut self,
        mut bytes: &[u8],
        sink: &mut impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<(), FieldError> {
        while let Some(&byte) = bytes.first() {
            if self.state == Inside::Zip {
                let taken = self.base64_run(bytes, sink)?;
                bytes = &bytes[taken..];
                continue;
            }
            bytes = &bytes[1..];
            match self.state {
                Inside::ZipEscape => self.escape(byte, sink)?,
                Inside::ZipUnicode { digits, value } => self.unicode(byte, digits, value, sink)?,
                _ => self.plain(byte)?,
            }
        }
        Ok(())
    }

    /// The JSON without the zip, and whether there was one.
    pub(in crate::local) fn finish(self) -> (Vec<u8>, bool) {
        (self.rest, self.found)
    }

    fn plain(&mut self, byte: u8) -> Result<(), FieldError> {
        if self.rest.len() == REST_LIMIT {
            return Err(FieldError::RestTooLarge);
        }
        self.rest.push(byte);
        match self.state {
            Inside::Text { key, escaped } => self.text(byte, key, escaped),
            _ => self.outside(byte)?,
        }
        Ok(())
    }

    fn text(&mut self, byte: u8, key: bool, escaped: bool) {
        if byte == b'"' && !escaped {
            self.state = Inside::Outside;
            return;
        }
        if key
            && let Some(name) = self.keys.get_mut(self.open.len() - 1)
            && name.len() <= KEY_LIMIT
        {
            name.push(byte);
        }
        self.state = Inside::Text { key, escaped: byte == b'\\' && !escaped };
    }

    fn outside(&mut self, byte: u8) -> Result<(), FieldError> {
        match byte {
            b'{' | b'[' => {
                if self.open.len() == DEPTH_LIMIT {
                    return Err(FieldError::TooDeep);
                }
                self.open.push(byte == b'{');
                self.key_next = byte == b'{';
            }
            b'}' | b']' => {
                self.open.pop();
                self.key_next = false;
            }
            b',' => self.key_next = self.open.last() == Some(&true),
            b':' => self.key_next = false,
            b'"' if self.key_next => {
                if let Some(name) = self.keys.get_mut(self.open.len() - 1) {
                    name.clear();
                }
                self.state = Inside::Text { key: true, escaped: false };
            }
            b'"' if self.is_the_place() => {
                if std::mem::replace(&mut self.found, true) {
                    return Err(FieldError::Twice);
                }
                self.state = Inside::Zip;
            }
            b'"' => self.state = Inside::Text { key: false, escaped: false },
            _ => {}
        }
        Ok(())
    }

    fn is_the_place(&self) -> bool {
        match self.place {
            ZipFieldPath::TopLevel => self.open == [true] && is(&self.keys[0], "ZipFile"),
            ZipFieldPath::InCode => {
                self.open == [true, true] && is(&self.keys[0], "Code") && is(&self.keys[1], "ZipFile")
            }
        }
    }

    /// Takes a run of base64, at most a block of it, and says how many bytes it took.
    fn base64_run(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<usize, FieldError> {
        let block = &bytes[..bytes.len().min(BLOCK)];
        // the string's end is no base64 either, so that almost every block is looked at once, by the decoder alone
        if self.base64.push(block, sink)? {
            return Ok(block.len());
        }
        let end = block.iter().position(|byte| matches!(byte, b'"' | b'\\')).ok_or(FieldError::Base64)?;
        if !self.base64.push(&block[..end], sink)? {
            return Err(FieldError::Base64);
        }
        if block[end] == b'\\' {
            self.state = Inside::ZipEscape;
        } else {
            if !self.base64.is_whole() {
                return Err(FieldError::Base64);
            }
            self.rest.push(b'"');
            self.state = Inside::Outside;
        }
        Ok(end + 1)
    }

    /// `\/` and `\uXXXX` are ways to write characters of base64; all other escapes are not.
    fn escape(&mut self, byte: u8, sink: &mut impl FnMut(&[u8]) -> std::io::Result<()>) -> Result<(), FieldError> {
        match byte {
            b'/' => self.one(b'/', sink),
            b'u' => {
                self.state = Inside::ZipUnicode { digits: 0, value: 0 };
                Ok(())
            }
            _ => Err(FieldError::Base64),
        }
    }

    fn unicode(
        &mut self,
        byte: u8,
        digits: u8,
        value: u32,
        sink: &mut impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<(), FieldError> {
        let digit = char::from(byte).to_digit(16).ok_or(FieldError::Base64)?;
        let value = value * 16 + digit;
        if digits == 3 {
            return self.one(u8::try_from(value).map_err(|_| FieldError::Base64)?, sink);
        }
        self.state = Inside::ZipUnicode { digits: digits + 1, value };
        Ok(())
    }

    fn one(&mut self, byte: u8, sink: &mut impl FnMut(&[u8]) -> std::io::Result<()>) -> Result<(), FieldError> {
        self.state = Inside::Zip;
        if self.base64.push(&[byte], sink)? { Ok(()) } else { Err(FieldError::Base64) }
    }
}

/// Whether a raw key, escapes and all, is `name`.
fn is(raw: &[u8], name: &str) -> bool {
    if raw == name.as_bytes() {
        return true;
    }
    let quoted = [b"\"", raw, b"\""].concat();
    raw.contains(&b'\\') && serde_json::from_slice::<String>(&quoted).is_ok_and(|key| key == name)
}

/// Decodes base64 that comes in pieces of any length.
#[derive(Debug, Default)]
struct Base64 {
    /// Characters of a group of four that is not whole yet.
    held: Vec<u8>,
    /// Padding was seen: nothing may follow.
    ended: bool,
    /// Reused between pieces.
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Base64 {
    /// False, with nothing taken, if a piece has anything but base64 in it.
    fn push(&mut self, piece: &[u8], sink: &mut impl FnMut(&[u8]) -> std::io::Result<()>) -> std::io::Result<bool> {
        if piece.is_empty() {
            return Ok(true);
        }
        if self.ended {
            return Ok(false);
        }
        self.input.clear();
        self.input.extend_from_slice(&self.held);
        self.input.extend_from_slice(piece);
        let whole = self.input.len() / 4 * 4;
        self.output.resize(whole / 4 * 3, 0);
        let Ok(count) = STANDARD.decode_slice(&self.input[..whole], &mut self.output) else { return Ok(false) };
        let left = &self.input[whole..];
        let ended = self.input[..whole].ends_with(b"=");
        let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        if !left.iter().all(alphabet) || (ended && !left.is_empty()) {
            return Ok(false);
        }
        sink(&self.output[..count])?;
        self.ended = ended;
        self.held.clear();
        self.held.extend_from_slice(left);
        Ok(true)
    }

    fn is_whole(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Feeds a body in pieces of `step` bytes; gives the rest, the zip and whether one was found.
    fn scan(place: ZipFieldPath, body: &[u8], step: usize) -> Result<(Vec<u8>, Vec<u8>, bool), FieldError> {
        let mut field = ZipField::new(place);
        let mut zip = Vec::new();
        for piece in body.chunks(step) {
            field.push(piece, &mut |bytes| {
                zip.extend_from_slice(bytes);
                Ok(())
            })?;
        }
        let (rest, found) = field.finish();
        Ok((rest, zip, found))
    }

    #[test]
    fn the_zip_is_found_at_its_place_only() {
        let body = json!({
            "ZipFile": "QUFB", "Description": "{\"Code\":{\"ZipFile\":\"QUFB\"}}", "List": [{"Code": {"ZipFile": "QUFB"}}],
            "Other": {"Code": {"ZipFile": "QUFB"}, "ZipFile": "QUFB"}, "Code": {"Deep": {"ZipFile": "QUFB"}, "ZipFile": "UEsF"},
        });
        let text = body.to_string();
        for step in [1, 2, 3, 7, text.len()] {
            let (rest, zip, found) = scan(ZipFieldPath::InCode, text.as_bytes(), step).unwrap();
            assert!(found);
            assert_eq!(zip, b"PK\x05");
            let mut wanted = body.clone();
            wanted["Code"]["ZipFile"] = json!("");
            assert_eq!(serde_json::from_slice::<Value>(&rest).unwrap(), wanted);
            let (_, zip, _) = scan(ZipFieldPath::TopLevel, text.as_bytes(), step).unwrap();
            assert_eq!(zip, b"AAA");
        }
    }

    #[test]
    fn escapes_in_keys_and_in_the_zip_are_understood() {
        let body = br#"{"C\u006fde" : {"Zip\u0046ile" : "P\/\u002BAAA\u003d=" , "a\"": "\\"}}"#;
        for step in [1, 5, body.len()] {
            let (rest, zip, found) = scan(ZipFieldPath::InCode, body, step).unwrap();
            assert!(found && serde_json::from_slice::<Value>(&rest).is_ok());
            assert_eq!(zip, STANDARD.decode("P/+AAA==").unwrap());
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for zip in ["QUF", "QU!B", "QUE=QUFB", "QQ==QQ==", "====", "\\n", "QUFB\\", "Q\\u0101FB", "é"] {
            let body = format!(r#"{{"ZipFile":"{zip}"}}"#);
            for step in [1, 4, body.len()] {
                assert!(
                    matches!(scan(ZipFieldPath::TopLevel, body.as_bytes(), step), Err(FieldError::Base64)),
                    "{zip}"
                );
            }
        }
    }

    #[test]
    fn a_second_zip_and_bodies_without_bounds_are_refused() {
        let twice = br#"{"ZipFile":"QUFB","ZipFile":"QUFB"}"#;
        assert!(matches!(scan(ZipFieldPath::TopLevel, twice, 9), Err(FieldError::Twice)));
        assert!(matches!(scan(ZipFieldPath::TopLevel, "[".repeat(99).as_bytes(), 9), Err(FieldError::TooDeep)));
        let long = format!("\"{}\"", "a".repeat(REST_LIMIT));
        assert!(matches!(scan(ZipFieldPath::TopLevel, long.as_bytes(), 9999), Err(FieldError::RestTooLarge)));
    }

    #[test]
    fn a_sink_that_fails_stops_the_scan() {
        let mut field = ZipField::new(ZipFieldPath::TopLevel);
        let result = field.push(br#"{"ZipFile":"QUFB"}"#, &mut |_| Err(std::io::Error::other("full")));
        assert!(matches!(result, Err(FieldError::Sink(_))));
    }

    proptest! {
        #[test]
        fn any_zip_survives_any_cut(zip: Vec<u8>, step in 1usize..300, pad in "[ \n]{0,3}") {
            let encoded = STANDARD.encode(&zip);
            let body = format!(r#"{{"A":[1,{{"b":null}}],{pad}"Code":{pad}{{"ZipFile":{pad}"{encoded}"}},"Z":"x"}}"#);
            let (rest, found_zip, found) = scan(ZipFieldPath::InCode, body.as_bytes(), step).unwrap();
            prop_assert!(found);
            prop_assert_eq!(found_zip, zip);
            prop_assert_eq!(rest, body.replace(&encoded, "").into_bytes());
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, text in "[\\[\\]{}\":,\\\\uZipFile=A ]{0,200}", step in 1usize..40) {
            let _ = scan(ZipFieldPath::TopLevel, &bytes, step);
            let _ = scan(ZipFieldPath::InCode, text.as_bytes(), step);
        }
    }
}
