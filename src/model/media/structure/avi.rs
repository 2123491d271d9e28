//! AVI (RIFF, and OpenDML's continuation of it).

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use super::{
    bytes::{Bytes, little},
    parts::{Container, Structure},
};
use crate::model::media::damage::{CutOff, Damage};

/// Parts of about a gigabyte each.
const PARTS_MAX: usize = 4096;

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let mut structure = Structure { container: Some(Container::Avi), ..Structure::default() };
    structure.length = length(&bytes.read(0, 72)?);
    let mut at = 0;
    for _ in 0..PARTS_MAX {
        let part = bytes.read(at, 12)?;
        let Some(size) = little(&part, 4, 4).filter(|_| part.starts_with(b"RIFF")) else { break };
        // of a recording that was never finished
        if size == 0 || size == u64::from(u32::MAX) {
            break;
        }
        let end = at + 8 + size;
        if end > bytes.length {
            let cut_off = Some(CutOff::of_bytes(bytes.length, end, structure.length));
            structure.damage = Damage { cut_off, ..Damage::default() };
            break;
        }
        at = end + (end & 1);
    }
    Ok(structure)
}

/// Of `avih`, the first chunk of the first list: frames, and microseconds of each.
fn length(head: &[u8]) -> Option<Duration> {
    (head.get(24..28)? == b"avih").then_some(())?;
    let micros = little(head, 32, 4)?.checked_mul(little(head, 48, 4)?)?;
    Some(Duration::from_micros(micros)).filter(|length| !length.is_zero())
}
