//! Which subtitles are text, and what is said of those that are not.

use super::refusal::MediaRefusal;
use crate::model::media::facts::{Stream, WantedSubtitles};

pub const NOT_ASKED: &str = "they were not asked for";

/// Subtitles that someone may have meant, in the file or beside it.
pub struct Candidate<'a> {
    pub number: u32,
    pub language: Option<&'a str>,
    /// For a person.
    pub label: String,
    /// Why it is no text, if it is none.
    pub no_text: Option<String>,
}

/// Refuses what was named and is not there.
pub fn are_there(wanted: WantedSubtitles, candidates: &[Candidate<'_>]) -> Result<(), MediaRefusal> {
    for pick in wanted.named() {
        let meant = || candidates.iter().filter(|one| pick.is(one.number, one.language));
        if meant().any(|one| one.no_text.is_none()) {
            continue;
        }
        if let Some((one, why)) = meant().find_map(|one| Some((one, one.no_text.clone()?))) {
            return Err(MediaRefusal::NoText { stream: one.label.clone(), why });
        }
        let texts = candidates.iter().filter(|one| one.no_text.is_none());
        let found = texts.map(|one| one.label.clone()).collect();
        return Err(MediaRefusal::NoSubtitles { asked: pick.to_string(), found });
    }
    Ok(())
}

/// Its documents are read as they are: ffmpeg has no decoder for them, and up to 5.1 no name in MP4.
pub const TTML: &str = "ttml";
/// Codecs that ffmpeg decodes to text, and TTML.
const TEXT: [&str; 9] = ["subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text", "eia_608", TTML];

pub fn is_text(stream: &Stream) -> bool {
    TEXT.contains(&stream.codec.as_str())
}

pub(crate) fn why_left_out(stream: &Stream) -> &'static str {
    match stream.codec.as_str() {
        "dvd_subtitle" | "hdmv_pgs_subtitle" | "dvb_subtitle" | "xsub" => {
            "they are pictures of text, which WebVTT can't hold"
        }
        "dvb_teletext" => "teletext is not read",
        "" => "ffmpeg does not know their form",
        _ => "ffmpeg does not make text of them",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::{decide::decide, facts::Transcode, ffprobe::media};

    #[test]
    fn ttml_is_text_though_ffmpeg_does_not_know_it() {
        let json = r#"{"format":{"format_name":"mov,mp4"},"streams":[
            {"index":0,"codec_type":"audio","codec_name":"aac","channels":2,"sample_rate":"48000"},
            {"index":1,"codec_type":"data","codec_tag_string":"stpp","tags":{"language":"ger"}},
            {"index":2,"codec_type":"data","codec_tag_string":"tmcd"},
            {"index":3,"codec_type":"subtitle","codec_name":"ttml","codec_tag_string":"stpp"}]}"#;
        let found = media(json, 1000).unwrap();
        assert_eq!(found.streams.iter().map(is_text).collect::<Vec<_>>(), [false, true, false, true]);
        let plan = decide(&found, Transcode::Auto).unwrap();
        let said = plan.sentences().join("\n");
        assert!(said.contains("#1 subtitles  TTML (ger): as WebVTT"), "{said}");
        assert!(said.contains("#2 data  timecode: left out"), "{said}");
    }

    #[test]
    fn what_is_named_and_not_there_is_refused_with_what_there_is() {
        let candidate = |number, language, no_text: Option<&str>| Candidate {
            number,
            language,
            label: format!("#{number}"),
            no_text: no_text.map(str::to_owned),
        };
        let all = [
            candidate(2, Some("eng"), None),
            candidate(3, Some("eng"), Some("pictures")),
            candidate(4, Some("fre"), Some("pictures")),
        ];
        let ask = |text: &str| are_there(text.parse().unwrap(), &all);
        for fine in ["all", "none", "2", "en"] {
            assert_eq!(ask(fine), Ok(()), "{fine}");
        }
        let found = vec!["#2".to_owned()];
        for missing in ["deu", "7"] {
            let asked = missing.to_owned();
            assert_eq!(ask(missing), Err(MediaRefusal::NoSubtitles { asked, found: found.clone() }));
        }
        for (no_text, stream) in [("3", "#3"), ("fra", "#4")] {
            let (stream, why) = (stream.to_owned(), "pictures".to_owned());
            assert_eq!(ask(no_text), Err(MediaRefusal::NoText { stream, why }));
        }
    }
}
