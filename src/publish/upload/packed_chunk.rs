//! A chunk between packing and sending.

use std::path::PathBuf;

use crate::{
    model::reel::{
        index::ChunkIndex,
        name::{ChunkId, RenditionId},
    },
    storage::CodeZip,
};

/// A chunk ready to deploy.
#[derive(Debug, Clone)]
pub(crate) struct PackedChunk {
    pub rendition: RenditionId,
    pub index: ChunkIndex,
    pub code: CodeZip,
    /// The segments' files and sizes, to be removed once deployed.
    pub files: Vec<(PathBuf, u64)>,
}

impl PackedChunk {
    pub fn id(&self) -> ChunkId {
        ChunkId { rendition: self.rendition.clone(), number: self.index.number }
    }
}
