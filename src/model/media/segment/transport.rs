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
            (Some(map), _) if map.video == Some(packet.pid) => {
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
    Some(Head { video: h264::access_unit(elementary(&video)?), aac: map.sound.is_some() })
}

pub(super) struct Packet<'a> {
    pub(super) pid: u16,
    /// A PES packet or a table section begins here.
    pub(super) starts: bool,
    pub(super) payload: &'a [u8],
}

impl<'a> Packet<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
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
pub(in crate::model::media) fn section(payload: &[u8]) -> Option<&[u8]> {
    let table = payload.get(1 + usize::from(*payload.first()?)..)?;
    let length = usize::from(u16::from_be_bytes([table.get(1)? & 0x0f, *table.get(2)?]));
    table.get(8..(3 + length).checked_sub(4)?.min(table.len()))
}

/// The first programme of a programme association table; number 0 is the network's.
pub(super) fn map_pid_of(payload: &[u8]) -> Option<u16> {
    let programme = section(payload)?.chunks_exact(4).find(|entry| entry[..2] != [0, 0])?;
    Some(u16::from_be_bytes([programme[2] & 0x1f, programme[3]]))
}

/// The packets with the tables that were read last.
#[derive(Debug, Default)]
pub struct Tables {
    map_pid: Option<u16>,
    association: Option<[u8; PACKET]>,
    map: Option<[u8; PACKET]>,
}

impl Tables {
    pub fn packet(&mut self, bytes: &[u8; PACKET]) {
        let Some(packet) = Packet::read(bytes).filter(|packet| packet.starts) else { return };
        if packet.pid == 0 {
            self.map_pid = map_pid_of(packet.payload);
            self.association = Some(*bytes);
        } else if Some(packet.pid) == self.map_pid {
            self.map = Some(*bytes);
        }
    }

    /// In the order in which a demuxer wants them.
    pub fn packets(&self) -> impl Iterator<Item = &[u8; PACKET]> {
        self.association.iter().chain(&self.map)
    }
}

/// The streams of a programme that are published.
#[derive(Debug, Clone)]
pub(super) struct Map {
    pub(super) video: Option<u16>,
    pub(super) sound: Option<u16>,
}

impl Map {
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let section = section(payload)?;
        let descriptors = usize::from(u16::from_be_bytes([section.get(2)? & 0x0f, *section.get(3)?]));
        let mut streams = section.get(4 + descriptors..)?;
        let (mut video, mut sound) = (None, None);
        while let &[kind, high, low, length_high, length_low, ..] = streams {
            let pid = u16::from_be_bytes([high & 0x1f, low]);
            match kind {
                H264 => video = video.or(Some(pid)),
                AAC_ADTS => sound = sound.or(Some(pid)),
                _ => {}
            }
            let skip = 5 + usize::from(u16::from_be_bytes([length_high & 0x0f, length_low]));
            streams = streams.get(skip..).unwrap_or_default();
        }
        Some(Self { video, sound })
    }
}

/// A PES packet's content, after its header.
fn elementary(pes: &[u8]) -> Option<&[u8]> {
    let &[0, 0, 1, 0xe0..=0xef, _, _, _, _, header, ..] = pes else { return None };
    pes.get(9 + usize::from(header)..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::model::media::segment::transport::*;

    /// One packet with a payload of its own, filled up by an adaptation field.
    fn packet(pid: u16, starts: bool, payload: &[u8]) -> Vec<u8> {
        let room = PACKET - 4;
        let [high, low] = pid.to_be_bytes();
        let mut bytes = vec![0x47, high | u8::from(starts) << 6, low, if payload.len() < room { 0x30 } else { 0x10 }];
        if payload.len() < room {
            let field = room - payload.len() - 1;
            bytes.push(field as u8);
            bytes.extend([0].iter().chain(&[0xff; 183]).take(field));
        }
        bytes.extend(payload);
        bytes
    }

    fn table(id: u8, entries: &[u8]) -> Vec<u8> {
        let length = (5 + entries.len() + 4) as u8;
        [&[0, id, 0xb0, length, 0, 1, 0xc1, 0, 0], entries, &[0; 4]].concat()
    }

    /// A segment whose first access unit has these NAL units.
    fn segment(nals: &[&[u8]]) -> Vec<u8> {
        let unit = nals.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat());
        let pes: Vec<u8> = [0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1].into_iter().chain(unit).collect();
        let streams = [0xe1, 0x00, 0xf0, 0x00, H264, 0xe1, 0x00, 0xf0, 0x00, AAC_ADTS, 0xe1, 0x01, 0xf0, 0x00];
        let mut bytes = packet(0, true, &table(0, &[0, 1, 0xf0, 0x00]));
        bytes.extend(packet(0x1000, true, &table(2, &streams)));
        for (place, part) in pes.chunks(PACKET - 4).enumerate() {
            bytes.extend(packet(0x100, place == 0, part));
        }
        bytes.extend(packet(0x100, true, &[0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0, 0, 0, 1, 0x65]));
        bytes
    }

    /// Baseline 640x360 at level 3, out of a clip by x264.
    const BASELINE: [u8; 15] =
        [0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0x80, 0xbf, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00];

    #[test]
    fn an_idr_picture_and_its_parameters_are_found() {
        let head = head(&segment(&[&[9, 0xf0], &BASELINE, &[0x68, 0xce], &[0x65, 0x88]])).unwrap();
        assert!(head.video.idr && head.aac);
        assert_eq!(head.video.parameters.unwrap().codec(), "avc1.42c01e");
        assert_eq!(head.video.parameters.unwrap().size, Some((640, 360)));
    }

    #[test]
    fn only_the_first_access_unit_counts() {
        // the second unit has an IDR picture
        let head = head(&segment(&[&[9, 0xf0], &BASELINE, &[0x41, 0x9a]])).unwrap();
        assert!(!head.video.idr);
    }

    #[test]
    fn a_long_unit_is_followed_over_many_packets() {
        let long = [&[0x06, 0x05][..], &[0xaa; 1000]].concat();
        assert!(head(&segment(&[&BASELINE, &long, &[0x65, 0x88]])).unwrap().video.idr);
    }

    proptest! {
        #[test]
        fn damage_never_panics(at in prop::collection::vec((0usize..2000, any::<u8>()), 1..40), cut in 0usize..2000) {
            let mut bytes = segment(&[&[9, 0xf0], &BASELINE, &[0x65; 900]]);
            let length = bytes.len();
            for (at, byte) in at {
                bytes[at % length] = byte;
            }
            let _ = head(&bytes);
            let _ = head(&bytes[..cut.min(length)]);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = h264::access_unit(&bytes);
            let set = [&[0, 0, 1, 0x67], bytes.as_slice()].concat();
            let _ = h264::access_unit(&set);
        }
    }
}
