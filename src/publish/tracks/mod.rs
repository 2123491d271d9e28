//! Subtitles and chapters on their way to the index: read while the video is split, timed by the clock of its segments once
//! those are there. A reel without them plays as well: what can't be had is left out by name.

mod build;
mod clock;

use std::{collections::BTreeMap, path::Path};

use self::build::Source;
pub(super) use self::build::Text;
use super::{made::Made, work::Work};
use crate::{
    media::{
        ffmpeg::Tools,
        subtitles::{self, Beside},
    },
    model::{
        media::{
            decide::MediaPlan,
            streams::{language, subtitles::NOT_ASKED, words::describe},
        },
        reel::{index::GenerationIndex, order::IfTaken},
        report::{
            event::{Event, JobName},
            fault::Stopped,
        },
        subtitles::cue::Cue,
    },
    remote::deployed::Existing,
};

/// Seconds; two frames of AAC have 0.1 at the lowest rate in use.
const PRIMING: f64 = 0.1;

/// What was read, and what could not be.
#[derive(Default)]
pub(super) struct Spoken {
    sources: Vec<Source>,
    left_out: Vec<String>,
}

/// Whether an index of this video has anything that gates did not always serve.
pub(crate) fn has_text(plan: &MediaPlan, beside: &[Beside]) -> bool {
    plan.subtitles().next().is_some() || !plan.chapters.is_empty() || beside.iter().any(|file| file.taken().is_some())
}

/// A file beside a video, in words.
pub(crate) struct Told {
    pub number: u32,
    pub what: String,
    /// Why it does not go along, if it does not.
    pub left_out: Option<String>,
    /// There is text in it.
    pub is_text: bool,
}

pub(crate) fn told(beside: &[Beside]) -> Vec<Told> {
    let what = |file: &Beside| {
        let Source { language, forced, hearing_impaired, .. } = of_file(file, Vec::new());
        let language = language.map(|tag| format!(" ({tag})")).unwrap_or_default();
        let forced = if forced { " forced" } else { "" };
        let impaired = if hearing_impaired { " for the hard of hearing" } else { "" };
        format!("{}{language}{forced}{impaired}", file.label())
    };
    let told = |file: &Beside| Told {
        number: file.number,
        what: if file.cues.is_ok() { what(file) } else { file.label() },
        left_out: file.cues.as_ref().err().cloned().or((!file.is_asked).then(|| NOT_ASKED.to_owned())),
        is_text: file.cues.is_ok(),
    };
    beside.iter().map(told).collect()
}

/// The same in a sentence each.
pub(crate) fn sentences(beside: &[Beside]) -> Vec<String> {
    let sentence = |Told { what, left_out, .. }| match left_out {
        None => format!("{what}: as WebVTT"),
        Some(why) => format!("{what}: left out ({why})"),
    };
    told(beside).into_iter().map(sentence).collect()
}

fn of_file(file: &Beside, cues: Vec<Cue>) -> Source {
    let named = &file.named;
    Source {
        label: file.file.clone(),
        language: named.language.as_deref().and_then(language::tag),
        title: None,
        forced: named.forced,
        hearing_impaired: named.hearing_impaired,
        default: named.default,
        cues,
    }
}

/// The index that keeps its text: a repair does, since the files may be elsewhere by now.
fn keeping<'a>(work: &Work, existing: Option<&'a Existing>) -> Option<&'a Existing> {
    let repaired = existing.filter(|_| work.order.if_taken == IfTaken::Repair);
    repaired.filter(|existing| existing.index.current.generation == work.generation)
}

/// All subtitles of the video and beside it; nothing is read for an index that keeps those it has. Ends early when the
/// work does.
pub(super) async fn spoken(
    work: &Work,
    tools: &Tools,
    plan: &MediaPlan,
    beside: &[Beside],
    existing: Option<&Existing>,
    folder: &Path,
) -> Spoken {
    let mut spoken = Spoken::default();
    if keeping(work, existing).is_some() {
        return spoken;
    }
    let streams: Vec<_> = plan.subtitles().collect();
    let cancel = work.control.cancel.child_token();
    let folder = folder.join("subtitles");
    let read = subtitles::embedded(tools, &work.order.video, &streams, &folder, &cancel);
    let texts = tokio::select! {
        texts = read => texts,
        // the ffmpeg of a run that is dropped is killed
        () = work.control.last_attempt.cancelled() => return spoken,
    };
    for (stream, text) in streams.iter().zip(texts) {
        match text {
            Ok(cues) => spoken.sources.push(Source {
                label: describe(stream),
                language: stream.language.as_deref().and_then(language::tag),
                title: stream.title.clone(),
                forced: stream.forced,
                hearing_impaired: stream.hearing_impaired,
                // containers call nearly every track so
                default: false,
                cues,
            }),
            Err(why) => spoken.left_out.push(format!("{} is left out: {why}", describe(stream))),
        }
    }
    let begins_ms = (counted_from(plan) * 1000.0).round() as i64;
    for file in beside {
        let Some(cues) = file.taken() else { continue };
        let cues = cues.iter().cloned();
        let moved = cues.map(|cue| Cue { start_ms: cue.start_ms + begins_ms, end_ms: cue.end_ms + begins_ms, ..cue });
        spoken.sources.push(of_file(file, moved.collect()));
    }
    spoken
}

/// Where files beside a video count their times from, seconds: where that begins to be played. Sound that begins a moment
/// before the picture primes a decoder.
fn counted_from(plan: &MediaPlan) -> f64 {
    let picture = plan.video.as_ref().and_then(|video| video.stream.start);
    let is_near = |picture: &f64| (0.0..PRIMING).contains(&(picture - plan.begins));
    picture.filter(is_near).unwrap_or(plan.begins)
}

/// What goes into the index beside this generation. `room`: how many bytes there are for it, which takes a whole index to tell.
pub(super) async fn text(
    work: &Work,
    plan: &MediaPlan,
    spoken: Spoken,
    made: &Made,
    existing: Option<&Existing>,
    room: impl FnOnce() -> u64,
) -> Result<Text, Stopped> {
    let generation = &made.generation;
    if let Some(existing) = keeping(work, existing) {
        return Ok(kept(&existing.index.current, &existing.entries));
    }
    let captions = plan.video.as_ref().is_some_and(|video| video.stream.closed_captions);
    let mut text = Text { captions, left_out: spoken.left_out, ..Text::default() };
    if spoken.sources.is_empty() && plan.chapters.is_empty() {
        return Ok(text);
    }
    let clock = clock::clock(work, made).await?;
    let most = (work.storage.limits().index_bytes / build::SHARE).min(room());
    text.add_subtitles(spoken.sources, clock, generation, most);
    text.add_chapters(&plan.chapters, clock, generation);
    for line in &text.left_out {
        work.report(Event::Log { job: JobName::Index, line: line.clone() });
    }
    Ok(text)
}

fn kept(current: &GenerationIndex, entries: &BTreeMap<String, Vec<u8>>) -> Text {
    let subtitles = current.subtitles.iter().map(|subtitles| &subtitles.track);
    let tracks = subtitles.chain(current.chapters.iter().map(|chapters| &chapters.track));
    let starts: Vec<String> = tracks.map(|track| format!("{}/{track}", current.generation)).collect();
    let files = entries.iter().filter(|(name, _)| starts.iter().any(|start| name.starts_with(start)));
    Text {
        subtitles: current.subtitles.clone(),
        chapters: current.chapters.clone(),
        files: files.map(|(name, bytes)| (name.clone(), bytes.clone())).collect(),
        captions: current.captions,
        left_out: Vec::new(),
    }
}
