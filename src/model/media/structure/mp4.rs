//! MP4 and QuickTime (ISO/IEC 14496-12), and their encryption (ISO/IEC 23001-7).

use std::{
    io::{self, Read, Seek},
    ops::Range,
    time::Duration,
};

use super::{
    bytes::{Bytes, TAIL, number},
    parts::{Container, Lock, Medium, Structure, Table, Track},
};
use crate::model::media::damage::{CutOff, Damage};

/// Boxes followed from the file's beginning; a file of more fragments than that is looked at from behind.
const TOP_MAX: usize = 512;
const CHILDREN_MAX: usize = 256;
const TRACKS_MAX: usize = 256;
/// Of one table of sample descriptions: parameter sets are some hundred bytes.
const DESCRIPTIONS_MAX: u64 = 256 << 10;
/// Of a chunk, that are added up: each chunk has a second of them or two.
const SAMPLES_MAX: u64 = 1 << 18;
/// Fragments whose samples are looked at for encryption.
const FRAGMENTS_MAX: usize = 4;
/// `senc` before it had a name: PIFF's.
const PIFF_SENC: [u8; 16] =
    [0xa2, 0x39, 0x4f, 0x52, 0x5a, 0x9b, 0x4f, 0x14, 0xa2, 0x44, 0x6c, 0x42, 0x7c, 0x64, 0x8d, 0xf4];

#[derive(Debug, Clone, Copy)]
struct Head {
    kind: [u8; 4],
    body: u64,
    /// As stated: it may lie behind the file's.
    end: u64,
}

/// What the table of contents says of a track.
#[derive(Default)]
struct Entry {
    id: u32,
    handler: [u8; 4],
    references: Vec<[u8; 4]>,
    lock: Option<Lock>,
    samples: u64,
    /// Where its last samples lie, up to a place in the file.
    reaches: u64,
}

#[derive(Default)]
struct Contents {
    length: Option<Duration>,
    entries: Vec<Entry>,
    /// Samples may be in fragments.
    is_fragmented: bool,
}

pub(super) fn begins(first: &[u8]) -> bool {
    let boxes: [&[u8]; 11] =
        [b"ftyp", b"styp", b"mdat", b"moov", b"wide", b"free", b"skip", b"pnot", b"moof", b"sidx", b"prft"];
    first.get(4..8).is_some_and(|kind| boxes.contains(&kind))
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let mut structure = Structure { container: Some(Container::Mp4), table: Table::Missing, ..Structure::default() };
    let mut top = chain(bytes, 0, TOP_MAX)?;
    let mut contents = Contents::default();
    if let Some(moov) = top.iter().find(|head| head.kind == *b"moov") {
        structure.table = if moov.end > bytes.length { Table::CutOff } else { Table::There };
        contents = read_contents(bytes, moov)?;
    }
    if structure.table == Table::Missing && top.iter().any(|head| head.kind == *b"moof") {
        structure.table = Table::Elsewhere;
    }
    let fragments: Vec<Head> = top.iter().filter(|head| head.kind == *b"moof").copied().collect();
    for fragment in fragments.iter().take(FRAGMENTS_MAX) {
        encrypted_fragments(bytes, fragment, &mut contents.entries)?;
    }
    if top.len() == TOP_MAX {
        top.extend(last_fragment(bytes)?);
    }
    structure.length = contents.length;
    if structure.table == Table::There {
        structure.damage = Damage { cut_off: cut_off(bytes, &top, &contents)?, ..Damage::default() };
    }
    let is_all_in_tables = fragments.is_empty() && top.len() < TOP_MAX;
    let track = |entry: Entry| Track {
        kind: match &entry.handler {
            b"vide" => Some(Medium::Pictures),
            b"soun" => Some(Medium::Sound),
            _ => None,
        },
        is_empty: structure.table == Table::There && is_all_in_tables && entry.samples == 0,
        lock: entry.lock,
        id: Some(entry.id),
        handler: entry.handler,
        references: entry.references,
    };
    structure.tracks = contents.entries.into_iter().map(track).collect();
    Ok(structure)
}

/// Boxes one after another, from a place to the file's end; ends at what is no box.
fn chain<F: Read + Seek>(bytes: &mut Bytes<'_, F>, from: u64, most: usize) -> io::Result<Vec<Head>> {
    let mut heads: Vec<Head> = Vec::new();
    let mut at = from;
    while heads.len() < most
        && let Some(head) = head(bytes, at, bytes.length)?
    {
        at = head.end;
        heads.push(head);
    }
    Ok(heads)
}

/// The boxes inside another that is whole.
fn children<F: Read + Seek>(bytes: &mut Bytes<'_, F>, from: u64, to: u64) -> io::Result<Vec<Head>> {
    let mut heads = Vec::new();
    let mut at = from;
    while at < to
        && heads.len() < CHILDREN_MAX
        && let Some(head) = head(bytes, at, to)?
    {
        at = head.end;
        heads.push(head);
    }
    Ok(heads)
}

/// A size of 0 means up to `until`.
fn head<F: Read + Seek>(bytes: &mut Bytes<'_, F>, at: u64, until: u64) -> io::Result<Option<Head>> {
    let read = bytes.read(at, 16)?;
    Ok(parse(&read, at, until))
}

fn parse(read: &[u8], at: u64, until: u64) -> Option<Head> {
    let kind: [u8; 4] = read.get(4..8)?.try_into().ok()?;
    // QuickTime has names with a copyright sign; zeros and the like are no box
    if !kind.iter().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | 0xa9)) {
        return None;
    }
    let (header, size) = match number(read, 0, 4)? {
        0 => (8, until.checked_sub(at)?),
        1 => (16, number(read, 8, 8)?),
        size => (8, size),
    };
    (size >= header).then_some(())?;
    Some(Head { kind, body: at + header, end: at.checked_add(size)? })
}

fn read_contents<F: Read + Seek>(bytes: &mut Bytes<'_, F>, moov: &Head) -> io::Result<Contents> {
    let mut contents = Contents::default();
    for child in children(bytes, moov.body, moov.end)? {
        match &child.kind {
            b"mvhd" => contents.length = length(&bytes.read(child.body, 32)?),
            b"trak" if contents.entries.len() < TRACKS_MAX => contents.entries.push(entry(bytes, &child)?),
            b"mvex" => contents.is_fragmented = true,
            _ => {}
        }
    }
    Ok(contents)
}

/// Of `mvhd`; all ones mean unknown.
fn length(mvhd: &[u8]) -> Option<Duration> {
    let (scale, length) = match mvhd.first()? {
        1 => (number(mvhd, 20, 4)?, number(mvhd, 24, 8).filter(|length| *length != u64::MAX)?),
        _ => (number(mvhd, 12, 4)?, number(mvhd, 16, 4).filter(|length| *length != u64::from(u32::MAX))?),
    };
    Duration::try_from_secs_f64(length as f64 / scale as f64).ok().filter(|length| !length.is_zero())
}

fn entry<F: Read + Seek>(bytes: &mut Bytes<'_, F>, trak: &Head) -> io::Result<Entry> {
    let mut entry = Entry::default();
    let mut open = vec![*trak];
    let mut descriptions = Vec::new();
    let (mut sizes, mut in_chunk, mut last_chunk) = (None, 0, 0);
    while let Some(parent) = open.pop() {
        for child in children(bytes, parent.body, parent.end)? {
            match &child.kind {
                b"mdia" | b"minf" | b"stbl" => open.push(child),
                b"tkhd" => {
                    let read = bytes.read(child.body, 24)?;
                    let at = if read.first() == Some(&1) { 20 } else { 12 };
                    entry.id = number(&read, at, 4).unwrap_or(0) as u32;
                }
                // of `mdia`: QuickTime has another one in `minf`
                b"hdlr" if parent.kind == *b"mdia" => {
                    let read = bytes.read(child.body, 12)?;
                    entry.handler = read.get(8..12).and_then(|kind| kind.try_into().ok()).unwrap_or_default();
                }
                b"tref" => {
                    entry.references.extend(children(bytes, child.body, child.end)?.iter().map(|kind| kind.kind));
                }
                b"stsd" => descriptions = bytes.read(child.body, (child.end - child.body).min(DESCRIPTIONS_MAX))?,
                b"stsz" | b"stz2" => {
                    entry.samples = number(&bytes.read(child.body, 12)?, 8, 4).unwrap_or(0);
                    sizes = Some(child).filter(|child| child.kind == *b"stsz");
                }
                b"stsc" => in_chunk = last_of(bytes, &child, 12, 4..8)?,
                b"stco" => last_chunk = last_of(bytes, &child, 4, 0..4)?,
                b"co64" => last_chunk = last_of(bytes, &child, 8, 0..8)?,
                b"senc" if is_encrypting(&bytes.read(child.body, 8)?) => entry.lock = Some(Lock::new("senc")),
                _ => {}
            }
        }
    }
    // the scheme's own name says more than that there is one
    entry.lock = lock(&descriptions, &entry.handler).or(entry.lock);
    if last_chunk > 0 {
        let inside = sizes.map_or(Ok(0), |sizes| last_bytes(bytes, &sizes, in_chunk))?;
        entry.reaches = last_chunk.saturating_add(inside.max(1));
    }
    Ok(entry)
}

/// A field of the last entry of a table of entries this wide, whose number stands behind version and flags; 0 without one.
fn last_of<F: Read + Seek>(bytes: &mut Bytes<'_, F>, table: &Head, width: u64, field: Range<usize>) -> io::Result<u64> {
    let entries = number(&bytes.read(table.body, 8)?, 4, 4).unwrap_or(0);
    let Some(last) = entries.checked_sub(1) else { return Ok(0) };
    let at = table.body + 8 + last * width;
    if at + width > table.end {
        return Ok(0);
    }
    Ok(number(&bytes.read(at, width)?, field.start, field.len()).unwrap_or(0))
}

/// Bytes of the last so many samples, where each has a size of its own: one for all is not always that of a sample.
fn last_bytes<F: Read + Seek>(bytes: &mut Bytes<'_, F>, stsz: &Head, samples: u64) -> io::Result<u64> {
    let head = bytes.read(stsz.body, 12)?;
    let (Some(0), Some(all)) = (number(&head, 4, 4), number(&head, 8, 4)) else { return Ok(0) };
    let end = stsz.body + 12 + 4 * all;
    if end > stsz.end || samples > all.min(SAMPLES_MAX) {
        return Ok(0);
    }
    let sizes = bytes.read(end - 4 * samples, 4 * samples)?;
    Ok(sizes.chunks_exact(4).filter_map(|size| number(size, 0, 4)).sum())
}

/// `senc` after version and flags: the number of samples that it has keys' vectors for.
fn is_encrypting(senc: &[u8]) -> bool {
    number(senc, 4, 4).is_some_and(|samples| samples > 0)
}

/// By the sample descriptions of `stsd`, whatever they are called: what protects one of them is a box inside it.
fn lock(stsd: &[u8], handler: &[u8; 4]) -> Option<Lock> {
    let mut at = 8;
    while let Some(head) = stsd.get(at..).and_then(|rest| parse(rest, at as u64, stsd.len() as u64)) {
        let end = usize::try_from(head.end).ok()?.min(stsd.len());
        let description = stsd.get(head.body as usize..end)?;
        // behind fields that depend on the kind; QuickTime's sound has two longer forms
        let fields: &[usize] = match handler {
            b"vide" => &[78],
            b"soun" => &[28, 44, 64],
            _ => &[8],
        };
        if let Some(lock) = fields.iter().find_map(|skip| protection(description.get(*skip..)?)) {
            return Some(lock);
        }
        if let [b'e', b'n', b'c', _] | [b'd', b'r', b'm', _] = head.kind {
            return Some(Lock::of_code(&head.kind, "sinf"));
        }
        at = end;
    }
    None
}

/// The scheme of a `sinf` among these boxes.
fn protection(boxes: &[u8]) -> Option<Lock> {
    let sinf = inner(boxes, b"sinf")?;
    if is_unprotected(sinf) {
        return None;
    }
    let scheme = inner(sinf, b"schm").and_then(|schm| schm.get(4..8)).unwrap_or_default();
    Some(Lock::of_code(scheme, "sinf"))
}

/// `tenc` says so, and names no key: that was written ahead of what was never encrypted.
fn is_unprotected(sinf: &[u8]) -> bool {
    let tenc = inner(sinf, b"schi").and_then(|schi| inner(schi, b"tenc"));
    tenc.is_some_and(|tenc| tenc.get(6) == Some(&0) && tenc.get(8..24) == Some(&[0; 16]))
}

/// The content of the first of these boxes that has this kind.
fn inner<'a>(boxes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    let mut at = 0;
    while let Some(head) = boxes.get(at..).and_then(|rest| parse(rest, at as u64, boxes.len() as u64)) {
        let end = usize::try_from(head.end).ok()?.min(boxes.len());
        if head.kind == *kind {
            return boxes.get(head.body as usize..end);
        }
        at = end;
    }
    None
}

/// Keys' vectors in a fragment, for the track it names: also where the sample description says nothing.
fn encrypted_fragments<F: Read + Seek>(bytes: &mut Bytes<'_, F>, moof: &Head, entries: &mut [Entry]) -> io::Result<()> {
    for traf in children(bytes, moof.body, moof.end)?.iter().filter(|child| child.kind == *b"traf") {
        let mut id = None;
        for child in children(bytes, traf.body, traf.end)? {
            let encrypting = match &child.kind {
                b"tfhd" => {
                    id = number(&bytes.read(child.body, 8)?, 4, 4);
                    false
                }
                b"senc" => is_encrypting(&bytes.read(child.body, 8)?),
                b"uuid" => {
                    let read = bytes.read(child.body, 24)?;
                    read.starts_with(&PIFF_SENC) && is_encrypting(&read[16..])
                }
                _ => false,
            };
            let of_track = |entry: &&mut Entry| Some(u64::from(entry.id)) == id && entry.lock.is_none();
            if encrypting && let Some(entry) = entries.iter_mut().find(of_track) {
                entry.lock = Some(Lock::new("senc"));
            }
        }
    }
    Ok(())
}

/// The boxes from the last fragment on, found from behind: `moof` begins with `mfhd`, which is 16 bytes long.
fn last_fragment<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Vec<Head>> {
    let from = bytes.length.saturating_sub(TAIL);
    let tail = bytes.read(from, TAIL)?;
    let is_fragment = |window: &[u8]| window[4..8] == *b"moof" && window[8..16] == *b"\0\0\0\x10mfhd";
    match tail.windows(16).rposition(is_fragment) {
        Some(at) => chain(bytes, from + at as u64, TOP_MAX),
        None => Ok(Vec::new()),
    }
}

/// Whether the boxes, or the tables' places, lie behind the file's end.
fn cut_off<F: Read + Seek>(bytes: &mut Bytes<'_, F>, top: &[Head], contents: &Contents) -> io::Result<Option<CutOff>> {
    let length = contents.length.filter(|_| !contents.is_fragmented);
    if let Some(head) = top.iter().find(|head| matches!(&head.kind, b"mdat" | b"moof") && head.end > bytes.length) {
        return Ok(Some(CutOff::of_bytes(bytes.length - head.body.min(bytes.length), head.end - head.body, length)));
    }
    let reaches = contents.entries.iter().map(|entry| entry.reaches).max().unwrap_or(0);
    if reaches > bytes.length {
        return Ok(Some(CutOff::of_bytes(bytes.length, reaches, length)));
    }
    for index in top.iter().filter(|head| head.kind == *b"sidx") {
        let promised = indexed_end(&bytes.read(index.body, (index.end - index.body).min(DESCRIPTIONS_MAX))?, index.end);
        if let Some(promised) = promised.filter(|promised| *promised > bytes.length) {
            return Ok(Some(CutOff::of_bytes(bytes.length, promised, contents.length)));
        }
    }
    // a fragment's header without its data, or the first bytes of a box
    let end = top.last().map_or(0, |head| head.end);
    let headless = contents.is_fragmented && top.last().is_some_and(|head| head.kind == *b"moof");
    let begun = contents.is_fragmented && end < bytes.length && bytes.length - end < 8;
    Ok((headless || begun).then_some(CutOff { missing: None }))
}

/// Where the last of the segments ends that a `sidx` lists.
fn indexed_end(sidx: &[u8], anchor: u64) -> Option<u64> {
    let (first, rest) = match sidx.first()? {
        0 => (number(sidx, 16, 4)?, 20),
        _ => (number(sidx, 20, 8)?, 28),
    };
    let mut end = anchor.checked_add(first)?;
    for at in (0..number(sidx, rest + 2, 2)? as usize).map(|place| rest + 4 + 12 * place) {
        end = end.checked_add(number(sidx, at, 4)? & 0x7fff_ffff)?;
    }
    Some(end)
}
