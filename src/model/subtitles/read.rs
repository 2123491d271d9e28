//! Reads subtitle files as people have them. None of it fails: what makes no cue is passed over.

use super::{
    cue::{CUES_MAX, Cue, in_order},
    ttml,
};

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    SubRip,
    WebVtt,
    /// ASS and its elder, SSA.
    Ass,
    /// Timed Text Markup Language, and DFXP, its elder.
    Ttml,
}

impl Form {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SubRip => "SubRip",
            Self::WebVtt => "WebVTT",
            Self::Ass => "ASS",
            Self::Ttml => "TTML",
        }
    }
}

/// All cues, in order, or why there can be none: of TTML that is known.
pub fn read(text: &str, form: Form) -> Result<Vec<Cue>, &'static str> {
    match form {
        Form::Ttml => ttml::cues(text).map(in_order),
        Form::SubRip | Form::WebVtt | Form::Ass => Ok(cues(text, form)),
    }
}

/// All cues, in order.
pub fn cues(text: &str, form: Form) -> Vec<Cue> {
    // WebVTT ends a line with either or both, and so did editors of old systems
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split('\n').collect();
    in_order(match form {
        Form::Ass => ass(&lines),
        Form::SubRip | Form::WebVtt => timed(&lines, form),
        Form::Ttml => ttml::cues(&text).unwrap_or_default(),
    })
}

/// SubRip and WebVTT: a line of times, then text. In WebVTT an empty line ends the text; in SubRip the next times do, and
/// the number before them.
fn timed(lines: &[&str], form: Form) -> Vec<Cue> {
    let starts: Vec<(usize, Times<'_>)> =
        lines.iter().enumerate().filter_map(|(at, line)| Some((at, times(line)?))).take(CUES_MAX).collect();
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([lines.len()]);
    let cue = |((at, times), end): (&(usize, Times<'_>), usize)| {
        let mut text = &lines[at + 1..end];
        if form == Form::WebVtt {
            text = &text[..text.iter().position(|line| line.trim().is_empty()).unwrap_or(text.len())];
        }
        let number = |line: &&str| !line.trim().is_empty() && line.trim().bytes().all(|digit| digit.is_ascii_digit());
        // before the next times, with or without an empty line before it
        if end < lines.len() && text.len() + at + 1 == end && text.last().is_some_and(number) {
            text = &text[..text.len() - 1];
        }
        Cue::new(times.start_ms, times.end_ms, times.settings, &text.join("\n"))
    };
    starts.iter().zip(ends).filter_map(cue).collect()
}

struct Times<'a> {
    start_ms: i64,
    end_ms: i64,
    settings: &'a str,
}

/// `00:01:02,345 --> 00:01:04.000 line:0`
fn times(line: &str) -> Option<Times<'_>> {
    let (start, rest) = line.split_once("-->")?;
    let rest = rest.trim_start();
    let (end, settings) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    Some(Times { start_ms: clock(start.trim())?, end_ms: clock(end.trim())?, settings })
}

/// `[hours:]minutes:seconds`, with a point or a comma before the fraction, or after hours a colon; milliseconds.
fn clock(text: &str) -> Option<i64> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some(parts) => parts,
        None if text.matches(':').count() == 3 => text.rsplit_once(':')?,
        None => (text, ""),
    };
    let number = |digits: &str| -> Option<i64> {
        let is_one = (1..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        is_one.then(|| digits.parse().ok())?
    };
    let parts: Vec<i64> = whole.split(':').map(|part| number(part.trim())).collect::<Option<_>>()?;
    let seconds = match parts[..] {
        [hours, minutes, seconds] => hours * 3600 + minutes * 60 + seconds,
        [minutes, seconds] => minutes * 60 + seconds,
        _ => return None,
    };
    let fraction = match fraction.len() {
        0 => 0,
        digits => number(fraction.get(..digits.min(3))?)? * [100, 10, 1][digits.min(3) - 1],
    };
    Some(seconds * 1000 + fraction)
}

/// The events, by the fields that the file itself names.
fn ass(lines: &[&str]) -> Vec<Cue> {
    let (mut is_events, mut fields) = (false, Vec::new());
    let mut cues = Vec::new();
    for line in lines {
        let line = line.trim();
        if line.starts_with('[') {
            is_events = line.eq_ignore_ascii_case("[events]");
        }
        if !is_events || cues.len() == CUES_MAX {
            continue;
        }
        if let Some(names) = line.strip_prefix("Format:") {
            fields = names.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
        } else if let Some(event) = line.strip_prefix("Dialogue:") {
            // text stands last and may hold commas
            let values: Vec<&str> = event.splitn(fields.len().max(1), ',').collect();
            let value =
                |name: &str| fields.iter().position(|field| field == name).and_then(|at| values.get(at)).copied();
            let (Some(start), Some(end), Some(text)) = (value("start"), value("end"), value("text")) else { continue };
            let (Some(start), Some(end)) = (clock(start.trim()), clock(end.trim())) else { continue };
            cues.extend(Cue::new(start, end, "", &spoken(text)));
        }
    }
    cues
}

/// The text of an ASS event with the styles that WebVTT has; drawings are left out.
fn spoken(event: &str) -> String {
    let (mut text, mut rest, mut draws) = (String::new(), event, false);
    let mut push = |part: &str, draws: bool| {
        if !draws {
            text.push_str(&part.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " "));
        }
    };
    while let Some((before, after)) = rest.split_once('{') {
        push(before, draws);
        let Some((marks, after)) = after.split_once('}') else {
            // no marks: the rest stands as it is
            rest = &rest[before.len()..];
            break;
        };
        rest = after;
        for mark in marks.split('\\').skip(1) {
            match mark.trim() {
                "i1" => push("<i>", draws),
                "i0" => push("</i>", draws),
                "b1" => push("<b>", draws),
                "b0" => push("</b>", draws),
                "u1" => push("<u>", draws),
                "u0" => push("</u>", draws),
                "p0" => draws = false,
                "an7" | "an8" | "an9" => push("{\\an8}", draws),
                mark if mark.starts_with('p') && mark[1..].bytes().all(|digit| digit.is_ascii_digit()) => draws = true,
                _ => {}
            }
        }
    }
    push(rest, draws);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mark_without_its_end_stands_once() {
        assert_eq!(spoken("Hello {oops"), "Hello {oops");
    }

    fn read(text: &str, form: Form) -> Vec<(i64, i64, String)> {
        cues(text, form).into_iter().map(|cue| (cue.start_ms, cue.end_ms, cue.text)).collect()
    }

    fn cue(start: i64, end: i64, text: &str) -> (i64, i64, String) {
        (start, end, text.to_owned())
    }

    #[test]
    fn subrip_is_read_as_people_write_it() {
        let text = "\u{feff}1\r\n00:00:01,000 --> 00:00:02,5\r\nOne\r\n\r\nstill one\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000 X1:1\r\n\
                    Two\n3\n00:00:05.000 --> 00:00:06.000\n1999\n\n4\n00:00:09,000 --> 00:00:08,000\nnever\n\n\
                    5\n00:01:00,000 --> 00:01:01,000\nLast\0\n\n";
        assert_eq!(
            read(text, Form::SubRip),
            [
                cue(1000, 2500, "One\nstill one"),
                cue(3000, 4000, "Two"),
                cue(5000, 6000, "1999"),
                cue(60_000, 61_000, "Last")
            ]
        );
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        let text = "1\n00:00:02:500 --> 00:00:03:500\nOne\n\n2\n0:00:04.5 --> 0:00:05,25\nTwo\n\n\
                    3\n0:06 --> 1:02:03\nThree\n";
        assert_eq!(
            read(text, Form::SubRip),
            [cue(2500, 3500, "One"), cue(4500, 5250, "Two"), cue(6000, 3_723_000, "Three")]
        );
        for none in ["1:00:00:02:500", "00:00:02:x", "00:00:02,00é", "00:00:02:00é", "2", ""] {
            assert_eq!(clock(none), None, "{none:?}");
        }
    }

    #[test]
    fn lines_may_end_as_they_did_on_any_system() {
        let text = "1\n00:00:01,000 --> 00:00:02,000\nOne\ntwo\n\n2\n00:00:03,000 --> 00:00:04,000\nThree\n";
        let expected = [cue(1000, 2000, "One\ntwo"), cue(3000, 4000, "Three")];
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(read(&text.replace('\n', end), Form::SubRip), expected, "{end:?}");
        }
    }

    #[test]
    fn webvtt_is_read_with_its_settings_and_without_its_notes() {
        let text = "WEBVTT - a title\nKind: captions\n\nNOTE not shown\n\nSTYLE\n::cue { color: red }\n\nid\n\
                    00:01.000 --> 00:02.000 line:0 align:start\n<v Ann>Hi\n\n01:00:00.000 --> 01:00:01.000\nLate\n\nNOTE\nno\n";
        let cues = cues(text, Form::WebVtt);
        assert_eq!((cues[0].settings.as_str(), cues[0].text.as_str()), ("line:0 align:start", "<v Ann>Hi"));
        assert_eq!((cues.len(), cues[1].start_ms, cues[1].text.as_str()), (2, 3_600_000, "Late"));
    }

    #[test]
    fn cues_that_overlap_stay_and_come_in_order() {
        let text = "1\n00:00:05,000 --> 00:00:09,000\nB\n\n2\n00:00:01,000 --> 00:00:07,000\nA\n\n3\n00:00:01,000 --> 00:00:07,000\nA\n";
        assert_eq!(read(text, Form::SubRip), [cue(1000, 7000, "A"), cue(5000, 9000, "B")]);
    }

    #[test]
    fn ass_is_read_by_its_own_fields() {
        let text = "[Script Info]\nTitle: x\n[V4+ Styles]\nFormat: Name\nStyle: Default\n[Events]\n\
                    Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n\
                    Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not shown\n\
                    Dialogue: 0,0:00:01.50,0:00:02.00,Default,,0,0,0,,{\\an8\\i1}Hello,{\\i0}\\Nworld\n\
                    Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\n";
        let cues = cues(text, Form::Ass);
        assert_eq!(cues.len(), 1, "{cues:?}");
        assert_eq!((cues[0].start_ms, cues[0].end_ms), (1500, 2000));
        assert_eq!((cues[0].settings.as_str(), cues[0].text.as_str()), ("line:0", "<i>Hello,</i>\nworld"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\PC|[0-9:,.>\n\r{}\\\\-]| --> |Dialogue:|\\[Events\\]\n|</?(tt|p)>){0,120}") {
            for form in [Form::SubRip, Form::WebVtt, Form::Ass, Form::Ttml] {
                for cue in cues(&text, form) {
                    prop_assert!(cue.start_ms < cue.end_ms && !cue.text.contains("\n\n"));
                }
            }
        }
    }
}
