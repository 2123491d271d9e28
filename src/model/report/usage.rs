//! What was asked and sent in a calendar month, in UTC: AWS bills by it. Pure.

use std::{fmt, time::SystemTime};

use time::{Date, Duration, OffsetDateTime};

use crate::model::wording;

/// A calendar month in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Date);

impl Month {
    pub fn of(time: SystemTime) -> Self {
        let date = OffsetDateTime::from(time).date();
        Self(date.replace_day(1).expect("every month has a first day"))
    }

    pub fn before(self) -> Self {
        let last = self.0.previous_day().unwrap_or(self.0);
        Self(last.replace_day(1).expect("every month has a first day"))
    }

    pub fn after(self) -> Self {
        let length = self.0.month().length(self.0.year());
        Self(self.0.checked_add(Duration::days(length.into())).unwrap_or(self.0))
    }

    pub fn begins(self) -> SystemTime {
        self.0.midnight().assume_utc().into()
    }

    /// `2026-10`.
    pub fn digits(self) -> String {
        format!("{:04}-{:02}", self.0.year(), u8::from(self.0.month()))
    }
}

/// `October`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.month().fmt(f)
    }
}

/// What came to one function, or to the CDN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthOfUse {
    pub month: Month,
    pub requests: u64,
    /// Where they are counted.
    pub bytes: Option<u64>,
}

impl fmt::Display for MonthOfUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.requests == 1 { "request" } else { "requests" };
        write!(f, "{} {noun}", wording::thousands(self.requests))?;
        self.bytes.map_or(Ok(()), |bytes| write!(f, " and {}", wording::gigabytes(bytes)))
    }
}

/// Of the month before and of this one so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub of: &'static str,
    pub last: MonthOfUse,
    pub this: MonthOfUse,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, last, this } = self;
        write!(f, "{of}: {last} in {}; in {} so far {this}", last.month, this.month)
    }
}

/// What browsers may be sent in a month, and what they were sent in this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CeilingUse {
    pub ceiling_bytes: u64,
    pub month: Month,
    /// Where that can be read, and the relay is on.
    pub used_bytes: Option<u64>,
}

impl CeilingUse {
    pub fn is_reached(&self) -> bool {
        self.used_bytes.is_some_and(|used| used >= self.ceiling_bytes)
    }
}

impl fmt::Display for CeilingUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ceiling_bytes, month, used_bytes } = self;
        write!(f, "{} GB a month", wording::thousands(ceiling_bytes / 1_000_000_000))?;
        let Some(used) = used_bytes else { return Ok(()) };
        let used = wording::gigabytes(*used);
        match self.is_reached() {
            true => write!(f, ", reached in {month} with {used}: browsers play again from 1 {}", month.after()),
            false => write!(f, ", {used} of it used in {month} so far"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reel::moment::of_rfc3339;

    #[test]
    fn a_month_begins_at_midnight_in_utc_and_follows_the_one_before() {
        let at = |text: &str| of_rfc3339(text).unwrap();
        let month = |text: &str| Month::of(at(text));
        assert_eq!(month("2026-11-30T23:59:59Z").begins(), at("2026-11-01T00:00:00Z"));
        assert_eq!(month("2026-12-01T00:59:59+01:00"), month("2026-11-01T00:00:00Z"));
        let january = month("2027-01-31T12:00:00Z");
        assert_eq!((january.digits(), january.before().digits()), ("2027-01".to_owned(), "2026-12".to_owned()));
        assert_eq!(january.before().to_string(), "December");
        assert_eq!(january.before().after(), january);
        assert_eq!(january.after().digits(), "2027-02");
    }

    #[test]
    fn a_ceiling_is_reached_by_its_last_byte() {
        let month = Month::of(of_rfc3339("2026-11-28T00:00:00Z").unwrap());
        let told = |used_bytes| CeilingUse { ceiling_bytes: 1_000_000_000, month, used_bytes }.to_string();
        assert_eq!(told(None), "1 GB a month");
        assert_eq!(told(Some(999_000_000)), "1 GB a month, 1.0 GB of it used in November so far");
        let reached = "1 GB a month, reached in November with 1.0 GB: browsers play again from 1 December";
        assert_eq!(told(Some(1_000_000_000)), reached);
    }

    #[test]
    fn bytes_are_told_where_they_are_counted() {
        let this = Month::of(of_rfc3339("2026-11-28T00:00:00Z").unwrap());
        let of = |month, requests, bytes| MonthOfUse { month, requests, bytes };
        let gate = Usage { of: "gate", last: of(this.before(), 1_234_567, None), this: of(this, 1, None) };
        assert_eq!(gate.to_string(), "gate: 1,234,567 requests in October; in November so far 1 request");
        let cdn = Usage { of: "cdn", last: of(this.before(), 0, Some(0)), this: of(this, 1_000, Some(45_640_000_000)) };
        let words = "cdn: 0 requests and 0 GB in October; in November so far 1,000 requests and 45.6 GB";
        assert_eq!(cdn.to_string(), words);
    }
}
