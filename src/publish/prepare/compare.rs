//! Cut and compare: whether a video makes a generation that is served, where the index does not know of which it was
//! made. It is cut as that was, and each chunk held against what the index promises. Nothing is deployed.

use std::{collections::VecDeque, path::Path, sync::Arc};

use tokio::sync::mpsc::{self, Receiver};

use crate::{
    media::ffmpeg::Tools,
    model::{
        chunk::{
            limits::{Limits, Sum},
            pack::{Chunk, Manifest, Packer, Segment, lengths},
        },
        media::decide::MediaPlan,
        reel::{index::GenerationIndex, name::RenditionId, order::Order},
        report::{
            event::{JobName, Unit},
            fault::{Explain, Stopped},
        },
    },
    publish::{
        pack,
        split::{Backlog, ClosedSegment, Share, Split, SplitError},
    },
    running::reporter::{Control, JobHandle, Reporter},
};

pub(crate) struct Cut<'a> {
    pub order: &'a Order,
    /// Of the place where the reel is.
    pub limits: Limits,
    pub tools: &'a Tools,
    pub plan: &'a MediaPlan,
    pub reporter: &'a Arc<dyn Reporter>,
    pub control: &'a Control,
}

impl Cut<'_> {
    /// `folder`: for segments, and empty. Ends at the first chunk that differs.
    pub async fn makes(&self, promised: &GenerationIndex, folder: &Path) -> Result<bool, Stopped> {
        let job = JobHandle::queued(self.reporter.clone(), JobName::Split, Unit::MediaTime);
        job.started(1);
        job.log(format!("the index of version {} has no hash of its video: cut and compare", promised.generation));
        let result = self.split(&job, promised, folder).await;
        job.ended(&result);
        result
    }

    async fn split(&self, job: &JobHandle, promised: &GenerationIndex, folder: &Path) -> Result<bool, Stopped> {
        let backlog = Backlog::new(self.order.backlog_bytes());
        let split = Split {
            tools: self.tools,
            video: &self.order.video,
            plan: self.plan,
            lengths: lengths(&self.order.cut, self.plan.video.is_some()),
            step: self.order.cut.keyframe_length(),
            lengths_us: &[],
            breaks: &[],
            share: Share::whole(self.plan),
            folder,
            backlog: backlog.clone(),
            started: &|_| (),
        };
        let (rendition, duration) = (RenditionId::source(), self.plan.duration);
        let sum = Sum::new(self.limits, self.order.cut.chunk_limit, &rendition, duration, Vec::new())
            .packed_in(self.plan.packaging);
        let (closed, segments) = mpsc::channel(1);
        let comparing = Comparing { order: self.order, promised, backlog, waiting: VecDeque::new(), same: 0 };
        let (split, same) = tokio::join!(split.run(sum, closed, job, self.control), comparing.run(segments));
        match split {
            Ok(_) => same,
            Err(SplitError::Cancelled) if self.control.cancel.is_cancelled() => Err(Stopped::Cancelled),
            // it ended because nobody takes its segments any more
            Err(SplitError::Cancelled) => same,
            // what is served was not too large
            Err(SplitError::Limit { .. }) => Ok(false),
            Err(error) => Err(Stopped::Failed(error.fault())),
        }
    }
}

struct Comparing<'a> {
    order: &'a Order,
    promised: &'a GenerationIndex,
    backlog: Backlog,
    waiting: VecDeque<ClosedSegment>,
    /// Chunks so far.
    same: usize,
}

impl Comparing<'_> {
    async fn run(mut self, mut segments: Receiver<ClosedSegment>) -> Result<bool, Stopped> {
        let mut packer = Packer::new(self.order.cut.chunk_limit);
        while let Some(closed) = segments.recv().await {
            let ClosedSegment { number, bytes, duration_us, discontinuity, .. } = closed;
            self.waiting.push_back(closed);
            // what is served could be packed
            let Ok(chunk) = packer.push(Segment { number, bytes, duration_us, discontinuity }) else {
                return Ok(false);
            };
            if let Some(chunk) = chunk
                && !self.is_promised(chunk).await?
            {
                return Ok(false);
            }
        }
        let Ok(last) = packer.finish() else { return Ok(false) };
        if let Some(chunk) = last
            && !self.is_promised(chunk).await?
        {
            return Ok(false);
        }
        let promised: usize = self.promised.renditions.values().map(|rendition| rendition.chunks.len()).sum();
        Ok(self.same == promised)
    }

    async fn is_promised(&mut self, chunk: Chunk) -> Result<bool, Stopped> {
        let closed: Vec<ClosedSegment> = self.waiting.drain(..chunk.segments.len()).collect();
        let bytes = closed.iter().map(|segment| segment.bytes).sum();
        let (reel, generation) = (self.order.reel.clone(), self.promised.generation);
        let built = tokio::task::spawn_blocking(move || {
            let rendition = RenditionId::source();
            let manifest = Manifest::new(&reel, generation, &rendition, &chunk);
            let built = pack::build(&manifest, &chunk, &closed, |_| ());
            // what can't be removed now goes with the folder
            closed.iter().for_each(|segment| drop(std::fs::remove_file(&segment.path)));
            built
        });
        let (index, _) = built.await.expect("packing does not panic").map_err(pack::unreadable)?;
        self.backlog.remove(bytes);
        self.same += 1;
        let promised = self.promised.chunk(&RenditionId::source(), index.number);
        Ok(promised.is_some_and(|promised| promised.sha256 == index.sha256))
    }
}
