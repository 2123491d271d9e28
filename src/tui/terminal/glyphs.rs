//! Signs for terminals that can't show them: where the locale is not UTF-8 everything becomes ASCII, and on the Linux
//! console, whose font has few glyphs, our own signs do. One place, below everything that is drawn.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Glyphs {
    All,
    /// Letters of all languages, and signs of ASCII.
    Letters,
    Ascii,
}

impl Glyphs {
    /// The first of these variables that says anything is the locale; one that says nothing is taken for UTF-8.
    pub(in crate::tui) fn detect(variable: impl Fn(&str) -> String) -> Self {
        let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(&variable).find(|value| !value.is_empty());
        let named = named.unwrap_or_default().to_ascii_lowercase();
        if !named.is_empty() && !named.contains("utf-8") && !named.contains("utf8") {
            Self::Ascii
        } else if variable("TERM") == "linux" {
            Self::Letters
        } else {
            Self::All
        }
    }

    /// The text as it can be shown. Only `⏎` changes its width.
    pub(in crate::tui) fn of(self, text: &str) -> Cow<'_, str> {
        if self == Self::All || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        for grapheme in text.graphemes(true) {
            match sign(grapheme) {
                _ if grapheme.is_ascii() => shown.push_str(grapheme),
                Some(sign) => shown.push_str(sign),
                None if self == Self::Letters => shown.push_str(grapheme),
                None => shown.push_str(&"?".repeat(grapheme.width())),
            }
        }
        Cow::Owned(shown)
    }
}

/// Signs of one screen that mean different things stay different ones.
fn sign(grapheme: &str) -> Option<&'static str> {
    Some(match grapheme {
        "⏎" => "Enter",
        "─" | "–" | "·" => "-",
        "│" => "|",
        "╭" | "╮" | "╰" | "╯" => "+",
        "▸" | "→" | "›" => ">",
        "▌" | "▏" | "▎" | "▍" | "▋" | "▊" | "▉" => ">",
        "◂" | "←" => "<",
        "↑" => "^",
        "↓" | "▾" => "v",
        "✔" => "+",
        "✖" => "x",
        "●" | "▇" => "*",
        "○" => "o",
        "‖" => "=",
        "↻" => "@",
        "…" | "≈" => "~",
        "×" => "x",
        "“" | "”" | "„" => "\"",
        "‘" | "’" => "'",
        "█" | "■" => "#",
        "□" | "▂" => ".",
        "▨" => "r",
        "▷" => "d",
        "▤" => "e",
        "▦" => "X",
        "◪" => "%",
        "▁" => "_",
        "▃" => ":",
        "▄" => "-",
        "▅" => "=",
        "▆" => "+",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(variables: &[(&str, &str)]) -> Glyphs {
        Glyphs::detect(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned()).unwrap_or_default()
        })
    }

    #[test]
    fn the_locale_decides_which_signs_there_are() {
        assert_eq!(detected(&[("LANG", "de_DE.UTF-8")]), Glyphs::All);
        assert_eq!(detected(&[("LANG", "C.utf8"), ("TERM", "xterm")]), Glyphs::All);
        assert_eq!(detected(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]), Glyphs::Ascii);
        assert_eq!(detected(&[("LANG", "C"), ("LC_CTYPE", "en_GB.UTF-8")]), Glyphs::All);
        assert_eq!(detected(&[("LANG", "de_DE@euro")]), Glyphs::Ascii);
        assert_eq!(detected(&[("LANG", "de_DE.UTF-8"), ("TERM", "linux")]), Glyphs::Letters);
        assert_eq!(detected(&[]), Glyphs::All, "nothing is said");
    }

    #[test]
    fn what_cannot_be_shown_becomes_ascii_of_the_same_width() {
        assert_eq!(Glyphs::Ascii.of("✔ été 映画.mp4 · 3/4…"), "+ ?t? ????.mp4 - 3/4~");
        assert_eq!(Glyphs::Letters.of("✔ été 映画.mp4"), "+ été 映画.mp4");
        assert_eq!(Glyphs::Ascii.of("⏎ publish"), "Enter publish");
        assert_eq!(Glyphs::All.of("✔ été"), "✔ été");
        assert_eq!(Glyphs::Ascii.of("e\u{301}"), "?");
    }
}
