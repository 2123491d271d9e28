//! FLV (Adobe's Video File Format Specification 10.1, annex E).

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use super::{
    bytes::{Bytes, TAIL, number},
    parts::{Container, Structure},
};
use crate::model::media::damage::{CutOff, Damage};

const HEAD: u64 = 11;
/// Bytes of the first tag in which the length is looked for.
const SCRIPT_MAX: u64 = 64 << 10;
/// What a recording may be longer by its own word than its last tag's time: a frame of slow video.
const SLACK: Duration = Duration::from_secs(1);

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let mut structure = Structure { container: Some(Container::Flv), ..Structure::default() };
    let first = number(&bytes.read(0, 9)?, 5, 4).unwrap_or(9) + 4;
    structure.length = length(&bytes.read(first, SCRIPT_MAX)?);
    let Some(last) = last_tag(bytes)? else { return Ok(structure) };
    // it may as well be cut off between two tags
    let promised = structure.length.filter(|length| last.time + SLACK.max(*length / 100) < *length);
    let cut_off = promised.map(|length| CutOff { missing: Some((length - last.time, length)) });
    structure.damage = Damage { cut_off, torn: cut_off.is_none() && last.is_torn, ..Damage::default() };
    Ok(structure)
}

/// `duration` of `onMetaData`: a key of eight bytes, then a number of AMF 0, big-endian.
fn length(tag: &[u8]) -> Option<Duration> {
    (tag.first()? & 0x1f == 18).then_some(())?;
    let size = number(tag, 1, 3)? as usize;
    let script = tag.get(HEAD as usize..tag.len().min(HEAD as usize + size))?;
    const KEY: &[u8] = b"\0\x08duration\0";
    let at = script.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    let seconds = f64::from_bits(number(script, at, 8)?);
    Duration::try_from_secs_f64(seconds).ok().filter(|length| !length.is_zero())
}

struct Last {
    time: Duration,
    /// More bytes follow than a tag's, less than one.
    is_torn: bool,
}

/// From behind, by the sizes that follow each tag and are in its head; at least three tags agree.
fn last_tag<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Option<Last>> {
    let from = bytes.length.saturating_sub(TAIL);
    let tail = bytes.read(from, TAIL)?;
    let tag = |at: usize| -> Option<(usize, Duration)> {
        let head = tail.get(at..at + HEAD as usize)?;
        let is_tag = matches!(head[0], 8 | 9 | 18) && head[8..11] == [0; 3];
        let size = number(head, 1, 3).filter(|_| is_tag)? as usize;
        let millis = number(head, 4, 3)? | u64::from(head[7]) << 24;
        Some((at + HEAD as usize + size, Duration::from_millis(millis)))
    };
    let whole = |at: usize| {
        let (end, time) = tag(at)?;
        let stated = number(&tail, end, 4)?;
        (stated == (end - at) as u64).then_some((end + 4, time))
    };
    let chained = |at: &usize| whole(*at).and_then(|(next, _)| whole(next)).and_then(|(next, _)| whole(next)).is_some();
    let Some(mut at) = (0..tail.len()).find(chained) else { return Ok(None) };
    let mut time = Duration::ZERO;
    while let Some((next, of)) = whole(at) {
        (at, time) = (next, of);
    }
    let ends_in_size = tag(at).is_some_and(|(end, _)| end == tail.len());
    Ok(Some(Last { time, is_torn: at < tail.len() && !ends_in_size }))
}
