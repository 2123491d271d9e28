//! What identifies a source file: its size and three samples of its content.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::reel::generation::SourcePrint;

const SAMPLE: u64 = 1024 * 1024;

/// Blocking.
pub(super) fn print(path: &Path) -> io::Result<SourcePrint> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut hash = Sha256::new();
    for start in [0, (bytes / 2).saturating_sub(SAMPLE / 2), bytes.saturating_sub(SAMPLE)] {
        file.seek(SeekFrom::Start(start))?;
        let mut sample = Vec::with_capacity(SAMPLE as usize);
        (&mut file).take(SAMPLE).read_to_end(&mut sample)?;
        hash.update(&sample);
    }
    Ok(SourcePrint { bytes, samples: hash.finalize().into() })
}
