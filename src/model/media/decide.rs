//! What becomes of each stream: copied, re-encoded or left out, and why, in words for a person. Says also which
//! arguments ffmpeg gets for it, so that words and deeds stay in one place.

use std::{fmt, time::Duration};

use super::{
    condition,
    damage::Damage,
    facts::{Kind, Media, Ratio, Stream, Transcode, seconds},
    gaps::{self, Gaps},
    structure::Medium,
};
use crate::model::report::fault::{Explain, FaultClass};

/// Audio hidden by an edit list up to this is encoder priming (AAC from Apple: 2,112 samples), nothing cut out.
const PRIMING_MAX: Duration = Duration::from_millis(250);
/// Edit lists count in units of up to 1/600 s, so less than two of them hidden is rounding; a frame is more.
const ROUNDING_MAX: Duration = Duration::from_millis(3);
/// A Lambda function streams 2 MB/s after the first 6 MB; with less than this there is room for the player's pace.
const RELAY_BIT_RATE: u64 = 12_000_000;
/// Keyframes rarer than this make segments that are slow to start and to seek.
const LONG_GAP: Duration = Duration::from_secs(12);
/// Segments may end this much before the wanted length: Matroska rounds times to milliseconds, and keyframes that are
/// forced at multiples of the length fall on the next frame.
pub const SLACK: Duration = Duration::from_millis(100);
/// Shortest piece that ffmpeg is asked to close: segments are put together from pieces.
pub const PIECE: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    Copy,
    Transcode { why: String },
    LeaveOut { why: String },
}

#[derive(Debug, Clone, PartialEq)]
pub struct StreamPlan {
    pub stream: Stream,
    pub action: Action,
}

/// What will be done to a video.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaPlan {
    /// All streams of the file, in its order.
    pub streams: Vec<StreamPlan>,
    pub video: StreamPlan,
    pub audio: Option<StreamPlan>,
    pub container: String,
    pub duration: Option<Duration>,
    /// Distance between keyframes in the source, mean and longest; `None` if unknown or re-encoded.
    pub keyframes: Option<(Duration, Duration)>,
    /// Most bytes from one keyframe to the next, of those that were sampled; 0 if unknown or re-encoded.
    pub largest_group: u64,
    /// What the sampled packets promise; the split looks into every segment.
    pub independent: bool,
    /// Of the file, as far as a first look tells; among the warnings, too.
    pub damage: Damage,
    /// That is accepted: the split may make less than the container promises.
    pub may_end_early: bool,
    /// Sound before the picture or after it gets still pictures.
    pub fills: bool,
    pub warnings: Vec<String>,
}

#[derive(Debug, thiserror::Error, PartialEq)]
pub enum MediaRefusal {
    #[error("could not plan the reel: the file has no video stream")]
    NoVideo { found: Vec<String> },
    #[error("could not plan the reel: ffmpeg does not know the video's codec")]
    UnknownCodec { tag: String },
    #[error("could not plan the reel: the {what} is encrypted (`{how}`)")]
    Encrypted {
        /// `video` or `sound`.
        what: &'static str,
        how: String,
    },
    #[error("could not plan the reel: the file holds no pictures, only the description of a video stream")]
    NoPictures,
    #[error("could not plan the reel without re-encoding: {}", streams.join("; "))]
    NeedsTranscode {
        /// One sentence a stream: which, and why it can't be copied.
        streams: Vec<String>,
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
            Self::NoVideo { found } if found.is_empty() => "Choose a file with a moving picture in it.".to_owned(),
            Self::NoVideo { found } => {
                format!("It holds only {}. Choose a file with a moving picture in it.", found.join(", "))
            }
            Self::UnknownCodec { tag } => {
                format!("The stream is marked `{tag}`. A newer ffmpeg may know it; else convert the video first.")
            }
            Self::Encrypted { .. } => {
                "Its owner has locked it, so nobody could play the reel. Choose another file.".to_owned()
            }
            Self::NoPictures => {
                "It may be the first part of a stream alone: join it with the segments that follow it to \
                                 one file (`cat init.mp4 segment*.m4s > whole.mp4`), or get the recording again."
                    .to_owned()
            }
            Self::NeedsTranscode { ruled_out: false, .. } => {
                "Allow it with `--transcode auto`: these streams, and only these, are then re-encoded.".to_owned()
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

/// Chooses one video and one audio stream and what to do with each.
pub fn decide(media: &Media, transcode: Transcode) -> Result<MediaPlan, MediaRefusal> {
    let Some(video) = media.video() else {
        return Err(MediaRefusal::NoVideo { found: media.streams.iter().map(describe).collect() });
    };
    let audio = media.audio();
    if let Some((medium, how)) = condition::encryption(media, video, audio) {
        return Err(MediaRefusal::encrypted(medium, how));
    }
    if video.codec.is_empty() {
        return Err(MediaRefusal::UnknownCodec { tag: video.tag.clone() });
    }
    if condition::is_empty(media, video) {
        return Err(MediaRefusal::NoPictures);
    }
    let damage = condition::damage(media, video, audio, describe);
    let plan = |stream: &Stream| {
        let action = if stream.index == video.index {
            copy_unless(video_obstacle(stream, media))
        } else if audio.is_some_and(|audio| audio.index == stream.index) {
            copy_unless(audio_obstacle(stream, media))
        } else {
            Action::LeaveOut { why: why_left_out(stream) }
        };
        StreamPlan { stream: stream.clone(), action }
    };
    let streams: Vec<StreamPlan> = media.streams.iter().map(plan).collect();
    let gaps = audio.map(|audio| Gaps::between(video, audio).sentences()).unwrap_or_default();
    let mut re_encoded: Vec<String> = streams
        .iter()
        .filter_map(|plan| match &plan.action {
            Action::Transcode { why } => Some(format!("{} {why}", describe(&plan.stream))),
            _ => None,
        })
        .collect();
    if transcode == Transcode::Ask {
        re_encoded.extend(gaps.iter().map(|gap| format!("{gap}, so that a still picture has to be made for it")));
    }
    if !re_encoded.is_empty() && transcode != Transcode::Auto {
        return Err(MediaRefusal::NeedsTranscode { streams: re_encoded, ruled_out: transcode == Transcode::Never });
    }
    let chosen = |wanted: &Stream| streams.iter().find(|plan| plan.stream.index == wanted.index).cloned();
    let video = plan(video);
    let copied = video.action == Action::Copy;
    let said = damage.sentences().into_iter();
    Ok(MediaPlan {
        audio: audio.and_then(chosen),
        container: media.container.clone(),
        duration: media.duration,
        keyframes: media.keyframes.filter(|_| copied).map(|keyframes| (keyframes.mean, keyframes.max)),
        largest_group: media.keyframes.filter(|_| copied).map_or(0, |keyframes| keyframes.largest_bytes),
        independent: !copied || media.keyframes.is_some_and(|keyframes| !keyframes.open),
        fills: !gaps.is_empty() && transcode == Transcode::Auto,
        warnings: said.chain(warnings(media, &video, audio)).chain(gaps::warnings(&gaps, transcode)).collect(),
        may_end_early: false,
        damage,
        streams,
        video,
    })
}

fn copy_unless(obstacle: Option<String>) -> Action {
    match obstacle {
        Some(why) => Action::Transcode { why },
        None => Action::Copy,
    }
}

/// Why players can't take the video stream as it is, in MPEG-TS.
fn video_obstacle(stream: &Stream, media: &Media) -> Option<String> {
    let format = stream.pixel_format.as_deref().unwrap_or_default();
    if stream.codec != "h264" {
        return Some(format!("is {}, which few players take", codec_name(stream)));
    }
    if !matches!(format, "yuv420p" | "yuvj420p") {
        let name = if format.is_empty() { "unknown" } else { format };
        return Some(format!("has a pixel format few players take ({name})"));
    }
    if media.hidden.video > ROUNDING_MAX {
        let hidden = seconds(media.hidden.video);
        return Some(format!("was trimmed: the {hidden} cut out are still in the file, and a copy would publish them"));
    }
    if stream.rotation != 0 {
        return Some(format!("is turned by {}°, which MPEG-TS can't say: it would play on its side", stream.rotation));
    }
    if media.keyframes.is_some_and(|keyframes| keyframes.untimed) {
        return Some("has pictures without presentation times".to_owned());
    }
    None
}

fn audio_obstacle(stream: &Stream, media: &Media) -> Option<String> {
    let profile = stream.profile.as_deref().unwrap_or("LC");
    if stream.codec != "aac" {
        return Some(format!("is {}, which few players take", codec_name(stream)));
    }
    if !matches!(profile, "LC" | "HE-AAC" | "HE-AACv2") {
        return Some(format!("is AAC {profile}, which few players take"));
    }
    // in a file that was trimmed for certain, no more than a frame or two is priming
    let priming = if media.hidden.video <= ROUNDING_MAX { PRIMING_MAX } else { PRIMING_MAX / 4 };
    if media.hidden.audio > priming {
        let hidden = seconds(media.hidden.audio);
        return Some(format!("was trimmed: the {hidden} cut out are still in the file, and a copy would publish them"));
    }
    None
}

fn why_left_out(stream: &Stream) -> String {
    match stream.kind {
        Kind::Video => "one video stream is published",
        Kind::Audio if stream.codec.is_empty() => "ffmpeg does not know its codec",
        Kind::Audio if condition::is_broken_sound(stream) => "it is damaged: ffmpeg finds no sound in it",
        Kind::Audio => "one audio stream is published",
        Kind::Picture => "cover art, no video",
        Kind::Subtitle => "subtitles are not published yet",
        Kind::Data | Kind::Attachment => "players have no use for it",
    }
    .to_owned()
}

fn warnings(media: &Media, video: &StreamPlan, audio: Option<&Stream>) -> Vec<String> {
    let mut warnings = Vec::new();
    let stream = &video.stream;
    let copied = video.action == Action::Copy;
    if audio.is_none() {
        warnings.extend(condition::silence(media));
    }
    if let Some(rate) = varying(stream) {
        warnings.push(format!("the frame rate varies (about {rate} fps on average); it is kept as it is"));
    }
    if let Some(rate) = media.bit_rate.filter(|rate| copied && *rate > RELAY_BIT_RATE) {
        let rate = rate as f64 / 1e6;
        warnings.push(format!(
            "{rate:.1} Mbit/s is a lot: it may pause in browsers, since the relay slows down after 6 MB of a segment; \
             shorter segments help"
        ));
    }
    if let Some(keyframes) = media.keyframes.filter(|keyframes| copied && keyframes.max > LONG_GAP) {
        let (gap, bound) = (seconds(keyframes.max), if keyframes.at_least { "at least " } else { "" });
        warnings.push(format!("keyframes are up to {bound}{gap} apart, and no segment can be shorter than that"));
    }
    if stream.is_hdr() || stream.dolby_vision {
        let fate = if copied {
            "many screens show it pale"
        } else {
            "re-encoded to 8 bits, its colours are mapped if this ffmpeg can (`zscale`), else they look pale"
        };
        warnings.push(format!("the picture is HDR; {fate}"));
    }
    if media.duration.is_none() {
        warnings.push("the file does not say how long it is: counts and times ahead are unknown".to_owned());
    }
    warnings
}

/// The average rate if it is far from the rate that all timestamps fit.
fn varying(stream: &Stream) -> Option<Ratio> {
    let (average, base) = (stream.frame_rate?, stream.base_frame_rate?);
    let factor = base.get() / average.get();
    (!stream.interlaced && !(0.98..=1.02).contains(&factor)).then_some(average)
}

/// Codec names as people write them.
fn codec_name(stream: &Stream) -> String {
    match stream.codec.as_str() {
        "h264" => "H.264",
        "hevc" => "HEVC",
        "av1" => "AV1",
        "vp8" => "VP8",
        "vp9" => "VP9",
        "mpeg2video" => "MPEG-2",
        "mpeg4" => "MPEG-4 Part 2",
        "prores" => "ProRes",
        "mjpeg" => "Motion JPEG",
        "aac" => "AAC",
        "ac3" => "AC-3",
        "eac3" => "E-AC-3",
        "dts" => "DTS",
        "truehd" => "TrueHD",
        "opus" => "Opus",
        "vorbis" => "Vorbis",
        "flac" => "FLAC",
        "mp3" => "MP3",
        "" => return format!("an unknown codec (`{}`)", stream.tag),
        other if other.starts_with("pcm_") => "PCM",
        other => return format!("`{other}`"),
    }
    .to_owned()
}

/// `video  H.264 High 1920x1080 60 fps`
pub fn describe(stream: &Stream) -> String {
    let mut words = vec![codec_name(stream)];
    words.extend(stream.profile.clone());
    let kind = match stream.kind {
        Kind::Video => {
            words.push(format!("{}x{}", stream.width, stream.height));
            words.extend(stream.frame_rate.map(|rate| format!("{rate} fps")));
            "video"
        }
        Kind::Audio => {
            words.push(match stream.channels {
                1 => "mono".to_owned(),
                2 => "stereo".to_owned(),
                6 => "5.1".to_owned(),
                8 => "7.1".to_owned(),
                channels => format!("{channels} channels"),
            });
            words.push(format!("{} kHz", f64::from(stream.sample_rate) / 1000.0));
            "audio"
        }
        Kind::Picture => "picture",
        Kind::Subtitle => "subtitles",
        Kind::Data => "data",
        Kind::Attachment => "attachment",
    };
    words.extend(stream.language.as_ref().map(|language| format!("({language})")));
    format!("{kind}  {}", words.join(" "))
}

impl fmt::Display for StreamPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stream = describe(&self.stream);
        match &self.action {
            Action::Copy => write!(f, "{stream}: copied as it is"),
            Action::LeaveOut { why } => write!(f, "{stream}: left out ({why})"),
            Action::Transcode { why } => {
                let target = if self.stream.kind == Kind::Video { "H.264 High" } else { "AAC stereo" };
                write!(f, "{stream}: re-encoded to {target}, since it {why}")
            }
        }
    }
}

impl MediaPlan {
    /// A sentence a stream.
    pub fn sentences(&self) -> Vec<String> {
        self.streams.iter().map(ToString::to_string).collect()
    }

    /// Those that are published.
    pub fn streams(&self) -> impl Iterator<Item = &Stream> {
        [Some(&self.video), self.audio.as_ref()].into_iter().flatten().map(|plan| &plan.stream)
    }

    /// Same source, same ffmpeg: same bytes. Encoders differ with the number of their threads.
    pub fn is_deterministic(&self) -> bool {
        !self.fills
            && self.video.action == Action::Copy
            && self.audio.as_ref().is_none_or(|audio| audio.action == Action::Copy)
    }

    /// How long segments will be on average if cut at the first keyframe at or after `wanted`.
    pub fn expected_segment_length(&self, wanted: Duration) -> Duration {
        // closer ones do not matter: pieces are half seconds then
        let Some((spacing, _)) = self.keyframes.filter(|(mean, _)| *mean >= PIECE) else { return wanted };
        let spacings = (wanted.saturating_sub(SLACK).as_secs_f64() / spacing.as_secs_f64()).ceil().max(1.0);
        spacing.mul_f64(spacings.min(1e6)).max(wanted.saturating_sub(SLACK))
    }

    /// Zero if the length of the video is unknown.
    pub fn expected_segments(&self, wanted: Duration) -> u32 {
        let Some(duration) = self.duration else { return 0 };
        let length = self.expected_segment_length(wanted).as_secs_f64().max(0.1);
        (duration.saturating_sub(SLACK).as_secs_f64() / length).ceil().max(1.0) as u32
    }

    /// About how many bytes of the source are published; `None` if that can't be told, or any of it is re-encoded.
    pub fn published_bytes(&self, source_bytes: u64) -> Option<u64> {
        let duration = self.duration.filter(|_| self.is_deterministic())?.as_secs_f64();
        let is_large = |plan: &&StreamPlan| matches!(plan.stream.kind, Kind::Video | Kind::Audio);
        let left_out = |plan: &&StreamPlan| matches!(plan.action, Action::LeaveOut { .. });
        let rates = self.streams.iter().filter(is_large).filter(left_out).map(|plan| plan.stream.bit_rate);
        let left_out = rates.sum::<Option<u64>>()? as f64 / 8.0 * duration;
        Some(source_bytes.saturating_sub(left_out as u64))
    }

    /// How long the result must be, if the container is one that truly knows: with a table of contents or a header
    /// written at the end. Others (transport streams, raw ones) are estimated from what is there.
    pub fn promised_duration(&self) -> Option<Duration> {
        let indexed = |name: &str| ["mov", "matroska", "avi", "asf", "mxf"].contains(&name);
        if !self.container.split(',').any(indexed) {
            return None;
        }
        let audio = self.audio.as_ref().and_then(|audio| audio.stream.duration);
        // of the streams that are published: those left out may be longer
        self.video.stream.duration.map(|video| video.max(audio.unwrap_or_default())).or(self.duration)
    }

    /// Display size, after sample aspect ratio and rotation: what RESOLUTION names.
    pub fn display_size(&self) -> (u32, u32) {
        let stream = &self.video.stream;
        let aspect = stream.sample_aspect.map_or(1.0, Ratio::get);
        let width = (f64::from(stream.width) * aspect).round() as u32;
        if stream.rotation % 180 == 90 { (stream.height, width) } else { (width, stream.height) }
    }
}

impl Media {
    /// The video stream to publish: default ones first, then the largest, then the first.
    pub fn video(&self) -> Option<&Stream> {
        let rank = |stream: &&Stream| {
            (stream.default, u64::from(stream.width) * u64::from(stream.height), std::cmp::Reverse(stream.index))
        };
        self.streams.iter().filter(|stream| stream.kind == Kind::Video).max_by_key(rank)
    }

    /// The audio stream to publish: default ones first, then the first; none that ffmpeg can't decode.
    pub fn audio(&self) -> Option<&Stream> {
        let known = |stream: &&Stream| {
            stream.kind == Kind::Audio && !stream.codec.is_empty() && !condition::is_broken_sound(stream)
        };
        self.streams.iter().filter(known).max_by_key(|stream| (stream.default, std::cmp::Reverse(stream.index)))
    }
}

#[cfg(test)]
mod tests;
