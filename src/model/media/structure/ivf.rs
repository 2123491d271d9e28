//! IVF, of VP8, VP9 and AV1: a head with a length, then frames with their sizes and times, and no mark to find one by.

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use super::{
    bytes::{Bytes, TAIL, little},
    parts::{Container, Structure},
};
use crate::model::media::damage::{CutOff, Damage};

pub(super) const MARK: &[u8] = b"DKIF";
const HEAD: u64 = 32;
/// Of a frame: its size, four bytes, and its time, eight.
const FRAME: usize = 12;
/// Frames in a row whose times rise are frames.
const CHAIN: usize = 4;

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let mut structure = Structure { container: Some(Container::Ivf), ..Structure::default() };
    let head = bytes.read(0, HEAD)?;
    let (Some(begin), Some(rate), Some(scale)) = (little(&head, 6, 2), little(&head, 16, 4), little(&head, 20, 4))
    else {
        return Ok(structure);
    };
    // how long it is in units of its time, or its number of frames, which is no more than that; the largest number if the
    // writer was never told
    let stated = little(&head, 24, 4).filter(|stated| !matches!(*stated, 0 | 0xffff_ffff));
    let seconds = |units: u64| Duration::try_from_secs_f64(units as f64 * scale as f64 / rate as f64).ok();
    structure.length = stated.and_then(seconds).filter(|length| !length.is_zero());
    let from = bytes.length.saturating_sub(TAIL).max(begin.max(HEAD));
    let tail = bytes.read(from, TAIL)?;
    let Some(last) = last(&tail, from == begin.max(HEAD)) else { return Ok(structure) };
    let missing = stated.and_then(|stated| {
        // a frame less may be rounding
        let missing = stated.checked_sub(last.end).filter(|missing| *missing > last.length)?;
        Some((seconds(missing)?, seconds(stated)?))
    });
    let cut_off = missing.map(|missing| CutOff { missing: Some(missing) });
    structure.damage = Damage { cut_off, torn: cut_off.is_none() && last.is_torn, ..Damage::default() };
    Ok(structure)
}

/// Of whole frames, in units of the file's time.
struct Last {
    end: u64,
    length: u64,
    /// More bytes follow than a frame's, less than one.
    is_torn: bool,
}

/// `begins`: the first frame is at the beginning of these bytes, not anywhere.
fn last(tail: &[u8], begins: bool) -> Option<Last> {
    let whole = |at: usize| {
        let (size, time) = (little(tail, at, 4)?, little(tail, at + 4, 8)?);
        let next = at.checked_add(FRAME)?.checked_add(usize::try_from(size).ok()?)?;
        (size > 0 && next <= tail.len()).then_some((next, time))
    };
    let chained = |at: &usize| {
        let mut place = whole(*at);
        for _ in 1..CHAIN {
            let Some((next, time)) = place else { return false };
            place = whole(next).filter(|(_, later)| *later > time && later - time < 1 << 32);
        }
        place.is_some()
    };
    let mut at = if begins { 0 } else { (0..tail.len()).find(chained)? };
    let (mut time, mut length) = (None, 1);
    while let Some((next, of)) = whole(at) {
        length = time.and_then(|time| of.checked_sub(time)).unwrap_or(length);
        (at, time) = (next, Some(of));
    }
    Some(Last { end: time?.checked_add(length)?, length, is_torn: at < tail.len() })
}
