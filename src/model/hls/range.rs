//! The `Range` header of a download: which bytes of a resource of known length it asks for (RFC 9110, section 14).
//! Pure; knows nothing of files or answers.

/// What a `Range` header comes to for one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// All of it, status 200: no header, one that is malformed or of another unit, or several ranges at once
    /// (which RFC 9110 lets a server ignore, as S3 does).
    Whole,
    /// Status 206.
    Part(ByteRange),
    /// Status 416: well formed, but nothing of the resource lies in it.
    Unsatisfiable,
}

/// At least one byte; both ends count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    pub first: u64,
    pub last: u64,
}

impl ByteRange {
    pub fn bytes(self) -> u64 {
        self.last - self.first + 1
    }

    /// Value of the answer's `Content-Range`.
    pub fn content_range(self, length: u64) -> String {
        format!("bytes {}-{}/{length}", self.first, self.last)
    }
}

/// Reads a `Range` header's value against a resource of `length` bytes.
pub fn select(header: Option<&str>, length: u64) -> Selection {
    let Some((unit, set)) = header.and_then(|value| value.split_once('=')) else { return Selection::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Selection::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else { return Selection::Whole };
    match (number(first), number(last)) {
        (Number::Digits(first), Number::Digits(last)) if first > last => Selection::Whole,
        (Number::Digits(first), Number::Digits(last)) => part(first, last, length),
        (Number::Digits(first), Number::Absent) => part(first, u64::MAX, length),
        (Number::Absent, Number::Digits(0)) => Selection::Unsatisfiable,
        (Number::Absent, Number::Digits(count)) => part(length.saturating_sub(count), u64::MAX, length),
        _ => Selection::Whole,
    }
}

fn part(first: u64, last: u64, length: u64) -> Selection {
    if first >= length {
        return Selection::Unsatisfiable;
    }
    Selection::Part(ByteRange { first, last: last.min(length - 1) })
}

enum Number {
    Absent,
    Digits(u64),
    Malformed,
}

fn number(text: &str) -> Number {
    if text.is_empty() {
        Number::Absent
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // digits beyond 64 bits lie past the end of anything
        Number::Digits(text.parse().unwrap_or(u64::MAX))
    } else {
        Number::Malformed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part_of(first: u64, last: u64) -> Selection {
        Selection::Part(ByteRange { first, last })
    }

    #[test]
    fn the_three_forms_are_read() {
        assert_eq!(select(Some("bytes=2-5"), 10), part_of(2, 5));
        assert_eq!(select(Some("bytes=2-"), 10), part_of(2, 9));
        assert_eq!(select(Some("bytes=-3"), 10), part_of(7, 9));
        assert_eq!(select(Some("Bytes=0-99999999999999999999999"), 10), part_of(0, 9));
        assert_eq!(select(Some("bytes=-99999999999999999999999"), 10), part_of(0, 9));
    }

    #[test]
    fn what_lies_outside_is_unsatisfiable() {
        for header in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(select(Some(header), 10), Selection::Unsatisfiable, "{header}");
        }
        assert_eq!(select(Some("bytes=0-0"), 0), Selection::Unsatisfiable);
        assert_eq!(select(Some("bytes=-1"), 0), Selection::Unsatisfiable);
    }

    #[test]
    fn malformed_and_multiple_ranges_mean_the_whole() {
        let headers =
            ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=1-2,4-5", "items=0-1", "bytes=+1-2"];
        for header in headers.map(Some).into_iter().chain([None]) {
            assert_eq!(select(header, 10), Selection::Whole, "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn a_part_lies_inside_and_is_what_was_asked(first in 0u64..2000, count in 1u64..2000, length in 0u64..2000) {
            let last = first + count - 1;
            match select(Some(&format!("bytes={first}-{last}")), length) {
                Selection::Part(range) => {
                    prop_assert!(range.first == first && range.last < length && range.last <= last);
                    prop_assert_eq!(range.bytes(), count.min(length - first));
                }
                other => prop_assert!(first >= length && other == Selection::Unsatisfiable),
            }
        }

        #[test]
        fn a_suffix_is_the_end(count in 1u64..2000, length in 1u64..2000) {
            let wanted = ByteRange { first: length.saturating_sub(count), last: length - 1 };
            prop_assert_eq!(select(Some(&format!("bytes=-{count}")), length), Selection::Part(wanted));
        }

        #[test]
        fn no_header_panics_or_leaves_the_resource(header in "(bytes)?=?[-0-9, a]{0,40}|\\PC{0,40}", length: u64) {
            if let Selection::Part(range) = select(Some(&header), length) {
                prop_assert!(range.first <= range.last && range.last < length);
            }
        }
    }
}
