//! What is wrong with a video file, and where: told before it is published, and after the whole was read. Places are
//! times of the source, from its first picture or sound on.

use std::{fmt, path::Path, time::Duration};

use serde::{Deserialize, Serialize};

use crate::model::{report::fault::Fault, wording::clock};

/// Places that are kept; more are counted.
const PLACES_MAX: usize = 256;
/// Places that a sentence names.
const PLACES_TOLD: usize = 4;
/// Places as close as this are one.
const CLOSE: Duration = Duration::from_secs(1);

/// What to do with a file that is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDamage {
    /// A person decides; where nobody can be asked, a file that is cut off is refused, and other damage is said.
    #[default]
    Ask,
    /// Publish what is there, and say what is not.
    Accept,
    Fail,
}

/// Everything that is known to be wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Damage {
    pub cut_off: Option<CutOff>,
    /// It ends inside its last frame, and promises no more: a recording that was never finished.
    pub torn: bool,
    /// Data that was there once is missing.
    pub lost: Places,
    /// Frames that are there and are not as they were made.
    pub corrupt: Places,
    /// A sentence for each stream that would be published if it could be read.
    pub unreadable: Vec<String>,
}

/// The file promises more than it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// How much is missing and of how much, if that can be told; an estimate.
    pub missing: Option<(Duration, Duration)>,
}

impl CutOff {
    /// By bytes: `there` of those that hold media of this length.
    pub fn of_bytes(there: u64, promised: u64, length: Option<Duration>) -> Self {
        let share = 1.0 - (there as f64 / promised.max(1) as f64).clamp(0.0, 1.0);
        Self { missing: length.filter(|length| !length.is_zero()).map(|length| (length.mul_f64(share), length)) }
    }
}

/// A stretch of the source; both ends are the same where no more is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: Duration,
    pub end: Duration,
}

/// Spans in order, none close to another; bounded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    spans: Vec<Span>,
    /// That are not among the spans: too many, or without a time.
    more: u64,
}

impl Places {
    pub fn add(&mut self, start: Duration, end: Duration) {
        let mut new = Span { start, end: end.max(start) };
        let is_close = |span: &Span| span.start <= new.end + CLOSE && new.start <= span.end + CLOSE;
        if let Some(at) = self.spans.iter().position(is_close) {
            let span = self.spans.remove(at);
            new = Span { start: span.start.min(new.start), end: span.end.max(new.end) };
            return self.add(new.start, new.end);
        }
        if self.spans.len() == PLACES_MAX {
            self.more += 1;
            return;
        }
        let at = self.spans.partition_point(|span| span.start < new.start);
        self.spans.insert(at, new);
    }

    /// One whose time is not known.
    pub fn add_somewhere(&mut self) {
        self.more += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        other.spans.iter().for_each(|span| self.add(span.start, span.end));
        self.more = self.more.max(other.more);
    }

    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.more == 0
    }
}

/// `at 4.2 s, at 7 s to 8.1 s and at 3 places more`
impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.spans.iter().take(PLACES_TOLD).map(|span| match (at(span.start), at(span.end)) {
            (start, end) if start == end => format!("at {start}"),
            (start, end) => format!("from {start} to {end}"),
        });
        f.write_str(&told.collect::<Vec<_>>().join(", "))?;
        let more = self.more + self.spans.len().saturating_sub(PLACES_TOLD) as u64;
        let places = if more == 1 { "place" } else { "places" };
        match (more, self.spans.is_empty()) {
            (0, _) => Ok(()),
            (_, true) => write!(f, "at {more} {places}"),
            (_, false) => write!(f, " and at {more} {places} more"),
        }
    }
}

/// `59.9 s`, `12:05`, `1:02:05`
fn at(time: Duration) -> String {
    if time.as_secs() >= 60 {
        return clock(time);
    }
    let text = format!("{:.1}", time.as_secs_f64());
    format!("{} s", text.trim_end_matches(".0"))
}

impl Damage {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// A person should decide whether it is published: more is wrong than an end that nobody wrote.
    pub fn is_worth_asking(&self) -> bool {
        !Self { torn: false, ..self.clone() }.is_none()
    }

    pub fn merge(&mut self, other: &Self) {
        self.cut_off = self.cut_off.or(other.cut_off);
        self.torn |= other.torn;
        self.lost.merge(&other.lost);
        self.corrupt.merge(&other.corrupt);
        for sentence in &other.unreadable {
            if !self.unreadable.contains(sentence) {
                self.unreadable.push(sentence.clone());
            }
        }
    }

    /// Why a file with it is not published.
    pub fn refusal(&self, video: &Path, hint: &str) -> Fault {
        let what = format!("could not publish the video `{}`", video.display());
        Fault::permanent(what).because(self.sentences().join("; ")).hint(hint)
    }

    /// What a person reads, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        sentences.extend(self.cut_off.map(|cut_off| match cut_off.missing {
            Some((missing, of)) => {
                format!("the file is cut off: about {} of {} are missing at its end", at(missing), at(of))
            }
            None => "the file is cut off: what came after its last whole frame is missing".to_owned(),
        }));
        if self.torn {
            let words = "the file ends inside its last frame, as a recording does that was never finished";
            sentences.push(words.to_owned());
        }
        if !self.lost.is_empty() {
            sentences.push(format!("data of the file is lost {}", self.lost));
        }
        if !self.corrupt.is_empty() {
            sentences.push(format!("frames of the file are damaged {}", self.corrupt));
        }
        sentences.extend(self.unreadable.iter().cloned());
        sentences
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn sentences_name_the_first_places_and_count_the_others() {
        let mut damage = Damage::default();
        assert!(damage.is_none() && damage.sentences().is_empty());
        for second in [8, 2, 5, 70, 4000, 9000] {
            damage.lost.add(millis(second * 1000 + 200), millis(second * 1000 + 200));
        }
        damage.lost.add(millis(8500), millis(9900));
        assert_eq!(
            damage.sentences(),
            ["data of the file is lost at 2.2 s, at 5.2 s, from 8.2 s to 9.9 s, at 1:10 and at 2 places more"]
        );
        let mut corrupt = Damage::default();
        corrupt.corrupt.add_somewhere();
        assert_eq!(corrupt.sentences(), ["frames of the file are damaged at 1 place"]);
    }

    #[test]
    fn how_much_is_cut_off_is_told_by_the_share_of_bytes() {
        let cut_off = Some(CutOff::of_bytes(600, 1000, Some(Duration::from_secs(12))));
        let damage = Damage { cut_off, ..Damage::default() };
        assert_eq!(damage.sentences(), ["the file is cut off: about 4.8 s of 12 s are missing at its end"]);
        assert!(damage.is_worth_asking() && !Damage { torn: true, ..Damage::default() }.is_worth_asking());
    }

    proptest! {
        #[test]
        fn places_are_in_order_apart_and_bounded(added in prop::collection::vec((0u64..2_000_000, 0u64..3000), 0..600)) {
            let mut places = Places::default();
            for (start, length) in &added {
                places.add(millis(*start), millis(start + length));
            }
            prop_assert!(places.spans().len() <= PLACES_MAX);
            prop_assert!(places.spans().windows(2).all(|two| two[0].end + CLOSE < two[1].start));
            prop_assert_eq!(places.is_empty(), added.is_empty());
        }
    }
}
