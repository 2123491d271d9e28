//! What a decoder makes of a reel: chunk after chunk as it is read, each segment with what a player has before it. Where
//! it complains, the segments are decoded one by one, so that it can be said where.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::{
    media::{
        decode::{self, Decoded, Outcome, Placed, Segment},
        ffmpeg::Tools,
    },
    model::{
        media::damage::Places,
        reel::{
            index::GenerationIndex,
            name::{ReelName, RenditionId},
        },
        report::fault::Stopped,
    },
    state::work_folder::{AttemptFolder, attempt_folder},
};

/// What decodes, and where segments lie until they are decoded.
#[derive(Debug)]
pub struct Decoder<'a> {
    pub tools: &'a Tools,
    pub work: &'a Path,
    pub cancel: &'a CancellationToken,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoding {
    /// Segments that were decoded.
    pub segments: u32,
    /// Those that a decoder complains of, in order.
    pub troubles: Vec<Trouble>,
    /// Why not all segments were decoded whose bytes are right.
    pub gave_up: Option<String>,
}

/// A segment that a decoder complains of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// In the reel.
    pub start: Duration,
    pub end: Duration,
    pub errors: u64,
    /// The decoder's words.
    pub said: Option<String>,
    /// More of it is right than wrong.
    pub decodes: bool,
    /// The video that it was made of was known to be damaged there when it was published.
    pub known: bool,
}

impl Trouble {
    /// There is nothing to see or hear, and the video is not known to be so.
    pub fn is_damage(&self) -> bool {
        !self.decodes && !self.known
    }
}

impl Decoding {
    /// Nothing was decoded, since there is no decoder.
    pub fn none(why: String) -> Self {
        Self { gave_up: Some(why), ..Self::default() }
    }

    /// Where there is nothing to see or hear, and not for the video's sake.
    pub fn undecodable(&self) -> Places {
        let mut places = Places::default();
        self.troubles.iter().filter(|trouble| trouble.is_damage()).for_each(|of| places.add(of.start, of.end));
        places
    }

    /// The sentences by themselves.
    pub fn words(&self) -> Vec<String> {
        self.sentences().iter().map(Sentence::whole).collect()
    }

    /// What is wrong where something decodes, and where nothing does.
    pub fn sentences(&self) -> Vec<Sentence> {
        sentences(&self.troubles)
    }

    /// Where a check can't know whether it is the upload's fault.
    pub fn doubt(&self) -> Option<&'static str> {
        let unknown = self.troubles.iter().any(|trouble| !trouble.known);
        unknown.then_some("Play the original video at these times: if it plays, publish it again under the same name, in the place of this one (Replace, or `--replace`); if not, you need a better copy.")
    }
}

/// What is wrong at some places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// There is something to see or hear all the same.
    pub decodes: bool,
    pub words: String,
    /// What ffmpeg says, for those who know it.
    said: Option<String>,
}

impl Sentence {
    fn whole(&self) -> String {
        let said = self.said.as_ref().map(|words| format!(" (ffmpeg: “{words}”)")).unwrap_or_default();
        format!("{}{said}", self.words)
    }
}

/// `a player meets 3 errors from 12 s to 18 s`
pub(super) fn sentences(troubles: &[Trouble]) -> Vec<Sentence> {
    let sentence = |(decodes, known): (bool, bool)| {
        let mut places = Places::default();
        let (mut errors, mut said) = (0, None);
        for trouble in troubles.iter().filter(|trouble| (trouble.decodes, trouble.known) == (decodes, known)) {
            places.add(trouble.start, trouble.end);
            errors += trouble.errors;
            said = said.or(trouble.said.as_ref());
        }
        let of_video = if known { ", as in the damaged video that it was made of" } else { "" };
        let what = match (decodes, errors) {
            (false, _) => "nothing can be played".to_owned(),
            (true, 1) => "a player meets an error".to_owned(),
            (true, errors) => format!("a player meets {errors} errors"),
        };
        (!places.is_empty()).then(|| Sentence {
            decodes,
            words: format!("{what} {places}{of_video}"),
            said: said.cloned(),
        })
    };
    [(false, false), (true, false), (false, true), (true, true)].into_iter().filter_map(sentence).collect()
}

/// A segment on the disk, until it is decoded and what comes after it too.
struct Kept {
    rendition: RenditionId,
    /// From 0, over the whole rendition.
    number: u32,
    file: PathBuf,
    init: Option<PathBuf>,
    start: Duration,
    length: Duration,
    breaks: bool,
}

impl Kept {
    fn segment(&self) -> Segment<'_> {
        Segment { file: &self.file, init: self.init.as_deref(), breaks: self.breaks }
    }

    fn trouble(&self, made: &Decoded, decodes: bool) -> Trouble {
        let (said, end) = (made.complaints.words().map(str::to_owned), self.start + self.length);
        Trouble { start: self.start, end, errors: made.complaints.count, said, decodes, known: false }
    }
}

/// A chunk's segments, in the folder that [`Watching::folder`] gave.
pub(super) struct Delivered {
    kept: Vec<Kept>,
    /// The init section that they need, in a file beside them.
    init: Option<PathBuf>,
    /// Each segment begins with an IDR picture.
    independent: bool,
}

impl Delivered {
    pub(super) fn of(independent: bool, init: Option<PathBuf>) -> Self {
        Self { kept: Vec::new(), init, independent }
    }

    pub(super) fn add(
        &mut self,
        rendition: &RenditionId,
        number: u32,
        file: PathBuf,
        times: (Duration, Duration),
        breaks: bool,
    ) {
        let (start, length) = times;
        let init = self.init.clone();
        self.kept.push(Kept { rendition: rendition.clone(), number, file, init, start, length, breaks });
    }
}

/// A reel that is being decoded.
pub(super) struct Watching<'a> {
    decoder: &'a Decoder<'a>,
    folder: Option<AttemptFolder>,
    /// The last segment of the chunk before.
    lead: Option<Kept>,
    /// Where the video was known to be damaged.
    damaged: Vec<(Duration, Duration)>,
    found: Decoding,
}

impl Decoder<'_> {
    pub(super) fn begin(&self, reel: &ReelName, generation: &GenerationIndex) -> Watching<'_> {
        let (folder, gave_up) = match attempt_folder(self.work, reel, generation.generation) {
            Ok(folder) => (Some(folder), None),
            Err(Stopped::Failed(fault)) => (None, Some(fault.to_string())),
            Err(Stopped::Cancelled) => (None, None),
        };
        let millis = |&(start, end): &(u64, u64)| (Duration::from_millis(start), Duration::from_millis(end));
        let (damaged, found) =
            (generation.damaged.iter().map(millis).collect(), Decoding { gave_up, ..Decoding::default() });
        Watching { decoder: self, folder, lead: None, damaged, found }
    }
}

impl Watching<'_> {
    /// Where the segments of the next chunk belong; `None` if they will not be decoded.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.folder.as_ref().filter(|_| self.found.gave_up.is_none()).map(|folder| folder.path().to_owned())
    }

    /// Nothing more is decoded; the first reason stands.
    pub(super) fn give_up(&mut self, why: impl ToString) {
        self.found.gave_up.get_or_insert_with(|| why.to_string());
    }

    pub(super) fn end(self) -> Decoding {
        self.found
    }

    /// Decodes a chunk, unless it was given up; what is not needed any more leaves the disk.
    pub(super) async fn watch(&mut self, delivered: Delivered) -> Vec<Trouble> {
        let Delivered { mut kept, independent, .. } = delivered;
        let follows = |lead: &Kept| {
            kept.first().is_some_and(|first| first.rendition == lead.rendition && first.number == lead.number + 1)
        };
        let lead = self.lead.take();
        let troubles = self.troubles(lead.as_ref().filter(|lead| follows(lead)), &kept, independent).await;
        let segments = kept.len() as u32;
        self.lead = kept.pop();
        for gone in kept.iter().chain(&lead) {
            // what can't be removed now goes with the folder
            let _ = fs::remove_file(&gone.file);
        }
        match troubles {
            Ok(Some(mut troubles)) => {
                troubles.iter_mut().for_each(|trouble| trouble.known = is_among(&self.damaged, trouble));
                self.found.segments += segments;
                self.found.troubles.extend(troubles.iter().cloned());
                return troubles;
            }
            Ok(None) => self.give_up("the decoder came to no end"),
            Err(error) => self.give_up(error),
        }
        Vec::new()
    }

    /// `None` if the decoder came to no end.
    async fn troubles(
        &self,
        lead: Option<&Kept>,
        kept: &[Kept],
        independent: bool,
    ) -> io::Result<Option<Vec<Trouble>>> {
        let Decoder { tools, cancel, .. } = *self.decoder;
        let lead = lead.filter(|_| kept.first().is_some_and(|first| first.segment().wants_lead(independent)));
        let all: Vec<Segment<'_>> = lead.into_iter().chain(kept).map(Kept::segment).collect();
        let Some(together) = decode::segments(tools, &all, cancel).await? else { return Ok(None) };
        if together.is_right() {
            return Ok(Some(Vec::new()));
        }
        let mut troubles = Vec::new();
        for (place, one) in kept.iter().enumerate() {
            let before = place.checked_sub(1).map(|before| &kept[before]).or(lead);
            let (segment, lead) = (one.segment(), before.map(Kept::segment));
            let placed = Placed { segment, lead, is_first: one.number == 0, independent };
            match placed.decoded(tools, cancel).await? {
                Some(Outcome::Right) => {}
                Some(Outcome::Wrong(made)) => troubles.push(one.trouble(&made, made.is_usable())),
                Some(Outcome::Stumbles(made)) => troubles.push(one.trouble(&made, true)),
                None => return Ok(None),
            }
        }
        Ok(Some(troubles))
    }
}

/// Whether one of the stretches, which may be without a length, is in the segment's.
fn is_among(damaged: &[(Duration, Duration)], trouble: &Trouble) -> bool {
    damaged.iter().any(|&(start, end)| start < trouble.end && (end > trouble.start || start == trouble.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(start: u64, errors: u64, decodes: bool) -> Trouble {
        let said = (errors > 0).then(|| format!("said at {start}"));
        let (start, end) = (Duration::from_secs(start), Duration::from_secs(start + 6));
        Trouble { start, end, errors, said, decodes, known: false }
    }

    fn words(sentences: Vec<Sentence>) -> Vec<String> {
        sentences.iter().map(Sentence::whole).collect()
    }

    #[test]
    fn what_decodes_badly_is_told_apart_from_what_does_not_at_all() {
        let troubles = vec![trouble(0, 1, true), trouble(6, 2, true), trouble(60, 0, false), trouble(120, 9, false)];
        assert_eq!(words(sentences(&troubles[..1])), ["a player meets an error from 0 s to 6 s (ffmpeg: “said at 0”)"]);
        let decoding = Decoding { segments: 30, troubles, gave_up: None };
        assert_eq!(decoding.undecodable().spans().len(), 2);
        assert_eq!(
            decoding.words(),
            [
                "nothing can be played from 1:00 to 1:06, from 2:00 to 2:06 (ffmpeg: “said at 120”)",
                "a player meets 3 errors from 0 s to 12 s (ffmpeg: “said at 0”)"
            ]
        );
    }

    #[test]
    fn what_the_video_was_known_to_be_is_a_note() {
        let seconds = |spans: &[(u64, u64)]| -> Vec<(Duration, Duration)> {
            spans.iter().map(|&(start, end)| (Duration::from_secs(start), Duration::from_secs(end))).collect()
        };
        for (spans, is_known) in [
            (&[][..], false),
            (&[(0, 6), (12, 18)], false),
            (&[(0, 7)], true),
            (&[(11, 30)], true),
            (&[(6, 6)], true),
            (&[(9, 9)], true),
            (&[(12, 12)], false),
        ] {
            assert_eq!(is_among(&seconds(spans), &trouble(6, 9, false)), is_known, "{spans:?}");
        }
        let known = |trouble| Trouble { known: true, ..trouble };
        let troubles = vec![known(trouble(6, 9, false)), trouble(30, 1, true), known(trouble(60, 2, true))];
        let decoding = Decoding { segments: 30, troubles, gave_up: None };
        assert!(decoding.undecodable().is_empty());
        assert_eq!(
            decoding.words(),
            [
                "a player meets an error from 30 s to 36 s (ffmpeg: “said at 30”)",
                "nothing can be played from 6 s to 12 s, as in the damaged video that it was made of (ffmpeg: “said at 6”)",
                "a player meets 2 errors from 1:00 to 1:06, as in the damaged video that it was made of (ffmpeg: “said at 60”)",
            ]
        );
    }
}
