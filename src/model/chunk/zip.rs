//! The frame of a store-only zip, computed from names, sizes and CRCs alone, so that a zip of any size can be streamed
//! without being written anywhere. Fixed times, no extra fields, sizes and CRC in the local header (bit 3 clear: a
//! stored entry with a data descriptor can't be read by streaming unzippers).
//!
//! Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16. Zip64 is not needed: Lambda's limit is far below.

/// One file to come: its name (ASCII, no folders), size and CRC-32.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub bytes: u32,
    pub crc32: u32,
}

/// Frames the payloads that its user puts between: a header before each, the trailer after the last.
#[derive(Debug, Default)]
pub struct Framer {
    directory: Vec<u8>,
    entries: u16,
    /// Where the next header goes.
    position: u64,
}

/// What stands before an entry's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub bytes: Vec<u8>,
    /// From the zip's start.
    pub payload_offset: u64,
}

const LOCAL_HEADER: u32 = 0x0403_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END_OF_CENTRAL_DIRECTORY: u32 = 0x0605_4b50;
/// 1980-01-01 00:00, the earliest a zip can say: the same bytes on every run.
const DOS_TIME: u16 = 0;
const DOS_DATE: u16 = (1 << 5) | 1;
/// Needed to extract: 1.0, a stored file. Made by: the same, on Unix, so that the mode below counts.
const VERSION: u16 = 10;
const MADE_BY: u16 = (3 << 8) | VERSION;
/// A plain file, readable by all: Lambda refuses code that it can't read.
const MODE: u32 = 0o100_644 << 16;

/// What an entry adds to the zip besides its payload.
pub fn overhead(name: &str) -> u64 {
    (30 + 46 + 2 * name.len()) as u64
}

/// The end record, once a zip.
pub const END_BYTES: u64 = 22;

impl Framer {
    pub fn header(&mut self, entry: &Entry) -> Header {
        let bytes = local_header(entry);
        central_header(&mut self.directory, entry, self.position as u32);
        self.entries += 1;
        let payload_offset = self.position + bytes.len() as u64;
        self.position = payload_offset + u64::from(entry.bytes);
        Header { bytes, payload_offset }
    }

    pub fn trailer(self) -> Vec<u8> {
        let mut trailer = self.directory;
        let directory_bytes = trailer.len() as u32;
        end_record(&mut trailer, self.entries, directory_bytes, self.position as u32);
        trailer
    }
}

/// A zip of files that are in memory: name and payload.
pub fn whole<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let (mut framer, mut zip) = (Framer::default(), Vec::new());
    for (name, payload) in files {
        let (bytes, crc32) = (payload.len() as u32, crc32fast::hash(payload));
        zip.extend(framer.header(&Entry { name: name.to_owned(), bytes, crc32 }).bytes);
        zip.extend(payload);
    }
    zip.extend(framer.trailer());
    zip
}

fn put16(out: &mut Vec<u8>, values: &[u16]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, values: &[u32]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn local_header(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::with_capacity(30 + entry.name.len());
    put32(&mut out, &[LOCAL_HEADER]);
    put16(&mut out, &[VERSION, 0, 0, DOS_TIME, DOS_DATE]);
    put32(&mut out, &[entry.crc32, entry.bytes, entry.bytes]);
    put16(&mut out, &[entry.name.len() as u16, 0]);
    out.extend(entry.name.as_bytes());
    out
}

fn central_header(out: &mut Vec<u8>, entry: &Entry, offset: u32) {
    put32(out, &[CENTRAL_HEADER]);
    put16(out, &[MADE_BY, VERSION, 0, 0, DOS_TIME, DOS_DATE]);
    put32(out, &[entry.crc32, entry.bytes, entry.bytes]);
    put16(out, &[entry.name.len() as u16, 0, 0, 0, 0]);
    put32(out, &[MODE, offset]);
    out.extend(entry.name.as_bytes());
}

fn end_record(out: &mut Vec<u8>, entries: u16, directory_bytes: u32, directory_offset: u32) {
    put32(out, &[END_OF_CENTRAL_DIRECTORY]);
    put16(out, &[0, 0, entries, entries]);
    put32(out, &[directory_bytes, directory_offset]);
    put16(out, &[0]);
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn others_read_what_is_framed(
            contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..12),
        ) {
            let files: Vec<(String, Vec<u8>)> =
                contents.into_iter().enumerate().map(|(i, data)| (format!("{i}.ts"), data)).collect();
            let zip = whole(files.iter().map(|(name, payload)| (name.as_str(), payload.as_slice())));
            let mut framer = Framer::default();
            let sum: u64 = files.iter().map(|(name, data)| overhead(name) + data.len() as u64).sum();
            prop_assert_eq!(zip.len() as u64, sum + END_BYTES);
            let mut archive = zip::ZipArchive::new(Cursor::new(&zip)).unwrap();
            prop_assert_eq!(archive.len(), files.len());
            for (i, (name, data)) in files.iter().enumerate() {
                let entry = Entry { name: name.clone(), bytes: data.len() as u32, crc32: crc32fast::hash(data) };
                let offset = framer.header(&entry).payload_offset as usize;
                prop_assert_eq!(&zip[offset..offset + data.len()], &data[..]);
                let mut file = archive.by_index(i).unwrap();
                prop_assert!(file.name().unwrap() == name.as_str());
                prop_assert_eq!(file.data_start(), Some(offset as u64));
                let mut read = Vec::new();
                file.read_to_end(&mut read).unwrap();
                prop_assert_eq!(&read, data);
            }
        }
    }
}
