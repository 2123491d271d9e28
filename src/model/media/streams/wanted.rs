//! What a person asks of the streams, in the words of flags, journals and indexes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    language::{Language, NoLanguage},
    loudness::WantedLoudness,
};
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
    #[serde(skip_serializing_if = "WantedSubtitles::are_all")]
    pub subtitles: WantedSubtitles,
    /// Of those, what can be copied: none is converted, beside another or alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub copies: bool,
    /// Convert the video, one picture out of both fields.
    pub deinterlace: bool,
    /// What segments are packed in.
    #[serde(skip_serializing_if = "WantedContainer::is_auto")]
    pub container: WantedContainer,
    /// H.264 for players that do not take the picture as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compatible: Option<Compatible>,
    /// What is to be known of how loud the sound is, and done about it.
    #[serde(skip_serializing_if = "WantedLoudness::is_nothing")]
    pub loudness: WantedLoudness,
}

/// Where a picture is not H.264 that every player plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compatible {
    /// That beside it.
    Add,
    /// That instead of it.
    Instead,
}

impl Wanted {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// A file that was read for the one need not be read again for the other: measuring changes nothing of it.
    pub fn reads_as(self, other: Self) -> bool {
        Self { loudness: self.loudness.of_chunks(), ..self } == Self { loudness: other.loudness.of_chunks(), ..other }
    }

    /// Without what decides nothing about the chunks.
    pub fn of_chunks(self) -> Self {
        Self { subtitles: WantedSubtitles::default(), loudness: self.loudness.of_chunks(), ..self }
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

impl WantedTrack {
    /// Whether a track with this number and language is meant.
    pub fn is(self, number: u32, language: Option<&str>) -> bool {
        match self {
            Self::Stream(index) => index == number,
            Self::Language(wanted) => language.and_then(|own| own.parse().ok()) == Some(wanted),
        }
    }
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

written_as_text!(WantedTrack, WantedTracks, WantedSubtitles);

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

/// Several tracks, each a rendition of its own. Written as `all`, or as `1,deu`.
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

impl WantedTracks {
    pub fn one(track: WantedTrack) -> Self {
        let mut picks = [None; PICKS_MAX];
        picks[0] = Some(track);
        Self::These(Picks(picks))
    }
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

/// Which subtitles go along. Written as `none`, or as tracks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum WantedSubtitles {
    None,
    Tracks(WantedTracks),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} (`none` leaves all out)")]
pub struct NoSubtitles(NoTracks);

impl Default for WantedSubtitles {
    fn default() -> Self {
        Self::Tracks(WantedTracks::All)
    }
}

impl WantedSubtitles {
    fn are_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the track with this number and language goes along.
    pub fn takes(self, number: u32, language: Option<&str>) -> bool {
        match self {
            Self::None => false,
            Self::Tracks(WantedTracks::All) => true,
            Self::Tracks(WantedTracks::These(picks)) => picks.iter().any(|pick| pick.is(number, language)),
        }
    }

    /// What was named.
    pub fn named(self) -> impl Iterator<Item = WantedTrack> {
        let picks = match self {
            Self::Tracks(WantedTracks::These(picks)) => Some(picks),
            Self::None | Self::Tracks(WantedTracks::All) => None,
        };
        picks.into_iter().flat_map(|picks| picks.0).flatten()
    }
}

impl FromStr for WantedSubtitles {
    type Err = NoSubtitles;

    fn from_str(text: &str) -> Result<Self, NoSubtitles> {
        if text == "none" { Ok(Self::None) } else { text.parse().map(Self::Tracks).map_err(NoSubtitles) }
    }
}

impl fmt::Display for WantedSubtitles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Tracks(tracks) => tracks.fmt(f),
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
    fn subtitles_are_named_as_tracks_are_or_left_out() {
        let wanted = |text: &str| text.parse::<WantedSubtitles>().unwrap();
        for (text, takes) in
            [("all", [true; 3]), ("none", [false; 3]), ("de", [false, true, false]), ("2, 4", [true, false, true])]
        {
            let tracks = [(2, Some("eng")), (3, Some("ger")), (4, None)];
            let found = tracks.map(|(number, language)| wanted(text).takes(number, language));
            assert_eq!(found, takes, "{text}");
            assert_eq!(wanted(&wanted(text).to_string()), wanted(text));
        }
        for wrong in ["", "none,1", "nobody"] {
            let error = wrong.parse::<WantedSubtitles>().unwrap_err().to_string();
            assert!(error.ends_with("(`none` leaves all out)"), "{error}");
        }
        let loudness = WantedLoudness::Measured;
        let some = Wanted { subtitles: wanted("none"), loudness, ..Wanted::default() };
        let text = serde_json::to_string(&some).unwrap();
        assert_eq!(serde_json::from_str::<Wanted>(&text).unwrap(), some);
        assert!(some.of_chunks().is_nothing(), "the same chunks serve with other subtitles");
    }

    #[test]
    fn what_older_versions_wrote_means_one_track_and_is_written_as_they_did() {
        let one = r#"{"video":null,"audio":"deu","deinterlace":false}"#;
        let wanted: Wanted = serde_json::from_str(one).unwrap();
        assert_eq!((wanted.sounds, wanted.copies, wanted.subtitles), (None, false, WantedSubtitles::default()));
        assert_eq!(serde_json::to_string(&wanted).unwrap(), one);
        let several = Wanted { sounds: Some(WantedTracks::All), ..Wanted::default() };
        let text = serde_json::to_string(&several).unwrap();
        assert_eq!(serde_json::from_str::<Wanted>(&text).unwrap(), several);
    }
}
