//! Why players can't take a stream as it is, in what the segments are packed in.

use std::time::Duration;

use super::compatible;
use crate::model::media::{
    container::{Container, WantedContainer},
    facts::{Media, Stream, seconds},
    streams::{loudness::TARGET, orientation, words::codec_name},
};

/// Audio hidden by an edit list up to this is encoder priming (AAC from Apple: 2,112 samples), nothing cut out.
const PRIMING_MAX: Duration = Duration::from_millis(250);
/// Edit lists count in units of up to 1/600 s, so less than two of them hidden is rounding; a frame is more.
const ROUNDING_MAX: Duration = Duration::from_millis(3);

/// What was asked for; else transport streams, which all players take, unless fragmented MP4 saves a stream from being
/// converted. Where the picture is converted in any case, its sound is no reason.
pub(super) fn container(media: &Media, video: Option<&Stream>, audio: Option<&Stream>) -> Container {
    let video_in = |container| video.is_some_and(|video| of_video(video, media, container).is_some());
    let audio_in = |container| audio.is_some_and(|audio| of_audio(audio, media, container).is_some());
    let saves = match (video_in(Container::Ts), video_in(Container::Mp4)) {
        (true, saved) => !saved,
        (false, _) => audio_in(Container::Ts) && !audio_in(Container::Mp4),
    };
    match media.wanted.container {
        WantedContainer::Mp4 => Container::Mp4,
        WantedContainer::Auto if saves => Container::Mp4,
        WantedContainer::Ts | WantedContainer::Auto => Container::Ts,
    }
}

pub(super) fn of_video(stream: &Stream, media: &Media, container: Container) -> Option<String> {
    if media.wanted.deinterlace {
        return Some("is to be deinterlaced, as asked".to_owned());
    }
    if let Some(why) = compatible::instead(stream, media) {
        return Some(why);
    }
    if !matches!(stream.codec.as_str(), "h264" | "hevc" | "av1") {
        return Some(format!("is {}, which few players take", codec_name(stream)));
    }
    let format = stream.pixel_format.as_deref().unwrap_or_default();
    let is_taken = match stream.codec.as_str() {
        "h264" => matches!(format, "yuv420p" | "yuvj420p"),
        _ => matches!(format, "yuv420p" | "yuvj420p" | "yuv420p10le"),
    };
    if !is_taken {
        let name = if format.is_empty() { "unknown" } else { format };
        return Some(format!("has a pixel format few players take ({name})"));
    }
    if let Some(profile) = stream.profile.as_deref().filter(|profile| !is_common(stream, profile)) {
        return Some(format!("is {} {profile}, which few players take", codec_name(stream)));
    }
    if stream.dolby_vision.is_some_and(|dolby| dolby.stands_alone()) {
        return Some("is Dolby Vision of profile 5, which all other players show in green and pink".to_owned());
    }
    if media.hidden.video > ROUNDING_MAX {
        let hidden = seconds(media.hidden.video);
        return Some(format!("was trimmed: the {hidden} cut out are still in the file, and a copy would publish them"));
    }
    if let Some(orientation) = orientation::words(stream) {
        let cant = match container {
            Container::Ts => "MPEG-TS can't say: it would not play upright",
            // immich-app/immich#30010; Chromium, Firefox, mpv and ffmpeg heed it
            Container::Mp4 => "iPhones don't heed in HLS: it would not play upright there",
        };
        return Some(format!("{orientation}, which {cant}"));
    }
    if media.keyframes.is_some_and(|keyframes| keyframes.untimed) {
        return Some("has pictures without presentation times".to_owned());
    }
    let is_carried = container == Container::Mp4 || stream.codec == "h264";
    (!is_carried).then(|| format!("is {}, which players don't take in MPEG-TS", codec_name(stream)))
}

/// Whether players of a codec take this profile of it. H.264's are told by the pixel format.
fn is_common(stream: &Stream, profile: &str) -> bool {
    match stream.codec.as_str() {
        "hevc" => matches!(profile, "Main" | "Main 10" | "Main Still Picture"),
        "av1" => profile == "Main",
        _ => true,
    }
}

pub(super) fn of_audio(stream: &Stream, media: &Media, container: Container) -> Option<String> {
    if media.wanted.loudness.is_normalized() {
        return Some(format!("is to be normalized to {TARGET} LUFS, as asked"));
    }
    let profile = stream.profile.as_deref().unwrap_or("LC");
    match (stream.codec.as_str(), container) {
        ("aac", _) if !matches!(profile, "LC" | "HE-AAC" | "HE-AACv2") => {
            return Some(format!("is AAC {profile}, which few players take"));
        }
        ("aac", _) | ("opus" | "flac", Container::Mp4) => {}
        ("opus" | "flac", Container::Ts) => {
            return Some(format!("is {}, which players don't take in MPEG-TS", codec_name(stream)));
        }
        _ => return Some(format!("is {}, which few players take", codec_name(stream))),
    }
    trimmed_sound(media)
}

pub(super) fn trimmed_sound(media: &Media) -> Option<String> {
    // in a file that was trimmed for certain, no more than a frame or two is priming
    let priming = if media.hidden.video <= ROUNDING_MAX { PRIMING_MAX } else { PRIMING_MAX / 4 };
    let hidden = seconds(media.hidden.audio);
    let words = || format!("was trimmed: the {hidden} cut out are still in the file, and a copy would publish them");
    (media.hidden.audio > priming).then(words)
}
