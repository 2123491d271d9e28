//! Output that reaches the terminal a frame at a time: it shows what was written between two flushes at once, where it
//! can, and passes over the marks where it can't.

use std::io::{self, Write};

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// Of most frames.
const FRAME: usize = 64 * 1024;

pub(in crate::tui) struct Whole<W> {
    output: W,
    /// Since the last flush, after the mark of the beginning.
    frame: Vec<u8>,
}

impl<W> Whole<W> {
    pub(in crate::tui) fn new(output: W) -> Self {
        Self { output, frame: Vec::with_capacity(FRAME) }
    }
}

impl<W: Write> Write for Whole<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.frame.is_empty() {
            self.frame.extend_from_slice(BEGIN);
        }
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.frame.is_empty() {
            self.frame.extend_from_slice(END);
            let written = self.output.write_all(&self.frame);
            self.frame.clear();
            written?;
        }
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_between_flushes_comes_at_once() {
        let mut written = Vec::new();
        let mut whole = Whole::new(&mut written);
        whole.flush().unwrap();
        whole.write_all(b"a").unwrap();
        whole.write_all(b"b").unwrap();
        whole.flush().unwrap();
        whole.write_all(b"c").unwrap();
        whole.flush().unwrap();
        whole.write_all(b"never shown").unwrap();
        assert_eq!(written, b"\x1b[?2026hab\x1b[?2026l\x1b[?2026hc\x1b[?2026l");
    }
}
