//! One subtitle: when it is shown, where, and its text in WebVTT's own form, in which nothing from outside ends a cue or
//! opens a tag that players do not know.

/// What is shown from one time to another, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    pub start_ms: i64,
    pub end_ms: i64,
    /// WebVTT's cue settings, such as `line:0`; empty for the usual place.
    pub settings: String,
    /// WebVTT's cue text, without empty lines.
    pub text: String,
}

/// A film has a few thousand.
pub(super) const CUES_MAX: usize = 100_000;
/// Longer texts are no subtitles.
const TEXT_MAX: usize = 4096;
/// Tags that WebVTT has (W3C WebVTT, 4.2.2).
const TAGS: [&str; 8] = ["b", "i", "u", "c", "v", "lang", "ruby", "rt"];
const SETTINGS: [&str; 5] = ["vertical", "line", "position", "size", "align"];

impl Cue {
    /// `None` for what is never shown: no text, or over before it begins.
    pub fn new(start_ms: i64, end_ms: i64, settings: &str, raw: &str) -> Option<Self> {
        let Marked { text, is_above } = unmarked(raw);
        let text = cue_text(&text);
        let mut settings = valid_settings(settings);
        if settings.is_empty() && is_above {
            settings = "line:0".to_owned();
        }
        (end_ms > start_ms && !text.is_empty()).then_some(Self { start_ms, end_ms, settings, text })
    }
}

/// In the order in which they are shown; what is there twice is there once.
pub fn in_order(mut cues: Vec<Cue>) -> Vec<Cue> {
    cues.sort_by_key(|cue| (cue.start_ms, cue.end_ms));
    cues.dedup();
    cues
}

struct Marked {
    text: String,
    is_above: bool,
}

/// Without what ASS writes in braces, which converters leave in SubRip too: of that only "at the top" is kept.
fn unmarked(raw: &str) -> Marked {
    let (mut text, mut rest, mut is_above) = (String::with_capacity(raw.len()), raw, false);
    while let Some((before, after)) = rest.split_once("{\\") {
        text.push_str(before);
        let Some((marks, after)) = after.split_once('}') else {
            text.push_str("{\\");
            rest = after;
            continue;
        };
        is_above |= ["an7", "an8", "an9"].iter().any(|mark| marks.split('\\').any(|word| word == *mark));
        rest = after;
    }
    text.push_str(rest);
    Marked { text, is_above }
}

fn valid_settings(settings: &str) -> String {
    let is_valid = |setting: &&str| {
        setting.split_once(':').is_some_and(|(name, value)| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".%,-".contains(&byte);
            SETTINGS.contains(&name) && (1..=24).contains(&value.len()) && value.bytes().all(plain)
        })
    };
    settings.split_whitespace().filter(is_valid).collect::<Vec<_>>().join(" ")
}

/// Lines of WebVTT cue text: known tags stay, others go, and every other `<` or `&` is a character to read.
fn cue_text(raw: &str) -> String {
    let lines = raw.split(['\n', '\r']).map(|line| {
        let line: String = line.chars().filter(|character| !character.is_control() || *character == '\t').collect();
        marked_up(line.trim())
    });
    let mut text = String::new();
    for line in lines.filter(|line| !line.is_empty()) {
        if text.len() + line.len() > TEXT_MAX {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    // tags alone show nothing
    if bare(&text).trim().is_empty() { String::new() } else { text }
}

fn marked_up(line: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(line.len()), line);
    while let Some(at) = rest.find(['<', '&', '>']) {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        let (kept, taken) = match after.as_bytes()[0] {
            b'<' => tag(after).unwrap_or_else(|| ("&lt;".to_owned(), 1)),
            b'&' => entity(after).unwrap_or_else(|| ("&amp;".to_owned(), 1)),
            // `-->` would be read as times
            _ if text.ends_with("--") => ("&gt;".to_owned(), 1),
            _ => (">".to_owned(), 1),
        };
        text.push_str(&kept);
        rest = &after[taken..];
    }
    text.push_str(rest);
    text
}

/// What stays of the tag that a text begins with, and how long it is; `None` if it is no tag.
fn tag(text: &str) -> Option<(String, usize)> {
    let end = text.find('>')?;
    let inside = &text[1..end];
    let name = inside.strip_prefix('/').unwrap_or(inside);
    // when a word is said, of what is written word by word
    if !inside.is_empty() && inside.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b':' | b'.')) {
        return Some((String::new(), end + 1));
    }
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters == 0 || inside.len() > 200 || inside.contains('<') {
        return None;
    }
    let (word, rest) = name.split_at(letters);
    let word = word.to_ascii_lowercase();
    let is_known = TAGS.contains(&word.as_str()) && (rest.is_empty() || rest.starts_with(['.', ' ', '\t']));
    let rest = if ["c", "v", "lang"].contains(&word.as_str()) {
        rest.replace('&', "").replace("--", "")
    } else {
        String::new()
    };
    let slash = if inside.starts_with('/') { "/" } else { "" };
    let rest = if slash.is_empty() { rest.as_str() } else { "" };
    Some((if is_known { format!("<{slash}{word}{rest}>") } else { String::new() }, end + 1))
}

/// The character reference that a text begins with, and its length.
fn entity(text: &str) -> Option<(String, usize)> {
    let end = text.find(';').filter(|end| *end <= 8)?;
    let name = &text[1..end];
    let is_number = name
        .strip_prefix('#')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()));
    let is_known = ["amp", "lt", "gt", "nbsp", "lrm", "rlm", "quot", "apos"].contains(&name) || is_number;
    is_known.then(|| (text[..=end].to_owned(), end + 1))
}

/// The text alone, without its tags.
pub fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut is_inside = false;
    for character in text.chars() {
        match character {
            '<' => is_inside = true,
            '>' if is_inside => is_inside = false,
            other if !is_inside => bare.push(other),
            _ => {}
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(raw: &str) -> String {
        Cue::new(0, 1, "", raw).map(|cue| cue.text).unwrap_or_default()
    }

    #[test]
    fn tags_that_players_know_stay_and_others_go() {
        for (raw, wanted) in [
            ("<i>Hello</i>", "<i>Hello</i>"),
            ("<I>Hello</I>", "<i>Hello</i>"),
            ("<font color=\"#ff0000\">red</font>", "red"),
            ("<v Ann Lee>Hi", "<v Ann Lee>Hi"),
            ("<c.loud>Hi</c>", "<c.loud>Hi</c>"),
            ("Hi<00:00:01.040><c> hello</c>", "Hi<c> hello</c>"),
            ("<v Ann-->Hi", "<v Ann>Hi"),
            ("1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 > 2"),
            ("a &amp; b &lt;i&gt;", "a &amp; b &lt;i&gt;"),
            ("one --> two", "one --&gt; two"),
            ("<script>alert(1)</script>", "alert(1)"),
            ("<i></i>", ""),
            ("{\\an8}up", "up"),
            ("{\\i1}x{\\i0", "x{\\i0"),
            ("NUL\0 and BEL\u{7}", "NUL and BEL"),
            ("one\n\n\r\ntwo", "one\ntwo"),
        ] {
            assert_eq!(text(raw), wanted, "{raw:?}");
        }
    }

    #[test]
    fn what_is_at_the_top_stays_there_and_settings_are_held_to_their_form() {
        let settings = |settings, raw| Cue::new(0, 1, settings, raw).unwrap().settings;
        assert_eq!(settings("", "{\\an8}up"), "line:0");
        assert_eq!(
            settings("line:10% position:50%,center region:x evil:1 align:<b>", "x"),
            "line:10% position:50%,center"
        );
        assert_eq!(settings("X1:10 Y1:20", "x"), "");
    }

    #[test]
    fn what_is_over_before_it_begins_is_never_shown() {
        assert_eq!(Cue::new(5, 5, "", "x"), None);
        assert_eq!(Cue::new(6, 5, "", "x"), None);
        assert!(Cue::new(5, 6, "", "x").is_some());
    }

    proptest! {
        #[test]
        fn no_text_ends_its_cue_or_opens_another_tag(raw in "(\\PC|[<>&/ivb{}\\\\\n\r\0-]){0,80}") {
            let text = text(&raw);
            prop_assert!(!text.contains("-->") && !text.contains("\n\n") && !text.contains('\0'));
            for after in text.split('<').skip(1) {
                let name = after.trim_start_matches('/');
                prop_assert!(TAGS.iter().any(|tag| name.starts_with(tag)), "{text:?}");
            }
        }
    }
}
