//! A plan for a video as the wizard shows it: a line a stream.

use std::collections::BTreeSet;

use crate::{
    model::{
        media::{
            decide::{Action, MediaPlan, SoundPlan, StreamPlan},
            facts::{self, Kind, Media},
            renditions::Encoding,
            streams::{subtitles::is_text, words::describe},
        },
        report::fault::Fault,
    },
    tui::backend::{Fate, H264, Keyframes, Offer, Probe, Stream},
    use_cases::video::Told,
};

/// `beside`: subtitle files beside the video.
pub(super) fn probe(media: &Media, plan: &MediaPlan, beside: Vec<Told>, bit_rate: u64) -> Probe {
    Probe {
        subtitles: subtitles(plan, &beside),
        duration: plan.duration.unwrap_or_default(),
        bytes: media.bytes,
        bit_rate,
        streams: plan.streams.iter().map(|of| stream(of, plan)).chain(chapters(plan)).chain(files(beside)).collect(),
        sounds: plan.sounds.iter().map(SoundPlan::bit_rate).collect(),
        keyframes: plan.keyframes.map(|(typical, longest)| Keyframes { typical, longest }),
        video: offer(media, plan.video.as_ref(), Kind::Video),
        audio: Offer { together: tracks(plan), ..offer(media, plan.audio.as_ref(), Kind::Audio) },
        h264: h264(plan),
        interlaced: plan.video.as_ref().is_some_and(|video| video.stream.interlaced),
        stills: plan.fills,
        refused: None,
        warnings: plan.warnings.clone(),
    }
}

pub(super) fn refused(fault: Fault, bytes: u64, duration: std::time::Duration) -> Probe {
    Probe {
        duration,
        bytes,
        bit_rate: 0,
        streams: Vec::new(),
        sounds: Vec::new(),
        keyframes: None,
        video: Offer::default(),
        audio: Offer::default(),
        subtitles: Offer::default(),
        h264: None,
        interlaced: false,
        stills: false,
        refused: Some(fault),
        warnings: Vec::new(),
    }
}

/// Of the file as a whole where the container does not say.
pub(super) fn bit_rate(media: &Media) -> u64 {
    let seconds = media.duration.map_or(0.0, |duration| duration.as_secs_f64());
    let average = if seconds > 0.0 { (media.bytes as f64 * 8.0 / seconds) as u64 } else { 0 };
    media.bit_rate.unwrap_or(average)
}

fn offer(media: &Media, plan: Option<&StreamPlan>, kind: Kind) -> Offer {
    Offer {
        chosen: plan.map(|plan| plan.stream.index),
        streams: media.choosable(kind).map(numbered).collect(),
        together: 0,
        why: plan.and_then(|plan| plan.chosen.clone()),
    }
}

/// Without the profile, for which there is no room, and which says little to most: where it is why a stream is not copied, the
/// reason names it.
fn plainly(stream: &facts::Stream) -> String {
    describe(&facts::Stream { profile: None, ..stream.clone() })
}

/// What is shown where it can be chosen.
fn numbered(stream: &facts::Stream) -> (u32, String) {
    let words = plainly(stream);
    let what = words.split_once("  ").map_or(words.as_str(), |(_, what)| what);
    (stream.index, format!("#{} {what}", stream.index))
}

/// Sound tracks in renditions of their own.
fn tracks(plan: &MediaPlan) -> usize {
    let numbers: BTreeSet<u32> = plan.sounds.iter().map(|sound| sound.plan.stream.index).collect();
    numbers.len()
}

/// Where it makes a difference.
fn h264(plan: &MediaPlan) -> Option<H264> {
    /// Of x264, as it is run.
    const THREADS: usize = 8;
    let video = plan.video.as_ref()?;
    let is_other = video.action == Action::Copy && video.stream.codec != "h264";
    if !is_other && plan.wanted.compatible.is_none() {
        return None;
    }
    let Encoding { bit_rate, effort } = Encoding::of(&video.stream);
    let processors = std::thread::available_parallelism().map_or(1, |number| number.get().min(THREADS));
    let time = plan.duration.unwrap_or_default().mul_f64(effort / processors as f64);
    Some(H264 { bit_rate, time, is_beside: plan.compatible.is_some() })
}

fn chapters(plan: &MediaPlan) -> Option<Stream> {
    (!plan.chapters.is_empty()).then(|| Stream {
        kind: "chapters".to_owned(),
        what: plan.chapters.len().to_string(),
        bit_rate: None,
        optional: false,
        fate: Fate::Text,
    })
}

fn files(beside: Vec<Told>) -> impl Iterator<Item = Stream> {
    beside.into_iter().map(|Told { what, left_out, .. }| Stream {
        kind: "subtitles".to_owned(),
        what,
        bit_rate: None,
        optional: false,
        fate: left_out.map_or(Fate::Text, Fate::LeaveOut),
    })
}

/// Those that are text, in the file and beside it.
fn subtitles(plan: &MediaPlan, beside: &[Told]) -> Offer {
    let texts = plan.streams.iter().filter(|plan| plan.stream.kind == Kind::Subtitle && is_text(&plan.stream));
    let inside = texts.map(|plan| (numbered(&plan.stream), plan.action == Action::Text));
    let texts = beside.iter().filter(|file| file.is_text);
    let outside = texts.map(|file| ((file.number, file.what.clone()), file.left_out.is_none()));
    let (streams, taken): (Vec<_>, Vec<bool>) = inside.chain(outside).unzip();
    Offer { chosen: None, streams, together: taken.into_iter().filter(|is_taken| *is_taken).count(), why: None }
}

fn stream(plan: &StreamPlan, of: &MediaPlan) -> Stream {
    let optional = of.optional.contains(&plan.stream.index);
    let words = plainly(&plan.stream);
    let (kind, what) = words.split_once("  ").unwrap_or(("stream", &words));
    let (number, kind) = kind.split_once(' ').unwrap_or(("", kind));
    let fate = match &plan.action {
        Action::Copy if optional => Fate::Transcode("copied, with AAC stereo beside it".to_owned()),
        Action::Copy => Fate::Copy,
        Action::Text => Fate::Text,
        Action::LeaveOut { why } => Fate::LeaveOut(why.clone()),
        Action::Transcode { why } if plan.stream.kind == Kind::Video => {
            Fate::Transcode(format!("converted to H.264, since it {why}"))
        }
        Action::Transcode { why } => Fate::Transcode(format!("converted to AAC stereo, since it {why}")),
    };
    Stream { kind: kind.to_owned(), what: format!("{number} {what}"), bit_rate: plan.stream.bit_rate, optional, fate }
}
