//! Segments as MPEG-2 transport streams (ISO/IEC 13818-1): what RFC 8216 demands of their packets, read by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::playlists::{Segment, Served};

pub(super) const PACKET: usize = 188;
const SYNC: u8 = 0x47;

fn packets(segment: &Segment) -> impl Iterator<Item = &[u8]> {
    segment.bytes.chunks(PACKET)
}

pub(super) fn made_of_packets(playlist: &Served) -> bool {
    let whole = |packet: &[u8]| packet.len() == PACKET && packet[0] == SYNC;
    playlist.segments.iter().all(|segment| !segment.bytes.is_empty() && packets(segment).all(whole))
}

fn pid(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[1] & 0x1f, packet[2]])
}

/// What comes after the header and the adaptation field; `None` if nothing does.
fn payload(packet: &[u8]) -> Option<&[u8]> {
    match packet[3] >> 4 & 3 {
        1 => packet.get(4..),
        3 => packet.get(5 + usize::from(packet[4])..),
        _ => None,
    }
}

/// The PIDs of the PMTs that a program association table lists.
fn programs(pat: &[u8]) -> Option<BTreeSet<u16>> {
    let section = payload(pat).and_then(|payload| payload.get(1 + usize::from(*payload.first()?)..))?;
    let length = usize::from(u16::from_be_bytes([section[1] & 0x0f, section[2]]));
    // 5 bytes of header come before the list, 4 of checksum after it
    let list = section.get(8..(3 + length).checked_sub(4)?)?;
    let entries = list.chunks_exact(4).filter(|entry| entry[..2] != [0, 0]);
    Some(entries.map(|entry| u16::from_be_bytes([entry[2] & 0x1f, entry[3]])).collect())
}

pub(super) fn tables_are_there(playlist: &Served) -> bool {
    playlist.segments.iter().all(|segment| {
        let tables = packets(segment).filter(|packet| packet.len() == PACKET && pid(packet) == 0).map(programs);
        let listed: Option<BTreeSet<u16>> =
            tables.collect::<Option<Vec<_>>>().map(|all| all.into_iter().flatten().collect());
        let Some(&[map]) = listed.as_ref().map(|all| all.iter().collect::<Vec<_>>()).as_deref() else { return false };
        packets(segment).any(|packet| packet.len() == PACKET && pid(packet) == *map)
    })
}

pub(super) fn counters_run_on(playlist: &Served) -> bool {
    let mut last: BTreeMap<u16, u8> = BTreeMap::new();
    let all = playlist.segments.iter().flat_map(packets).filter(|packet| packet.len() == PACKET);
    all.filter(|packet| payload(packet).is_some()).all(|packet| {
        let counter = packet[3] & 0x0f;
        last.insert(pid(packet), counter).is_none_or(|before| (before + 1) & 0x0f == counter)
    })
}
