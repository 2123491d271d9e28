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

/// Types of sequence parameter sets.
const AVC_SEQUENCE_SET: u8 = 7;
const HEVC_SEQUENCE_SET: u8 = 33;

/// Whether nothing of what a piece begins with needs what was before. `head`: the first bytes of its first sample.
pub fn is_independent(track: &Track, fragment: &TrackFragment, head: &[u8]) -> bool {
    if !track.is_video {
        return true;
    }
    let Some(first) = fragment.samples().next().filter(|first| first.is_sync()) else { return false };
    let Some(kind_of) = nal_kind(track) else { return true };
    let mut kinds = nals(track, head).filter_map(|unit| unit.first().map(|header| kind_of(*header)));
    if is_avc(track) {
        return kinds.find(|kind| (1..=AVC_IDR).contains(kind)) == Some(AVC_IDR);
    }
    let shown = fragment.begins + i64::from(first.composition);
    let has_leading = || fragment.shown().any(|(other, _)| other < shown);
    kinds
        .find(|kind| *kind < HEVC_SLICES_END)
        .is_some_and(|kind| HEVC_IDR.contains(&kind) || HEVC_RANDOM_ACCESS.contains(&kind) && !has_leading())
}

/// Whether a sample brings another form of picture than the init section states.
pub fn has_other_form(track: &Track, head: &[u8]) -> bool {
    let Some(kind_of) = nal_kind(track) else { return false };
    let sequence_set = if is_avc(track) { AVC_SEQUENCE_SET } else { HEVC_SEQUENCE_SET };
    let is_set = |unit: &&[u8]| unit.first().is_some_and(|header| kind_of(*header) == sequence_set);
    // some writers pad with zeros
    let plain = |unit: &[u8]| unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let is_known = |unit: &[u8]| track.sequence_sets.iter().any(|known| known[..plain(known)] == unit[..plain(unit)]);
    nals(track, head).filter(is_set).any(|unit| !is_known(unit))
}

fn is_avc(track: &Track) -> bool {
    matches!(&track.entry, b"avc1" | b"avc3")
}

/// How a NAL unit's header says what it is; `None` where a sample is not made of any.
fn nal_kind(track: &Track) -> Option<fn(u8) -> u8> {
    match &track.entry {
        b"avc1" | b"avc3" => Some(|header| header & 0x1f),
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => Some(|header| header >> 1 & 0x3f),
        _ => None,
    }
}

/// The NAL units of a sample, the last as far as it was read.
fn nals<'a>(track: &Track, mut head: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let width = track.nal_length;
    std::iter::from_fn(move || {
        let (length, rest) = head.split_at_checked(width).filter(|_| width > 0)?;
        let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let (unit, after) = rest.split_at(length.min(rest.len()));
        head = after;
        Some(unit)
    })
}
