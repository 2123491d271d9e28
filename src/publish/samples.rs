//! Segments that are kept beside the work until all are made, to be decoded before they are promised.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::split::ClosedSegment;

/// The first segment, one in the middle, and the last so far.
#[derive(Debug, Default)]
pub(crate) struct Samples(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    first: Option<Sample>,
    middle: Option<Sample>,
    last: Option<Sample>,
    reached: Duration,
}

#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub file: PathBuf,
    /// In the reel.
    pub start: Duration,
    pub length: Duration,
}

impl Samples {
    /// Keeps a segment that was just made, if it is worth it, as another name of its file below `folder`. `all`: how
    /// long the video is.
    pub async fn take(&self, segment: &ClosedSegment, all: Option<Duration>, folder: &Path) {
        let length = Duration::from_micros(segment.duration_us);
        let file = folder.join(format!("sample{:06}.ts", segment.number));
        // a disk without links has no samples
        if tokio::fs::hard_link(&segment.path, &file).await.is_err() {
            return;
        }
        let gone = self.keep(file, length, all);
        if let Some(gone) = gone {
            // what can't be removed now goes with the folder
            let _ = tokio::fs::remove_file(gone.file).await;
        }
    }

    /// Gives what is not kept any more.
    fn keep(&self, file: PathBuf, length: Duration, all: Option<Duration>) -> Option<Sample> {
        let mut kept = self.kept();
        let sample = Sample { file, start: kept.reached, length };
        kept.reached += length;
        if kept.first.is_none() {
            kept.first = Some(sample);
            return None;
        }
        if kept.middle.is_none() && all.is_some_and(|all| kept.reached >= all / 2) {
            kept.middle = Some(sample);
            return None;
        }
        kept.last.replace(sample)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In order; none is left behind.
    pub fn all(&self) -> Vec<Sample> {
        let Kept { first, middle, last, .. } = std::mem::take(&mut *self.kept());
        [first, middle, last].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_and_a_middle_are_kept_and_what_was_last_before_goes() {
        let (samples, second) = (Samples::default(), Duration::from_secs(1));
        let gone: Vec<_> = (0..10)
            .filter_map(|number| samples.keep(number.to_string().into(), second, Some(10 * second)))
            .map(|sample| sample.file)
            .collect();
        let kept: Vec<_> = samples.all().into_iter().map(|sample| (sample.file, sample.start)).collect();
        assert_eq!(kept, [("0".into(), Duration::ZERO), ("4".into(), 4 * second), ("9".into(), 9 * second)]);
        assert_eq!(gone.len(), 7, "{gone:?}");
        assert!(samples.all().is_empty(), "given once");
    }

    #[test]
    fn a_short_video_is_kept_whole() {
        let samples = Samples::default();
        for number in 0..2 {
            assert!(samples.keep(number.to_string().into(), Duration::from_secs(6), None).is_none());
        }
        assert_eq!(samples.all().len(), 2);
    }
}
