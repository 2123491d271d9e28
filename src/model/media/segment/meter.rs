//! Reads the timestamps out of pieces of one MPEG-TS stream, packet by packet and in bounded memory: when each piece
//! begins and ends, and in which forms its picture and its sound are. What ffmpeg states of durations is not looked at.

use std::time::Duration;

use super::{
    adts::{self, Format},
    h264,
    transport::{Map, PACKET, Packet, map_pid_of},
};

/// Timestamps of MPEG-TS have 33 bits at 90 kHz: they begin anew every 26.5 hours.
const WRAP: i64 = 1 << 33;
pub const CLOCK: i64 = 90_000;

/// How long so many ticks last; nothing if they are negative.
pub fn microseconds(ticks: i64) -> u64 {
    u64::try_from(ticks * 100 / (CLOCK / 10_000)).unwrap_or(0)
}

pub fn span(ticks: i64) -> Duration {
    Duration::from_micros(microseconds(ticks))
}

/// Parameter sets stand before the first slice of a picture; a sane picture has it within this.
const UNIT_MAX: usize = 64 * 1024;
/// The length of a PES packet of sound is a 16-bit field.
const PES_MAX: usize = 64 * 1024 + 6;

/// One piece, in ticks of 90 kHz that count on over the wrap, from any origin that is the same for all pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PieceTimes {
    pub video: Option<VideoTimes>,
    pub sound: Option<SoundTimes>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoTimes {
    /// Of the keyframe that the piece begins with.
    pub first: i64,
    /// End of the picture that is shown last, which lasts as long as the one before it.
    pub end: i64,
    /// How long that is; `None` if there is no other picture to measure it by.
    pub frame: Option<i64>,
    /// The piece begins with an IDR picture.
    pub idr: bool,
    /// The sequence parameter sets of its first picture, and of each that brought others than the one before.
    pub parameters: Vec<Vec<u8>>,
    /// Where in the piece the headers stand of parameter sets that a picture brings before its own and takes back:
    /// those of the file's head, put before every keyframe.
    pub stale: Vec<u64>,
    /// Pictures after the first that a piece could begin with: IDR pictures that bring their parameter sets.
    pub starts: Vec<Start>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    pub shown: i64,
    /// Where in the piece its first packet stands.
    pub place: u64,
    /// Its sequence parameter sets are not those before it.
    pub changes: bool,
    /// It is due before a picture before it.
    pub restarts: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundTimes {
    pub first: i64,
    pub end: i64,
    /// Of one frame of sound.
    pub frame: i64,
    /// In order, each of another form than the one before.
    pub runs: Vec<FormRun>,
    /// The form that the piece is to have of them.
    pub settled: Option<Format>,
}

/// Frames of one form that follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormRun {
    pub format: Format,
    /// When the first of them is heard.
    pub from: i64,
}

impl SoundTimes {
    pub fn form(&self) -> Option<Format> {
        self.settled.or(self.runs.first().map(|run| run.format))
    }
}

impl PieceTimes {
    /// When the piece begins to those who cut by it: at its first keyframe, or with its sound if there is no picture.
    pub fn first(&self) -> Option<i64> {
        self.video.as_ref().map(|video| video.first).or(self.sound.as_ref().map(|sound| sound.first))
    }

    /// When all of it is over.
    pub fn end(&self) -> Option<i64> {
        let (video, sound) = (self.video.as_ref().map(|video| video.end), self.sound.as_ref().map(|sound| sound.end));
        video.max(sound)
    }

    /// What two measurements may differ by and still be the same: the longest frame.
    pub fn frame(&self) -> i64 {
        let video = self.video.as_ref().and_then(|video| video.frame);
        video.max(self.sound.as_ref().map(|sound| sound.frame)).unwrap_or(0)
    }

    /// How long a picture lasts that has no other beside it to be measured by.
    pub fn lone_picture_lasts(&mut self, ticks: i64) {
        if let Some(video) = self.video.as_mut().filter(|video| video.frame.is_none()) {
            video.end = video.first + ticks;
        }
    }

    /// Whether times begin anew after these: no stream shows or plays first what was due before its last.
    pub fn restarts_after(&self, before: &Self) -> bool {
        let pictures = |before: &VideoTimes, new: &VideoTimes| new.first <= before.end - before.frame.unwrap_or(0);
        let sounds = |before: &SoundTimes, new: &SoundTimes| new.first <= before.end - before.frame;
        match (&before.video, &self.video, &before.sound, &self.sound) {
            (Some(before), Some(new), ..) if before.frame.is_some() => pictures(before, new),
            (None, None, Some(before), Some(new)) => sounds(before, new),
            _ => false,
        }
    }

    /// Whether these begin where those before end, within a frame.
    pub fn go_on_from(&self, before: &Self) -> bool {
        let frame = self.frame().max(before.frame());
        let ends = [before.video.as_ref().map(|video| video.end), before.end()];
        self.first().is_some_and(|first| ends.into_iter().flatten().any(|end| (first - end).abs() <= frame))
    }

    /// By how much the sound begins before the picture; 0 if it does not.
    pub fn lead(&self) -> i64 {
        let (Some(video), Some(sound)) = (&self.video, &self.sound) else { return 0 };
        (video.first - sound.first).max(0)
    }

    /// By how much the sound goes on after the picture; 0 if it does not.
    pub fn tail(&self) -> i64 {
        let (Some(video), Some(sound)) = (&self.video, &self.sound) else { return 0 };
        (sound.end - video.end).max(0)
    }
}

/// Measures pieces that follow one another.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    map_pid: Option<u16>,
    map: Option<Map>,
    clock: Option<i64>,
    video: Track,
    sound: Track,
    times: PieceTimes,
    /// Bytes of the piece so far.
    bytes: u64,
    /// The two pictures shown last so far, over all pieces.
    last_shown: Option<(i64, Option<i64>)>,
    /// The picture under way is the piece's first.
    is_first: bool,
    /// It as one to begin with.
    start: Option<Start>,
}

/// One stream: its PES packet under way, and where its timestamps have got to.
#[derive(Debug, Clone, Default)]
struct Track {
    pes: Vec<u8>,
    open: bool,
    /// Counted on over the wrap.
    at: Option<i64>,
    /// From which byte of `pes` on the bytes stand from which place of the piece on.
    places: Vec<(usize, u64)>,
}

impl Meter {
    /// Takes the next packet of the piece.
    pub fn packet(&mut self, bytes: &[u8; PACKET]) {
        self.bytes += PACKET as u64;
        let Some(packet) = Packet::read(bytes) else { return };
        match (&self.map, self.map_pid) {
            (Some(map), _) if map.video == Some(packet.pid) => self.video_packet(&packet),
            (Some(map), _) if map.sound == Some(packet.pid) => self.sound_packet(&packet),
            (None, Some(pid)) if packet.pid == pid && packet.starts => self.map = Map::read(packet.payload),
            (_, None) if packet.pid == 0 && packet.starts => self.map_pid = map_pid_of(packet.payload),
            _ => {}
        }
    }

    /// The piece is over: what it came to.
    pub fn end_of_piece(&mut self) -> PieceTimes {
        self.end_picture();
        self.end_sound();
        self.bytes = 0;
        [&mut self.video, &mut self.sound].into_iter().for_each(|track| track.pes.clear());
        let mut times = std::mem::take(&mut self.times);
        if let (Some(video), Some((last, before))) = (&mut times.video, self.last_shown) {
            video.frame = before.map(|before| last - before);
            video.end = last + video.frame.unwrap_or(0);
        }
        times
    }

    fn video_packet(&mut self, packet: &Packet<'_>) {
        if packet.starts {
            self.end_picture();
            let Some(shown) = self.video.begin(packet.payload, &mut self.clock, self.bytes) else { return };
            let video = VideoTimes {
                first: shown,
                end: shown,
                frame: None,
                idr: false,
                parameters: Vec::new(),
                stale: Vec::new(),
                starts: Vec::new(),
            };
            self.is_first = self.times.video.is_none();
            let restarts = self.last_shown.is_some_and(|(last, _)| shown < last);
            self.start = Some(Start { shown, place: self.bytes - PACKET as u64, changes: false, restarts });
            self.times.video.get_or_insert(video);
            self.last_shown = match self.last_shown {
                None => Some((shown, None)),
                Some((last, _)) if shown > last => Some((shown, Some(last))),
                Some((last, before)) if shown < last => Some((last, before.max(Some(shown)))),
                same => same,
            };
        } else if self.video.open {
            self.video.go_on(packet.payload, self.bytes);
        }
        // the rest of a picture is of no interest
        if self.video.open && (self.video.pes.len() > UNIT_MAX || h264::has_slice(&self.video.pes)) {
            self.end_picture();
        }
    }

    fn end_picture(&mut self) {
        if !std::mem::take(&mut self.video.open) {
            return;
        }
        let unit = h264::access_unit(&self.video.pes);
        let Some(video) = &mut self.times.video else { return };
        if self.is_first {
            video.idr = unit.idr;
        }
        let (sets, stale) = h264::parameter_sets(&self.video.pes);
        video.stale.extend(stale.into_iter().map(|at| self.video.place(at)));
        if sets.is_empty() {
            return;
        }
        let changes = video.parameters.last().is_some_and(|before| *before != sets);
        if unit.idr && !self.is_first {
            video.starts.extend(self.start.map(|start| Start { changes, ..start }));
        }
        if changes || video.parameters.is_empty() {
            video.parameters.push(sets);
        }
    }

    fn sound_packet(&mut self, packet: &Packet<'_>) {
        if packet.starts {
            self.end_sound();
            let Some(heard) = self.sound.begin(packet.payload, &mut self.clock, self.bytes) else { return };
            let sound = SoundTimes { first: heard, end: heard, frame: 0, runs: Vec::new(), settled: None };
            self.times.sound.get_or_insert(sound);
        } else if self.sound.open && self.sound.pes.len() < PES_MAX {
            self.sound.go_on(packet.payload, self.bytes);
        }
    }

    fn end_sound(&mut self) {
        if !std::mem::take(&mut self.sound.open) {
            return;
        }
        let (Some(sound), Some(mut at)) = (&mut self.times.sound, self.sound.at) else { return };
        let mut samples = 0;
        for frame in adts::frames(&self.sound.pes) {
            samples += adts::SAMPLES;
            sound.frame = frame.format.ticks(adts::SAMPLES);
            if sound.runs.last().is_none_or(|run| run.format != frame.format) {
                at += sound.runs.last().map_or(0, |run| run.format.ticks(samples - adts::SAMPLES));
                samples = adts::SAMPLES;
                sound.runs.push(FormRun { format: frame.format, from: at });
            }
        }
        let length = sound.runs.last().map_or(0, |run| run.format.ticks(samples));
        sound.end = sound.end.max(at + length);
    }
}

impl Track {
    /// A PES packet begins: its timestamp, counted on over the wrap. Without one it is passed over.
    fn begin(&mut self, payload: &[u8], clock: &mut Option<i64>, end: u64) -> Option<i64> {
        let (pts, content) = pes(payload)?;
        let at = Unwrap(self.at.or(*clock)).unwrap(pts);
        clock.get_or_insert(at);
        self.at = Some(at);
        self.open = true;
        self.pes.clear();
        self.places.clear();
        self.go_on(content, end);
        Some(at)
    }

    /// More of the PES packet, which ends at this place of the piece.
    fn go_on(&mut self, content: &[u8], end: u64) {
        self.places.push((self.pes.len(), end - content.len() as u64));
        self.pes.extend_from_slice(content);
    }

    /// Where in the piece this byte of the PES packet stands.
    fn place(&self, at: usize) -> u64 {
        let part = self.places.partition_point(|(start, _)| *start <= at);
        self.places.get(part.wrapping_sub(1)).map_or(0, |(start, place)| place + (at - start) as u64)
    }
}

/// Counts timestamps on over the wrap: each is the one nearest to the one before.
#[derive(Debug)]
pub(super) struct Unwrap(Option<i64>);

impl Unwrap {
    pub(super) fn near(at: i64) -> Self {
        Self(Some(at))
    }

    pub(super) fn unwrap(&mut self, pts: i64) -> i64 {
        let base = self.0.unwrap_or(pts);
        let at = base + (pts - base + WRAP / 2).rem_euclid(WRAP) - WRAP / 2;
        self.0 = Some(at);
        at
    }
}

/// A PES packet's presentation time and the content behind its header (ISO/IEC 13818-1, 2.4.3.6).
pub(super) fn pes(payload: &[u8]) -> Option<(i64, &[u8])> {
    let &[0, 0, 1, 0xbd..=0xef, _, _, _, flags, header, ..] = payload else { return None };
    let content = payload.get(9 + usize::from(header)..)?;
    let &[a, b, c, d, e] = payload.get(9..14).filter(|_| flags & 0x80 != 0 && header >= 5)? else { return None };
    let [a, b, c, d, e] = [a, b, c, d, e].map(i64::from);
    Some((((a >> 1) & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1, content))
}
