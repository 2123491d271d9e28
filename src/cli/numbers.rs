//! Which numbers a flag, and its key in the config file, can have, and what is said of others.

use std::{num::NonZeroUsize, str::FromStr};

use crate::model::pace::uploads::PARALLEL_MAX;

/// Which values of a setting there are, and a sentence about all others.
#[derive(Debug)]
pub struct Rule<T> {
    holds: fn(T) -> bool,
    broken: &'static str,
}

pub const SEGMENT_SECONDS: Rule<f64> =
    Rule { holds: |seconds| (0.5..=600.0).contains(&seconds), broken: "not a number of seconds between 0.5 and 600" };

/// AWS takes less than 50 MiB in one request.
pub const CHUNK_MIB: Rule<u64> =
    Rule { holds: |mib| (1..=49).contains(&mib), broken: "not a whole number of MiB between 1 and 49" };

/// The sentence says the number of `PARALLEL_MAX`.
pub const PARALLEL: Rule<NonZeroUsize> =
    Rule { holds: |uploads| uploads.get() <= PARALLEL_MAX, broken: "not a whole number between 1 and 16" };

/// More than any disk has room for, and few enough to be counted in bytes.
pub const BACKLOG_GIB: Rule<f64> =
    Rule { holds: |gib| gib > 0.0 && gib <= 1_000_000.0, broken: "not a number of GiB above 0 and up to 1000000" };

/// Any that the type holds.
const VIDEO_STREAM: Rule<u32> =
    Rule { holds: |_| true, broken: "not a stream's number in the file: a whole number from 0" };
const PORT: Rule<u16> = Rule { holds: |_| true, broken: "not a port: a whole number from 0 to 65535" };

impl<T: Copy> Rule<T> {
    /// Why this value, if there is one, can't be had.
    pub fn broken_by(&self, value: Option<T>) -> Option<&'static str> {
        value.filter(|value| !(self.holds)(*value)).map(|_| self.broken)
    }

    fn read(&self, text: &str) -> Result<T, String>
    where
        T: FromStr,
    {
        let value = text.parse().ok().filter(|value| (self.holds)(*value));
        value.ok_or_else(|| self.broken.to_owned())
    }
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    SEGMENT_SECONDS.read(text)
}

pub(super) fn chunk_mib(text: &str) -> Result<u64, String> {
    CHUNK_MIB.read(text)
}

pub(super) fn parallel(text: &str) -> Result<NonZeroUsize, String> {
    PARALLEL.read(text)
}

pub(super) fn backlog_gib(text: &str) -> Result<f64, String> {
    BACKLOG_GIB.read(text)
}

pub(super) fn video_stream(text: &str) -> Result<u32, String> {
    VIDEO_STREAM.read(text)
}

pub(super) fn port(text: &str) -> Result<u16, String> {
    PORT.read(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn numbers_out_of_range_are_refused_in_a_sentence_that_says_the_range() {
        for (flag, wrong, sentence) in [
            ("--segment-seconds", &["0", "601", "x", "NaN"][..], "not a number of seconds between 0.5 and 600"),
            ("--chunk-mib", &["0", "50", "1.5", "-1", "x"], "not a whole number of MiB between 1 and 49"),
            ("--parallel", &["0", "17", "1.5", "x"], "not a whole number between 1 and 16"),
            ("--video-stream", &["-1", "x", "4294967296"], "not a stream's number in the file: a whole number from 0"),
            ("--port", &["-1", "x", "65536"], "not a port: a whole number from 0 to 65535"),
            ("--backlog-gib", &["abc", "0", "-1", "NaN", "inf", "1e300"], "not a number of GiB above 0"),
        ] {
            for value in wrong {
                let words = ["zipreel", "publish", "a.mp4", &format!("{flag}={value}")];
                let said = Cli::try_parse_from(words).unwrap_err().to_string();
                assert!(said.contains(&format!("'{value}' for '{flag} <")) && said.contains(sentence), "{said}");
            }
        }
    }

    #[test]
    fn numbers_at_the_ends_of_a_range_are_taken() {
        assert_eq!((seconds("0.5"), seconds("600")), (Ok(0.5), Ok(600.0)));
        assert_eq!((chunk_mib("1"), chunk_mib("49")), (Ok(1), Ok(49)));
        assert_eq!(parallel("16").map(NonZeroUsize::get), Ok(PARALLEL_MAX));
        assert_eq!((backlog_gib("0.001"), backlog_gib("1000000")), (Ok(0.001), Ok(1_000_000.0)));
        assert_eq!((video_stream("0"), port("0"), port("65535")), (Ok(0), Ok(0), Ok(65_535)));
    }

    #[test]
    fn a_value_that_is_not_set_breaks_no_rule() {
        assert_eq!((CHUNK_MIB.broken_by(None), CHUNK_MIB.broken_by(Some(8))), (None, None));
        assert_eq!(BACKLOG_GIB.broken_by(Some(f64::NAN)), Some("not a number of GiB above 0 and up to 1000000"));
    }
}
