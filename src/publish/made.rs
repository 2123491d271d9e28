//! All chunks of the reel, deployed: made, found there already, and made again where they vanish, before the index
//! promises them and after.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, PoisonError},
};

use tokio::sync::mpsc;

use super::{
    look::{self, Look},
    produce::produce,
    upload::{self, Uploaded, packed_chunk::PackedChunk},
    work::Work,
};
use crate::{
    media::ffmpeg::Tools,
    model::{
        hls::playlist::{self, Bandwidth},
        media::decide::MediaPlan,
        reel::{
            index::{Container, GenerationIndex, InitIndex, RenditionIndex},
            name::RenditionId,
        },
        report::{
            event::{Event, JobName, Unit},
            fault::Stopped,
        },
    },
    remote::deployed::Deployed,
    state::journal::{Record, Traits},
    storage::sight::Whole,
};

/// How often chunks that vanish are made again.
const MENDINGS: u32 = 3;

/// What chunks are made of.
#[derive(Clone, Copy)]
pub(super) struct Making<'a> {
    pub work: &'a Arc<Work>,
    pub tools: &'a Tools,
    pub plan: &'a MediaPlan,
    /// Of this attempt.
    pub folder: &'a Path,
}

/// The init section of each rendition that has one.
pub(super) type Inits = BTreeMap<RenditionId, Vec<u8>>;

/// All chunks of the reel, deployed.
#[derive(Clone)]
pub(super) struct Made {
    pub generation: GenerationIndex,
    pub inits: Inits,
    pub sent_bytes: u64,
}

/// Nothing is left to do for the chunks; says so of each stage and chunk.
pub(super) fn skip(work: &Work, generation: GenerationIndex, inits: Inits) -> Made {
    for (name, unit) in
        [(JobName::Split, Unit::MediaTime), (JobName::Pack, Unit::Bytes), (JobName::Upload, Unit::Bytes)]
    {
        work.job(name, unit).skipped("every chunk is deployed already");
    }
    for (rendition, chunks) in &generation.renditions {
        for chunk in &chunks.chunks {
            let (number, bytes) = (chunk.number, chunk.bytes);
            work.report(Event::ChunkDeployed { rendition: rendition.clone(), number, bytes, sent: 0, attempts: 0 });
        }
    }
    Made { generation, inits, sent_bytes: 0 }
}

pub(super) fn generation_index(work: &Work, uploaded: &Uploaded, traits: Traits) -> (GenerationIndex, Inits) {
    let chunks: Vec<_> = uploaded.chunks.values().cloned().collect();
    let segments: Vec<_> = chunks.iter().flat_map(|chunk| chunk.segments.iter().copied()).collect();
    let Bandwidth { peak, average } = playlist::bandwidth(&segments);
    let rendition = RenditionIndex {
        container: if traits.init.is_some() { Container::Mp4 } else { Container::Ts },
        bandwidth: peak,
        average_bandwidth: average,
        codecs: traits.codecs,
        resolution: traits.resolution,
        frame_rate: traits.frame_rate,
        video_range: traits.video_range,
        supplemental_codecs: traits.supplemental_codecs,
        init: traits.init.as_deref().map(InitIndex::of),
        independent: Some(traits.independent),
        chunks,
    };
    let inits = traits.init.map(|init| (work.rendition.clone(), init)).into_iter().collect();
    let index = GenerationIndex {
        generation: work.generation,
        duration_ms: segments.iter().map(|segment| segment.duration_us).sum::<u64>() / 1000,
        segment_seconds: work.order.cut.segment_length.as_secs_f64(),
        chunk_limit_bytes: work.order.cut.chunk_limit,
        source_sha256: work.source.hash(),
        wanted: work.wanted(),
        damaged: Vec::new(),
        subtitles: Vec::new(),
        chapters: None,
        captions: false,
        renditions: BTreeMap::from([(work.rendition.clone(), rendition)]),
    };
    (index, inits)
}

impl Making<'_> {
    pub async fn make(self, deployed: Deployed) -> Result<Made, Stopped> {
        self.make_in(self.folder, deployed).await
    }

    async fn make_in(self, folder: &Path, deployed: Deployed) -> Result<Made, Stopped> {
        let Self { work, tools, plan, .. } = self;
        let (summary, measured, uploaded) = produce(work, tools, plan, folder, deployed).await?;
        *work.heard.lock().unwrap_or_else(PoisonError::into_inner) = summary.damage.clone();
        let traits = Traits::new(measured, summary.independent);
        let (generation, inits) = generation_index(work, &uploaded, traits.clone());
        let (chunks, bytes) = (uploaded.chunks.len() as u32, generation.bytes());
        work.record(Record::Packed { chunks, bytes, traits: Some(traits), source_sha256: work.source.hash() }).await?;
        Ok(Made { generation, inits, sent_bytes: uploaded.sent_bytes })
    }

    /// Looks at all chunks again: another machine may have taken some away, with an older zipreel or by hand. What is
    /// gone is made again.
    pub async fn mend(self, mut made: Made) -> Result<(Made, Whole), Stopped> {
        let mut round = 0;
        loop {
            let (missing, deployed) = match look::look(self.work, &made.generation).await? {
                Look::Whole(whole) => return Ok((made, whole)),
                Look::Missing { missing, .. } if round == MENDINGS => {
                    return Err(Stopped::Failed(look::vanishing(self.work, &missing)));
                }
                Look::Missing { missing, deployed } => (missing, deployed),
            };
            let line = format!("{} chunks are gone since they were deployed: they are made again", missing.len());
            self.work.report(Event::Log { job: JobName::Upload, line });
            let before = made.sent_bytes;
            made = match self.work.kept(&missing) {
                Some(kept) => self.send_again(made, kept, deployed).await?,
                None => self.make_in(&self.folder.join(format!("again-{round}")), deployed).await?,
            };
            made.sent_bytes += before;
            round += 1;
        }
    }

    /// A second encoding may give other bytes: the segments of the first are there still.
    async fn send_again(self, made: Made, kept: Vec<PackedChunk>, deployed: Deployed) -> Result<Made, Stopped> {
        let (chunks, packed) = mpsc::channel(kept.len().max(1));
        for chunk in kept {
            // as many as there is room for
            let _ = chunks.try_send(chunk);
        }
        drop(chunks);
        let uploaded = upload::upload(self.work, packed, deployed).await?;
        Ok(Made { sent_bytes: uploaded.sent_bytes, ..made })
    }
}
