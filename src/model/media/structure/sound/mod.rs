//! Sound in files of its own: a run of frames, of which the first says how much follows.

mod flac;
mod mp3;
mod wavpack;

use std::io::{self, Read, Seek};

use super::{
    bytes::Bytes,
    parts::{Container, Structure},
};

pub(super) fn kind(first: &[u8]) -> Option<Container> {
    match first {
        first if first.starts_with(flac::MARK) => Some(Container::Flac),
        first if first.starts_with(wavpack::MARK) => Some(Container::WavPack),
        first if mp3::begins(first) => Some(Container::Mp3),
        _ => None,
    }
}

pub(super) fn look<F: Read + Seek>(bytes: &mut Bytes<'_, F>, container: Container) -> io::Result<Structure> {
    match container {
        Container::Flac => flac::look(bytes),
        Container::WavPack => wavpack::look(bytes),
        _ => mp3::look(bytes),
    }
}
