//! Sound that has no picture beside it: what is known of it ahead, and in words.

use std::time::Duration;

use super::facts::{Stream, seconds};

/// Sound may begin this much before the picture, or end after it, without a picture of its own.
pub const GAP_MAX: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gaps {
    /// Before the first picture.
    pub lead: Duration,
    /// After the last.
    pub tail: Duration,
}

impl Gaps {
    /// As far as the container tells.
    pub fn between(video: &Stream, audio: &Stream) -> Self {
        let (Some(shown), Some(heard)) = (video.start, audio.start) else { return Self::default() };
        let length = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let ends = video.duration.zip(audio.duration);
        let tail = ends.map(|(video, audio)| heard + audio.as_secs_f64() - shown - video.as_secs_f64());
        Self { lead: length(shown - heard), tail: tail.map(length).unwrap_or_default() }
    }

    /// One for each that is too long to be left alone.
    pub fn sentences(self) -> Vec<String> {
        let Self { lead, tail } = self;
        let lead = (lead > GAP_MAX).then(|| format!("the sound begins {} before the picture", seconds(lead)));
        let tail = (tail > GAP_MAX).then(|| format!("the sound goes on for {} after the picture", seconds(tail)));
        lead.into_iter().chain(tail).collect()
    }
}

/// What becomes of them.
pub fn warnings(sentences: &[String], stills: bool) -> impl Iterator<Item = String> {
    let fate = match stills {
        true => "a still picture is shown with it",
        false => "there is no picture with it, and some players leave it out",
    };
    sentences.iter().map(move |gap| format!("{gap}; {fate}"))
}
