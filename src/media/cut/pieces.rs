//! The pieces that come out of ffmpeg: named on its standard output by the hls muxer, which writes them, or, of
//! fragmented MP4, standing in it.
//!
//! The hls muxer writes fragmented MP4, too. Versions up to 7 at least then give the first picture of a piece another
//! presentation time, where others are shown before it.

use std::{io, path::PathBuf};

use tokio::{fs::File, io::AsyncWriteExt as _};

use super::fragments::INIT;
use crate::model::media::{
    container::Container,
    ffmpeg_output::{Announcements, Lines, Piece},
    segment::fmp4::boxes::{Header, Kind},
};

/// Standard output is read in blocks of this.
pub(crate) const BLOCK: usize = 1 << 20;
/// Longest init section: thumbnails and other matter of tracks are not in it.
const INIT_MAX: u64 = 16 << 20;

pub(crate) enum Pieces {
    Named { playlists: Announcements, lines: Lines },
    Fragments(Fragments),
}

impl Pieces {
    pub(crate) fn new(container: Container, folder: PathBuf) -> Self {
        match container {
            Container::Ts => Self::Named { playlists: Announcements::default(), lines: Lines::default() },
            Container::Mp4 => {
                Self::Fragments(Fragments { folder, part: Part::Header(Vec::new()), next: 0, init: Vec::new() })
            }
        }
    }

    /// Takes what ffmpeg wrote next; gives the pieces that are whole by it.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> io::Result<Vec<Piece>> {
        match self {
            Self::Named { playlists, lines } => {
                let mut named = Vec::new();
                lines.push(bytes, |line| named.extend(playlists.line(line)));
                Ok(named)
            }
            Self::Fragments(fragments) => fragments.push(bytes).await,
        }
    }
}

/// A stream of boxes: `ftyp` and `moov` go to a file of their own, each `moof` with its `mdat` to another.
pub(crate) struct Fragments {
    folder: PathBuf,
    part: Part,
    /// Pieces so far.
    next: u32,
    /// The init section, as far as it came.
    init: Vec<u8>,
}

/// What comes next.
enum Part {
    /// Of a box, so far.
    Header(Vec<u8>),
    /// So many bytes of a box of the init section.
    Init {
        left: u64,
    },
    /// So many bytes of a box of a piece, in its file; the last of them.
    Piece {
        file: File,
        name: String,
        left: u64,
        is_last: bool,
    },
    /// The table of a piece is over: the header of its data comes.
    Between {
        file: File,
        name: String,
        header: Vec<u8>,
    },
    Skipped {
        left: u64,
    },
}

impl Fragments {
    async fn push(&mut self, mut bytes: &[u8]) -> io::Result<Vec<Piece>> {
        let mut whole = Vec::new();
        while !bytes.is_empty() {
            self.part = match std::mem::replace(&mut self.part, Part::Skipped { left: 0 }) {
                Part::Header(mut head) => match header(&mut head, &mut bytes) {
                    Some(found) => self.begin(found?, &head).await?,
                    None => Part::Header(head),
                },
                Part::Init { left } => {
                    let (taken, left) = take(&mut bytes, left);
                    self.init.extend(taken);
                    self.end_of_init(left).await?
                }
                Part::Piece { mut file, name, left, is_last } => {
                    let (taken, left) = take(&mut bytes, left);
                    file.write_all(taken).await?;
                    match (left, is_last) {
                        (0, true) => {
                            file.flush().await?;
                            whole.push(Piece { name, duration_us: 0 });
                            Part::Header(Vec::new())
                        }
                        (0, false) => Part::Between { file, name, header: Vec::new() },
                        _ => Part::Piece { file, name, left, is_last },
                    }
                }
                Part::Between { file, name, header: head } => Self::between(file, name, head, &mut bytes).await?,
                Part::Skipped { left } => match take(&mut bytes, left).1 {
                    0 => Part::Header(Vec::new()),
                    left => Part::Skipped { left },
                },
            };
        }
        Ok(whole)
    }

    async fn begin(&mut self, header: Header, head: &[u8]) -> io::Result<Part> {
        let left = header.bytes - header.header as u64;
        match &header.kind {
            b"ftyp" | b"moov" if left > INIT_MAX => Err(strange(header.kind)),
            b"ftyp" | b"moov" => {
                self.init.extend(head);
                self.end_of_init(left).await
            }
            b"moof" => {
                let name = format!("piece{:08}.mp4", self.next);
                self.next += 1;
                let mut file = File::create(self.folder.join(&name)).await?;
                file.write_all(head).await?;
                Ok(Part::Piece { file, name, left, is_last: false })
            }
            b"mdat" => Err(strange(header.kind)),
            _ if left == 0 => Ok(Part::Header(Vec::new())),
            _ => Ok(Part::Skipped { left }),
        }
    }

    /// Written anew with each of its boxes; complete before the first piece is.
    async fn end_of_init(&mut self, left: u64) -> io::Result<Part> {
        if left > 0 {
            return Ok(Part::Init { left });
        }
        tokio::fs::write(self.folder.join(INIT), &self.init).await?;
        Ok(Part::Header(Vec::new()))
    }

    /// A table is followed by its data, whatever stands between.
    async fn between(mut file: File, name: String, mut head: Vec<u8>, bytes: &mut &[u8]) -> io::Result<Part> {
        let Some(found) = header(&mut head, bytes) else { return Ok(Part::Between { file, name, header: head }) };
        let found = found?;
        file.write_all(&head).await?;
        let left = found.bytes - found.header as u64;
        let is_last = found.kind == *b"mdat";
        match left {
            0 if !is_last => Ok(Part::Between { file, name, header: Vec::new() }),
            left => Ok(Part::Piece { file, name, left, is_last }),
        }
    }
}

/// Gathers a header; `None` while it is not whole.
fn header(head: &mut Vec<u8>, bytes: &mut &[u8]) -> Option<io::Result<Header>> {
    loop {
        let wanted = match head.first_chunk::<4>() {
            Some([0, 0, 0, 1]) => Header::MAX,
            _ => 8,
        };
        if head.len() < wanted {
            let (taken, _) = take(bytes, (wanted - head.len()) as u64);
            if taken.is_empty() {
                return None;
            }
            head.extend(taken);
            continue;
        }
        let kind = head.get(4..8).and_then(|kind| kind.first_chunk().copied()).unwrap_or_default();
        // one that goes to the end has no place in a stream
        return Some(Header::read(head).filter(|header| header.bytes > 0).ok_or_else(|| strange(kind)));
    }
}

fn take<'a>(bytes: &mut &'a [u8], left: u64) -> (&'a [u8], u64) {
    let (taken, rest) = bytes.split_at(bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
    *bytes = rest;
    (taken, left - taken.len() as u64)
}

fn strange(kind: Kind) -> io::Error {
    let kind = String::from_utf8_lossy(&kind).into_owned();
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("ffmpeg wrote a box `{}` where none belongs", kind.escape_default()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::segment::fmp4::boxes::put;

    fn stream() -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, b"ftyp", |out| out.extend(b"iso5"));
        put(&mut out, b"moov", |out| out.extend([7; 40]));
        for piece in 1..=3_u8 {
            put(&mut out, b"sidx", |out| out.extend([9; 5]));
            put(&mut out, b"moof", |out| out.extend([piece; 21]));
            if piece == 2 {
                // a length of 64 bits
                out.extend([0, 0, 0, 1]);
                out.extend(b"mdat\0\0\0\0\0\0\0\x12\x02\x02");
            } else {
                put(&mut out, b"mdat", |out| out.extend([piece; 3]));
            }
        }
        put(&mut out, b"mfra", |out| out.extend([1; 9]));
        out
    }

    #[tokio::test]
    async fn pieces_do_not_depend_on_where_the_pipe_cuts() {
        let stream = stream();
        for step in [1, 2, 7, 8, 13, stream.len()] {
            let folder = tempfile::tempdir().unwrap();
            let mut pieces = Pieces::new(Container::Mp4, folder.path().to_owned());
            let mut found = Vec::new();
            for block in stream.chunks(step) {
                found.extend(pieces.push(block).await.unwrap().into_iter().map(|piece| piece.name));
            }
            assert_eq!(found, ["piece00000000.mp4", "piece00000001.mp4", "piece00000002.mp4"], "{step}");
            let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
            assert_eq!(read(INIT), stream[..12 + 48], "{step}");
            assert_eq!(
                read(&found[0]),
                [&[0, 0, 0, 29][..], b"moof", &[1; 21], &[0, 0, 0, 11], b"mdat", &[1; 3]].concat()
            );
            assert!(read(&found[1]).ends_with(&[0, 0, 0, 0, 0, 0, 0, 0x12, 2, 2]), "{step}");
        }
    }

    #[tokio::test]
    async fn what_is_no_stream_of_fragments_is_an_error() {
        for stream in [&b"\0\0\0\x0bmdatabc"[..], b"\0\0\0\x03moov", b"\0\0\0\0moof", b"\xff\xff\xff\xffmoov"] {
            let folder = tempfile::tempdir().unwrap();
            let mut pieces = Pieces::new(Container::Mp4, folder.path().to_owned());
            assert!(pieces.push(stream).await.is_err(), "{stream:?}");
        }
    }
}
