//! What is published decodes: a few segments are kept until all are made, and go through a decoder before the index
//! promises them. Where it complains, the same stretch of the source tells whether the video was so before.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::PoisonError,
    time::Duration,
};

use super::{samples::Sample, work::Work};
use crate::{
    media::{
        decode::{self, Decoded},
        ffmpeg::Tools,
    },
    model::{
        media::decide::MediaPlan,
        reel::index::GenerationIndex,
        report::{
            event::{Event, JobName},
            fault::{Fault, Stopped},
        },
    },
    remote::served::{Expected, expected_of},
    storage::player::Player,
};

/// What is proved of a reel's samples, and by what.
pub(super) struct Proof<'a> {
    pub work: &'a Work,
    pub tools: &'a Tools,
    pub plan: &'a MediaPlan,
    /// Every segment begins with an IDR picture, so that its decoder has nothing to complain of.
    pub independent: bool,
}

impl Proof<'_> {
    /// Of what was made in this run, before it is promised. False if nothing was made, or no decoder came to an end.
    pub async fn of_made(&self) -> Result<bool, Stopped> {
        self.of(&self.work.samples.all()).await
    }

    /// Of what an earlier run made, as a player reads it; below `folder`.
    pub async fn of_served(&self, generation: &GenerationIndex, folder: &Path) -> Result<(), Stopped> {
        let player = Player::new()?;
        let base = format!("{}{}/{}/", self.work.gate, self.work.order.reel, generation.generation);
        let expected: Vec<Expected> = generation.renditions.iter().flat_map(|(id, one)| expected_of(id, one)).collect();
        let last = expected.len().saturating_sub(1);
        let (mut samples, mut start) = (Vec::new(), Duration::ZERO);
        for (place, Expected { uri, segment }) in expected.iter().enumerate() {
            let length = Duration::from_micros(segment.duration_us);
            if [0, last / 2, last].contains(&place) {
                let (url, file) = (format!("{base}{uri}"), folder.join(format!("served{place:06}.ts")));
                let mut written = File::create(&file).map(BufWriter::new);
                let keep = |block: &[u8]| {
                    let kept = written.as_mut().map(|file| file.write_all(block));
                    if let Ok(Err(error)) = kept {
                        written = Err(error);
                    }
                };
                player.range(&url, segment.offset, segment.bytes, keep).await?;
                // a full disk says nothing of the reel
                if let Err(error) = written.and_then(|mut file| file.flush()) {
                    note(self.work, &error.to_string());
                    return Ok(());
                }
                samples.push(Sample { file, start, length });
            }
            start += length;
        }
        self.of(&samples).await.map(drop)
    }

    /// Refuses what does not decode; what is wrong with the source as well is damage of it, if none is known.
    async fn of(&self, samples: &[Sample]) -> Result<bool, Stopped> {
        let files: Vec<PathBuf> = samples.iter().map(|sample| sample.file.clone()).collect();
        if files.is_empty() {
            return Ok(false);
        }
        let Some(together) = self.segments(&files).await? else { return Ok(false) };
        if together.complaints.is_empty() && together.is_usable() {
            return Ok(true);
        }
        let mut usable = 0;
        for (place, sample) in samples.iter().enumerate() {
            let Some(made) = self.segments(std::slice::from_ref(&sample.file)).await? else { return Ok(false) };
            usable += u32::from(made.is_usable());
            let is_right = made.is_usable() && (made.complaints.is_empty() || !self.independent && place > 0);
            if !is_right && !self.was_so_before(sample, &made).await? {
                return Ok(false);
            }
        }
        if usable == 0 { Err(Stopped::Failed(garbage(self.work, &together))) } else { Ok(true) }
    }

    async fn segments(&self, files: &[PathBuf]) -> Result<Option<Decoded>, Stopped> {
        decoded(self.work, decode::segments(self.tools, files, &self.work.control.cancel).await)
    }

    /// Whether the source has something wrong there too; an error if not. False if that could not be found out.
    async fn was_so_before(&self, sample: &Sample, made: &Decoded) -> Result<bool, Stopped> {
        let Self { work, tools, plan, .. } = self;
        let (start, length) = (sample.start, sample.length);
        let before = decode::source(tools, &work.order.video, plan, start, length, &work.control.cancel).await;
        let Some(before) = decoded(work, before)? else { return Ok(false) };
        if before.complaints.is_empty() && before.is_usable() {
            return Err(Stopped::Failed(spoilt(work, sample, made)));
        }
        let known = work.damage(plan);
        if known.corrupt.is_empty() && known.lost.is_empty() {
            let mut heard = work.heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.corrupt.add(start, start + length);
        }
        Ok(true)
    }
}

/// `None`: no decoder came to an end, which says nothing of the video.
fn decoded(work: &Work, result: std::io::Result<Option<Decoded>>) -> Result<Option<Decoded>, Stopped> {
    if work.control.cancel.is_cancelled() {
        return Err(Stopped::Cancelled);
    }
    match result {
        Ok(Some(decoded)) => Ok(Some(decoded)),
        Ok(None) => Ok(note(work, "it took too long")),
        Err(error) => Ok(note(work, &error.to_string())),
    }
}

fn note(work: &Work, why: &str) -> Option<Decoded> {
    let line = format!("what was made could not be decoded for a proof: {why}");
    work.report(Event::Log { job: JobName::Split, line });
    None
}

fn garbage(work: &Work, together: &Decoded) -> Fault {
    let what = format!("could not publish the video `{}`: nothing of it decodes", work.order.video.display());
    let words = together.first_words().map(|words| format!(" ffmpeg said: {words}")).unwrap_or_default();
    Fault::permanent(what)
        .because("it is encrypted, or damaged throughout")
        .hint(format!("Nothing of it is visible. Check that it plays elsewhere.{words}"))
}

fn spoilt(work: &Work, sample: &Sample, made: &Decoded) -> Fault {
    let (video, at) = (work.order.video.display(), sample.start.as_secs_f64());
    let what = format!("could not publish the video `{video}`: what was made of it does not decode at {at:.1} s");
    let words = made.first_words().unwrap_or_else(|| "neither pictures nor sound come out".to_owned());
    Fault::permanent(what).because(format!("the video decodes there, and the segment does not: {words}")).hint(
        "Nothing is visible. Re-encode the video to H.264 and AAC, or try another build of ffmpeg; and please report it \
         with the log.",
    )
}
