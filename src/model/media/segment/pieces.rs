//! The pieces of a segment: what browsers behind the relay, and players that are to seek quickly, load of it. Each begins
//! with a keyframe, and in a transport stream with its tables, since ffmpeg closed a file there.

use std::time::Duration;

/// A piece ends at the first keyframe at or after this.
pub const PIECE_LENGTH: Duration = Duration::from_secs(2);
/// The same of sound that stands alone: it can be cut anywhere, and takes next to no time to load.
pub const SOUND_PIECE_LENGTH: Duration = Duration::from_secs(6);
/// What is left at a segment's end and shorter belongs to the piece before.
const REST: Duration = Duration::from_secs(1);
/// Longer videos have longer pieces: their playlists would grow beyond what the relay reads.
const PIECES_MAX: u32 = 40_000;

/// As long as the pieces of a video are at least. `duration`: of the video, if it is known.
pub fn piece_length(duration: Option<Duration>) -> Duration {
    PIECE_LENGTH.max(duration.unwrap_or_default() / PIECES_MAX)
}

/// Its place is behind the pieces before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    pub bytes: u64,
    pub duration_us: u64,
    /// As in [`crate::model::reel::index::PieceIndex`].
    pub open: bool,
}

/// Those of one segment so far, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pieces {
    all: Vec<Piece>,
    /// Microseconds.
    length: u64,
}

impl Pieces {
    /// `slack`: a piece may end so much earlier, where times are rounded.
    pub fn new(length: Duration, slack: Duration) -> Self {
        Self { all: Vec::new(), length: length.saturating_sub(slack).as_micros() as u64 }
    }

    /// Takes in what ffmpeg closed at a keyframe.
    pub fn add(&mut self, next: Piece) {
        match self.all.last_mut() {
            Some(last) if last.duration_us < self.length => last.take(next),
            _ => self.all.push(next),
        }
    }

    /// Of the whole segment.
    pub fn close(mut self) -> Vec<Piece> {
        if let [.., before, last] = self.all.as_mut_slice()
            && last.duration_us < REST.as_micros() as u64
        {
            before.take(*last);
            self.all.pop();
        }
        self.all
    }
}

impl Piece {
    fn take(&mut self, next: Self) {
        self.bytes += next.bytes;
        self.duration_us += next.duration_us;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds of the pieces that such runs between keyframes make.
    fn lengths(runs: &[u64]) -> Vec<u64> {
        let mut pieces = Pieces::new(PIECE_LENGTH, Duration::from_millis(100));
        for run in runs {
            pieces.add(Piece { bytes: *run, duration_us: run * 1000, open: false });
        }
        let closed = pieces.close();
        assert!(closed.iter().all(|piece| piece.bytes * 1000 == piece.duration_us));
        closed.iter().map(|piece| piece.bytes).collect()
    }

    #[test]
    fn a_piece_ends_at_the_first_keyframe_after_two_seconds() {
        assert_eq!(lengths(&[2000, 2000, 2000]), [2000, 2000, 2000]);
        assert_eq!(lengths(&[500; 8]), [2000, 2000]);
        assert_eq!(lengths(&[1500; 4]), [3000, 3000]);
        assert_eq!(lengths(&[10_000, 500, 10_000]), [10_000, 10_500]);
        assert_eq!(lengths(&[1999, 1999]), [1999, 1999]);
        assert!(lengths(&[]).is_empty());
    }

    #[test]
    fn what_is_left_of_a_segment_is_no_piece_if_it_is_short() {
        assert_eq!(lengths(&[2000, 2000, 900]), [2000, 2900]);
        assert_eq!(lengths(&[2000, 2000, 1000]), [2000, 2000, 1000]);
        assert_eq!(lengths(&[300]), [300]);
    }

    #[test]
    fn a_piece_is_open_if_it_begins_so() {
        let mut pieces = Pieces::new(PIECE_LENGTH, Duration::ZERO);
        for open in [false, true, true] {
            pieces.add(Piece { bytes: 1, duration_us: 1_500_000, open });
        }
        assert_eq!(pieces.close().iter().map(|piece| piece.open).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_video_of_days_has_longer_pieces() {
        assert_eq!(piece_length(None), PIECE_LENGTH);
        assert_eq!(piece_length(Some(Duration::from_secs(22 * 3600))), PIECE_LENGTH);
        assert_eq!(piece_length(Some(Duration::from_secs(120_000))), Duration::from_secs(3));
    }
}
