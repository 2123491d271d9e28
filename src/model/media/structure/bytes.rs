//! A file read at places, a bounded number of times.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// Reads of one file: more than a sane structure needs, and done in a moment.
const READS_MAX: u32 = 20_000;
/// Longest read.
const READ_MAX: u64 = 16 << 20;

/// Bytes that are looked at from behind, to find the last whole unit of a file without a table of contents.
pub(super) const TAIL: u64 = 8 << 20;

pub(super) struct Bytes<'a, F> {
    file: &'a mut F,
    pub length: u64,
    left: u32,
}

impl<'a, F: Read + Seek> Bytes<'a, F> {
    pub fn new(file: &'a mut F, length: u64) -> Self {
        Self { file, length, left: READS_MAX }
    }

    /// As many bytes as wanted, or what is there before the file's end; nothing once too much was read.
    pub fn read(&mut self, at: u64, wanted: u64) -> io::Result<Vec<u8>> {
        let there = self.length.saturating_sub(at).min(wanted).min(READ_MAX);
        let Some(left) = self.left.checked_sub(1).filter(|_| there > 0) else { return Ok(Vec::new()) };
        self.left = left;
        self.file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        match self.file.by_ref().take(there).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(bytes),
            Err(error) => Err(error),
        }
    }

    /// Nothing more is read.
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }
}

/// A big-endian number of up to eight bytes; `None` if they are not all there.
pub(super) fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The same of a little-endian one.
pub(super) fn little(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
