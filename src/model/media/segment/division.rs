//! Where a piece is divided so that each part is of one form of picture and of sound. A part begins with a picture that
//! decoders can begin with; sound that changes between two of them changes at the nearer.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{
    adts::Format,
    meter::{CLOCK, PieceTimes, SoundTimes, Start, VideoTimes},
    sieve::Sound,
};
use crate::model::wording;

/// Between two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The byte of the piece that the second begins with; [`u64::MAX`] if it has but sound.
    pub place: u64,
    /// Which sound is the second's; `None` if it is what stands behind the cut, since times begin anew there.
    pub sound_from: Option<i64>,
}

/// Picture and sound that change together do so within this, ticks of 90 kHz.
const TOGETHER: i64 = CLOCK / 2;

/// In order; none if the piece is of one form, or can't be divided.
pub fn cuts(times: &PieceTimes) -> Vec<Cut> {
    let changes = times.sound.iter().flat_map(|sound| sound.runs.iter().skip(1)).map(|run| run.from);
    let Some(video) = &times.video else {
        // sound alone can be cut anywhere
        return changes.map(|from| Cut { place: u64::MAX, sound_from: Some(from) }).collect();
    };
    let cut = |start: &Start| Cut { place: start.place, sound_from: (!start.restarts).then_some(start.shown) };
    let breaks = video.starts.iter().enumerate().filter(|(_, start)| start.changes || start.restarts);
    let mut cuts: BTreeMap<usize, Cut> = breaks.map(|(number, start)| (number, cut(start))).collect();
    let mut free = 0;
    for from in changes {
        let Some(number) = nearest(video, times.sound.as_ref(), free, from) else { continue };
        cuts.insert(number, Cut { place: video.starts[number].place, sound_from: Some(from) });
        free = number + 1;
    }
    cuts.into_values().collect()
}

/// The picture, from this one on, that sound is to change at: where the picture changes, too, or the nearest. `None` if
/// one of the piece's ends is nearer.
fn nearest(video: &VideoTimes, sound: Option<&SoundTimes>, free: usize, from: i64) -> Option<usize> {
    let distance = |(_, start): &(usize, &Start)| (start.shown - from).abs();
    let starts = || video.starts.iter().enumerate().skip(free);
    let together = starts().filter(|(_, start)| start.changes).min_by_key(distance);
    if let Some(together) = together.filter(|start| distance(start) <= TOGETHER) {
        return Some(together.0);
    }
    let end = video.end.max(sound.map_or(video.end, |sound| sound.end));
    let ends = (from - video.first).abs().min((end - from).abs());
    starts().min_by_key(distance).filter(|start| distance(start) < ends).map(|(number, _)| number)
}

/// Which part a frame of sound belongs to that stands in this one.
pub fn home(cuts: &[Cut], part: usize, sound: Sound<'_>) -> usize {
    let goes_back = |cut: &Cut| cut.sound_from.is_some_and(|from| sound.is_before(from));
    let goes_on = |cut: &Cut| cut.sound_from.is_some_and(|from| !sound.is_before(from));
    let back = cuts[..part].iter().rev().take_while(|cut| goes_back(cut)).count();
    let on = cuts[part..].iter().take_while(|cut| goes_on(cut)).count();
    part - back + on
}

/// Sound that can't be copied: it changes, and back, where no part can begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// In the reel.
    pub at: Duration,
    pub length: Duration,
    pub from: Format,
    pub to: Format,
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, length, from, to } = self;
        let form = |format: &Format| format!("{} at {} Hz", channels(*format), format.rate);
        let (at, length) = (wording::clock(*at), length.as_secs_f64());
        write!(out, "at {at} the sound changes from {} to {} for {length:.1} s", form(from), form(to))?;
        out.write_str(", between two pictures that a segment can begin with")
    }
}

fn channels(format: Format) -> String {
    match format.channels {
        0 => "channels of its own order".to_owned(),
        1 => "1 channel".to_owned(),
        7 => "8 channels".to_owned(),
        channels => format!("{channels} channels"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::segment::meter::FormRun;

    const STEREO: Format = Format { profile: 1, rate: 48_000, channels: 2 };
    const MONO: Format = Format { channels: 1, ..STEREO };
    const PICTURE: i64 = 3600;

    /// Half a second of keyframes, 25 a second, of which these change.
    fn video(changes: &[usize]) -> VideoTimes {
        let start = |number: usize| Start {
            shown: number as i64 * PICTURE,
            place: number as u64 * 1000,
            changes: changes.contains(&number),
            restarts: false,
        };
        VideoTimes {
            first: 0,
            end: 13 * PICTURE,
            frame: Some(PICTURE),
            idr: true,
            parameters: Vec::new(),
            stale: Vec::new(),
            starts: (1..13).map(start).collect(),
        }
    }

    /// Sound that is of another form at each of these times.
    fn sound(changes: &[i64]) -> SoundTimes {
        let formats = [STEREO, MONO].into_iter().cycle();
        let runs = [0].iter().chain(changes).zip(formats).map(|(from, format)| FormRun { format, from: *from });
        SoundTimes { first: 0, end: 13 * PICTURE, frame: 1920, runs: runs.collect(), settled: None }
    }

    fn found(video: Option<VideoTimes>, changes: &[i64]) -> Vec<(u64, Option<i64>)> {
        let times = PieceTimes { video, sound: Some(sound(changes)) };
        cuts(&times).iter().map(|cut| (cut.place, cut.sound_from)).collect()
    }

    #[test]
    fn a_piece_of_one_form_is_not_divided() {
        assert_eq!(found(Some(video(&[])), &[]), []);
    }

    #[test]
    fn each_change_of_the_picture_divides() {
        let expected = [(4000, Some(4 * PICTURE)), (9000, Some(9 * PICTURE))];
        assert_eq!(found(Some(video(&[4, 9])), &[]), expected);
    }

    #[test]
    fn sound_changes_at_the_nearest_picture_and_each_at_one_of_its_own() {
        assert_eq!(found(Some(video(&[])), &[14_000, 15_000]), [(4000, Some(14_000)), (5000, Some(15_000))]);
        assert_eq!(found(Some(video(&[])), &[500, 46_500]), [], "at the ends");
    }

    #[test]
    fn picture_and_sound_change_together() {
        assert_eq!(found(Some(video(&[4])), &[18_000]), [(4000, Some(18_000))]);
        assert_eq!(found(Some(video(&[4])), &[15_000, 30_000]), [(4000, Some(15_000)), (8000, Some(30_000))]);
    }

    #[test]
    fn sound_alone_is_cut_where_it_changes() {
        assert_eq!(found(None, &[500, 15_000]), [(u64::MAX, Some(500)), (u64::MAX, Some(15_000))]);
    }

    #[test]
    fn without_pictures_to_begin_with_nothing_is_divided() {
        let video = VideoTimes { starts: Vec::new(), ..video(&[]) };
        assert_eq!(found(Some(video), &[14_000, 15_000]), []);
    }

    #[test]
    fn sound_goes_home_over_several_parts_and_not_over_times_that_begin_anew() {
        let cut = |sound_from| Cut { place: 0, sound_from };
        let at = |at| Sound { at, format: STEREO, bytes: &[] };
        let cuts = [cut(Some(10_000)), cut(Some(20_000)), cut(None), cut(Some(5_000))];
        let homes = |part: usize| [0, 9_500, 12_000, 30_000].map(|time| home(&cuts, part, at(time)));
        assert_eq!(homes(0), [0, 1, 1, 2]);
        assert_eq!(homes(2), [0, 1, 1, 2]);
        assert_eq!(homes(3), [3, 4, 4, 4]);
        assert_eq!(homes(4), [3, 4, 4, 4]);
    }
}
