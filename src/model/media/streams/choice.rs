//! Which video and which sound of a file a person means, and why: what was asked for first, then what the streams say of
//! themselves. Sound goes with the video's programme.

use std::{cmp::Reverse, time::Duration};

use super::{condition, wanted::Picks};
use crate::model::media::facts::{Aside, Kind, Media, Programme, Stream, WantedTrack, WantedTracks};

/// Pictures up to this are no film, where another stream has more.
const STILLS: u64 = 2;
/// A stream so many times shorter than another of its kind stands beside it.
const BRIEF: u32 = 10;

/// Why what was asked for can't be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotThere {
    Stream(u32),
    /// The stream is of another kind.
    Kind {
        index: u32,
        wanted: Kind,
    },
    Language(String),
}

/// What was chosen of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    pub stream: &'a Stream,
    /// How many streams a person might as well have meant, with this one.
    pub of: usize,
    /// What decided between them.
    pub why: &'static str,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Choice<'a> {
    pub video: Option<Chosen<'a>>,
    pub audio: Option<Chosen<'a>>,
    /// To which both belong, where there are several.
    programme: Option<&'a Programme>,
}

const ASKED: &str = "it was asked for";

/// From what decides first to what decides last; each is better if greater.
type Rank = [u64; 9];

const REASONS: [&str; 9] = [
    "ffmpeg knows its codec",
    "it is the main one",
    "the others are stills",
    "the others are not enabled",
    "it is the longest",
    "the file says that it is the default",
    "it is the longest",
    "it has the most pictures",
    "it is the largest",
];

impl Media {
    /// What is to be published: by what was asked for, and else by what the streams are.
    pub fn choice(&self) -> Result<Choice<'_>, NotThere> {
        let video = self.wanted.video.map(|index| self.find(index, Kind::Video)).transpose()?;
        let programme = self.chosen(video, None).programme;
        let audio = match (self.wanted.audio, self.wanted.sounds) {
            (Some(wanted), _) => best(&self.meant(wanted, programme)?),
            (None, Some(WantedTracks::These(picks))) => best(&self.picked(picks, programme)?),
            (None, Some(WantedTracks::All) | None) => None,
        };
        Ok(self.chosen(video, audio.map(|chosen| chosen.stream)))
    }

    /// The tracks that are to be published as renditions of their own, in the file's order; empty where none is asked for
    /// so. What can't be played for certain is among them only if it was named.
    pub fn tracks(&self, choice: &Choice<'_>) -> Result<Vec<&Stream>, NotThere> {
        let mut tracks = match self.wanted.sounds {
            None => Vec::new(),
            Some(WantedTracks::These(picks)) => self.picked(picks, choice.programme)?,
            Some(WantedTracks::All) => {
                let own = self.choosable(Kind::Audio).filter(|stream| is_in(choice.programme, stream));
                let is_open = |stream: &&Stream| condition::encryption(self, None, Some(stream)).is_none();
                own.filter(is_open).filter(|stream| !condition::is_empty(self, stream)).collect()
            }
        };
        tracks.sort_unstable_by_key(|stream| stream.index);
        tracks.dedup_by_key(|stream| stream.index);
        Ok(tracks)
    }

    fn picked(&self, picks: Picks, programme: Option<&Programme>) -> Result<Vec<&Stream>, NotThere> {
        let mut picked = Vec::new();
        for pick in picks.iter() {
            picked.extend(self.meant(pick, programme)?);
        }
        Ok(picked)
    }

    /// The stream of this number, or those in this language: one at least.
    fn meant(&self, wanted: WantedTrack, programme: Option<&Programme>) -> Result<Vec<&Stream>, NotThere> {
        let language = match wanted {
            WantedTrack::Stream(index) => return Ok(vec![self.find(index, Kind::Audio)?]),
            WantedTrack::Language(language) => language,
        };
        let speaks = |stream: &&Stream| wanted.is(stream.index, stream.language.as_deref());
        let sound = self.choosable(Kind::Audio).filter(|stream| is_in(programme, stream));
        let sound: Vec<_> = sound.filter(speaks).collect();
        if sound.is_empty() { Err(NotThere::Language(language.to_string())) } else { Ok(sound) }
    }

    fn find(&self, index: u32, wanted: Kind) -> Result<&Stream, NotThere> {
        let stream = self.streams.iter().find(|stream| stream.index == index);
        let stream = stream.ok_or(NotThere::Stream(index))?;
        if stream.kind == wanted { Ok(stream) } else { Err(NotThere::Kind { index, wanted }) }
    }

    /// The video stream to publish.
    pub fn video(&self) -> Option<&Stream> {
        self.choice().ok()?.video.map(|chosen| chosen.stream)
    }

    /// The audio stream to publish; none that ffmpeg can't decode.
    pub fn audio(&self) -> Option<&Stream> {
        self.choice().ok()?.audio.map(|chosen| chosen.stream)
    }

    /// Every stream of this kind that could be asked for.
    pub fn choosable(&self, kind: Kind) -> impl Iterator<Item = &Stream> {
        self.streams.iter().filter(move |stream| stream.kind == kind && is_known(stream))
    }

    /// The picture that stands for a file without video.
    pub fn cover(&self) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.kind == Kind::Picture && !stream.codec.is_empty())
    }

    /// Around the streams that were asked for.
    fn chosen<'a>(&'a self, video: Option<&'a Stream>, audio: Option<&'a Stream>) -> Choice<'a> {
        let holding = |stream: &Stream| {
            let programmes = self.programmes.iter().filter(|_| self.programmes.len() > 1);
            programmes.into_iter().find(|programme| programme.streams.contains(&stream.index))
        };
        let of = |kind: Kind, programme: Option<&Programme>| {
            let own = self.streams.iter().filter(|stream| stream.kind == kind && is_in(programme, stream));
            // the picture of an unknown codec is no less what was meant; sound can be done without
            let own: Vec<_> = own.filter(|stream| kind == Kind::Video || is_known(stream)).collect();
            best(&own)
        };
        let asked = |stream| Chosen { stream, of: 1, why: ASKED };
        let programme = video.or(audio).and_then(holding);
        let video = video.map(asked).or_else(|| of(Kind::Video, programme));
        let leading = video.or_else(|| of(Kind::Audio, None));
        let programme = programme.or_else(|| holding(leading?.stream));
        let audio = audio.map(asked).or_else(|| of(Kind::Audio, programme));
        Choice { video, audio, programme }
    }
}

fn is_in(programme: Option<&Programme>, stream: &Stream) -> bool {
    programme.is_none_or(|programme| programme.streams.contains(&stream.index))
}

fn is_known(stream: &Stream) -> bool {
    !stream.codec.is_empty() && !condition::is_broken_sound(stream)
}

/// The best of these by rank, then the first.
fn best<'a>(candidates: &[&'a Stream]) -> Option<Chosen<'a>> {
    let ranked = || candidates.iter().map(|stream| (rank(stream, candidates), *stream));
    let (first, stream) = ranked().max_by_key(|(rank, stream)| (*rank, Reverse(stream.index)))?;
    // what differs in any of these is beside it
    const EQUALS: usize = 6;
    let of = ranked().filter(|(rank, _)| rank[..EQUALS] == first[..EQUALS]).count();
    let next = ranked().filter(|(_, other)| other.index != stream.index).map(|(rank, _)| rank).max();
    let decided = next.and_then(|next| first.iter().zip(&next).position(|(own, other)| own != other));
    Some(Chosen { stream, of, why: decided.map_or("it comes first", |place| REASONS[place]) })
}

fn rank(stream: &Stream, among: &[&Stream]) -> Rank {
    let is = u64::from;
    let longest = among.iter().filter_map(|other| other.duration).max().unwrap_or_default();
    let most = among.iter().filter_map(|other| other.frames).max().unwrap_or(0);
    let at_least_half = |whole: Duration| stream.duration.is_none_or(|duration| duration * 2 >= whole);
    let is_video = stream.kind == Kind::Video;
    let area = u64::from(stream.width) * u64::from(stream.height);
    [
        is(is_known(stream)),
        is(matches!(stream.aside, None | Some(Aside::Disabled))),
        is(!(is_video && is_still(stream, most))),
        is(stream.aside != Some(Aside::Disabled)),
        is(!is_brief(stream, longest)),
        is(stream.default),
        is(at_least_half(longest)),
        is(!is_video || stream.frames.is_none_or(|frames| frames * 2 >= most)),
        if is_video { area } else { 0 },
    ]
}

fn is_still(stream: &Stream, most: u64) -> bool {
    stream.frames.is_some_and(|frames| frames <= STILLS && frames * 2 < most)
}

fn is_brief(stream: &Stream, longest: Duration) -> bool {
    stream.duration.is_some_and(|duration| duration * BRIEF <= longest)
}

impl Choice<'_> {
    /// It could be published beside what is.
    pub fn has_in_programme(&self, stream: &Stream) -> bool {
        is_in(self.programme, stream)
    }

    /// Why a stream of a kind that is published is not among what is.
    pub fn why_left_out(&self, stream: &Stream) -> String {
        let (chosen, kind, flag) = match stream.kind {
            Kind::Audio => (self.audio, "audio", "--audio-stream"),
            _ => (self.video, "video", "--video-stream"),
        };
        if let Some(programme) = self.programme.filter(|programme| !programme.streams.contains(&stream.index)) {
            return format!("another programme; of programme {} are picture and sound", programme.title());
        }
        let other = match stream.aside {
            Some(Aside::Auxiliary) => Some("an auxiliary track".to_owned()),
            Some(Aside::Depth) => Some("a map of depth".to_owned()),
            Some(Aside::Thumbnails) => Some("thumbnails".to_owned()),
            Some(Aside::Stills) => Some("still pictures".to_owned()),
            Some(Aside::Commentary) => Some("a commentary".to_owned()),
            Some(Aside::Described) => Some("the picture told in words".to_owned()),
            Some(Aside::Disabled) => Some("a track that is not enabled".to_owned()),
            None => None,
        };
        let beside = chosen.and_then(|chosen| {
            let most = chosen.stream.frames.unwrap_or(0);
            let length = stream.duration.unwrap_or_default().as_secs_f64();
            match stream.frames {
                Some(1) if is_still(stream, most) => Some("a still of 1 picture".to_owned()),
                Some(frames) if is_still(stream, most) => Some(format!("stills, {frames} pictures")),
                _ if is_brief(stream, chosen.stream.duration.unwrap_or_default()) => {
                    Some(format!("only {length:.2} s long"))
                }
                _ => None,
            }
        });
        let usual = || format!("one {kind} stream is published");
        let why = if stream.kind == Kind::Video { beside.or(other) } else { other.or(beside) }.unwrap_or_else(usual);
        format!("{why}; `{flag} {}` takes it instead", stream.index)
    }
}

impl Chosen<'_> {
    /// Said where a person might have meant another.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self { why: ASKED, .. } => Some("chosen, since it was asked for".to_owned()),
            Self { of: 2.., .. } => Some(format!("chosen of {}, since {}", self.of, self.why)),
            _ => None,
        }
    }
}

impl Programme {
    fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{} (`{name}`)", self.number),
            None => self.number.to_string(),
        }
    }
}
