//! ASF, of Windows Media (Advanced Systems Format 1.2): a header that says how large the file is, then packets of one size.

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use super::{
    bytes::{Bytes, little},
    parts::{Container, Structure},
};
use crate::model::media::damage::{CutOff, Damage};

const HEADER: [u8; 16] = [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0, 0xaa, 0, 0x62, 0xce, 0x6c];
const PROPERTIES: [u8; 16] =
    [0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11, 0x8e, 0xe4, 0, 0xc0, 0x0c, 0x20, 0x53, 0x65];
const DATA: [u8; 16] = [0x36, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0, 0xaa, 0, 0x62, 0xce, 0x6c];

/// Of an object: its kind, then its size with both.
const HEAD: u64 = 24;
const OBJECTS_MAX: usize = 256;

pub(super) fn begins(first: &[u8]) -> bool {
    first.starts_with(&HEADER)
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let mut structure = Structure { container: Some(Container::Asf), ..Structure::default() };
    let header = little(&bytes.read(0, HEAD)?, 16, 8).unwrap_or(0);
    let Some(properties) = properties(bytes, header)? else { return Ok(structure) };
    // of what is written as it is sent, sizes and lengths mean nothing
    let is_broadcast = properties.get(64).is_none_or(|flags| flags & 1 != 0);
    if is_broadcast {
        return Ok(structure);
    }
    // 100 ns, and milliseconds that are buffered before
    let length = little(&properties, 40, 8).map(|ticks| Duration::from_micros(ticks / 10));
    let buffered = little(&properties, 56, 8).map(Duration::from_millis).unwrap_or_default();
    structure.length = length.and_then(|length| length.checked_sub(buffered)).filter(|length| !length.is_zero());
    let data = bytes.read(header, HEAD)?;
    if data.starts_with(&DATA)
        && let Some(end) = little(&data, 16, 8).and_then(|size| header.checked_add(size))
        && end > bytes.length
    {
        let there = bytes.length.saturating_sub(header);
        let cut_off = Some(CutOff::of_bytes(there, end - header, structure.length));
        structure.damage = Damage { cut_off, ..Damage::default() };
    }
    Ok(structure)
}

/// Of the file, behind its head.
fn properties<F: Read + Seek>(bytes: &mut Bytes<'_, F>, header: u64) -> io::Result<Option<Vec<u8>>> {
    let mut at = HEAD + 6;
    for _ in 0..OBJECTS_MAX {
        let object = bytes.read(at, HEAD + 80)?;
        if object.starts_with(&PROPERTIES) {
            return Ok(object.get(HEAD as usize..).map(<[u8]>::to_vec));
        }
        let size = little(&object, 16, 8).filter(|size| *size >= HEAD).unwrap_or(u64::MAX);
        match at.checked_add(size).filter(|next| *next < header) {
            Some(next) => at = next,
            None => break,
        }
    }
    Ok(None)
}
