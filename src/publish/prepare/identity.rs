//! Which generation a video makes, in view of what the reel's name serves already.
//!
//! Chunks have to be named before a long video can be read to its end, so a generation is told by a first look at it.
//! Videos that differ elsewhere look alike: where one of the served generations may be of such a twin, all bytes decide
//! before anything is sent, and the later of two twins is told by all its bytes.

use std::sync::Arc;

use super::compare::Cut;
use crate::{
    media::{
        ffmpeg::Tools,
        probe,
        source::{Source, another},
        subtitles::{self, Beside},
    },
    model::{
        chunk::limits::Limits,
        media::{
            arguments::still_arguments,
            container::Container,
            decide::{MediaPlan, decide},
        },
        reel::{
            generation::{SourceHash, SourcePrint, generation},
            index::GenerationIndex,
            name::Generation,
            order::{IfTaken, Interrupted, OnDamage, Order, Origin},
        },
        report::fault::{Fault, Stopped},
        shown,
    },
    remote::deployed::Existing,
    running::reporter::{Control, Reporter},
    state::work_folder::attempt_folder,
};

/// The way out for one who wants no damaged video.
pub(crate) const RULED_OUT: &str = "Get it again, or take back `--on-damage fail`.";

pub(crate) struct Video {
    pub plan: MediaPlan,
    pub beside: Vec<Beside>,
    pub source: Arc<Source>,
    pub origin: Origin,
    print: SourcePrint,
    /// Everything that ffmpeg is told to do to the streams: it decides their bytes.
    treatment: String,
}

pub(crate) async fn look_at_video(order: &Order, tools: &Tools, control: &Control) -> Result<Video, Stopped> {
    let media = probe::probe(tools, &order.video, order.cut.wanted, &control.cancel).await?;
    let mut plan = decide(&media, order.cut.transcode)?;
    if order.on_damage == OnDamage::Fail && !plan.damage.is_none() {
        return Err(Stopped::Failed(plan.damage.refusal(&order.video, RULED_OUT)));
    }
    plan.may_end_early = order.on_damage == OnDamage::Accept;
    plan.pes_lengths = order.cut.pes_lengths;
    let dialect = tools.dialect(&plan).await?;
    let video = order.video.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let source = Source::open(&video)?;
        let print = source.print()?;
        Ok::<_, std::io::Error>((Arc::new(source), print))
    });
    let (source, print) = looked.await.expect("reading does not panic").map_err(|error| {
        let what = format!("could not read `{}`", order.video.display());
        Stopped::Failed(Fault::permanent(what).because(error))
    })?;
    let parts = plan.parts().into_iter();
    let length = order.cut.keyframe_length();
    let treated = parts.map(|part| {
        [part.arguments(length, dialect), part.stream_options(dialect), part.companions()].concat().join("\n")
    });
    let mut treatment = treated.collect::<Vec<_>>().join("\nrendition\n");
    if plan.packaging == Container::Mp4 {
        // how its fragments are written is ours: another number for another way
        treatment.push_str("\nfmp4 1");
    }
    if plan.fills {
        treatment.push_str("\nstills\n");
        treatment.push_str(&still_arguments(1, 0, length, None).join("\n"));
    }
    let origin = Origin { source: print.text(), ffmpeg: tools.version.clone() };
    let beside = subtitles::beside(&order.video, &plan).await?;
    Ok(Video { plan, beside, source, origin, print, treatment })
}

/// What it takes to tell.
pub(crate) struct Identity<'a> {
    pub order: &'a Order,
    pub limits: Limits,
    pub tools: &'a Tools,
    pub reporter: &'a Arc<dyn Reporter>,
    pub control: &'a Control,
    pub video: &'a Video,
}

impl Identity<'_> {
    /// The generation that this video makes, which the reel may be given.
    pub async fn find(&self, existing: Option<&Existing>) -> Result<Generation, Stopped> {
        let Self { order, video, .. } = self;
        let found = self.tell(existing).await?;
        if let Some(before) = order.interrupted.as_ref().filter(|before| before.generation != found) {
            let is_published = existing.is_some_and(|taken| taken.index.current.generation == found);
            return Err(Stopped::Failed(changed(order, before, video, is_published)));
        }
        match existing {
            Some(taken) if taken.index.current.generation != found && order.if_taken != IfTaken::Replace => {
                Err(Stopped::Failed(self.name_taken(taken)))
            }
            _ => Ok(found),
        }
    }

    async fn tell(&self, existing: Option<&Existing>) -> Result<Generation, Stopped> {
        let (order, first) = (self.order, self.made(None));
        let generations = existing.into_iter().flat_map(|existing| existing.index.generations());
        let alike: Vec<&GenerationIndex> = generations.filter(|served| self.is_alike(served)).collect();
        let mends = existing.filter(|_| order.if_taken == IfTaken::Repair).map(|existing| &existing.index.current);
        let told_at = mends.and_then(|current| Some((current.generation, current.source_sha256?)));
        if alike.is_empty() && told_at.is_none() && !self.resumes_a_twin(first) {
            return Ok(first);
        }
        let whole = self.video.source.read(self.reporter, self.control, || u64::MAX).await?;
        if let Some((served, hash)) = told_at {
            // whatever this ffmpeg makes of it, each chunk has to be the one that is promised
            return if hash == whole { Ok(served) } else { Err(Stopped::Failed(another(&order.reel, &order.video))) };
        }
        if let Some(same) = alike.iter().find(|served| served.source_sha256 == Some(whole)) {
            return Ok(same.generation);
        }
        match alike.iter().find(|served| served.generation == first) {
            Some(served) if served.source_sha256.is_none() => {
                if self.makes(served).await? {
                    return Ok(first);
                }
                if mends.is_some() {
                    return Err(Stopped::Failed(another(&order.reel, &order.video)));
                }
            }
            _ => {}
        }
        Ok(self.made(Some(&whole)))
    }

    fn made(&self, whole: Option<&SourceHash>) -> Generation {
        let (cut, video) = (&self.order.cut, self.video);
        let ffmpeg = &video.origin.ffmpeg;
        let (length, grows, limit) = (cut.segment_length, cut.grows(), cut.chunk_limit);
        generation(&video.print, whole, length, grows, limit, &video.treatment, ffmpeg)
    }

    /// Whether it was cut as this video is to be, and of a video that looks the same at first.
    fn is_alike(&self, served: &GenerationIndex) -> bool {
        let told_by_all = served.source_sha256.as_ref().is_some_and(|hash| served.generation == self.made(Some(hash)));
        told_by_all || served.generation == self.made(None)
    }

    /// What goes on was told by all its bytes, though perhaps nothing like it is served any more.
    fn resumes_a_twin(&self, first: Generation) -> bool {
        let before = self.order.interrupted.as_ref().filter(|before| before.generation != first);
        let origin = before.and_then(|before| before.origin.as_ref());
        origin.is_some_and(|origin| origin.difference(&self.video.origin).is_none())
    }

    async fn makes(&self, served: &GenerationIndex) -> Result<bool, Stopped> {
        let Self { order, limits, tools, reporter, control, video } = *self;
        let folder = attempt_folder(&order.folders.work, &order.reel, served.generation)?;
        Cut { order, limits, tools, plan: &video.plan, reporter, control }.makes(served, folder.path()).await
    }

    fn name_taken(&self, taken: &Existing) -> Fault {
        let order = self.order;
        let (title, generation) = (&taken.index.title, taken.index.current.generation);
        let (reel, published) = (&order.reel, &taken.index.published);
        if order.if_taken == IfTaken::Repair {
            return Fault::permanent(format!(
                "could not repair `{reel}`: this video, or this ffmpeg, does not make the version {generation} that \
                 is published (`{title}`, {published})"
            ))
            .hint("Repair with the file and the ffmpeg it was made with, or publish a new version with --replace.");
        }
        let what = if self.is_alike(&taken.index.current) {
            "another video of the same size, which looks the same at its beginning, middle and end"
        } else {
            "another video or other settings"
        };
        Fault::permanent(format!(
            "could not publish as `{reel}`: the name is taken by {what} (`{title}`, version {generation}, published \
             {published})"
        ))
        .hint(
            "Choose another --name, or publish beside it with --replace: the old one is then served for another day \
             at least.",
        )
    }
}

/// What was begun can't go on: other bytes would come of it. What is left of it in the account the journal does not know:
/// it may have been collected. `is_published`: what would come of the video now is.
fn changed(order: &Order, before: &Interrupted, now: &Video, is_published: bool) -> Fault {
    let (reel, video) = (&order.reel, shown::path_word(&order.video, "VIDEO"));
    let difference = before.origin.as_ref().and_then(|before| before.difference(&now.origin));
    let difference = difference.unwrap_or_else(|| match now.source.hash() {
        // something that looks the same made it necessary to read all of it
        Some(_) => "all its bytes tell it from the video that was begun, or that was published meanwhile".to_owned(),
        None => "this zipreel cuts it in another way".to_owned(),
    });
    let ends = format!("`zipreel discard {reel}` ends the old upload, and deletes what may be left of it.");
    Fault::permanent(format!("could not resume `{reel}`: {difference}")).hint(match is_published {
        true => format!("The video as it is now is published. {ends}"),
        false => {
            let flags = order.place.flags();
            format!("Publish it as a new version: zipreel publish {video} --name {reel}{flags}. {ends}")
        }
    })
}
