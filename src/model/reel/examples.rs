//! Indexes for unit tests, which say only what they are about.

use std::collections::BTreeMap;

use super::{
    index::{ChunkIndex, Container, GenerationIndex, RenditionIndex},
    name::{Generation, RenditionId},
};

impl RenditionIndex {
    /// A transport stream of H.264 and AAC, of which no chunk says how large it is.
    pub(crate) fn example(chunks: Vec<ChunkIndex>) -> Self {
        Self {
            container: Container::Ts,
            bandwidth: 1,
            average_bandwidth: 1,
            codecs: "avc1.64001f,mp4a.40.2".into(),
            resolution: Some((1280, 720)),
            frame_rate: Some(30000.0 / 1001.0),
            video_range: None,
            supplemental_codecs: None,
            init: None,
            independent: Some(true),
            beside: None,
            chunks,
        }
    }
}

impl GenerationIndex {
    /// Of 14.5 s, with nothing but these.
    pub(crate) fn example(renditions: BTreeMap<RenditionId, RenditionIndex>) -> Self {
        Self {
            generation: Generation::from_digest(&[0x4f; 32]),
            duration_ms: 14_512,
            segment_seconds: 6.0,
            grows: false,
            pes_lengths: false,
            source_sha256: None,
            largest: None,
            damaged: Vec::new(),
            subtitles: Vec::new(),
            chapters: None,
            former: Vec::new(),
            captions: false,
            wanted: Default::default(),
            chunk_limit_bytes: 1,
            renditions,
        }
    }
}
