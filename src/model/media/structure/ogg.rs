//! Ogg (RFC 3533): pages, the last of each stream marked as that.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
};

use super::{
    bytes::{Bytes, number},
    parts::{Container, Structure},
};
use crate::model::media::damage::{CutOff, Damage};

const MARK: &[u8] = b"OggS";
const HEAD: usize = 27;
/// At the file's end: several of the longest pages, so that each stream has one among them.
const TAIL: u64 = 512 << 10;

struct Page {
    serial: u64,
    is_first: bool,
    is_last: bool,
    end: usize,
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let tail = bytes.read(bytes.length.saturating_sub(TAIL), TAIL)?;
    let cut_off = is_cut_off(&tail).then_some(CutOff { missing: None });
    let damage = Damage { cut_off, ..Damage::default() };
    Ok(Structure { container: Some(Container::Ogg), damage, ..Structure::default() })
}

/// Whether the last page is not whole, or a stream goes on behind it.
fn is_cut_off(tail: &[u8]) -> bool {
    let (mut goes_on, mut was_first, mut is_torn) = (BTreeMap::new(), false, false);
    let mut at = 0;
    while let Some(found) = tail[at..].windows(MARK.len()).position(|window| window == MARK) {
        at += found;
        let Some(page) = page(&tail[at..]).filter(|page| page.end <= tail.len() - at) else {
            (at, is_torn) = (at + MARK.len(), true);
            continue;
        };
        // another recording follows; how the one before ended is another question
        if page.is_first && !was_first {
            goes_on.clear();
        }
        goes_on.insert(page.serial, !page.is_last);
        (at, was_first, is_torn) = (at + page.end, page.is_first, false);
    }
    is_torn || goes_on.into_values().any(|goes_on| goes_on)
}

fn page(bytes: &[u8]) -> Option<Page> {
    let head = bytes.get(..HEAD).filter(|head| head[4] == 0 && head[5] < 8)?;
    let sizes = bytes.get(HEAD..HEAD + usize::from(head[26]))?;
    let content: usize = sizes.iter().copied().map(usize::from).sum();
    Some(Page {
        serial: number(head, 14, 4)?,
        is_first: head[5] & 2 != 0,
        is_last: head[5] & 4 != 0,
        end: HEAD + sizes.len() + content,
    })
}
