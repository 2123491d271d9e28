//! Takes a request's body in constant memory: hashes all of it, sends the zip of those that carry one straight to a
//! file, and keeps the rest. A body that is refused is still read to its end, so that the answer arrives.

use std::{io::Write, sync::Arc};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use super::zip_field::{FieldError, ZipField, ZipFieldPath};
use crate::{
    local::{
        error::ApiError,
        faults::{LiveFaults, Moment, Plan},
        limits::{REQUEST_BYTES, SMALL_REQUEST_BYTES, ZIPPED_BYTES},
        operation::Operation,
        store::Store,
    },
    model::hex::hex,
};

/// Beyond this a body is no longer read for its answer's sake.
const PATIENCE_BYTES: u64 = 2 * REQUEST_BYTES;
/// Pieces between socket and worker; each is at most what one read gives (some 100 KiB).
const PIECES: usize = 4;

/// A body that has ended.
#[derive(Debug)]
pub(in crate::local) struct Received {
    /// Hexadecimal, of the body as it came.
    pub(in crate::local) sha256: String,
    pub(in crate::local) bytes: u64,
    /// The body without the zip, and the zip; or why AWS would refuse it.
    pub(in crate::local) content: Result<Content, ApiError>,
}

#[derive(Debug, Default)]
pub(in crate::local) struct Content {
    pub(in crate::local) text: Vec<u8>,
    pub(in crate::local) code: Option<NewCode>,
}

/// A zip that arrived.
#[derive(Debug)]
pub(in crate::local) struct NewCode {
    pub(in crate::local) file: NamedTempFile,
    /// Hexadecimal.
    pub(in crate::local) sha256: String,
    pub(in crate::local) bytes: u64,
}

/// The body did not arrive whole.
#[derive(Debug)]
pub(in crate::local) enum Broken {
    /// By the client, or the network.
    Off { bytes: u64 },
    /// By a fault that was asked for.
    OnPurpose { bytes: u64 },
    /// It was longer than we care to read.
    Endless { bytes: u64 },
}

pub(in crate::local) struct BodyReader<'a> {
    pub(in crate::local) store: &'a Arc<Store>,
    pub(in crate::local) faults: &'a LiveFaults,
    pub(in crate::local) plan: &'a Plan,
    /// Bytes at which a fault in the middle strikes.
    pub(in crate::local) middle: u64,
}

impl BodyReader<'_> {
    pub(in crate::local) async fn receive(&self, body: Body, operation: Option<Operation>) -> Result<Received, Broken> {
        let place = match operation {
            Some(Operation::CreateFunction) => Some(ZipFieldPath::InCode),
            Some(Operation::UpdateFunctionCode) => Some(ZipFieldPath::TopLevel),
            _ => None,
        };
        let mut pieces = Pieces { reader: self, stream: body.into_data_stream(), bytes: 0, past_middle: false };
        let Some(place) = place else {
            let mut small = Small::default();
            while let Some(piece) = pieces.next().await? {
                small.push(&piece);
            }
            return Ok(small.finish());
        };
        let store = Arc::clone(self.store);
        let name = operation.map(|operation| operation.to_string()).unwrap_or_default();
        let (sender, mut queue) = mpsc::channel::<Bytes>(PIECES);
        let worker = tokio::task::spawn_blocking(move || {
            let mut large = Large::new(&store, place);
            while let Some(piece) = queue.blocking_recv() {
                large.push(&piece);
            }
            large.finish(&name)
        });
        while let Some(piece) = pieces.next().await? {
            if sender.send(piece).await.is_err() {
                break;
            }
        }
        drop(sender);
        worker.await.map_err(|_| Broken::Off { bytes: pieces.bytes })
    }
}

/// The body as it comes, no faster than the uplink carries it.
struct Pieces<'a> {
    reader: &'a BodyReader<'a>,
    stream: BodyDataStream,
    bytes: u64,
    past_middle: bool,
}

impl Pieces<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        let Some(piece) = self.stream.next().await else { return Ok(None) };
        let Ok(piece) = piece else { return Err(Broken::Off { bytes: self.bytes }) };
        self.reader.faults.carry(piece.len()).await;
        self.bytes += piece.len() as u64;
        let bytes = self.bytes;
        let is_middle = bytes >= self.reader.middle && !std::mem::replace(&mut self.past_middle, true);
        if is_middle && self.reader.faults.strikes(self.reader.plan, Moment::MidBody).await {
            return Err(Broken::OnPurpose { bytes });
        }
        if bytes > PATIENCE_BYTES {
            return Err(Broken::Endless { bytes });
        }
        Ok(Some(piece))
    }
}

/// A body without a zip.
#[derive(Default)]
struct Small {
    hash: Sha256,
    text: Vec<u8>,
    bytes: u64,
}

impl Small {
    fn push(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        if self.bytes <= SMALL_REQUEST_BYTES {
            self.text.extend_from_slice(piece);
        }
    }

    fn finish(self) -> Received {
        let content = if self.bytes > SMALL_REQUEST_BYTES {
            Err(ApiError::too_large(format!("Request must be smaller than {SMALL_REQUEST_BYTES} bytes")))
        } else {
            Ok(Content { text: self.text, code: None })
        };
        Received { sha256: hex(&self.hash.finalize()), bytes: self.bytes, content }
    }
}

/// A body with a zip in it.
struct Large {
    hash: Sha256,
    bytes: u64,
    scan: Result<(ZipField, CodeFile), ApiError>,
}

struct CodeFile {
    file: NamedTempFile,
    hash: Sha256,
    bytes: u64,
}

impl Large {
    fn new(store: &Store, place: ZipFieldPath) -> Self {
        let scan = store
            .new_blob()
            .map(|file| (ZipField::new(place), CodeFile { file, hash: Sha256::new(), bytes: 0 }))
            .map_err(ApiError::from);
        Self { hash: Sha256::new(), bytes: 0, scan }
    }

    fn push(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        let Ok((field, code)) = &mut self.scan else { return };
        let pushed = field.push(piece, &mut |bytes| code.write(bytes));
        let refused = match pushed {
            // AWS looks at the zip's size before the request's
            Ok(()) if code.bytes >= ZIPPED_BYTES => {
                ApiError::too_large(format!("Zipped size must be smaller than {ZIPPED_BYTES} bytes"))
            }
            Ok(()) => return,
            Err(FieldError::Sink(error)) => error.into(),
            Err(FieldError::RestTooLarge) => ApiError::too_large("Request without its zip is too large"),
            Err(error) => ApiError::serialization(error.to_string()),
        };
        self.scan = Err(refused);
    }

    fn finish(self, operation: &str) -> Received {
        let bytes = self.bytes;
        let content = self.scan.and_then(|(field, code)| {
            if bytes > REQUEST_BYTES {
                let bound = format!("Request must be smaller than {REQUEST_BYTES} bytes for the {operation} operation");
                return Err(ApiError::too_large(bound));
            }
            let (text, found) = field.finish();
            Ok(Content { text, code: found.then(|| code.finish()) })
        });
        Received { sha256: hex(&self.hash.finalize()), bytes, content }
    }
}

impl CodeFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.bytes += bytes.len() as u64;
        if self.bytes < ZIPPED_BYTES {
            self.hash.update(bytes);
            self.file.write_all(bytes)?;
        }
        Ok(())
    }

    fn finish(self) -> NewCode {
        NewCode { file: self.file, sha256: hex(&self.hash.finalize()), bytes: self.bytes }
    }
}
