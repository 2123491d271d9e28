//! What a reel comes to before it is cut, as far as its streams tell: the plan's lines, the prices and the wizard show it.

use std::time::Duration;

use super::pack::estimate_chunks;
use crate::model::cost::{Sound, Viewed};

/// Of a whole video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Of all renditions together, and so are the chunks.
    pub segments: u32,
    pub chunks: u32,
    pub viewed: Viewed,
}

impl Estimate {
    /// `segments`, and their mean length, are the picture's: sound that stands apart has as many at most. `pictures` and
    /// `sounds` are the bytes of each rendition.
    pub fn of(
        duration: Duration,
        segments: (u32, Duration),
        pictures: &[u64],
        sounds: &[u64],
        chunk_limit: u64,
    ) -> Self {
        let (segments, segment_length) = segments;
        let all = || pictures.iter().chain(sounds);
        Self {
            segments: segments * all().count() as u32,
            chunks: all().map(|bytes| estimate_chunks(*bytes, segments, chunk_limit)).sum(),
            viewed: Viewed {
                duration,
                segment_length,
                // a viewer takes one of each
                bytes: pictures.iter().max().copied().unwrap_or(0),
                sound: sounds.iter().max().map(|bytes| Sound { segment_length, bytes: *bytes }),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_takes_the_largest_of_each_and_the_account_holds_all() {
        let (hour, six) = (Duration::from_secs(3600), Duration::from_secs(6));
        let estimate = Estimate::of(hour, (600, six), &[900 << 20, 1 << 30], &[60 << 20, 50 << 20], 32 << 20);
        assert_eq!(estimate.segments, 4 * 600);
        assert!((65..80).contains(&estimate.chunks), "{estimate:?}");
        assert_eq!(estimate.viewed.bytes, 1 << 30);
        assert_eq!(estimate.viewed.sound.map(|sound| sound.bytes), Some(60 << 20));
    }
}
