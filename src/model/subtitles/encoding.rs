//! The characters of a subtitle file, which seldom says how they are encoded.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that are looked at for zeros.
const LOOKED_AT: usize = 4096;

/// The text, and what it was encoded in, as the Encoding Standard calls it. A mark at its head counts, then valid UTF-8, then
/// zeros at every other place, then what its letters look like.
pub fn text(bytes: &[u8]) -> (String, &'static str) {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return (encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned(), encoding.name());
    }
    let encoding = match std::str::from_utf8(bytes) {
        Ok(_) if !has_zeros(bytes) => UTF_8,
        _ => wide(bytes).unwrap_or_else(|| guessed(bytes)),
    };
    (encoding.decode_without_bom_handling(bytes).0.into_owned(), encoding.name())
}

fn guessed(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
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
    use encoding_rs::{SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};

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
    fn languages_of_the_east_are_told_by_their_letters() {
        for (words, encoding) in [
            ("Где ты был вчера вечером? Я тебя искал.", WINDOWS_1251),
            ("Proč jsi včera večer nepřišel? Čekali jsme na tebe až do půlnoci.", WINDOWS_1250),
            ("昨日の夜はどこにいたのですか。ずっと待っていました。", SHIFT_JIS),
        ] {
            assert_eq!(text(&encoding.encode(words).0), (words.to_owned(), encoding.name()));
        }
    }
}
