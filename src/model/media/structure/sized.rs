//! Files that say at their beginning up to where they reach: WAV and what takes its place where 4 GiB are too little,
//! AIFF, CAF, MXF, RealMedia, TTA.

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use super::{
    bytes::{Bytes, little, number},
    parts::{Container, Structure},
};
use crate::model::media::damage::{CutOff, Damage};

/// Up to the format of a WAV, and the footer's place of an MXF.
const HEAD: u64 = 64;
const CHUNKS_MAX: usize = 256;

/// Of RealMedia's chunks, that of packets; and of TTA up to its table.
const REAL_HEAD: u64 = 18;
const TTA_HEAD: u64 = 22;

/// A partition pack of a material's header (SMPTE ST 377-1), but for what it says of its version.
const MXF: [u8; 14] = [0x06, 0x0e, 0x2b, 0x34, 0x02, 0x05, 0x01, 0x01, 0x0d, 0x01, 0x02, 0x01, 0x01, 0x02];

pub(super) fn kind(first: &[u8]) -> Option<Container> {
    match first {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..]
        | [b'R', b'F', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some(Container::Wav),
        [b'r', b'i', b'f', b'f', 0x2e, 0x91, 0xcf, 0x11, ..] => Some(Container::Wave64),
        [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C', ..] => Some(Container::Aiff),
        [b'c', b'a', b'f', b'f', ..] => Some(Container::Caf),
        [b'.', b'R', b'M', b'F', ..] => Some(Container::RealMedia),
        [b'T', b'T', b'A', b'1', ..] => Some(Container::Tta),
        first if first.starts_with(&MXF) => Some(Container::Mxf),
        _ => None,
    }
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>, container: Container) -> io::Result<Structure> {
    let head = bytes.read(0, HEAD)?;
    let (promised, length) = match container {
        Container::Wav => {
            let (at, width) = if head.starts_with(b"RF64") { (20, 8) } else { (4, 4) };
            let promised = finished(little(&head, at, width), width).map(|size| size.saturating_add(8));
            (promised, wav_length(&head, promised))
        }
        Container::Wave64 => (finished(little(&head, 16, 8), 8), None),
        Container::Aiff => (finished(number(&head, 4, 4), 4).map(|size| size + 8), aiff_length(&head)),
        Container::Caf => (caf_data(bytes)?, None),
        Container::Mxf => (mxf_footer(&head), None),
        Container::RealMedia => real_data(bytes)?,
        Container::Tta => tta_frames(bytes)?,
        _ => (None, None),
    };
    let cut_off = promised.filter(|promised| bytes.length < *promised);
    let cut_off = cut_off.map(|promised| CutOff::of_bytes(bytes.length, promised, length));
    let damage = Damage { cut_off, ..Damage::default() };
    Ok(Structure { container: Some(container), length, damage, ..Structure::default() })
}

/// Bytes of a size that was written once the file was whole.
fn finished(size: Option<u64>, width: usize) -> Option<u64> {
    size.filter(|size| *size != 0 && *size != u64::MAX >> (64 - 8 * width))
}

fn wav_length(head: &[u8], promised: Option<u64>) -> Option<Duration> {
    let rate = little(head, 28, 4).filter(|rate| head.get(12..16) == Some(b"fmt ") && *rate > 0)?;
    Some(Duration::from_secs_f64(promised? as f64 / rate as f64))
}

/// Frames of samples, and how many a second: a number of 80 bits (IEEE 754), of which the fraction's are zero.
fn aiff_length(head: &[u8]) -> Option<Duration> {
    (head.get(12..16)? == b"COMM").then_some(())?;
    let (frames, exponent, rate) = (number(head, 22, 4)?, number(head, 28, 2)?, number(head, 30, 8)?);
    let rate =
        rate.checked_shr(u32::try_from((16_383 + 63_u64).checked_sub(exponent)?).ok()?).filter(|rate| *rate > 0)?;
    Some(Duration::from_secs_f64(frames as f64 / rate as f64))
}

/// Where the sound's chunk ends; each has a kind, and its size without these two.
fn caf_data<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Option<u64>> {
    let mut at = 8;
    for _ in 0..CHUNKS_MAX {
        let chunk = bytes.read(at, 12)?;
        let Some(size) = finished(number(&chunk, 4, 8), 8) else { break };
        let Some(end) = at.checked_add(12).and_then(|body| body.checked_add(size)) else { break };
        if chunk.starts_with(b"data") {
            return Ok(Some(end));
        }
        at = end;
    }
    Ok(None)
}

/// Where its footer begins; the pack's own length stands before what it says, in one byte or more.
fn mxf_footer(head: &[u8]) -> Option<u64> {
    let width = *head.get(16)?;
    let value = 17 + if width & 0x80 == 0 { 0 } else { usize::from(width & 0x7f) };
    finished(number(head, value + 24, 8), 8)
}

/// Where the packets' chunk ends, and the length out of the properties; each has a kind, and its size with these two.
fn real_data<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<(Option<u64>, Option<Duration>)> {
    let (mut at, mut length) = (0, None);
    for _ in 0..CHUNKS_MAX {
        let chunk = bytes.read(at, 50)?;
        let Some(size) = finished(number(&chunk, 4, 4), 4).filter(|size| *size >= REAL_HEAD) else { break };
        if chunk.starts_with(b"DATA") {
            // ffmpeg counts ten bytes more than it writes
            return Ok((Some(at + size - REAL_HEAD), length));
        }
        if chunk.starts_with(b"PROP") {
            length = number(&chunk, 30, 4).map(Duration::from_millis);
        }
        at += size;
    }
    Ok((None, None))
}

/// Behind the table of all frames' sizes, that of which stands in the head.
fn tta_frames<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<(Option<u64>, Option<Duration>)> {
    let head = bytes.read(0, TTA_HEAD)?;
    let (rate, samples) = (little(&head, 10, 4).filter(|rate| *rate > 0), little(&head, 14, 4));
    let Some((rate, samples)) = rate.zip(samples) else { return Ok((None, None)) };
    let frames = samples.div_ceil((256 * rate / 245).max(1));
    let table = bytes.read(TTA_HEAD, frames * 4)?;
    if table.len() as u64 != frames * 4 {
        return Ok((None, None));
    }
    let sizes = table.as_chunks().0.iter().map(|size| u64::from(u32::from_le_bytes(*size)));
    // the table has a checksum
    let end = TTA_HEAD + frames * 4 + 4 + sizes.sum::<u64>();
    Ok((Some(end), Some(Duration::from_secs_f64(samples as f64 / rate as f64))))
}
