//! Moments as text, the way journals, logs and the index write them.

use std::time::SystemTime;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// `2026-11-22T10:00:00Z`: UTC, whole seconds, so that texts sort as the moments do.
pub fn rfc3339(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let seconds = time.replace_nanosecond(0).unwrap_or(time);
    seconds.format(&Rfc3339).expect("a time of this era has a form")
}

/// `None` if the text is no such moment.
pub fn of_rfc3339(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(SystemTime::from)
}
