//! Which streams of a chosen video are published, where there is a choice. The video is read again for each: what becomes
//! of a stream depends on which it is.

use crate::{
    model::reel::order::{Wanted, WantedAudio},
    tui::backend::{Offer, Probe},
};

/// A thing to choose of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tui) enum Part {
    Video,
    Audio,
    Deinterlace,
}

/// What there is to choose.
pub(super) fn parts(probe: &Probe, wanted: Wanted) -> Vec<Part> {
    let several = |offer: &Offer| offer.streams.len() > 1;
    let video = several(&probe.video).then_some(Part::Video);
    let audio = several(&probe.audio).then_some(Part::Audio);
    let fields = (probe.interlaced || wanted.deinterlace).then_some(Part::Deinterlace);
    video.into_iter().chain(audio).chain(fields).collect()
}

/// Asks for the next stream, or the one before.
pub(super) fn changed(wanted: Wanted, part: Part, probe: &Probe, by: isize) -> Wanted {
    let next = |offer: &Offer| {
        let at = offer.streams.iter().position(|(number, _)| Some(*number) == offer.chosen).unwrap_or_default();
        let at = at.saturating_add_signed(by).min(offer.streams.len().saturating_sub(1));
        offer.streams.get(at).map(|(number, _)| *number)
    };
    match part {
        Part::Video => Wanted { video: next(&probe.video), ..wanted },
        Part::Audio => Wanted { audio: next(&probe.audio).map(WantedAudio::Stream), ..wanted },
        Part::Deinterlace => Wanted { deinterlace: !wanted.deinterlace, ..wanted },
    }
}

/// As it is now.
pub(in crate::tui) fn value(wanted: Wanted, part: Part, probe: &Probe) -> String {
    let offered = |offer: &Offer, asked: Option<u32>| {
        let number = asked.or(offer.chosen);
        let found = offer.streams.iter().find(|(offered, _)| Some(*offered) == number);
        found.map(|(_, words)| words.clone()).unwrap_or_default()
    };
    let sound = match wanted.audio {
        Some(WantedAudio::Stream(number)) => Some(number),
        _ => None,
    };
    match part {
        Part::Video => offered(&probe.video, wanted.video),
        Part::Audio => offered(&probe.audio, sound),
        Part::Deinterlace if wanted.deinterlace => "yes".to_owned(),
        Part::Deinterlace => "no".to_owned(),
    }
}

/// What stands beside the value.
pub(in crate::tui) fn note(wanted: Wanted, part: Part, probe: &Probe) -> String {
    match part {
        Part::Video => probe.video.why.clone().unwrap_or_default(),
        Part::Audio => probe.audio.why.clone().unwrap_or_default(),
        Part::Deinterlace if wanted.deinterlace => "the picture is re-encoded".to_owned(),
        Part::Deinterlace => "browsers show combs where things move".to_owned(),
    }
}
