//! What a video file holds, as ffprobe tells it: container, streams, keyframes, what an edit list hides.
//! Pure data and its words for a person; the reader of ffprobe's output fills it, the plan judges it.

use std::{fmt, time::Duration};

use super::container::VideoRange;

pub use super::streams::{
    loudness::WantedLoudness,
    wanted::{Compatible, Wanted, WantedSubtitles, WantedTrack, WantedTracks},
};
use super::structure::Structure;

/// What to do with streams that players can't take as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transcode {
    /// Refuse and say which stream and codec: a face that can ask has asked before.
    #[default]
    Ask,
    /// Convert those streams, and only those.
    Auto,
    Never,
}

/// A probed file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Media {
    /// ffprobe's name of the demuxer, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Unknown for raw streams and some recordings that were never finished.
    pub duration: Option<Duration>,
    /// Size of the file.
    pub bytes: u64,
    /// Of the whole file, bits a second.
    pub bit_rate: Option<u64>,
    /// In the file's order.
    pub streams: Vec<Stream>,
    /// Of the video stream that would be published; `None` if its packets could not be sampled.
    pub keyframes: Option<Keyframes>,
    pub hidden: Hidden,
    /// What the file's own structure says.
    pub structure: Structure,
    /// Of a transport stream, in its order; most files have none.
    pub programmes: Vec<Programme>,
    pub chapters: Vec<Chapter>,
    /// The time of the container's beginning, seconds.
    pub begins: f64,
    /// For which the packets were sampled.
    pub wanted: Wanted,
}

/// Streams that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    pub number: u32,
    pub name: Option<String>,
    /// Their indices; a stream may be in several programmes.
    pub streams: Vec<u32>,
}

/// A part of the video that has a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter {
    /// As the streams' own times are counted, seconds.
    pub start: f64,
    pub title: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Video,
    /// One picture that looks like a video stream, such as cover art.
    Picture,
    Audio,
    Subtitle,
    Data,
    Attachment,
}

/// What a stream says of itself that makes it none that a person means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// Beside another stream: an alpha plane, a second layer.
    Auxiliary,
    Depth,
    Thumbnails,
    Stills,
    /// People talk about the film.
    Commentary,
    /// The picture is told in words.
    Described,
    /// Players pass it over unless asked for it.
    Disabled,
}

/// One stream. Fields that do not fit the kind are zero or `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    pub index: u32,
    /// Its number in the container, such as a transport stream's PID; older ffprobe leaves it out of some.
    pub id: Option<u32>,
    pub kind: Kind,
    /// ffmpeg's short name, such as `h264`; empty if ffmpeg knows no decoder.
    pub codec: String,
    /// Four characters from the container, such as `avc1` or `encv`.
    pub tag: String,
    pub profile: Option<String>,
    /// As the codec counts: 41 is H.264's level 4.1.
    pub level: Option<i64>,
    pub pixel_format: Option<String>,
    /// Coded size, before sample aspect ratio and rotation.
    pub width: u32,
    pub height: u32,
    pub sample_aspect: Option<Ratio>,
    /// Degrees clockwise by which players turn the picture: 0, 90, 180 or 270.
    pub rotation: u16,
    /// Left and right are swapped by players, before they turn it.
    pub mirrored: bool,
    pub interlaced: bool,
    /// The field that is shown first, where the container alone tells of fields and the pictures do not.
    pub untold_fields: Option<FirstField>,
    pub clock: Option<Clock>,
    /// Average over the stream.
    pub frame_rate: Option<Ratio>,
    /// The lowest rate in which all timestamps fit: far from the average if the rate varies.
    pub base_frame_rate: Option<Ratio>,
    pub transfer: Option<String>,
    pub dolby_vision: Option<DolbyVision>,
    pub channels: u32,
    pub sample_rate: u32,
    pub bit_rate: Option<u64>,
    /// When its first packet is shown or heard, seconds.
    pub start: Option<f64>,
    pub duration: Option<Duration>,
    /// Pictures or packets: all, or those of the first seconds where the container does not say.
    pub frames: Option<u64>,
    pub language: Option<String>,
    pub title: Option<String>,
    /// What the container calls it: a file's name, a handler's.
    pub called: Option<String>,
    pub default: bool,
    pub aside: Option<Aside>,
    /// Of subtitles: only what has to be read to follow the film.
    pub forced: bool,
    /// Of subtitles: they tell sounds too.
    pub hearing_impaired: bool,
    /// Of video: its pictures carry captions by CEA-608 or CEA-708.
    pub closed_captions: bool,
}

impl Media {
    /// The pictures of this stream themselves say that they are made of fields.
    pub fn has_told_fields(&mut self, index: u32) {
        for stream in self.streams.iter_mut().filter(|stream| stream.index == index) {
            (stream.interlaced, stream.untold_fields) = (true, None);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstField {
    Top,
    Bottom,
}

impl Stream {
    /// At its first keyframe, if that comes later than its first packet.
    pub fn begins_at(&mut self, keyframe: Option<f64>) {
        let (Some(start), Some(keyframe)) = (self.start, keyframe) else { return };
        let later = Duration::try_from_secs_f64(keyframe - start).unwrap_or_default();
        self.start = Some(start.max(keyframe));
        self.duration = self.duration.map(|duration| duration.saturating_sub(later));
    }

    pub fn video_range(&self) -> Option<VideoRange> {
        VideoRange::of_transfer(self.transfer.as_deref()?)
    }

    /// PQ or HLG: more light and colour than 8 bits hold.
    pub fn is_hdr(&self) -> bool {
        self.video_range().is_some()
    }
}

/// What a stream says of Dolby Vision in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DolbyVision {
    pub profile: u32,
    /// What a player without Dolby Vision sees in it: 1 HDR10, 2 SDR, 4 HLG; 0 nothing.
    pub compatibility: u32,
}

impl DolbyVision {
    /// To other players its colours are nonsense.
    pub fn stands_alone(self) -> bool {
        self.profile == 5 || self.profile == 10 && self.compatibility == 0
    }
}

/// What sampled windows of the video stream's packets show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keyframes {
    /// Mean and longest distance between keyframes.
    pub mean: Duration,
    pub max: Duration,
    /// No second keyframe was found in the longest window: the distances are lower bounds.
    pub at_least: bool,
    /// Pictures that follow a keyframe but are shown before it: they need the group of pictures before.
    pub open: bool,
    /// Packets without presentation times were met (AVI, raw streams).
    pub untimed: bool,
    /// Most bytes from one keyframe to the next; no segment can have less.
    pub largest_bytes: u64,
}

/// Media that is in the file but never shown, because an edit list leaves it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hidden {
    pub video: Duration,
    /// Encoder priming (tens of milliseconds) counts here too.
    pub audio: Duration,
}

/// What a stream's timestamps are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Seconds.
    pub tick: Ratio,
    /// The first of them, in ticks.
    pub start: i64,
}

/// A fraction of positive whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    pub numerator: u32,
    pub denominator: u32,
}

impl Ratio {
    pub fn new(numerator: u32, denominator: u32) -> Option<Self> {
        (numerator > 0 && denominator > 0).then_some(Self { numerator, denominator })
    }

    /// `16/15`, as ffmpeg's filters take it.
    pub fn to_text(self) -> String {
        format!("{}/{}", self.numerator, self.denominator)
    }

    pub fn get(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

/// `60`, `29.97`, `23.976`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.3}", self.get());
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// What a segment holds, for the multivariant playlist.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// RFC 6381, such as `avc1.640028,mp4a.40.2`.
    pub codecs: String,
    /// Display size: cropped, with sample aspect ratio applied.
    pub resolution: Option<(u32, u32)>,
    pub frame_rate: Option<f64>,
    pub video_range: Option<VideoRange>,
    /// SUPPLEMENTAL-CODECS: what players that know more read in the same picture.
    pub supplemental_codecs: Option<String>,
    /// The init section; transport streams have none.
    pub init: Option<Vec<u8>>,
}

/// `2.5 s`
pub fn seconds(duration: Duration) -> String {
    let text = format!("{:.1}", duration.as_secs_f64());
    format!("{} s", text.trim_end_matches(".0"))
}
