//! Cameras and drones write where they fly and how they expose into subtitle tracks. That is no caption, and may tell where
//! someone lives.

use super::cue::{Cue, bare};

/// What flight logs and cameras write, and people do not say.
const MARKS: [&str; 14] = [
    "[latitude",
    "[longitude",
    "[iso",
    "[rel_alt",
    "GPS(",
    "GPS (",
    "HOME(",
    "BAROMETER:",
    "FrameCnt",
    "SrtCnt",
    "DiffTime",
    "altitude:",
    "shutter :",
    "D.H:",
];
/// Cues that are looked at.
const LOOKED_AT: usize = 60;

/// Whether more than half of the first cues are what a camera notes.
pub fn is_telemetry(cues: &[Cue]) -> bool {
    let looked_at = &cues[..cues.len().min(LOOKED_AT)];
    let noted = looked_at.iter().filter(|cue| is_note(&bare(&cue.text))).count();
    noted * 2 > looked_at.len()
}

fn is_note(text: &str) -> bool {
    // a lens, a shutter and a film speed: `F/2.8, SS 206.14, ISO 100, EV 0`
    let exposure = text.contains("F/") && text.contains("SS ") && text.contains("ISO");
    let exposure = exposure || text.to_ascii_lowercase().contains("iso :") && text.contains("shutter");
    exposure || MARKS.iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> bool {
        let cues: Vec<Cue> = (0..10).filter_map(|at| Cue::new(at * 1000, at * 1000 + 1000, "", text)).collect();
        assert_eq!(cues.len(), 10);
        is_telemetry(&cues)
    }

    #[test]
    fn what_a_drone_notes_is_no_caption() {
        for text in [
            "<font size=\"36\">FrameCnt : 1, DiffTime : 33ms\n2021-05-05 14:05:51.123\n[iso : 100] [shutter : 1/640.0] [fnum : 280] \
             [latitude: 52.5200] [longitude: 13.4050]</font>",
            "HOME(149.0251,-20.2532) 2017.08.05 14:11:51\nGPS(149.0251,-20.2533,16) BAROMETER:1.9",
            "F/2.8, SS 206.14, ISO 100, EV 0, DZOOM 1.000, GPS (13.4050, 52.5200, 15), D 5.30m, H 1.50m",
            "iso : 100, shutter : 1/60.0, fnum: 2.8, ev : 0",
        ] {
            assert!(all(text), "{text}");
        }
    }

    #[test]
    fn what_people_say_is_one() {
        for text in [
            "Our GPS is broken.",
            "Set the shutter, then the ISO.",
            "Longitude: unknown, said the captain.",
            "F/A-18, SS Nimitz",
        ] {
            assert!(!all(text), "{text}");
        }
        assert!(!is_telemetry(&[]));
    }
}
