//! A plan for a video as the wizard shows it: a line a stream.

use crate::{
    model::{
        media::{
            decide::{Action, MediaPlan, StreamPlan, describe},
            facts::{Kind, Media},
        },
        report::fault::Fault,
    },
    tui::backend::{Fate, Keyframes, Probe, Stream},
};

pub(super) fn probe(plan: &MediaPlan, bytes: u64, bit_rate: u64) -> Probe {
    Probe {
        duration: plan.duration.unwrap_or_default(),
        bytes,
        bit_rate,
        streams: plan.streams.iter().map(stream).collect(),
        keyframes: plan.keyframes.map(|(typical, longest)| Keyframes { typical, longest }),
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
        keyframes: None,
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

fn stream(plan: &StreamPlan) -> Stream {
    let words = describe(&plan.stream);
    let (kind, what) = words.split_once("  ").unwrap_or(("stream", &words));
    let fate = match &plan.action {
        Action::Copy => Fate::Copy,
        Action::LeaveOut { why } => Fate::LeaveOut(why.clone()),
        Action::Transcode { why } if plan.stream.kind == Kind::Video => {
            Fate::Transcode(format!("re-encoded to H.264 High, since it {why}"))
        }
        Action::Transcode { why } => Fate::Transcode(format!("re-encoded to AAC stereo, since it {why}")),
    };
    Stream { kind: kind.to_owned(), what: what.to_owned(), bit_rate: plan.stream.bit_rate, fate }
}
