//! How amounts are worded, wherever people read them: sizes in binary units (as AWS counts them), times, rates, money.

use std::time::Duration;

/// `1.2 GiB`, `32 MiB`, `310 KiB`: three digits at most say enough.
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 999.5 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" || value >= 99.95 || value.fract() == 0.0 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}

/// `45.6 GB`: decimal, as traffic is billed.
pub fn gigabytes(bytes: u64) -> String {
    match bytes as f64 / 1e9 {
        gb if gb >= 99.95 => format!("{} GB", thousands(gb.round() as u64)),
        gb if gb >= 0.95 => format!("{gb:.1} GB"),
        gb if gb >= 0.0005 => format!("{gb:.3} GB"),
        gb if gb > 0.0 => "under 0.001 GB".to_owned(),
        _ => "0 GB".to_owned(),
    }
}

/// `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub fn rate(bytes_per_second: f64) -> String {
    format!("{}/s", bytes(bytes_per_second.max(0.0) as u64))
}

/// `14.8 Mbit/s`, `192 kbit/s`: media rates are decimal bits everywhere.
pub fn bit_rate(bits_per_second: u64) -> String {
    match bits_per_second {
        ..1000 => "under 1 kbit/s".to_owned(),
        1000..999_500 => format!("{:.0} kbit/s", bits_per_second as f64 / 1e3),
        _ => format!("{:.1} Mbit/s", bits_per_second as f64 / 1e6),
    }
}

/// `0:09`, `10:42`, `1:02:10`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `H.264 High 4.0, AAC` of `avc1.640028,mp4a.40.2` (RFC 6381); what is not known stays as it is.
pub fn codecs(codecs: &str) -> String {
    codecs.split(',').map(|codec| self::codec(codec.trim())).collect::<Vec<_>>().join(", ")
}

fn codec(codec: &str) -> String {
    let h264 = |digits: &str| -> Option<String> {
        let number = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let profile = match number(0)? {
            66 => "Baseline",
            77 => "Main",
            88 => "Extended",
            100 => "High",
            110 => "High 10",
            122 => "High 4:2:2",
            _ => return None,
        };
        let level = number(4)?;
        Some(format!("H.264 {profile} {}.{}", level / 10, level % 10))
    };
    let known = match codec {
        "mp4a.40.2" => Some("AAC".to_owned()),
        "mp4a.40.5" => Some("HE-AAC".to_owned()),
        "mp4a.40.29" => Some("HE-AAC v2".to_owned()),
        "ac-3" => Some("AC-3".to_owned()),
        "ec-3" => Some("E-AC-3".to_owned()),
        "mp4a.40.34" | "mp4a.69" | "mp4a.6B" => Some("MP3".to_owned()),
        _ => codec.strip_prefix("avc1.").and_then(h264),
    };
    known.unwrap_or_else(|| codec.to_owned())
}

/// `8 s`, `2 min 31 s`, `1 h 4 min`.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// `0.8 s`, `18 s`: how long one waits, a tenth of a second at least.
pub fn wait(time: Duration) -> String {
    let seconds = time.as_secs_f64().max(0.1);
    if seconds < 9.95 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

/// `just now`, `2 min ago`, `3 h ago`, `12 d ago`.
pub fn ago(time: Duration) -> String {
    match time.as_secs() {
        0..60 => "just now".to_owned(),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

/// US dollars, as precise as an estimate deserves.
pub fn dollars(amount: f64) -> String {
    match amount {
        a if a >= 9.95 => format!("${amount:.0}"),
        a if a >= 0.095 => format!("${amount:.2}"),
        a if a >= 0.00095 => format!("${amount:.3}"),
        a if a > 0.0 => "under $0.001".to_owned(),
        _ => "$0".to_owned(),
    }
}

/// The name that was meant by a mistyped one, if it is near.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let mistakes = |name: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &lower);
    let (mistakes, name) = names.into_iter().map(|name| (mistakes(name), name)).min()?;
    (mistakes <= (word.chars().count() / 3).max(1)).then_some(name)
}

/// `attempt 3 of 8 in 1.2 s`: what failed, and is tried once more.
pub fn again(wait: Duration, attempt: u32, of: u32) -> String {
    match wait.as_secs_f64() {
        ..0.05 => format!("attempt {attempt} of {of} begins"),
        seconds => format!("attempt {attempt} of {of} in {seconds:.1} s"),
    }
}

/// `3, 7-9, 14`, of numbers that rise.
pub fn ranges(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run = |(first, last): (u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    };
    runs.into_iter().map(run).collect::<Vec<_>>().join(", ")
}

/// `video`, `video and audio`, `2 videos, audio and data`: what is there more than once is counted.
pub fn list(nouns: &[&str]) -> String {
    let mut counted: Vec<(&str, u64)> = Vec::new();
    for noun in nouns {
        match counted.iter_mut().find(|(known, _)| known == noun) {
            Some((_, times)) => *times += 1,
            None => counted.push((noun, 1)),
        }
    }
    let words = |&(noun, times): &(&str, u64)| if times == 1 { noun.to_owned() } else { format!("{times} × {noun}") };
    let words: Vec<_> = counted.iter().map(words).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// `1 chunk`, `34 chunks`, `3 retries`.
pub fn count(number: impl Into<u64>, noun: &str) -> String {
    match number.into() {
        1 => format!("1 {noun}"),
        number => format!("{number} {}", plural(noun)),
    }
}

/// `1 chunk is`, `34 chunks are`, by the verb's two forms.
pub fn verb(number: impl Into<u64>, [one, many]: [&str; 2]) -> &str {
    if number.into() == 1 { one } else { many }
}

/// What watching costs on the stand-in.
pub const FREE_HERE: &str = "nothing: it is served from this computer";

/// Why browsers can't play a reel, and what changes it: `cdn_on` is that command as it is to be typed.
pub fn no_relay(cdn_on: &str) -> String {
    format!(
        "most browsers can't play it yet: {cdn_on} lets them (for a few viewers `zipreel relay on` is enough), and says first \
         what that costs"
    )
}

/// `chunks`, `retries`.
pub fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_told_in_decimal_units() {
        let told = [0, 1, 1_000_000, 999_000_000, 12_340_000_000, 1_234_567_000_000_000].map(gigabytes);
        assert_eq!(told, ["0 GB", "under 0.001 GB", "0.001 GB", "1.0 GB", "12.3 GB", "1,234,567 GB"]);
        assert_eq!([0, 999, 1_000, 12_345_678].map(thousands), ["0", "999", "1,000", "12,345,678"]);
    }

    #[test]
    fn nobody_waits_for_no_time() {
        assert_eq!(
            [0, 80, 1_240, 18_400].map(|millis| wait(Duration::from_millis(millis))),
            ["0.1 s", "0.1 s", "1.2 s", "18 s"]
        );
    }

    #[test]
    fn sizes_have_three_digits_at_most() {
        let cases = [(0, "0 B"), (999, "999 B"), (1000, "1.0 KiB"), (32 << 20, "32 MiB"), (1_288_490_188, "1.2 GiB")];
        for (amount, text) in cases {
            assert_eq!(bytes(amount), text);
        }
        assert_eq!(bytes(300 << 30), "300 GiB");
        assert_eq!(rate(8.7 * 1024.0 * 1024.0), "8.7 MiB/s");
        assert_eq!(bit_rate(14_800_000), "14.8 Mbit/s");
        assert_eq!(bit_rate(192_000), "192 kbit/s");
        assert_eq!([400, 999_499, 999_500].map(bit_rate), ["under 1 kbit/s", "999 kbit/s", "1.0 Mbit/s"]);
    }

    #[test]
    fn codecs_have_the_names_that_people_know() {
        assert_eq!(codecs("avc1.640028,mp4a.40.2"), "H.264 High 4.0, AAC");
        assert_eq!(codecs("avc1.42c00a, mp4a.40.34"), "H.264 Baseline 1.0, MP3");
        for unknown in ["avc1.6400", "avc1.zz0028", "av01.0.04M.08", "avc1.äää", ""] {
            assert_eq!(codecs(unknown), unknown);
        }
    }

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(clock(Duration::from_secs(3730)), "1:02:10");
        assert_eq!(clock(Duration::from_secs(9)), "0:09");
        assert_eq!(span(Duration::from_secs(151)), "2 min 31 s");
        assert_eq!(span(Duration::from_secs(120)), "2 min");
        assert_eq!(span(Duration::from_secs(3899)), "1 h 4 min");
        assert_eq!(ago(Duration::from_secs(130)), "2 min ago");
    }

    #[test]
    fn numbers_that_follow_each_other_are_a_range() {
        assert_eq!(ranges([3, 7, 8, 9, 14, 15]), "3, 7-9, 14, 15");
        assert_eq!(ranges([]), "");
        assert_eq!(ranges([u32::MAX]), u32::MAX.to_string());
    }

    #[test]
    fn nothing_is_tried_again_in_no_time() {
        assert_eq!(again(Duration::from_millis(1200), 2, 8), "attempt 2 of 8 in 1.2 s");
        assert_eq!(again(Duration::ZERO, 2, 8), "attempt 2 of 8 begins");
    }

    #[test]
    fn more_than_one_is_a_plural() {
        let nouns =
            ["chunk", "retry", "key", "day"].map(|noun| format!("{}, {}", count(1u64, noun), count(2u64, noun)));
        assert_eq!(nouns, ["1 chunk, 2 chunks", "1 retry, 2 retries", "1 key, 2 keys", "1 day, 2 days"]);
        assert_eq!([0u64, 1, 2].map(|number| verb(number, ["plays", "play"])), ["play", "plays", "play"]);
    }

    #[test]
    fn a_list_counts_what_is_there_more_than_once() {
        assert_eq!(list(&["video"]), "video");
        assert_eq!(list(&["video", "audio"]), "video and audio");
        assert_eq!(list(&["video", "audio", "audio", "data"]), "video, 2 × audio and data");
        assert_eq!(list(&[]), "");
    }

    #[test]
    fn money_is_an_estimate() {
        let texts = [31.2, 7.8, 0.0432, 0.0002, 0.0].map(dollars);
        assert_eq!(texts, ["$31", "$7.80", "$0.043", "under $0.001", "$0"]);
    }
}
