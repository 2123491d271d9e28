//! Fragments: `moof`, the table of some samples of each track, and `mdat`, their bytes. A table is read whole and written
//! anew with every duration, so that the end of one fragment is the beginning of the next.

use super::{
    Mp4Error,
    boxes::{Fields, boxes, child, put},
    init::{Init, Track},
};

/// Samples of one run: hours of sound. A run of samples that are all alike takes no room, whatever their number.
const SAMPLES_MAX: u32 = 1 << 20;
/// Others are needed for this sample.
const IS_NON_SYNC: u32 = 0x1_0000;

/// Flags of `tfhd`.
mod of_track {
    pub(super) const BASE: u32 = 1;
    pub(super) const DESCRIPTION: u32 = 2;
    pub(super) const DURATION: u32 = 8;
    pub(super) const SIZE: u32 = 0x10;
    pub(super) const FLAGS: u32 = 0x20;
    pub(super) const BASE_IS_MOOF: u32 = 0x2_0000;
}

/// Flags of `trun`.
mod of_run {
    pub(super) const OFFSET: u32 = 1;
    pub(super) const FIRST_FLAGS: u32 = 4;
    pub(super) const DURATION: u32 = 0x100;
    pub(super) const SIZE: u32 = 0x200;
    pub(super) const FLAGS: u32 = 0x400;
    pub(super) const COMPOSITION: u32 = 0x800;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub bytes: u32,
    /// Until the next is decoded, in the track's ticks.
    pub duration: u32,
    pub flags: u32,
    /// How much later than it is decoded it is shown.
    pub composition: i32,
}

impl Sample {
    pub fn is_sync(&self) -> bool {
        self.flags & IS_NON_SYNC == 0
    }
}

/// Samples whose bytes follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Where in the file their bytes begin.
    pub at: u64,
    pub samples: Vec<Sample>,
}

/// The samples of one track in a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackFragment {
    pub track: u32,
    /// When the first is decoded, in the track's ticks, as played: what an edit list said is in it.
    pub begins: i64,
    pub runs: Vec<Run>,
}

impl TrackFragment {
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.runs.iter().flat_map(|run| &run.samples)
    }

    /// When the last sample is over, by its own word.
    pub fn ends(&self) -> i64 {
        self.begins + self.samples().map(|sample| i64::from(sample.duration)).sum::<i64>()
    }

    /// When each sample is shown or heard, in the order of decoding, with how long it lasts.
    pub fn shown(&self) -> impl Iterator<Item = (i64, u32)> {
        let mut decoded = self.begins;
        self.samples().map(move |sample| {
            let shown = decoded + i64::from(sample.composition);
            decoded += i64::from(sample.duration);
            (shown, sample.duration)
        })
    }

    /// Lets the last sample last until the next one of the track; `false` if that is not after it.
    pub fn lasts_until(&mut self, next: i64) -> bool {
        let ends = self.ends();
        let Some(last) = self.runs.iter_mut().rev().find_map(|run| run.samples.last_mut()) else { return true };
        let duration = i64::from(last.duration) + next - ends;
        match u32::try_from(duration) {
            Ok(duration) if duration > 0 => {
                last.duration = duration;
                true
            }
            _ => false,
        }
    }
}

/// One `moof` and its `mdat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    pub tracks: Vec<TrackFragment>,
    /// Where in the file the content of its `mdat` begins, and how long that is.
    pub data: (u64, u64),
}

impl Fragment {
    /// Reads a `moof` (its content, and where in the file it begins).
    pub fn read(moof: &[u8], at: u64, data: (u64, u64), init: &Init) -> Result<Self, Mp4Error> {
        let mut tracks = Vec::new();
        for one in boxes(moof).filter(|one| one.kind == *b"traf") {
            let header = child(one.body, b"tfhd").ok_or(Mp4Error::Missing("tfhd"))?;
            tracks.push(track_fragment(one.body, header, at, init)?);
        }
        Ok(Self { tracks, data })
    }

    pub fn track(&self, id: u32) -> Option<&TrackFragment> {
        self.tracks.iter().find(|one| one.track == id)
    }

    /// Its `moof` and the header of its `mdat`; `sequence` counts fragments from 1.
    pub fn head(&self, sequence: u32) -> Result<Vec<u8>, Mp4Error> {
        let mdat = u32::try_from(self.data.1 + 8).map_err(|_| Mp4Error::TooLong)?;
        // how long it is does not depend on what it says
        let moof = self.moof(sequence, 0)?.len();
        let data = i32::try_from(moof + 8).map_err(|_| Mp4Error::TooLong)?;
        let mut head = self.moof(sequence, data)?;
        head.extend(mdat.to_be_bytes());
        head.extend(b"mdat");
        Ok(head)
    }

    /// With its data that many bytes behind its beginning.
    fn moof(&self, sequence: u32, data: i32) -> Result<Vec<u8>, Mp4Error> {
        let (mut out, mut result) = (Vec::new(), Ok(()));
        put(&mut out, b"moof", |out| {
            put(out, b"mfhd", |out| [0, sequence].iter().for_each(|field| out.extend(field.to_be_bytes())));
            for track in self.tracks.iter().filter(|track| track.samples().next().is_some()) {
                put(out, b"traf", |out| result = result.and(self.traf(track, data, out)));
            }
        });
        result.map(|()| out)
    }

    fn traf(&self, track: &TrackFragment, data: i32, out: &mut Vec<u8>) -> Result<(), Mp4Error> {
        let common = Common::of(track);
        let begins = u64::try_from(track.begins).map_err(|_| Mp4Error::TooLong)?;
        put(out, b"tfhd", |out| common.write(track.track, out));
        put(out, b"tfdt", |out| {
            out.extend(0x0100_0000_u32.to_be_bytes());
            out.extend(begins.to_be_bytes());
        });
        let mut is_first = true;
        for run in track.runs.iter().filter(|run| !run.samples.is_empty()) {
            let offset = i32::try_from(run.at.saturating_sub(self.data.0)).map_err(|_| Mp4Error::TooLong)?;
            let offset = data.checked_add(offset).ok_or(Mp4Error::TooLong)?;
            put(out, b"trun", |out| common.run(run, offset, is_first, out));
            is_first = false;
        }
        Ok(())
    }
}

/// What all samples of a track have in a fragment, so that it is said once.
struct Common {
    duration: Option<u32>,
    size: Option<u32>,
    /// Of all samples, or of all but the first.
    flags: Option<u32>,
    first_flags: Option<u32>,
    composed: bool,
}

impl Common {
    fn of(track: &TrackFragment) -> Self {
        let same = |of: fn(&Sample) -> u32, skip: usize| {
            let mut values = track.samples().skip(skip).map(of);
            let first = values.next()?;
            values.all(|value| value == first).then_some(first)
        };
        let all = same(|sample| sample.flags, 0);
        let rest = same(|sample| sample.flags, 1);
        let first = track.samples().next().map(|sample| sample.flags);
        Self {
            duration: same(|sample| sample.duration, 0),
            size: same(|sample| sample.bytes, 0),
            flags: all.or(rest),
            first_flags: first.filter(|_| all.is_none() && rest.is_some()),
            composed: track.samples().any(|sample| sample.composition != 0),
        }
    }

    fn write(&self, track: u32, out: &mut Vec<u8>) {
        let said = [(of_track::DURATION, self.duration), (of_track::SIZE, self.size), (of_track::FLAGS, self.flags)];
        let flags =
            said.iter().filter(|(_, value)| value.is_some()).fold(of_track::BASE_IS_MOOF, |all, (flag, _)| all | flag);
        let fields = [flags, track].into_iter().chain(said.into_iter().filter_map(|(_, value)| value));
        fields.for_each(|field| out.extend(field.to_be_bytes()));
    }

    fn run(&self, run: &Run, offset: i32, is_first: bool, out: &mut Vec<u8>) {
        let first_flags = self.first_flags.filter(|_| is_first);
        let each = [
            (of_run::DURATION, self.duration.is_none()),
            (of_run::SIZE, self.size.is_none()),
            (of_run::FLAGS, self.flags.is_none()),
            (of_run::COMPOSITION, self.composed),
        ];
        let mut flags = each.iter().filter(|(_, said)| *said).fold(of_run::OFFSET, |all, (flag, _)| all | flag);
        flags |= first_flags.map_or(0, |_| of_run::FIRST_FLAGS);
        // version 1: shown before it is decoded is possible
        let head = [0x0100_0000 | flags, run.samples.len() as u32, offset.cast_unsigned()];
        head.into_iter().chain(first_flags).for_each(|field| out.extend(field.to_be_bytes()));
        for sample in &run.samples {
            let values = [sample.duration, sample.bytes, sample.flags, sample.composition.cast_unsigned()];
            let said = each.iter().zip(values).filter(|((_, said), _)| *said);
            said.for_each(|(_, value)| out.extend(value.to_be_bytes()));
        }
    }
}

fn track_fragment(traf: &[u8], header: &[u8], moof: u64, init: &Init) -> Result<TrackFragment, Mp4Error> {
    let mut fields = Fields::new(header, "tfhd");
    let (flags, id) = (fields.u32()?, fields.u32()?);
    let track = init.track(id).ok_or(Mp4Error::UnknownTrack(id))?;
    let base = if flags & of_track::BASE == 0 { moof } else { fields.u64()? };
    fields.u32_if(flags & of_track::DESCRIPTION != 0)?;
    let defaults = Track {
        duration: fields.u32_if(flags & of_track::DURATION != 0)?.unwrap_or(track.duration),
        size: fields.u32_if(flags & of_track::SIZE != 0)?.unwrap_or(track.size),
        flags: fields.u32_if(flags & of_track::FLAGS != 0)?.unwrap_or(track.flags),
        ..track.clone()
    };
    let time = child(traf, b"tfdt").ok_or(Mp4Error::Missing("tfdt"))?;
    let mut fields = Fields::new(time, "tfdt");
    // what is decoded before the beginning wraps around
    let begins = if fields.u32()? >> 24 == 1 { fields.u64()?.cast_signed() } else { i64::from(fields.u32()?) };
    let (mut runs, mut next) = (Vec::new(), base);
    for one in boxes(traf).filter(|one| one.kind == *b"trun") {
        let run = run(one.body, base, next, &defaults)?;
        next = run.at + run.samples.iter().map(|sample| u64::from(sample.bytes)).sum::<u64>();
        runs.push(run);
    }
    let begins = begins.checked_add(track.shift).ok_or(Mp4Error::TooLong)?;
    Ok(TrackFragment { track: id, begins, runs })
}

/// `next`: where it begins if it does not say.
fn run(body: &[u8], base: u64, next: u64, defaults: &Track) -> Result<Run, Mp4Error> {
    let mut fields = Fields::new(body, "trun");
    let (flags, count) = (fields.u32()?, fields.u32()?);
    let offset = fields.u32_if(flags & of_run::OFFSET != 0)?;
    let at = offset.map_or(Some(next), |offset| base.checked_add_signed(i64::from(offset.cast_signed())));
    let mut first_flags = fields.u32_if(flags & of_run::FIRST_FLAGS != 0)?;
    if count > SAMPLES_MAX {
        return Err(Mp4Error::TooLong);
    }
    let mut samples = Vec::new();
    for _ in 0..count {
        let duration = fields.u32_if(flags & of_run::DURATION != 0)?.unwrap_or(defaults.duration);
        let bytes = fields.u32_if(flags & of_run::SIZE != 0)?.unwrap_or(defaults.size);
        let own = fields.u32_if(flags & of_run::FLAGS != 0)?;
        let flags_of = first_flags.take().or(own).unwrap_or(defaults.flags);
        let composition = fields.u32_if(flags & of_run::COMPOSITION != 0)?.unwrap_or(0).cast_signed();
        samples.push(Sample { bytes, duration, flags: flags_of, composition });
    }
    Ok(Run { at: at.ok_or(Mp4Error::TooLong)?, samples })
}
