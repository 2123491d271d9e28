//! What is said where the line can't carry a chunk in the time that AWS takes one.

use crate::{
    model::{
        chunk::pack::MIB,
        pace::uplink::Uplink,
        reel::{
            index::SegmentIndex,
            name::{FunctionName, ReelName},
            order::IfTaken,
        },
        report::fault::{Explain, FaultClass},
    },
    publish::{upload::packed_chunk::PackedChunk, work::Work},
};

/// Nothing that passes by itself: the settings are for another line, or the line is not the usual one.
#[derive(Debug, thiserror::Error)]
#[error("could not send `{function}`: the line is too slow for a chunk of {:.1} MiB", mib(*.bytes))]
pub(crate) struct TooSlow {
    function: FunctionName,
    reel: ReelName,
    bytes: u64,
    largest: Option<SegmentIndex>,
    /// The largest chunk that would get through, with a margin.
    fitting: u64,
    repairs: bool,
    #[source]
    cause: Cause,
}

#[derive(Debug, thiserror::Error)]
#[error("it carries about {mbit} Mbit/s, and AWS refuses what is not there {seconds} s after its beginning")]
struct Cause {
    mbit: String,
    seconds: f64,
}

impl TooSlow {
    pub fn new(work: &Work, chunk: &PackedChunk, uplink: &Uplink) -> Self {
        let largest = chunk.index.segments.iter().max_by_key(|segment| segment.bytes).copied();
        // base64 is a third more on the wire
        let mbit = uplink.known_rate().unwrap_or(0.0) * 4.0 / 3.0 * 8.0 / 1e6;
        Self {
            function: work.chunk_function(&chunk.id()),
            reel: work.order.reel.clone(),
            bytes: chunk.index.bytes,
            largest,
            fitting: uplink.fitting_bytes().unwrap_or(0),
            repairs: work.order.if_taken == IfTaken::Repair,
            cause: Cause { mbit: two_digits(mbit), seconds: uplink.life().as_secs_f64() },
        }
    }

    /// The settings with which this line will do; `None` if none are so small.
    fn settings(&self) -> Option<String> {
        let chunk_mib = self.fitting / MIB;
        if chunk_mib == 0 {
            return None;
        }
        // a sixteenth is left for the zip's frame and for bit rates that vary
        let room = (chunk_mib * MIB) as f64 * 15.0 / 16.0;
        let larger = self.largest.filter(|segment| segment.bytes as f64 > room);
        let seconds = larger.map(|segment| segment.duration_us as f64 / 1e6 * room / segment.bytes as f64);
        match seconds {
            None => Some(format!("--chunk-mib {chunk_mib}")),
            Some(seconds) if seconds >= 1.0 => {
                Some(format!("--chunk-mib {chunk_mib} --segment-seconds {}", seconds.floor()))
            }
            Some(_) => None,
        }
    }
}

impl Explain for TooSlow {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        let reel = &self.reel;
        if self.repairs {
            return Some(format!("The chunks of `{reel}` are as large as they are: mend it from a faster line."));
        }
        let go_on = format!("`zipreel resume {reel}` on a faster line goes on with what is up");
        Some(match self.settings() {
            Some(settings) => format!("Publish again with {settings}, which begins anew; or {go_on}."),
            None => format!("No chunk is small enough for this line; {go_on}."),
        })
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB as f64
}

/// `1.6`, `0.83`, `12`.
fn two_digits(number: f64) -> String {
    let decimals = (1.0 - number.max(0.01).log10().floor()).clamp(0.0, 2.0) as usize;
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(fitting_mib: u64, segment_mib: u64, repairs: bool) -> String {
        let segment = SegmentIndex {
            offset: 0,
            bytes: segment_mib * MIB,
            duration_us: 6_000_000,
            crc32: 0,
            discontinuity: false,
        };
        let fault = TooSlow {
            function: FunctionName::Index { reel: "x".parse().unwrap() },
            reel: "x".parse().unwrap(),
            bytes: 32 * MIB,
            largest: Some(segment),
            fitting: fitting_mib * MIB + 1,
            repairs,
            cause: Cause { mbit: two_digits(0.8), seconds: 300.0 },
        };
        let fault = fault.fault();
        assert_eq!(fault.class, FaultClass::Permanent);
        let cause = "it carries about 0.80 Mbit/s, and AWS refuses what is not there 300 s after its beginning";
        assert_eq!(fault.cause.as_deref(), Some(cause));
        assert!(fault.what.ends_with("too slow for a chunk of 32.0 MiB"), "{fault}");
        fault.hint.unwrap()
    }

    #[test]
    fn settings_that_fit_are_named_and_how_to_go_on_without_them() {
        let again = |settings: &str| {
            format!(
                "Publish again with {settings}, which begins anew; or `zipreel resume x` on a faster line goes on \
                     with what is up."
            )
        };
        assert_eq!(hint(16, 4, false), again("--chunk-mib 16"));
        assert_eq!(hint(4, 8, false), again("--chunk-mib 4 --segment-seconds 2"));
        assert!(hint(0, 1, false).starts_with("No chunk is small enough for this line; `zipreel resume x`"));
        assert!(hint(1, 30, false).starts_with("No chunk is small enough"), "segments of less than a second");
        assert!(hint(16, 4, true).contains("mend it from a faster line"));
    }

    #[test]
    fn rates_have_two_digits() {
        let rates = [0.0, 0.083, 0.83, 1.6, 12.3].map(two_digits);
        assert_eq!(rates, ["0.00", "0.08", "0.83", "1.6", "12"]);
    }
}
