//! Just enough of H.264 (ITU-T H.264, 7.3) to say what a segment truly holds: NAL units of an Annex B stream, and the
//! profile, level and picture size out of a sequence parameter set.

use std::collections::BTreeMap;

/// NAL unit types of 7.4.1 that matter here.
const IDR_SLICE: u8 = 5;
const SEQUENCE_PARAMETER_SET: u8 = 7;
const PICTURE_PARAMETER_SET: u8 = 8;
const UNSPECIFIED: u8 = 31;

/// What the first access unit of a segment says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessUnit {
    pub parameters: Option<Parameters>,
    /// An IDR picture: nothing after it refers to anything before it.
    pub idr: bool,
}

/// From a sequence parameter set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// profile_idc, constraint flags, level_idc: the six hexadecimal digits of `avc1.…` (RFC 6381).
    pub profile: [u8; 3],
    /// After cropping, before sample aspect ratio; `None` if the set is damaged.
    pub size: Option<(u32, u32)>,
}

impl Parameters {
    pub fn codec(&self) -> String {
        let [profile, constraints, level] = self.profile;
        format!("avc1.{profile:02x}{constraints:02x}{level:02x}")
    }
}

/// Reads an access unit in Annex B form (it may be cut off at its end).
pub fn access_unit(bytes: &[u8]) -> AccessUnit {
    let mut unit = AccessUnit::default();
    for nal in nals(bytes) {
        match nal.first().map(|header| header & 0x1f) {
            Some(IDR_SLICE) => unit.idr = true,
            Some(SEQUENCE_PARAMETER_SET) if unit.parameters.is_none() => unit.parameters = parameters(nal),
            _ => {}
        }
    }
    unit
}

/// Whether a picture's own data begins in it, so that its parameter sets are all there.
pub fn has_slice(bytes: &[u8]) -> bool {
    start_codes(bytes).any(|at| bytes.get(at).is_some_and(|header| (1..=IDR_SLICE).contains(&(header & 0x1f))))
}

/// The sequence parameter sets that an access unit leaves in force, in order of their ids, and where in it the header
/// bytes stand of those parameter sets that it brings before and takes back. A picture's set goes with the sequence's that
/// it was written for: a decoder that begins here has nothing that it could belong to.
pub fn parameter_sets(bytes: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let mut sets: BTreeMap<(u8, u32), (usize, &[u8])> = BTreeMap::new();
    let (mut stale, mut taken_back) = (Vec::new(), 0);
    for (at, nal) in start_codes(bytes).zip(nals(bytes)) {
        let kind = nal.first().map_or(0, |header| header & 0x1f);
        // before its id, a sequence parameter set has profile and level
        let id_at = match kind {
            SEQUENCE_PARAMETER_SET => 4,
            PICTURE_PARAMETER_SET => 1,
            _ => continue,
        };
        let end = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let id = nal.get(id_at..end).and_then(|rest| Bits { bytes: rest, at: 0 }.unsigned()).unwrap_or(0);
        let Some((before, set)) = sets.insert((kind, id), (at, &nal[..end])) else { continue };
        let is_other = set != &nal[..end];
        if is_other || kind == PICTURE_PARAMETER_SET && before < taken_back {
            stale.push(before);
        }
        if is_other && kind == SEQUENCE_PARAMETER_SET {
            taken_back = at;
        }
    }
    let sequence = sets.into_iter().filter(|((kind, _), _)| *kind == SEQUENCE_PARAMETER_SET);
    (sequence.flat_map(|(_, (_, set))| set.iter().copied()).collect(), stale)
}

/// A unit of unspecified type, which every decoder passes over, in the place of one with this header byte.
pub fn passed_over(header: u8) -> u8 {
    header & 0xe0 | UNSPECIFIED
}

/// The NAL units between start codes, header byte first.
fn nals(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = start_codes(bytes);
    let ends = starts.clone().skip(1).map(|next| next - 3).chain(std::iter::once(bytes.len()));
    starts.zip(ends).map(|(start, end)| bytes.get(start..end).unwrap_or_default())
}

/// Positions right after each `00 00 01`.
fn start_codes(bytes: &[u8]) -> impl Iterator<Item = usize> + Clone {
    bytes.windows(3).enumerate().filter(|(_, window)| *window == [0, 0, 1]).map(|(at, _)| at + 3)
}

fn parameters(nal: &[u8]) -> Option<Parameters> {
    let profile = [*nal.get(1)?, *nal.get(2)?, *nal.get(3)?];
    Some(Parameters { profile, size: size(profile[0], &payload(nal.get(4..)?)) })
}

/// Without the emulation prevention bytes (`00 00 03`), at most as long as a sane set.
fn payload(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len().min(512));
    let mut zeros = 0;
    for &byte in bytes.iter().take(512) {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        plain.push(byte);
    }
    plain
}

/// 7.3.2.1.1 from seq_parameter_set_id to the cropping rectangle.
fn size(profile: u8, bytes: &[u8]) -> Option<(u32, u32)> {
    let mut bits = Bits { bytes, at: 0 };
    bits.unsigned()?; // seq_parameter_set_id
    let mut chroma = 1;
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(&profile) {
        chroma = bits.unsigned()?;
        if chroma == 3 {
            bits.bit()?; // separate_colour_plane_flag
        }
        bits.unsigned()?; // bit_depth_luma_minus8
        bits.unsigned()?; // bit_depth_chroma_minus8
        bits.bit()?; // qpprime_y_zero_transform_bypass_flag
        if bits.bit()? == 1 {
            scaling_matrix(&mut bits, if chroma == 3 { 12 } else { 8 })?;
        }
    }
    bits.unsigned()?; // log2_max_frame_num_minus4
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            bits.bit()?; // delta_pic_order_always_zero_flag
            bits.unsigned()?; // offset_for_non_ref_pic (signed: same length)
            bits.unsigned()?; // offset_for_top_to_bottom_field
            for _ in 0..bits.unsigned()?.min(255) {
                bits.unsigned()?; // offset_for_ref_frame
            }
        }
        _ => {}
    }
    bits.unsigned()?; // max_num_ref_frames
    bits.bit()?; // gaps_in_frame_num_value_allowed_flag
    let width = bits.unsigned()?.checked_add(1)?.checked_mul(16)?;
    let map_units = bits.unsigned()?.checked_add(1)?;
    let frames_only = bits.bit()?;
    let height = map_units.checked_mul(16)?.checked_mul(2 - frames_only)?;
    if frames_only == 0 {
        bits.bit()?; // mb_adaptive_frame_field_flag
    }
    bits.bit()?; // direct_8x8_inference_flag
    if bits.bit()? == 0 {
        return Some((width, height));
    }
    let (left, right, top, bottom) = (bits.unsigned()?, bits.unsigned()?, bits.unsigned()?, bits.unsigned()?);
    let (unit_x, unit_y) = match chroma {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    };
    let crop_x = left.checked_add(right)?.checked_mul(unit_x)?;
    let crop_y = top.checked_add(bottom)?.checked_mul(unit_y * (2 - frames_only))?;
    Some((width.checked_sub(crop_x)?, height.checked_sub(crop_y)?))
}

/// 7.3.2.1.1.1, read over.
fn scaling_matrix(bits: &mut Bits<'_>, lists: usize) -> Option<()> {
    for list in 0..lists {
        if bits.bit()? == 0 {
            continue;
        }
        let (mut last, mut next) = (8i64, 8i64);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = (last + bits.signed()? + 256) % 256;
            }
            last = if next == 0 { last } else { next };
        }
    }
    Some(())
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<u32> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }

    /// ue(v), Exp-Golomb.
    fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let mut value = 1u32;
        for _ in 0..zeros {
            value = value.checked_mul(2)? | self.bit()?;
        }
        Some(value - 1)
    }

    /// se(v)
    fn signed(&mut self) -> Option<i64> {
        let code = i64::from(self.unsigned()?);
        Some(if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_that_are_taken_back_are_found() {
        let (small, large, id_1) = ([0x67, 66, 0, 30, 0xda], [0x67, 66, 0, 31, 0xda], [0x67, 66, 0, 31, 0x50]);
        let picture = [0x68, 0xce];
        let unit = |sets: &[&[u8]]| {
            let mut bytes: Vec<u8> = sets.iter().flat_map(|set| [&[0, 0, 0, 1], *set].concat()).collect();
            bytes.extend([0, 0, 1, 0x65, 0x88]);
            bytes
        };
        // the same again takes nothing back, and neither does one with another id
        let (sets, stale) = parameter_sets(&unit(&[&small, &picture, &small, &picture, &id_1]));
        assert_eq!((sets, stale), ([small, id_1].concat(), vec![]));
        let bytes = unit(&[&small, &picture, &large, &picture]);
        let (sets, stale) = parameter_sets(&bytes);
        assert_eq!((sets, stale.as_slice()), (large.to_vec(), [4, 13].as_slice()), "the picture's with the sequence's");
        assert_eq!((bytes[4], passed_over(bytes[4]) & 0x1f), (0x67, UNSPECIFIED));
        assert!(has_slice(&bytes) && !has_slice(&bytes[..20]));
    }
}
