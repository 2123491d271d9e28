//! The packing: closed segments become chunks. A chunk is never written: its frame is computed, its hashes are taken
//! from the segments while they are still in the page cache, and the upload reads them again.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use tokio::sync::mpsc::{Receiver, Sender};

use super::{
    split::ClosedSegment,
    upload::packed_chunk::PackedChunk,
    work::{Rendition, Work},
};
use crate::{
    media::measure,
    model::{
        chunk::{
            pack::{Chunk, MANIFEST_ENTRY, Manifest, PackError, Packer, Segment},
            zip::{Entry, Framer},
        },
        media::segment::pieces::Piece,
        reel::{
            index::{ChunkIndex, PieceIndex, SegmentIndex},
            name::RenditionId,
        },
        report::{
            event::{Event, JobName, Unit},
            fault::{Explain, FaultClass, Stopped},
        },
    },
    running::reporter::JobHandle,
    state::journal::{Record, Traits},
    storage::{CodeZip, Part, Reader},
};

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("could not pack the segments")]
    Rule(#[source] PackError),
    #[error("could not read a segment back")]
    Read(#[source] io::Error),
}

impl Explain for Error {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Rule(error) => error.hint(),
            Self::Read(_) => "Resume: the split is done again.".into(),
        })
    }
}

/// What comes from the split.
pub(super) enum Closed {
    Segment(ClosedSegment),
    /// The rendition is over, and whether each of its segments begins with an IDR picture.
    End(bool),
}

/// A rendition whose chunks are all on their way.
#[derive(Debug, Clone)]
pub(super) struct PackedRendition {
    pub id: RenditionId,
    pub traits: Traits,
    chunks: u32,
    bytes: u64,
    is_recorded: bool,
}

/// Runs until the segments of all parts have come. The chunks are packed in order.
pub(super) async fn pack(
    work: &Arc<Work>,
    parts: &[&Rendition],
    segments: Receiver<Closed>,
    chunks: Sender<PackedChunk>,
) -> Result<Vec<PackedRendition>, Stopped> {
    let job = work.job(JobName::Pack, Unit::Bytes);
    job.started(1);
    let mut packing = Packing { work, segments, chunks, job: &job, packed: Vec::new() };
    let result = tokio::select! {
        result = packing.all(parts) => result,
        () = work.control.cancel.cancelled() => Err(Stopped::Cancelled),
        () = work.control.last_attempt.cancelled() => Err(Stopped::Cancelled),
    };
    let packed = packing.packed;
    job.ended(&result);
    result.map(|()| packed)
}

struct Packing<'a> {
    work: &'a Arc<Work>,
    segments: Receiver<Closed>,
    chunks: Sender<PackedChunk>,
    job: &'a JobHandle,
    packed: Vec<PackedRendition>,
}

impl Packing<'_> {
    async fn all(&mut self, parts: &[&Rendition]) -> Result<(), Stopped> {
        for part in parts {
            let packed = self.part(part).await?;
            self.packed.push(packed);
        }
        Ok(())
    }

    async fn part(&mut self, part: &Rendition) -> Result<PackedRendition, Stopped> {
        let stopped = |error: PackError| Stopped::Failed(Error::Rule(error).fault());
        let mut packer = Packer::new(self.work.order.cut.chunk_limit);
        let mut waiting = VecDeque::new();
        let (mut measured, mut all) = (None, (0, 0));
        let independent = loop {
            // a split that failed closes its channel too: what it left is no whole chunk
            let closed = match self.segments.recv().await.ok_or(Stopped::Cancelled)? {
                Closed::Segment(closed) => closed,
                Closed::End(independent) => break independent,
            };
            let ClosedSegment { number, bytes, duration_us, discontinuity, .. } = closed;
            self.work.report(Event::SegmentClosed {
                rendition: part.id.clone(),
                segment: number,
                bytes,
                duration: Duration::from_micros(duration_us),
            });
            if measured.is_none() {
                let measure = measure::measure_segment(&closed, &part.plan).await;
                measured = Some(measure?);
            }
            waiting.push_back(closed);
            if let Some(chunk) = packer.push(Segment { number, bytes, duration_us, discontinuity }).map_err(stopped)? {
                self.deliver(part, chunk, &mut waiting, &mut all).await?;
            }
            recorded(self.work, &mut self.packed).await?;
        };
        if let Some(chunk) = packer.finish().map_err(stopped)? {
            self.deliver(part, chunk, &mut waiting, &mut all).await?;
        }
        // no segment at all: the split has failed and says why
        let traits = Traits::new(measured.ok_or(Stopped::Cancelled)?, independent);
        Ok(PackedRendition { id: part.id.clone(), traits, chunks: all.0, bytes: all.1, is_recorded: false })
    }

    async fn deliver(
        &self,
        part: &Rendition,
        chunk: Chunk,
        waiting: &mut VecDeque<ClosedSegment>,
        all: &mut (u32, u64),
    ) -> Result<(), Stopped> {
        let closed: Vec<ClosedSegment> = waiting.drain(..chunk.segments.len()).collect();
        let (here, rendition, count) = (self.work.clone(), part.id.clone(), self.job.count().clone());
        let packed = tokio::task::spawn_blocking(move || {
            let manifest = Manifest::new(&here.order.reel, here.generation, &rendition, &chunk);
            let (index, code) = build(&manifest, &chunk, &closed, |bytes| count.add(bytes))?;
            let files = closed.into_iter().map(|file| (file.path, file.bytes)).collect();
            Ok(PackedChunk { rendition, index, code, files })
        });
        let packed = packed.await.expect("packing does not panic");
        let packed = packed.map_err(unreadable)?;
        *all = (all.0 + 1, all.1 + packed.index.bytes);
        self.work.report(Event::ChunkPacked {
            rendition: part.id.clone(),
            number: packed.index.number,
            bytes: packed.index.bytes,
            segments: packed.index.segments.len() as u32,
        });
        // the uploader is gone only when the work has stopped
        self.chunks.send(packed).await.map_err(|_| Stopped::Cancelled)
    }
}

/// Notes in the journal what renditions come to, once it is known of which bytes they were made: then they need not be
/// made again.
pub(super) async fn recorded(work: &Arc<Work>, packed: &mut [PackedRendition]) -> Result<(), Stopped> {
    let Some(hash) = work.source.hash() else { return Ok(()) };
    for part in packed.iter_mut().filter(|part| !part.is_recorded) {
        let PackedRendition { id, traits, chunks, bytes, .. } = part.clone();
        work.record(Record::Packed { rendition: id, chunks, bytes, traits: Some(traits), source_sha256: Some(hash) })
            .await?;
        part.is_recorded = true;
    }
    Ok(())
}

pub(super) fn unreadable(error: io::Error) -> Stopped {
    Stopped::Failed(Error::Read(error).fault())
}

/// Frames a chunk of these closed segments and hashes it, in three passes over their files that run side by side: the
/// CRC-32 of a segment, which its header states, is taken while those before it are hashed. Blocking.
pub fn build(
    manifest: &Manifest<'_>,
    chunk: &Chunk,
    closed: &[ClosedSegment],
    progress: impl FnMut(u64) + Send,
) -> io::Result<(ChunkIndex, CodeZip)> {
    let manifest = serde_json::to_vec(manifest).expect("a manifest is plain data");
    let mut segments = Vec::with_capacity(closed.len());
    let mut pieces = Vec::new();
    let list = |put: &mut dyn FnMut(Part)| {
        let mut framer = Framer::default();
        for (segment, file) in chunk.segments.iter().zip(closed) {
            let &Segment { bytes, duration_us, discontinuity, .. } = segment;
            let payload = Part::File { path: file.path.clone(), bytes };
            let crc32 = crc32_of(payload.clone())?;
            let header =
                framer.header(&Entry { name: segment.entry_name(file.container()), bytes: bytes as u32, crc32 });
            let mut offset = header.payload_offset;
            segments.push(SegmentIndex { offset, bytes, duration_us, crc32, discontinuity });
            for &Piece { bytes, duration_us, open } in &file.pieces {
                pieces.push(PieceIndex { offset, bytes, duration_us, open });
                offset += bytes;
            }
            put(Part::Memory(header.bytes.into()));
            put(payload);
        }
        let (bytes, crc32) = (manifest.len() as u32, crc32fast::hash(&manifest));
        put(Part::Memory(framer.header(&Entry { name: MANIFEST_ENTRY.to_owned(), bytes, crc32 }).bytes.into()));
        put(Part::Memory(manifest.into()));
        put(Part::Memory(framer.trailer().into()));
        Ok(())
    };
    let code = CodeZip::measure(list, progress)?;
    if closed.iter().all(|file| file.pieces.len() < 2) {
        pieces.clear();
    }
    let (number, bytes, sha256) = (chunk.number, code.bytes(), code.code_sha256());
    let index = ChunkIndex { number, bytes, sha256, segments, pieces };
    Ok((index, code))
}

fn crc32_of(payload: Part) -> io::Result<u32> {
    let mut reader = Reader::new([payload].into_iter());
    let mut hasher = crc32fast::Hasher::new();
    let mut block = vec![0; 128 * 1024];
    loop {
        match reader.fill(&mut block)? {
            0 => return Ok(hasher.finalize()),
            length => hasher.update(&block[..length]),
        }
    }
}
