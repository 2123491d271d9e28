//! Which subtitles are text, and what is said of those that are not.

use crate::model::media::facts::Stream;

/// Codecs that ffmpeg decodes to text.
const TEXT: [&str; 8] = ["subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text", "eia_608"];

pub fn is_text(stream: &Stream) -> bool {
    TEXT.contains(&stream.codec.as_str())
}

pub(crate) fn why_left_out(stream: &Stream) -> &'static str {
    match stream.codec.as_str() {
        "dvd_subtitle" | "hdmv_pgs_subtitle" | "dvb_subtitle" | "xsub" => {
            "they are pictures of text, which WebVTT can't hold"
        }
        "dvb_teletext" => "teletext is not read",
        "ttml" => "ffmpeg does not read TTML: save it as SubRip or WebVTT beside the video",
        "" => "ffmpeg does not know their form",
        _ => "ffmpeg does not make text of them",
    }
}
