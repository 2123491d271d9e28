//! Files of sound alone that say how many bytes they have: WAV (RIFF), and MP3 with the frame that encoders write first.

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use super::{
    bytes::{Bytes, number},
    parts::{Container, Structure},
};
use crate::model::media::damage::{CutOff, Damage};

/// Of a WAV, up to the format.
const HEAD: u64 = 36;
/// Of an MP3's first frame.
const FRAME: u64 = 256;
const TAG: usize = 10;

/// WAV, if it is one that was finished.
pub(super) fn wav<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let head = bytes.read(0, HEAD)?;
    let little = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
    let size = little(4).filter(|size| *size != 0 && *size != u32::MAX).map_or(0, |size| 8 + u64::from(size));
    let rate = little(28).filter(|_| head.get(12..16) == Some(b"fmt ")).filter(|rate| *rate > 0);
    let length = rate.map(|rate| Duration::from_secs_f64(size as f64 / f64::from(rate)));
    Ok(cut_off(Container::Wav, bytes.length, size, length))
}

/// Whether the first bytes are those of an MP3, or of the tag before one.
pub(super) fn is_mp3(first: &[u8]) -> bool {
    first.starts_with(b"ID3") || samples(first).is_some()
}

pub(super) fn mp3<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let tag = bytes.read(0, TAG as u64)?;
    // seven bits a byte
    let size = |tag: &[u8]| {
        tag.get(6..10)?.iter().try_fold(0, |size, byte| (*byte < 0x80).then_some(size << 7 | u64::from(*byte)))
    };
    let start = if tag.starts_with(b"ID3") { size(&tag).map_or(0, |size| size + TAG as u64) } else { 0 };
    let frame = bytes.read(start, FRAME)?;
    let (promised, length) = promised(&frame).unzip();
    Ok(cut_off(Container::Mp3, bytes.length.saturating_sub(start), promised.unwrap_or(0), length))
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

fn cut_off(container: Container, there: u64, promised: u64, length: Option<Duration>) -> Structure {
    let cut_off = (there < promised).then(|| CutOff::of_bytes(there, promised, length));
    Structure {
        container: Some(container),
        length,
        damage: Damage { cut_off, ..Damage::default() },
        ..Structure::default()
    }
}
