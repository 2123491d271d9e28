//! What is published decodes: a few segments are kept until all are made, and their ends go through a decoder before the
//! index promises them. Where it complains, so does all of the segment, and the same stretch of the source tells whether
//! the video was so before.

mod excerpt;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::Path,
    sync::PoisonError,
    time::Duration,
};

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::Mutex as AsyncMutex;
use tokio_util::sync::CancellationToken;

use self::excerpt::{DECODED_MAX, Excerpt};
use super::{
    samples::{self, Sample},
    work::{Rendition, Work},
};
use crate::{
    media::{
        decode::{self, Decoded, Outcome, Outputs, Placed, READ_AHEAD, Segment, Stretch},
        ffmpeg::Tools,
    },
    model::{
        media::{damage::Places, segment::pieces::Piece, streams::words::describe},
        reel::index::{Container, GenerationIndex, PieceIndex, RenditionIndex},
        report::{
            event::{Event, JobName},
            fault::{Fault, Stopped},
        },
    },
    remote::served::{self, Expected, expected_of},
    running::{attempt::attempts, reporter::JobHandle},
    storage::player::{Player, PlayerError},
};

/// Longest stretch of the source that is decoded before the one that is looked at.
const LEAD_MAX: Duration = Duration::from_secs(6);
/// So many decoders work at once.
const DECODERS: usize = 2;

/// What is proved of a rendition's samples, and by what.
pub(super) struct Proof<'a> {
    pub work: &'a Work,
    pub tools: &'a Tools,
    pub part: &'a Rendition,
    /// Every segment begins with an IDR picture, so that its decoder has nothing to complain of.
    pub independent: bool,
}

impl<'a> Proof<'a> {
    /// Of each rendition, with what is wrong with it.
    pub async fn of_all_made(
        work: &'a Work,
        tools: &'a Tools,
        generation: &GenerationIndex,
    ) -> Result<Vec<(Self, Option<Vec<u32>>)>, Stopped> {
        let mut proved = Vec::new();
        for part in &work.renditions {
            let rendition = generation.renditions.get(&part.id);
            let independent = rendition.is_some_and(|rendition| rendition.independent == Some(true));
            let proof = Self { work, tools, part, independent };
            let wrong = proof.of_made().await?;
            proved.push((proof, wrong));
        }
        Ok(proved)
    }

    /// Its segments as the index has them.
    pub fn expected(&self, generation: &GenerationIndex) -> Vec<Expected> {
        let own = generation.renditions.get(&self.part.id);
        own.map(|rendition| expected_of(&self.part.id, rendition)).unwrap_or_default()
    }

    /// Of what was made in this run, before it is promised: the numbers of segments that do not decode, and neither does
    /// the video there. `None` if nothing was made.
    pub async fn of_made(&self) -> Result<Option<Vec<u32>>, Stopped> {
        let samples = self.part.samples.all();
        let wrong = self.of(&samples).await?;
        Ok((!samples.is_empty()).then(|| wrong.iter().map(|sample| sample.number).collect()))
    }

    /// Reads samples of what an earlier run made, as a player does, to below `folder`; none if the disk has no room. That it
    /// can't be read says nothing of whether it decodes.
    pub async fn served(
        &self,
        generation: &GenerationIndex,
        folder: &Path,
        job: &JobHandle,
    ) -> Result<Vec<Sample>, Stopped> {
        let expected = self.expected(generation);
        let own = generation.renditions.get(&self.part.id);
        let packed = own.map_or(Container::Ts, |rendition| rendition.container);
        let (ending, init) = (packed.extension(), folder.join(format!("served-{}-init.mp4", self.part.id)));
        let init = Some(init).filter(|_| packed == Container::Mp4);
        let chosen = samples::places(&expected);
        let (mut samples, mut start) = (Vec::new(), Duration::ZERO);
        for (place, Expected { segment, .. }) in expected.iter().enumerate() {
            let length = Duration::from_micros(segment.duration_us);
            if let Some(ends) = chosen.get(&place).copied() {
                let file = folder.join(format!("served-{}-{place:06}.{ending}", self.part.id));
                let (number, init, breaks) = (place as u32, init.clone(), segment.discontinuity);
                let pieces = own.map(|rendition| pieces_of(rendition, place)).unwrap_or_default();
                samples.push(Sample { number, file, init, start, length, breaks, pieces, ends });
            }
            start += length;
        }
        let player = Player::new()?;
        let reel = format!("{}{}/", self.work.reached.gate, self.work.order.reel);
        let base = format!("{reel}{}/", generation.generation);
        // what was read once is not read again
        let there = AsyncMutex::new(0);
        let attempt = async |_| {
            let mut there = there.lock().await;
            if let Some(rendition) = own.filter(|_| *there == 0) {
                let bytes = served::init(&player, &reel, generation.generation, &self.part.id, rendition).await?;
                if let Some(Err(error)) = bytes.zip(init.as_ref()).map(|(bytes, file)| fs::write(file, bytes)) {
                    return Ok(Err(error));
                }
            }
            while let Some(Sample { number, file, .. }) = samples.get(*there) {
                let read = read(&player, &base, &expected[*number as usize], file).await?;
                if read.is_err() {
                    return Ok::<_, PlayerError>(read);
                }
                *there += 1;
            }
            Ok(Ok(()))
        };
        match attempts(job, &self.work.control, &self.work.retry, attempt, |_| ()).await? {
            Ok(()) => Ok(samples),
            Err(error) => {
                note(self.work, &error.to_string());
                Ok(Vec::new())
            }
        }
    }

    /// Of such samples: fails with those alone that do not decode where the video does.
    pub async fn of_served(&self, samples: &[Sample]) -> Result<(), Stopped> {
        let mut damaged = Places::default();
        let wrong = self.of(samples).await?;
        wrong.iter().for_each(|sample| damaged.add(sample.start, sample.start + sample.length));
        self.hears(&damaged);
        Ok(())
    }

    /// Refuses what does not decode, unless the source does not either: gives what that is.
    async fn of<'b>(&self, samples: &'b [Sample]) -> Result<Vec<&'b Sample>, Stopped> {
        let excerpts = excerpt::of(samples).await.map(Some);
        let excerpts = self.decoded(excerpts)?.unwrap_or_default();
        let (mut suspects, mut usable, mut first) = (BTreeSet::new(), false, None);
        // what does not follow the one before gets a decoder that knows nothing of that
        let runs = excerpts.chunk_by(|before, next| next.follows(before));
        let decodings: Vec<_> = runs.map(|run| self.together(run).boxed()).collect();
        let mut decoded = stream::iter(decodings).buffered(DECODERS);
        while let Some((run, together)) = decoded.next().await {
            let Some(together) = self.decoded(together)? else { return Ok(Vec::new()) };
            if together.is_right() {
                usable = true;
            } else {
                suspects.extend(run.iter().map(|excerpt| excerpt.number));
                first.get_or_insert(together);
            }
        }
        drop(decoded);
        let Some(complaint) = first else { return Ok(Vec::new()) };
        // a part may lack what its segment has, and a segment what the one before has
        let all: Vec<Segment<'_>> = (0..samples.len()).map(|place| segment(samples, place)).collect();
        let together = self.decoded(decode::segments(self.tools, &all, self.cancel()).await)?;
        if together.is_none_or(|together| together.is_right()) {
            return Ok(Vec::new());
        }
        match self.of_whole(samples, &suspects, &mut usable).await? {
            Some(_) if !usable => Err(Stopped::Failed(garbage(self, &complaint))),
            wrong => Ok(wrong.unwrap_or_default()),
        }
    }

    /// The same of all of the segments with these numbers. `None` if a decoder came to no end; `usable` is set where one makes something of a segment.
    async fn of_whole<'b>(
        &self,
        samples: &'b [Sample],
        numbers: &BTreeSet<u32>,
        usable: &mut bool,
    ) -> Result<Option<Vec<&'b Sample>>, Stopped> {
        let mut wrong = Vec::new();
        let all: Vec<Segment<'_>> = (0..samples.len()).map(|place| segment(samples, place)).collect();
        for (place, sample) in samples.iter().enumerate().filter(|(_, sample)| numbers.contains(&sample.number)) {
            let before = place.checked_sub(1).filter(|before| sample.follows(&samples[*before]));
            let (segment, lead) = (all[place], before.map(|before| all[before]));
            let placed = Placed { segment, lead, is_first: sample.number == 0, independent: self.independent };
            let Some(outcome) = self.decoded(placed.decoded(self.tools, self.cancel()).await)? else {
                return Ok(None);
            };
            *usable |= !matches!(&outcome, Outcome::Wrong(made) if !made.is_usable());
            let (made, from) = match outcome {
                Outcome::Right => continue,
                Outcome::Wrong(made) => (made, sample.start),
                Outcome::Stumbles(made) => (made, before.map_or(sample.start, |before| samples[before].start)),
            };
            // what a torn end says comes behind it
            let length = sample.start + sample.length + READ_AHEAD - from;
            let Some(source) = self.source(from, length).await? else { return Ok(None) };
            if source.is_right() {
                return Err(Stopped::Failed(spoilt(self.work, sample.start, &made)));
            }
            // that a decoder stumbles over a change is no damage
            if from == sample.start {
                wrong.push(sample);
            }
        }
        Ok(Some(wrong))
    }

    /// Of excerpts that follow each other; of a long beginning no more than is needed.
    async fn together<'b>(&self, run: &'b [Excerpt]) -> (&'b [Excerpt], io::Result<Option<Decoded>>) {
        let all: Vec<Segment<'_>> =
            (0..run.len()).map(|place| run[place].segment(place.checked_sub(1).map(|before| &run[before]))).collect();
        let most = match run {
            [beginning] if !beginning.ends => Some(DECODED_MAX),
            _ => None,
        };
        (run, decode::hls(self.tools, &all, (most, Outputs::Apart), self.cancel()).await)
    }

    /// What a decoder makes of a stretch of the source. `None` if it came to no end.
    pub async fn source(&self, start: Duration, length: Duration) -> Result<Option<Decoded>, Stopped> {
        // decoders take what is before it up to a keyframe; more may lie behind a change of the stream
        let way = self.work.order.cut.segment_length.min(LEAD_MAX) + READ_AHEAD;
        let stretch = Stretch { lead: start.saturating_sub(way), start, length };
        self.decoded(decode::source(self.tools, &self.work.order.video, &self.part.plan, stretch, self.cancel()).await)
    }

    /// What is wrong with the source is damage of it, if none is known.
    pub fn hears(&self, damaged: &Places) {
        let known = self.work.damage(&self.part.plan);
        if known.corrupt.is_empty() && known.lost.is_empty() {
            self.work.heard.lock().unwrap_or_else(PoisonError::into_inner).corrupt.merge(damaged);
        }
    }

    fn cancel(&self) -> &CancellationToken {
        &self.work.control.cancel
    }

    /// `None`: no decoder came to an end, which says nothing of the video.
    fn decoded<T>(&self, result: io::Result<Option<T>>) -> Result<Option<T>, Stopped> {
        if self.cancel().is_cancelled() {
            return Err(Stopped::Cancelled);
        }
        match result {
            Ok(Some(decoded)) => return Ok(Some(decoded)),
            Ok(None) => note(self.work, "it took too long"),
            Err(error) => note(self.work, &error.to_string()),
        }
        Ok(None)
    }
}

/// One of the samples; what does not follow the one before it begins anew.
fn segment(samples: &[Sample], place: usize) -> Segment<'_> {
    let sample = &samples[place];
    let follows = place.checked_sub(1).is_some_and(|before| sample.follows(&samples[before]));
    Segment { file: &sample.file, init: sample.init.as_deref(), breaks: sample.breaks || !follows }
}

/// What a segment is made of, as the index has it.
fn pieces_of(rendition: &RenditionIndex, place: usize) -> Vec<Piece> {
    let segments = rendition.chunks.iter().flat_map(|chunk| chunk.segments.iter().map(move |segment| (chunk, segment)));
    let Some((chunk, segment)) = segments.into_iter().nth(place) else { return Vec::new() };
    let inside = segment.offset..segment.offset + segment.bytes;
    let pieces = chunk.pieces.iter().filter(|piece| inside.contains(&piece.offset));
    pieces.map(|&PieceIndex { bytes, duration_us, open, .. }| Piece { bytes, duration_us, open }).collect()
}

/// The inner error is the disk's.
async fn read(player: &Player, base: &str, expected: &Expected, file: &Path) -> Result<io::Result<()>, PlayerError> {
    let Expected { uri, segment } = expected;
    let url = format!("{base}{uri}");
    let mut written = File::create(file).map(BufWriter::new);
    let keep = |block: &[u8]| {
        let kept = written.as_mut().map(|file| file.write_all(block));
        if let Ok(Err(error)) = kept {
            written = Err(error);
        }
    };
    let read = player.range(&url, segment.offset, segment.bytes, keep).await?;
    // what came otherwise than it was packed would be taken for a fault of the reel
    if (read.bytes, read.crc32) != (segment.bytes, segment.crc32) {
        return Err(PlayerError::content(&url, "it has other bytes than were packed"));
    }
    Ok(written.and_then(|mut file| file.flush()))
}

fn note(work: &Work, why: &str) {
    let line = format!("what was made could not be decoded for a proof: {why}");
    work.report(Event::Log { job: JobName::Split, line });
}

fn garbage(proof: &Proof<'_>, together: &Decoded) -> Fault {
    let Proof { work, part, .. } = proof;
    let track = part.plan.audio.as_ref().filter(|_| part.told.is_some()).map(|plan| describe(&plan.stream));
    let (of, way) = match track {
        Some(track) => (format!("{track}, which is part of it,"), " Or leave that track out, with --audio."),
        None => ("it".to_owned(), ""),
    };
    let what = format!("could not publish the video `{}`: nothing of {of} can be played", work.order.video.display());
    let words = together.complaints.words().map(|words| format!(" ffmpeg said: “{words}”")).unwrap_or_default();
    Fault::permanent(what)
        .because("it is encrypted, or damaged throughout")
        .hint(format!("Nothing of it is visible. Check that it plays elsewhere.{way}{words}"))
}

fn spoilt(work: &Work, start: Duration, made: &Decoded) -> Fault {
    let (video, at) = (work.order.video.display(), start.as_secs_f64());
    let what = format!("could not publish the video `{video}`: what was made of it can't be played at {at:.1} s");
    let words = made.complaints.words().unwrap_or("neither pictures nor sound come out");
    Fault::permanent(what).because(format!("the video decodes there, and the segment does not: {words}")).hint(
        "Nothing is visible. Convert the video to H.264 and AAC, or try another build of ffmpeg; and please report it \
         with the log.",
    )
}
