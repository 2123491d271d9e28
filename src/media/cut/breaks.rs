//! Where the picture breaks, a rendition of sound has a discontinuity too: players match renditions by those (RFC 8216,
//! 6.2.4), and find no sound for what follows where they can't.

use std::collections::VecDeque;

use crate::model::media::decide::PIECE;

/// A break of the sound's own, in times that jump, is the picture's if it is this near, microseconds.
const SAME: u64 = 2_000_000;

/// The picture's segments, as far as what stands beside it has to follow them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// How long each lasts, microseconds.
    pub lengths_us: Vec<u64>,
    /// Microseconds from where the picture begins.
    breaks_us: Vec<u64>,
}

impl Timeline {
    /// The next segment.
    pub fn add(&mut self, duration_us: u64, discontinuity: bool) {
        if discontinuity {
            self.breaks_us.push(self.lengths_us.iter().sum());
        }
        self.lengths_us.push(duration_us);
    }

    /// Its discontinuities, from where a sound begins, which is `later_us` after the picture.
    pub fn breaks_from(&self, later_us: i64) -> Vec<u64> {
        self.breaks_us.iter().filter_map(|at| at.checked_add_signed(-later_us)).collect()
    }
}

/// Breaks of the picture, as a rendition of sound goes past them piece by piece.
#[derive(Default)]
pub(crate) struct Breaks {
    ahead: VecDeque<u64>,
    passed_us: u64,
    /// The next segment begins behind one.
    begins: bool,
}

impl Breaks {
    /// `at`: in order, microseconds from where the sound begins.
    pub(crate) fn new(at: &[u64]) -> Self {
        Self { ahead: at.iter().copied().collect(), ..Self::default() }
    }

    /// A piece goes by; `its_own`: the sound itself breaks behind it. Whether a segment has to end with it: at the piece
    /// that ends nearest to the break.
    pub(crate) fn pass(&mut self, duration_us: u64, its_own: bool) -> bool {
        self.passed_us += duration_us;
        let reach = if its_own { SAME } else { PIECE.as_micros() as u64 / 2 };
        let ahead = self.ahead.len();
        while self.ahead.front().is_some_and(|at| *at <= self.passed_us + reach) {
            self.ahead.pop_front();
        }
        self.begins |= self.ahead.len() < ahead;
        its_own || self.ahead.len() < ahead
    }

    /// How long all pieces so far last.
    pub(crate) fn passed_us(&self) -> u64 {
        self.passed_us
    }

    /// Whether the segment that begins now does so behind a break.
    pub(crate) fn begin(&mut self) -> bool {
        std::mem::take(&mut self.begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces, by number, with which a segment ends.
    fn ends(at: &[u64], pieces: &[(u64, bool)]) -> Vec<usize> {
        let mut breaks = Breaks::new(at);
        let mut ends = Vec::new();
        for (number, (duration_us, its_own)) in pieces.iter().enumerate() {
            if breaks.pass(*duration_us, *its_own) {
                ends.push(number);
            }
        }
        ends
    }

    #[test]
    fn a_segment_ends_with_the_piece_that_ends_nearest_to_the_break() {
        let pieces = [(500_000, false); 8];
        assert_eq!(ends(&[1_240_000, 3_260_000], &pieces), [1, 6]);
        assert_eq!(ends(&[], &pieces), Vec::<usize>::new());
        assert_eq!(ends(&[1_240_000, 1_300_000], &pieces), [1, 2]);
    }

    #[test]
    fn where_the_sound_breaks_by_itself_nearby_there_is_one_break() {
        let mut pieces = [(500_000, false); 8];
        pieces[2].1 = true;
        assert_eq!(ends(&[3_000_000], &pieces), [2]);
        assert_eq!(ends(&[4_000_000], &pieces), [2, 7]);
    }
}
