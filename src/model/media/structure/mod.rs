//! What a file's own structure says, read without ffmpeg: which streams are encrypted, whether it ends before its end,
//! whether it holds anything at all. Boxes, elements and packets are followed by their sizes; reads are few and bounded
//! whatever the bytes are.

mod asf;
mod avi;
mod bytes;
mod flv;
mod ivf;
mod matroska;
mod mp4;
mod nut;
mod ogg;
mod parts;
mod ps;
mod sized;
mod sound;
pub mod ts;

use std::io::{self, Read, Seek};

use bytes::Bytes;
pub use parts::{Container, Found, Lock, Medium, Structure, Table, Track};

/// Looks into a file of this many bytes.
pub fn look(file: &mut (impl Read + Seek), length: u64) -> io::Result<Structure> {
    let mut bytes = Bytes::new(file, length);
    let first = bytes.read(0, 16)?;
    match container(&first) {
        Some(Container::Mp4) => mp4::look(&mut bytes),
        Some(Container::Matroska) => matroska::look(&mut bytes),
        Some(Container::ProgrammeStream) => ps::look(&mut bytes),
        Some(Container::Flv) => flv::look(&mut bytes),
        Some(Container::Avi) => avi::look(&mut bytes),
        Some(Container::Asf) => asf::look(&mut bytes),
        Some(Container::Ogg) => ogg::look(&mut bytes),
        Some(sound @ (Container::Flac | Container::Mp3 | Container::WavPack)) => sound::look(&mut bytes, sound),
        Some(Container::Ivf) => ivf::look(&mut bytes),
        Some(Container::Nut) => nut::look(&mut bytes),
        Some(sized) => sized::look(&mut bytes, sized),
        None => ts::look(&mut bytes),
    }
}

/// Whether the first bytes are those of an MP4 or QuickTime file.
pub fn is_mp4(first: &[u8]) -> bool {
    mp4::begins(first)
}

fn container(first: &[u8]) -> Option<Container> {
    if is_mp4(first) {
        return Some(Container::Mp4);
    }
    match first {
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Some(Container::Matroska),
        [b'F', b'L', b'V', 1, ..] => Some(Container::Flv),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Some(Container::Avi),
        [b'O', b'g', b'g', b'S', ..] => Some(Container::Ogg),
        first if ps::begins(first) => Some(Container::ProgrammeStream),
        first if asf::begins(first) => Some(Container::Asf),
        first if first.starts_with(ivf::MARK) => Some(Container::Ivf),
        first if first.starts_with(nut::MARK) => Some(Container::Nut),
        first => sound::kind(first).or_else(|| sized::kind(first)),
    }
}

#[cfg(test)]
mod tests;
