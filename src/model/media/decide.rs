//! What becomes of each stream: copied, converted or left out, and why, in words for a person. Says also which
//! arguments ffmpeg gets for it, so that words and deeds stay in one place.

use std::time::Duration;

mod compatible;
mod fate;
mod obstacles;
mod warnings;

pub use self::fate::{Action, StreamPlan};
pub use super::streams::refusal::MediaRefusal;
use super::{
    container::Container,
    damage::Damage,
    facts::{Aside, Chapter, Compatible, Kind, Media, Ratio, Stream, Transcode, Wanted, WantedTracks},
    gaps::{self, Gaps},
    reach,
    segment::lengths::Lengths,
    streams::{
        apart::{self, Sounds, Terms},
        choice::{Choice, Chosen},
        condition,
        refusal::{publishable, refused},
        sounds::{Alternative, Rendition},
        subtitles,
        words::describe,
    },
};
use crate::model::report::loudness::Loudness;

/// Segments may end this much before the wanted length: Matroska rounds times to milliseconds, and keyframes that are
/// forced at multiples of the length fall on the next frame.
pub const SLACK: Duration = Duration::from_millis(100);
/// Shortest piece that ffmpeg is asked to close: segments are put together from pieces.
pub const PIECE: Duration = Duration::from_millis(500);

/// What will be done to a video.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaPlan {
    /// All streams of the file, in its order.
    pub streams: Vec<StreamPlan>,
    /// `None`: the sound alone is published.
    pub video: Option<StreamPlan>,
    /// In one with the picture, or alone. One of the two is there, unless sound stands apart.
    pub audio: Option<StreamPlan>,
    /// H.264 beside a picture that is copied: a rendition of its own.
    pub compatible: Option<StreamPlan>,
    /// This is that rendition, where this is one of several: it is cut where the copied one is.
    pub beside_copy: bool,
    /// Renditions of their own beside the picture's; where there are any, that has no sound. Without a picture they are the
    /// whole reel.
    pub sounds: Vec<SoundPlan>,
    /// Sound tracks that would be copied or left out if nothing might be converted.
    pub optional: Vec<u32>,
    /// This is one of several renditions, which have their times by one clock.
    pub one_clock: bool,
    /// Streams of the others.
    pub others: Vec<u32>,
    /// What was asked for, so that it makes the same again.
    pub wanted: Wanted,
    /// Of the file, as ffprobe calls it.
    pub container: String,
    /// What the segments are packed in.
    pub packaging: Container,
    pub duration: Option<Duration>,
    /// Distance between keyframes in the source, mean and longest; `None` if unknown or converted.
    pub keyframes: Option<(Duration, Duration)>,
    /// Most bytes from one keyframe to the next, of those that were sampled; 0 if unknown or converted.
    pub largest_group: u64,
    /// What the sampled packets promise; the split looks into every segment.
    pub independent: bool,
    /// Of the file, as far as a first look tells; among the warnings, too.
    pub damage: Damage,
    /// That is accepted: the split may make less than the container promises.
    pub may_end_early: bool,
    /// As of [`Cut`](crate::model::reel::order::Cut).
    pub pes_lengths: bool,
    /// Sound before the picture or after it gets still pictures.
    pub fills: bool,
    /// What turns out not to be fit for copying may be converted, where it is.
    pub may_re_encode: bool,
    pub warnings: Vec<String>,
    pub chapters: Vec<Chapter>,
    /// The time of the container's beginning, seconds.
    pub begins: f64,
    /// As was asked; else what is interlaced is deinterlaced only where it is converted anyway.
    pub deinterlace: bool,
    /// The picture that stands for sound alone.
    pub cover: Option<Stream>,
    /// Of the sound as it is encoded, where that is to be normalized and was measured.
    pub measured: Option<Loudness>,
}

/// A rendition of sound beside the picture, or beside others.
#[derive(Debug, Clone, PartialEq)]
pub struct SoundPlan {
    pub plan: StreamPlan,
    pub told: Alternative,
}

/// Chooses a video and the sound to it, or either alone, and what to do with each.
pub fn decide(media: &Media, transcode: Transcode) -> Result<MediaPlan, MediaRefusal> {
    let choice = media.choice().map_err(|not_there| refused(media, not_there))?;
    let [video, audio] = [choice.video, choice.audio].map(|chosen| chosen.map(|chosen| chosen.stream));
    publishable(media, video, audio)?;
    let asked = compatible::asked(media, video);
    let transcode = compatible::allowed(transcode, asked);
    let packaging = obstacles::container(media, video, audio);
    let tracks = media.tracks(&choice).map_err(|not_there| refused(media, not_there))?;
    let sounds = Sounds::of(tracks, audio, terms(media, video.is_some(), transcode, packaging));
    let audio = audio.filter(|_| !sounds.are_apart());
    let damage = condition::damage(media, video, sounds.main().or(audio), describe);
    let plan = |stream: &Stream| planned(stream, media, packaging, &choice, &sounds);
    let streams: Vec<StreamPlan> = media.streams.iter().map(plan).collect();
    let gaps = gap_sentences(video, audio);
    // still pictures are made in transport streams alone
    let makes_stills = packaging == Container::Ts;
    let gap_words = if makes_stills { gaps.as_slice() } else { &[] };
    let beside = compatible::beside(video, &streams, asked);
    if let Some(refusal) = not_allowed(media, transcode, streams.iter().chain(&beside), gap_words) {
        return Err(refusal);
    }
    let sound_gaps = gap_sentences(video, sounds.main());
    let video = video.map(plan);
    let copied = video.as_ref().is_some_and(|video| video.action == Action::Copy);
    let keyframes = media.keyframes.filter(|_| copied);
    let said = damage.sentences().into_iter().chain(compatible::warning(media, asked));
    let said = said.chain(warnings::warnings(media, video.as_ref(), sounds.main().or(audio))).chain(sounds.warning());
    let fills = transcode == Transcode::Auto && makes_stills;
    Ok(MediaPlan {
        audio: audio.map(plan),
        wanted: compatible::settled(media.wanted.settled(sounds.are_encoded()), asked, beside.is_some()),
        beside_copy: false,
        one_clock: false,
        optional: optional(&streams, &sounds),
        streams: compatible::told(streams, beside.as_ref()),
        compatible: beside,
        sounds: sound_plans(&sounds, media, packaging),
        others: Vec::new(),
        container: media.container.clone(),
        packaging,
        duration: media.duration,
        keyframes: keyframes.map(|keyframes| (keyframes.mean, keyframes.max)),
        largest_group: keyframes.map_or(0, |keyframes| keyframes.largest_bytes),
        independent: !copied || media.keyframes.is_some_and(|keyframes| !keyframes.open),
        fills: fills && !gaps.is_empty(),
        may_re_encode: transcode == Transcode::Auto,
        warnings: said.chain(gaps::warnings(&sound_gaps, false)).chain(gaps::warnings(&gaps, fills)).collect(),
        may_end_early: false,
        pes_lengths: false,
        damage,
        chapters: media.chapters.clone(),
        begins: media.begins,
        deinterlace: media.wanted.deinterlace,
        cover: media.cover().filter(|_| video.is_none()).cloned(),
        measured: None,
        video,
    }
    .with_reach())
}

fn gap_sentences(video: Option<&Stream>, audio: Option<&Stream>) -> Vec<String> {
    video.zip(audio).map(|(video, audio)| Gaps::between(video, audio).sentences()).unwrap_or_default()
}

/// What becomes of a stream of the file.
fn planned(
    stream: &Stream,
    media: &Media,
    packaging: Container,
    choice: &Choice<'_>,
    sounds: &Sounds<'_>,
) -> StreamPlan {
    let is_it = |chosen: &Chosen<'_>| chosen.stream.index == stream.index;
    if let Some(fate) = sounds.fate(stream) {
        let (action, chosen) = told(fate, stream, media, packaging);
        return StreamPlan { stream: stream.clone(), action, chosen };
    }
    let (action, chosen) = match (choice.video.filter(is_it), choice.audio.filter(is_it)) {
        (Some(chosen), _) => (copy_unless(obstacles::of_video(stream, media, packaging)), chosen.reason()),
        (_, Some(chosen)) if !sounds.are_apart() => {
            (copy_unless(obstacles::of_audio(stream, media, packaging)), chosen.reason())
        }
        _ if stream.kind == Kind::Subtitle && subtitles::is_text(stream) => {
            let is_asked = media.wanted.subtitles.takes(stream.index, stream.language.as_deref());
            let left_out = || Action::LeaveOut { why: subtitles::NOT_ASKED.to_owned() };
            (if is_asked { Action::Text } else { left_out() }, None)
        }
        _ if sounds.leaves_out(stream) => (Action::LeaveOut { why: apart::NOT_ALLOWED.to_owned() }, None),
        _ => (Action::LeaveOut { why: why_left_out(stream, choice, sounds.are_apart()) }, None),
    };
    StreamPlan { stream: stream.clone(), action, chosen }
}

/// What would have to be converted, and may not be.
fn not_allowed<'a>(
    media: &Media,
    transcode: Transcode,
    streams: impl Iterator<Item = &'a StreamPlan>,
    gaps: &[String],
) -> Option<MediaRefusal> {
    // who asks for deinterlacing, or for another loudness, has asked for what it takes
    let is_allowed = |stream: &Stream| match stream.kind {
        Kind::Video => media.wanted.deinterlace,
        _ => media.wanted.loudness.is_normalized(),
    };
    let unasked = streams.filter(|plan| transcode == Transcode::Never || !is_allowed(&plan.stream));
    let re_encoded: Vec<String> = unasked.filter_map(StreamPlan::re_encoded).collect();
    let asked = gaps.iter().filter(|_| transcode == Transcode::Ask);
    let stills: Vec<_> = asked.map(|gap| format!("{gap}, so that a still picture has to be made for it")).collect();
    let ruled_out = transcode == Transcode::Never;
    let is_fine = re_encoded.is_empty() && stills.is_empty() || transcode == Transcode::Auto;
    (!is_fine).then_some(MediaRefusal::NeedsTranscode { streams: re_encoded, stills, ruled_out })
}

fn terms(
    media: &Media,
    has_picture: bool,
    transcode: Transcode,
    packaging: Container,
) -> Terms<impl Fn(&Stream) -> Option<String>> {
    // a copy would be as loud as it is
    let all_encoded = media.wanted.loudness.is_normalized() && transcode != Transcode::Never;
    Terms {
        has_picture,
        may_encode: all_encoded || transcode == Transcode::Auto && !media.wanted.copies,
        for_all: media.wanted.compatible == Some(Compatible::Add),
        are_named: all_encoded || matches!(media.wanted.sounds, Some(WantedTracks::These(_))),
        is_trimmed: all_encoded || obstacles::trimmed_sound(media).is_some(),
        obstacle: move |stream: &Stream| obstacles::of_audio(stream, media, packaging),
    }
}

/// What becomes of a track beside the picture, and what is said of it.
fn told(fate: apart::Fate, stream: &Stream, media: &Media, packaging: Container) -> (Action, Option<String>) {
    let obstacle = obstacles::of_audio(stream, media, packaging).filter(|_| fate.is_encoded);
    let both = fate.is_encoded && fate.is_copied;
    let beside =
        both.then_some(if obstacle.is_some() { "copied as it is beside that" } else { "AAC stereo beside it" });
    let begins = fate.is_main.then_some("players begin with it");
    let notes: Vec<&str> = beside.into_iter().chain(begins).collect();
    (copy_unless(obstacle), (!notes.is_empty()).then(|| notes.join("; ")))
}

/// Those that are published in some way though nothing of them is converted, or are not missed.
fn optional(streams: &[StreamPlan], sounds: &Sounds<'_>) -> Vec<u32> {
    let is_optional = |plan: &&StreamPlan| {
        let fate = sounds.fate(&plan.stream);
        fate.is_some_and(|fate| fate.is_encoded && (fate.is_optional || plan.action == Action::Copy))
    };
    streams.iter().filter(is_optional).map(|plan| plan.stream.index).collect()
}

fn sound_plans(sounds: &Sounds<'_>, media: &Media, packaging: Container) -> Vec<SoundPlan> {
    let plan = |made: &Rendition<'_>| {
        let why = || {
            obstacles::of_audio(made.stream, media, packaging)
                .unwrap_or_else(|| "is not what every player plays".to_owned())
        };
        let action = copy_unless(made.encoded.then(why));
        let plan = StreamPlan { stream: made.stream.clone(), action, chosen: None };
        SoundPlan { plan, told: made.told.clone() }
    };
    sounds.renditions.iter().map(plan).collect()
}

fn copy_unless(obstacle: Option<String>) -> Action {
    match obstacle {
        Some(why) => Action::Transcode { why },
        None => Action::Copy,
    }
}

fn why_left_out(stream: &Stream, choice: &Choice<'_>, several: bool) -> String {
    match stream.kind {
        Kind::Video => return choice.why_left_out(stream),
        Kind::Audio if stream.codec.is_empty() => "ffmpeg does not know its codec",
        Kind::Audio if condition::is_broken_sound(stream) => "it is damaged: ffmpeg finds no sound in it",
        Kind::Audio if several && choice.has_in_programme(stream) => "it was not asked for",
        Kind::Audio => return choice.why_left_out(stream),
        Kind::Picture if stream.aside == Some(Aside::Thumbnails) => "pictures of chapters, no video",
        Kind::Picture if choice.video.is_none() => "cover art, no video: it becomes the poster",
        Kind::Picture => "cover art, no video",
        Kind::Subtitle => subtitles::why_left_out(stream),
        Kind::Data | Kind::Attachment => "players have no use for it",
    }
    .to_owned()
}

impl MediaPlan {
    /// Says where it plays, if that is not everywhere: what is converted is, and what has H.264 beside it.
    fn with_reach(mut self) -> Self {
        if self.compatible.is_some() {
            return self;
        }
        let codec = |plan: &StreamPlan| (plan.action == Action::Copy).then(|| plan.stream.codec.clone());
        let apart = self.sounds.iter().filter(|sound| sound.told.is_plain()).map(|sound| &sound.plan);
        let heard: Vec<String> = self.audio.iter().chain(apart).filter_map(codec).collect();
        let seen = self.video.as_ref().and_then(codec).unwrap_or_default();
        self.warnings.extend(reach::sentence(&seen, &heard));
        self
    }

    /// A sentence a stream, and one for the chapters.
    pub fn sentences(&self) -> Vec<String> {
        let chapters = (!self.chapters.is_empty()).then(|| format!("chapters  {}", self.chapters.len()));
        self.streams.iter().map(ToString::to_string).chain(chapters).collect()
    }

    /// The stream that the poster is made of: the video, the cover, or the sound itself.
    pub fn face(&self) -> Option<&Stream> {
        let video = self.video.as_ref().map(|video| &video.stream);
        video.or(self.cover.as_ref()).or(self.begins_with().map(|audio| &audio.stream))
    }

    /// The sound that players begin with.
    pub fn begins_with(&self) -> Option<&StreamPlan> {
        let apart = self.sounds.iter().find(|sound| sound.told.default);
        self.audio.as_ref().or(apart.map(|sound| &sound.plan))
    }

    /// What is published of the file.
    pub fn published(&self) -> impl Iterator<Item = &StreamPlan> {
        let pictures = self.video.iter().chain(&self.compatible);
        pictures.chain(&self.audio).chain(self.sounds.iter().map(|sound| &sound.plan))
    }

    /// The subtitles in it that are published.
    pub fn subtitles(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().filter(|plan| plan.action == Action::Text).map(|plan| &plan.stream)
    }

    /// Those that are published.
    pub fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.published().map(|plan| &plan.stream)
    }

    /// Same source, same ffmpeg: same bytes. Encoders differ with the number of their threads.
    pub fn is_deterministic(&self) -> bool {
        !self.fills && self.published().all(|plan| plan.action == Action::Copy)
    }

    /// How long segments will be on average if cut at the first keyframe at or after `wanted`.
    pub fn expected_segment_length(&self, wanted: Duration) -> Duration {
        let Some(spacing) = self.keyframe_spacing() else { return wanted };
        let spacings = (wanted.saturating_sub(SLACK).as_secs_f64() / spacing.as_secs_f64()).ceil().max(1.0);
        spacing.mul_f64(spacings.min(1e6)).max(wanted.saturating_sub(SLACK))
    }

    /// The segments that it will come to, if it has so many bytes; none if the length of the video is unknown.
    pub fn expected_segments(&self, lengths: &Lengths, bytes: u64) -> Vec<Duration> {
        let Some(duration) = self.duration else { return Vec::new() };
        lengths.foreseen(duration, self.keyframe_spacing(), SLACK, bytes)
    }

    /// How far apart keyframes are, if segments have to go by that: closer ones do not matter.
    pub fn keyframe_spacing(&self) -> Option<Duration> {
        self.keyframes.map(|(mean, _)| mean).filter(|mean| *mean >= PIECE)
    }

    /// About how many bytes of the source are published; `None` if that can't be told, or any of it is converted.
    pub fn published_bytes(&self, source_bytes: u64) -> Option<u64> {
        let copied = Self { compatible: None, ..self.clone() };
        let duration = self.duration.filter(|_| copied.is_deterministic())?.as_secs_f64();
        let is_large = |plan: &&StreamPlan| matches!(plan.stream.kind, Kind::Video | Kind::Audio);
        let left_out = |plan: &&StreamPlan| matches!(plan.action, Action::LeaveOut { .. });
        let rates = self.streams.iter().filter(is_large).filter(left_out).map(|plan| plan.stream.bit_rate);
        let left_out = rates.sum::<Option<u64>>()? as f64 / 8.0 * duration;
        Some(source_bytes.saturating_sub(left_out as u64))
    }

    /// How long the result must be, if the container is one that truly knows: with a table of contents or a header
    /// written at the end. Others (transport streams, raw ones) are estimated from what is there.
    pub fn promised_duration(&self) -> Option<Duration> {
        let indexed = |name: &str| ["mov", "matroska", "avi", "asf", "mxf", "flac"].contains(&name);
        if !self.container.split(',').any(indexed) {
            return None;
        }
        // of the streams that are published: those left out may be longer
        let mut lengths = self.published().map(|plan| plan.stream.duration);
        let first = lengths.next().flatten();
        if !self.others.is_empty() && self.video.is_none() {
            // a track beside others may be shorter than the film
            return first;
        }
        first.map(|first| lengths.flatten().fold(first, Duration::max)).or(self.duration)
    }

    /// Display size, after sample aspect ratio and rotation: what RESOLUTION names. `None` for sound alone.
    pub fn display_size(&self) -> Option<(u32, u32)> {
        let stream = &self.video.as_ref()?.stream;
        let aspect = stream.sample_aspect.map_or(1.0, Ratio::get);
        let width = (f64::from(stream.width) * aspect).round() as u32;
        Some(if stream.rotation % 180 == 90 { (stream.height, width) } else { (width, stream.height) })
    }
}

#[cfg(test)]
mod several;
#[cfg(test)]
mod tests;
