//! A deployment package that is never whole in memory nor on disk: pieces of framing and files, measured in one pass
//! and read again for each attempt.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// Bytes read at a time: a multiple of three, so that each block's base64 stands for itself.
pub(super) const BLOCK: usize = 48 * 1024;

/// How the SDK's JSON begins for the functions that we create, up to the zip's base64. It lets the hash of the request
/// body be computed in the packing pass, before the rest of the request is known.
pub(super) const CREATE_PREFIX: &str = r#"{"Architectures":["arm64"],"Code":{"ZipFile":""#;

#[derive(Debug, Clone)]
pub enum Part {
    Memory(Vec<u8>),
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
    /// `progress` hears of each block's bytes.
    pub fn measure(parts: Vec<Part>, progress: impl FnMut(u64)) -> io::Result<Self> {
        let (zip, encoded) = thread::scope(|scope| {
            let encoded = scope.spawn(|| hash_encoded(CREATE_PREFIX.as_bytes(), &parts));
            let zip = hash_plain(&parts, progress);
            (zip, encoded.join().expect("hashing does not panic"))
        });
        let ((sha256, bytes), encoded) = (zip?, encoded?);
        Ok(Self(Arc::new(Inner { parts, bytes, sha256, encoded })))
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
    pub(super) fn encoded_bytes(&self) -> u64 {
        self.0.bytes.div_ceil(3) * 4
    }

    /// Lower-case hexadecimal SHA-256 of `prefix`, the base64 and `suffix`. Blocking, and free unless the prefix is
    /// another than the one measured with.
    pub(super) fn body_sha256(&self, prefix: &[u8], suffix: &[u8]) -> io::Result<String> {
        let measured = prefix == CREATE_PREFIX.as_bytes();
        let mut hash = if measured { self.0.encoded.clone() } else { hash_encoded(prefix, &self.0.parts)? };
        hash.update(suffix);
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// From the first byte. Blocking.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.0.parts)
    }
}

impl std::fmt::Debug for CodeZip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeZip").field("bytes", &self.bytes()).field("sha256", &self.code_sha256()).finish()
    }
}

/// SHA-256 and length of the parts as they are.
fn hash_plain(parts: &[Part], mut progress: impl FnMut(u64)) -> io::Result<([u8; 32], u64)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    each_block(parts, |block| {
        hash.update(block);
        bytes += block.len() as u64;
        progress(block.len() as u64);
    })?;
    Ok((hash.finalize().into(), bytes))
}

/// State of a SHA-256 after `prefix` and the parts' base64.
fn hash_encoded(prefix: &[u8], parts: &[Part]) -> io::Result<Sha256> {
    let mut hash = Sha256::new_with_prefix(prefix);
    let mut text = vec![0; BLOCK / 3 * 4];
    each_block(parts, |block| hash.update(encode(block, &mut text)))?;
    Ok(hash)
}

fn each_block(parts: &[Part], mut take: impl FnMut(&[u8])) -> io::Result<()> {
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
pub(super) fn encode<'a>(block: &[u8], text: &'a mut [u8]) -> &'a [u8] {
    let length = STANDARD.encode_slice(block, text).expect("the buffer is four thirds of a block");
    &text[..length]
}

/// The parts one after another.
pub struct Reader<'a> {
    parts: std::slice::Iter<'a, Part>,
    current: Option<Current<'a>>,
}

enum Current<'a> {
    Memory(&'a [u8]),
    File { file: File, path: &'a PathBuf, remaining: u64 },
}

impl<'a> Reader<'a> {
    pub fn new(parts: &'a [Part]) -> Self {
        Self { parts: parts.iter(), current: None }
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
                let file = File::open(path).map_err(|error| named(error, path))?;
                Some(Current::File { file, path, remaining: *bytes })
            }
        };
        Ok(true)
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match &mut self.current {
                None => 0,
                Some(Current::Memory(bytes)) => bytes.read(out)?,
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

fn named(error: io::Error, path: &std::path::Path) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(folder: &std::path::Path) -> (Vec<Part>, Vec<u8>) {
        let middle: Vec<u8> = (0..200_000_u32).map(|i| (i * 7 % 251) as u8).collect();
        let path = folder.join("middle");
        std::fs::write(&path, &middle).unwrap();
        let whole = [b"head".as_slice(), &middle, b"tail!"].concat();
        let file = Part::File { path, bytes: middle.len() as u64 };
        (vec![Part::Memory(b"head".to_vec()), file, Part::Memory(vec![]), Part::Memory(b"tail!".to_vec())], whole)
    }

    #[test]
    fn hashes_are_those_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (parts, whole) = parts(folder.path());
        let mut counted = 0;
        let code = CodeZip::measure(parts, |bytes| counted += bytes).unwrap();
        assert_eq!((code.bytes(), counted), (whole.len() as u64, whole.len() as u64));
        assert_eq!(code.code_sha256(), STANDARD.encode(Sha256::digest(&whole)));
        for prefix in [CREATE_PREFIX, "another"] {
            let body = format!("{prefix}{}\"}}", STANDARD.encode(&whole));
            let expected: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(code.body_sha256(prefix.as_bytes(), b"\"}").unwrap(), expected);
        }
        assert_eq!(code.encoded_bytes(), STANDARD.encode(&whole).len() as u64);
    }

    #[test]
    fn a_file_that_shrank_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let (parts, _) = parts(folder.path());
        let code = CodeZip::measure(parts, |_| ()).unwrap();
        std::fs::write(folder.path().join("middle"), b"short").unwrap();
        let error = io::copy(&mut code.reader(), &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("middle"), "{error}");
    }
}
