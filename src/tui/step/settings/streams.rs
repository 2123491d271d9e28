//! Which streams of a chosen video are published, where there is a choice. The video is read again for each: what becomes
//! of a stream depends on which it is.

use crate::{
    model::{
        reel::order::{Compatible, Wanted, WantedSubtitles, WantedTrack, WantedTracks},
        wording,
    },
    tui::backend::{H264, Offer, Probe},
};

/// A thing to choose of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tui) enum Part {
    Video,
    Audio,
    Subtitles,
    Deinterlace,
    Compatible,
}

/// What there is to choose.
pub(super) fn parts(probe: &Probe, wanted: Wanted) -> Vec<Part> {
    let several = |offer: &Offer| offer.streams.len() > 1;
    let video = several(&probe.video).then_some(Part::Video);
    let audio = several(&probe.audio).then_some(Part::Audio);
    let subtitles = (!probe.subtitles.streams.is_empty()).then_some(Part::Subtitles);
    let compatible = probe.h264.map(|_| Part::Compatible);
    let fields = (probe.interlaced || wanted.deinterlace).then_some(Part::Deinterlace);
    video.into_iter().chain(audio).chain(subtitles).chain(fields).chain(compatible).collect()
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
        Part::Subtitles => subtitles(wanted, probe, by),
        Part::Compatible => {
            let ways = [None, Some(Compatible::Add), Some(Compatible::Instead)];
            let at = ways.iter().position(|way| *way == wanted.compatible).unwrap_or_default();
            Wanted { compatible: ways[at.saturating_add_signed(by).min(ways.len() - 1)], ..wanted }
        }
        Part::Deinterlace => Wanted { deinterlace: !wanted.deinterlace, ..wanted },
    }
}

/// All tracks together come before each alone.
fn sound(wanted: Wanted, probe: &Probe, by: isize) -> Wanted {
    let Offer { chosen, streams, .. } = &probe.audio;
    let one = |(number, _): &(u32, String)| (Some(WantedTrack::Stream(*number)), None);
    let is_several = probe.video.chosen.is_some() || streams.len() > 1;
    let all = is_several.then_some((None, Some(WantedTracks::All)));
    let first = usize::from(all.is_some());
    let ways: Vec<_> = all.into_iter().chain(streams.iter().map(one)).collect();
    let asked = match wanted.audio {
        Some(WantedTrack::Stream(number)) => Some(number),
        _ => *chosen,
    };
    let alone = streams.iter().position(|(number, _)| Some(*number) == asked).map(|place| first + place);
    let at = if wanted.sounds.is_some() { 0 } else { alone.unwrap_or_default() };
    let next = ways.get(at.saturating_add_signed(by).min(ways.len().saturating_sub(1)));
    next.map_or(wanted, |(audio, sounds)| Wanted { audio: *audio, sounds: *sounds, ..wanted })
}

/// All, each alone if there are several, none. What was asked for otherwise stands before each alone, as all do.
fn subtitles(wanted: Wanted, probe: &Probe, by: isize) -> Wanted {
    let streams = &probe.subtitles.streams;
    let one = |(number, _): &(u32, String)| WantedTracks::one(WantedTrack::Stream(*number));
    let alone = streams.iter().filter(|_| streams.len() > 1).map(one).map(WantedSubtitles::Tracks);
    let ways: Vec<_> = [WantedSubtitles::default()].into_iter().chain(alone).chain([WantedSubtitles::None]).collect();
    let at = ways.iter().position(|way| *way == wanted.subtitles).unwrap_or_default();
    let next = ways.get(at.saturating_add_signed(by).min(ways.len() - 1));
    Wanted { subtitles: next.copied().unwrap_or_default(), ..wanted }
}

/// As it is now.
pub(in crate::tui) fn value(wanted: Wanted, part: Part, probe: &Probe) -> String {
    let offered = |offer: &Offer, asked: Option<u32>| {
        let number = asked.or(offer.chosen);
        let found = offer.streams.iter().find(|(offered, _)| Some(*offered) == number);
        found.map(|(_, words)| words.clone()).unwrap_or_default()
    };
    let sound = match wanted.audio {
        Some(WantedTrack::Stream(number)) => Some(number),
        _ => None,
    };
    match part {
        Part::Video => offered(&probe.video, wanted.video),
        Part::Audio if wanted.sounds.is_some() && probe.audio.together > 0 => together(&probe.audio),
        Part::Audio => offered(&probe.audio, sound),
        Part::Subtitles => of_subtitles(wanted.subtitles, &probe.subtitles),
        Part::Compatible => match wanted.compatible {
            None => "no",
            Some(Compatible::Add) => "H.264 too",
            Some(Compatible::Instead) => "only H.264",
        }
        .to_owned(),
        Part::Deinterlace if wanted.deinterlace => "yes".to_owned(),
        Part::Deinterlace => "no".to_owned(),
    }
}

fn together(offer: &Offer) -> String {
    let (together, all) = (offer.together, offer.streams.len());
    if together == all { format!("all {all} tracks") } else { format!("{together} of {all} tracks") }
}

fn of_subtitles(wanted: WantedSubtitles, offer: &Offer) -> String {
    let mut named = wanted.named();
    let alone = match (named.next(), named.next()) {
        (Some(WantedTrack::Stream(number)), None) => Some(number),
        _ => None,
    };
    let is_it = |(number, _): &&(u32, String)| offer.streams.len() == 1 || alone == Some(*number);
    match offer.streams.iter().find(is_it) {
        _ if wanted == WantedSubtitles::None => "none".to_owned(),
        Some((_, words)) => words.clone(),
        None => together(offer),
    }
}

/// What stands beside the value.
pub(in crate::tui) fn note(wanted: Wanted, part: Part, probe: &Probe) -> String {
    match part {
        Part::Video => probe.video.why.clone().unwrap_or_default(),
        Part::Audio if wanted.sounds.is_some() && probe.audio.together > 0 => "viewers choose".to_owned(),
        Part::Audio => probe.audio.why.clone().unwrap_or_default(),
        Part::Subtitles if wanted.subtitles == WantedSubtitles::None => "left out".to_owned(),
        Part::Subtitles => "viewers turn them on".to_owned(),
        Part::Compatible => probe.h264.map(|h264| cost(wanted, h264, probe)).unwrap_or_default(),
        Part::Deinterlace if wanted.deinterlace => "the picture is converted".to_owned(),
        Part::Deinterlace => "browsers show stripes where things move".to_owned(),
    }
}

fn cost(wanted: Wanted, h264: H264, probe: &Probe) -> String {
    let time = wording::span(h264.time);
    let bytes = h264.bit_rate as f64 / 8.0 * probe.duration.as_secs_f64();
    match wanted.compatible {
        None => "some players can't play it".to_owned(),
        Some(Compatible::Add) => {
            format!("plays everywhere; ≈ {time} of encoding, {} more", wording::bytes(bytes as u64))
        }
        Some(Compatible::Instead) => format!("plays everywhere; ≈ {time} of encoding"),
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
        let all = Wanted { sounds: Some(WantedTracks::All), ..Wanted::default() };
        assert_eq!(value(all, Part::Audio, &probe), "all 2 tracks");
        let first = changed(all, Part::Audio, &probe, 1);
        assert_eq!((first.audio, first.sounds), (Some(WantedTrack::Stream(2)), None));
        let second = changed(first, Part::Audio, &probe, 1);
        assert_eq!(second.audio, Some(WantedTrack::Stream(3)));
        assert_eq!(changed(second, Part::Audio, &probe, 1), second, "the last");
        assert_eq!(changed(first, Part::Audio, &probe, -1), all);
        assert_eq!(changed(all, Part::Audio, &probe, -1), all, "the first");
        (probe.video.chosen, probe.audio.together) = (None, 0);
        let alone = changed(Wanted::default(), Part::Audio, &probe, 1);
        assert_eq!((alone.audio, alone.sounds), (Some(WantedTrack::Stream(3)), None));
        let first = changed(alone, Part::Audio, &probe, -1);
        assert_eq!(first.audio, Some(WantedTrack::Stream(2)));
        assert_eq!(changed(first, Part::Audio, &probe, -1), all, "tracks of sound alone stand together too");
    }

    #[test]
    fn all_subtitles_come_before_each_alone_and_none_is_the_last() {
        let mut probe = script::two_cameras();
        assert!(!parts(&probe, Wanted::default()).contains(&Part::Subtitles), "there are none");
        probe.subtitles.streams = vec![(4, "#4 SubRip (eng)".to_owned()), (5, "#5 film.de.srt".to_owned())];
        probe.subtitles.together = 2;
        let mut wanted = Wanted::default();
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push((wanted.subtitles.to_string(), value(wanted, Part::Subtitles, &probe)));
            wanted = changed(wanted, Part::Subtitles, &probe, 1);
        }
        let seen: Vec<_> = seen.iter().map(|(asked, words)| (asked.as_str(), words.as_str())).collect();
        let none = ("none", "none");
        assert_eq!(seen, [("all", "all 2 tracks"), ("4", "#4 SubRip (eng)"), ("5", "#5 film.de.srt"), none, none]);
        assert_eq!(changed(wanted, Part::Subtitles, &probe, -1).subtitles.to_string(), "5");
        probe.subtitles.together = 1;
        let german = Wanted { subtitles: "de".parse().unwrap(), ..Wanted::default() };
        assert_eq!(value(german, Part::Subtitles, &probe), "1 of 2 tracks");
        probe.subtitles.streams.truncate(1);
        assert_eq!(value(Wanted::default(), Part::Subtitles, &probe), "#4 SubRip (eng)");
        assert_eq!(changed(Wanted::default(), Part::Subtitles, &probe, 1).subtitles, WantedSubtitles::None);
    }
}
