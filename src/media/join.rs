//! Puts segments together from the pieces that ffmpeg closes at keyframes: a segment ends at the first keyframe at or
//! after the wanted length. Pieces of one transport stream joined end to end are that transport stream.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use super::probe::segment_head;
use crate::model::media::{decide::SLACK, ffmpeg_output::Piece, transport};

/// A segment that ffmpeg has finished: complete on disk, never written again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedSegment {
    /// From 0, over the whole rendition.
    pub number: u32,
    pub path: PathBuf,
    pub bytes: u64,
    /// As ffmpeg's playlist stated it.
    pub duration_us: u64,
}

pub(crate) struct Joiner {
    folder: PathBuf,
    /// Shortest segment, microseconds.
    length_us: u64,
    open: Option<ClosedSegment>,
    next: u32,
    /// No segment so far begins with anything but an IDR picture.
    pub(crate) independent: bool,
}

impl Joiner {
    pub(crate) fn new(folder: &Path, segment_length: Duration) -> Self {
        let length_us = segment_length.saturating_sub(SLACK).as_micros() as u64;
        Self { folder: folder.to_owned(), length_us, open: None, next: 0, independent: true }
    }

    /// Takes a piece in; gives the segment that it completes.
    pub(crate) async fn add(&mut self, piece: &Piece) -> io::Result<Option<ClosedSegment>> {
        let from = self.folder.join(&piece.name);
        whole(&self.folder, &from).await?;
        let mut segment = match self.open.take() {
            Some(segment) => append(segment, from).await?,
            None => {
                let path = self.folder.join(format!("{:06}.ts", self.next));
                let segment = begin(from, path, self.next).await?;
                let head = segment_head(&segment.path).await?;
                self.independent &= head.is_some_and(|head| head.video.idr);
                self.next += 1;
                segment
            }
        };
        segment.duration_us += piece.duration_us;
        if segment.duration_us >= self.length_us {
            return Ok(Some(segment));
        }
        self.open = Some(segment);
        Ok(None)
    }

    /// No piece was taken in so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.next == 0
    }

    /// The last segment, if it is shorter than wanted.
    pub(crate) fn finish(&mut self) -> Option<ClosedSegment> {
        self.open.take()
    }
}

/// The hls muxer of ffmpeg 5.1 does not notice that a disk is full: it writes what fits (often nothing), announces the
/// piece, goes on and ends with 0. So every piece must be whole packets, and leave some room behind it. One without any
/// on a disk that has room is [`io::ErrorKind::WriteZero`]: ffmpeg had nothing to write.
async fn whole(folder: &Path, piece: &Path) -> io::Result<()> {
    let (folder, piece) = (folder.to_owned(), piece.to_owned());
    blocking(move || {
        let bytes = fs::metadata(piece)?.len();
        if bytes % transport::PACKET as u64 != 0 || has_no_room(&folder) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if bytes == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(()) }
    })
    .await
}

/// Less is free on the folder's disk than a piece takes.
pub(crate) fn has_no_room(folder: &Path) -> bool {
    const ROOM: u64 = 64 * 1024;
    free_space(folder).is_some_and(|free| free < ROOM)
}

#[cfg(unix)]
fn free_space(folder: &Path) -> Option<u64> {
    let state = rustix::fs::statvfs(folder).ok()?;
    Some(state.f_bavail.saturating_mul(state.f_frsize))
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

/// The first piece becomes the segment without a copy.
async fn begin(piece: PathBuf, path: PathBuf, number: u32) -> io::Result<ClosedSegment> {
    blocking(move || {
        fs::rename(&piece, &path)?;
        let bytes = fs::metadata(&path)?.len();
        Ok(ClosedSegment { number, path, bytes, duration_us: 0 })
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

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
