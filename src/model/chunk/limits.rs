//! What gate, relay and Lambda take of a reel, and what a reel comes to: estimated before anything is sent, and summed
//! up segment by segment while the video is split.

use std::{io, time::Duration};

use super::pack::{self, CHUNK_LIMIT_MAX, MIB, PackError, Packer, Segment};
use crate::model::{
    hls::playlist,
    media::{
        decide::MediaPlan,
        segment::{
            lengths::Lengths,
            pieces::{Piece, SOUND_PIECE_LENGTH, piece_length},
        },
    },
    reel::{
        index::{ChunkIndex, Container, Extent, Grain, PieceIndex, SegmentIndex},
        name::{ChunkNumber, ReelName, RenditionId},
        order::Cut,
    },
    report::fault::{Explain, Fault, FaultClass},
};

/// The gate reads no larger zip of an index: with more of these it would run out of its 128 MB.
pub const INDEX_BYTES_MAX: u64 = 12 * MIB;
/// The relay reads no longer media playlist. Lambda's streamed answers may have 200 MB, which is far more.
pub const PLAYLIST_BYTES_MAX: u64 = 4 * MIB;

/// How large an index and its playlists may be in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of an index's zip.
    pub index_bytes: u64,
    /// Of one media playlist.
    pub playlist_bytes: u64,
}

impl Limits {
    /// Where gate and relay read them.
    pub const LAMBDA: Self = Self { index_bytes: INDEX_BYTES_MAX, playlist_bytes: PLAYLIST_BYTES_MAX };
}

/// Where nothing is known of the picture's segments.
const MIN_SOUND: Duration = Duration::from_secs(1);
/// Room for what an index holds besides chunks and playlists: title, frames of its zip, the multivariant playlist.
const ENVELOPE_BYTES: u64 = 8 * 1024;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LimitError {
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(
        "its segments would have about {} MiB ({:.1} s each), and a chunk has {} MiB at most",
        bytes / MIB, length.as_secs_f64(), limit / MIB
    )]
    Segments { bytes: u64, length: Duration, limit: u64, hint: String },
    #[error("from one keyframe to the next the video has {bytes} bytes, and a chunk has {limit} at most")]
    Group { bytes: u64, limit: u64 },
    #[error("its index would be larger than the {} MiB that the gate reads", most / MIB)]
    Index { most: u64, fitting_seconds: Option<u64> },
    #[error("its playlist would be longer than the {} MiB that the relay reads", most / MIB)]
    Playlist { most: u64, fitting_seconds: Option<u64> },
    #[error(
        "its index has no room for another version: what is replaced is served on for a day at least, and the gate \
         reads {} MiB",
        most / MIB
    )]
    NoRoom {
        most: u64,
        /// When enough of the replaced generations are served no more (RFC 3339); `None` if that would not help.
        until: Option<String>,
    },
}

impl Explain for LimitError {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Pack(error) => error.hint(),
            Self::Segments { hint, .. } => hint.clone(),
            Self::Group { bytes, .. } if *bytes < CHUNK_LIMIT_MAX * 9 / 10 => {
                "No segment ends but at a keyframe: use --chunk-mib up to 49, or convert the video with more keyframes \
                 first."
                    .to_owned()
            }
            Self::Group { .. } => {
                "No segment ends but at a keyframe: convert the video with more of them first, or at \
                                   a lower bit rate."
                    .to_owned()
            }
            Self::Index { fitting_seconds: Some(seconds), .. }
            | Self::Playlist { fitting_seconds: Some(seconds), .. } => {
                format!("Use --segment-seconds {seconds} or more, or publish the video in parts.")
            }
            Self::Index { fitting_seconds: None, .. } | Self::Playlist { fitting_seconds: None, .. } => {
                "Use a larger --segment-seconds, or publish the video in parts.".to_owned()
            }
            Self::NoRoom { until: Some(until), .. } => {
                format!(
                    "There is room after {until}. Until then publish under another --name, or use a larger \
                         --segment-seconds."
                )
            }
            Self::NoRoom { until: None, .. } => {
                "Publish under another --name, or use a larger --segment-seconds.".to_owned()
            }
        })
    }
}

/// The sum of a rendition's segments, in order. Fails with the first that makes it too large for anyone who serves it.
#[derive(Debug)]
pub struct Sum {
    limits: Limits,
    packer: Packer,
    rendition: RenditionId,
    container: Container,
    /// Of the whole video, if it is known.
    duration: Option<Duration>,
    /// What stands in the index beside it.
    held: Vec<Held>,
    index_bytes: u64,
    playlist_bytes: u64,
    /// Of the pieces' playlist; 0 while every segment is one piece.
    seek_bytes: u64,
    segments: u32,
    pieces: u32,
    made_us: u64,
    /// The chunk that is being filled, and how far.
    chunk: ChunkNumber,
    chunk_bytes: u64,
}

impl Sum {
    pub fn new(
        limits: Limits,
        chunk_limit: u64,
        rendition: &RenditionId,
        duration: Option<Duration>,
        held: Vec<Held>,
    ) -> Self {
        Self {
            limits,
            packer: Packer::new(chunk_limit),
            rendition: rendition.clone(),
            container: Container::Ts,
            duration,
            held,
            index_bytes: ENVELOPE_BYTES + chunk_bytes(ChunkNumber::FIRST),
            playlist_bytes: 0,
            seek_bytes: 0,
            segments: 0,
            pieces: 0,
            made_us: 0,
            chunk: ChunkNumber::FIRST,
            chunk_bytes: 0,
        }
    }

    /// What the index holds of it so far.
    pub fn index_bytes(&self) -> u64 {
        self.index_bytes
    }

    /// The segments are packed in this; else in transport streams.
    pub fn packed_in(self, container: Container) -> Self {
        Self { container, ..self }
    }

    /// Takes the next segment in.
    pub fn add(
        &mut self,
        bytes: u64,
        duration_us: u64,
        discontinuity: bool,
        pieces: &[Piece],
    ) -> Result<(), LimitError> {
        let segment = Segment { number: self.segments, bytes, duration_us, discontinuity };
        if let Some(closed) = self.packer.push(segment)? {
            self.chunk = closed.number.next().ok_or(PackError::TooManyChunks)?;
            self.chunk_bytes = 0;
            self.index_bytes += chunk_bytes(self.chunk);
        }
        let (offset, crc32) = (self.chunk_bytes, u32::MAX);
        let segment = SegmentIndex { offset, bytes, duration_us, crc32, discontinuity };
        let [links, relayed] = self.lines(Grain::Segments, self.segments, &segment.extent());
        if pieces.len() > 1 || self.seek_bytes > 0 {
            self.add_pieces(pieces, discontinuity);
        }
        self.chunk_bytes += bytes;
        self.segments += 1;
        self.made_us += duration_us;
        self.playlist_bytes += links;
        self.index_bytes += json_bytes(&segment) + links + relayed;
        let Limits { index_bytes, playlist_bytes } = self.limits;
        if self.seek_bytes > playlist_bytes {
            return Err(LimitError::Playlist { most: playlist_bytes, fitting_seconds: None });
        }
        if self.playlist_bytes > playlist_bytes {
            let fitting_seconds = self.fitting(playlist_bytes, self.playlist_bytes);
            return Err(LimitError::Playlist { most: playlist_bytes, fitting_seconds });
        }
        if self.index_bytes > index_bytes {
            let fitting_seconds = self.fitting(index_bytes, self.index_bytes);
            return Err(LimitError::Index { most: index_bytes, fitting_seconds });
        }
        self.room()
    }

    fn add_pieces(&mut self, pieces: &[Piece], discontinuity: bool) {
        let mut offset = self.chunk_bytes;
        for (place, &Piece { bytes, duration_us, open }) in pieces.iter().enumerate() {
            let extent = Extent { offset, bytes, duration_us, discontinuity: discontinuity && place == 0 };
            let [links, relayed] = self.lines(Grain::Pieces, self.pieces, &extent);
            self.index_bytes += json_bytes(&PieceIndex { offset, bytes, duration_us, open }) + links + relayed;
            self.seek_bytes += links;
            self.pieces += 1;
            offset += bytes;
        }
    }

    fn lines(&self, grain: Grain, number: u32, extent: &Extent) -> [u64; 2] {
        playlist::entry_bytes(&self.rendition, self.container, self.chunk, grain, number, extent)
    }

    /// Whether the index has room for what was taken in, and if not, when it will have.
    fn room(&self) -> Result<(), LimitError> {
        let most = self.limits.index_bytes;
        let mut total = self.index_bytes + self.held.iter().map(|held| held.bytes).sum::<u64>();
        if total <= most {
            return Ok(());
        }
        let ends = self.held.iter().filter_map(|held| Some((held.until.as_deref()?, held.bytes)));
        let mut ends: Vec<(&str, u64)> = ends.collect();
        ends.sort_unstable();
        for (until, bytes) in ends {
            total -= bytes;
            if total <= most {
                return Err(LimitError::NoRoom { most, until: Some(until.to_owned()) });
            }
        }
        Err(LimitError::NoRoom { most, until: None })
    }

    /// The segment length at which the whole video would take `limit`, if so many segments take `bytes`; with a tenth to
    /// spare.
    fn fitting(&self, limit: u64, bytes: u64) -> Option<u64> {
        let duration = self.duration?.as_secs_f64();
        let segments = limit as f64 / (bytes as f64 / f64::from(self.segments));
        Some((1.1 * duration / segments).ceil().max(1.0) as u64)
    }
}

/// Refuses what can't be published, as far as that can be told of a video before it is split. What converting comes to
/// is not known, and neither is what a file of unknown length holds: only the split tells.
pub fn foresee(
    limits: Limits,
    plan: &MediaPlan,
    cut: &Cut,
    rendition: &RenditionId,
    source_bytes: u64,
    mut held: Vec<Held>,
) -> Result<(), LimitError> {
    let limit = cut.chunk_limit;
    if plan.largest_group > limit {
        return Err(LimitError::Group { bytes: plan.largest_group, limit });
    }
    // of sound alone the first track has the place of the picture
    let alone = plan.sounds.first().filter(|_| plan.video.is_none());
    let bytes = match alone {
        Some(first) => first.bytes(plan.duration.unwrap_or_default()),
        None => plan.published_bytes(source_bytes).unwrap_or(0),
    };
    let segments = plan.expected_segments(&pack::lengths(cut, plan.video.is_some()), bytes);
    let rate = bytes as f64 / plan.duration.unwrap_or_default().as_secs_f64().max(0.001);
    let mut sum = Sum::new(limits, limit, rendition, plan.duration, Vec::new()).packed_in(plan.packaging);
    let piece = plan.expected_segment_length(piece_length(plan.duration));
    for &length in &segments {
        let bytes = (rate * length.as_secs_f64()) as u64;
        let pieces = evenly(bytes, length, piece);
        sum.add(bytes, length.as_micros() as u64, false, &pieces).map_err(|error| match error {
            LimitError::Pack(error @ PackError::SegmentTooLarge { .. }) => {
                LimitError::Segments { bytes, length, limit, hint: error.hint() }
            }
            error => error,
        })?;
    }
    // what converting comes to is not known
    let another = plan.compatible.iter().map(|_| (RenditionId::compatible(), 0, segments.clone(), piece));
    let longest = segments.iter().max().copied().unwrap_or_default();
    let of_sound = plan.expected_segments(&Lengths::even(longest.max(MIN_SOUND)), 0);
    let sounds = (1..).zip(plan.sounds.iter().skip(usize::from(alone.is_some())));
    let sounds = sounds
        .map(|(number, sound)| (RenditionId::sound(number), sound.bit_rate(), of_sound.clone(), SOUND_PIECE_LENGTH));
    for (rendition, bit_rate, lengths, piece) in another.chain(sounds) {
        let mut sum = Sum::new(limits, limit, &rendition, plan.duration, Vec::new()).packed_in(plan.packaging);
        for length in lengths {
            let bytes = (bit_rate as f64 / 8.0 * length.as_secs_f64()) as u64;
            let pieces = evenly(bytes, length, piece);
            sum.add(bytes, length.as_micros() as u64, false, if cut.grows() { &pieces } else { &[] })?;
        }
        held.push(Held { bytes: sum.index_bytes(), until: None });
    }
    Sum { held, ..sum }.room()
}

/// The pieces of a segment as far as they can be foreseen.
fn evenly(bytes: u64, length: Duration, piece: Duration) -> Vec<Piece> {
    let count = (length.as_secs_f64() / piece.as_secs_f64().max(0.1)).round().max(1.0) as u64;
    let (bytes, duration_us) = (bytes / count, length.as_micros() as u64 / count);
    vec![Piece { bytes, duration_us, open: false }; count as usize]
}

/// A reel that can't be published for its size.
pub fn refusal(reel: &ReelName, error: &LimitError) -> Fault {
    let fault = Fault::permanent(format!("could not publish `{reel}`")).because(error);
    Fault { hint: error.hint(), ..fault }
}

/// Of a chunk in the index, without its segments. The hash is always as long.
fn chunk_bytes(number: ChunkNumber) -> u64 {
    let sha256 = "=".repeat(44);
    json_bytes(&ChunkIndex { number, bytes: u64::from(u32::MAX), sha256, segments: Vec::new(), pieces: Vec::new() })
}

/// As JSON, with the comma behind it.
pub fn json_bytes(value: &impl serde::Serialize) -> u64 {
    struct Count(u64);
    impl io::Write for Count {
        fn write(&mut self, block: &[u8]) -> io::Result<usize> {
            self.0 += block.len() as u64;
            Ok(block.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(1);
    serde_json::to_writer(&mut count, value).expect("an index is plain data, and a count takes every write");
    count.0
}

/// A generation that an index holds beside the one that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub bytes: u64,
    /// When it is served no more (RFC 3339); `None` for the one that would be replaced now.
    pub until: Option<String>,
}

#[cfg(test)]
mod tests;
