//! Matroska and WebM (RFC 9559), over EBML (RFC 8794).

use std::{
    io::{self, Read, Seek},
    time::Duration,
};

use super::{
    bytes::{Bytes, TAIL, number},
    parts::{Container, Lock, Medium, Structure, Track},
};
use crate::model::media::damage::{CutOff, Damage};

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const CLUSTER: u32 = 0x1f43_b675;
/// Of the segment's own level, beside those: what ends a cluster of unknown size.
const TOP_LEVEL: [u32; 6] = [0x114d_9b74, INFO, TRACKS, CLUSTER, 0x1c53_bb6b, 0x1254_c367];

/// Elements before the first cluster, and clusters that are followed from it.
const TOP_MAX: usize = 512;
/// Blocks of a cluster at the file's end.
const BLOCKS_MAX: usize = 16_000;
/// Of the description of all tracks: fonts and the like are not in it.
const TRACKS_MAX: u64 = 1 << 20;
/// Nesting in it that is followed.
const DEPTH_MAX: usize = 6;

#[derive(Debug, Clone, Copy)]
struct Element {
    id: u32,
    body: u64,
    /// `None`: unknown, which ends where something of a higher level begins.
    size: Option<u64>,
}

impl Element {
    /// Behind the file's end at most by what is stated.
    fn end(&self) -> Option<u64> {
        self.body.checked_add(self.size?)
    }
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let mut structure = Structure { container: Some(Container::Matroska), ..Structure::default() };
    let Some(segment) = segment(bytes)? else { return Ok(structure) };
    let (mut at, mut last, mut followed) = (segment.body, None, 0);
    while followed < TOP_MAX
        && let Some(element) = element(bytes, at)?
    {
        let body = |most: u64| element.size.unwrap_or(0).min(most);
        match element.id {
            INFO => structure.length = length(&bytes.read(element.body, body(TRACKS_MAX))?),
            TRACKS => structure.tracks = tracks(&bytes.read(element.body, body(TRACKS_MAX))?),
            _ => {}
        }
        (last, followed) = (Some(element), followed + 1);
        let Some(end) = element.end() else { break };
        at = end;
    }
    structure.damage = match segment.end() {
        Some(end) if end > bytes.length => {
            let there = bytes.length - segment.body.min(bytes.length);
            let cut_off = CutOff::of_bytes(there, end - segment.body, structure.length);
            Damage { cut_off: Some(cut_off), ..Damage::default() }
        }
        // it was finished
        Some(_) => Damage::default(),
        None => {
            let is_last = followed < TOP_MAX && last.is_some_and(|last| last.size.is_some());
            let last = if is_last { last } else { last_cluster(bytes)?.or(last) };
            last.map_or(Ok(Damage::default()), |last| unfinished(bytes, last))?
        }
    };
    Ok(structure)
}

/// Behind the EBML header.
fn segment<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Option<Element>> {
    let Some(after) = element(bytes, 0)?.and_then(|header| header.end()) else { return Ok(None) };
    Ok(element(bytes, after)?.filter(|element| element.id == SEGMENT))
}

fn element<F: Read + Seek>(bytes: &mut Bytes<'_, F>, at: u64) -> io::Result<Option<Element>> {
    let read = bytes.read(at, 12)?;
    Ok(parse(&read, at))
}

/// Id of one to four bytes, then the size of one to eight; all ones is unknown.
fn parse(read: &[u8], at: u64) -> Option<Element> {
    let width = read.first()?.leading_zeros() as usize + 1;
    let id = number(read, 0, width).filter(|_| width <= 4)? as u32;
    let first = *read.get(width)?;
    let length = first.leading_zeros() as usize + 1;
    let value = number(read, width, length).filter(|_| length <= 8)? & (u64::MAX >> (64 - 7 * length));
    let unknown = u64::MAX >> (64 - 7 * length);
    let body = at.checked_add((width + length) as u64)?;
    Some(Element { id, body, size: Some(value).filter(|value| *value != unknown) })
}

/// The elements in bytes that were read, with their content; cut short where the bytes are.
fn inside(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let element = parse(bytes.get(at..)?, at as u64)?;
        let body = usize::try_from(element.body).ok()?.min(bytes.len());
        let end = usize::try_from(element.end()?).unwrap_or(usize::MAX).min(bytes.len());
        at = end;
        Some((element.id, &bytes[body..end]))
    })
}

fn first_of(bytes: &[u8], id: u32) -> Option<&[u8]> {
    inside(bytes).find(|(found, _)| *found == id).map(|(_, content)| content)
}

fn unsigned(content: &[u8]) -> Option<u64> {
    number(content, 0, content.len()).filter(|_| content.len() <= 8)
}

/// Duration in units of TimestampScale nanoseconds, a million unless stated.
fn length(info: &[u8]) -> Option<Duration> {
    let scale = first_of(info, 0x2a_d7b1).and_then(unsigned).unwrap_or(1_000_000);
    let duration = first_of(info, 0x4489)?;
    let units = match duration.len() {
        4 => f64::from(f32::from_bits(number(duration, 0, 4)? as u32)),
        8 => f64::from_bits(number(duration, 0, 8)?),
        _ => return None,
    };
    Duration::try_from_secs_f64(units * scale as f64 / 1e9).ok().filter(|length| !length.is_zero())
}

/// Those that ffmpeg makes streams of, in its order.
fn tracks(content: &[u8]) -> Vec<Track> {
    let entries = inside(content).filter(|(id, _)| *id == 0xae);
    let tracks = entries.filter_map(|(_, entry)| {
        let kind = first_of(entry, 0x83).and_then(unsigned)?;
        let kind = match kind {
            1 => Some(Medium::Pictures),
            2 => Some(Medium::Sound),
            0x11 | 0x21 => None,
            _ => return None,
        };
        Some(Track { kind, lock: lock(entry, 0), ..Track::default() })
    });
    tracks.take(256).collect()
}

/// ContentEncodings, ContentEncoding, ContentEncryption; an encoding of type 1 is one without the last, too.
fn lock(entry: &[u8], depth: usize) -> Option<Lock> {
    let is_lock = |id: u32, content: &[u8]| id == 0x5035 || id == 0x5033 && unsigned(content) == Some(1);
    let mut within = inside(entry);
    within.find_map(|(id, content)| match id {
        0x6d80 | 0x6240 if depth < DEPTH_MAX => lock(content, depth + 1),
        _ if is_lock(id, content) => Some(Lock::new("ContentEncryption")),
        _ => None,
    })
}

/// Found from behind: a cluster begins with its time, or with a checksum and then that.
fn last_cluster<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Option<Element>> {
    let from = bytes.length.saturating_sub(TAIL);
    let tail = bytes.read(from, TAIL)?;
    let cluster = |at: &usize| {
        let element = parse(&tail[*at..], *at as u64)?;
        let content = tail.get(element.body as usize..)?;
        matches!(content, [0xe7, 0x81..=0x88, ..] | [0xbf, 0x84, _, _, _, _, 0xe7, ..]).then_some(element)
    };
    let starts = (0..tail.len().saturating_sub(4)).rev().filter(|at| tail[*at..].starts_with(&CLUSTER.to_be_bytes()));
    let found = starts.filter_map(|at| cluster(&at)).next();
    Ok(found.map(|element| Element { body: element.body + from, ..element }))
}

/// What the last element of a segment of unknown size says: a cluster of a known size was there to its end.
fn unfinished<F: Read + Seek>(bytes: &mut Bytes<'_, F>, last: Element) -> io::Result<Damage> {
    if let Some(end) = last.end() {
        let cut_off = (end > bytes.length).then_some(CutOff { missing: None });
        return Ok(Damage { cut_off, ..Damage::default() });
    }
    let mut at = last.body;
    for _ in 0..BLOCKS_MAX {
        match element(bytes, at)? {
            Some(block) if !TOP_LEVEL.contains(&block.id) => match block.end() {
                Some(end) if end > bytes.length => return Ok(Damage { torn: true, ..Damage::default() }),
                Some(end) => at = end,
                None => break,
            },
            _ => break,
        }
    }
    // the first bytes of a block's head
    let torn = at < bytes.length && bytes.length - at < 12 && !bytes.is_spent();
    Ok(Damage { torn, ..Damage::default() })
}
