//! What gate, relay and Lambda take of a reel, and what a reel comes to: estimated before anything is sent, and summed
//! up segment by segment while the video is split.

use std::{io, time::Duration};

use super::pack::{CHUNK_LIMIT_MAX, MIB, PackError, Packer, Segment};
use crate::model::{
    hls::playlist,
    media::decide::MediaPlan,
    reel::{
        index::{ChunkIndex, Container, SegmentIndex},
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
                "No segment ends but at a keyframe: use --chunk-mib up to 49, or re-encode the video with more keyframes \
                 first."
                    .to_owned()
            }
            Self::Group { .. } => "No segment ends but at a keyframe: re-encode the video with more of them first, or at \
                                   a lower bit rate."
                .to_owned(),
            Self::Index { fitting_seconds: Some(seconds), .. } | Self::Playlist { fitting_seconds: Some(seconds), .. } => {
                format!("Use --segment-seconds {seconds} or more, or publish the video in parts.")
            }
            Self::Index { fitting_seconds: None, .. } | Self::Playlist { fitting_seconds: None, .. } => {
                "Use a larger --segment-seconds, or publish the video in parts.".to_owned()
            }
            Self::NoRoom { until: Some(until), .. } => {
                format!("There is room after {until}. Until then publish under another --name, or use a larger \
                         --segment-seconds.")
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
    segments: u64,
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
            segments: 0,
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
    pub fn add(&mut self, bytes: u64, duration_us: u64, discontinuity: bool) -> Result<(), LimitError> {
        let segment = Segment { number: self.segments as u32, bytes, duration_us, discontinuity };
        if let Some(closed) = self.packer.push(segment)? {
            self.chunk = closed.number.next().ok_or(PackError::TooManyChunks)?;
            self.chunk_bytes = 0;
            self.index_bytes += chunk_bytes(self.chunk);
        }
        let (offset, crc32) = (self.chunk_bytes, u32::MAX);
        let segment = SegmentIndex { offset, bytes, duration_us, crc32, discontinuity };
        let [links, relayed] =
            playlist::entry_bytes(&self.rendition, self.container, self.chunk, self.segments, &segment);
        self.chunk_bytes += bytes;
        self.segments += 1;
        self.made_us += duration_us;
        self.playlist_bytes += links;
        self.index_bytes += json_bytes(&segment) + links + relayed;
        let Limits { index_bytes, playlist_bytes } = self.limits;
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
        let segments = limit as f64 / (bytes as f64 / self.segments as f64);
        Some((1.1 * duration / segments).ceil().max(1.0) as u64)
    }
}

/// Refuses what can't be published, as far as that can be told of a video before it is split. What re-encoding comes to
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
    let segments = plan.expected_segments(cut.segment_length);
    let length = plan.duration.unwrap_or_default() / segments.max(1);
    let bytes = plan.published_bytes(source_bytes).unwrap_or(0) / u64::from(segments.max(1));
    let mut sum = Sum::new(limits, limit, rendition, plan.duration, Vec::new()).packed_in(plan.packaging);
    for _ in 0..segments {
        sum.add(bytes, length.as_micros() as u64, false).map_err(|error| match error {
            LimitError::Pack(error @ PackError::SegmentTooLarge { .. }) => {
                LimitError::Segments { bytes, length, limit, hint: error.hint() }
            }
            error => error,
        })?;
    }
    for (place, sound) in plan.sounds.iter().enumerate() {
        let rendition = RenditionId::sound(place + 1);
        let mut sum = Sum::new(limits, limit, &rendition, plan.duration, Vec::new());
        let bytes = sound.bit_rate() / 8 * length.as_secs();
        for _ in 0..segments {
            sum.add(bytes, length.as_micros() as u64, false)?;
        }
        held.push(Held { bytes: sum.index_bytes(), until: None });
    }
    Sum { held, ..sum }.room()
}

/// A reel that can't be published for its size.
pub fn refusal(reel: &ReelName, error: &LimitError) -> Fault {
    let fault = Fault::permanent(format!("could not publish `{reel}`")).because(error);
    Fault { hint: error.hint(), ..fault }
}

/// Of a chunk in the index, without its segments. The hash is always as long.
fn chunk_bytes(number: ChunkNumber) -> u64 {
    let sha256 = "=".repeat(44);
    json_bytes(&ChunkIndex { number, bytes: u64::from(u32::MAX), sha256, segments: Vec::new() })
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
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{
        hls::playlist::Links,
        media::{
            decide::decide,
            facts::{Keyframes, Transcode},
            ffprobe,
        },
        reel::{
            index::{GenerationIndex, RenditionIndex},
            name::Generation,
        },
    };

    const HOUR: u64 = 3600;
    const UNTIL: [&str; 3] = ["2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"];

    /// A silent film in H.264 with a keyframe every so many seconds, and `group` bytes between two.
    fn plan(hours: u64, keyframes: u64, group: u64) -> MediaPlan {
        let (spacing, seconds) = (Duration::from_secs(keyframes), hours * HOUR);
        let video = r#"{"index":0,"codec_type":"video","codec_name":"h264","pix_fmt":"yuv420p"}"#;
        let json = format!(r#"{{"format":{{"format_name":"mov","duration":"{seconds}"}},"streams":[{video}]}}"#);
        let mut media = ffprobe::media(&json, 0).unwrap();
        let (at_least, open, untimed) = (false, false, false);
        media.keyframes =
            Some(Keyframes { mean: spacing, max: spacing, at_least, open, untimed, largest_bytes: group });
        decide(&media, Transcode::Never).unwrap()
    }

    fn refused(plan: &MediaPlan, seconds: u64, limit: u64, bytes: u64, held: &[Held]) -> Result<(), LimitError> {
        let cut = Cut {
            segment_length: Duration::from_secs(seconds),
            chunk_limit: limit,
            transcode: Transcode::Never,
            wanted: Default::default(),
        };
        foresee(Limits::LAMBDA, plan, &cut, &RenditionId::source(), bytes, held.to_vec())
    }

    fn held(bytes: u64, until: Option<&str>) -> Held {
        Held { bytes, until: until.map(str::to_owned) }
    }

    #[test]
    fn a_day_fits_in_segments_of_two_seconds_and_not_of_one() {
        let gib = 1024 * MIB;
        assert_eq!(refused(&plan(24, 1, 0), 2, 32 * MIB, 40 * gib, &[]), Ok(()));
        let error = refused(&plan(24, 1, 0), 1, 32 * MIB, 40 * gib, &[]).unwrap_err();
        assert_eq!(error, LimitError::Playlist { most: PLAYLIST_BYTES_MAX, fitting_seconds: Some(2) });
        assert_eq!(error.hint().unwrap(), "Use --segment-seconds 2 or more, or publish the video in parts.");
        // where keyframes are farther apart, segments are as long as that whatever was asked for
        assert_eq!(refused(&plan(24, 2, 0), 1, 32 * MIB, 40 * gib, &[]), Ok(()));
    }

    #[test]
    fn what_no_chunk_can_hold_is_refused_before_it_is_split() {
        // 60 Mbit/s
        let bytes = HOUR * 7_500_000;
        let error = refused(&plan(1, 10, 0), 6, 32 * MIB, bytes, &[]).unwrap_err();
        assert!(matches!(error, LimitError::Segments { bytes: 75_000_000, .. }), "{error:?}");
        assert!(error.hint().unwrap().starts_with("Use --segment-seconds 4, or --chunk-mib up to 49."), "{error:?}");
        assert_eq!(refused(&plan(1, 2, 0), 4, 32 * MIB, bytes, &[]), Ok(()));
        let group = 33 * MIB;
        let error = refused(&plan(1, 2, group), 2, 32 * MIB, bytes, &[]).unwrap_err();
        assert_eq!(error, LimitError::Group { bytes: group, limit: 32 * MIB });
        let many = refused(&plan(24, 2, 0), 6, MIB, 12_000 * MIB, &[]).unwrap_err();
        assert_eq!(many, LimitError::Pack(PackError::TooManyChunks));
    }

    #[test]
    fn an_index_that_is_full_says_when_it_has_room_again() {
        let eight = plan(8, 2, 0);
        let to_come = |held: &[Held]| refused(&eight, 6, 32 * MIB, 8 * HOUR * 600_000, held);
        // five replaced generations of the same film, and the one that is replaced now
        let of_a_day: Vec<Held> = (0..5).map(|_| held(MIB / 2, Some(UNTIL[0]))).collect();
        assert_eq!(to_come(&[of_a_day, vec![held(MIB / 2, None)]].concat()), Ok(()));
        let mut full: Vec<Held> = UNTIL.iter().rev().map(|until| held(4 * MIB, Some(until))).collect();
        full.push(held(4 * MIB, None));
        assert_eq!(to_come(&full), Err(LimitError::NoRoom { most: INDEX_BYTES_MAX, until: Some(UNTIL[1].to_owned()) }));
        full.pop();
        assert_eq!(to_come(&full), Err(LimitError::NoRoom { most: INDEX_BYTES_MAX, until: Some(UNTIL[0].to_owned()) }));
        assert_eq!(to_come(&[held(12 * MIB, None)]), Err(LimitError::NoRoom { most: INDEX_BYTES_MAX, until: None }));
    }

    #[test]
    fn the_sum_is_what_index_and_playlists_come_to() {
        let (limit, id) = (8 * MIB, RenditionId::source());
        let (mut packer, mut sum) = (Packer::new(limit), Sum::new(Limits::LAMBDA, limit, &id, None, Vec::new()));
        let mut chunks = Vec::new();
        let mut close = |chunk: crate::model::chunk::pack::Chunk| {
            let mut offset = 0;
            let segments = chunk.segments.iter().map(|segment| {
                offset += segment.bytes;
                let (bytes, duration_us, crc32) = (segment.bytes, segment.duration_us, 0x8000_0000 | segment.number);
                SegmentIndex { offset: offset - bytes, bytes, duration_us, crc32, discontinuity: segment.discontinuity }
            });
            let (number, sha256) = (chunk.number, "A".repeat(44));
            chunks.push(ChunkIndex { number, bytes: limit, sha256, segments: segments.collect() });
        };
        for number in 0..5000_u32 {
            let (bytes, duration_us) = (200_000 + u64::from(number) * 97, 2_000_000 + u64::from(number % 5) * 41_667);
            let discontinuity = number % 7 == 3;
            sum.add(bytes, duration_us, discontinuity).unwrap();
            let chunk = packer.push(Segment { number, bytes, duration_us, discontinuity }).unwrap();
            chunk.into_iter().for_each(&mut close);
        }
        packer.finish().unwrap().into_iter().for_each(&mut close);
        let rendition = RenditionIndex {
            container: Container::Ts,
            bandwidth: 1,
            average_bandwidth: 1,
            codecs: "avc1.64001f,mp4a.40.2".into(),
            resolution: Some((1280, 720)),
            frame_rate: Some(24.0),
            video_range: None,
            supplemental_codecs: None,
            init: None,
            independent: Some(true),
            beside: None,
            chunks,
        };
        let texts = [Links::Chunks { prefix: "" }, Links::Relay]
            .map(|links| playlist::media(&id, &rendition, links).len() as u64);
        let index = GenerationIndex {
            generation: Generation::from_digest(&[0x4f; 32]),
            duration_ms: 1,
            source_sha256: None,
            damaged: Vec::new(),
            subtitles: Vec::new(),
            chapters: None,
            captions: false,
            wanted: Default::default(),
            segment_seconds: 2.0,
            chunk_limit_bytes: limit,
            renditions: BTreeMap::from([(id, rendition)]),
        };
        let whole = serde_json::to_vec(&index).unwrap().len() as u64 + texts.iter().sum::<u64>();
        let near = whole..whole + ENVELOPE_BYTES + whole / 200;
        assert!(near.contains(&sum.index_bytes), "{whole} {}", sum.index_bytes);
        assert!(texts[0] - sum.playlist_bytes < 200, "{} {}", texts[0], sum.playlist_bytes);
        let kept = serde_json::to_vec(&index.retired()).unwrap().len() as u64;
        assert!(kept * 10 < whole - texts.iter().sum::<u64>(), "{kept}");
    }
}
