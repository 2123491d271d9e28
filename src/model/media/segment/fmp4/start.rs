//! Whether a decoder can begin with a sample.

use super::{fragment::TrackFragment, init::Track};

/// Bytes of a sample that tell: parameter sets and messages stand before its first slice.
pub const HEAD_MAX: usize = 64 * 1024;

/// NAL unit types of H.264, table 7-1.
const AVC_IDR: u8 = 5;
/// NAL unit types of HEVC, table 7-1: pictures that others may be decoded from alone, and those of them after which
/// nothing refers to what was before.
const HEVC_RANDOM_ACCESS: std::ops::RangeInclusive<u8> = 16..=21;
const HEVC_IDR: std::ops::RangeInclusive<u8> = 19..=20;
const HEVC_SLICES_END: u8 = 32;

/// Whether nothing of what a piece begins with needs what was before. `head`: the first bytes of its first sample.
pub fn is_independent(track: &Track, fragment: &TrackFragment, head: &[u8]) -> bool {
    if !track.is_video {
        return true;
    }
    let Some(first) = fragment.samples().next().filter(|first| first.is_sync()) else { return false };
    match &track.entry {
        b"avc1" | b"avc3" => slice(track, head, |header| (1..=AVC_IDR).contains(&(header & 0x1f)))
            .is_some_and(|header| header & 0x1f == AVC_IDR),
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => {
            let kind =
                slice(track, head, |header| header >> 1 & 0x3f < HEVC_SLICES_END).map(|header| header >> 1 & 0x3f);
            let shown = fragment.begins + i64::from(first.composition);
            let has_leading = || fragment.shown().any(|(other, _)| other < shown);
            kind.is_some_and(|kind| HEVC_IDR.contains(&kind) || HEVC_RANDOM_ACCESS.contains(&kind) && !has_leading())
        }
        _ => true,
    }
}

/// The header of the first NAL unit that is a slice.
fn slice(track: &Track, mut head: &[u8], is_slice: impl Fn(u8) -> bool) -> Option<u8> {
    loop {
        let (length, rest) = head.split_at_checked(track.nal_length)?;
        let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let header = *rest.first()?;
        if is_slice(header) {
            return Some(header);
        }
        head = rest.get(length..)?;
    }
}
