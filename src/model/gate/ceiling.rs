//! A ceiling for what browsers cost in a month: the bytes that the relay sends and, with a CDN, those of the CDN. What
//! stands in the environment of the functions, and where the bytes are counted.

use std::{fmt, str::FromStr};

/// In the environment of gate, front and relay: the ceiling in whole GB.
pub const CEILING_GB: &str = "ZIPREEL_CEILING_GB";
/// In the environment of a relay with a ceiling: the id of the distribution whose bytes count too.
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

#[cfg(test)]
mod tests {
    use super::*;

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
