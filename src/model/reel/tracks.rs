//! Text that goes with a generation's pictures and sound: subtitles and chapters. It lies in the index itself, under names
//! that its content gives it: another content never has an address that players keep for ever.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    moment::Timestamp,
    name::{NameError, RenditionId},
};
use crate::model::written::written_as_text;

/// `<id>-<8 hexadecimal digits of its content>`
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrackName {
    id: RenditionId,
    content: [u8; 4],
}

impl TrackName {
    /// Of everything that is served under it, in order.
    pub fn of<'a>(id: RenditionId, content: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for text in content {
            // the length keeps two neighbouring texts apart
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        let digest = hash.finalize();
        Self { id, content: [digest[0], digest[1], digest[2], digest[3]] }
    }
}

impl fmt::Display for TrackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:08x}", self.id.as_str(), u32::from_be_bytes(self.content))
    }
}

impl FromStr for TrackName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError::Track(text.to_owned());
        let (id, content) = text.split_once('-').ok_or_else(error)?;
        if content.len() != 8 || !content.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(error());
        }
        let content = u32::from_str_radix(content, 16).map_err(|_| error())?.to_be_bytes();
        Ok(Self { id: id.parse().map_err(|_| error())?, content })
    }
}

written_as_text!(TrackName);

/// One rendition of subtitles, as the multivariant playlist tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubtitlesIndex {
    pub track: TrackName,
    /// For people; no two of a generation have the same.
    pub name: String,
    /// BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Shown unless someone chooses otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
    /// Only what has to be read to follow the film.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
    /// It tells sounds too, for those who do not hear.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hearing_impaired: bool,
    pub segments: u32,
    /// Of all that is served of it.
    pub bytes: u64,
}

/// A track that another took the place of, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    pub track: TrackName,
    /// Until when it is still served.
    pub until: Timestamp,
}

/// Where parts of the video begin, and what they are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChaptersIndex {
    pub track: TrackName,
    pub starts: Vec<Chapter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    pub start_ms: u64,
    pub title: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_spelled_the_one_way_and_another_content_has_another() {
        let id = || "s1".parse::<RenditionId>().unwrap();
        let name = TrackName::of(id(), ["a", "b"]);
        assert_eq!(name.to_string().parse(), Ok(name.clone()));
        assert_ne!(name, TrackName::of(id(), ["ab"]));
        assert_ne!(name, TrackName::of(id(), ["a", "c"]));
        for text in
            ["s1", "s1-", "s1-0123abc", "s1-0123ABCD", "subs1-0123abcd", "-0123abcd", "s1-0123abcd-", "s1-+123abcd"]
        {
            assert!(text.parse::<TrackName>().is_err(), "{text}");
        }
    }
}
