//! Puts segments of fragmented MP4 together from the pieces that ffmpeg closes at keyframes, by the same rule as
//! [`super::join`] those of transport streams. Each fragment's table is written anew: its times say what an edit list
//! said, and its last samples last until the next fragment begins. The bytes of the media stay as they are.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{
    join::{Joining, has_no_room},
    open::{ClosedSegment, OpenSegment},
    rework::blocking,
    stills::JoinError,
};
use crate::model::media::{
    ffmpeg_output::Piece,
    segment::{
        fmp4::{
            Mp4Error,
            boxes::{Header, put},
            fragment::{Fragment, TrackFragment},
            init::{Init, Track, rescale},
            start,
        },
        pieces,
    },
};

/// As ffmpeg writes the init section, beside the pieces.
pub(crate) const INIT: &str = "init.mp4";
/// As players get it.
const MAP: &str = "map.mp4";
/// Longest table of a piece: hours of a few bytes a sample.
const TABLE_MAX: u64 = 16 << 20;
/// What the tables of a piece may take more than ffmpeg's.
const TABLE_GROWTH: u64 = 64 * 1024;
/// A track may begin this much before the others without being counted: what encoders need ahead.
const LEAD_MAX: Duration = Duration::from_millis(250);

/// A piece that ffmpeg has closed.
struct Measured {
    path: PathBuf,
    fragments: Vec<Fragment>,
    /// Of the track by which pieces are cut: when its first sample is shown, and when the last is over, in its ticks.
    /// `None` if the piece has nothing of it.
    shown: Option<(i64, i64)>,
    independent: bool,
    /// Its picture has another form than the init section says.
    is_other: bool,
    /// Its times do not go on from the piece before.
    breaks: bool,
}

pub(crate) struct FragmentJoiner {
    folder: PathBuf,
    init: Option<Arc<Init>>,
    /// The newest piece.
    pending: Option<Measured>,
    open: OpenSegment,
    next: u32,
    /// Fragments written.
    sequence: u32,
    /// The open segment has nothing yet that its decoder would have to begin with.
    undecided: bool,
    /// All segments so far begin with a sample that a decoder can begin with.
    pub(crate) independent: bool,
}

impl FragmentJoiner {
    pub(crate) fn new(joining: Joining<'_>) -> Self {
        let Joining { folder, lengths, piece_length, lengths_us, breaks, .. } = joining;
        Self {
            folder: folder.to_owned(),
            init: None,
            pending: None,
            open: OpenSegment::new(lengths, lengths_us, piece_length, breaks),
            next: 0,
            sequence: 0,
            undecided: false,
            independent: true,
        }
    }

    /// Takes a piece in; gives the segments that it completes.
    pub(crate) async fn add(&mut self, piece: &Piece) -> Result<Vec<ClosedSegment>, JoinError> {
        let path = self.folder.join(&piece.name);
        let (folder, init) = (self.folder.clone(), self.init.clone());
        let read = blocking(move || {
            whole(&folder, &path)?;
            match init {
                Some(init) => Ok((read(path, &init)?, init)),
                None => first(&folder, path),
            }
        });
        let (mut new, init) = read.await?;
        self.init = Some(init.clone());
        if new.is_other {
            let (scale, at) = (init.leader().map_or(1, |leader| leader.timescale), new.shown.map_or(0, |(at, _)| at));
            return Err(JoinError::Picture(Duration::from_secs_f64(at.max(0) as f64 / f64::from(scale))));
        }
        let Some(mut before) = self.pending.take() else {
            self.pending = Some(new);
            return Ok(Vec::new());
        };
        new.breaks = !before.goes_on_to(&new);
        let next = Next { shown: new.shown.map(|(begins, _)| begins), breaks: new.breaks };
        self.pending = Some(new);
        self.join(before, Some(next), &init).await
    }

    /// The last piece ends with its last sample; gives the last segment.
    pub(crate) async fn finish(&mut self) -> Result<Vec<ClosedSegment>, JoinError> {
        let (Some(last), Some(init)) = (self.pending.take(), self.init.clone()) else { return Ok(Vec::new()) };
        self.join(last, None, &init).await
    }

    /// No piece was taken in so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.next == 0 && self.pending.is_none()
    }

    async fn join(
        &mut self,
        piece: Measured,
        next: Option<Next>,
        init: &Arc<Init>,
    ) -> Result<Vec<ClosedSegment>, JoinError> {
        // the tables are written anew, about as large as they were
        let size = tokio::fs::metadata(&piece.path).await?.len() + TABLE_GROWTH;
        let mut closed: Vec<ClosedSegment> = self.open.unless_room(size).into_iter().collect();
        let duration_us = self.duration_us(&piece, next, init);
        let (mut segment, begins) = match self.open.take() {
            Some(segment) => {
                // nothing of the picture came so far
                if std::mem::replace(&mut self.undecided, false) {
                    self.independent &= piece.independent;
                }
                (segment, false)
            }
            None => (self.begin(&piece), true),
        };
        let (path, sequence) = (segment.path.clone(), self.sequence + 1);
        self.sequence += piece.fragments.len() as u32;
        let open = !piece.independent;
        let bytes = blocking(move || write(&piece, &path, begins, sequence)).await?;
        segment.bytes += bytes;
        let piece = pieces::Piece { bytes, duration_us, open };
        closed.extend(self.open.put(segment, piece, next.map(|next| next.breaks)));
        Ok(closed)
    }

    fn begin(&mut self, piece: &Measured) -> ClosedSegment {
        let number = self.next;
        self.next += 1;
        self.independent &= piece.independent;
        self.undecided = piece.shown.is_none();
        ClosedSegment {
            number,
            path: self.folder.join(format!("{number:06}.mp4")),
            init: Some(self.folder.join(MAP)),
            bytes: 0,
            duration_us: 0,
            discontinuity: self.open.begin() || piece.breaks,
            pieces: Vec::new(),
        }
    }

    /// From where the piece begins to where the next one does, or to its own end. At both ends of the video the track
    /// that begins first, or ends last, counts.
    fn duration_us(&self, piece: &Measured, next: Option<Next>, init: &Init) -> u64 {
        let Some(leader) = init.leader() else { return 0 };
        let of_leader = |ticks| microseconds(ticks, leader);
        // what is heard before the first picture lasts until that
        let (mut from, mut until) =
            piece.shown.map_or((u64::MAX, 0), |(from, until)| (of_leader(from), of_leader(until)));
        if let Some(Next { shown: Some(shown), breaks: false }) = next {
            until = of_leader(shown);
        }
        for (track, one) in
            piece.fragments.iter().flat_map(|one| &one.tracks).filter_map(|one| Some((init.track(one.track)?, one)))
        {
            let begins = microseconds(one.begins, track);
            if self.next == 0 && from.saturating_sub(begins) > LEAD_MAX.as_micros() as u64 {
                from = begins;
            }
            if next.is_none() && track.id != leader.id {
                until = until.max(microseconds(one.ends(), track));
            }
        }
        until.saturating_sub(from)
    }
}

/// The piece after one.
#[derive(Clone, Copy)]
struct Next {
    shown: Option<i64>,
    breaks: bool,
}

impl Measured {
    /// Lets each track's last sample last until the first of the next piece; `false` if times begin anew there.
    fn goes_on_to(&mut self, next: &Self) -> bool {
        let Some(first) = next.fragments.first() else { return true };
        let begins: Vec<(u32, i64)> = first.tracks.iter().map(|track| (track.track, track.begins)).collect();
        let fits = |(id, begins): &(u32, i64)| self.last(*id).is_none_or(|last| last.clone().lasts_until(*begins));
        if !begins.iter().all(fits) {
            return false;
        }
        for (id, begins) in begins {
            if let Some(last) = self.last_mut(id) {
                last.lasts_until(begins);
            }
        }
        true
    }

    fn last(&self, id: u32) -> Option<&TrackFragment> {
        self.fragments.iter().rev().find_map(|one| one.track(id))
    }

    fn last_mut(&mut self, id: u32) -> Option<&mut TrackFragment> {
        self.fragments.iter_mut().rev().find_map(|one| one.tracks.iter_mut().find(|track| track.track == id))
    }
}

fn microseconds(ticks: i64, track: &Track) -> u64 {
    u64::try_from(rescale(ticks.max(0).unsigned_abs(), track.timescale, 1_000_000)).unwrap_or(0)
}

/// ffmpeg does not notice that a disk is full: see [`super::join`].
fn whole(folder: &Path, piece: &Path) -> io::Result<()> {
    let bytes = fs::metadata(piece)?.len();
    if has_no_room(folder) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    if bytes == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(()) }
}

fn unreadable(error: Mp4Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Reads the init section and the first piece, so that no time in it is negative; writes the section as players get it.
fn first(folder: &Path, path: PathBuf) -> io::Result<(Measured, Arc<Init>)> {
    let mut init = Init::read(&fs::read(folder.join(INIT))?).map_err(unreadable)?;
    let read_once = read(path.clone(), &init)?;
    let mut early: Vec<(u64, u32)> = Vec::new();
    for one in read_once.fragments.iter().take(1).flat_map(|one| &one.tracks) {
        let Some(track) = init.track(one.track).filter(|_| one.begins < 0) else { continue };
        early.push((one.begins.unsigned_abs(), track.timescale));
    }
    fs::write(folder.join(MAP), &init.bytes)?;
    if early.is_empty() {
        return Ok((read_once, Arc::new(init)));
    }
    // all by the same time, which is a whole number of the leader's ticks
    let scale = init.leader().map_or(1, |leader| leader.timescale);
    let ahead = early.into_iter().map(|(ticks, from)| rescale(ticks, from, scale) + 1).max().unwrap_or(0);
    for track in &mut init.tracks {
        track.shift += rescale(ahead.unsigned_abs(), scale, track.timescale);
    }
    Ok((read(path, &init)?, Arc::new(init)))
}

/// Reads the tables of a piece. Blocking.
fn read(path: PathBuf, init: &Init) -> io::Result<Measured> {
    let mut file = File::open(&path)?;
    let length = file.metadata()?.len();
    let (mut fragments, mut at, mut table) = (Vec::new(), 0, None);
    while at < length {
        let mut bytes = [0; Header::MAX];
        let there = (length - at).min(Header::MAX as u64) as usize;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes[..there])?;
        let header = Header::read(&bytes[..there]).ok_or_else(|| unreadable(Mp4Error::Missing("moof")))?;
        let end = if header.bytes == 0 { length } else { at.saturating_add(header.bytes) };
        let content = at + header.header as u64;
        if end > length || content > end {
            return Err(unreadable(Mp4Error::Missing("mdat")));
        }
        match &header.kind {
            b"moof" if end - content > TABLE_MAX => return Err(unreadable(Mp4Error::TooLong)),
            b"moof" => {
                let mut body = vec![0; (end - content) as usize];
                file.seek(SeekFrom::Start(content))?;
                file.read_exact(&mut body)?;
                table = Some((body, at));
            }
            b"mdat" => {
                let (body, begins) = table.take().ok_or_else(|| unreadable(Mp4Error::Missing("moof")))?;
                let data = (content, end - content);
                fragments.push(Fragment::read(&body, begins, data, init).map_err(unreadable)?);
            }
            _ => {}
        }
        at = end;
    }
    measure(path, &mut file, fragments, init)
}

fn measure(path: PathBuf, file: &mut File, fragments: Vec<Fragment>, init: &Init) -> io::Result<Measured> {
    let leader = init.leader().ok_or_else(|| unreadable(Mp4Error::Missing("trak")))?;
    let mut of_leader = fragments.iter().filter_map(|one| one.track(leader.id)).peekable();
    let Some(first) = of_leader.peek().copied() else {
        return Ok(Measured { path, fragments, shown: None, independent: true, is_other: false, breaks: false });
    };
    let begins = first.shown().next().map_or(first.begins, |(shown, _)| shown);
    let ends = of_leader.flat_map(TrackFragment::shown).map(|(shown, lasts)| shown + i64::from(lasts)).max();
    let shown = Some((begins, ends.unwrap_or(begins)));
    let mut head = Vec::new();
    if let Some(run) = first.runs.first() {
        let bytes = run.samples.first().map_or(0, |sample| sample.bytes as usize).min(start::HEAD_MAX);
        file.seek(SeekFrom::Start(run.at))?;
        file.take(bytes as u64).read_to_end(&mut head)?;
    }
    let independent = start::is_independent(leader, first, &head);
    let is_other = start::has_other_form(leader, &head);
    Ok(Measured { path, fragments, shown, independent, is_other, breaks: false })
}

/// Appends a piece to its segment, and removes it; gives how many bytes that are. Blocking.
fn write(piece: &Measured, path: &Path, begins: bool, mut sequence: u32) -> io::Result<u64> {
    let mut from = File::open(&piece.path)?;
    // not opened to append: Linux would refuse to copy within the kernel
    let mut to = OpenOptions::new().write(true).create(true).truncate(begins).open(path)?;
    let before = to.seek(SeekFrom::End(0))?;
    if begins {
        let mut kind = Vec::new();
        put(&mut kind, b"styp", |out| out.extend(b"msdh\0\0\0\0msdhmsix"));
        to.write_all(&kind)?;
    }
    for fragment in piece.fragments.iter().filter(|one| one.data.1 > 0) {
        let head = fragment.head(sequence).map_err(unreadable)?;
        sequence += 1;
        to.write_all(&head)?;
        from.seek(SeekFrom::Start(fragment.data.0))?;
        let copied = io::copy(&mut (&from).take(fragment.data.1), &mut to)?;
        if copied != fragment.data.1 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let bytes = to.stream_position()? - before;
    fs::remove_file(&piece.path)?;
    Ok(bytes)
}
