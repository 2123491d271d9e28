//! Videos of several kinds, as the engine tells of them.

use std::time::Duration;

use super::probe;
use crate::{
    model::reel::order::{Compatible, WantedTrack},
    tui::backend::{Fate, H264, Offer, Probe, Stream, Wanted},
};

/// What a phone makes: nothing of it plays everywhere.
pub(in crate::tui) fn phone() -> Probe {
    let mut probe = probe();
    probe.streams[0].what = "ProRes 3840×2160 30 fps".into();
    probe.streams[0].fate = Fate::Transcode("converted to H.264, since it is ProRes, which few players take".into());
    probe.streams.push(Stream {
        optional: false,
        kind: "data".into(),
        what: "mebx".into(),
        bit_rate: None,
        fate: Fate::LeaveOut("players have no use for it".into()),
    });
    probe
}

/// Two cameras and two languages, all of fields.
pub(in crate::tui) fn two_cameras() -> Probe {
    let mut probe = probe();
    let offer = |chosen: u32, streams: [(u32, &str); 2]| Offer {
        together: 0,
        chosen: Some(chosen),
        streams: streams.map(|(number, words)| (number, words.to_owned())).to_vec(),
        why: Some("chosen of 2, since it comes first".to_owned()),
    };
    probe.video = offer(0, [(0, "#0 H.264 1920x1080 25 fps"), (1, "#1 H.264 1920x1080 25 fps")]);
    probe.audio = offer(2, [(2, "#2 AAC LC stereo 48 kHz (eng)"), (3, "#3 AAC LC stereo 48 kHz (deu)")]);
    probe.interlaced = true;
    probe
}

/// Subtitles in the file and beside it.
pub(in crate::tui) fn with_subtitles() -> Probe {
    let streams = vec![(2, "#2 SubRip (eng)".to_owned()), (3, "#3 take 19.de.srt  SubRip (de)".to_owned())];
    Probe { subtitles: Offer { streams, together: 2, ..Offer::default() }, ..probe() }
}

/// HEVC, which is published as it is and does not play everywhere.
pub(in crate::tui) fn hevc() -> Probe {
    let mut probe = probe();
    probe.streams[0].what = "HEVC 3840×2160 30 fps".into();
    let time = Duration::from_secs(25 * 60);
    Probe { h264: Some(H264 { bit_rate: 24_000_000, time, is_beside: false }), ..probe }
}

/// As the engine answers when streams are asked for.
pub(in crate::tui) fn chosen(mut probe: Probe, wanted: Wanted) -> Probe {
    let why = || Some("chosen, since it was asked for".to_owned());
    if let Some(number) = wanted.video {
        (probe.video.chosen, probe.video.why) = (Some(number), why());
    }
    if let Some(WantedTrack::Stream(number)) = wanted.audio {
        (probe.audio.chosen, probe.audio.why) = (Some(number), why());
    }
    if let Some(h264) = &mut probe.h264 {
        h264.is_beside = wanted.compatible == Some(Compatible::Add);
    }
    if wanted.compatible == Some(Compatible::Instead) {
        probe.streams[0].fate = Fate::Transcode("converted to H.264, since it is HEVC, and H.264 was asked for".into());
    }
    if wanted.deinterlace {
        probe.streams[0].fate = Fate::Transcode("converted to H.264, since it is to be deinterlaced".into());
    }
    probe
}
