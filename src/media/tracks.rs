//! What the tracks of an MP4 or QuickTime file are for, read from its boxes (ISO/IEC 14496-12) with a few seeks.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use crate::model::media::streams::tracks::Track;

/// Boxes beyond this in one box are not looked at.
const BOXES_MAX: usize = 4096;
/// Of a box that is read whole.
const BYTES_MAX: u64 = 4096;

/// A box's name, and where its content begins and ends.
struct Found {
    name: [u8; 4],
    start: u64,
    end: u64,
}

pub(super) fn of_file(path: &Path) -> io::Result<Vec<Track>> {
    let mut file = File::open(path)?;
    let end = file.metadata()?.len();
    let mut tracks = Vec::new();
    for moov in inside(&mut file, 0, end)?.into_iter().filter(|found| &found.name == b"moov") {
        for trak in inside(&mut file, moov.start, moov.end)?.into_iter().filter(|found| &found.name == b"trak") {
            tracks.extend(track(&mut file, &trak)?);
        }
    }
    Ok(tracks)
}

fn track(file: &mut (impl Read + Seek), trak: &Found) -> io::Result<Option<Track>> {
    let (mut id, mut handler, mut references) = (None, None, Vec::new());
    for part in inside(file, trak.start, trak.end)? {
        match &part.name {
            b"tkhd" => {
                let bytes = content(file, &part)?;
                // after version and flags, two times of 4 or 8 bytes
                let at = if bytes.first() == Some(&1) { 20 } else { 12 };
                id = bytes.get(at..at + 4).and_then(|id| id.try_into().ok()).map(u32::from_be_bytes);
            }
            b"mdia" => {
                for hdlr in inside(file, part.start, part.end)?.iter().filter(|found| &found.name == b"hdlr") {
                    handler = content(file, hdlr)?.get(8..12).and_then(|kind| kind.try_into().ok());
                }
            }
            b"tref" => references.extend(inside(file, part.start, part.end)?.iter().map(|found| found.name)),
            _ => {}
        }
    }
    Ok(id.zip(handler).map(|(id, handler)| Track { id, handler, references }))
}

/// The boxes between two places; what is cut off or makes no sense ends the list.
fn inside(file: &mut (impl Read + Seek), start: u64, end: u64) -> io::Result<Vec<Found>> {
    let (mut at, mut found) = (start, Vec::new());
    while at + 8 <= end && found.len() < BOXES_MAX {
        file.seek(SeekFrom::Start(at))?;
        let mut head = Vec::new();
        file.by_ref().take(16).read_to_end(&mut head)?;
        let [a, b, c, d, name @ ..] = &head[..] else { break };
        let Some(name) = name.first_chunk::<4>() else { break };
        let long = || head.get(8..16).and_then(|long| long.try_into().ok()).map(u64::from_be_bytes);
        let (header, length) = match u32::from_be_bytes([*a, *b, *c, *d]) {
            0 => (8, end - at),
            1 => (16, long().unwrap_or(0)),
            length => (8, u64::from(length)),
        };
        let Some(next) = at.checked_add(length).filter(|next| length >= header && *next <= end) else { break };
        found.push(Found { name: *name, start: at + header, end: next });
        at = next;
    }
    Ok(found)
}

fn content(file: &mut (impl Read + Seek), found: &Found) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(found.start))?;
    let mut bytes = Vec::new();
    file.by_ref().take((found.end - found.start).min(BYTES_MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
