//! Which streams of a chosen video are published, where there is a choice. The video is read again for each: what becomes
//! of a stream depends on which it is.

use crate::{
    model::reel::order::{Wanted, WantedAudio, WantedSounds},
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
        Part::Audio => sound(wanted, probe, by),
        Part::Deinterlace => Wanted { deinterlace: !wanted.deinterlace, ..wanted },
    }
}

/// All tracks together come before each alone; sound without a picture is one.
fn sound(wanted: Wanted, probe: &Probe, by: isize) -> Wanted {
    let Offer { chosen, streams, .. } = &probe.audio;
    let one = |(number, _): &(u32, String)| (Some(WantedAudio::Stream(*number)), None);
    let all = probe.video.chosen.map(|_| (None, Some(WantedSounds::All)));
    let first = usize::from(all.is_some());
    let ways: Vec<_> = all.into_iter().chain(streams.iter().map(one)).collect();
    let asked = match wanted.audio {
        Some(WantedAudio::Stream(number)) => Some(number),
        _ => *chosen,
    };
    let alone = streams.iter().position(|(number, _)| Some(*number) == asked).map(|place| first + place);
    let at = if wanted.sounds.is_some() { 0 } else { alone.unwrap_or_default() };
    let next = ways.get(at.saturating_add_signed(by).min(ways.len().saturating_sub(1)));
    next.map_or(wanted, |(audio, sounds)| Wanted { audio: *audio, sounds: *sounds, ..wanted })
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
        Part::Audio if wanted.sounds.is_some() && probe.audio.together > 0 => {
            let (together, all) = (probe.audio.together, probe.audio.streams.len());
            if together == all { format!("all {all} tracks") } else { format!("{together} of {all} tracks") }
        }
        Part::Audio => offered(&probe.audio, sound),
        Part::Deinterlace if wanted.deinterlace => "yes".to_owned(),
        Part::Deinterlace => "no".to_owned(),
    }
}

/// What stands beside the value.
pub(in crate::tui) fn note(wanted: Wanted, part: Part, probe: &Probe) -> String {
    match part {
        Part::Video => probe.video.why.clone().unwrap_or_default(),
        Part::Audio if wanted.sounds.is_some() && probe.audio.together > 0 => "viewers choose".to_owned(),
        Part::Audio => probe.audio.why.clone().unwrap_or_default(),
        Part::Deinterlace if wanted.deinterlace => "the picture is re-encoded".to_owned(),
        Part::Deinterlace => "browsers show stripes where things move".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::script;

    #[test]
    fn all_tracks_come_before_each_alone_and_sound_alone_is_one() {
        let mut probe = script::two_cameras();
        probe.audio.together = 2;
        let all = Wanted { sounds: Some(WantedSounds::All), ..Wanted::default() };
        assert_eq!(value(all, Part::Audio, &probe), "all 2 tracks");
        let first = changed(all, Part::Audio, &probe, 1);
        assert_eq!((first.audio, first.sounds), (Some(WantedAudio::Stream(2)), None));
        let second = changed(first, Part::Audio, &probe, 1);
        assert_eq!(second.audio, Some(WantedAudio::Stream(3)));
        assert_eq!(changed(second, Part::Audio, &probe, 1), second, "the last");
        assert_eq!(changed(first, Part::Audio, &probe, -1), all);
        assert_eq!(changed(all, Part::Audio, &probe, -1), all, "the first");
        (probe.video.chosen, probe.audio.together) = (None, 0);
        let alone = changed(Wanted::default(), Part::Audio, &probe, 1);
        assert_eq!((alone.audio, alone.sounds), (Some(WantedAudio::Stream(3)), None));
        assert_eq!(changed(alone, Part::Audio, &probe, -1).audio, Some(WantedAudio::Stream(2)));
    }
}
