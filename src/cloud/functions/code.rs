//! A deployment package that is never whole in memory nor on disk: pieces of framing and files, measured once
//! and read again for each attempt.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use base64_simd::AsOut;
use bytes::{Buf, Bytes};
use sha2::{Digest, Sha256};

use crate::model::hex::hex;

/// Bytes read at a time: a multiple of three, so that each block's base64 stands for itself.
pub(in crate::cloud) const BLOCK: usize = 48 * 1024;

/// How the SDK's JSON begins for the functions that we create, up to the zip's base64. It lets the hash of the request
/// body be computed in the packing pass, before the rest of the request is known.
pub(in crate::cloud) const CREATE_PREFIX: &str = r#"{"Architectures":["arm64"],"Code":{"ZipFile":""#;

#[derive(Debug, Clone)]
pub enum Part {
    Memory(Bytes),
    /// A file that must still have these bytes when it is read again.
    File {
        path: PathBuf,
        bytes: u64,
    },
}

/// A zip to deploy: its pieces, its size and its hashes. Clones share the pieces.
#[derive(Clone)]
pub struct CodeZip(Arc<Inner>);

struct Inner {
    parts: Vec<Part>,
    bytes: u64,
    sha256: [u8; 32],
    /// State after [`CREATE_PREFIX`] and the base64: what follows completes the body's hash.
    encoded: Sha256,
}

impl CodeZip {
    /// Reads all parts twice, at the same time: for the zip's hash, and for the body's, which costs more. Blocking.
    /// `list` puts the parts in order, and may take its time for each, such as to compute a header from what follows:
    /// those before it are hashed meanwhile. `progress` hears of each block's bytes.
    pub fn measure(
        list: impl FnOnce(&mut dyn FnMut(Part)) -> io::Result<()>,
        progress: impl FnMut(u64) + Send,
    ) -> io::Result<Self> {
        let mut parts = Vec::new();
        let (to_zip, of_zip) = mpsc::channel();
        let (to_body, of_body) = mpsc::channel();
        let (listed, zip, body) = thread::scope(|scope| {
            let zip = scope.spawn(|| hash_plain(of_zip.into_iter(), progress));
            let body = scope.spawn(|| hash_encoded(CREATE_PREFIX.as_bytes(), of_body.into_iter()));
            let listed = list(&mut |part: Part| {
                // a thread that has failed takes no more, and says why below
                drop((to_zip.send(part.clone()), to_body.send(part.clone())));
                parts.push(part);
            });
            drop((to_zip, to_body));
            (listed, zip.join().expect("hashing does not panic"), body.join().expect("hashing does not panic"))
        });
        listed?;
        let ((sha256, bytes), encoded) = (zip?, body?);
        Ok(Self(Arc::new(Inner { parts, bytes, sha256, encoded })))
    }

    /// A small zip, whole.
    pub fn in_memory(zip: Vec<u8>) -> Self {
        let list = |put: &mut dyn FnMut(Part)| {
            put(Part::Memory(zip.into()));
            Ok(())
        };
        Self::measure(list, |_| ()).expect("memory can be read")
    }

    /// Of the zip, not of its base64.
    pub fn bytes(&self) -> u64 {
        self.0.bytes
    }

    /// As AWS states it: `CodeSha256`.
    pub fn code_sha256(&self) -> String {
        STANDARD.encode(self.0.sha256)
    }

    /// Bytes of the zip in base64.
    pub(in crate::cloud) fn encoded_bytes(&self) -> u64 {
        self.0.bytes.div_ceil(3) * 4
    }

    /// Lower-case hexadecimal SHA-256 of `prefix`, the base64 and `suffix`. Blocking, and free unless the prefix is
    /// another than the one measured with.
    pub(in crate::cloud) fn body_sha256(&self, prefix: &[u8], suffix: &[u8]) -> io::Result<String> {
        let measured = prefix == CREATE_PREFIX.as_bytes();
        let mut hash =
            if measured { self.0.encoded.clone() } else { hash_encoded(prefix, self.0.parts.iter().cloned())? };
        hash.update(suffix);
        Ok(hex(&hash.finalize()))
    }

    /// From the first byte. Blocking.
    pub fn reader(&self) -> Reader<impl Iterator<Item = Part>> {
        Reader::new(self.0.parts.iter().cloned())
    }
}

impl std::fmt::Debug for CodeZip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeZip").field("bytes", &self.bytes()).field("sha256", &self.code_sha256()).finish()
    }
}

/// SHA-256 and length of the parts as they are.
fn hash_plain(parts: impl Iterator<Item = Part>, mut progress: impl FnMut(u64)) -> io::Result<([u8; 32], u64)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    each_block(parts, |block| {
        hash.update(block);
        bytes += block.len() as u64;
        progress(block.len() as u64);
    })?;
    Ok((hash.finalize().into(), bytes))
}

/// State of a SHA-256 after `prefix` and the parts' base64.
fn hash_encoded(prefix: &[u8], parts: impl Iterator<Item = Part>) -> io::Result<Sha256> {
    let mut hash = Sha256::new_with_prefix(prefix);
    let mut text = vec![0; BLOCK / 3 * 4];
    each_block(parts, |block| hash.update(encode(block, &mut text)))?;
    Ok(hash)
}

fn each_block(parts: impl Iterator<Item = Part>, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut reader = Reader::new(parts);
    let mut block = vec![0; BLOCK];
    loop {
        match reader.fill(&mut block)? {
            0 => return Ok(()),
            length => take(&block[..length]),
        }
    }
}

/// Base64 into `text`, which must have room for it; returns what was written.
pub(in crate::cloud) fn encode<'a>(block: &[u8], text: &'a mut [u8]) -> &'a [u8] {
    base64_simd::STANDARD.encode(block, text.as_out())
}

/// The parts one after another.
pub struct Reader<P> {
    parts: P,
    current: Option<Current>,
}

enum Current {
    Memory(Bytes),
    File { file: File, path: PathBuf, remaining: u64 },
}

impl<P: Iterator<Item = Part>> Reader<P> {
    pub fn new(parts: P) -> Self {
        Self { parts, current: None }
    }

    /// Reads until `block` is full or nothing is left; returns how much was read.
    pub fn fill(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let mut length = 0;
        while length < block.len() {
            match self.read(&mut block[length..])? {
                0 => break,
                read => length += read,
            }
        }
        Ok(length)
    }

    /// False when no part is left.
    fn open_next(&mut self) -> io::Result<bool> {
        self.current = match self.parts.next() {
            None => return Ok(false),
            Some(Part::Memory(bytes)) => Some(Current::Memory(bytes)),
            Some(Part::File { path, bytes }) => {
                let file = File::open(&path).map_err(|error| named(error, &path))?;
                Some(Current::File { file, path, remaining: bytes })
            }
        };
        Ok(true)
    }
}

impl<P: Iterator<Item = Part>> Read for Reader<P> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match &mut self.current {
                None => 0,
                Some(Current::Memory(bytes)) => {
                    let length = bytes.len().min(out.len());
                    bytes.copy_to_slice(&mut out[..length]);
                    length
                }
                Some(Current::File { file, path, remaining }) => {
                    let wanted = out.len().min(usize::try_from(*remaining).unwrap_or(usize::MAX));
                    let read = file.read(&mut out[..wanted]).map_err(|error| named(error, path))?;
                    if read == 0 && wanted > 0 {
                        let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter");
                        return Err(named(error, path));
                    }
                    *remaining -= read as u64;
                    read
                }
            };
            if read > 0 || out.is_empty() || !self.open_next()? {
                return Ok(read);
            }
        }
    }
}

fn named(error: io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(folder: &Path) -> (Vec<Part>, Vec<u8>) {
        let middle: Vec<u8> = (0..200_000_u32).map(|i| (i * 7 % 251) as u8).collect();
        let path = folder.join("middle");
        std::fs::write(&path, &middle).unwrap();
        let whole = [b"head".as_slice(), &middle, b"tail!"].concat();
        let file = Part::File { path, bytes: middle.len() as u64 };
        let memory = |bytes: &'static [u8]| Part::Memory(Bytes::from_static(bytes));
        (vec![memory(b"head"), file, memory(b""), memory(b"tail!")], whole)
    }

    fn measured(parts: Vec<Part>, progress: impl FnMut(u64) + Send) -> CodeZip {
        let list = |put: &mut dyn FnMut(Part)| {
            parts.into_iter().for_each(put);
            Ok(())
        };
        CodeZip::measure(list, progress).unwrap()
    }

    #[test]
    fn what_fails_while_parts_are_listed_is_the_error() {
        let missing = || Part::File { path: "/there/is/no.ts".into(), bytes: 1 };
        let unread = CodeZip::measure(
            |put| {
                (0..1000).for_each(|_| put(missing()));
                Ok(())
            },
            |_| (),
        );
        assert!(unread.unwrap_err().to_string().contains("no.ts"));
        let unlisted = CodeZip::measure(|_| Err(io::ErrorKind::PermissionDenied.into()), |_| ());
        assert_eq!(unlisted.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn hashes_are_those_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (parts, whole) = parts(folder.path());
        let mut counted = 0;
        let code = measured(parts, |bytes| counted += bytes);
        assert_eq!((code.bytes(), counted), (whole.len() as u64, whole.len() as u64));
        assert_eq!(code.code_sha256(), STANDARD.encode(Sha256::digest(&whole)));
        for prefix in [CREATE_PREFIX, "another"] {
            let body = format!("{prefix}{}\"}}", STANDARD.encode(&whole));
            let expected: String = hex(&Sha256::digest(&body));
            assert_eq!(code.body_sha256(prefix.as_bytes(), b"\"}").unwrap(), expected);
        }
        assert_eq!(code.encoded_bytes(), STANDARD.encode(&whole).len() as u64);
    }

    #[test]
    fn a_file_that_shrank_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let (parts, _) = parts(folder.path());
        let code = measured(parts, |_| ());
        std::fs::write(folder.path().join("middle"), b"short").unwrap();
        let error = io::copy(&mut code.reader(), &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("middle"), "{error}");
    }
}
