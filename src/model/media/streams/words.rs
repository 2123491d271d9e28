//! Streams in words for a person: what they are, by their codec, size, sound and language.

use crate::model::media::facts::{Aside, Kind, Stream};

/// Codec names as people write them.
pub fn codec_name(stream: &Stream) -> String {
    match stream.codec.as_str() {
        "h264" => "H.264",
        "hevc" => "HEVC",
        "av1" => "AV1",
        "vp8" => "VP8",
        "vp9" => "VP9",
        "mpeg2video" => "MPEG-2",
        "mpeg4" => "MPEG-4 Part 2",
        "prores" => "ProRes",
        "mjpeg" if stream.kind == Kind::Picture => "JPEG",
        "mjpeg" => "Motion JPEG",
        "png" => "PNG",
        "aac" => "AAC",
        "ac3" => "AC-3",
        "eac3" => "E-AC-3",
        "dts" => "DTS",
        "truehd" => "TrueHD",
        "opus" => "Opus",
        "vorbis" => "Vorbis",
        "flac" => "FLAC",
        "mp3" => "MP3",
        "subrip" | "srt" => "SubRip",
        "ass" | "ssa" => "ASS",
        "mov_text" => "MPEG-4 text",
        "webvtt" => "WebVTT",
        "ttml" => "TTML",
        "eia_608" => "CEA-608",
        "dvd_subtitle" => "VobSub",
        "hdmv_pgs_subtitle" => "PGS",
        "dvb_subtitle" => "DVB",
        "dvb_teletext" => "teletext",
        "xsub" => "XSUB",
        "" => return format!("an unknown codec (`{}`)", stream.tag),
        other if other.starts_with("pcm_") => "PCM",
        other => return format!("`{other}`"),
    }
    .to_owned()
}

/// What data is, by its codec or the container's mark.
fn data_name(stream: &Stream) -> String {
    let name = match (stream.codec.as_str(), stream.tag.as_str()) {
        (_, "tmcd") => "timecode",
        (_, "gpmd") => "GoPro telemetry",
        (_, "camm") => "camera motion",
        (_, "djmd" | "dbgi") => "drone telemetry",
        (_, "mebx") => "timed metadata",
        (_, "rtp ") => "hints for streaming",
        ("klv", _) => "KLV metadata",
        ("scte_35", _) => "SCTE-35 cues",
        ("timed_id3", _) => "timed ID3",
        ("bin_data", "text") => "chapter titles",
        ("ttf" | "otf", _) => "font",
        ("", tag) if !tag.is_empty() && tag != "[0][0][0][0]" => return format!("`{tag}`"),
        ("", _) => "of an unknown kind",
        (codec, _) => return format!("`{codec}`"),
    };
    match &stream.called {
        Some(called) if name == "font" => format!("{name} `{called}`"),
        _ => name.to_owned(),
    }
}

/// `#0 video  H.264 High 1920x1080 60 fps`, with the number that ffprobe gives the stream.
pub fn describe(stream: &Stream) -> String {
    let is_data = matches!(stream.kind, Kind::Data | Kind::Attachment);
    let mut words = vec![if is_data { data_name(stream) } else { codec_name(stream) }];
    words.extend(stream.profile.clone());
    let kind = match stream.kind {
        Kind::Video => {
            words.push(format!("{}x{}", stream.width, stream.height));
            words.extend(stream.frame_rate.map(|rate| format!("{rate} fps")));
            "video"
        }
        Kind::Audio => {
            words.push(match stream.channels {
                1 => "mono".to_owned(),
                2 => "stereo".to_owned(),
                6 => "5.1".to_owned(),
                8 => "7.1".to_owned(),
                channels => format!("{channels} channels"),
            });
            words.push(format!("{} kHz", f64::from(stream.sample_rate) / 1000.0));
            "audio"
        }
        Kind::Picture if stream.aside == Some(Aside::Thumbnails) => "thumbnails",
        Kind::Picture => "picture",
        Kind::Subtitle => "subtitles",
        Kind::Data => "data",
        Kind::Attachment => "attachment",
    };
    words.extend(stream.language.as_ref().map(|language| format!("({language})")));
    if stream.kind == Kind::Subtitle {
        words.extend(stream.forced.then(|| "forced".to_owned()));
        words.extend(stream.hearing_impaired.then(|| "for the hard of hearing".to_owned()));
    }
    format!("#{} {kind}  {}", stream.index, words.join(" "))
}
