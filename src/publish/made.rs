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
    pack::{self, PackedRendition},
    produce::{Batch, Produced},
    upload::{self, packed_chunk::PackedChunk},
    work::{Rendition, Work},
};
use crate::{
    media::{cut::breaks::Timeline, ffmpeg::Tools},
    model::{
        chunk::limits::{self, Held},
        cost::Viewed,
        hls::playlist::{self, Bandwidth},
        reel::{
            index::{ChunkIndex, Container, GenerationIndex, Grain, InitIndex, Largest, RenditionIndex, SegmentIndex},
            name::RenditionId,
        },
        report::{
            event::{Event, JobName, Unit},
            fault::Stopped,
        },
        wording,
    },
    remote::deployed::Deployed,
    state::journal::Traits,
    storage::sight::Whole,
};

/// How often chunks that vanish are made again.
const MENDINGS: u32 = 3;

/// What chunks are made of.
#[derive(Clone, Copy)]
pub(super) struct Making<'a> {
    pub work: &'a Arc<Work>,
    pub tools: &'a Tools,
    /// Of this attempt.
    pub folder: &'a Path,
}

/// The init section of each rendition that has one.
pub(super) type Inits = BTreeMap<RenditionId, Vec<u8>>;

/// Renditions that are whole.
#[derive(Clone, Default)]
pub(super) struct Renditions {
    pub indexes: BTreeMap<RenditionId, RenditionIndex>,
    pub inits: Inits,
}

impl Renditions {
    pub fn add(&mut self, part: &Rendition, traits: Traits, chunks: Vec<ChunkIndex>) {
        self.inits.extend(traits.init.clone().map(|init| (part.id.clone(), init)));
        self.indexes.insert(part.id.clone(), rendition_index(part, traits, chunks));
    }
}

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
    are_there(work, &generation.renditions);
    Made { generation, inits, sent_bytes: 0 }
}

/// Says so of each chunk.
fn are_there(work: &Work, renditions: &BTreeMap<RenditionId, RenditionIndex>) {
    for (rendition, chunks) in renditions {
        for chunk in &chunks.chunks {
            let (number, bytes) = (chunk.number, chunk.bytes);
            work.report(Event::ChunkDeployed { rendition: rendition.clone(), number, bytes, sent: 0, attempts: 0 });
        }
    }
}

/// What the index says of a rendition; without its chunks, it has none yet.
fn rendition_index(part: &Rendition, traits: Traits, chunks: Vec<ChunkIndex>) -> RenditionIndex {
    let segments: Vec<_> = chunks.iter().flat_map(|chunk| &chunk.segments).map(SegmentIndex::extent).collect();
    let Bandwidth { peak, average } = playlist::bandwidth(&segments);
    RenditionIndex {
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
        beside: part.told.clone(),
        chunks,
    }
}

pub(super) fn generation_index(work: &Work, renditions: BTreeMap<RenditionId, RenditionIndex>) -> GenerationIndex {
    let length = |rendition: &RenditionIndex| rendition.segments().map(|segment| segment.duration_us).sum::<u64>();
    let made = GenerationIndex {
        generation: work.generation,
        duration_ms: 0,
        segment_seconds: work.order.cut.segment_length.as_secs_f64(),
        grows: work.order.cut.grows(),
        pes_lengths: work.order.cut.pes_lengths,
        chunk_limit_bytes: work.order.cut.chunk_limit,
        source_sha256: work.source.hash(),
        wanted: work.wanted().of_chunks(),
        largest: None,
        damaged: Vec::new(),
        subtitles: Vec::new(),
        chapters: None,
        former: Vec::new(),
        captions: false,
        renditions,
    };
    let duration_ms = made.variants().map(|(_, rendition)| length(rendition)).max().unwrap_or(0) / 1000;
    let viewed = Viewed::of(&made);
    let largest = |grain| viewed.largest(grain);
    let both = Largest { segment: largest(Grain::Segments), piece: largest(Grain::Pieces) };
    GenerationIndex { duration_ms, largest: made.has_pieces().then_some(both), ..made }
}

impl Making<'_> {
    /// `before`: renditions that are there whole.
    pub async fn make(self, deployed: Deployed, before: Renditions) -> Result<Made, Stopped> {
        are_there(self.work, &before.indexes);
        self.make_in(self.folder, deployed, before).await
    }

    async fn make_in(self, folder: &Path, deployed: Deployed, before: Renditions) -> Result<Made, Stopped> {
        let Self { work, tools, .. } = self;
        let timeline = |rendition: &RenditionIndex| {
            let mut timeline = Timeline::default();
            rendition.segments().for_each(|segment| timeline.add(segment.duration_us, segment.discontinuity));
            timeline
        };
        let there = before.indexes.values().map(|rendition| Held { bytes: limits::json_bytes(rendition), until: None });
        let batch = Batch {
            work,
            tools,
            folder,
            parts: work.renditions.iter().filter(|part| !before.indexes.contains_key(&part.id)).collect(),
            picture: before.indexes.get(&RenditionId::source()).map(timeline),
            held: work.beside.iter().cloned().chain(there).collect(),
        };
        let Produced { mut parts, uploaded, heard } = batch.produce(deployed).await?;
        work.heard.lock().unwrap_or_else(PoisonError::into_inner).merge(&heard);
        pack::recorded(work, &mut parts).await?;
        let mut renditions = before;
        for PackedRendition { id, traits, .. } in parts {
            let chunks = uploaded.chunks.iter().filter(|(chunk, _)| chunk.rendition == id);
            let chunks = chunks.map(|(_, chunk)| chunk.clone()).collect();
            if let Some(part) = work.renditions.iter().find(|part| part.id == id) {
                renditions.add(part, traits, chunks);
            }
        }
        let Renditions { indexes, inits } = renditions;
        Ok(Made { generation: generation_index(work, indexes), inits, sent_bytes: uploaded.sent_bytes })
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
            let (gone, number) = (wording::count(missing.len() as u64, "chunk"), missing.len() as u64);
            let [are, they, were] =
                [["is", "are"], ["it", "they"], ["was", "were"]].map(|forms| wording::verb(number, forms));
            let line = format!("{gone} {are} gone since {they} {were} deployed: {they} {are} made again");
            self.work.report(Event::Log { job: JobName::Upload, line });
            let before = made.sent_bytes;
            made = match self.work.kept(&missing) {
                Some(kept) => self.send_again(made, kept, deployed).await?,
                None => {
                    let (mut indexes, mut inits) = (made.generation.renditions, made.inits);
                    let is_whole = |id: &RenditionId| !missing.iter().any(|chunk| chunk.rendition == *id);
                    indexes.retain(|id, _| is_whole(id));
                    inits.retain(|id, _| is_whole(id));
                    let before = Renditions { indexes, inits };
                    self.make_in(&self.folder.join(format!("again-{round}")), deployed, before).await?
                }
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
