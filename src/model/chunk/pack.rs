//! Which segments share a chunk: a pure function of their sizes, never of time, so that a resume cuts alike.

use serde::Serialize;

use super::zip;
use crate::model::{
    media::segment::lengths::Lengths,
    reel::{
        generation::FORMAT,
        index::Container,
        name::{ChunkNumber, Generation, ReelName, RenditionId},
        order::Cut,
    },
};

pub const MIB: u64 = 1024 * 1024;
/// Lambda takes zips smaller than 50 MiB by direct upload.
pub const CHUNK_LIMIT_MAX: u64 = 49 * MIB;
pub const CHUNK_LIMIT_MIN: u64 = MIB;
/// As large as they can be: half a minute of 12 Mbit/s is one segment.
pub const CHUNK_LIMIT_DEFAULT: u64 = CHUNK_LIMIT_MAX;

/// Name of the entry that describes a chunk to someone who finds it without its index.
pub const MANIFEST_ENTRY: &str = "chunk.json";
/// Room kept for `chunk.json`: fixed fields, and a segment's line.
const MANIFEST_BASE: u64 = 256;
const MANIFEST_SEGMENT: u64 = 64;

/// How long the segments of a rendition are to be. Sound that stands alone loads so quickly that it need not begin with
/// short ones.
pub fn lengths(cut: &Cut, has_picture: bool) -> Lengths {
    let most_bytes = cut.chunk_limit.saturating_sub(empty_bytes() + entry_overhead());
    match (cut.grows(), has_picture) {
        (true, true) => Lengths::growing(cut.segment_length, most_bytes),
        (true, false) => Lengths::bounded(cut.segment_length, most_bytes),
        (false, _) => Lengths::even(cut.segment_length),
    }
}

/// A segment on its way into a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// From 0 over the whole rendition.
    pub number: u32,
    pub bytes: u64,
    pub duration_us: u64,
    /// As in [`crate::model::reel::index::SegmentIndex`].
    pub discontinuity: bool,
}

impl Segment {
    /// Its entry name in the zip.
    pub fn entry_name(&self, container: Container) -> String {
        format!("{}.{}", self.number, container.extension())
    }
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PackError {
    #[error("segment {number} ({bytes} bytes, {seconds:.1} s) is larger than a chunk may be ({limit} bytes)")]
    SegmentTooLarge {
        number: u32,
        bytes: u64,
        seconds: f64,
        limit: u64,
        /// The segment length that would fit, whole seconds, at this segment's bit rate.
        fitting_seconds: u64,
    },
    #[error("the reel would need more than 9,999 chunks")]
    TooManyChunks,
}

impl PackError {
    /// What can be done about it.
    pub fn hint(&self) -> String {
        match self {
            Self::SegmentTooLarge { fitting_seconds, limit, .. } => {
                let more = if *limit < CHUNK_LIMIT_MAX { ", or --chunk-mib up to 49" } else { "" };
                format!(
                    "Use --segment-seconds {fitting_seconds}{more}. If segments stay as long, the video's keyframes are \
                     too far apart: convert it with more of them first, such as by `ffmpeg -i VIDEO \
                     -force_key_frames \"expr:gte(t,n_forced*{fitting_seconds})\" NEW.mp4`."
                )
            }
            Self::TooManyChunks => "Use a larger --chunk-mib, or publish the video in parts.".to_owned(),
        }
    }
}

/// Segments that make up one chunk, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub number: ChunkNumber,
    pub segments: Vec<Segment>,
}

/// Fills chunks in order. The first three are held to an eighth, a quarter and half of the limit, so that the first
/// upload starts within seconds.
#[derive(Debug)]
pub struct Packer {
    limit: u64,
    next: Option<ChunkNumber>,
    pending: Vec<Segment>,
    pending_bytes: u64,
}

impl Packer {
    pub fn new(limit: u64) -> Self {
        Self { limit, next: Some(ChunkNumber::FIRST), pending: Vec::new(), pending_bytes: empty_bytes() }
    }

    /// Takes the next segment; gives the chunk that it closed, if any.
    pub fn push(&mut self, segment: Segment) -> Result<Option<Chunk>, PackError> {
        let bytes = entry_bytes(&segment);
        if empty_bytes() + bytes > self.limit {
            return Err(self.too_large(&segment));
        }
        let full = self.pending_bytes + bytes > self.current_limit();
        let closed = if full && !self.pending.is_empty() { Some(self.close()?) } else { None };
        self.pending_bytes += bytes;
        self.pending.push(segment);
        Ok(closed)
    }

    /// The last chunk, if any segment waits.
    pub fn finish(mut self) -> Result<Option<Chunk>, PackError> {
        if self.pending.is_empty() { Ok(None) } else { self.close().map(Some) }
    }

    fn close(&mut self) -> Result<Chunk, PackError> {
        let number = self.next.ok_or(PackError::TooManyChunks)?;
        self.next = number.next();
        self.pending_bytes = empty_bytes();
        Ok(Chunk { number, segments: std::mem::take(&mut self.pending) })
    }

    fn current_limit(&self) -> u64 {
        match self.next.map(ChunkNumber::get) {
            Some(1) => self.limit / 8,
            Some(2) => self.limit / 4,
            Some(3) => self.limit / 2,
            _ => self.limit,
        }
    }

    fn too_large(&self, segment: &Segment) -> PackError {
        let seconds = segment.duration_us as f64 / 1e6;
        let fitting = seconds * self.limit as f64 / segment.bytes as f64;
        PackError::SegmentTooLarge {
            number: segment.number,
            bytes: segment.bytes,
            seconds,
            limit: self.limit,
            // a tenth below, since bit rates vary from segment to segment
            fitting_seconds: (fitting * 0.9).floor().max(1.0) as u64,
        }
    }
}

/// A chunk without segments: end record and `chunk.json`.
fn empty_bytes() -> u64 {
    zip::END_BYTES + zip::overhead(MANIFEST_ENTRY) + MANIFEST_BASE
}

/// What a segment adds: payload, headers, its line in `chunk.json`. Names are at most 12 letters.
fn entry_bytes(segment: &Segment) -> u64 {
    segment.bytes + entry_overhead()
}

fn entry_overhead() -> u64 {
    zip::overhead("123456789012") + MANIFEST_SEGMENT
}

/// How many chunks segments of so many bytes will take; an estimate for plans.
pub fn estimate_chunks(segments: &[u64], limit: u64) -> u32 {
    let mut packer = Packer::new(limit);
    let mut chunks = 0;
    for (number, bytes) in (0..).zip(segments) {
        match packer.push(Segment { number, bytes: *bytes, duration_us: 0, discontinuity: false }) {
            Ok(Some(_)) => chunks += 1,
            Ok(None) => {}
            Err(_) => return segments.len() as u32,
        }
    }
    chunks + 1
}

/// `chunk.json`: enough to rebuild a reel's index from its chunks alone.
#[derive(Debug, Serialize)]
pub struct Manifest<'a> {
    pub format: u32,
    pub reel: &'a ReelName,
    pub generation: Generation,
    pub rendition: &'a RenditionId,
    pub number: ChunkNumber,
    /// First segment's number, from 0 over the rendition.
    pub first: u32,
    /// Bytes and microseconds of each.
    pub segments: Vec<(u64, u64)>,
    /// Numbers of those that EXT-X-DISCONTINUITY stands before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub discontinuities: Vec<u32>,
}

impl<'a> Manifest<'a> {
    pub fn new(reel: &'a ReelName, generation: Generation, rendition: &'a RenditionId, chunk: &Chunk) -> Self {
        let discontinuous = chunk.segments.iter().filter(|segment| segment.discontinuity);
        Self {
            format: FORMAT,
            reel,
            generation,
            rendition,
            number: chunk.number,
            first: chunk.segments.first().map_or(0, |segment| segment.number),
            segments: chunk.segments.iter().map(|segment| (segment.bytes, segment.duration_us)).collect(),
            discontinuities: discontinuous.map(|segment| segment.number).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pack(limit: u64, sizes: &[u64]) -> Result<Vec<Chunk>, PackError> {
        let mut packer = Packer::new(limit);
        let mut chunks = Vec::new();
        for (number, bytes) in (0..).zip(sizes) {
            chunks.extend(packer.push(Segment {
                number,
                bytes: *bytes,
                duration_us: 6_000_000,
                discontinuity: false,
            })?);
        }
        chunks.extend(packer.finish()?);
        Ok(chunks)
    }

    #[test]
    fn a_segment_over_the_limit_names_the_length_that_fits() {
        let error = pack(8 * MIB, &[MIB, 16 * MIB]).unwrap_err();
        let PackError::SegmentTooLarge { number: 1, fitting_seconds: 2, .. } = error else { panic!("{error:?}") };
    }

    #[test]
    fn the_first_chunks_are_small() {
        let chunks = pack(32 * MIB, &[MIB; 200]).unwrap();
        let counts: Vec<usize> = chunks.iter().take(5).map(|chunk| chunk.segments.len()).collect();
        assert_eq!(counts, [3, 7, 15, 31, 31]);
    }

    #[test]
    fn estimates_agree_with_the_packer() {
        assert_eq!(estimate_chunks(&[MIB; 200], 32 * MIB) as usize, pack(32 * MIB, &[MIB; 200]).unwrap().len());
        assert_eq!(estimate_chunks(&[], MIB), 1);
    }

    #[test]
    fn more_chunks_than_numbers_is_an_error() {
        assert_eq!(pack(MIB, &[MIB - 2048; 10_000]), Err(PackError::TooManyChunks));
    }

    proptest! {
        #[test]
        fn no_chunk_is_over_the_limit_and_no_segment_lost(
            limit in MIB..=CHUNK_LIMIT_MAX,
            parts in proptest::collection::vec(0u64..1000, 0..200),
        ) {
            // sizes up to just below the limit
            let sizes: Vec<u64> = parts.iter().map(|part| part * (limit - 4096) / 1000).collect();
            let chunks = pack(limit, &sizes).unwrap();
            let mut numbers = 0..;
            for (place, chunk) in (1u16..).zip(&chunks) {
                prop_assert_eq!(chunk.number.get(), place);
                let reel = "a".repeat(32).parse().unwrap();
                let rendition = "zzzz".parse().unwrap();
                let generation = Generation::from_digest(&[255; 32]);
                let manifest = serde_json::to_vec(&Manifest::new(&reel, generation, &rendition, chunk)).unwrap();
                let framing: u64 = chunk.segments.iter().map(|s| zip::overhead(&s.entry_name(Container::Mp4))).sum();
                let payload: u64 = chunk.segments.iter().map(|s| s.bytes).sum();
                let whole = payload + framing + zip::overhead(MANIFEST_ENTRY) + manifest.len() as u64 + zip::END_BYTES;
                prop_assert!(whole <= limit, "{} > {}", whole, limit);
                for segment in &chunk.segments {
                    let number = numbers.next().unwrap();
                    prop_assert_eq!(segment.number, number);
                    prop_assert_eq!(segment.bytes, sizes[number as usize]);
                }
            }
            prop_assert_eq!(numbers.start as usize, sizes.len());
        }
    }
}
