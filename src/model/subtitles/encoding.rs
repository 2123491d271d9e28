//! The characters of a subtitle file, which seldom says how they are encoded.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that are looked at for zeros.
const LOOKED_AT: usize = 4096;
/// Letters of UTF-8 for each byte that is none: text in another encoding has far fewer that look like them.
const LETTERS_PER_STRAY: usize = 9;

/// The text, and what it was encoded in, as the Encoding Standard calls it. A mark at its head counts, then valid UTF-8, then
/// zeros at every other place, then what XML declares, then UTF-8 with a few bytes that are none, then what its letters look
/// like.
pub fn text(bytes: &[u8]) -> (String, &'static str) {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return (encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned(), encoding.name());
    }
    let encoding = match std::str::from_utf8(bytes) {
        Ok(_) if !has_zeros(bytes) => UTF_8,
        _ => wide(bytes).or_else(|| declared(bytes)).unwrap_or_else(|| guessed(bytes)),
    };
    (encoding.decode_without_bom_handling(bytes).0.into_owned(), encoding.name())
}

/// What `<?xml version="1.0" encoding="…"?>` says. UTF-8 it is not, whatever that says.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = head.iter().take(LOOKED_AT).position(|byte| *byte == b'>')?;
    let (_, after) = std::str::from_utf8(&head[..end]).ok()?.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let name = value.strip_prefix(['"', '\''])?.split(['"', '\'']).next()?;
    Encoding::for_label(name.as_bytes()).filter(|encoding| *encoding != UTF_8 && encoding.is_ascii_compatible())
}

fn guessed(bytes: &[u8]) -> &'static Encoding {
    // a stray byte would have the detector rule UTF-8 out
    if is_nearly_utf8(bytes) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// For bytes that are not UTF-8 as a whole.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (letters, stray) = bytes.utf8_chunks().fold((0, 0), |(letters, stray), chunk| {
        let more = chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        (letters + more, stray + chunk.invalid().len())
    });
    letters >= stray * LETTERS_PER_STRAY
}

fn has_zeros(bytes: &[u8]) -> bool {
    wide(bytes).is_some()
}

/// UTF-16 without a mark: times and line ends are ASCII, so that every other byte of them is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let looked_at = &bytes[..bytes.len().min(LOOKED_AT)];
    let zeros = |first: usize| looked_at.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), looked_at.len() / 2);
    match half {
        0 => None,
        half if odd * 4 > half && even * 20 < half => Some(UTF_16LE),
        half if even * 4 > half && odd * 20 < half => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{
        BIG5, EUC_JP, EUC_KR, GB18030, KOI8_U, SHIFT_JIS, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
        WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
    };

    use super::*;

    const FRENCH: &str = "1\n00:00:01,000 --> 00:00:02,000\nÇa a été très difficile, n’est-ce pas ? Où êtes-vous ?\n";

    fn wide_bytes(text: &str, unit: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn text_is_read_whatever_it_is_encoded_in() {
        let little = wide_bytes(FRENCH, u16::to_le_bytes);
        let big = wide_bytes(FRENCH, u16::to_be_bytes);
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        for (bytes, name) in [
            (FRENCH.as_bytes().to_vec(), "UTF-8"),
            (marked(b"\xef\xbb\xbf", FRENCH.as_bytes()), "UTF-8"),
            (WINDOWS_1252.encode(FRENCH).0.into_owned(), "windows-1252"),
            (marked(b"\xff\xfe", &little), "UTF-16LE"),
            (marked(b"\xfe\xff", &big), "UTF-16BE"),
            (little, "UTF-16LE"),
            (big, "UTF-16BE"),
        ] {
            assert_eq!(text(&bytes), (FRENCH.to_owned(), name));
        }
    }

    #[test]
    fn what_xml_declares_counts_unless_the_text_is_utf8() {
        let say = |label: &str| format!("<?xml version=\"1.0\" encoding='{label}'?><tt>Łódź</tt>");
        let declared = say("iso-8859-2");
        let bytes = encoding_rs::ISO_8859_2.encode(&declared).0.into_owned();
        assert_eq!(text(&bytes), (declared.clone(), "ISO-8859-2"));
        assert_eq!(text(declared.as_bytes()), (declared, "UTF-8"));
        let wrong = say("utf-8");
        assert_ne!(text(&WINDOWS_1250.encode(&wrong).0).1, "UTF-8");
        assert_eq!(super::declared(b"<?xml encoding=\"utf-16\"?>"), None);
    }

    #[test]
    fn languages_of_the_east_are_told_by_their_letters() {
        for (words, encoding) in [
            ("Где ты был вчера вечером? Я тебя искал.", WINDOWS_1251),
            ("Proč jsi včera večer nepřišel? Čekali jsme na tebe až do půlnoci.", WINDOWS_1250),
            ("昨日の夜はどこにいたのですか。ずっと待っていました。", SHIFT_JIS),
        ] {
            assert_eq!(text(&encoding.encode(words).0), (words.to_owned(), encoding.name()));
        }
    }

    #[test]
    fn stray_bytes_do_not_make_utf8_another_encoding() {
        let russian = "1\n00:00:01,000 --> 00:00:02,000\nГде ты был вчера вечером?\n\n".repeat(200);
        let portuguese = "1\n00:00:01,000 --> 00:00:02,000\nNão é possível, você já está lá?\n\n".repeat(20);
        for (whole, stray) in [(&russian, b"\x80"), (&portuguese, b"\xff")] {
            let bytes = [whole.as_bytes(), stray].concat();
            assert_eq!(text(&bytes), (format!("{whole}\u{fffd}"), "UTF-8"));
            let bytes = [whole.as_bytes(), stray, whole.as_bytes()].concat();
            assert_eq!(text(&bytes), (format!("{whole}\u{fffd}{whole}"), "UTF-8"));
        }
        // the file was cut within a letter
        let cut = [russian.as_bytes(), &"я".as_bytes()[..1]].concat();
        assert_eq!(text(&cut), (format!("{russian}\u{fffd}"), "UTF-8"));
    }

    #[test]
    fn other_encodings_do_not_look_like_utf8_with_stray_bytes() {
        for (words, encoding) in [
            ("Proč jsi včera večer nepřišel? Čekali jsme na tebe až do půlnoci.", WINDOWS_1250),
            ("Где ты был вчера вечером? Я тебя искал. Её нет.", WINDOWS_1251),
            (FRENCH, WINDOWS_1252),
            ("Πού ήσουν χθες το βράδυ; Σε περίμενα μέχρι τα μεσάνυχτα.", WINDOWS_1253),
            ("Dün gece neredeydin? Gece yarısına kadar bekledik, şimdi gidiyoruz.", WINDOWS_1254),
            ("איפה היית אתמול בערב? חיפשתי אותך.", WINDOWS_1255),
            ("أين كنت مساء أمس؟ لقد بحثت عنك.", WINDOWS_1256),
            ("เมื่อคืนคุณอยู่ที่ไหน เรารอคุณจนถึงเที่ยงคืน", WINDOWS_874),
            ("Де ти був учора ввечері? Я тебе шукав.", KOI8_U),
            ("你昨天晚上在哪里？我们一直等你到半夜。", GB18030),
            ("你昨天晚上在哪裡？我們一直等你到半夜。", BIG5),
            ("어젯밤에 어디 있었어요? 자정까지 기다렸어요.", EUC_KR),
            ("昨日の夜はどこにいたのですか。ずっと待っていました。", EUC_JP),
            ("昨日の夜はどこにいたのですか。ずっと待っていました。", SHIFT_JIS),
        ] {
            assert!(!is_nearly_utf8(&encoding.encode(&words.repeat(20)).0), "{}", encoding.name());
        }
    }
}
