//! A plan of several renditions, taken apart: what is to be made of each by itself.

use std::time::Duration;

use super::decide::{Action, MediaPlan, SoundPlan, StreamPlan};

impl MediaPlan {
    /// A plan for each rendition, the picture's first.
    pub fn parts(&self) -> Vec<Self> {
        if self.sounds.is_empty() {
            return vec![self.clone()];
        }
        let mut numbers: Vec<u32> = self.streams().map(|stream| stream.index).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let part = |video: Option<StreamPlan>, audio: Option<StreamPlan>| {
            let own = video.iter().chain(&audio).map(|plan| plan.stream.index).collect::<Vec<_>>();
            let others = numbers.iter().copied().filter(|number| !own.contains(number)).collect();
            Self { video, audio, sounds: Vec::new(), others, warnings: Vec::new(), ..self.clone() }
        };
        let sounds = self.sounds.iter().map(|sound| Self {
            keyframes: None,
            largest_group: 0,
            independent: true,
            ..part(None, Some(sound.plan.clone()))
        });
        [part(self.video.clone(), None)].into_iter().chain(sounds).collect()
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
