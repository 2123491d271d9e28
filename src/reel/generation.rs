//! Which generation a source and its settings make: everything that decides the chunks' bytes goes into the hash, and
//! nothing else.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{index::FORMAT, name::Generation};

/// What identifies a source file without reading all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePrint {
    pub bytes: u64,
    /// SHA-256 of up to a MiB each at the head, the middle and the tail.
    pub samples: [u8; 32],
}

impl SourcePrint {
    /// Short, for journals and tags.
    pub fn text(&self) -> String {
        let samples: String = self.samples.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{samples}", self.bytes)
    }
}

/// `treatment` says of each stream what is done to it; `ffmpeg` is its version: its muxers' bytes differ between
/// versions.
pub fn generation(
    source: &SourcePrint,
    segment_length: Duration,
    chunk_limit: u64,
    treatment: &str,
    ffmpeg: &str,
) -> Generation {
    let mut hash = Sha256::new();
    hash.update(FORMAT.to_be_bytes());
    hash.update(source.bytes.to_be_bytes());
    hash.update(source.samples);
    hash.update(segment_length.as_micros().to_be_bytes());
    hash.update(chunk_limit.to_be_bytes());
    for text in [treatment, ffmpeg] {
        // the length keeps two neighbouring texts apart
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    Generation::from_digest(&hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_changes_bytes_changes_the_generation() {
        let source = SourcePrint { bytes: 7, samples: [1; 32] };
        let other = SourcePrint { bytes: 7, samples: [2; 32] };
        let (six, two) = (Duration::from_secs(6), Duration::from_secs(2));
        let all = [
            generation(&source, six, 32, "copy", "5.1"),
            generation(&other, six, 32, "copy", "5.1"),
            generation(&source, two, 32, "copy", "5.1"),
            generation(&source, six, 31, "copy", "5.1"),
            generation(&source, six, 32, "copy5", ".1"),
            generation(&source, six, 32, "copy", "6.0"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(all[0], generation(&source.clone(), six, 32, "copy", "5.1"));
    }
}
