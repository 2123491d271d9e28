//! NUT, of ffmpeg and MPlayer: who finishes a file writes an index at its end, which ends with how long it is.

use std::io::{self, Read, Seek};

use super::{
    bytes::{Bytes, number},
    parts::{Container, Structure},
};
use crate::model::media::damage::{CutOff, Damage};

/// What a file begins with; the main header follows, whose first number but for its length is the version.
pub(super) const MARK: &[u8] = b"nut/multimedia c";
const HEAD: u64 = 48;
const MAIN: [u8; 8] = [b'N', b'M', 0x7a, 0x56, 0x1f, 0x5f, 0x04, 0xad];
const INDEX: [u8; 8] = [b'N', b'X', 0xdd, 0x67, 0x2f, 0x23, 0xe6, 0x4e];
/// The index's length and its checksum.
const END: u64 = 12;
/// Later ones may be broadcasts, which have no index.
const VERSION: u8 = 3;

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let head = bytes.read(0, HEAD)?;
    let main = head.windows(MAIN.len()).position(|window| window == MAIN).map(|at| at + MAIN.len());
    // each byte of a number but its last has the highest bit
    let length = |at: usize| head.get(at..)?.iter().position(|byte| byte & 0x80 == 0);
    let version = main.and_then(|main| head.get(main + length(main)? + 1));
    let end = bytes.length.saturating_sub(END);
    let index = number(&bytes.read(end, END)?, 0, 8).and_then(|length| bytes.length.checked_sub(length));
    let has_index = match index {
        Some(index) => bytes.read(index, INDEX.len() as u64)? == INDEX,
        None => false,
    };
    let cut_off = (version == Some(&VERSION) && !has_index).then_some(CutOff { missing: None });
    let damage = Damage { cut_off, ..Damage::default() };
    Ok(Structure { container: Some(Container::Nut), damage, ..Structure::default() })
}
