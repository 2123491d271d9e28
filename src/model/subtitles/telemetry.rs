//! Cameras and drones write where they fly and how they expose into subtitle tracks. That is no caption, and may tell where
//! someone lives.

use super::cue::{Cue, bare};

/// What flight logs and cameras write, and people do not say.
const MARKS: [&str; 17] = [
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
    "flightTime:",
    "uavBat:",
    "rcSignal:",
];
/// Decimals of a degree beside a letter, which stands beside other numbers too: four are some ten metres.
const EXACT: usize = 4;
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
    exposure || MARKS.iter().any(|mark| text.contains(mark)) || has_place(text)
}

/// Two coordinates: `N:52.520008 E:13.404954`, `52.5200° N, 13.4050° E`, `LAT 52.52 LON 13.40`.
fn has_place(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let kind = |byte: &u8| match byte {
        b'a'..=b'z' => 'w',
        b'0'..=b'9' | b'.' => 'n',
        _ => ' ',
    };
    let pieces = text.as_bytes().chunk_by(|a, b| kind(a) == kind(b));
    let pieces: Vec<&[u8]> = pieces.filter(|piece| piece.iter().any(u8::is_ascii_alphanumeric)).collect();
    let has_decimals = |at: usize, least: usize| pieces.get(at).is_some_and(|piece| decimals(piece) >= least);
    let is_given = |names: &[&str], least: usize| {
        pieces.iter().enumerate().any(|(at, piece)| {
            let is_beside = has_decimals(at + 1, least) || at > 0 && has_decimals(at - 1, least);
            is_beside && names.iter().any(|name| name.as_bytes() == *piece)
        })
    };
    let by_letters = is_given(&["n", "s"], EXACT) && is_given(&["e", "w"], EXACT);
    by_letters || is_given(&["lat", "latitude"], 1) && is_given(&["lon", "lng", "long", "longitude"], 1)
}

/// Of a number; words have none.
fn decimals(piece: &[u8]) -> usize {
    piece.split(|byte| *byte == b'.').filter(|digits| !digits.is_empty()).nth(1).map_or(0, <[u8]>::len)
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
            "signal:4 ch:8 flightTime:1 uavBat:15.9V glsBat:7.8V uavBatCells:4 delay:31ms bitrate:25.0Mbps rcSignal:4",
            "2023/05/01 12:00:01  N:52.520008 E:13.404954 45 KM/H",
            "S33.868820 W151.209290 12:00:01",
            "<b>52.5200° N, 13.4050° E</b>\n45 km/h",
            "GPS LAT 52.520008 LON 13.404954 ALT 12.3m",
            "Lat.: -33.86, Lng.: 151.2",
            "latitude=52.520008\nlongitude=13.404954",
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
            "N 52.5, E 13.4, over.",
            "It took 3.1416 s.\nAnd 2.7183 m.",
            "Latitude 52, longitude 13.",
            "That was a long 1.5 miles.",
        ] {
            assert!(!all(text), "{text}");
        }
        assert!(!is_telemetry(&[]));
    }

    #[test]
    fn a_place_that_is_named_once_leaves_a_film_its_captions() {
        let cues = |noted: i64| -> Vec<Cue> {
            let text = |at: i64| if at < noted { "Go to N 52.520008, E 13.404954." } else { "Where is that?" };
            (0..10).filter_map(|at| Cue::new(at * 1000, at * 1000 + 1000, "", text(at))).collect()
        };
        assert!(!is_telemetry(&cues(1)));
        assert!(!is_telemetry(&cues(5)));
        assert!(is_telemetry(&cues(6)));
    }
}
