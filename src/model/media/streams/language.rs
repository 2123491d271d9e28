//! Languages by ISO 639, as containers mark their sound with them: `en`, `eng` and `en-GB` are one.

use std::{fmt, str::FromStr};

/// A language by its three letters (ISO 639-2/T, or 639-3 where that alone has it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language([u8; 3]);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither the number of a stream nor a language by ISO 639, such as `eng` or `en`")]
pub struct NoLanguage;

/// ISO 639-1 with the 639-2/T of each.
const SHORT: &str = "aa aar ab abk ae ave af afr ak aka am amh an arg ar ara as asm av ava ay aym az aze ba bak be bel \
    bg bul bi bis bm bam bn ben bo bod br bre bs bos ca cat ce che ch cha co cos cr cre cs ces cu chu cv chv cy cym da \
    dan de deu dv div dz dzo ee ewe el ell en eng eo epo es spa et est eu eus fa fas ff ful fi fin fj fij fo fao fr fra \
    fy fry ga gle gd gla gl glg gn grn gu guj gv glv ha hau he heb hi hin ho hmo hr hrv ht hat hu hun hy hye hz her ia \
    ina id ind ie ile ig ibo ii iii ik ipk io ido is isl it ita iu iku ja jpn jv jav ka kat kg kon ki kik kj kua kk kaz \
    kl kal km khm kn kan ko kor kr kau ks kas ku kur kv kom kw cor ky kir la lat lb ltz lg lug li lim ln lin lo lao lt \
    lit lu lub lv lav mg mlg mh mah mi mri mk mkd ml mal mn mon mr mar ms msa mt mlt my mya na nau nb nob nd nde ne nep \
    ng ndo nl nld nn nno no nor nr nbl nv nav ny nya oc oci oj oji om orm or ori os oss pa pan pi pli pl pol ps pus pt \
    por qu que rm roh rn run ro ron ru rus rw kin sa san sc srd sd snd se sme sg sag si sin sk slk sl slv sm smo sn sna \
    so som sq sqi sr srp ss ssw st sot su sun sv swe sw swa ta tam te tel tg tgk th tha ti tir tk tuk tl tgl tn tsn to \
    ton tr tur ts tso tt tat tw twi ty tah ug uig uk ukr ur urd uz uzb ve ven vi vie vo vol wa wln wo wol xh xho yi yid \
    yo yor za zha zh zho zu zul";

/// ISO 639-2/B, which older containers write, with the T of each.
const BIBLIOGRAPHIC: &str = "alb sqi arm hye baq eus bur mya chi zho cze ces dut nld fre fra geo kat ger deu gre ell \
    ice isl mac mkd mao mri may msa per fas rum ron slo slk tib bod wel cym";

/// The word behind this one in a list of pairs.
fn behind(pairs: &'static str, wanted: &str) -> Option<&'static str> {
    let mut words = pairs.split_ascii_whitespace();
    while let (Some(first), Some(second)) = (words.next(), words.next()) {
        if first == wanted {
            return Some(second);
        }
    }
    None
}

impl FromStr for Language {
    type Err = NoLanguage;

    /// Takes two letters, three of either kind, and tags that begin with them (`pt-BR`), in any case.
    fn from_str(text: &str) -> Result<Self, NoLanguage> {
        let first = text.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let three = match first.len() {
            2 => behind(SHORT, &first).ok_or(NoLanguage)?,
            _ => behind(BIBLIOGRAPHIC, &first).unwrap_or(&first),
        };
        let letters: [u8; 3] = three.as_bytes().try_into().map_err(|_| NoLanguage)?;
        if letters.iter().all(u8::is_ascii_lowercase) { Ok(Self(letters)) } else { Err(NoLanguage) }
    }
}

impl Language {
    /// By BCP 47: two letters where the language has them (RFC 5646, 2.2.1).
    pub fn tag(self) -> String {
        let three = self.to_string();
        let words: Vec<&str> = SHORT.split_ascii_whitespace().collect();
        let short = words.chunks_exact(2).find(|pair| pair[1] == three).map(|pair| pair[0].to_owned());
        short.unwrap_or(three)
    }
}

/// A tag by BCP 47 of what a file's name or a container says: `pt_br` is `pt-BR`, `ger` is `de`. `None` for what is no
/// language.
pub fn tag(text: &str) -> Option<String> {
    let language = text.parse::<Language>().ok()?.tag();
    let mut tag = language;
    for part in text.split(['-', '_']).skip(1) {
        if !(2..=8).contains(&part.len()) || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        // regions in capitals, scripts with one
        tag.push('-');
        match part.len() {
            2 => tag.push_str(&part.to_ascii_uppercase()),
            4 => {
                tag.push_str(&part[..1].to_ascii_uppercase());
                tag.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&part.to_ascii_lowercase()),
        }
    }
    Some(tag)
}

/// Whether a word that may be anything is meant as a language: three letters could be a name.
pub fn is_known(word: &str) -> bool {
    let first = word.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    tag(word).is_some()
        && [SHORT, BIBLIOGRAPHIC].iter().any(|list| list.split_ascii_whitespace().any(|known| known == first))
}

/// Languages that subtitles are most often in, as those who speak them call them.
const NAMES: &[(&str, &str)] = &[
    ("ar", "العربية"),
    ("bg", "Български"),
    ("bn", "বাংলা"),
    ("ca", "Català"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("es", "Español"),
    ("et", "Eesti"),
    ("eu", "Euskara"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("gl", "Galego"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hr", "Hrvatski"),
    ("hu", "Magyar"),
    ("id", "Bahasa Indonesia"),
    ("is", "Íslenska"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("lt", "Lietuvių"),
    ("lv", "Latviešu"),
    ("ms", "Bahasa Melayu"),
    ("nb", "Norsk bokmål"),
    ("nl", "Nederlands"),
    ("nn", "Norsk nynorsk"),
    ("no", "Norsk"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("sk", "Slovenčina"),
    ("sl", "Slovenščina"),
    ("sr", "Српски"),
    ("sv", "Svenska"),
    ("ta", "தமிழ்"),
    ("te", "తెలుగు"),
    ("th", "ไทย"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
];

/// What a language is called by those who speak it, with the region of its tag; the tag itself where no name is known.
pub fn name(tag: &str) -> String {
    let (language, rest) = tag.split_once('-').unwrap_or((tag, ""));
    match NAMES.iter().find(|(known, _)| *known == language) {
        Some((_, name)) if rest.is_empty() => (*name).to_owned(),
        Some((_, name)) => format!("{name} ({rest})"),
        None => tag.to_owned(),
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_language_is_that_language() {
        for (spellings, wanted) in
            [("en eng ENG en-GB", "eng"), ("de deu ger de_CH", "deu"), ("fr fra fre", "fra"), ("zh chi zh-Hans", "zho")]
        {
            for spelling in spellings.split(' ') {
                assert_eq!(spelling.parse::<Language>().unwrap().to_string(), wanted, "{spelling}");
            }
        }
        assert_eq!("gsw".parse::<Language>().unwrap().to_string(), "gsw");
    }

    #[test]
    fn tags_are_as_short_and_spelled_as_players_compare_them() {
        for (text, wanted) in [
            ("eng", "en"),
            ("ger", "de"),
            ("pt_br", "pt-BR"),
            ("zh-hant", "zh-Hant"),
            ("gsw", "gsw"),
            ("es-419", "es-419"),
        ] {
            assert_eq!(tag(text).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!((tag("x"), tag("en-\"")), (None, None));
        assert!(is_known("ger") && is_known("pt-BR") && !is_known("abc") && !is_known("part2"));
        assert_eq!([name("en"), name("pt-BR"), name("gsw")], ["English", "Português (BR)", "gsw"]);
    }

    #[test]
    fn what_is_no_language_is_refused() {
        for text in ["", "e", "english", "xx", "1", "e1g", "èn"] {
            assert_eq!(text.parse::<Language>(), Err(NoLanguage), "{text}");
        }
    }

    #[test]
    fn the_lists_hold_pairs() {
        for (pairs, letters) in [(SHORT, 2), (BIBLIOGRAPHIC, 3)] {
            let words: Vec<_> = pairs.split_ascii_whitespace().collect();
            assert_eq!(words.len() % 2, 0);
            assert!(words.chunks(2).all(|pair| pair[0].len() == letters && pair[1].len() == 3), "{words:?}");
        }
    }
}
