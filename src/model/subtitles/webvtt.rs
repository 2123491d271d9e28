//! WebVTT segments (RFC 8216, 3.5): cues by the clock of the video's own segments, in spans of a minute. A segment costs a
//! request of each viewer, so that they are longer than the video's; RFC 8216 (6.2.4) lets subtitles of VOD have another
//! target duration.

use super::cue::Cue;

/// How long a segment is.
pub const SPAN_MS: u64 = 60_000;
/// Ticks a second of the clock of transport streams, and of ours for fragmented MP4.
const CLOCK: f64 = 90_000.0;

/// What the times of a source are in its segments: where one and the same picture stands in both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anchor {
    /// In the segments: 90 kHz.
    pub ticks: i64,
    /// In the source: seconds.
    pub seconds: f64,
}

impl Anchor {
    /// Milliseconds by the segments' clock.
    pub fn shown_ms(&self, source_ms: i64) -> i64 {
        source_ms + ((self.ticks as f64 / CLOCK - self.seconds) * 1000.0).round() as i64
    }
}

/// Cue times are those of the segments' own clock, counted from zero: players that follow the map find them there, and so
/// does ffmpeg, which passes it over.
const HEADER: &str = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n";

/// The segments of a rendition that lasts so long and whose first picture or sound has `begins` on the segments' clock. A
/// cue stands in each segment that it touches. `None` if together they have more bytes than `most`.
pub fn segments(cues: &[Cue], anchor: Anchor, begins: i64, duration_ms: u64, most: u64) -> Option<Vec<String>> {
    let begins_ms = (begins as f64 * 1000.0 / CLOCK).round() as i64;
    let count = duration_ms.div_ceil(SPAN_MS).max(1);
    let mut left = most.checked_sub(count * HEADER.len() as u64)?;
    let mut segments = vec![HEADER.to_owned(); usize::try_from(count).unwrap_or(usize::MAX)];
    let last = segments.len() - 1;
    for cue in cues {
        let (start, end) = (anchor.shown_ms(cue.start_ms).max(begins_ms), anchor.shown_ms(cue.end_ms));
        if end <= start {
            continue;
        }
        // what is shown in the last moment of a span does not touch the next one
        let span = |ms: i64| usize::try_from((ms - begins_ms).max(0) / SPAN_MS as i64).unwrap_or(last).min(last);
        let space = if cue.settings.is_empty() { "" } else { " " };
        let text = format!("\n{} --> {}{space}{}\n{}\n", clock(start), clock(end), cue.settings, cue.text);
        if start - begins_ms >= duration_ms as i64 {
            continue;
        }
        let touched = &mut segments[span(start)..=span(end - 1)];
        left = left.checked_sub((touched.len() * text.len()) as u64)?;
        for segment in touched {
            segment.push_str(&text);
        }
    }
    Some(segments)
}

/// The media playlist of such segments, named `<folder>/<number>.vtt`.
pub fn playlist(folder: &str, segments: usize, duration_ms: u64) -> String {
    let target = (duration_ms.min(SPAN_MS) as f64 / 1000.0).round().max(1.0);
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-PLAYLIST-TYPE:VOD\n");
    for number in 0..segments {
        let length = duration_ms.saturating_sub(number as u64 * SPAN_MS).min(SPAN_MS);
        text.push_str(&format!("#EXTINF:{},\n{folder}/{number}.vtt\n", length.max(1) as f64 / 1000.0));
    }
    text.push_str("#EXT-X-ENDLIST\n");
    text
}

/// `01:02:03.456`
pub fn clock(ms: i64) -> String {
    let ms = ms.max(0);
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::subtitles::read::{Form, cues};

    const MOST: u64 = 1 << 20;
    const ANCHOR: Anchor = Anchor { ticks: 126_000, seconds: 0.0 };

    fn cue(start: i64, end: i64) -> Cue {
        Cue::new(start, end, "", "text").unwrap()
    }

    #[test]
    fn times_are_those_of_the_same_picture_in_the_segments() {
        // a picture that comes 3 s after the container's start, at 95,434 s, and 4.4 s into the segments
        let late = Anchor { ticks: 396_000, seconds: 95_437.0 };
        assert_eq!(late.shown_ms(95_440_250), 7650);
        assert_eq!(ANCHOR.shown_ms(-20), 1380);
    }

    #[test]
    fn a_cue_stands_in_each_segment_that_it_touches() {
        let all =
            segments(&[cue(1000, 2000), cue(59_000, 60_000), cue(59_500, 121_000)], ANCHOR, 126_000, 150_000, MOST)
                .unwrap();
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|segment| segment.starts_with("WEBVTT\nX-TIMESTAMP-MAP=")));
        let times: Vec<Vec<String>> = all
            .iter()
            .map(|text| text.lines().filter(|line| line.contains("-->")).map(str::to_owned).collect())
            .collect();
        let long = "00:01:00.900 --> 00:02:02.400";
        assert_eq!(
            times,
            [vec!["00:00:02.400 --> 00:00:03.400", "00:01:00.400 --> 00:01:01.400", long], vec![long], vec![long]]
        );
        let empty = segments(&[], ANCHOR, 126_000, 90_000, MOST).unwrap();
        assert_eq!(empty, [HEADER, HEADER]);
    }

    #[test]
    fn a_long_cue_takes_no_more_than_there_is_room_for() {
        let (day, most) = (24 * 3_600_000, 500_000);
        let long = Cue::new(0, day, "", &"word ".repeat(100)).unwrap();
        assert_eq!(segments(std::slice::from_ref(&long), ANCHOR, 126_000, day as u64, most), None);
        assert!(segments(&[long], ANCHOR, 126_000, 600_000, most).is_some());
        assert_eq!(segments(&[], ANCHOR, 126_000, u64::MAX / 2, most), None, "headers count too");
    }

    #[test]
    fn what_is_shown_before_the_beginning_or_after_the_end_is_left_out() {
        let all = segments(
            &[cue(-3000, -1000), cue(-1000, 1000), cue(9000, 12_000), cue(10_000, 11_000)],
            ANCHOR,
            126_000,
            10_000,
            MOST,
        )
        .unwrap();
        let times: Vec<&str> = all[0].lines().filter(|line| line.contains("-->")).collect();
        assert_eq!(times, ["00:00:01.400 --> 00:00:02.400", "00:00:10.400 --> 00:00:13.400"]);
    }

    #[test]
    fn the_playlist_lasts_as_long_as_the_video() {
        insta::assert_snapshot!(playlist("s1-0123abcd", 2, 65_500), @"
        #EXTM3U
        #EXT-X-VERSION:4
        #EXT-X-TARGETDURATION:60
        #EXT-X-PLAYLIST-TYPE:VOD
        #EXTINF:60,
        s1-0123abcd/0.vtt
        #EXTINF:5.5,
        s1-0123abcd/1.vtt
        #EXT-X-ENDLIST
        ");
    }

    #[test]
    fn segments_read_as_written() {
        let all = segments(&[cue(1000, 2000)], ANCHOR, 126_000, 10_000, MOST).unwrap();
        let read = cues(&all[0], Form::WebVtt);
        assert_eq!((read[0].start_ms, read[0].end_ms, read.len()), (2400, 3400, 1));
    }
}
