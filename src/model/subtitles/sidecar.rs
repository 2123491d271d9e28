//! Files beside a video that carry its subtitles, by their names: `film.srt`, `film.en.srt`, `film.pt-BR.forced.ass`.

use super::read::Form;

/// What a file's name says of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// As the name has it: letters of ISO 639, with what follows them.
    pub language: Option<String>,
    pub forced: bool,
    /// For those who do not hear: sounds are told too.
    pub hearing_impaired: bool,
    pub default: bool,
}

/// What can be made of such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Text(Form),
    /// Pictures of text, or a form that nothing here reads, by its name.
    None(&'static str),
}

/// Whether a file is one of this video's, and what its name says. `is_language` knows which words are languages. A name with
/// words that say nothing of subtitles is another video's.
pub fn named(stem: &str, file: &str, is_language: impl Fn(&str) -> bool) -> Option<(Named, Use)> {
    let rest = file.get(..stem.len()).filter(|start| *start == stem).and(file.get(stem.len()..))?;
    let words: Vec<&str> = rest.strip_prefix('.')?.split('.').collect();
    let (ending, words) = words.split_last()?;
    let what = of_ending(&ending.to_ascii_lowercase())?;
    let mut named = Named::default();
    for word in words {
        match word.to_ascii_lowercase().as_str() {
            "forced" | "foreign" => named.forced = true,
            "sdh" | "cc" => named.hearing_impaired = true,
            "hi" if named.language.is_some() => named.hearing_impaired = true,
            "default" => named.default = true,
            "full" => {}
            _ if named.language.is_none() && is_tag(word) && is_language(word) => {
                named.language = Some((*word).to_owned())
            }
            _ => return None,
        }
    }
    Some((named, what))
}

fn of_ending(ending: &str) -> Option<Use> {
    Some(match ending {
        "srt" => Use::Text(Form::SubRip),
        "vtt" => Use::Text(Form::WebVtt),
        "ass" | "ssa" => Use::Text(Form::Ass),
        "ttml" | "dfxp" => Use::Text(Form::Ttml),
        "idx" | "sup" => Use::None("pictures of text, which WebVTT can't hold"),
        // VobSub, which is pictures, and MicroDVD, whose times are numbers of frames, have the same ending
        "sub" | "smi" => Use::None("in a form that zipreel does not read: SubRip, WebVTT, ASS and TTML are read"),
        _ => return None,
    })
}

/// `en`, `eng`, `pt-BR`, `zh_Hant`.
fn is_tag(word: &str) -> bool {
    let mut parts = word.split(['-', '_']);
    let letters = |part: &str, least, most| {
        (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    parts.next().is_some_and(|first| letters(first, 2, 3)) && parts.all(|part| letters(part, 2, 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> Option<(Named, Use)> {
        named("film.1999", file, |word| ["en", "eng", "de", "hi", "pt-BR"].contains(&word))
    }

    fn of(language: &str, flags: [bool; 3]) -> Named {
        let [forced, hearing_impaired, default] = flags;
        let language = (!language.is_empty()).then(|| language.to_owned());
        Named { language, forced, hearing_impaired, default }
    }

    #[test]
    fn a_name_says_language_and_kind() {
        for (file, wanted) in [
            ("film.1999.srt", of("", [false; 3])),
            ("film.1999.en.srt", of("en", [false; 3])),
            ("film.1999.en.forced.SRT", of("en", [true, false, false])),
            ("film.1999.pt-BR.srt", of("pt-BR", [false; 3])),
            ("film.1999.en.hi.srt", of("en", [false, true, false])),
            ("film.1999.hi.srt", of("hi", [false; 3])),
            ("film.1999.de.sdh.default.srt", of("de", [false, true, true])),
        ] {
            assert_eq!(read(file), Some((wanted, Use::Text(Form::SubRip))), "{file}");
        }
        assert_eq!(read("film.1999.vtt").unwrap().1, Use::Text(Form::WebVtt));
        assert_eq!(read("film.1999.ssa").unwrap().1, Use::Text(Form::Ass));
        for file in ["film.1999.de.ttml", "film.1999.de.DFXP"] {
            assert_eq!(read(file), Some((of("de", [false; 3]), Use::Text(Form::Ttml))), "{file}");
        }
        assert_eq!(read("film.1999.xml"), None, "anything may be in it");
        assert!(matches!(read("film.1999.idx").unwrap().1, Use::None(why) if why.contains("pictures")));
        assert!(matches!(read("film.1999.sub").unwrap().1, Use::None(why) if why.contains("SubRip, WebVTT, ASS")));
    }

    #[test]
    fn what_belongs_to_something_else_is_left_alone() {
        for file in [
            "film.1999.mkv",
            "film.1999",
            "film.1999.part2.srt",
            "film.srt",
            "film.1999.en",
            "film.1999.2.srt",
            "film.1999x.srt",
        ] {
            assert_eq!(read(file), None, "{file}");
        }
    }
}
