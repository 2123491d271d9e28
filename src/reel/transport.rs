//! A look into the head of an MPEG-TS segment (ISO/IEC 13818-1): its programme map and the first video access unit.
//! Enough to state codecs and to know whether the segment decodes by itself; a demuxer it is not.

use super::h264::{self, AccessUnit};

pub const PACKET: usize = 188;
/// Bytes that hold the tables, parameter sets and the first slice's header of any sane segment.
pub const HEAD_MAX: usize = 256 * 1024;

/// stream_type of table 2-34.
const H264: u8 = 0x1b;
const AAC_ADTS: u8 = 0x0f;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub video: AccessUnit,
    /// The programme map lists an AAC stream.
    pub aac: bool,
}

/// Reads a segment's first bytes (some multiple of 188, [`HEAD_MAX`] are enough). `None` if no H.264 stream begins.
pub fn head(bytes: &[u8]) -> Option<Head> {
    let mut map_pid = None;
    let mut map: Option<Map> = None;
    let mut video = Vec::new();
    for packet in bytes.chunks_exact(PACKET).map_while(Packet::read) {
        match (&map, map_pid) {
            (Some(map), _) if packet.pid == map.video => {
                if packet.starts && !video.is_empty() {
                    break; // the second access unit
                }
                if packet.starts || !video.is_empty() {
                    video.extend_from_slice(packet.payload);
                }
            }
            (None, Some(pid)) if packet.pid == pid && packet.starts => map = Map::read(packet.payload),
            (_, None) if packet.pid == 0 && packet.starts => map_pid = map_pid_of(packet.payload),
            _ => {}
        }
    }
    let map = map?;
    Some(Head { video: h264::access_unit(elementary(&video)?), aac: map.aac })
}

struct Packet<'a> {
    pid: u16,
    /// A PES packet or a table section begins here.
    starts: bool,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let &[0x47, high, low, control, ..] = bytes else { return None };
        let mut payload = &bytes[4..];
        if control & 0x20 != 0 {
            payload = payload.get(1 + usize::from(*payload.first()?)..)?;
        }
        if control & 0x10 == 0 {
            payload = &[];
        }
        Some(Self { pid: u16::from_be_bytes([high & 0x1f, low]), starts: high & 0x40 != 0, payload })
    }
}

/// A table's section after pointer_field, header and version; without its CRC.
fn section(payload: &[u8]) -> Option<&[u8]> {
    let table = payload.get(1 + usize::from(*payload.first()?)..)?;
    let length = usize::from(u16::from_be_bytes([table.get(1)? & 0x0f, *table.get(2)?]));
    table.get(8..(3 + length).checked_sub(4)?.min(table.len()))
}

/// The first programme of a programme association table; number 0 is the network's.
fn map_pid_of(payload: &[u8]) -> Option<u16> {
    let programme = section(payload)?.chunks_exact(4).find(|entry| entry[..2] != [0, 0])?;
    Some(u16::from_be_bytes([programme[2] & 0x1f, programme[3]]))
}

struct Map {
    video: u16,
    aac: bool,
}

impl Map {
    fn read(payload: &[u8]) -> Option<Self> {
        let section = section(payload)?;
        let descriptors = usize::from(u16::from_be_bytes([section.get(2)? & 0x0f, *section.get(3)?]));
        let mut streams = section.get(4 + descriptors..)?;
        let (mut video, mut aac) = (None, false);
        while let &[kind, high, low, length_high, length_low, ..] = streams {
            match kind {
                H264 if video.is_none() => video = Some(u16::from_be_bytes([high & 0x1f, low])),
                AAC_ADTS => aac = true,
                _ => {}
            }
            let skip = 5 + usize::from(u16::from_be_bytes([length_high & 0x0f, length_low]));
            streams = streams.get(skip..).unwrap_or_default();
        }
        Some(Self { video: video?, aac })
    }
}

/// A PES packet's content, after its header.
fn elementary(pes: &[u8]) -> Option<&[u8]> {
    let &[0, 0, 1, 0xe0..=0xef, _, _, _, _, header, ..] = pes else { return None };
    pes.get(9 + usize::from(header)..)
}
