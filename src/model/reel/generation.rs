//! Which generation a source and its settings make: everything that decides the chunks' bytes goes into the hash, and
//! nothing else.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::name::Generation;
use crate::model::{hex::hex, written::written_as_text};

/// Format of `index.json` and of the zips beside it; part of every generation's hash.
pub const FORMAT: u32 = 1;

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
        format!("{}-{}", self.bytes, hex(&self.samples[..12]))
    }
}

/// SHA-256 of all bytes of a source. As text: 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceHash([u8; 32]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no SHA-256 of a source")]
pub struct SourceHashError(String);

impl SourceHash {
    pub fn of(hash: Sha256) -> Self {
        Self(hash.finalize().into())
    }
}

impl fmt::Display for SourceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for SourceHash {
    type Err = SourceHashError;

    fn from_str(text: &str) -> Result<Self, SourceHashError> {
        let error = || SourceHashError(text.to_owned());
        if text.len() != 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(error());
        }
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).map_err(|_| error())?;
        }
        Ok(Self(bytes))
    }
}

written_as_text!(SourceHash);

/// `treatment` says of each stream what is done to it; `ffmpeg` is its version: its muxers' bytes differ between
/// versions. `whole` is left out for the first source that looks so: its chunks are named before all of it is read.
pub fn generation(
    source: &SourcePrint,
    whole: Option<&SourceHash>,
    segment_length: Duration,
    grows: bool,
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
    if grows {
        hash.update("growing segments");
    }
    for text in [treatment, ffmpeg] {
        // the length keeps two neighbouring texts apart
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    if let Some(whole) = whole {
        hash.update(whole.0);
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
            generation(&source, None, six, false, 32, "copy", "5.1"),
            generation(&other, None, six, false, 32, "copy", "5.1"),
            generation(&source, None, two, false, 32, "copy", "5.1"),
            generation(&source, None, six, false, 31, "copy", "5.1"),
            generation(&source, None, six, false, 32, "copy5", ".1"),
            generation(&source, None, six, false, 32, "copy", "6.0"),
            generation(&source, None, six, true, 32, "copy", "5.1"),
            generation(&source, Some(&SourceHash([1; 32])), six, false, 32, "copy", "5.1"),
            generation(&source, Some(&SourceHash([2; 32])), six, false, 32, "copy", "5.1"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(all[0], generation(&source.clone(), None, six, false, 32, "copy", "5.1"));
        assert_eq!(all[0].to_string(), "1a4130cc", "as every zipreel so far has called it");
    }

    #[test]
    fn a_hash_reads_as_written() {
        let hash = SourceHash::of(Sha256::new_with_prefix("abc"));
        let text = serde_json::to_string(&hash).unwrap();
        assert_eq!(text, r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#);
        assert_eq!(serde_json::from_str::<SourceHash>(&text).unwrap(), hash);
        for broken in ["", "ba78", &"Z".repeat(64), &"é".repeat(32)] {
            assert!(broken.parse::<SourceHash>().is_err(), "{broken}");
        }
    }
}
