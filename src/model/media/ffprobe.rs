//! Reads ffprobe's JSON. The file behind it may be anybody's, so every field is optional, every number is bounded and
//! text loses its control characters: no input makes this panic or grow without limit.

mod json;
mod pictures;

use std::time::Duration;

use serde_json::Value;

use super::{
    facts::{Aside, Chapter, Clock, FirstField, Hidden, Keyframes, Kind, Media, Programme, Stream, Wanted},
    streams::{
        orientation::{self, Orientation},
        subtitles::TTML,
    },
    structure::Structure,
};
use json::{clock, codec, dolby_vision, duration, list, number, ratio, seconds, text};
pub use pictures::Pictures;

/// Streams beyond this are not looked at.
pub const STREAMS_MAX: usize = 256;
/// Chapters beyond this are not looked at.
const CHAPTERS_MAX: usize = 1000;
/// Packets beyond this are not looked at: minutes of any video.
pub const PACKETS_MAX: usize = 200_000;
/// Wider and higher than any codec's limit.
const PIXELS_MAX: u64 = 65_536;

/// A stream's length in units of its own that its writer did not know.
const UNKNOWN: u64 = u32::MAX as u64;
/// Seconds by which lengths of one file differ that are counted alike.
const COUNTED_ALIKE: f64 = 0.05;

#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("ffprobe's answer is no JSON")]
    Json(#[from] serde_json::Error),
    #[error("ffprobe's answer names no container")]
    NoFormat,
}

/// The answer to `-show_format -show_streams -show_programs -show_chapters -of json`, for a file of `bytes`.
pub fn media(json: &str, bytes: u64) -> Result<Media, OutputError> {
    let answer: Value = serde_json::from_str(json)?;
    let format = &answer["format"];
    let container = text(&format["format_name"]).ok_or(OutputError::NoFormat)?;
    let whole = duration(&format["duration"]).filter(|whole| !is_unknown(*whole, list(&answer["streams"])));
    let mut streams: Vec<Stream> = list(&answer["streams"]).iter().take(STREAMS_MAX).filter_map(stream).collect();
    if container.split(',').any(|name| name == "mov") {
        disable(&mut streams);
    }
    let mut media = Media {
        container,
        duration: whole,
        bytes,
        bit_rate: number(&format["bit_rate"]),
        streams,
        keyframes: None,
        hidden: Hidden::default(),
        structure: Structure::default(),
        programmes: list(&answer["programs"]).iter().take(STREAMS_MAX).filter_map(programme).collect(),
        chapters: list(&answer["chapters"]).iter().take(CHAPTERS_MAX).filter_map(chapter).collect(),
        begins: seconds(&format["start_time"]).unwrap_or(0.0),
        wanted: Wanted::default(),
    };
    if media.container.split(',').any(|name| name == "matroska") {
        count_from_start(&mut media, seconds(&format["start_time"]).unwrap_or(0.0));
    }
    Ok(media)
}

/// Matroska counts lengths from zero, whenever its first picture comes; some writers those of streams from their start.
fn count_from_start(media: &mut Media, start: f64) {
    let after = |length: Duration, start: f64| {
        let seconds = length.as_secs_f64() - start;
        Duration::try_from_secs_f64(seconds).ok().filter(|length| !length.is_zero()).unwrap_or(length)
    };
    let end = media.duration.map_or(f64::INFINITY, |duration| duration.as_secs_f64()) + COUNTED_ALIKE;
    for stream in &mut media.streams {
        let start = stream.start.unwrap_or(start);
        stream.duration = stream.duration.map(|length| match length.as_secs_f64() + start > end {
            true => after(length, start),
            false => length,
        });
    }
    media.duration = media.duration.map(|length| after(length, start));
}

/// All bits set in a field of 32 bits stand for a length that its writer did not know.
fn is_unknown(length: Duration, streams: &[Value]) -> bool {
    let scale = |stream: &Value| ratio(&stream["time_base"], '/').map(|base| base.denominator);
    let scales = streams.iter().filter_map(scale).chain([600, 1000, 90_000]);
    let of_stream = |stream: &Value| number(&stream["duration_ts"]) == Some(UNKNOWN);
    let of_file = |scale: u32| (length.as_secs_f64() * f64::from(scale) - UNKNOWN as f64).abs() < 1.0;
    streams.iter().any(of_stream) || scales.into_iter().any(of_file)
}

fn chapter(json: &Value) -> Option<Chapter> {
    Some(Chapter { start: seconds(&json["start_time"])?, title: text(&json["tags"]["title"]) })
}

fn programme(json: &Value) -> Option<Programme> {
    let index = |stream: &Value| number(&stream["index"]).and_then(|index| u32::try_from(index).ok());
    Some(Programme {
        number: number(&json["program_num"]).or_else(|| number(&json["program_id"]))?.try_into().ok()?,
        name: text(&json["tags"]["service_name"]).or_else(|| text(&json["tags"]["title"])),
        streams: list(&json["streams"]).iter().filter_map(index).collect(),
    })
}

/// In MP4 and QuickTime "default" stands for "enabled". A file in which nothing of a kind is enabled says nothing by it.
fn disable(streams: &mut [Stream]) {
    for kind in [Kind::Video, Kind::Audio] {
        let is_told = streams.iter().any(|stream| stream.kind == kind && stream.default);
        let of_kind = streams.iter_mut().filter(|stream| stream.kind == kind && !stream.default && is_told);
        of_kind.for_each(|stream| stream.aside = stream.aside.or(Some(Aside::Disabled)));
    }
}

/// What an edit list hides of what would be published: `shown` was probed with it, `whole` with `-ignore_editlist 1`.
pub fn hidden(shown: &Media, whole: &Media) -> Hidden {
    let difference = |stream: Option<&Stream>| {
        let stream = stream?;
        let same = whole.streams.iter().find(|other| other.index == stream.index)?;
        same.duration?.checked_sub(stream.duration?)
    };
    let of = |stream| difference(stream).unwrap_or_default();
    Hidden { video: of(shown.video()), audio: of(shown.audio()) }
}

fn stream(json: &Value) -> Option<Stream> {
    let tags = &json["tags"];
    let side_data = list(&json["side_data_list"]);
    let Orientation { rotation, mirrored } = orientation::told(side_data, tags);
    let disposition = |name: &str| number(&json["disposition"][name]) == Some(1);
    let tag = text(&json["codec_tag_string"]).unwrap_or_default();
    let codec = codec(json, &tag);
    let kind = match json["codec_type"].as_str()? {
        "data" if codec == TTML => Kind::Subtitle,
        "video" if disposition("attached_pic") || disposition("timed_thumbnails") => Kind::Picture,
        "video" => Kind::Video,
        "audio" => Kind::Audio,
        "subtitle" => Kind::Subtitle,
        "attachment" => Kind::Attachment,
        _ => Kind::Data,
    };
    let pixels = |field: &str| number(&json[field]).filter(|pixels| *pixels <= PIXELS_MAX).unwrap_or(0) as u32;
    let small = |field: &str| number(&json[field]).and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    Some(Stream {
        index: number(&json["index"]).and_then(|index| u32::try_from(index).ok())?,
        id: json["id"].as_str().and_then(|id| u32::from_str_radix(id.strip_prefix("0x")?, 16).ok()),
        kind,
        codec,
        tag,
        profile: text(&json["profile"]).filter(|profile| profile != "unknown"),
        level: json["level"].as_i64().filter(|level| (1..=1000).contains(level)),
        pixel_format: text(&json["pix_fmt"]),
        width: pixels("width"),
        height: pixels("height"),
        sample_aspect: ratio(&json["sample_aspect_ratio"], ':'),
        rotation,
        mirrored,
        interlaced: first_field(&json["field_order"]).is_some(),
        untold_fields: first_field(&json["field_order"]),
        clock: ratio(&json["time_base"], '/')
            .map(|tick| Clock { tick, start: json["start_pts"].as_i64().unwrap_or(0) }),
        frame_rate: ratio(&json["avg_frame_rate"], '/'),
        base_frame_rate: ratio(&json["r_frame_rate"], '/'),
        transfer: text(&json["color_transfer"]).filter(|transfer| transfer != "unknown"),
        dolby_vision: side_data.iter().find_map(dolby_vision),
        channels: small("channels"),
        sample_rate: small("sample_rate"),
        bit_rate: number(&json["bit_rate"]).or_else(|| number(&tags["BPS"])).or_else(|| number(&tags["BPS-eng"])),
        start: seconds(&json["start_time"]),
        duration: duration(&json["duration"])
            .filter(|_| number(&json["duration_ts"]) != Some(UNKNOWN))
            .or_else(|| clock(tags["DURATION"].as_str()?)),
        frames: number(&json["nb_frames"])
            .or_else(|| number(&tags["NUMBER_OF_FRAMES"]))
            .or_else(|| number(&tags["NUMBER_OF_FRAMES-eng"])),
        language: text(&tags["language"]).filter(|language| language != "und"),
        title: text(&tags["title"]),
        called: text(&tags["filename"]).or_else(|| text(&tags["handler_name"]).filter(|name| !is_usual(name))),
        default: disposition("default"),
        closed_captions: number(&json["closed_captions"]) == Some(1),
        forced: disposition("forced"),
        hearing_impaired: disposition("hearing_impaired") || disposition("captions"),
        aside: ASIDES.into_iter().find(|(name, _)| disposition(name)).map(|(_, aside)| aside),
    })
}

/// Dispositions that say it.
const ASIDES: [(&str, Aside); 7] = [
    ("still_image", Aside::Stills),
    ("timed_thumbnails", Aside::Thumbnails),
    ("dependent", Aside::Auxiliary),
    ("multilayer", Aside::Auxiliary),
    ("comment", Aside::Commentary),
    ("visual_impaired", Aside::Described),
    ("descriptions", Aside::Described),
];

/// Names that common muxers give to every handler.
fn is_usual(name: &str) -> bool {
    ["VideoHandler", "SoundHandler", "DataHandler"].contains(&name) || name.contains("Media Handler")
}

/// The field that is shown first; `None` for whole pictures. The second letter of the order is the one that is shown.
fn first_field(order: &Value) -> Option<FirstField> {
    match order.as_str()? {
        "tt" | "bt" => Some(FirstField::Top),
        "bb" | "tb" => Some(FirstField::Bottom),
        _ => None,
    }
}

/// How many packets each stream has, by `-show_entries packet=stream_index -of json` over a window.
pub fn count_packets(media: &mut Media, json: &str) -> Result<(), OutputError> {
    let answer: Value = serde_json::from_str(json)?;
    let packets = || list(&answer["packets"]).iter().take(PACKETS_MAX);
    for stream in media.streams.iter_mut().filter(|stream| stream.frames.is_none()) {
        let own = packets().filter(|packet| number(&packet["stream_index"]) == Some(u64::from(stream.index))).count();
        // one that begins later says nothing
        stream.frames = Some(own as u64).filter(|frames| *frames > 0);
    }
    Ok(())
}

/// What windows of one stream's packets show.
#[derive(Debug, Default)]
pub struct PacketSample {
    gaps: Vec<f64>,
    first_keyframe: Option<f64>,
    longest_open_end: f64,
    open: bool,
    untimed: bool,
    largest_bytes: u64,
    discarded: u32,
    packets: usize,
}

impl PacketSample {
    /// Adds one window: the answer to `-show_entries packet=pts_time,dts_time,size,flags -of json`, in decoding order.
    pub fn window(&mut self, json: &str) -> Result<(), OutputError> {
        let answer: Value = serde_json::from_str(json)?;
        let packets = list(&answer["packets"]);
        let (mut keyframe, mut end, mut group_bytes) = (None::<f64>, None::<f64>, 0);
        for packet in packets.iter().take(PACKETS_MAX) {
            self.packets += 1;
            let flags = packet["flags"].as_str().unwrap_or_default();
            self.discarded += u32::from(flags.contains('D'));
            if flags.starts_with('K') {
                group_bytes = 0;
            }
            group_bytes = u64::saturating_add(group_bytes, number(&packet["size"]).unwrap_or(0));
            self.largest_bytes = self.largest_bytes.max(group_bytes);
            let Some(shown) = seconds(&packet["pts_time"]) else {
                self.untimed = true;
                continue;
            };
            if flags.starts_with('K') {
                self.first_keyframe.get_or_insert(shown);
                if let Some(gap) = keyframe.map(|previous| shown - previous).filter(|gap| *gap > 0.0) {
                    self.gaps.push(gap);
                }
                keyframe = Some(shown);
            } else if keyframe.is_some_and(|keyframe| shown < keyframe) {
                self.open = true;
            }
            end = Some(end.map_or(shown, |end: f64| end.max(shown)));
        }
        if let (Some(keyframe), Some(end)) = (keyframe, end) {
            self.longest_open_end = self.longest_open_end.max(end - keyframe);
        }
        Ok(())
    }

    /// Whether a second keyframe was met anywhere: if not, a longer window may show one.
    pub fn has_spacing(&self) -> bool {
        !self.gaps.is_empty()
    }

    /// When the picture begins: what comes before the first keyframe can't be decoded. Windows must be in order.
    pub fn first_keyframe(&self) -> Option<f64> {
        self.first_keyframe
    }

    /// Packets that the container marks as never shown.
    pub fn discarded(&self) -> u32 {
        self.discarded
    }

    /// `None` if there was no packet at all.
    pub fn keyframes(&self) -> Option<Keyframes> {
        if self.packets == 0 {
            return None;
        }
        let measured = self.gaps.iter().copied().fold(0.0, f64::max);
        let at_least = self.longest_open_end > measured;
        let max = measured.max(self.longest_open_end);
        let mean = if self.gaps.is_empty() { max } else { self.gaps.iter().sum::<f64>() / self.gaps.len() as f64 };
        let span = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let Self { open, untimed, largest_bytes, .. } = *self;
        Some(Keyframes { mean: span(mean), max: span(max), at_least, open, untimed, largest_bytes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::media::{decide::decide, facts::Transcode};

    fn read(json: &str) -> Media {
        media(json, 1000).unwrap()
    }

    #[test]
    fn rotation_is_clockwise_whoever_tells_it() {
        let stream = |extra: &str| {
            let json = format!(
                r#"{{"format":{{"format_name":"mov"}},"streams":[{{"index":0,"codec_type":"video",{extra}}}]}}"#
            );
            read(&json).streams[0].rotation
        };
        assert_eq!(stream(r#""side_data_list":[{"rotation":-90}]"#), 90);
        assert_eq!(stream(r#""side_data_list":[{},{"rotation":90}]"#), 270);
        assert_eq!(stream(r#""side_data_list":[{"rotation":180.0}]"#), 180);
        assert_eq!(stream(r#""tags":{"rotate":"90"}"#), 90);
        assert_eq!(stream(r#""tags":{"rotate":"ninety"}"#), 0);
        assert_eq!(stream(r#""side_data_list":[{"rotation":-1e300}]"#), 0);
    }

    #[test]
    fn text_from_the_file_carries_no_escape_sequences() {
        let json = r#"{"format":{"format_name":"mov"},"streams":[{"index":0,"codec_type":"audio",
            "codec_name":"aac","tags":{"title":"\u001b[2Jred\u0007","language":"\u001b]0;x\u0007"}}]}"#;
        let stream = &read(json).streams[0];
        assert_eq!(stream.title.as_deref(), Some("[2Jred"));
        assert_eq!(stream.language.as_deref(), Some("]0;x"));
    }

    fn sampled(packets: &[(&str, &str)]) -> PacketSample {
        let packets: Vec<_> =
            packets.iter().map(|(time, flags)| format!(r#"{{"pts_time":"{time}","flags":"{flags}"}}"#)).collect();
        let mut sample = PacketSample::default();
        sample.window(&format!(r#"{{"packets":[{}]}}"#, packets.join(","))).unwrap();
        sample
    }

    #[test]
    fn leading_pictures_make_an_open_gop() {
        let closed = [("0", "K__"), ("0.2", "__"), ("0.1", "__"), ("2", "K__"), ("2.2", "__"), ("2.1", "__")];
        assert!(!sampled(&closed).keyframes().unwrap().open);
        let open = [("0", "K__"), ("0.1", "__"), ("2", "K__"), ("1.9", "__"), ("2.1", "__")];
        let keyframes = sampled(&open).keyframes().unwrap();
        assert!(keyframes.open && !keyframes.at_least);
        assert_eq!(keyframes.max, Duration::from_secs(2));
    }

    #[test]
    fn a_gap_that_outlasts_the_window_is_a_lower_bound() {
        let keyframes = sampled(&[("0", "K__"), ("1", "K__"), ("2", "__"), ("12", "__")]).keyframes().unwrap();
        assert_eq!((keyframes.max, keyframes.at_least), (Duration::from_secs(11), true));
        assert_eq!(PacketSample::default().keyframes(), None);
        assert_eq!(sampled(&[("0", "KD_"), ("1", "_D_")]).discarded(), 2);
    }

    /// Any JSON, with the fields that are looked at more often than chance would have them.
    fn json() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            any::<String>(),
            "-?[0-9]{1,25}(\\.[0-9]{1,9})?([/:][0-9]{1,12})?",
            Just("NaN".to_owned()),
            Just("video".to_owned()),
            Just("h264".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        let name = prop::sample::select(vec![
            "format",
            "streams",
            "format_name",
            "duration",
            "bit_rate",
            "index",
            "codec_type",
            "codec_name",
            "width",
            "height",
            "sample_aspect_ratio",
            "avg_frame_rate",
            "r_frame_rate",
            "side_data_list",
            "rotation",
            "tags",
            "rotate",
            "DURATION",
            "disposition",
            "attached_pic",
            "channels",
            "packets",
            "pts_time",
            "flags",
            "pix_fmt",
        ]);
        leaf.prop_recursive(5, 96, 12, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
                prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..12)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_json_makes_the_reader_or_the_plan_panic(format in json(), streams in prop::collection::vec(json(), 0..6)) {
            let answer = serde_json::json!({"format": format, "streams": streams, "packets": streams}).to_string();
            if let Ok(mut found) = media(&answer, 1) {
                let mut sample = PacketSample::default();
                sample.window(&answer).unwrap();
                found.keyframes = sample.keyframes();
                found.hidden = hidden(&found, &found);
                if let Ok(plan) = decide(&found, Transcode::Auto) {
                    let length = Duration::from_secs(6);
                    let _ = (plan.sentences(), plan.expected_segments(&crate::model::media::segment::lengths::Lengths::even(length), 1), plan.display_size());
                    let _ = plan.piece_seconds(length);
                }
            }
            let _ = media(&format.to_string(), 1);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>()) {
            let _ = media(&text, 1);
            let _ = (PacketSample::default().window(&text), Pictures::read(&text));
        }
    }
}
