//! A chunk between packing and sending.

use std::path::PathBuf;

use crate::{model::reel::index::ChunkIndex, storage::CodeZip};

/// A chunk ready to deploy.
#[derive(Debug, Clone)]
pub(crate) struct PackedChunk {
    pub index: ChunkIndex,
    pub code: CodeZip,
    /// The segments' files and sizes, to be removed once deployed.
    pub files: Vec<(PathBuf, u64)>,
}
