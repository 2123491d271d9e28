//! Moments as text, the way journals, logs and the index write them.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// `2026-11-22T10:00:00Z`: UTC, whole seconds, so that texts sort as the moments do.
pub fn rfc3339(time: SystemTime) -> String {
    Timestamp::from(time).to_string()
}

/// A moment that is kept: whole seconds, as RFC 3339 in UTC where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(SystemTime);

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let time = OffsetDateTime::from(time);
        Self(time.replace_nanosecond(0).unwrap_or(time).into())
    }
}

impl From<Timestamp> for SystemTime {
    fn from(Timestamp(time): Timestamp) -> Self {
        time
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&OffsetDateTime::from(self.0).format(&Rfc3339).expect("a time of this era has a form"))
    }
}

impl Timestamp {
    /// Of what was written by hand or is damaged: long over.
    const UNKNOWN: Self = Self(SystemTime::UNIX_EPOCH);

    /// `None` if the text is no moment of this era.
    fn of(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
        (1970..=9998).contains(&time.year()).then(|| SystemTime::from(time).into())
    }

    /// When it was, if that is known.
    pub fn known(self) -> Option<SystemTime> {
        (self != Self::UNKNOWN).then_some(self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A gate serves the rest of an index whose moments make no sense, so they are no error.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(&String::deserialize(deserializer)?).unwrap_or(Self::UNKNOWN))
    }
}

/// `None` if the text is no such moment.
pub fn of_rfc3339(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_moment_of_this_era_is_long_over() {
        let read = |text: &str| serde_json::from_value::<Timestamp>(text.into()).unwrap();
        for text in
            ["", "soon", "2026-11-23", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00", "1600-01-01T00:00:00Z"]
        {
            assert_eq!((read(text), read(text).known()), (Timestamp::UNKNOWN, None), "{text}");
        }
        let known = read("2026-11-23T12:00:00.7+01:00");
        assert_eq!(known.to_string(), "2026-11-23T11:00:00Z");
        assert!(known > Timestamp::UNKNOWN && known.known().is_some());
    }
}
