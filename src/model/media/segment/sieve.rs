//! Takes frames of sound out of a piece of MPEG-TS and puts others in, packet by packet and in bounded memory. All
//! else of the piece stays as it is.

use super::{
    adts::{self, Format},
    meter::{Unwrap, pes},
    transport::{Map, PACKET, Packet, map_pid_of},
};

/// One frame of sound out of a piece, in ADTS form.
#[derive(Debug, Clone, Copy)]
pub struct Sound<'a> {
    /// As the meter counts.
    pub at: i64,
    pub format: Format,
    pub bytes: &'a [u8],
}

impl Sound<'_> {
    /// Ticks of 90 kHz.
    pub fn length(&self) -> i64 {
        self.format.ticks(adts::SAMPLES)
    }

    /// Most of it is heard before this time.
    pub fn is_before(&self, at: i64) -> bool {
        self.at + self.length() / 2 < at
    }

    pub fn moved(&self) -> Moved {
        Moved { at: self.at, bytes: self.bytes.to_vec() }
    }
}

/// A frame that goes into another piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub at: i64,
    pub bytes: Vec<u8>,
}

/// What becomes of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Stays,
    Goes,
    /// These stand in its place.
    Becomes(Vec<Moved>),
}

impl From<bool> for Fate {
    fn from(stays: bool) -> Self {
        if stays { Self::Stays } else { Self::Goes }
    }
}

/// Of a PES packet that is made here.
const PES_FRAMES: usize = 8;
/// A payload that fills a packet.
const ROOM: usize = PACKET - 4;

pub struct Sieve<'a> {
    fate: &'a mut dyn FnMut(Sound<'_>) -> Fate,
    /// Go in front of the piece's own sound, and behind it.
    before: Vec<Moved>,
    after: Vec<Moved>,
    map_pid: Option<u16>,
    map: Option<Map>,
    clock: Unwrap,
    /// Packets of the PES packet of sound under way, and its content with its header.
    packets: Vec<[u8; PACKET]>,
    content: Vec<u8>,
    /// Of the next packet of sound.
    counter: Option<u8>,
}

impl<'a> Sieve<'a> {
    /// `near`: a time in the piece, as the meter counts.
    pub fn new(near: i64, fate: &'a mut dyn FnMut(Sound<'_>) -> Fate) -> Self {
        Self {
            fate,
            before: Vec::new(),
            after: Vec::new(),
            map_pid: None,
            map: None,
            clock: Unwrap::near(near),
            packets: Vec::new(),
            content: Vec::new(),
            counter: None,
        }
    }

    pub fn with(self, before: Vec<Moved>, after: Vec<Moved>) -> Self {
        Self { before, after, ..self }
    }

    /// Takes the next packet; gives what follows in the new piece.
    pub fn packet(&mut self, bytes: &[u8; PACKET], out: &mut Vec<u8>) {
        let Some(packet) = Packet::read(bytes) else { return };
        if self.map.as_ref().is_some_and(|map| map.sound == Some(packet.pid)) {
            if packet.starts {
                self.end(out);
                self.counter.get_or_insert(bytes[3] & 0x0f);
            }
            self.packets.push(*bytes);
            self.content.extend_from_slice(packet.payload);
            return;
        }
        match (&self.map, self.map_pid) {
            (None, Some(pid)) if packet.pid == pid && packet.starts => self.map = Map::read(packet.payload),
            (_, None) if packet.pid == 0 && packet.starts => self.map_pid = map_pid_of(packet.payload),
            _ => {}
        }
        out.extend_from_slice(bytes);
        if self.map.is_some() {
            let before = std::mem::take(&mut self.before);
            self.put(&before, out);
        }
    }

    /// The piece is over.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.end(out);
        let after = std::mem::take(&mut self.after);
        self.put(&after, out);
    }

    /// The PES packet under way is whole.
    fn end(&mut self, out: &mut Vec<u8>) {
        let (mut packets, content) = (std::mem::take(&mut self.packets), std::mem::take(&mut self.content));
        let Some((pts, mut rest)) = pes(&content) else {
            return packets.iter_mut().for_each(|packet| self.write(packet, out));
        };
        let mut at = self.clock.unwrap(pts);
        let (mut kept, mut all) = (Vec::new(), true);
        for frame in adts::frames(rest) {
            rest = &rest[frame.bytes.len()..];
            let sound = Sound { at, format: frame.format, bytes: frame.bytes };
            match (self.fate)(sound) {
                Fate::Stays => kept.push(sound.moved()),
                Fate::Goes => all = false,
                Fate::Becomes(others) => {
                    kept.extend(others);
                    all = false;
                }
            }
            at += frame.format.ticks(adts::SAMPLES);
        }
        if all {
            packets.iter_mut().for_each(|packet| self.write(packet, out));
        } else {
            self.put(&kept, out);
        }
    }

    fn write(&mut self, packet: &mut [u8; PACKET], out: &mut Vec<u8>) {
        let counter = self.counter.get_or_insert(packet[3] & 0x0f);
        packet[3] = packet[3] & 0xf0 | *counter;
        // a packet without a payload does not count
        if packet[3] & 0x10 != 0 {
            *counter = (*counter + 1) & 0x0f;
        }
        out.extend_from_slice(packet);
    }

    fn put(&mut self, frames: &[Moved], out: &mut Vec<u8>) {
        let Some(pid) = self.map.as_ref().and_then(|map| map.sound) else { return };
        for group in frames.chunks(PES_FRAMES) {
            let content = pes_packet(group);
            for (place, part) in content.chunks(ROOM).enumerate() {
                let mut packet = ts_packet(pid, place == 0, part);
                self.write(&mut packet, out);
            }
        }
    }
}

fn pes_packet(frames: &[Moved]) -> Vec<u8> {
    let bytes: usize = frames.iter().map(|frame| frame.bytes.len()).sum();
    // eight frames have less than 64 KiB; 0 would mean a length that is not stated
    let length = u16::try_from(bytes + 8).unwrap_or(0).to_be_bytes();
    let at = frames.first().map_or(0, |frame| frame.at);
    let byte = |shift: u32| (at >> shift & 0xff) as u8;
    let marked = |shift: u32| byte(shift) << 1 | 1;
    let time = [0x21 | (at >> 29 & 0x0e) as u8, byte(22), marked(15), byte(7), marked(0)];
    let mut pes = [&[0, 0, 1, 0xc0, length[0], length[1], 0x80, 0x80, 5][..], &time].concat();
    frames.iter().for_each(|frame| pes.extend_from_slice(&frame.bytes));
    pes
}

/// Filled up by an adaptation field where the payload is shorter than a packet.
fn ts_packet(pid: u16, starts: bool, payload: &[u8]) -> [u8; PACKET] {
    let mut packet = [0xff; PACKET];
    let [high, low] = pid.to_be_bytes();
    let is_full = payload.len() == ROOM;
    packet[..4].copy_from_slice(&[0x47, high | u8::from(starts) << 6, low, if is_full { 0x10 } else { 0x30 }]);
    if !is_full {
        let field = ROOM - 1 - payload.len();
        packet[4] = field as u8;
        if field > 0 {
            packet[5] = 0;
        }
    }
    packet[PACKET - payload.len()..].copy_from_slice(payload);
    packet
}

#[cfg(test)]
mod tests {
    use crate::model::media::segment::meter::{FormRun, Meter, SoundTimes};
    use crate::model::media::segment::sieve::*;

    const SOUND: u16 = 0x101;
    const STEREO: Format = Format { profile: 1, rate: 48_000, channels: 2 };
    const MONO: Format = Format { channels: 1, ..STEREO };

    fn frame(format: Format, fill: u8) -> Vec<u8> {
        let length = 40_u16;
        let rate = 3; // 48 kHz
        let kind = format.profile << 6 | rate << 2 | format.channels >> 2;
        let more = format.channels << 6 | (length >> 11) as u8;
        let head = [0xff, 0xf1, kind, more, (length >> 3) as u8, (length << 5) as u8 | 0x1f, 0xfc];
        [&head[..], &vec![fill; usize::from(length) - head.len()]].concat()
    }

    /// A piece with these frames, eight a PES packet, from this time on.
    fn piece(at: i64, frames: &[(Format, u8)]) -> Vec<u8> {
        let table = |id: u8, entries: &[u8]| {
            let length = (5 + entries.len() + 4) as u8;
            [&[0, id, 0xb0, length, 0, 1, 0xc1, 0, 0], entries, &[0; 4]].concat()
        };
        let mut bytes = ts_packet(0, true, &table(0, &[0, 1, 0xf0, 0x00])).to_vec();
        bytes.extend(ts_packet(0x1000, true, &table(2, &[0xe1, 0x00, 0xf0, 0x00, 0x0f, 0xe1, 0x01, 0xf0, 0x00])));
        let frames = frames.iter().zip(0..).map(|((format, fill), number)| Moved {
            at: at + format.ticks(adts::SAMPLES) * number,
            bytes: frame(*format, *fill),
        });
        for group in frames.collect::<Vec<_>>().chunks(PES_FRAMES) {
            let pes = pes_packet(group);
            bytes.extend(pes.chunks(ROOM).enumerate().flat_map(|(place, part)| ts_packet(SOUND, place == 0, part)));
        }
        bytes
    }

    fn measured(bytes: &[u8]) -> SoundTimes {
        let mut meter = Meter::default();
        bytes.as_chunks().0.iter().for_each(|packet| meter.packet(packet));
        meter.end_of_piece().sound.unwrap()
    }

    fn sifted(bytes: &[u8], mut keep: impl FnMut(Sound<'_>) -> bool, [before, after]: [Vec<Moved>; 2]) -> Vec<u8> {
        let mut fate = |sound: Sound<'_>| keep(sound).into();
        let mut sieve = Sieve::new(0, &mut fate).with(before, after);
        let mut out = Vec::new();
        bytes.as_chunks().0.iter().for_each(|packet| sieve.packet(packet, &mut out));
        sieve.finish(&mut out);
        out
    }

    #[test]
    fn times_are_those_of_the_frames() {
        let sound = measured(&piece(90_000, &[(STEREO, 1); 20]));
        assert_eq!((sound.first, sound.end, sound.frame), (90_000, 90_000 + 20 * 1920, 1920));
        assert_eq!(sound.runs, [FormRun { format: STEREO, from: 90_000 }]);
    }

    #[test]
    fn times_count_on_over_the_wrap() {
        let from = (1 << 33) - 10 * 1920;
        let sound = measured(&piece(from, &[(STEREO, 1); 40]));
        assert_eq!((sound.first, sound.end), (from, from + 40 * 1920));
    }

    #[test]
    fn a_change_within_a_pes_packet_is_timed_by_its_frames() {
        let frames = [[(STEREO, 1); 11].as_slice(), &[(MONO, 2); 9]].concat();
        let sound = measured(&piece(0, &frames));
        let runs = [FormRun { format: STEREO, from: 0 }, FormRun { format: MONO, from: 11 * 1920 }];
        assert_eq!((sound.runs.as_slice(), sound.end), (runs.as_slice(), 20 * 1920));
    }

    #[test]
    fn frames_change_sides_and_nothing_is_lost() {
        let frames = [[(STEREO, 1); 11].as_slice(), &[(MONO, 2); 9]].concat();
        let mixed = piece(0, &frames);
        let mut moved = Vec::new();
        let take = |sound: Sound<'_>| {
            moved.extend((sound.format == MONO).then(|| sound.moved()));
            sound.format == STEREO
        };
        let before = measured(&sifted(&mixed, take, [Vec::new(), Vec::new()]));
        assert_eq!((before.runs, before.end), (vec![FormRun { format: STEREO, from: 0 }], 11 * 1920));
        assert_eq!(moved.len(), 9);
        let next = piece(20 * 1920, &[(MONO, 3); 5]);
        let after = measured(&sifted(&next, |_| true, [moved, Vec::new()]));
        assert_eq!((after.runs, after.end), (vec![FormRun { format: MONO, from: 11 * 1920 }], 25 * 1920));
    }

    #[test]
    fn what_all_stays_stays_as_it_is() {
        let whole = piece(0, &[(STEREO, 1); 8]);
        // counters are counted from the first
        assert_eq!(sifted(&whole, |_| true, [Vec::new(), Vec::new()]).len(), whole.len());
    }

    #[test]
    fn damage_never_panics() {
        let whole = piece(0, &[(STEREO, 1), (MONO, 2)].repeat(9));
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..500 {
            let mut bytes = whole.clone();
            (0..20).for_each(|_| bytes[random.usize(0..whole.len())] = random.u8(..));
            let mut meter = Meter::default();
            bytes.as_chunks().0.iter().for_each(|packet| meter.packet(packet));
            meter.end_of_piece();
            sifted(&bytes, |sound| sound.format == MONO, [Vec::new(), Vec::new()]);
        }
    }
}
