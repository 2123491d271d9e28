//! Names of reels, generations, renditions and chunks, and of the Lambda functions that hold them.
//! Every name from outside passes through here once; what passed is safe in a path, a URL and an ARN.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::model::written::written_as_text;

/// Prefix of every function and role of ours in an account.
pub const PREFIX: &str = "zipreel-";

/// Longest reel name: with it, `zipreel-<reel>-<generation>-<rendition>-<nnnn>` stays within Lambda's 64 characters.
pub const REEL_NAME_MAX: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("a reel's name can't be empty")]
    Empty,
    #[error("`{0}` is longer than 32 characters")]
    TooLong(String),
    #[error("`{0}` has a character other than a-z, 0-9 and -")]
    Characters(String),
    #[error("`{0}` starts or ends with -")]
    Dash(String),
    #[error("`{0}` is not a generation (8 hexadecimal digits)")]
    Generation(String),
    #[error("`{0}` is not a rendition (1 to 4 letters or digits)")]
    Rendition(String),
    #[error("`{0}` is not the name of subtitles or chapters")]
    Track(String),
    #[error("`{0}` is not a chunk number (0001 to 9999)")]
    ChunkNumber(String),
}

/// One published video: `[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReelName(String);

impl ReelName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest valid name to any text, such as a file's stem: `Été 2026 (final).mp4` gives `ete-2026-final`.
    /// `None` if no letter or digit of the ASCII range is in it.
    pub fn slug(text: &str) -> Option<Self> {
        let mut slug = String::new();
        for character in text.chars().flat_map(fold) {
            if character.is_ascii_alphanumeric() {
                slug.push(character.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.truncate(REEL_NAME_MAX);
        slug.trim_end_matches('-').parse().ok()
    }

    /// This name with a suffix (as for unlisted reels), the stem shortened so that the whole stays valid.
    pub fn with_suffix(&self, suffix: &str) -> Result<Self, NameError> {
        let room = REEL_NAME_MAX.saturating_sub(suffix.len() + 1);
        let stem = self.0[..self.0.len().min(room)].trim_end_matches('-');
        format!("{stem}-{suffix}").parse()
    }

    /// The first of `name-2`, `name-3` … that is free. A name that carries such a number after one that is not free goes
    /// on from there.
    pub fn numbered(&self, is_free: impl Fn(&Self) -> bool) -> Option<Self> {
        let end = |text: &str| text.parse::<u32>().ok().filter(|end| (2..100).contains(end) && end.to_string() == text);
        let parts = self.0.rsplit_once('-').and_then(|(stem, number)| Some((Self(stem.to_owned()), end(number)?)));
        let (stem, first) = match parts {
            Some((stem, number)) if stem.0.parse::<Self>().is_ok() && !is_free(&stem) => (stem, number + 1),
            _ => (self.clone(), 2),
        };
        (first..1000).filter_map(|number| stem.with_suffix(&number.to_string()).ok()).find(|name| is_free(name))
    }
}

/// Accents that stand behind their letter, as file names of macOS have them.
pub fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

/// Letters with a plain ASCII look-alike lose their accents; other characters stay and become dashes.
fn fold(character: char) -> impl Iterator<Item = char> {
    let plain: &str = match character {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'Ď'..='đ' | 'Ð' | 'ð' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => "e",
        'Ĝ'..='ģ' => "g",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => "i",
        'Ĺ'..='ł' => "l",
        'Ñ' | 'ñ' | 'Ń'..='ň' => "n",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' => "o",
        'Œ' | 'œ' => "oe",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' => "s",
        'ß' => "ss",
        'Ţ'..='ŧ' => "t",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => "u",
        'Ý' | 'ý' | 'ÿ' | 'Ÿ' => "y",
        'Ź'..='ž' => "z",
        _ => "",
    };
    let own = (plain.is_empty() && !is_accent(character)).then_some(character);
    plain.chars().chain(own)
}

impl FromStr for ReelName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            Err(NameError::Empty)
        } else if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            Err(NameError::Characters(text.to_owned()))
        } else if text.len() > REEL_NAME_MAX {
            Err(NameError::TooLong(text.to_owned()))
        } else if text.starts_with('-') || text.ends_with('-') {
            Err(NameError::Dash(text.to_owned()))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// One state of a reel's content: 8 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Generation([u8; 4]);

impl Generation {
    /// The first 4 bytes of a digest.
    pub fn from_digest(digest: &[u8; 32]) -> Self {
        Self([digest[0], digest[1], digest[2], digest[3]])
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl FromStr for Generation {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError::Generation(text.to_owned());
        if text.len() != 8 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(error());
        }
        let number = u32::from_str_radix(text, 16).map_err(|_| error())?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// One quality of the video: 1 to 4 lower-case letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RenditionId(String);

impl RenditionId {
    /// The rendition that keeps the source's own quality.
    pub fn source() -> Self {
        Self("src".to_owned())
    }

    /// H.264 beside that.
    pub fn compatible() -> Self {
        Self("h264".to_owned())
    }

    /// Of a reel, in the order in which they are made: the picture, or the first track of sound alone, H.264 beside it if
    /// there is, and sound tracks.
    pub fn all(has_compatible: bool) -> impl Iterator<Item = Self> {
        let compatible = has_compatible.then(Self::compatible);
        [Self::source()].into_iter().chain(compatible).chain((1..).map(Self::sound))
    }

    pub fn is_source(&self) -> bool {
        *self == Self::source()
    }

    /// Of the sound tracks beside it, from 1: `t01`, so that all stand in their order wherever they are sorted.
    pub fn sound(number: usize) -> Self {
        Self(format!("t{number:02}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RenditionId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let valid = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if valid { Ok(Self(text.to_owned())) } else { Err(NameError::Rendition(text.to_owned())) }
    }
}

/// The place of a chunk in its rendition, from 1; written with four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct ChunkNumber(u16);

/// A chunk among all of a generation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId {
    pub rendition: RenditionId,
    pub number: ChunkNumber,
}

impl ChunkNumber {
    pub const FIRST: Self = Self(1);
    pub const LAST: Self = Self(9999);

    pub fn get(self) -> u16 {
        self.0
    }

    /// The number after this one; `None` after 9999.
    pub fn next(self) -> Option<Self> {
        Self::try_from(self.0 + 1).ok()
    }

    /// As people read it: `22`, and with its rendition, `t02/22`, where that is not the reel's only one, as nearly always.
    pub fn of(self, rendition: &RenditionId) -> String {
        if *rendition == RenditionId::source() { self.get().to_string() } else { format!("{rendition}/{}", self.get()) }
    }
}

impl TryFrom<u16> for ChunkNumber {
    type Error = NameError;

    fn try_from(number: u16) -> Result<Self, NameError> {
        if (1..=9999).contains(&number) { Ok(Self(number)) } else { Err(NameError::ChunkNumber(number.to_string())) }
    }
}

impl From<ChunkNumber> for u16 {
    fn from(number: ChunkNumber) -> u16 {
        number.0
    }
}

impl fmt::Display for ChunkNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl FromStr for ChunkNumber {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError::ChunkNumber(text.to_owned());
        if text.len() != 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error());
        }
        text.parse::<u16>().ok().and_then(|number| Self::try_from(number).ok()).ok_or_else(error)
    }
}

/// A Lambda function that belongs to a reel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FunctionName {
    /// `zipreel-<reel>-<generation>-<rendition>-<nnnn>`
    Chunk { reel: ReelName, generation: Generation, rendition: RenditionId, number: ChunkNumber },
    /// `zipreel-<reel>-index`
    Index { reel: ReelName },
}

impl FunctionName {
    /// `None` for every name that is not exactly one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        if let Some(reel) = rest.strip_suffix("-index") {
            return Some(Self::Index { reel: reel.parse().ok()? });
        }
        let mut parts = rest.rsplitn(4, '-');
        let number = parts.next()?.parse().ok()?;
        let rendition = parts.next()?.parse().ok()?;
        let generation = parts.next()?.parse().ok()?;
        let reel = parts.next()?.parse().ok()?;
        Some(Self::Chunk { reel, generation, rendition, number })
    }

    pub fn reel(&self) -> &ReelName {
        match self {
            Self::Chunk { reel, .. } | Self::Index { reel } => reel,
        }
    }
}

/// Name of the marker that says who changes a reel now. Its number is none that a chunk has, so it is read as no
/// function of the reel's, by older versions neither.
pub fn lease_function(reel: &ReelName) -> String {
    format!("{PREFIX}{reel}-00000000-lock-0000")
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunk { reel, generation, rendition, number } => {
                write!(f, "{PREFIX}{reel}-{generation}-{rendition}-{number}")
            }
            Self::Index { reel } => write!(f, "{PREFIX}{reel}-index"),
        }
    }
}

written_as_text!(ReelName, Generation, RenditionId);

impl fmt::Display for ReelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RenditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_is_taken_leads_to_the_next_free_one() {
        let name = |text: &str| text.parse::<ReelName>().unwrap();
        let next = |own: &str, taken: &[&str]| {
            name(own).numbered(|name| !taken.contains(&name.as_str())).map(|name| name.to_string()).unwrap()
        };
        assert_eq!(next("talk", &["talk"]), "talk-2");
        assert_eq!(next("talk", &["talk", "talk-2", "talk-3"]), "talk-4");
        assert_eq!(next("talk-2", &["talk", "talk-2"]), "talk-3", "the number is ours");
        assert_eq!(next("take-12", &["take-12"]), "take-12-2", "the number is the person's");
        assert_eq!(next("talk-2025", &["talk", "talk-2025"]), "talk-2025-2", "a year");
        let long = "a".repeat(REEL_NAME_MAX);
        assert_eq!(next(&long, &[&long]).len(), REEL_NAME_MAX);
    }

    #[test]
    fn slugs_come_from_any_file_name() {
        let slug = |text| ReelName::slug(text).map(String::from);
        assert_eq!(slug("Été 2026 (final)").as_deref(), Some("ete-2026-final"));
        assert_eq!(slug("E\u{301}te\u{301} 2026").as_deref(), Some("ete-2026"));
        assert_eq!(slug("--a__b--").as_deref(), Some("a-b"));
        assert_eq!(slug("Straße").as_deref(), Some("strasse"));
        assert_eq!(slug("日本語"), None);
        assert_eq!(slug(&"x-".repeat(40)).map(|name| name.len()), Some(31));
    }

    #[test]
    fn names_of_other_functions_are_not_ours() {
        for name in ["zipreel-gate", "zipreel-relay", "zipreel--index", "zipreel-a-0123456g-src-0001", "other-index"] {
            assert_eq!(FunctionName::parse(name), None, "{name}");
        }
        for name in ["zipreel-a-01234567-src-0000", "zipreel-a-01234567-src-1", "zipreel-a-01234567-srces-0001"] {
            assert_eq!(FunctionName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_suffix_shortens_the_stem_only() {
        let long: ReelName = "a".repeat(32).parse().unwrap();
        assert_eq!(long.with_suffix("k3x9").unwrap().as_str(), format!("{}-k3x9", "a".repeat(27)));
    }

    proptest! {
        #[test]
        fn function_names_survive_the_round_trip(
            reel in "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?",
            generation in any::<[u8; 32]>(),
            rendition in "[a-z0-9]{1,4}",
            number in 1u16..=9999,
        ) {
            let reel: ReelName = reel.parse().unwrap();
            let chunk = FunctionName::Chunk {
                reel: reel.clone(),
                generation: Generation::from_digest(&generation),
                rendition: rendition.parse().unwrap(),
                number: number.try_into().unwrap(),
            };
            prop_assert!(chunk.to_string().len() <= 64);
            prop_assert_eq!(FunctionName::parse(&chunk.to_string()), Some(chunk));
            let index = FunctionName::Index { reel };
            prop_assert_eq!(FunctionName::parse(&index.to_string()), Some(index));
        }

        #[test]
        fn no_text_panics_and_every_slug_is_a_name(text in "\\PC{0,80}") {
            let _ = FunctionName::parse(&text);
            if let Some(name) = ReelName::slug(&text) {
                prop_assert!(name.as_str().parse::<ReelName>().is_ok());
            }
        }
    }
}
