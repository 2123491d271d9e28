//! The parts of a sample that go through a decoder, each from a keyframe to another: what that takes does not grow with
//! the segment.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{media::decode::Segment, publish::samples::Sample};

/// As much of a beginning is decoded at most.
pub(super) const DECODED_MAX: Duration = Duration::from_secs(6);

/// A piece at an end of a segment, or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// Of its segment.
    pub number: u32,
    pub file: PathBuf,
    init: Option<PathBuf>,
    /// EXT-X-DISCONTINUITY stands before it.
    breaks: bool,
    /// It has its segment's beginning, and its end.
    begins: bool,
    pub ends: bool,
}

impl Excerpt {
    /// Nothing comes between them.
    pub fn follows(&self, before: &Self) -> bool {
        before.ends && self.begins && before.number.checked_add(1) == Some(self.number)
    }

    /// What does not follow the one before it begins anew.
    pub fn segment(&self, before: Option<&Self>) -> Segment<'_> {
        let follows = before.is_some_and(|before| self.follows(before));
        Segment { file: &self.file, init: self.init.as_deref(), breaks: self.breaks || !follows }
    }
}

/// In order, each in a file beside its sample.
pub(super) async fn of(samples: &[Sample]) -> io::Result<Vec<Excerpt>> {
    let samples = samples.to_vec();
    let cut = move || {
        let mut all = Vec::new();
        for sample in &samples {
            for (excerpt, bytes) in parts(sample) {
                if let Some(bytes) = bytes {
                    copy(&sample.file, bytes, &excerpt.file)?;
                }
                all.push(excerpt);
            }
        }
        Ok(all)
    };
    tokio::task::spawn_blocking(cut).await.map_err(io::Error::other)?
}

/// With the bytes of each in the sample's file; `None`: all of them.
fn parts(sample: &Sample) -> Vec<(Excerpt, Option<Range<u64>>)> {
    let Sample { number, breaks, ends, pieces, .. } = sample;
    let whole = Excerpt {
        number: *number,
        file: sample.file.clone(),
        init: sample.init.clone(),
        breaks: *breaks,
        begins: true,
        ends: true,
    };
    let (first, last) = match pieces.as_slice() {
        [] | [_] => return vec![(whole, None)],
        [_, _] if ends.beginning && ends.end => return vec![(whole, None)],
        [first, .., last] => (first, last),
    };
    let named = |name: &str| {
        let ending = sample.file.extension().unwrap_or_default().to_string_lossy();
        sample.file.with_extension(format!("{name}.{ending}"))
    };
    let mut parts = Vec::new();
    if ends.beginning {
        let beginning = Excerpt { file: named("beginning"), ends: false, ..whole.clone() };
        parts.push((beginning, Some(0..first.bytes)));
    }
    if ends.end {
        let bytes: u64 = pieces.iter().map(|piece| piece.bytes).sum();
        let end = Excerpt { file: named("end"), breaks: false, begins: false, ..whole };
        parts.push((end, Some(bytes - last.bytes..bytes)));
    }
    parts
}

fn copy(from: &Path, bytes: Range<u64>, to: &Path) -> io::Result<()> {
    let (mut from, mut to) = (File::open(from)?, File::create(to)?);
    from.seek(SeekFrom::Start(bytes.start))?;
    let wanted = bytes.end - bytes.start;
    match io::copy(&mut from.take(wanted), &mut to)? {
        copied if copied == wanted => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::media::segment::pieces::Piece, publish::samples::Ends};

    fn sample(file: &Path, number: u32, pieces: &[u64], (beginning, end): (bool, bool)) -> Sample {
        let piece = |bytes: &u64| Piece { bytes: *bytes, duration_us: 1_000_000 * bytes, open: false };
        let pieces: Vec<Piece> = pieces.iter().map(piece).collect();
        let (file, ends, length) = (file.to_owned(), Ends { beginning, end }, Duration::ZERO);
        Sample { number, file, init: None, start: Duration::ZERO, length, breaks: false, pieces, ends }
    }

    #[tokio::test]
    async fn whole_pieces_of_a_long_segment_are_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sample000007.ts");
        std::fs::write(&file, b"aabbbccccd").unwrap();
        let of = async |ends| {
            let all = of(&[sample(&file, 7, &[2, 3, 4, 1], ends)]).await.unwrap();
            let told = all.iter().map(|one| (std::fs::read_to_string(&one.file).unwrap(), one.begins, one.ends));
            told.collect::<Vec<_>>()
        };
        let beginning = ("aa".to_owned(), true, false);
        let end = ("d".to_owned(), false, true);
        assert_eq!(of((true, false)).await, std::slice::from_ref(&beginning));
        assert_eq!(of((false, true)).await, std::slice::from_ref(&end));
        assert_eq!(of((true, true)).await, [beginning, end]);
    }

    #[tokio::test]
    async fn a_segment_of_two_pieces_is_decoded_whole_where_both_count() {
        let file = Path::new("sample000000.ts");
        for (pieces, ends) in [(&[2, 3][..], (true, true)), (&[9], (true, false)), (&[], (false, true))] {
            let all = of(&[sample(file, 0, pieces, ends)]).await.unwrap();
            assert!(matches!(all.as_slice(), [one] if one.file == file && one.begins && one.ends), "{all:?}");
        }
    }

    #[test]
    fn what_lies_between_parts_them() {
        let all = |number, ends| parts(&sample(Path::new("a.ts"), number, &[1; 3], ends));
        let (before, next) = (all(3, (true, true)), all(4, (true, false)));
        let [(beginning, _), (end, _)] = before.as_slice() else { panic!("{before:?}") };
        assert!(next[0].0.follows(end) && !next[0].0.follows(beginning) && !end.follows(beginning));
        assert!(!next[0].0.segment(Some(end)).breaks && end.segment(Some(beginning)).breaks);
        assert!(!all(5, (true, false))[0].0.follows(end));
    }
}
