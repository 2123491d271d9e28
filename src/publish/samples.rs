//! Which segments are decoded for a proof; those that were just made are kept beside the work until all are.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::split::ClosedSegment;
use crate::{model::media::segment::pieces::Piece, remote::served::Expected};

/// Changes whose segments on both sides are decoded: a video may have hundreds of them, and what is kept is on the disk.
const CHANGES_MAX: usize = 3;

/// Which ends of a segment are decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    pub beginning: bool,
    pub end: bool,
}

/// The first segment, one in the middle, those on both sides of the first changes, and the last so far.
#[derive(Debug, Default)]
pub(crate) struct Samples(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// In order.
    chosen: Vec<Sample>,
    changes: usize,
    has_middle: bool,
    /// If it is not among those.
    last: Option<Sample>,
    reached: Duration,
}

#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// From 0, over the whole rendition.
    pub number: u32,
    pub file: PathBuf,
    /// The init section that it needs, beside it.
    pub init: Option<PathBuf>,
    /// In the reel.
    pub start: Duration,
    pub length: Duration,
    /// EXT-X-DISCONTINUITY stands before it.
    pub breaks: bool,
    /// What it is made of, end to end; nothing if that is unknown.
    pub pieces: Vec<Piece>,
    pub ends: Ends,
}

impl Sample {
    /// Nothing comes between them.
    pub fn follows(&self, before: &Self) -> bool {
        before.number.checked_add(1) == Some(self.number)
    }
}

impl Samples {
    /// Keeps a segment that was just made, if it is worth it, as another name of its file below `folder`. `all`: how
    /// long the video is.
    pub async fn take(&self, segment: &ClosedSegment, all: Option<Duration>, folder: &Path) {
        let length = Duration::from_micros(segment.duration_us);
        let ClosedSegment { number, discontinuity: breaks, .. } = *segment;
        let file = folder.join(format!("sample{number:06}.{}", segment.container().extension()));
        // a disk without links has no samples
        if tokio::fs::hard_link(&segment.path, &file).await.is_err() {
            return;
        }
        let init = segment.init.as_ref().map(|_| folder.join("sample-init.mp4"));
        if let Some((from, to)) = segment.init.as_ref().zip(init.as_ref())
            && number == 0
        {
            // every attempt writes the same
            let _ = tokio::fs::copy(from, to).await;
        }
        let (start, pieces, ends) = (Duration::ZERO, segment.pieces.clone(), Ends::default());
        let gone = self.keep(Sample { number, file, init, start, length, breaks, pieces, ends }, all);
        if let Some(gone) = gone {
            // what can't be removed now goes with the folder
            let _ = tokio::fs::remove_file(gone.file).await;
        }
    }

    /// Gives what is not kept any more.
    fn keep(&self, sample: Sample, all: Option<Duration>) -> Option<Sample> {
        let mut kept = self.kept();
        let sample = Sample { start: kept.reached, ..sample };
        kept.reached += sample.length;
        let before = kept.last.take();
        let changes = sample.breaks && kept.changes < CHANGES_MAX;
        let is_first = kept.chosen.is_empty();
        let is_middle = !is_first && !kept.has_middle && all.is_some_and(|all| kept.reached >= all / 2);
        kept.changes += usize::from(changes);
        kept.has_middle |= is_middle;
        let gone = if changes {
            kept.chosen.extend(before);
            if let Some(before) = kept.chosen.last_mut() {
                before.ends.end = true;
            }
            None
        } else {
            before
        };
        if is_first || is_middle || changes {
            let ends = Ends { beginning: true, end: false };
            kept.chosen.push(Sample { ends, ..sample });
        } else {
            kept.last = Some(sample);
        }
        gone
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first segment, if it was made by now.
    pub fn first(&self) -> Option<PathBuf> {
        self.kept().chosen.first().map(|sample| sample.file.clone())
    }

    /// In order; none is left behind.
    pub fn all(&self) -> Vec<Sample> {
        let Kept { mut chosen, last, .. } = std::mem::take(&mut *self.kept());
        chosen.extend(last);
        if let Some(last) = chosen.last_mut() {
            last.ends.end = true;
        }
        chosen
    }
}

/// The places of the same choice among segments that are served.
pub(super) fn places(expected: &[Expected]) -> BTreeMap<usize, Ends> {
    let Some(last) = expected.len().checked_sub(1) else { return BTreeMap::new() };
    let mut places: BTreeMap<usize, Ends> = BTreeMap::new();
    let changes = expected.iter().enumerate().skip(1).filter(|(_, expected)| expected.segment.discontinuity);
    for place in changes.take(CHANGES_MAX).map(|(place, _)| place) {
        places.entry(place - 1).or_default().end = true;
        places.entry(place).or_default().beginning = true;
    }
    places.entry(0).or_default().beginning = true;
    places.entry(last / 2).or_default().beginning = true;
    places.entry(last).or_default().end = true;
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reel::index::SegmentIndex;

    const SECOND: Duration = Duration::from_secs(1);

    fn sample(number: u32, breaks: bool) -> Sample {
        let (file, start, ends) = (number.to_string().into(), Duration::ZERO, Ends::default());
        Sample { number, file, init: None, start, length: SECOND, breaks, pieces: Vec::new(), ends }
    }

    /// Numbers of what is kept and of what went meanwhile, of segments of a second each.
    fn kept(count: u32, changes: &[u32], all: Option<Duration>) -> (Vec<u32>, Vec<u32>) {
        let samples = Samples::default();
        let gone = (0..count).filter_map(|number| samples.keep(sample(number, changes.contains(&number)), all));
        let gone = gone.map(|sample| sample.number).collect();
        let kept = samples.all();
        assert!(samples.all().is_empty(), "given once");
        assert!(kept.iter().all(|sample| sample.start == sample.number * SECOND), "{kept:?}");
        (kept.iter().map(|sample| sample.number).collect(), gone)
    }

    #[test]
    fn both_ends_and_a_middle_are_kept_and_what_was_last_before_goes() {
        assert_eq!(kept(10, &[], Some(10 * SECOND)), (vec![0, 4, 9], vec![1, 2, 3, 5, 6, 7, 8]));
        assert_eq!(kept(2, &[], None), (vec![0, 1], vec![]), "a short video is kept whole");
        assert_eq!(kept(1, &[], None), (vec![0], vec![]));
    }

    #[test]
    fn both_sides_of_the_first_changes_are_kept() {
        assert_eq!(kept(12, &[3, 8], None).0, [0, 2, 3, 7, 8, 11]);
        assert_eq!(kept(6, &[1, 2, 5], None).0, [0, 1, 2, 4, 5], "neighbours once");
        assert_eq!(kept(200, &Vec::from_iter((1..100).map(|n| 2 * n)), None).0, [0, 1, 2, 3, 4, 5, 6, 199]);
    }

    #[test]
    fn the_sides_of_a_change_and_the_very_ends_are_decoded() {
        let samples = Samples::default();
        for number in 0..9 {
            samples.keep(sample(number, [3, 4].contains(&number)), Some(14 * SECOND));
        }
        let ends = |sample: &Sample| match sample.ends {
            Ends { beginning: true, end: true } => "both",
            Ends { beginning: true, end: false } => "beginning",
            Ends { beginning: false, end: true } => "end",
            Ends { beginning: false, end: false } => "nothing",
        };
        let all = samples.all();
        let all: Vec<_> = all.iter().map(|sample| (sample.number, ends(sample))).collect();
        assert_eq!(all, [(0, "beginning"), (2, "end"), (3, "both"), (4, "beginning"), (6, "beginning"), (8, "end")]);
        let alone = Samples::default();
        alone.keep(sample(0, false), None);
        assert_eq!(alone.all().iter().map(ends).collect::<Vec<_>>(), ["both"]);
    }

    #[test]
    fn what_is_served_is_chosen_alike() {
        let expected = |changes: &[usize], count: usize| {
            let one = |place| SegmentIndex {
                offset: 0,
                bytes: 1,
                duration_us: 1,
                crc32: 0,
                discontinuity: changes.contains(&place),
            };
            let all: Vec<_> = (0..count).map(|place| Expected { uri: String::new(), segment: one(place) }).collect();
            Vec::from_iter(places(&all).into_keys())
        };
        assert_eq!(expected(&[3, 8], 12), [0, 2, 3, 5, 7, 8, 11]);
        assert_eq!(expected(&[2, 4, 6, 8, 10], 12), [0, 1, 2, 3, 4, 5, 6, 11]);
        assert_eq!((expected(&[], 0), expected(&[], 1)), (vec![], vec![0]));
    }
}
