//! What a sample entry says of its stream: the name that CODECS has for it (RFC 6381), and how its samples are made up.

use super::boxes::{Box, Kind, boxes, child, number};
use crate::model::hex::hex;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    pub codec: String,
    pub supplemental: Option<String>,
    pub nal_length: usize,
    pub size: Option<(u32, u32)>,
    pub sequence_sets: Vec<Vec<u8>>,
}

/// Fields of a visual and of an audio sample entry before the boxes in it.
const VISUAL: usize = 78;
const AUDIO: usize = 28;

pub fn describe(entry: &Box<'_>, is_video: bool) -> Described {
    let inside = entry.body.get(if is_video { VISUAL } else { AUDIO }..).unwrap_or_default();
    let side = |at| number(entry.body, at, 2).map(|side| side as u32);
    let size = side(24).zip(side(26)).filter(|_| is_video);
    let name = String::from_utf8_lossy(&entry.kind).into_owned();
    let (codec, nal_length) = match &entry.kind {
        b"avc1" | b"avc3" => (child(inside, b"avcC").and_then(avc), length_of(inside, b"avcC", 4)),
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => {
            (child(inside, b"hvcC").and_then(hevc), length_of(inside, b"hvcC", 21))
        }
        b"av01" => (child(inside, b"av1C").and_then(|of| av1(of, child(inside, b"colr"))), 0),
        b"mp4a" => (Some(child(inside, b"esds").and_then(aac).unwrap_or_else(|| "40.2".to_owned())), 0),
        b"Opus" | b"fLaC" | b"alac" | b"ac-3" | b"ec-3" => return Described { codec: name, ..Described::default() },
        _ => (None, 0),
    };
    let codec = codec.map(|rest| format!("{name}.{rest}")).unwrap_or_default();
    let sequence_sets = match &entry.kind {
        b"avc1" | b"avc3" => child(inside, b"avcC").map(avc_sets),
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => child(inside, b"hvcC").map(hevc_sets),
        _ => None,
    };
    let sequence_sets = sequence_sets.unwrap_or_default();
    let supplemental = if is_video { dolby_vision(&entry.kind, inside) } else { None };
    Described { codec, supplemental, nal_length, size, sequence_sets }
}

/// How many bytes say how long a NAL unit is.
fn length_of(inside: &[u8], kind: &Kind, at: usize) -> usize {
    child(inside, kind).and_then(|body| body.get(at)).map_or(4, |byte| usize::from(byte & 3) + 1)
}

/// ISO/IEC 14496-15, E.2: the profile, constraints and level.
fn avc(configuration: &[u8]) -> Option<String> {
    Some(hex(configuration.get(1..4)?))
}

/// ISO/IEC 14496-15, E.3: profile space and profile, compatibility flags from the last to the first, tier and level, and the
/// constraint bytes up to the last that is not zero.
fn hevc(configuration: &[u8]) -> Option<String> {
    let first = *configuration.get(1)?;
    let space = ["", "A", "B", "C"][usize::from(first >> 6)];
    let tier = if first & 0x20 == 0 { "L" } else { "H" };
    let compatible = (number(configuration, 2, 4)? as u32).reverse_bits();
    let constraints = configuration.get(6..12)?;
    let level = configuration.get(12)?;
    let said = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let constraints: String = constraints[..said].iter().map(|byte| format!(".{byte:X}")).collect();
    Some(format!("{space}{}.{compatible:X}.{tier}{level}{constraints}", first & 0x1f))
}

/// The sequence parameter sets of an `avcC` (ISO/IEC 14496-15, 5.3.3.1).
fn avc_sets(configuration: &[u8]) -> Vec<Vec<u8>> {
    let count = configuration.get(5).map_or(0, |count| count & 0x1f);
    sets(configuration.get(6..).unwrap_or_default(), usize::from(count)).0
}

/// The sequence parameter sets of an `hvcC`: among arrays of NAL units, each of one type (ISO/IEC 14496-15, 8.3.3.1).
fn hevc_sets(configuration: &[u8]) -> Vec<Vec<u8>> {
    const SEQUENCE: u8 = 33;
    let (mut rest, mut found) = (configuration.get(23..).unwrap_or_default(), Vec::new());
    for _ in 0..configuration.get(22).copied().unwrap_or(0) {
        let (Some(kind), Some(count)) = (rest.first(), number(rest, 1, 2)) else { break };
        let (units, after) = sets(&rest[3..], count as usize);
        if kind & 0x3f == SEQUENCE {
            found.extend(units);
        }
        rest = after;
    }
    found
}

/// So many units, each behind its length, and what follows them.
fn sets(bytes: &[u8], count: usize) -> (Vec<Vec<u8>>, &[u8]) {
    let (mut rest, mut found) = (bytes, Vec::new());
    for _ in 0..count {
        let Some(unit) = number(rest, 0, 2).and_then(|length| rest.get(2..2 + length as usize)) else { break };
        found.push(unit.to_vec());
        rest = &rest[2 + unit.len()..];
    }
    (found, rest)
}

/// AV1 in ISO BMFF, 5: profile, level and tier, bit depth; colours where they are not those of every television.
fn av1(configuration: &[u8], colours: Option<&[u8]>) -> Option<String> {
    let (second, third) = (*configuration.get(1)?, *configuration.get(2)?);
    let tier = if third & 0x80 == 0 { 'M' } else { 'H' };
    let depth = match (third & 0x40 != 0, third & 0x20 != 0) {
        (true, true) => 12,
        (true, false) => 10,
        (false, _) => 8,
    };
    let short = format!("{}.{:02}{tier}.{depth:02}", second >> 5, second & 0x1f);
    let colours = colours.and_then(|body| {
        let numbers = body.strip_prefix(b"nclx")?;
        let of = |at| number(numbers, at, 2);
        Some((of(0)?, of(2)?, of(4)?, numbers.get(6)? >> 7))
    });
    let Some((primaries, transfer, matrix, full)) = colours.filter(|colours| *colours != (1, 1, 1, 0)) else {
        return Some(short);
    };
    let bit = |mask: u8| u8::from(third & mask != 0);
    let (mono, x, y, position) = (bit(0x10), bit(8), bit(4), third & 3);
    Some(format!("{short}.{mono}.{x}{y}{position}.{primaries:02}.{transfer:02}.{matrix:02}.{full}"))
}

/// ISO/IEC 14496-1, 7.2.6: descriptors in descriptors, down to the object type of the sound.
fn aac(esds: &[u8]) -> Option<String> {
    const STREAM: u8 = 3;
    const CONFIGURATION: u8 = 4;
    const SPECIFIC: u8 = 5;
    const MPEG_4_AUDIO: u8 = 0x40;
    const ESCAPE: u8 = 31;
    let stream = descriptor(esds.get(4..)?, STREAM)?;
    let flags = *stream.get(2)?;
    let depends = if flags & 0x80 == 0 { 0 } else { 2 };
    let url = if flags & 0x40 == 0 { 0 } else { 1 + usize::from(*stream.get(3 + depends)?) };
    let clock = if flags & 0x20 == 0 { 0 } else { 2 };
    let configuration = descriptor(stream.get(3 + depends + url + clock..)?, CONFIGURATION)?;
    match *configuration.first()? {
        MPEG_4_AUDIO => {
            let specific = descriptor(configuration.get(13..)?, SPECIFIC)?;
            let object = match specific.first()? >> 3 {
                ESCAPE => 32 + (number(specific, 0, 2)? >> 5 & 0x3f) as u8,
                object => object,
            };
            Some(format!("40.{object}"))
        }
        // MPEG-1 and MPEG-2 layer 3
        0x69 | 0x6b => Some("40.34".to_owned()),
        other => Some(format!("{other:02X}")),
    }
}

/// The content of a descriptor, if it is this one.
fn descriptor(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    let (tag, mut rest) = bytes.split_first()?;
    let mut length = 0;
    for _ in 0..4 {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length = length << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    (*tag == wanted).then(|| rest.get(..length.min(rest.len())))?
}

/// Where the stream plays as something else, too: SUPPLEMENTAL-CODECS with the brand of that (Apple's authoring
/// specification, 1.10; Dolby Vision streams within HLS).
fn dolby_vision(entry: &Kind, inside: &[u8]) -> Option<String> {
    let one = boxes(inside).find(|one| matches!(&one.kind, b"dvcC" | b"dvvC" | b"dvwC"))?;
    let said = number(one.body, 2, 2)?;
    let (profile, level) = (said >> 9, said >> 3 & 0x3f);
    let brand = match one.body.get(4)? >> 4 {
        1 => "db1p",
        2 => "db2g",
        4 => "db4h",
        _ => return None,
    };
    let name = match (entry, profile) {
        (b"av01", 10) => "dav1",
        (b"hvc1" | b"hev1", 8) => "dvh1",
        _ => return None,
    };
    Some(format!("{name}.{profile:02}.{level:02}/{brand}"))
}
