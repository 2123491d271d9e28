//! What is said of a plan that is carried out all the same.

use std::time::Duration;

use super::fate::{Action, StreamPlan};
use crate::model::media::{
    facts::{Media, Ratio, Stream, seconds},
    streams::condition,
};

/// A Lambda function streams 2 MB/s after the first 6 MB; with less than this there is room for the player's pace.
const RELAY_BIT_RATE: u64 = 12_000_000;
/// Keyframes rarer than this make segments that are slow to start and to seek.
const LONG_GAP: Duration = Duration::from_secs(12);
pub(super) fn warnings(media: &Media, video: Option<&StreamPlan>, audio: Option<&Stream>) -> Vec<String> {
    let mut warnings = Vec::new();
    if audio.is_none() {
        warnings.extend(condition::silence(media));
    }
    match video {
        Some(video) => warnings.extend(video_warnings(media, video)),
        None => warnings.push("there is no picture: the reel will be sound alone".to_owned()),
    }
    if media.duration.is_none() {
        warnings.push("the file does not say how long it is: counts and times ahead are unknown".to_owned());
    }
    warnings
}

fn video_warnings(media: &Media, video: &StreamPlan) -> Vec<String> {
    let mut warnings = Vec::new();
    let stream = &video.stream;
    let copied = video.action == Action::Copy;
    if stream.interlaced && copied {
        let lines = stream.height;
        warnings.push(format!(
            "the picture is interlaced ({lines}i), and copied as it is: browsers show stripes where things move; \
             `--deinterlace` converts it without"
        ));
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
    if stream.is_hdr() || stream.dolby_vision.is_some() {
        let fate = if copied {
            "many screens show it pale"
        } else {
            "converted to 8 bits, its colours are mapped if this ffmpeg can (`zscale`), else they look pale"
        };
        warnings.push(format!("the picture is HDR; {fate}"));
    }
    warnings
}

/// The average rate if it is far from the rate that all timestamps fit.
fn varying(stream: &Stream) -> Option<Ratio> {
    let (average, base) = (stream.frame_rate?, stream.base_frame_rate?);
    let factor = base.get() / average.get();
    (!stream.interlaced && !(0.98..=1.02).contains(&factor)).then_some(average)
}
