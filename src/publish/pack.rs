//! The packing: closed segments become chunks. A chunk is never written: its frame is computed, its hashes are taken
//! from the segments while they are still in the page cache, and the upload reads them again.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use tokio::sync::mpsc::{Receiver, Sender};

use super::{split::ClosedSegment, upload::packed_chunk::PackedChunk, work::Work};
use crate::{
    media::measure,
    model::{
        chunk::{
            pack::{Chunk, MANIFEST_ENTRY, Manifest, PackError, Packer, Segment},
            zip::{Entry, Framer},
        },
        media::{decide::MediaPlan, facts::Measured},
        reel::index::{ChunkIndex, SegmentIndex},
        report::{
            event::{Event, JobName, Unit},
            fault::{Explain, FaultClass, Stopped},
        },
    },
    running::reporter::JobHandle,
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

/// Runs until the segments end. The chunks are packed in order.
pub(super) async fn pack(
    work: &Arc<Work>,
    plan: &MediaPlan,
    mut segments: Receiver<ClosedSegment>,
    chunks: Sender<PackedChunk>,
) -> Result<Measured, Stopped> {
    let job = work.job(JobName::Pack, Unit::Bytes);
    job.started(1);
    let result = tokio::select! {
        result = pack_all(work, plan, &mut segments, &chunks, &job) => result,
        () = work.control.cancel.cancelled() => Err(Stopped::Cancelled),
        () = work.control.last_attempt.cancelled() => Err(Stopped::Cancelled),
    };
    job.ended(&result);
    result
}

async fn pack_all(
    work: &Arc<Work>,
    plan: &MediaPlan,
    segments: &mut Receiver<ClosedSegment>,
    chunks: &Sender<PackedChunk>,
    job: &JobHandle,
) -> Result<Measured, Stopped> {
    let stopped = |error: PackError| Stopped::Failed(Error::Rule(error).fault());
    let mut packer = Packer::new(work.order.cut.chunk_limit);
    let mut waiting = VecDeque::new();
    let mut measured = None;
    while let Some(closed) = segments.recv().await {
        let ClosedSegment { number, bytes, duration_us, discontinuity, .. } = closed;
        work.report(Event::SegmentClosed {
            rendition: work.rendition.clone(),
            segment: number,
            bytes,
            duration: Duration::from_micros(duration_us),
        });
        if measured.is_none() {
            let measure = measure::measure_segment(&closed, plan).await;
            measured = Some(measure?);
        }
        waiting.push_back(closed);
        if let Some(chunk) = packer.push(Segment { number, bytes, duration_us, discontinuity }).map_err(stopped)? {
            deliver(work, chunk, &mut waiting, chunks, job).await?;
        }
    }
    // a split that failed closes its channel too: what it left is no whole chunk
    if work.control.cancel.is_cancelled() || work.control.last_attempt.is_cancelled() {
        return Err(Stopped::Cancelled);
    }
    if let Some(chunk) = packer.finish().map_err(stopped)? {
        deliver(work, chunk, &mut waiting, chunks, job).await?;
    }
    // no segment at all: the split has failed and says why
    measured.ok_or(Stopped::Cancelled)
}

async fn deliver(
    work: &Arc<Work>,
    chunk: Chunk,
    waiting: &mut VecDeque<ClosedSegment>,
    chunks: &Sender<PackedChunk>,
    job: &JobHandle,
) -> Result<(), Stopped> {
    let closed: Vec<ClosedSegment> = waiting.drain(..chunk.segments.len()).collect();
    let (here, count) = (work.clone(), job.count().clone());
    let packed = tokio::task::spawn_blocking(move || {
        let manifest = Manifest::new(&here.order.reel, here.generation, &here.rendition, &chunk);
        let (index, code) = build(&manifest, &chunk, &closed, |bytes| count.add(bytes))?;
        let files = closed.into_iter().map(|file| (file.path, file.bytes)).collect();
        Ok(PackedChunk { index, code, files })
    });
    let packed = packed.await.expect("packing does not panic");
    let packed = packed.map_err(unreadable)?;
    work.report(Event::ChunkPacked {
        rendition: work.rendition.clone(),
        number: packed.index.number,
        bytes: packed.index.bytes,
        segments: packed.index.segments.len() as u32,
    });
    // the uploader is gone only when the work has stopped
    chunks.send(packed).await.map_err(|_| Stopped::Cancelled)
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
    let list = |put: &mut dyn FnMut(Part)| {
        let mut framer = Framer::default();
        for (segment, file) in chunk.segments.iter().zip(closed) {
            let &Segment { bytes, duration_us, discontinuity, .. } = segment;
            let payload = Part::File { path: file.path.clone(), bytes };
            let crc32 = crc32_of(payload.clone())?;
            let header =
                framer.header(&Entry { name: segment.entry_name(file.container()), bytes: bytes as u32, crc32 });
            segments.push(SegmentIndex { offset: header.payload_offset, bytes, duration_us, crc32, discontinuity });
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
    let index = ChunkIndex { number: chunk.number, bytes: code.bytes(), sha256: code.code_sha256(), segments };
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
