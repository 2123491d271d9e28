//! A plan of several renditions, taken apart: what is to be made of each by itself.

use std::time::Duration;

use super::{
    decide::{Action, MediaPlan, SoundPlan, StreamPlan},
    facts::{Ratio, Stream},
};

impl MediaPlan {
    /// A plan for each rendition, the picture's first if there is one.
    pub fn parts(&self) -> Vec<Self> {
        if self.sounds.is_empty() && self.compatible.is_none() {
            return vec![self.clone()];
        }
        let mut numbers: Vec<u32> = self.streams().map(|stream| stream.index).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let part = |video: Option<StreamPlan>, audio: Option<StreamPlan>| {
            let own = video.iter().chain(&audio).map(|plan| plan.stream.index).collect::<Vec<_>>();
            let others = numbers.iter().copied().filter(|number| !own.contains(number)).collect();
            let (sounds, warnings) = (Vec::new(), Vec::new());
            Self { video, audio, compatible: None, one_clock: true, sounds, others, warnings, ..self.clone() }
        };
        let compatible = self.compatible.clone().map(|picture| Self {
            keyframes: None,
            largest_group: 0,
            independent: true,
            beside_copy: true,
            ..part(Some(picture), self.audio.clone())
        });
        let sounds = self.sounds.iter().map(|sound| Self {
            keyframes: None,
            largest_group: 0,
            independent: true,
            ..part(None, Some(sound.plan.clone()))
        });
        let own = part(self.video.clone(), self.audio.clone());
        [own].into_iter().filter(|own| own.video.is_some()).chain(compatible).chain(sounds).collect()
    }
}

/// Bits that a pixel of a film takes at the quality of our encodes; other videos take half of it, or twice as many.
const BITS_PER_PIXEL: f64 = 0.1;
/// What a processor encodes in a second: two keep up with 1080p at 30 pictures.
const PIXELS_PER_SECOND: f64 = 1920.0 * 1080.0 * 30.0 / 2.0;

/// What it takes to make H.264 of a picture, about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Encoding {
    /// Bits a second.
    pub bit_rate: u64,
    /// Seconds of one processor for a second of video.
    pub effort: f64,
}

impl Encoding {
    pub fn of(stream: &Stream) -> Self {
        const USUAL_RATE: f64 = 25.0;
        let rate = stream.frame_rate.map_or(USUAL_RATE, Ratio::get);
        let pixels = f64::from(stream.width) * f64::from(stream.height) * rate;
        Self { bit_rate: (pixels * BITS_PER_PIXEL) as u64, effort: pixels / PIXELS_PER_SECOND }
    }
}

impl SoundPlan {
    /// Of so much of it.
    pub fn bytes(&self, length: Duration) -> u64 {
        (self.bit_rate() as f64 / 8.0 * length.as_secs_f64()) as u64
    }

    /// Bits a second, as far as the file says.
    pub fn bit_rate(&self) -> u64 {
        const USUAL: u64 = 192_000;
        const STEREO: u64 = 160_000;
        match self.plan.action {
            Action::Copy => self.plan.stream.bit_rate.unwrap_or(USUAL),
            Action::Transcode { .. } | Action::Text | Action::LeaveOut { .. } => STEREO,
        }
    }
}
