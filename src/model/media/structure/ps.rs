//! MPEG programme streams (ISO/IEC 13818-1, 2.5; ISO/IEC 11172-1): packs and packets that say how long they are. Nothing
//! in them says how long the whole is.

use std::io::{self, Read, Seek};

use super::{
    bytes::{Bytes, number},
    parts::{Container, Structure},
};
use crate::model::media::damage::Damage;

/// At the file's end: more than packets that agree on where each other begins.
const TAIL: u64 = 1 << 20;
/// Units that have to follow each other.
const AGREEING: usize = 4;
/// Before each unit.
const MARK: [u8; 3] = [0, 0, 1];
const PACK: u8 = 0xba;
/// The shortest unit that is not the file's end.
const SHORTEST: usize = 6;

pub(super) fn begins(first: &[u8]) -> bool {
    first.starts_with(&MARK) && first.get(3) == Some(&PACK)
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let tail = bytes.read(bytes.length.saturating_sub(TAIL), TAIL)?;
    let damage = Damage { torn: ends_inside(&tail), ..Damage::default() };
    Ok(Structure { container: Some(Container::ProgrammeStream), damage, ..Structure::default() })
}

fn ends_inside(tail: &[u8]) -> bool {
    let next = |at: usize| unit(tail, at).filter(|end| *end <= tail.len());
    let agrees = |at: &usize| {
        let mut at = Some(*at);
        (0..AGREEING).all(|_| {
            at = at.and_then(next);
            at.is_some()
        })
    };
    let mut packs = (0..tail.len()).filter(|at| begins(&tail[*at..]));
    let Some(mut at) = packs.find(agrees) else { return false };
    while let Some(end) = next(at) {
        at = end;
    }
    // a unit without its end, or the first bytes of one
    let rest = &tail[at..];
    unit(tail, at).is_some()
        || !rest.is_empty() && rest.len() < SHORTEST && MARK.starts_with(&rest[..rest.len().min(3)])
}

/// Where the unit ends that begins here, by its own word.
fn unit(bytes: &[u8], at: usize) -> Option<usize> {
    let head = bytes.get(at..).filter(|head| head.starts_with(&MARK))?;
    let size = match *head.get(3)? {
        PACK => match head.get(4)? {
            // of MPEG-2, with stuffing, and of MPEG-1
            first if first >> 6 == 1 => 14 + usize::from(head.get(13).copied().unwrap_or(0) & 7),
            _ => 12,
        },
        0xb9 => 4,
        0xbb.. => SHORTEST + number(head, 4, 2)? as usize,
        _ => return None,
    };
    Some(at + size)
}
