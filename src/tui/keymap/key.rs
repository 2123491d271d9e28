//! A key: as it is pressed, as the config file writes it, and as it is shown.

use std::{borrow::Cow, str::FromStr};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::wording;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Key {
    Char(char),
    Ctrl(char),
    Alt(char),
    Code(KeyCode),
}

/// Keys with a name: as the file writes it, and as it is shown.
const NAMED: &[(&str, Key, &str)] = &[
    ("Space", Key::Char(' '), "Space"),
    ("Enter", Key::Code(KeyCode::Enter), "⏎"),
    ("Esc", Key::Code(KeyCode::Esc), "Esc"),
    ("Tab", Key::Code(KeyCode::Tab), "Tab"),
    ("Shift-Tab", Key::Code(KeyCode::BackTab), "Shift-Tab"),
    ("Backspace", Key::Code(KeyCode::Backspace), "Backspace"),
    ("Delete", Key::Code(KeyCode::Delete), "Del"),
    ("Insert", Key::Code(KeyCode::Insert), "Ins"),
    ("Up", Key::Code(KeyCode::Up), "↑"),
    ("Down", Key::Code(KeyCode::Down), "↓"),
    ("Left", Key::Code(KeyCode::Left), "←"),
    ("Right", Key::Code(KeyCode::Right), "→"),
    ("PageUp", Key::Code(KeyCode::PageUp), "PgUp"),
    ("PageDown", Key::Code(KeyCode::PageDown), "PgDn"),
    ("Home", Key::Code(KeyCode::Home), "Home"),
    ("End", Key::Code(KeyCode::End), "End"),
];

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    #[error("there is no key `{0}`")]
    Unknown(String),
    #[error("terminals send the same for `{0}` and `{1}`")]
    Same(String, &'static str),
}

impl NoKey {
    /// What to write instead.
    pub(super) fn remedy(&self) -> String {
        let all = "Keys are single characters, Ctrl and Alt with one (`Ctrl-x`, `Alt-x`), F1 to F12, and";
        let names: Vec<_> = NAMED.iter().map(|(name, ..)| *name).collect();
        match self {
            Self::Same(_, key) => format!("Write `{key}`."),
            Self::Unknown(text) => {
                let nearest = wording::nearest(text, names.iter().copied());
                let nearest = nearest.map(|name| format!("Did you mean `{name}`? ")).unwrap_or_default();
                format!("{nearest}{all} {}.", names.join(", "))
            }
        }
    }
}

impl FromStr for Key {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let unknown = || NoKey::Unknown(text.to_owned());
        let is = |name: &str| name.eq_ignore_ascii_case(text);
        if let Some((_, key, _)) = NAMED.iter().find(|(name, _, shown)| is(name) || is(shown)) {
            return Ok(*key);
        }
        let mut letters = text.chars();
        if let (Some(letter), None) = (letters.next(), letters.next()) {
            return if letter.is_control() { Err(unknown()) } else { Ok(Self::Char(letter)) };
        }
        let lower = text.to_ascii_lowercase();
        let after = |starts: &[&str]| starts.iter().find_map(|start| lower.strip_prefix(start)).map(str::to_owned);
        if let Some(letter) = after(&["ctrl-", "^"]) {
            return control(text, &letter).ok_or_else(unknown)?;
        }
        if after(&["alt-"]).is_some() {
            let mut letters = text.chars().skip("alt-".len());
            return match (letters.next(), letters.next()) {
                (Some(letter), None) if !letter.is_control() => Ok(Self::Alt(letter)),
                _ => Err(unknown()),
            };
        }
        let number = after(&["f"]).and_then(|number| number.parse().ok());
        number
            .filter(|number| (1..=12).contains(number))
            .map(|number| Self::Code(KeyCode::F(number)))
            .ok_or_else(unknown)
    }
}

/// A letter with Ctrl, as far as terminals tell them apart.
fn control(text: &str, letter: &str) -> Option<Result<Key, NoKey>> {
    let same = |key| Some(Err(NoKey::Same(text.to_owned(), key)));
    match letter.as_bytes() {
        b"i" => same("Tab"),
        b"m" => same("Enter"),
        [letter @ b'a'..=b'z'] => Some(Ok(Key::Ctrl(char::from(*letter)))),
        b"space" => Some(Ok(Key::Ctrl(' '))),
        _ => None,
    }
}

impl Key {
    pub(super) fn is_pressed(self, event: KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        match self {
            Self::Char(wanted) => !control && !alt && event.code == KeyCode::Char(wanted),
            Self::Ctrl(wanted) => control && event.code == KeyCode::Char(wanted),
            Self::Alt(wanted) => alt && !control && event.code == KeyCode::Char(wanted),
            Self::Code(wanted) => !control && !alt && event.code == wanted,
        }
    }

    pub(super) fn event(self) -> KeyEvent {
        let (code, modifiers) = match self {
            Self::Char(letter) => (KeyCode::Char(letter), KeyModifiers::NONE),
            Self::Ctrl(letter) => (KeyCode::Char(letter), KeyModifiers::CONTROL),
            Self::Alt(letter) => (KeyCode::Char(letter), KeyModifiers::ALT),
            Self::Code(code) => (code, KeyModifiers::NONE),
        };
        KeyEvent::new(code, modifiers)
    }

    /// As short as it can be read.
    pub(in crate::tui) fn shown(self) -> Cow<'static, str> {
        if let Some((_, _, shown)) = NAMED.iter().find(|(_, key, _)| *key == self) {
            return Cow::Borrowed(shown);
        }
        match self {
            Self::Char(letter) => letter.to_string().into(),
            Self::Ctrl(' ') => "Ctrl-Space".into(),
            Self::Ctrl(letter) => format!("Ctrl-{}", letter.to_ascii_uppercase()).into(),
            Self::Alt(letter) => format!("Alt-{letter}").into(),
            Self::Code(KeyCode::F(number)) => format!("F{number}").into(),
            // no table and no file has another
            Self::Code(code) => code.to_string().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_people_write_them() {
        for (text, key) in [
            ("q", Key::Char('q')),
            ("Q", Key::Char('Q')),
            ("^", Key::Char('^')),
            ("ö", Key::Char('ö')),
            ("space", Key::Char(' ')),
            ("Enter", Key::Code(KeyCode::Enter)),
            ("PGUP", Key::Code(KeyCode::PageUp)),
            ("ctrl-N", Key::Ctrl('n')),
            ("^n", Key::Ctrl('n')),
            ("Alt-X", Key::Alt('X')),
            ("F12", Key::Code(KeyCode::F(12))),
            ("shift-tab", Key::Code(KeyCode::BackTab)),
        ] {
            assert_eq!(text.parse(), Ok(key), "{text}");
        }
        for text in ["", "Ctrl-", "Ctrl-1", "ctrl-ab", "F13", "F0", "Alt-", "Hyper-x", "\u{7}"] {
            assert_eq!(text.parse::<Key>(), Err(NoKey::Unknown(text.to_owned())), "{text}");
        }
        assert_eq!("Ctrl-m".parse::<Key>(), Err(NoKey::Same("Ctrl-m".to_owned(), "Enter")));
    }

    #[test]
    fn what_is_shown_of_a_key_is_read_as_that_key() {
        let named = NAMED.iter().map(|(_, key, _)| *key);
        let others = [Key::Char('x'), Key::Ctrl('u'), Key::Ctrl(' '), Key::Alt('b'), Key::Code(KeyCode::F(1))];
        for key in named.chain(others) {
            assert_eq!(key.shown().parse(), Ok(key), "{}", key.shown());
            assert!(key.is_pressed(key.event()), "{}", key.shown());
        }
    }

    #[test]
    fn a_mistyped_key_is_told_with_the_nearest() {
        let remedy = "Entr".parse::<Key>().unwrap_err().remedy();
        assert!(remedy.starts_with("Did you mean `Enter`? Keys are single characters"), "{remedy}");
    }
}
