//! Foreign text (titles, names of files, what AWS and ffmpeg say) as a person gets to see it, and words for commands
//! that a person pastes into a shell. Events, faults and formats carry text as it came; what writes to a terminal or a
//! log cleans it, once: `plain`, the log of a reel, the wizard's widgets. JSON keeps it, escaped.

use std::{borrow::Cow, path::Path};

/// The text with a visible stand-in for each character that steers a terminal or turns the direction of what follows
/// it on the line.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(steers) {
        Cow::Owned(text.chars().map(|character| if steers(character) { '\u{fffd}' } else { character }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The same on one line: where several facts stand below each other, none can make another.
pub fn line(text: &str) -> String {
    clean(&text.replace(['\n', '\r', '\t', '\u{2028}', '\u{2029}'], " ")).into_owned()
}

/// JSON in which nothing steers, and which reads as the same: what JSON's own escapes leave stands only in strings.
pub fn json(value: &impl serde::Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    if !text.contains(steers) {
        return Ok(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if steers(character) {
            // all of them are one UTF-16 unit
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    Ok(escaped)
}

fn steers(character: char) -> bool {
    let marks =
        matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    marks || character.is_control()
}

/// A value as one word of a POSIX shell's command line, or `placeholder` where it can't be shown and so not be pasted.
pub fn word(value: &str, placeholder: &str) -> String {
    if value.contains(steers) { placeholder.to_owned() } else { shell_words::quote(value).into_owned() }
}

/// The same for an operand that is a path: one that begins with a dash is no option.
pub fn path_word(path: &Path, placeholder: &str) -> String {
    let Some(text) = path.to_str() else { return placeholder.to_owned() };
    if text.starts_with('-') { word(&format!("./{text}"), placeholder) } else { word(text, placeholder) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_seen_instead() {
        assert_eq!(clean("plain – Zażółć 🎬"), "plain – Zażółć 🎬");
        assert_eq!(clean("a\u{1b}]0;owned\u{7}b"), "a\u{fffd}]0;owned\u{fffd}b");
        assert_eq!(clean("a\u{9b}2Jb\u{7f}"), "a\u{fffd}2Jb\u{fffd}");
        assert_eq!(clean("txt.\u{202e}4pm\u{2066}\u{61c}"), "txt.\u{fffd}4pm\u{fffd}\u{fffd}");
        assert_eq!(line("a\r\nerror: b\tc"), "a  error: b c");
    }

    #[test]
    fn json_reads_as_before_and_steers_nothing() {
        let text = "a\u{1b}]0;b\u{7}\u{9b}2J\u{7f}\u{202e}\\u{2066}\"\n – 🎬";
        let json = json(&text).unwrap();
        assert!(!json.contains(steers), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn a_shell_reads_each_word_as_it_was() {
        for (path, read) in [
            ("/videos/a.mp4", "/videos/a.mp4"),
            ("/my videos/it's \"here\" & $HOME `now`;.mp4", "/my videos/it's \"here\" & $HOME `now`;.mp4"),
            ("-rf.mp4", "./-rf.mp4"),
            ("", ""),
            ("~/a*b.mp4", "~/a*b.mp4"),
            ("a\u{1b}[2J.mp4", "VIDEO"),
            ("a\n.mp4", "VIDEO"),
        ] {
            let command = format!("zipreel publish {}", path_word(Path::new(path), "VIDEO"));
            assert_eq!(shell_words::split(&command).unwrap(), ["zipreel", "publish", read], "{command}");
        }
    }
}
