//! Values in ffprobe's JSON: bounded, and `None` where they are missing or make no sense.

use std::time::Duration;

use serde_json::Value;

use crate::model::media::{
    facts::{DolbyVision, Ratio},
    streams::subtitles::TTML,
};

/// Characters kept of any text.
const TEXT_MAX: usize = 120;
/// Longer than any video: eleven days, in seconds.
const SECONDS_MAX: f64 = 1_000_000.0;

pub(super) fn list(json: &Value) -> &[Value] {
    json.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// ffprobe writes many numbers as text.
pub(super) fn number(json: &Value) -> Option<u64> {
    json.as_u64().or_else(|| json.as_str()?.parse().ok())
}

pub(super) fn seconds(json: &Value) -> Option<f64> {
    let seconds = json.as_f64().or_else(|| json.as_str()?.parse().ok())?;
    (seconds.is_finite() && seconds.abs() <= SECONDS_MAX).then_some(seconds)
}

pub(super) fn duration(json: &Value) -> Option<Duration> {
    let duration = Duration::try_from_secs_f64(seconds(json)?).ok()?;
    (!duration.is_zero()).then_some(duration)
}

/// Matroska's `00:00:25.123000000`.
pub(super) fn clock(text: &str) -> Option<Duration> {
    let mut parts = text.trim().splitn(3, ':');
    let (hours, minutes) = (parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?);
    let rest = parts.next()?.parse::<f64>().ok()?;
    let seconds = f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + rest;
    duration(&Value::from(seconds))
}

pub(super) fn ratio(json: &Value, separator: char) -> Option<Ratio> {
    let (numerator, denominator) = json.as_str()?.split_once(separator)?;
    Ratio::new(numerator.parse().ok()?, denominator.parse().ok()?)
}

/// Text from inside the file: shown on terminals, so without control characters.
pub(super) fn text(json: &Value) -> Option<String> {
    let text: String = json.as_str()?.chars().filter(|character| !character.is_control()).take(TEXT_MAX).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The codec's name, which ffmpeg 5.1 does not have for TTML; empty if there is none.
pub(super) fn codec(stream: &Value, tag: &str) -> String {
    let named = text(&stream["codec_name"]).filter(|codec| codec != "unknown" && codec != "none");
    named.unwrap_or_else(|| if tag == "stpp" { TTML.to_owned() } else { String::new() })
}

pub(super) fn dolby_vision(data: &Value) -> Option<DolbyVision> {
    let field = |name: &str| number(&data[name]).and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let is_it = data["side_data_type"] == "DOVI configuration record";
    is_it.then(|| DolbyVision { profile: field("dv_profile"), compatibility: field("dv_bl_signal_compatibility_id") })
}
