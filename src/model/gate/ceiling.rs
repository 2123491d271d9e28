//! A ceiling for what browsers cost in a month: the bytes that the relay sends and, with a CDN, those of the CDN. What
//! stands in the environment of the functions, and where the bytes are counted.

use std::{fmt, str::FromStr};

/// In the environment of gate, front and relay: the ceiling in whole GB.
pub const CEILING_GB: &str = "ZIPREEL_CEILING_GB";
/// In the environment of a relay with a ceiling: the distributions whose bytes count too, as [`CountedCdns`].
pub const CDN_ID: &str = "ZIPREEL_CDN_ID";
/// CloudWatch's name space of what the relay counts, which its role may write in.
pub const NAMESPACE: &str = "zipreel";
/// The metric in it, with the dimension `FunctionName`.
pub const RELAYED_BYTES: &str = "RelayedBytes";
/// Below the relay's base URL: whether the ceiling is reached.
pub const CEILING_PATH: &str = "ceiling";
/// As AWS bills it.
const BYTES_PER_GB: u64 = 1_000_000_000;
pub const MOST_GB: u32 = 1_000_000;

/// What browsers may be sent in a calendar month, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ceiling(u32);

impl Ceiling {
    pub fn gb(self) -> u32 {
        self.0
    }

    pub fn bytes(self) -> u64 {
        u64::from(self.0) * BYTES_PER_GB
    }
}

impl FromStr for Ceiling {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let gb = text.parse().ok().filter(|gb| (1..=MOST_GB).contains(gb));
        gb.map(Self).ok_or_else(|| format!("not a whole number of GB from 1 to {MOST_GB}"))
    }
}

/// The number alone, as it stands in an environment.
impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Distributions by AWS's ids: the one that there is, and those that there were in a month, of which each stands with that
/// month: `E2,E1@2026-11`. What they sent stays sent. A month is such digits here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountedCdns {
    now: Option<String>,
    /// With the digits of the month in which it was the one.
    before: Vec<(String, String)>,
}

impl CountedCdns {
    /// As it stands in an environment. What can't be read there is no id.
    pub fn read(text: &str) -> Self {
        let mut read = Self::default();
        for known in text.split(',').filter(|known| !known.is_empty()) {
            match known.split_once('@') {
                Some((id, month)) => read.before.push((id.to_owned(), month.to_owned())),
                None => read.now = Some(known.to_owned()),
            }
        }
        read
    }

    /// The one that there is.
    pub fn now(&self) -> Option<&str> {
        self.now.as_deref()
    }

    /// All whose bytes count in this month.
    pub fn of<'a>(&'a self, month: &'a str) -> impl Iterator<Item = &'a str> {
        let before = self.before.iter().filter(move |(_, of)| of == month).map(|(id, _)| id.as_str());
        self.now().into_iter().chain(before)
    }

    /// This is the one from now on, or none is. Where that is another, what was before this month is forgotten.
    pub fn replaced(self, now: Option<String>, month: &str) -> Self {
        if self.now == now {
            return self;
        }
        let left = self.now.map(|id| (id, month.to_owned()));
        let mut before: Vec<_> = left.into_iter().chain(self.before).filter(|(_, of)| of == month).collect();
        before.retain(|(id, _)| now.as_ref() != Some(id));
        Self { now, before }
    }
}

impl fmt::Display for CountedCdns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.before.iter().map(|(id, month)| format!("{id}@{month}"));
        let all: Vec<_> = self.now.clone().into_iter().chain(before).collect();
        f.write_str(&all.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_cdn_sent_in_a_month_counts_until_its_end() {
        let (november, december) = ("2026-11", "2026-12");
        let of = |text: &str, month: &str| CountedCdns::read(text).of(month).map(str::to_owned).collect::<Vec<_>>();
        let after = |text: &str, now: Option<&str>, month: &str| {
            CountedCdns::read(text).replaced(now.map(str::to_owned), month).to_string()
        };
        assert_eq!(after("E1", Some("E1"), november), "E1");
        assert_eq!(after("E1", None, november), "E1@2026-11");
        assert_eq!(after("E1@2026-11", Some("E2"), november), "E2,E1@2026-11");
        assert_eq!(after("E1", Some("E2"), november), "E2,E1@2026-11");
        assert_eq!(after("E2,E1@2026-11", Some("E1"), november), "E1,E2@2026-11");
        assert_eq!(after("E2,E1@2026-11", Some("E2"), december), "E2,E1@2026-11");
        assert_eq!(after("E2,E1@2026-11", Some("E3"), december), "E3,E2@2026-12");
        assert_eq!(after("E1@2026-11", Some("E2"), december), "E2");
        assert_eq!(of("E2,E1@2026-11", november), ["E2", "E1"]);
        assert_eq!(of("E2,E1@2026-11", december), ["E2"]);
        assert_eq!(of("", november), [""; 0]);
    }

    #[test]
    fn a_ceiling_is_whole_gb() {
        let parsed = |text: &str| text.parse::<Ceiling>().ok().map(Ceiling::bytes);
        assert_eq!(parsed("1"), Some(1_000_000_000));
        assert_eq!(parsed("1000000"), Some(1_000_000_000_000_000));
        for text in ["0", "1000001", "-1", "1.5", "", "10GB"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
