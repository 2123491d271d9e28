//! FLAC (RFC 9639): the number of samples stands at the beginning, and each frame says which samples it has.

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use crate::model::media::{
    damage::{CutOff, Damage},
    structure::{
        bytes::{Bytes, TAIL, number},
        parts::{Container, Structure},
    },
};

pub(super) const MARK: &[u8] = b"fLaC";
/// At the file's end, where the longest frame is not stated.
const FRAMES: u64 = 1 << 20;
/// Longest head of a frame.
const HEAD: usize = 16;

struct Stated {
    rate: u64,
    samples: u64,
    /// Of each frame but the last, where frames are counted.
    block: u64,
    /// Bytes of the longest frame.
    longest: u64,
}

/// Samples of a frame.
struct Frame {
    first: u64,
    end: u64,
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let mut structure = Structure { container: Some(Container::Flac), ..Structure::default() };
    let Some(stated) = stated(&bytes.read(0, 42)?) else { return Ok(structure) };
    let seconds = |samples: u64| Duration::from_secs_f64(samples as f64 / stated.rate as f64);
    structure.length = Some(seconds(stated.samples));
    let wanted = if stated.longest > 0 { (4 * stated.longest).min(TAIL) } else { FRAMES };
    let tail = bytes.read(bytes.length.saturating_sub(wanted), wanted)?;
    let reached = reached(&tail, &stated);
    let cut_off = reached
        .filter(|reached| *reached < stated.samples)
        .map(|reached| CutOff { missing: Some((seconds(stated.samples - reached), seconds(stated.samples))) });
    structure.damage = Damage { cut_off, ..Damage::default() };
    Ok(structure)
}

/// `None` if it was never told how long it became.
fn stated(head: &[u8]) -> Option<Stated> {
    let info = head.get(8..).filter(|_| head.starts_with(MARK) && head.get(4).is_some_and(|kind| kind & 0x7f == 0))?;
    let (rate, samples) = (number(info, 10, 3)? >> 4, number(info, 13, 5)? & 0xf_ffff_ffff);
    let (block, longest) = (number(info, 2, 2)?, number(info, 7, 3)?);
    (rate > 0 && samples > 0).then_some(Stated { rate, samples, block, longest })
}

/// The sample behind the last whole head of a frame: one that goes on where another ended, since two bytes and a
/// checksum of one are found in sound, too.
fn reached(tail: &[u8], stated: &Stated) -> Option<u64> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut reached = None;
    for at in (0..tail.len().saturating_sub(1)).filter(|at| tail[*at] == 0xff && tail[at + 1] & 0xfe == 0xf8) {
        let Some(frame) = frame(&tail[at..tail.len().min(at + HEAD)], stated.block) else { continue };
        if frame.first == 0 || frames.iter().any(|before| before.end == frame.first) {
            reached = reached.max(Some(frame.end));
        }
        frames.push(frame);
    }
    reached
}

fn frame(head: &[u8], block: u64) -> Option<Frame> {
    let (code, of_rate) = (*head.get(2)? >> 4, head[2] & 0x0f);
    // a number as UTF-8 codes it, of up to seven bytes
    let first = *head.get(4)?;
    let width = match first.leading_ones() as usize {
        0 => 1,
        ones @ 2..=7 => ones,
        _ => return None,
    };
    let more = head.get(5..4 + width)?;
    more.iter().all(|byte| byte >> 6 == 2).then_some(())?;
    let top = if width == 1 { u64::from(first) } else { u64::from(first) & (0x7f >> width) };
    let place = more.iter().fold(top, |place, byte| place << 6 | u64::from(byte & 0x3f));
    let at = 4 + width;
    let (samples, at) = match code {
        1 => (192, at),
        2..=5 => (576 << (code - 2), at),
        6 => (number(head, at, 1)? + 1, at + 1),
        7 => (number(head, at, 2)? + 1, at + 2),
        8.. => (256 << (code - 8), at),
        _ => return None,
    };
    let at = at + usize::from(matches!(of_rate, 12)) + 2 * usize::from(matches!(of_rate, 13 | 14));
    (*head.get(at)? == checksum(&head[..at])).then_some(())?;
    let first = if head[1] & 1 == 1 { place } else { place.checked_mul(block)? };
    Some(Frame { first, end: first.checked_add(samples)? })
}

/// Of eight bits, by the polynomial x^8 + x^2 + x + 1.
fn checksum(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0, |sum, byte| (0..8).fold(sum ^ byte, |sum, _| if sum & 0x80 == 0 { sum << 1 } else { sum << 1 ^ 0x07 }))
}
