//! What a video will come to, by its length, its bytes and its keyframes: before anything of it is cut.

use std::time::Duration;

use super::pack::{estimate_chunks, lengths};
use crate::model::{
    cost::{Track, Viewed},
    media::{
        decide::SLACK,
        segment::{
            lengths::Lengths,
            pieces::{SOUND_PIECE_LENGTH, piece_length},
        },
    },
    reel::order::Cut,
};

/// MPEG-TS headers and stuffing on top of the elementary streams, and the zip's own: about 5 %.
pub const OVERHEAD: f64 = 1.05;

/// A video as far as that is known before it is read whole.
#[derive(Debug, Clone, Copy)]
pub struct Outline<'a> {
    pub duration: Duration,
    /// Of its keyframes; `None` where it can be cut anywhere, as sound can.
    pub spacing: Option<Duration>,
    pub has_picture: bool,
    /// Of the picture, with its sound if that is in one with it; unless there are sound tracks alone.
    pub bytes: u64,
    /// Of another picture beside it, of which a viewer takes one.
    pub beside: Option<u64>,
    /// Of each sound track that stands apart.
    pub sounds: &'a [u64],
}

#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Of the picture.
    pub lengths: Vec<Duration>,
    /// Of all renditions.
    pub segments: u32,
    pub chunks: u32,
    pub viewed: Viewed,
}

impl Forecast {
    pub fn of(outline: &Outline<'_>, cut: &Cut) -> Self {
        let Outline { duration, spacing, has_picture, bytes, beside, sounds } = *outline;
        // of sound alone the first track has the place of the picture
        let (bytes, sounds) = match sounds {
            [first, others @ ..] if !has_picture => (*first, others),
            sounds => (bytes, sounds),
        };
        let pictures = || [bytes].into_iter().chain(beside);
        let largest = pictures().max().unwrap_or(0);
        // what a chunk holds ends the segments of the one with more bytes first
        let all = lengths(cut, has_picture).foreseen(duration, spacing, SLACK, largest);
        let longest = all.iter().max().copied().unwrap_or(cut.segment_length);
        let of_sound = if !has_picture {
            all.clone()
        } else {
            Lengths::even(longest.max(SLACK)).foreseen(duration, None, SLACK, 0)
        };
        let shortest = piece_length(Some(duration)).max(spacing.unwrap_or_default());
        let piece = spacing.map_or(shortest, |spacing| {
            spacing.mul_f64((shortest.saturating_sub(SLACK).as_secs_f64() / spacing.as_secs_f64().max(0.001)).ceil())
        });
        let piece = if has_picture { piece } else { SOUND_PIECE_LENGTH };
        let sound_piece = if cut.grows() { SOUND_PIECE_LENGTH } else { longest };
        let sound = |bytes: &u64| Track::foreseen(*bytes, &of_sound, sound_piece);
        let chunks =
            sounds.iter().map(|bytes| estimate_chunks(&sizes(*bytes, &of_sound), cut.chunk_limit)).sum::<u32>();
        // without a picture a listener takes one of the tracks
        let seen = sounds.iter().copied().filter(|_| !has_picture).fold(largest, u64::max);
        let of_pictures = pictures().map(|bytes| estimate_chunks(&sizes(bytes, &all), cut.chunk_limit)).sum::<u32>();
        Self {
            segments: (all.len() * pictures().count() + of_sound.len() * sounds.len()) as u32,
            chunks: chunks + of_pictures,
            viewed: Viewed {
                picture: Track::foreseen(seen, &all, piece),
                sound: sounds.iter().max().filter(|_| has_picture).map(sound),
            },
            lengths: all,
        }
    }
}

fn sizes(bytes: u64, lengths: &[Duration]) -> Vec<u64> {
    let rate = bytes as f64 / lengths.iter().sum::<Duration>().as_secs_f64().max(0.001);
    lengths.iter().map(|length| (rate * length.as_secs_f64()) as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_takes_one_of_the_tracks_of_sound_alone() {
        let cut = Cut {
            segment_length: Duration::from_secs(30),
            grows: true,
            pes_lengths: true,
            chunk_limit: 49 << 20,
            transcode: Default::default(),
            wanted: Default::default(),
        };
        let of = |bytes: u64, sounds: &[u64]| {
            let duration = Duration::from_secs(3600);
            Forecast::of(&Outline { duration, spacing: None, has_picture: false, bytes, beside: None, sounds }, &cut)
        };
        let (one, two) = (of(60 << 20, &[]), of(0, &[60 << 20, 40 << 20]));
        assert_eq!(two.viewed, one.viewed);
        assert_eq!((two.chunks, two.lengths), (one.chunks + of(40 << 20, &[]).chunks, one.lengths));
    }
}
