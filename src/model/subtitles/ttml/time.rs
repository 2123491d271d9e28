//! Time expressions (TTML2, 12.3): `00:01:02.5`, `00:01:02:12` with frames, `12.5s`, `500ms`, `90000t`.

use super::xml::Attributes;

/// Later than any video ends: a year.
const SECONDS_MAX: f64 = 366.0 * 86_400.0;
const RATE_MAX: f64 = 1e9;

/// What frames and ticks are, by the attributes of a document's root.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// As they are numbered, and as they are shown in a second.
    numbered: f64,
    frames: f64,
    ticks: f64,
    /// Clock times are numbers of frames: a second of 29.97 has 30 of them.
    is_smpte: bool,
    /// Two numbers are left out each minute, but for each tenth.
    drops: bool,
}

impl Rates {
    pub fn of(root: Attributes<'_>) -> Self {
        let rate =
            |name: &str| root.get(name).as_deref().and_then(decimal).filter(|rate| (1.0..RATE_MAX).contains(rate));
        let multiplier = root.get("frameRateMultiplier").as_deref().and_then(ratio).unwrap_or(1.0);
        let numbered = rate("frameRate").unwrap_or(30.0);
        let frames = numbered * multiplier;
        let told = rate("frameRate").map(|_| frames * rate("subFrameRate").unwrap_or(1.0));
        Self {
            numbered,
            frames,
            ticks: rate("tickRate").or(told).unwrap_or(1.0),
            is_smpte: root.get("timeBase").as_deref() == Some("smpte"),
            drops: root.get("dropMode").as_deref() == Some("dropNTSC"),
        }
    }

    /// Milliseconds.
    pub fn ms(&self, text: &str) -> Option<i64> {
        let text = text.trim().replace(',', ".");
        let seconds = if text.contains(':') { self.clock(&text)? } else { self.offset(&text)? };
        (0.0..SECONDS_MAX).contains(&seconds).then(|| (seconds * 1000.0).round() as i64)
    }

    fn clock(&self, text: &str) -> Option<f64> {
        let parts: Vec<&str> = text.splitn(5, ':').collect();
        let (whole, frames) = match parts[..] {
            [hours, minutes, seconds] => ([hours, minutes, seconds], 0.0),
            // parts of frames are some milliseconds
            [hours, minutes, seconds, frames] => ([hours, minutes, seconds], decimal(frames.split('.').next()?)?),
            _ => return None,
        };
        let [hours, minutes] = [decimal(whole[0])?, decimal(whole[1])?];
        let seconds = hours * 3600.0 + minutes * 60.0 + decimal(whole[2])?;
        if !self.is_smpte {
            return Some(seconds + frames / self.frames);
        }
        let dropped = if self.drops { (hours * 54.0 + minutes - (minutes / 10.0).floor()) * 2.0 } else { 0.0 };
        Some((seconds * self.numbered + frames - dropped) / self.frames)
    }

    fn offset(&self, text: &str) -> Option<f64> {
        let end = text.find(|character: char| character.is_ascii_alphabetic())?;
        let count = decimal(&text[..end])?;
        Some(match &text[end..] {
            "h" => count * 3600.0,
            "m" => count * 60.0,
            "s" => count,
            "ms" => count / 1000.0,
            "f" => count / self.frames,
            "t" => count / self.ticks,
            _ => return None,
        })
    }
}

/// `12.5`
fn decimal(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_plain && (1..=20).contains(&text.len())).then(|| text.parse().ok())?
}

/// `1000 1001`, in drafts `1000:1001`.
fn ratio(text: &str) -> Option<f64> {
    let mut parts = text.split([' ', ':']).filter(|part| !part.is_empty()).map(decimal);
    let (above, below) = (parts.next()??, parts.next().unwrap_or(Some(1.0))?);
    Some(above / below).filter(|ratio| (0.01..100.0).contains(ratio))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::subtitles::ttml::xml::{Token, Tokens};

    fn rates(attributes: &str) -> Rates {
        match Tokens::new(&format!("<tt {attributes}>")).next() {
            Some(Token::Start { attributes, .. }) => Rates::of(attributes),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn times_are_read_in_every_unit() {
        for (attributes, text, ms) in [
            ("", "00:01:02.5", 62_500),
            ("", "100:00:00", 360_000_000),
            ("", "00:00:01:15", 1500),
            ("ttp:frameRate=\"25\"", "00:00:01:05", 1200),
            ("ttp:frameRate=\"25\"", "30f", 1200),
            ("ttp:frameRate=\"30\" ttp:frameRateMultiplier=\"1000 1001\"", "30f", 1001),
            ("ttp:frameRate=\"24\" ttp:frameRateMultiplier=\"1000 1001\"", "00:00:10:06", 10_250),
            ("", "12.5s", 12_500),
            ("", "500ms", 500),
            ("", "1.5m", 90_000),
            ("", "1h", 3_600_000),
            ("ttp:tickRate=\"10000000\"", "25000000t", 2500),
            ("ttp:frameRate=\"50\"", "25t", 500),
            ("", "3t", 3000),
            // a second of 30 numbers lasts 1.001 s; with numbers left out ten minutes do come out
            (
                "ttp:timeBase=\"smpte\" ttp:frameRate=\"30\" ttp:frameRateMultiplier=\"1000 1001\"",
                "00:16:40:00",
                1_001_000,
            ),
            (
                "ttp:timeBase=\"smpte\" ttp:dropMode=\"dropNTSC\" ttp:frameRate=\"30\" \
                 ttp:frameRateMultiplier=\"1000 1001\"",
                "00:10:00:00",
                599_999,
            ),
        ] {
            assert_eq!(rates(attributes).ms(text), Some(ms), "{attributes} {text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "5", "1:2", "-1s", "1e3s", "1.2.3s", "wallclock(1s)", "00:00:0é", "99999999h", "1:2:3:4:5", "é"]
        {
            assert_eq!(rates("ttp:tickRate=\"0\" ttp:frameRate=\"x\"").ms(text), None, "{text}");
        }
    }
}
