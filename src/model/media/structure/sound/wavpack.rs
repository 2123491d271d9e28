//! WavPack: blocks, each of which says which samples it has and how many there are in all.

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use crate::model::media::{
    damage::{CutOff, Damage},
    structure::{
        bytes::{Bytes, little},
        parts::{Container, Structure},
    },
};

pub(super) const MARK: &[u8] = b"wvpk";
const HEAD: usize = 32;
/// Longest block that decoders take.
const BLOCK_MAX: u64 = 1 << 20;
/// At the file's end: two of the longest, so that one is whole.
const TAIL: u64 = 2 * BLOCK_MAX;
/// By the four bits of a block's flags.
const RATES: [u64; 15] = [
    6_000, 8_000, 9_600, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000,
    192_000,
];

struct Block {
    bytes: usize,
    /// Of the file, where that was known in the end.
    samples: Option<u64>,
    /// After its last sample.
    end: u64,
    rate: Option<u64>,
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let mut structure = Structure { container: Some(Container::WavPack), ..Structure::default() };
    let first = block(&bytes.read(0, HEAD as u64)?);
    let Some((samples, rate)) = first.and_then(|first| Some((first.samples?, first.rate?))) else {
        return Ok(structure);
    };
    let seconds = |samples: u64| Duration::from_secs_f64(samples as f64 / rate as f64);
    structure.length = Some(seconds(samples));
    let tail = bytes.read(bytes.length.saturating_sub(TAIL), TAIL)?;
    let cut_off = reached(&tail)
        .filter(|reached| *reached < samples)
        .map(|reached| CutOff { missing: Some((seconds(samples - reached), seconds(samples))) });
    structure.damage = Damage { cut_off, ..Damage::default() };
    Ok(structure)
}

/// By the last block of all that are whole; what follows may be a tag.
fn reached(tail: &[u8]) -> Option<u64> {
    let (mut at, mut reached) = (0, None);
    while let Some(found) = tail[at..].windows(MARK.len()).position(|window| window == MARK) {
        at += found;
        match block(&tail[at..]).filter(|block| block.bytes <= tail.len() - at) {
            Some(block) => {
                reached = reached.max(Some(block.end));
                at += block.bytes;
            }
            None => at += MARK.len(),
        }
    }
    reached
}

fn block(bytes: &[u8]) -> Option<Block> {
    let head = bytes.get(..HEAD).filter(|head| head.starts_with(MARK) && head[9] == 4)?;
    let size = little(head, 4, 4).filter(|size| (HEAD as u64 - 8..BLOCK_MAX).contains(size))?;
    // of both, the highest byte came later, and stands before
    let (samples, first) = (little(head, 12, 4)?, little(head, 16, 4)? | u64::from(head[10]) << 32);
    let known = samples != u64::from(u32::MAX) && samples != 0;
    Some(Block {
        bytes: size as usize + 8,
        samples: known.then_some(samples | u64::from(head[11]) << 32),
        end: first + little(head, 20, 4)?,
        rate: RATES.get(little(head, 24, 4)? as usize >> 23 & 0x0f).copied(),
    })
}
