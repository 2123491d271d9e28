//! Puts segments together from the pieces that ffmpeg closes at keyframes: a segment ends at the first keyframe at or
//! after the wanted length. Pieces of one transport stream joined end to end are that transport stream. How long each
//! lasts is measured in what was written, while it is in the page cache: containers state durations that are not so.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    open::{ClosedSegment, OpenSegment},
    rework::{self, Measured, blocking},
    seam,
    sounds::{self, Sounds},
    stills::{JoinError, Sound, Stills, Which},
};
use crate::model::media::{
    ffmpeg_output::Piece,
    gaps::GAP_MAX,
    segment::{
        lengths::Lengths,
        meter::{CLOCK, Meter, microseconds, span},
        pieces,
        transport::PACKET,
    },
};

/// Of a video that does not say.
const FRAME_RATE: f64 = 25.0;

/// What the joining needs to know of the video.
pub(crate) struct Joining<'a> {
    /// Where the pieces lie.
    pub(crate) folder: &'a Path,
    pub(crate) lengths: Lengths,
    pub(crate) piece_length: Duration,
    /// Of each segment, microseconds, where fragmented MP4 is to be cut as something else was.
    pub(crate) lengths_us: &'a [u64],
    /// By the source's word.
    pub(crate) frame_rate: Option<f64>,
    /// Sound before the picture and after it gets still ones.
    pub(crate) stills: Option<Stills>,
    /// Sound of another form where no segment can begin is converted.
    pub(crate) sounds: Option<Sounds>,
    /// Of a rendition of sound: where the picture breaks, microseconds from where the sound begins.
    pub(crate) breaks: &'a [u64],
}

pub(crate) struct Joiner {
    folder: PathBuf,
    /// How long a picture lasts on average, by the source's word, in ticks of 90 kHz.
    frame: i64,
    stills: Option<Stills>,
    sounds: Option<Sounds>,
    /// When the first piece begins, as the meter counts.
    begins: Option<i64>,
    meter: Meter,
    /// The newest piece.
    pending: Option<Measured>,
    open: OpenSegment,
    next: u32,
    /// How much sound there is before the first picture that no duration tells of; less than a frame.
    not_counted: i64,
    /// No segment so far begins with anything but an IDR picture.
    pub(crate) independent: bool,
}

impl Joiner {
    pub(crate) fn new(joining: Joining<'_>) -> Self {
        let Joining { folder, lengths, lengths_us, piece_length, frame_rate, stills, sounds, breaks } = joining;
        let frame = (CLOCK as f64 / frame_rate.unwrap_or(FRAME_RATE)) as i64;
        let (folder, meter) = (folder.to_owned(), Meter::default());
        Self {
            folder,
            frame,
            stills,
            sounds,
            begins: None,
            meter,
            pending: None,
            open: OpenSegment::new(lengths, lengths_us, piece_length, breaks),
            next: 0,
            not_counted: 0,
            independent: true,
        }
    }

    /// Takes a piece in; gives the segments that it completes.
    pub(crate) async fn add(&mut self, piece: &Piece) -> Result<Vec<ClosedSegment>, JoinError> {
        let path = self.folder.join(&piece.name);
        whole(&self.folder, &path).await?;
        let mut closed = Vec::new();
        for mut new in self.measure(path, piece.duration_us).await? {
            match self.pending.take() {
                None => {
                    (new.breaks, new.apart) = (true, true);
                    for still in self.lead(&mut new).await? {
                        closed.extend(self.push(still).await?);
                    }
                }
                Some(before) => {
                    let (before, settled) = blocking(move || seam::settle(before, new)).await?;
                    self.pending = Some(before);
                    new = settled;
                }
            }
            closed.extend(self.push(new).await?);
        }
        Ok(closed)
    }

    /// The last piece ends with its last frame; gives the last segments.
    pub(crate) async fn finish(&mut self) -> Result<Vec<ClosedSegment>, JoinError> {
        let mut closed = Vec::new();
        for still in self.tail().await? {
            closed.extend(self.push(still).await?);
        }
        if let Some(last) = self.pending.take() {
            closed.extend(self.join(last, None).await?);
        }
        Ok(closed)
    }

    async fn measure(&mut self, path: PathBuf, stated_us: u64) -> io::Result<Vec<Measured>> {
        let mut meter = std::mem::take(&mut self.meter);
        let (mut parts, meter) = blocking(move || Ok((rework::parts(path, stated_us, &mut meter)?, meter))).await?;
        self.meter = meter;
        for part in &mut parts {
            part.times.lone_picture_lasts((part.stated_us as i64 * 9 / 100).max(self.frame));
        }
        Ok(parts)
    }

    async fn push(&mut self, new: Measured) -> Result<Vec<ClosedSegment>, JoinError> {
        let next = Next { first: new.times.first(), breaks: new.breaks, apart: new.apart };
        match self.pending.replace(new) {
            Some(before) => self.join(before, Some(next)).await,
            None => Ok(Vec::new()),
        }
    }

    async fn join(&mut self, mut piece: Measured, next: Option<Next>) -> Result<Vec<ClosedSegment>, JoinError> {
        let begins = *self.begins.get_or_insert(piece.times.first().unwrap_or(0));
        sounds::unify(&mut piece, self.sounds.as_ref(), begins).await?;
        let duration_us = self.duration_us(&piece, next);
        let size = tokio::fs::metadata(&piece.path).await?.len();
        let mut closed: Vec<ClosedSegment> = self.open.unless_room(size).into_iter().collect();
        let open = piece.times.video.as_ref().is_some_and(|video| !video.idr);
        let (before, segment) = match self.open.take() {
            Some(segment) => (segment.bytes, append(segment, piece.path).await?),
            None => {
                let path = self.folder.join(format!("{:06}.ts", self.next));
                let mut segment = begin(piece.path, path, self.next).await?;
                segment.discontinuity = self.open.begin() || piece.breaks && self.next > 0;
                self.independent &= !open;
                self.next += 1;
                (0, segment)
            }
        };
        let piece = pieces::Piece { bytes: segment.bytes - before, duration_us, open };
        closed.extend(self.open.put(segment, piece, next.map(|next| next.breaks)));
        Ok(closed)
    }

    /// From where the piece begins to where the next one does, or, if times do not go on, to its own end. Sound that
    /// begins before the picture is part of what is played, wherever times begin.
    fn duration_us(&mut self, piece: &Measured, next: Option<Next>) -> u64 {
        let Measured { stated_us, times, apart, .. } = piece;
        let (Some(first), Some(end)) = (times.first(), times.end()) else { return *stated_us };
        let mut lead = if *apart { times.lead() } else { 0 };
        // at the very beginning, a frame is what encoders need ahead
        if self.next == 0 && lead <= times.frame() {
            self.not_counted = std::mem::take(&mut lead);
        }
        // where ffmpeg measures alike its word is taken, to the microsecond; and how long a last frame lasts is known to
        // who wrote the file, if to anybody
        let (measured, tolerance) = match next {
            Some(Next { first: Some(next), apart: false, .. }) if next > first => (next - first, 1),
            Some(Next { breaks: true, .. }) => (end - first, 0),
            _ => {
                let sound = times.sound.as_ref().map_or(0, |sound| sound.frame);
                (end - first, microseconds((times.frame() - self.not_counted).max(sound)))
            }
        };
        let measured = microseconds(measured + lead);
        if measured.abs_diff(*stated_us) <= tolerance { *stated_us } else { measured }
    }

    /// No piece was taken in so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.next == 0 && self.pending.is_none()
    }

    /// Pieces with the sound that is heard before the first picture, taken out of the piece that begins with that.
    async fn lead(&mut self, piece: &mut Measured) -> Result<Vec<Measured>, JoinError> {
        let (Some(stills), lead) = (&self.stills, piece.times.lead()) else { return Ok(Vec::new()) };
        let (Some(video), Some(sound)) = (&piece.times.video, &mut piece.times.sound) else { return Ok(Vec::new()) };
        if lead <= GAP_MAX_TICKS {
            return Ok(Vec::new());
        }
        let (from, to, begins) = (piece.path.clone(), self.folder.join("lead.aac"), video.first);
        let aac = to.clone();
        let length = blocking(move || rework::take_out(&from, &aac, begins, |sound| sound.is_before(begins))).await?;
        let lead = Sound { path: to, begins: sound.first, length: span(length) };
        sound.first += length;
        let made = stills.make(&piece.path, Which::First, &lead).await?;
        measure_stills(made, length).await
    }

    /// Pieces with the sound that is heard after the last picture, taken out of the piece that ends with that. A picture
    /// that is the only one is shown over all of it.
    async fn tail(&mut self) -> Result<Vec<Measured>, JoinError> {
        let (Some(stills), Some(piece)) = (&self.stills, &mut self.pending) else { return Ok(Vec::new()) };
        let tail = piece.times.tail();
        let (Some(video), Some(sound)) = (&piece.times.video, &mut piece.times.sound) else { return Ok(Vec::new()) };
        if tail <= GAP_MAX_TICKS {
            return Ok(Vec::new());
        }
        let is_lone = video.frame.is_none();
        let ends = if is_lone { i64::MIN } else { video.end };
        let (from, to, near) = (piece.path.clone(), self.folder.join("tail.aac"), video.first);
        let aac = to.clone();
        let length = blocking(move || rework::take_out(&from, &aac, near, |sound| !sound.is_before(ends))).await?;
        sound.end -= length;
        let tail = Sound { path: to, begins: sound.end, length: span(length) };
        let made = stills.make(&piece.path, Which::Last, &tail).await?;
        if is_lone && let Some(piece) = self.pending.take() {
            tokio::fs::remove_file(piece.path).await?;
        }
        measure_stills(made, length).await
    }
}

const GAP_MAX_TICKS: i64 = GAP_MAX.as_millis() as i64 * CLOCK / 1000;

/// Pieces of a run of their own, whose one picture, if there is but one, lasts as long as the sound.
async fn measure_stills(pieces: Vec<PathBuf>, length: i64) -> Result<Vec<Measured>, JoinError> {
    let mut measured = Vec::new();
    let mut meter = Meter::default();
    for path in pieces {
        let piece = path.clone();
        let (mut times, back) = blocking(move || Ok((rework::measure(&piece, &mut meter)?, meter))).await?;
        meter = back;
        times.lone_picture_lasts(length);
        let is_first = measured.is_empty();
        measured.push(Measured { path, stated_us: 0, times, breaks: is_first, apart: is_first });
    }
    Ok(measured)
}

/// The piece after one.
#[derive(Clone, Copy)]
struct Next {
    first: Option<i64>,
    breaks: bool,
    apart: bool,
}

/// The hls muxer of ffmpeg 5.1 does not notice that a disk is full: it writes what fits (often nothing), announces the
/// piece, goes on and ends with 0. So every piece must be whole packets, and leave some room behind it. One without any
/// on a disk that has room is [`io::ErrorKind::WriteZero`]: ffmpeg had nothing to write.
async fn whole(folder: &Path, piece: &Path) -> io::Result<()> {
    let (folder, piece) = (folder.to_owned(), piece.to_owned());
    blocking(move || {
        let bytes = fs::metadata(piece)?.len();
        if bytes % PACKET as u64 != 0 || has_no_room(&folder) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if bytes == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(()) }
    })
    .await
}

/// The folder's disk has no room for another piece, of bytes or of files.
#[cfg(unix)]
pub(crate) fn has_no_room(folder: &Path) -> bool {
    const ROOM: u64 = 64 * 1024;
    // some file systems count no files: they have 0 in all
    rustix::fs::statvfs(folder).is_ok_and(|state| {
        state.f_bavail.saturating_mul(state.f_frsize) < ROOM || state.f_files > 0 && state.f_favail == 0
    })
}

#[cfg(not(unix))]
pub(crate) fn has_no_room(_: &Path) -> bool {
    false
}

/// The first piece becomes the segment without a copy.
async fn begin(piece: PathBuf, path: PathBuf, number: u32) -> io::Result<ClosedSegment> {
    blocking(move || {
        fs::rename(&piece, &path)?;
        let bytes = fs::metadata(&path)?.len();
        let (init, pieces) = (None, Vec::new());
        Ok(ClosedSegment { number, path, init, bytes, duration_us: 0, discontinuity: false, pieces })
    })
    .await
}

async fn append(mut segment: ClosedSegment, piece: PathBuf) -> io::Result<ClosedSegment> {
    blocking(move || {
        // not opened to append: Linux would refuse to copy within the kernel
        let mut to = OpenOptions::new().write(true).open(&segment.path)?;
        to.seek(SeekFrom::End(0))?;
        segment.bytes += io::copy(&mut File::open(&piece)?, &mut to)?;
        fs::remove_file(piece)?;
        Ok(segment)
    })
    .await
}
