//! Boxes: a length, four letters, and what is in them.

use super::Mp4Error;

/// The four letters of a box.
pub type Kind = [u8; 4];

/// One box of several that follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Box<'a> {
    pub kind: Kind,
    /// With its header.
    pub whole: &'a [u8],
    pub body: &'a [u8],
}

/// The boxes that follow one another in `bytes`, up to the first that is cut off.
pub fn boxes(bytes: &[u8]) -> impl Iterator<Item = Box<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let Header { kind, header, bytes } = Header::read(rest)?;
        let whole = match bytes {
            // to the end
            0 => rest,
            bytes => rest.get(..usize::try_from(bytes).ok()?)?,
        };
        let body = whole.get(header..)?;
        rest = &rest[whole.len()..];
        Some(Box { kind, whole, body })
    })
}

/// What stands before a box's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub kind: Kind,
    /// How long the header itself is.
    pub header: usize,
    /// The whole box; 0: to the end of the file.
    pub bytes: u64,
}

impl Header {
    /// Longest form.
    pub const MAX: usize = 16;

    pub fn read(bytes: &[u8]) -> Option<Self> {
        let kind = *bytes.get(4..)?.first_chunk()?;
        match number(bytes, 0, 4)? {
            1 => Some(Self { kind, header: 16, bytes: number(bytes, 8, 8).filter(|bytes| *bytes >= 16)? }),
            bytes if bytes == 0 || bytes >= 8 => Some(Self { kind, header: 8, bytes }),
            _ => None,
        }
    }
}

/// The content of the first box of a kind.
pub fn child<'a>(bytes: &'a [u8], kind: &Kind) -> Option<&'a [u8]> {
    boxes(bytes).find(|one| one.kind == *kind).map(|one| one.body)
}

/// The content of a box in a box, in a box.
pub fn within<'a>(bytes: &'a [u8], path: &[&Kind]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, kind| child(bytes, kind))
}

/// A big-endian number of up to eight bytes.
pub fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// Appends a box with what `content` writes.
pub fn put(out: &mut Vec<u8>, kind: &Kind, content: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend([0; 4]);
    out.extend(kind);
    content(out);
    let bytes = (out.len() - at) as u32;
    out[at..at + 4].copy_from_slice(&bytes.to_be_bytes());
}

/// Numbers taken one after the other.
#[derive(Debug)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    of: &'static str,
}

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8], of: &'static str) -> Self {
        Self { bytes, at: 0, of }
    }

    pub fn u32(&mut self) -> Result<u32, Mp4Error> {
        self.take(4).map(|number| number as u32)
    }

    pub fn u64(&mut self) -> Result<u64, Mp4Error> {
        self.take(8)
    }

    pub fn u32_if(&mut self, is_there: bool) -> Result<Option<u32>, Mp4Error> {
        if is_there { self.u32().map(Some) } else { Ok(None) }
    }

    fn take(&mut self, length: usize) -> Result<u64, Mp4Error> {
        let taken = number(self.bytes, self.at, length).ok_or(Mp4Error::Missing(self.of))?;
        self.at += length;
        Ok(taken)
    }
}
