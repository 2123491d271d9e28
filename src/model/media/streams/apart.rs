//! Whether sound stands apart from the picture, in renditions of its own: several tracks do, and one that not every player
//! plays as it is. One AAC track of one or two channels stays in one with the picture.

use super::sounds::{Copied, Rendition, Track, renditions};
use crate::model::media::facts::Stream;

pub const NOT_ALLOWED: &str = "it would have to be converted: `--transcode auto` publishes it too";

/// What is asked of the tracks, and what may be done.
pub struct Terms<F> {
    pub has_picture: bool,
    pub may_encode: bool,
    /// Opus and FLAC get AAC beside them too.
    pub for_all: bool,
    /// The tracks were named: none of them is left out.
    pub are_named: bool,
    /// A copy would publish what is hidden by the file, or as loud as it is.
    pub is_trimmed: bool,
    /// Why a track can't be copied as the sound that every player plays.
    pub obstacle: F,
}

/// The sound beside a picture; empty where both are in one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sounds<'a> {
    pub renditions: Vec<Rendition<'a>>,
    main: Option<&'a Stream>,
    left_out: Vec<u32>,
    are_named: bool,
    /// One track of more than two channels, without stereo beside it.
    wide: Option<u32>,
}

/// What becomes of a track; of these, one or two are true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// To AAC stereo.
    pub is_encoded: bool,
    pub is_copied: bool,
    /// Players begin with it, and there are others.
    pub is_main: bool,
    /// It would be published without conversion too, or left out alone.
    pub is_optional: bool,
}

impl<'a> Sounds<'a> {
    /// `main`: the track that players begin with.
    pub fn of<F>(tracks: Vec<&'a Stream>, main: Option<&'a Stream>, terms: Terms<F>) -> Self
    where
        F: Fn(&Stream) -> Option<String>,
    {
        let Some(main) = main.filter(|_| !tracks.is_empty()) else { return Self::default() };
        let Terms { has_picture, may_encode, for_all, are_named, is_trimmed, obstacle } = terms;
        // CODECS of a variant names every codec of its group (RFC 8216, 4.3.4.2): a player that lacks one refuses them all
        let mut copied = tracks.iter().filter(|stream| obstacle(stream).is_none()).map(|stream| &stream.codec);
        let first = copied.next();
        let for_all = for_all || may_encode && copied.any(|codec| Some(codec) != first);
        let track =
            |stream| Track { stream, copied: Copied::of(stream, obstacle(stream).is_none(), is_trimmed, for_all) };
        let is_kept = |track: &Track<'_>| {
            let is_copied = matches!(track.copied, Copied::Plain | Copied::Wide(_));
            may_encode || are_named || is_copied || track.stream.index == main.index
        };
        let (kept, left): (Vec<_>, Vec<_>) = tracks.into_iter().map(track).partition(is_kept);
        let left_out = left.iter().map(|track| track.stream.index).collect();
        let wide = kept.iter().find_map(|track| match track.copied {
            Copied::Wide(_) if !may_encode => Some(track.stream.channels),
            _ => None,
        });
        let has_more = |track: &Track<'_>| match &track.copied {
            Copied::Plain | Copied::No => false,
            // AAC lacks none of its channels; beside a picture it is kept as it was all the same
            Copied::Foreign(codec) if codec == "mp3" => has_picture,
            Copied::Wide(_) | Copied::Foreign(_) => true,
        };
        let renditions = match kept.as_slice() {
            [track] if !may_encode || !has_more(track) => Vec::new(),
            tracks => renditions(tracks, main.index, may_encode),
        };
        Self { renditions, main: Some(main), left_out, are_named, wide }
    }

    pub fn are_apart(&self) -> bool {
        !self.renditions.is_empty()
    }

    /// Whether any of them is; `None` where sound is in one with the picture.
    pub fn are_encoded(&self) -> Option<bool> {
        self.are_apart().then(|| self.renditions.iter().any(|made| made.encoded))
    }

    /// Where they are apart.
    pub fn main(&self) -> Option<&'a Stream> {
        self.main.filter(|_| self.are_apart())
    }

    pub fn leaves_out(&self, stream: &Stream) -> bool {
        self.left_out.contains(&stream.index)
    }

    /// `None` for what is no rendition.
    pub fn fate(&self, stream: &Stream) -> Option<Fate> {
        let own: Vec<_> = self.renditions.iter().filter(|made| made.stream.index == stream.index).collect();
        let is_main = own.first()?.told.default;
        Some(Fate {
            is_encoded: own.iter().any(|made| made.encoded),
            is_copied: own.iter().any(|made| !made.encoded),
            is_main: is_main && self.renditions.len() > own.len(),
            is_optional: !self.are_named && !is_main,
        })
    }

    pub fn warning(&self) -> Option<String> {
        let channels = self.wide?;
        Some(format!(
            "the sound has {channels} channels, and some players play no more than two: `--transcode auto` puts stereo \
             beside it"
        ))
    }
}
