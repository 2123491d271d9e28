//! MP3 with the frame that encoders write first: it says how many bytes the file has.

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use crate::model::media::{
    damage::{CutOff, Damage},
    structure::{
        bytes::{Bytes, number},
        parts::{Container, Structure},
    },
};

/// Of the first frame.
const FRAME: u64 = 256;
const TAG: usize = 10;

/// Whether the first bytes are those of an MP3, or of the tag before one.
pub(super) fn begins(first: &[u8]) -> bool {
    first.starts_with(b"ID3") || samples(first).is_some()
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let tag = bytes.read(0, TAG as u64)?;
    // seven bits a byte
    let size = |tag: &[u8]| {
        tag.get(6..10)?.iter().try_fold(0, |size, byte| (*byte < 0x80).then_some(size << 7 | u64::from(*byte)))
    };
    let start = if tag.starts_with(b"ID3") { size(&tag).map_or(0, |size| size + TAG as u64) } else { 0 };
    let frame = bytes.read(start, FRAME)?;
    let (promised, length) = promised(&frame).unzip();
    let there = bytes.length.saturating_sub(start);
    let cut_off = promised.filter(|promised| there < *promised);
    let cut_off = cut_off.map(|promised| CutOff::of_bytes(there, promised, length));
    let damage = Damage { cut_off, ..Damage::default() };
    Ok(Structure { container: Some(Container::Mp3), length, damage, ..Structure::default() })
}

/// Samples in a frame and in a second, by its header (ISO/IEC 11172-3, 2.4.2.3), and how long what stands before its
/// content is.
fn samples(frame: &[u8]) -> Option<(u64, u64, usize)> {
    let &[0xff, version, rate, mode, ..] = frame else { return None };
    // layer III alone
    if version & 0xe6 != 0xe2 {
        return None;
    }
    let is_one = version & 0x18 == 0x18;
    let halved = match version >> 3 & 3 {
        3 => 1,
        2 => 2,
        0 => 4,
        _ => return None,
    };
    let rate = [44_100, 48_000, 32_000].get(usize::from(rate >> 2 & 3))? / halved;
    let side = match (is_one, mode >> 6 == 3) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    Some((if is_one { 1152 } else { 576 }, rate, 4 + side))
}

/// Bytes and length that the first frame promises of all.
fn promised(frame: &[u8]) -> Option<(u64, Duration)> {
    let (samples, rate, at) = samples(frame)?;
    let kind = frame.get(at..at + 4).filter(|kind| matches!(*kind, b"Xing" | b"Info"))?;
    let flags = number(frame, at + kind.len(), 4)?;
    // both frames and bytes are there
    (flags & 3 == 3).then_some(())?;
    let (frames, bytes) = (number(frame, at + 8, 4)?, number(frame, at + 12, 4)?);
    Some((bytes, Duration::from_secs_f64((frames * samples) as f64 / rate as f64)))
}
