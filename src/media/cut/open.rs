//! The segment that pieces are put into, and where it ends: one rule, whatever it is packed in.

use std::{path::PathBuf, time::Duration};

use super::breaks::Breaks;
use crate::model::media::{
    container::Container,
    decide::SLACK,
    segment::{
        lengths::Lengths,
        pieces::{Piece, Pieces},
    },
};

/// A segment that ffmpeg has finished: complete on disk, never written again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedSegment {
    /// From 0, over the whole rendition.
    pub number: u32,
    pub path: PathBuf,
    /// The init section that it needs, in a file beside it; a transport stream needs none.
    pub init: Option<PathBuf>,
    pub bytes: u64,
    /// By the timestamps in it.
    pub duration_us: u64,
    /// As in [`crate::model::reel::index::SegmentIndex`].
    pub discontinuity: bool,
    /// What it is made of, end to end.
    pub pieces: Vec<Piece>,
}

impl ClosedSegment {
    /// What it is packed in.
    pub fn container(&self) -> Container {
        if self.init.is_some() { Container::Mp4 } else { Container::Ts }
    }
}

/// So much before a segment is to end, it may: less than a picture lasts, and more than rounding comes to.
const NEAR_US: u64 = 10_000;

pub(super) struct OpenSegment {
    lengths: Lengths,
    /// When segments are to end, from the beginning, where that is known beforehand; the next is the last.
    ends_us: Vec<u64>,
    breaks: Breaks,
    piece_length: Duration,
    segment: Option<ClosedSegment>,
    /// Of the segment.
    pieces: Pieces,
}

impl OpenSegment {
    /// `lengths_us` and `breaks` as in [`super::join::Joining`].
    pub(super) fn new(lengths: Lengths, lengths_us: &[u64], piece_length: Duration, breaks: &[u64]) -> Self {
        let ends = lengths_us.iter().scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        let mut ends_us: Vec<u64> = ends.collect();
        ends_us.reverse();
        let (breaks, pieces) = (Breaks::new(breaks), Pieces::default());
        Self { lengths, ends_us, breaks, piece_length, segment: None, pieces }
    }

    /// The segment, whole, if a piece of so many bytes would be too much for it.
    pub(super) fn unless_room(&mut self, bytes: u64) -> Option<ClosedSegment> {
        let full = self.segment.take_if(|segment| segment.bytes + bytes > self.lengths.most_bytes())?;
        Some(self.close(full))
    }

    /// What there is of the segment, to be given back with the next piece in it.
    pub(super) fn take(&mut self) -> Option<ClosedSegment> {
        self.segment.take()
    }

    /// A new segment begins; whether the picture broke before it.
    pub(super) fn begin(&mut self) -> bool {
        self.pieces = Pieces::new(self.piece_length, SLACK);
        self.breaks.begin()
    }

    /// The segment with a piece more in its bytes; gives it whole if it ends here. `breaks_next`: whether the stream itself
    /// breaks behind the piece; `None` if nothing comes.
    pub(super) fn put(
        &mut self,
        mut segment: ClosedSegment,
        piece: Piece,
        breaks_next: Option<bool>,
    ) -> Option<ClosedSegment> {
        segment.duration_us += piece.duration_us;
        self.pieces.add(piece);
        let breaks = self.breaks.pass(piece.duration_us, breaks_next.unwrap_or(false));
        if self.is_long_enough(&segment) || breaks || breaks_next.is_none() {
            return Some(self.close(segment));
        }
        self.segment = Some(segment);
        None
    }

    fn is_long_enough(&mut self, segment: &ClosedSegment) -> bool {
        let (made, before) = (self.breaks.passed_us() + NEAR_US, self.ends_us.len());
        while self.ends_us.last().is_some_and(|end| *end <= made) {
            self.ends_us.pop();
        }
        if before == 0 {
            let shortest = self.lengths.of(segment.number).saturating_sub(SLACK);
            segment.duration_us >= shortest.as_micros() as u64
        } else {
            self.ends_us.len() < before
        }
    }

    fn close(&mut self, segment: ClosedSegment) -> ClosedSegment {
        ClosedSegment { pieces: std::mem::take(&mut self.pieces).close(), ..segment }
    }
}
