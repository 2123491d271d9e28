//! What a person asks of the streams, in the words of flags, journals and indexes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::language::{Language, NoLanguage};
use crate::model::{media::container::WantedContainer, written::written_as_text};

/// What a person asked of the streams, rather than leave it to the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Index of the video stream.
    pub video: Option<u32>,
    pub audio: Option<WantedTrack>,
    /// `None`: one sound track, as all versions did that knew no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sounds: Option<WantedTracks>,
    /// Of those, what can be copied: none is re-encoded, beside another or alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub copies: bool,
    /// Re-encode the video, one picture out of both fields.
    pub deinterlace: bool,
    /// What segments are packed in.
    #[serde(skip_serializing_if = "WantedContainer::is_auto")]
    pub container: WantedContainer,
}

impl Wanted {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Written as a number or a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum WantedTrack {
    /// By its index in the file.
    Stream(u32),
    /// The first in this language.
    Language(Language),
}

impl FromStr for WantedTrack {
    type Err = NoLanguage;

    fn from_str(text: &str) -> Result<Self, NoLanguage> {
        match text.parse() {
            Ok(index) => Ok(Self::Stream(index)),
            Err(_) => text.parse().map(Self::Language),
        }
    }
}

impl fmt::Display for WantedTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(index) => index.fmt(f),
            Self::Language(language) => language.fmt(f),
        }
    }
}

written_as_text!(WantedTrack, WantedTracks);

/// So many can be named.
const PICKS_MAX: usize = 12;

/// Numbers and languages, in the order in which they were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picks([Option<WantedTrack>; PICKS_MAX]);

impl Picks {
    pub fn iter(&self) -> impl Iterator<Item = WantedTrack> {
        self.0.iter().copied().flatten()
    }
}

/// Several sound tracks, each a rendition of its own. Written as `all`, or as `1,deu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum WantedTracks {
    All,
    /// The tracks with these numbers, and all in these languages.
    These(Picks),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTracks {
    #[error("`{0}` is neither `all`, nor the number of a stream, nor a language by ISO 639, such as `eng` or `en`")]
    Word(String),
    #[error("more than {PICKS_MAX} tracks are named: `all` takes every one")]
    TooMany,
}

impl FromStr for WantedTracks {
    type Err = NoTracks;

    fn from_str(text: &str) -> Result<Self, NoTracks> {
        if text == "all" {
            return Ok(Self::All);
        }
        let mut picks = [None; PICKS_MAX];
        for (place, word) in text.split(',').map(str::trim).enumerate() {
            let no_word = || NoTracks::Word(word.to_owned());
            // `all` is also a language by ISO 639-3; in a list it is a mistake
            let pick = word.parse().ok().filter(|_| word != "all").ok_or_else(no_word)?;
            *picks.get_mut(place).ok_or(NoTracks::TooMany)? = Some(pick);
        }
        Ok(Self::These(Picks(picks)))
    }
}

impl fmt::Display for WantedTracks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::These(picks) => {
                let words: Vec<String> = picks.iter().map(|pick| pick.to_string()).collect();
                f.write_str(&words.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_are_named_by_number_and_language() {
        for (text, wanted) in [("all", "all"), ("1", "1"), ("1, de,eng", "1,deu,eng")] {
            assert_eq!(text.parse::<WantedTracks>().unwrap().to_string(), wanted);
        }
        for wrong in ["", "1,", "english", "all,1", &["1"; 17].join(",")] {
            assert!(wrong.parse::<WantedTracks>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_older_versions_wrote_means_one_track_and_is_written_as_they_did() {
        let one = r#"{"video":null,"audio":"deu","deinterlace":false}"#;
        let wanted: Wanted = serde_json::from_str(one).unwrap();
        assert_eq!((wanted.sounds, wanted.copies), (None, false));
        assert_eq!(serde_json::to_string(&wanted).unwrap(), one);
        let several = Wanted { sounds: Some(WantedTracks::All), ..Wanted::default() };
        let text = serde_json::to_string(&several).unwrap();
        assert_eq!(serde_json::from_str::<Wanted>(&text).unwrap(), several);
    }
}
