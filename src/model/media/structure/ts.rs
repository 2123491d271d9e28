//! A walk over an MPEG transport stream (ISO/IEC 13818-1), bytes as they come: where packets are missing, which streams
//! are scrambled. A few header bytes of each packet are looked at, so that it keeps up with any disk.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
    time::Duration,
};

use super::{
    bytes::Bytes,
    parts::{Container, Found, Lock, Structure},
};
use crate::model::media::{
    damage::{Damage, Places},
    segment::transport::section,
};

/// Bytes that are looked at before a file is published: at its start, in its middle, at its end.
const WINDOW: u64 = 4 << 20;
/// As BDAV (a time code in front), plain, and with Reed-Solomon's bytes behind.
const STEPS: [usize; 3] = [188, 192, 204];
/// Packets whose first byte has to be right where a beginning is looked for.
const AGREEING: usize = 5;
const SYNC: u8 = 0x47;
const NONE: u16 = 0x1fff;
/// Kept between two feedings, at most.
const CARRY: usize = 204 * (AGREEING + 1);
/// Streams of which anything is kept.
const STREAMS_MAX: usize = 64;
/// Packets of a stream in clear or scrambled before either is believed.
const SCRAMBLED_LEAST: u32 = 8;
/// Ticks of 90 kHz that one time may be after the last: more is another beginning.
const STEP_MAX: i64 = 10 * 90_000;
/// A counter that is wrong in more than every so manieth packet is none.
const ERRORS_MAX: u32 = 4;

#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    /// Of the last packet, and whether it came twice.
    counter: Option<(u8, bool)>,
    /// It carries pictures or sound: a PES packet of those began in it.
    is_media: bool,
    /// Tables with a counter of 0 came since its last packet: it may begin anew.
    may_begin: bool,
    packets: u32,
    errors: u32,
    scrambled: u32,
}

/// Where something was lost; it ends at the next time that is read.
#[derive(Debug, Clone, Copy)]
struct Open {
    pid: u16,
    since: Duration,
    is_loss: bool,
}

pub struct Walk {
    step: usize,
    /// Bytes that are not a whole packet yet, or not known to begin one.
    carry: Vec<u8>,
    /// The next byte begins a packet.
    in_step: bool,
    streams: Vec<Stream>,
    maps: Vec<u16>,
    locks: BTreeMap<u16, Lock>,
    places: BTreeMap<u16, (Places, Places)>,
    open: Vec<Open>,
    /// Whose times count: the first video's, else the first stream's.
    clock: Option<(u16, bool)>,
    first: Option<u64>,
    last: Option<u64>,
    elapsed: Duration,
}

/// Looks into a bounded part of a file, if it is a transport stream.
pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>) -> io::Result<Structure> {
    let first = bytes.read(0, CARRY as u64 * 2)?;
    let Some(mut walk) = Walk::begin(&first) else { return Ok(Structure::default()) };
    let length = bytes.length;
    if length <= 3 * WINDOW {
        walk.feed(&bytes.read(0, length)?);
    } else {
        for start in [0, length / 2 - WINDOW / 2, length - WINDOW] {
            walk.jump();
            walk.feed(&bytes.read(start, WINDOW)?);
        }
    }
    let (container, torn) = (Some(Container::TransportStream), walk.ends_inside());
    let damage = Damage { torn, ..Damage::default() };
    Ok(Structure { container, damage, programmes: walk.finish(), ..Structure::default() })
}

impl Walk {
    /// `None` if these first bytes of a file are not those of a transport stream.
    pub fn begin(first: &[u8]) -> Option<Self> {
        let (step, _) = STEPS.iter().find_map(|step| Some((*step, beginning(first, *step, 3)?)))?;
        Some(Self {
            step,
            carry: Vec::new(),
            in_step: false,
            streams: vec![Stream::default(); usize::from(NONE) + 1],
            maps: Vec::new(),
            locks: BTreeMap::new(),
            places: BTreeMap::new(),
            open: Vec::new(),
            clock: None,
            first: None,
            last: None,
            elapsed: Duration::ZERO,
        })
    }

    /// What follows is from elsewhere in the file.
    pub fn jump(&mut self) {
        self.carry.clear();
        self.in_step = false;
        self.last = None;
        self.forget_counters();
    }

    /// The next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut at = 0;
        if !self.carry.is_empty() {
            // as much as completes what was left over
            let more = bytes.len().min(CARRY);
            self.carry.extend_from_slice(&bytes[..more]);
            let joined = std::mem::take(&mut self.carry);
            let before = joined.len() - more;
            let taken = self.packets(&joined);
            if taken < before || more == bytes.len() {
                self.carry = joined[taken..].to_vec();
                self.carry.extend_from_slice(&bytes[more..]);
                return;
            }
            at = taken - before;
        }
        let taken = self.packets(&bytes[at..]);
        self.carry = bytes[at + taken..].to_vec();
    }

    /// How many of the bytes were made use of; what is left is less than is needed to find a beginning.
    fn packets(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        loop {
            if !self.in_step {
                match beginning(&bytes[at..], self.step, AGREEING) {
                    Some(found) => at += found,
                    None => return at.max((bytes.len() + 1).saturating_sub(CARRY)),
                }
                self.in_step = true;
            }
            let Some(packet) = bytes.get(at..at + self.step) else { return at };
            if packet[0] == SYNC {
                self.packet(&packet[..188]);
                at += self.step;
            } else {
                self.lose_step();
            }
        }
    }

    /// Bytes that are no packets stand between those that are.
    fn lose_step(&mut self) {
        self.in_step = false;
        // whose packets are missing is told by their counters; if they happen to fit, by the clock's stream
        if let Some((pid, _)) = self.clock {
            self.note(pid, true);
        }
    }

    fn packet(&mut self, packet: &[u8]) {
        let pid = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
        if pid == NONE {
            return;
        }
        let (starts, scrambled, control) = (packet[1] & 0x40 != 0, packet[3] & 0xc0 != 0, packet[3] & 0x30);
        let (adapted, has_payload) = (control & 0x20 != 0, control & 0x10 != 0);
        let field = if adapted { usize::from(packet[4]) } else { 0 };
        let flagged = adapted && field > 0 && packet[5] & 0x80 != 0;
        let payload = packet.get(if adapted { 5 + field } else { 4 }..).filter(|_| has_payload).unwrap_or_default();
        self.table(pid, starts, payload);
        if starts && !scrambled {
            self.begins(pid, payload);
        }
        self.count(pid, packet[3] & 0x0f, has_payload, starts, flagged);
        let stream = &mut self.streams[usize::from(pid)];
        if has_payload {
            stream.packets = stream.packets.saturating_add(1);
            stream.scrambled = stream.scrambled.saturating_add(u32::from(scrambled));
        }
        if packet[1] & 0x80 != 0 && stream.is_media {
            self.note(pid, false);
        }
    }

    fn count(&mut self, pid: u16, counter: u8, has_payload: bool, starts: bool, flagged: bool) {
        if pid < 0x20 || self.maps.contains(&pid) {
            return self.count_table(pid, counter);
        }
        let stream = &mut self.streams[usize::from(pid)];
        let before = stream.counter;
        let wanted = before.map(|(last, _)| if has_payload { (last + 1) & 0x0f } else { last });
        let twice = has_payload && before == Some((counter, false));
        stream.counter = Some((counter, twice));
        let begins = std::mem::take(&mut stream.may_begin) && starts && counter == 0;
        if stream.is_media && !(twice || flagged || begins || wanted.is_none_or(|wanted| wanted == counter)) {
            stream.errors = stream.errors.saturating_add(1);
            self.note(pid, true);
        }
    }

    /// Another recording behind the first begins with tables, and all its counters with 0.
    fn count_table(&mut self, pid: u16, counter: u8) {
        let before = self.streams[usize::from(pid)].counter.map(|(last, _)| last);
        match (counter, before) {
            (0, Some(15)) => self.streams.iter_mut().for_each(|stream| stream.may_begin = true),
            (0, Some(_)) => self.forget_counters(),
            _ => {}
        }
        self.streams[usize::from(pid)].counter = Some((counter, false));
    }

    fn forget_counters(&mut self) {
        self.streams.iter_mut().for_each(|stream| stream.counter = None);
    }

    fn note(&mut self, pid: u16, is_loss: bool) {
        if self.open.len() < STREAMS_MAX && !self.open.iter().any(|open| open.pid == pid && open.is_loss == is_loss) {
            self.open.push(Open { pid, since: self.elapsed, is_loss });
        }
    }

    /// A PES packet, if it is of pictures or sound.
    fn begins(&mut self, pid: u16, payload: &[u8]) {
        let &[0, 0, 1, kind @ (0xbd | 0xc0..=0xef | 0xfd), ..] = payload else { return };
        self.streams[usize::from(pid)].is_media = true;
        let is_video = kind & 0xf0 == 0xe0;
        if self.clock.is_none_or(|(_, video)| is_video && !video) {
            self.clock = Some((pid, is_video));
            self.last = None;
        }
        if self.clock.is_some_and(|(clock, _)| clock == pid)
            && let Some(time) = decode_time(payload)
        {
            self.tick(time);
        }
    }

    fn tick(&mut self, time: u64) {
        let first = *self.first.get_or_insert(time);
        let ticks = match self.last {
            // behind a jump: by the file's first time
            None => since(first, time).max(0),
            Some(last) => match since(last, time) {
                step @ 0..=STEP_MAX => step,
                // it begins anew, or goes on after a break
                _ => 0,
            },
        };
        let step = Duration::from_micros(ticks as u64 * 100 / 9);
        self.elapsed = if self.last.is_none() { step } else { self.elapsed + step };
        self.last = Some(time);
        self.close();
    }

    fn close(&mut self) {
        for Open { pid, since, is_loss } in std::mem::take(&mut self.open) {
            if self.places.len() < STREAMS_MAX || self.places.contains_key(&pid) {
                let (lost, corrupt) = self.places.entry(pid).or_default();
                let places = if is_loss { lost } else { corrupt };
                places.add(since, self.elapsed);
            }
        }
    }

    /// Programme association and programme maps, as far as they are in one packet.
    fn table(&mut self, pid: u16, starts: bool, payload: &[u8]) {
        if !starts || (pid != 0 && !self.maps.contains(&pid)) {
            return;
        }
        let Some(section) = section(payload) else { return };
        if pid == 0 {
            let maps = section.chunks_exact(4).filter(|entry| entry[..2] != [0, 0]);
            self.maps = maps.map(|entry| u16::from_be_bytes([entry[2] & 0x1f, entry[3]])).take(STREAMS_MAX).collect();
        } else {
            self.map(section);
        }
    }

    /// Stream types that Apple's HLS has for encrypted samples say so; the samples' headers stay readable.
    fn map(&mut self, section: &[u8]) {
        let Some(descriptors) =
            section.get(2..4).map(|bytes| usize::from(bytes[0] & 0x0f) << 8 | usize::from(bytes[1]))
        else {
            return;
        };
        let mut streams = section.get(4 + descriptors..).unwrap_or_default();
        while let &[kind, high, low, length_high, length_low, ..] = streams {
            let pid = u16::from_be_bytes([high & 0x1f, low]);
            if matches!(kind, 0xdb | 0xcf | 0xc1 | 0xc2) && self.locks.len() < STREAMS_MAX {
                // 0xc1 and 0xc2 are of others too, unless a descriptor names what is inside
                let described = usize::from(length_high & 0x0f) << 8 | usize::from(length_low);
                let descriptor = streams.get(5..5 + described).unwrap_or_default();
                let is_apple =
                    matches!(kind, 0xdb | 0xcf) || descriptor.windows(4).any(|four| four == b"zac3" || four == b"zec3");
                if is_apple {
                    self.locks.insert(pid, Lock::new("SAMPLE-AES"));
                }
            }
            let skip = 5 + (usize::from(length_high & 0x0f) << 8 | usize::from(length_low));
            streams = streams.get(skip..).unwrap_or_default();
        }
    }

    /// The bytes end with a part of a packet.
    fn ends_inside(&self) -> bool {
        self.in_step && self.carry.first() == Some(&SYNC) && self.carry.len() < 188
    }

    pub fn finish(mut self) -> Found {
        self.close();
        for (pid, stream) in (0..).zip(&self.streams) {
            if stream.scrambled >= SCRAMBLED_LEAST && stream.scrambled * 2 > stream.packets {
                self.locks.entry(pid).or_insert_with(|| Lock::new("scrambled"));
            }
        }
        let streams = self.streams;
        let counts = |pid: u16| {
            let stream = streams[usize::from(pid)];
            stream.errors.saturating_mul(ERRORS_MAX) <= stream.packets
        };
        let mut damaged = BTreeMap::new();
        for (pid, (lost, corrupt)) in self.places {
            let lost = if counts(pid) { lost } else { Places::default() };
            damaged.insert(pid, Damage { lost, corrupt, ..Damage::default() });
        }
        damaged.retain(|_, damage| !damage.is_none());
        Found { locks: self.locks, damaged }
    }
}

/// Where packets begin: `agreeing` of them in a row have the right first byte, or all that fit into what is there.
fn beginning(bytes: &[u8], step: usize, agreeing: usize) -> Option<usize> {
    let needed = step * (agreeing - 1) + 1;
    let places = 0..(bytes.len() + 1).saturating_sub(needed).min(bytes.len());
    places.into_iter().find(|at| (0..agreeing).all(|number| bytes[at + number * step] == SYNC))
}

/// From one time of 33 bits to another, the shorter way round.
fn since(from: u64, to: u64) -> i64 {
    const ROUND: i64 = 1 << 33;
    let difference = (to as i64 - from as i64).rem_euclid(ROUND);
    if difference > ROUND / 2 { difference - ROUND } else { difference }
}

/// A PES packet's decoding time, or its presentation time if that is the same.
fn decode_time(pes: &[u8]) -> Option<u64> {
    let at = match pes.get(7)? >> 6 {
        3 => 14,
        2 => 9,
        _ => return None,
    };
    let &[a, b, c, d, e] = pes.get(at..at + 5)? else { return None };
    let (a, b, c, d, e) = (u64::from(a), u64::from(b), u64::from(c), u64::from(d), u64::from(e));
    Some((a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1)
}

#[cfg(test)]
mod tests;
