//! H.264 for players that do not take the picture as it is: beside it, or instead of it.

use super::fate::{Action, StreamPlan};
use crate::model::media::{
    facts::{Compatible, Media, Stream, Transcode, Wanted},
    streams::words::codec_name,
};

/// What every player plays: 8 bits, 4:2:0.
fn is_plain(stream: &Stream) -> bool {
    stream.codec == "h264" && matches!(stream.pixel_format.as_deref(), Some("yuv420p" | "yuvj420p"))
}

/// What was asked for, where it makes a difference.
pub(super) fn asked(media: &Media, video: Option<&Stream>) -> Option<Compatible> {
    media.wanted.compatible.filter(|_| video.is_some_and(|video| !is_plain(video)))
}

/// Asking for it allows what it takes.
pub(super) fn allowed(transcode: Transcode, asked: Option<Compatible>) -> Transcode {
    match (transcode, asked) {
        (Transcode::Ask, Some(_)) => Transcode::Auto,
        (transcode, _) => transcode,
    }
}

/// Why a stream is not copied, if H.264 was asked for instead.
pub(super) fn instead(stream: &Stream, media: &Media) -> Option<String> {
    let asked = asked(media, Some(stream)).filter(|asked| *asked == Compatible::Instead);
    asked.map(|_| format!("is {}, and H.264 was asked for", codec_name(stream)))
}

/// The rendition beside a picture that is copied.
pub(super) fn beside(video: Option<&Stream>, streams: &[StreamPlan], asked: Option<Compatible>) -> Option<StreamPlan> {
    let video = video.filter(|_| asked == Some(Compatible::Add))?;
    let copied = streams.iter().find(|plan| plan.stream.index == video.index && plan.action == Action::Copy)?;
    let why = format!("is {}, and H.264 was asked for beside it", codec_name(video));
    Some(StreamPlan { action: Action::Transcode { why }, ..copied.clone() })
}

/// The streams, with what is said of the one that it stands beside.
pub(super) fn told(mut streams: Vec<StreamPlan>, beside: Option<&StreamPlan>) -> Vec<StreamPlan> {
    for plan in streams.iter_mut().filter(|plan| beside.is_some_and(|one| one.stream.index == plan.stream.index)) {
        let words = "H.264 beside it, for players that do not take it";
        let before = plan.chosen.take().map(|before| format!("{before}; "));
        plan.chosen = Some(format!("{}{words}", before.unwrap_or_default()));
    }
    streams
}

/// So that it makes the same again: what has nothing to stand beside stands instead of it.
pub(super) fn settled(wanted: Wanted, asked: Option<Compatible>, is_beside: bool) -> Wanted {
    let compatible = asked.map(|_| if is_beside { Compatible::Add } else { Compatible::Instead });
    Wanted { compatible, ..wanted }
}

pub(super) fn warning(media: &Media, asked: Option<Compatible>) -> Option<String> {
    let in_vain = media.wanted.compatible.is_some() && asked.is_none();
    let words = "`--compatible` changes nothing: there is no picture, or it is H.264 that every player plays";
    in_vain.then(|| words.to_owned())
}
