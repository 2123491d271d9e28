//! Several sound tracks beside one picture: which renditions each becomes, what players show of them, and in which groups
//! they stand (RFC 8216, 4.3.4.1.1: every group has the same members, by the same names).

use serde::{Deserialize, Serialize};

use super::{
    language,
    names::{apart, quotable},
};
use crate::model::media::facts::{Aside, Stream, Wanted, WantedTracks};

/// What a rendition beside the picture's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Beside {
    Audio,
}

/// What players are told of a rendition beside the picture's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    pub kind: Beside,
    /// Of the groups that it belongs to; players take the first that they can play.
    pub groups: Vec<String>,
    /// For people; another for each track.
    pub name: String,
    /// BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Players begin with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
    /// Players may choose it by what their person prefers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub autoselect: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub characteristics: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<u32>,
}

impl Alternative {
    /// Of the group that is meant for every player.
    pub fn is_plain(&self) -> bool {
        self.groups.iter().any(|group| group == PLAIN)
    }
}

const DESCRIBES_VIDEO: &str = "public.accessibility.describes-video";

/// Whether a track is copied, and who plays the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copied {
    /// AAC of one or two channels: every player plays it.
    Plain,
    /// AAC of more channels, and its group: some players play stereo alone.
    Wide(String),
    /// What browsers do not play, and its group.
    Foreign(String),
    /// Not at all.
    No,
}

impl Copied {
    /// `is_plain`: it can be copied, and players play it. `is_trimmed`: a copy would publish what was cut out. `for_all`: some
    /// players play AAC alone.
    pub fn of(stream: &Stream, is_plain: bool, is_trimmed: bool, for_all: bool) -> Self {
        match stream.codec.as_str() {
            codec @ ("opus" | "flac") if is_plain && for_all => Self::Foreign(codec.to_owned()),
            _ if is_plain && stream.channels <= 2 => Self::Plain,
            _ if is_plain => Self::Wide(format!("aac{}", stream.channels)),
            _ if is_trimmed => Self::No,
            "ac3" => Self::Foreign("ac3".to_owned()),
            "eac3" => Self::Foreign("ec3".to_owned()),
            "mp3" => Self::Foreign("mp3".to_owned()),
            _ => Self::No,
        }
    }
}

/// A track, and what becomes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Track<'a> {
    pub stream: &'a Stream,
    pub copied: Copied,
}

/// A rendition of a track.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendition<'a> {
    pub stream: &'a Stream,
    /// Converted to AAC stereo.
    pub encoded: bool,
    pub told: Alternative,
}

/// The group that every player can play.
pub const PLAIN: &str = "aac";

/// Those of `tracks`, in the order in which they are made. `main`: the number of the one that players begin with.
/// `may_encode`: those that not every player plays get another one beside them.
pub fn renditions<'a>(tracks: &[Track<'a>], main: u32, may_encode: bool) -> Vec<Rendition<'a>> {
    let own = |track: &Track<'_>| match &track.copied {
        Copied::Wide(group) | Copied::Foreign(group) if may_encode => Some(group.clone()),
        _ => None,
    };
    let mut others: Vec<String> = Vec::new();
    for group in tracks.iter().filter_map(own) {
        if !others.contains(&group) {
            others.push(group);
        }
    }
    let names = names(tracks);
    let told = |track: &Track<'_>, name: &str, groups: Vec<String>, channels: u32| Alternative {
        kind: Beside::Audio,
        groups,
        name: name.to_owned(),
        language: track.stream.language.as_deref().and_then(language::tag),
        default: track.stream.index == main,
        autoselect: track.stream.index == main || track.stream.aside != Some(Aside::Commentary),
        characteristics: (track.stream.aside == Some(Aside::Described)).then(|| DESCRIBES_VIDEO.to_owned()),
        channels: Some(channels).filter(|channels| *channels > 0),
    };
    let plain = tracks.iter().zip(&names).map(|(track, name)| {
        let encoded = match &track.copied {
            Copied::Plain => false,
            Copied::Wide(_) => may_encode,
            Copied::Foreign(_) | Copied::No => true,
        };
        // where it is the only one of its track, it stands for that in every group
        let stands = others.iter().filter(|group| own(track).as_ref() != Some(*group)).cloned();
        let groups = [PLAIN.to_owned()].into_iter().chain(stands).collect();
        let channels = if encoded { 2 } else { track.stream.channels };
        Rendition { stream: track.stream, encoded, told: told(track, name, groups, channels) }
    });
    let beside = tracks.iter().zip(&names).filter_map(|(track, name)| {
        let told = told(track, name, vec![own(track)?], track.stream.channels);
        Some(Rendition { stream: track.stream, encoded: false, told })
    });
    plain.chain(beside).collect()
}

/// A name for each track, none twice: its title, or its language, or its place.
fn names(tracks: &[Track<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (place, Track { stream, .. }) in tracks.iter().enumerate() {
        let title = stream.title.as_deref().map(quotable).filter(|title| !title.is_empty());
        let language = || stream.language.as_deref().and_then(language::tag).map(|tag| language::name(&tag));
        let name = title.or_else(language).unwrap_or_else(|| format!("Sound {}", place + 1));
        let is_said = |word: &str| name.to_lowercase().contains(word);
        let name = match stream.aside {
            Some(Aside::Commentary) if !is_said("comment") => format!("{name} (Commentary)"),
            Some(Aside::Described) if !is_said("descri") => format!("{name} (Description)"),
            _ => name,
        };
        names.push(apart(name, &names));
    }
    names
}

impl Wanted {
    /// What makes the same of the same file again, whoever publishes it and may convert: `several`, whether any of the
    /// sound renditions was converted; `None` where sound and picture are in one.
    pub fn settled(self, several: Option<bool>) -> Self {
        let Some(is_encoded) = several else {
            let one = match self.sounds {
                Some(WantedTracks::These(picks)) => picks.iter().next(),
                Some(WantedTracks::All) | None => None,
            };
            return Self { audio: self.audio.or(one), sounds: None, copies: false, ..self };
        };
        Self { copies: self.sounds.is_some() && !is_encoded, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::{facts::Kind, ffprobe};

    fn stream(index: u32, codec: &str, channels: u32, language: &str) -> Stream {
        let json = format!(
            r#"{{"format":{{"format_name":"matroska"}},"streams":[{{"index":{index},"codec_type":"audio","codec_name":"{codec}","channels":{channels},
            "sample_rate":"48000","tags":{{"language":"{language}"}}}}]}}"#
        );
        let stream = ffprobe::media(&json, 0).unwrap().streams.remove(0);
        assert_eq!(stream.kind, Kind::Audio);
        stream
    }

    fn shown(streams: &[Stream], may_encode: bool) -> Vec<(u32, bool, String, String)> {
        let tracks: Vec<Track<'_>> = streams
            .iter()
            .map(|stream| Track { stream, copied: Copied::of(stream, stream.codec == "aac", false, false) })
            .collect();
        let made = renditions(&tracks, 1, may_encode);
        made.into_iter()
            .map(|made| (made.stream.index, made.encoded, made.told.groups.join(","), made.told.name))
            .collect()
    }

    #[test]
    fn each_track_is_in_each_group_by_one_name() {
        let row = |index, encoded, groups: &str, name: &str| (index, encoded, groups.to_owned(), name.to_owned());
        let two = [stream(1, "aac", 2, "eng"), stream(2, "aac", 2, "ger")];
        assert_eq!(shown(&two, true), [row(1, false, "aac", "English"), row(2, false, "aac", "Deutsch")]);
        let mixed = [stream(1, "ac3", 6, "eng"), stream(2, "aac", 6, "deu"), stream(3, "opus", 2, "deu")];
        assert_eq!(
            shown(&mixed, true),
            [
                row(1, true, "aac,aac6", "English"),
                row(2, true, "aac,ac3", "Deutsch"),
                row(3, true, "aac,ac3,aac6", "Deutsch 2"),
                row(1, false, "ac3", "English"),
                row(2, false, "aac6", "Deutsch"),
            ]
        );
        let wide = [stream(1, "aac", 2, "eng"), stream(2, "aac", 6, "eng")];
        assert_eq!(shown(&wide, false), [row(1, false, "aac", "English"), row(2, false, "aac", "English 2")]);
    }

    #[test]
    fn commentaries_and_descriptions_are_told_as_such() {
        let mut streams = [stream(1, "aac", 2, "eng"), stream(2, "aac", 2, "eng"), stream(3, "aac", 2, "pt-BR")];
        streams[1].aside = Some(Aside::Commentary);
        streams[2].aside = Some(Aside::Described);
        streams[0].title = Some("The \"film\"\n".into());
        let tracks = streams.each_ref().map(|stream| Track { stream, copied: Copied::Plain });
        let told = renditions(&tracks, 1, true).into_iter().map(|made| made.told).collect::<Vec<_>>();
        let names: Vec<_> = told.iter().map(|told| told.name.as_str()).collect();
        assert_eq!(names, ["The 'film'", "English (Commentary)", "Português (BR) (Description)"]);
        let flags: Vec<_> = told.iter().map(|told| (told.default, told.autoselect)).collect();
        assert_eq!(flags, [(true, true), (false, false), (false, true)]);
        assert_eq!(told[2].characteristics.as_deref(), Some(DESCRIBES_VIDEO));
        let languages: Vec<_> = told.iter().filter_map(|told| told.language.as_deref()).collect();
        assert_eq!(languages, ["en", "en", "pt-BR"]);
    }

    #[test]
    fn what_is_settled_makes_the_same_again() {
        let all = Wanted { sounds: Some(WantedTracks::All), ..Wanted::default() };
        assert_eq!(all.settled(None), Wanted::default());
        assert_eq!(all.settled(Some(true)), all);
        assert_eq!(all.settled(Some(false)), Wanted { copies: true, ..all });
        let german = Wanted { sounds: Some("deu".parse().unwrap()), ..Wanted::default() };
        assert_eq!(german.settled(None), Wanted { audio: Some("deu".parse().unwrap()), ..Wanted::default() });
    }
}
