//! What no reel can be made of, and why, in words for a person.

use super::{choice::NotThere, condition, words::describe};
use crate::model::{
    media::{
        facts::{Kind, Media, Stream},
        structure::Medium,
    },
    report::fault::{Explain, FaultClass},
};

#[derive(Debug, thiserror::Error, PartialEq)]
pub enum MediaRefusal {
    #[error("could not plan the reel: the file has neither video nor sound")]
    Nothing,
    #[error("could not plan the reel: the file has neither video nor sound, only {}", found.join(", "))]
    NothingButThese { found: Vec<String> },
    #[error("could not plan the reel: ffmpeg does not know the video's codec")]
    UnknownCodec { tag: String },
    #[error("could not plan the reel: the {what} is encrypted (`{how}`)")]
    Encrypted {
        /// `video` or `sound`.
        what: &'static str,
        how: String,
    },
    #[error("could not plan the reel: the file holds no {what}, only the description of {of} stream")]
    Empty {
        /// `pictures` or `sound`.
        what: &'static str,
        of: &'static str,
    },
    #[error("could not plan the reel: {stream} is damaged: ffmpeg finds no sound in it")]
    BrokenSound { stream: String },
    #[error("could not plan the reel: ffmpeg does not know the codec of the sound")]
    UnknownSound { tag: String },
    #[error("could not plan the reel: the file has no stream #{index}")]
    NoStream { index: u32, found: Vec<String> },
    #[error("could not plan the reel: {stream} is no {wanted} stream")]
    OtherKind { stream: String, wanted: &'static str, found: Vec<String> },
    #[error("could not plan the reel: none of its sound is in the language `{language}`")]
    NoLanguage { language: String, found: Vec<String> },
    #[error("could not plan the reel: it has no subtitles `{asked}`")]
    NoSubtitles { asked: String, found: Vec<String> },
    #[error("could not plan the reel: {stream} can't go along: {why}")]
    NoText { stream: String, why: String },
    #[error("could not plan the reel without conversion: {}", [&streams[..], stills].concat().join("; "))]
    NeedsTranscode {
        /// One sentence a stream: which, and why it can't be copied.
        streams: Vec<String>,
        /// One for each still picture that has to be made for sound without one.
        stills: Vec<String>,
        /// The person has ruled it out, rather than not been asked.
        ruled_out: bool,
    },
}

impl Explain for MediaRefusal {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Nothing | Self::NothingButThese { .. } => {
                "Choose a file with a moving picture or sound in it.".to_owned()
            }
            Self::NoStream { found, .. } => format!("It has {}.", found.join("; ")),
            Self::OtherKind { found, wanted, .. } if found.is_empty() => {
                format!("It has no {wanted} stream.")
            }
            Self::OtherKind { found, .. } => format!("Name one of these: {}.", found.join("; ")),
            Self::NoLanguage { found, .. } => {
                format!("Name one of these by its number: {}.", found.join("; "))
            }
            Self::NoSubtitles { found, .. } if found.is_empty() => {
                "There are none that are text, neither in it nor in a file beside it.".to_owned()
            }
            Self::NoSubtitles { found, .. } => {
                format!("Name these by number or language: {}.", found.join("; "))
            }
            Self::NoText { .. } => "Name others with `--subtitles`, or none.".to_owned(),
            Self::UnknownCodec { tag } | Self::UnknownSound { tag } => {
                format!("The stream is marked `{tag}`. A newer ffmpeg may know it; else convert the file first.")
            }
            Self::BrokenSound { .. } => "Check that it plays elsewhere, or get the file again.".to_owned(),
            Self::Encrypted { .. } => {
                "Its owner has locked it, so nobody could play the reel. Choose another file.".to_owned()
            }
            Self::Empty { .. } => {
                "It may be the first part of a stream alone: join it with the segments that follow it to \
                                 one file (`cat init.mp4 segment*.m4s > whole.mp4`), or get the recording again."
                    .to_owned()
            }
            Self::NeedsTranscode { streams, ruled_out: false, .. } if streams.is_empty() => {
                "Allow it with `--transcode auto`: only the still picture is then made, and all else is copied. With \
                 `--transcode never` the sound stays without one."
                    .to_owned()
            }
            Self::NeedsTranscode { ruled_out: false, .. } => {
                "Allow it with `--transcode auto`: these streams, and only these, are then converted.".to_owned()
            }
            Self::NeedsTranscode { ruled_out: true, .. } => {
                "Convert the video to H.264 and AAC yourself, or take back `--transcode never`.".to_owned()
            }
        })
    }
}

impl MediaRefusal {
    /// `how`: by what scheme, or where it says so.
    pub fn encrypted(medium: Medium, how: String) -> Self {
        let what = match medium {
            Medium::Pictures => "video",
            Medium::Sound => "sound",
        };
        Self::Encrypted { what, how }
    }
}

/// Refuses what nobody could play or make anything of.
pub fn publishable(media: &Media, video: Option<&Stream>, audio: Option<&Stream>) -> Result<(), MediaRefusal> {
    // where there is nothing else, sound of which ffmpeg makes nothing is what is refused
    let sound = || media.streams.iter().find(|stream| video.is_none() && stream.kind == Kind::Audio);
    let audio = audio.or_else(sound);
    if let Some((medium, how)) = condition::encryption(media, video, audio) {
        return Err(MediaRefusal::encrypted(medium, how));
    }
    match (video, audio) {
        (Some(video), _) if video.codec.is_empty() => Err(MediaRefusal::UnknownCodec { tag: video.tag.clone() }),
        (Some(video), _) if condition::is_empty(media, video) => {
            Err(MediaRefusal::Empty { what: "pictures", of: "a video" })
        }
        (_, Some(sound)) if sound.codec.is_empty() => Err(MediaRefusal::UnknownSound { tag: sound.tag.clone() }),
        (None, Some(sound)) if condition::is_empty(media, sound) => {
            Err(MediaRefusal::Empty { what: "sound", of: "an audio" })
        }
        (_, Some(sound)) if condition::is_broken_sound(sound) => {
            Err(MediaRefusal::BrokenSound { stream: describe(sound) })
        }
        (None, None) if media.streams.is_empty() => Err(MediaRefusal::Nothing),
        (None, None) => Err(MediaRefusal::NothingButThese { found: media.streams.iter().map(describe).collect() }),
        _ => Ok(()),
    }
}

pub fn refused(media: &Media, not_there: NotThere) -> MediaRefusal {
    let described = |kind| media.choosable(kind).map(describe).collect();
    match not_there {
        NotThere::Stream(index) => {
            MediaRefusal::NoStream { index, found: media.streams.iter().map(describe).collect() }
        }
        NotThere::Kind { index, wanted } => {
            let stream = media.streams.iter().find(|stream| stream.index == index);
            let (stream, found) = (stream.map(describe).unwrap_or_default(), described(wanted));
            MediaRefusal::OtherKind { stream, wanted: if wanted == Kind::Video { "video" } else { "audio" }, found }
        }
        NotThere::Language(language) => MediaRefusal::NoLanguage { language, found: described(Kind::Audio) },
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, io, path::Path};

    use super::*;
    use crate::model::media::{
        input::{InputError, InputFault},
        structure::Container,
    };

    /// One of each cause; where the same variant says two things, one of each.
    fn refusals() -> Vec<MediaRefusal> {
        let text = || "#1 audio".to_owned();
        let stills = || vec!["the sound goes on".to_owned()];
        vec![
            MediaRefusal::Nothing,
            MediaRefusal::NothingButThese { found: vec![text()] },
            MediaRefusal::UnknownCodec { tag: text() },
            MediaRefusal::encrypted(Medium::Pictures, "cenc".to_owned()),
            MediaRefusal::encrypted(Medium::Sound, "cenc".to_owned()),
            MediaRefusal::Empty { what: "pictures", of: "a video" },
            MediaRefusal::Empty { what: "sound", of: "an audio" },
            MediaRefusal::BrokenSound { stream: text() },
            MediaRefusal::UnknownSound { tag: text() },
            MediaRefusal::NoStream { index: 1, found: vec![text()] },
            MediaRefusal::OtherKind { stream: text(), wanted: "video", found: Vec::new() },
            MediaRefusal::NoLanguage { language: "eng".to_owned(), found: vec![text()] },
            MediaRefusal::NoSubtitles { asked: "eng".to_owned(), found: vec![text()] },
            MediaRefusal::NoText { stream: text(), why: "they are pictures".to_owned() },
            MediaRefusal::NeedsTranscode { streams: vec![text()], stills: Vec::new(), ruled_out: false },
            MediaRefusal::NeedsTranscode { streams: Vec::new(), stills: stills(), ruled_out: false },
        ]
    }

    /// A new variant is counted here, and then missed above.
    fn number(refusal: &MediaRefusal) -> usize {
        match refusal {
            MediaRefusal::Nothing => 0,
            MediaRefusal::NothingButThese { .. } => 1,
            MediaRefusal::UnknownCodec { .. } => 2,
            MediaRefusal::Encrypted { .. } => 3,
            MediaRefusal::Empty { .. } => 4,
            MediaRefusal::BrokenSound { .. } => 5,
            MediaRefusal::UnknownSound { .. } => 6,
            MediaRefusal::NoStream { .. } => 7,
            MediaRefusal::OtherKind { .. } => 8,
            MediaRefusal::NoLanguage { .. } => 9,
            MediaRefusal::NeedsTranscode { .. } => 10,
            MediaRefusal::NoSubtitles { .. } => 11,
            MediaRefusal::NoText { .. } => 12,
        }
    }

    fn faults() -> Vec<InputFault> {
        let said = String::new;
        let broken = |container| InputFault::Broken { container, said: said() };
        vec![
            InputFault::Missing,
            InputFault::Folder,
            InputFault::Special("pipe"),
            InputFault::Denied,
            InputFault::Empty,
            InputFault::NotVideo { said: said() },
            broken(Container::Mp4),
            broken(Container::Wav),
            InputFault::Truncated,
            InputFault::TruncatedTable,
            InputFault::Headless,
            InputFault::Reference,
            InputFault::OtherFormat,
            InputFault::Changed,
            InputFault::TooLong,
            InputFault::Circle,
            InputFault::Io(io::Error::other("the disk is broken")),
        ]
    }

    fn number_of_fault(fault: &InputFault) -> usize {
        match fault {
            InputFault::Missing => 0,
            InputFault::Folder => 1,
            InputFault::Special(_) => 2,
            InputFault::Denied => 3,
            InputFault::Empty => 4,
            InputFault::NotVideo { .. } => 5,
            InputFault::Broken { .. } => 6,
            InputFault::Truncated => 7,
            InputFault::TruncatedTable => 8,
            InputFault::Headless => 9,
            InputFault::Reference => 10,
            InputFault::OtherFormat => 11,
            InputFault::Changed => 12,
            InputFault::TooLong => 13,
            InputFault::Circle => 14,
            InputFault::Io(_) => 15,
        }
    }

    #[test]
    fn two_causes_never_share_a_sentence_and_each_says_what_to_do() {
        let numbers: BTreeSet<usize> = refusals().iter().map(number).collect();
        assert_eq!(numbers, (0..13).collect(), "one of each");
        let numbers: BTreeSet<usize> = faults().iter().map(number_of_fault).collect();
        assert_eq!(numbers, (0..16).collect(), "one of each");
        let refused = refusals().into_iter().map(|refusal| (refusal.to_string(), refusal.hint()));
        let unread = faults().into_iter().map(|fault| {
            let sentence = fault.to_string();
            (sentence, InputError::new(Path::new("a.mp4"), fault).hint())
        });
        let mut sentences = BTreeSet::new();
        for (sentence, hint) in refused.chain(unread) {
            assert!(hint.is_some_and(|hint| !hint.is_empty()), "{sentence}");
            assert!(sentences.insert(sentence.clone()), "two causes say: {sentence}");
        }
    }

    #[test]
    fn a_still_picture_alone_is_not_called_a_re_encoding_of_streams() {
        let hint = |streams| {
            let stills = vec!["the sound goes on".to_owned()];
            MediaRefusal::NeedsTranscode { streams, stills, ruled_out: false }.hint().unwrap()
        };
        assert!(hint(Vec::new()).contains("only the still picture is then made"));
        assert!(hint(vec!["#0 video".to_owned()]).contains("converted"));
    }
}
