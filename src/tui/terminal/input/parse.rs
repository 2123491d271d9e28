//! Bytes of a terminal to what they mean: keys, clicks, pastes, and what the terminal answers or reports. Nothing that a
//! terminal sends is mistaken for keys, and no key is lost to an answer that nobody understands.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::heard::{Heard, Told};
use crate::tui::terminal::theme::Ground;

/// A sequence longer than this is none.
const LONGEST: usize = 256;
const PASTE: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What was read, and how many bytes it took.
#[derive(Debug, PartialEq)]
pub(super) enum Read {
    Heard(Heard, usize),
    /// Means nothing here.
    Skipped(usize),
    /// It may go on.
    Unfinished,
}

/// The next thing in `bytes`. `paused`: nothing more came for a while, so that an escape stands for itself.
pub(super) fn next(bytes: &[u8], paused: bool) -> Read {
    let unfinished = |bytes: &[u8]| if paused { alone(bytes) } else { Read::Unfinished };
    match bytes {
        [] => Read::Unfinished,
        [0x1b] => unfinished(bytes),
        [0x1b, 0x1b, ..] => key(KeyCode::Esc, KeyModifiers::NONE, 1),
        [0x1b, b'[', ..] if bytes.starts_with(PASTE) => paste(bytes),
        [0x1b, b'[', b'[', function, ..] => match function {
            b'A'..=b'E' => key(KeyCode::F(function - b'A' + 1), KeyModifiers::NONE, 4),
            _ => Read::Skipped(4),
        },
        [0x1b, b'[', rest @ ..] => match rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) {
            Some(0) if rest[0] == b'[' => unfinished(bytes),
            Some(at) => control(&rest[..at], rest[at], at + 3),
            None if rest.len() > LONGEST || rest.iter().any(|byte| !(0x20..=0x3f).contains(byte)) => Read::Skipped(2),
            None => unfinished(bytes),
        },
        [0x1b, b'O', function, ..] => single(*function),
        [0x1b, b'O'] => unfinished(bytes),
        [0x1b, b']' | b'P' | b'_' | b'^' | b'X', rest @ ..] => match string(rest) {
            Some((content, taken)) => answered(bytes[1], content, taken + 2),
            None if rest.len() > LONGEST => Read::Skipped(2),
            None => unfinished(bytes),
        },
        [0x1b, rest @ ..] => match next(rest, paused) {
            Read::Heard(Heard::Input(Event::Key(event)), taken) => {
                key(event.code, event.modifiers | KeyModifiers::ALT, taken + 1)
            }
            Read::Heard(_, taken) | Read::Skipped(taken) => Read::Skipped(taken + 1),
            Read::Unfinished => Read::Unfinished,
        },
        _ => plain(bytes, paused),
    }
}

/// The beginning of a sequence that did not go on: keys that somebody pressed.
fn alone(bytes: &[u8]) -> Read {
    match bytes {
        [0x1b] => key(KeyCode::Esc, KeyModifiers::NONE, 1),
        [0x1b, letter] => key(KeyCode::Char(char::from(*letter)), KeyModifiers::ALT, 2),
        _ => Read::Skipped(bytes.len()),
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers, taken: usize) -> Read {
    Read::Heard(Heard::Input(Event::Key(KeyEvent::new(code, modifiers))), taken)
}

/// A letter, or a control character.
fn plain(bytes: &[u8], paused: bool) -> Read {
    let control = |letter: u8| key(KeyCode::Char(char::from(letter)), KeyModifiers::CONTROL, 1);
    match bytes[0] {
        b'\r' => key(KeyCode::Enter, KeyModifiers::NONE, 1),
        b'\t' => key(KeyCode::Tab, KeyModifiers::NONE, 1),
        0x7f => key(KeyCode::Backspace, KeyModifiers::NONE, 1),
        0 => control(b' '),
        byte @ 0x01..=0x1a => control(byte - 1 + b'a'),
        byte @ 0x1c..=0x1f => control(byte - 0x1c + b'4'),
        byte => {
            let length = match byte {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            let Some(encoded) = bytes.get(..length) else {
                return if paused { Read::Skipped(1) } else { Read::Unfinished };
            };
            match std::str::from_utf8(encoded).ok().and_then(|text| text.chars().next()) {
                Some(letter) if letter.is_uppercase() => key(KeyCode::Char(letter), KeyModifiers::SHIFT, length),
                Some(letter) => key(KeyCode::Char(letter), KeyModifiers::NONE, length),
                None => Read::Skipped(1),
            }
        }
    }
}

fn paste(bytes: &[u8]) -> Read {
    let rest = &bytes[PASTE.len()..];
    match rest.windows(PASTE_END.len()).position(|window| window == PASTE_END) {
        Some(end) => {
            let text = String::from_utf8_lossy(&rest[..end]).into_owned();
            Read::Heard(Heard::Input(Event::Paste(text)), PASTE.len() + end + PASTE_END.len())
        }
        // however long it takes
        None => Read::Unfinished,
    }
}

/// The keys that both kinds of sequences name by the same letter.
fn named(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        _ => return None,
    })
}

fn single(function: u8) -> Read {
    match (named(function), function) {
        (Some(code), _) => key(code, KeyModifiers::NONE, 3),
        (None, b'M') => key(KeyCode::Enter, KeyModifiers::NONE, 3),
        _ => Read::Skipped(3),
    }
}

/// A control sequence: its parameters and its last byte.
fn control(parameters: &[u8], last: u8, taken: usize) -> Read {
    let text = std::str::from_utf8(parameters).unwrap_or_default();
    let heard = |heard| Read::Heard(heard, taken);
    match (text.as_bytes().first(), last) {
        (Some(b'<'), b'M' | b'm') => mouse(&text[1..], last).map_or(Read::Skipped(taken), heard),
        (Some(b'?'), b'c') => {
            let has_sixel = text[1..].split(';').skip(1).any(|attribute| attribute == "4");
            if has_sixel { heard(Heard::Told(Told::Sixel)) } else { Read::Skipped(taken) }
        }
        (Some(b'?'), b'n') => match text {
            "?997;1" => heard(Heard::Told(Told::Ground(Ground::Dark))),
            "?997;2" => heard(Heard::Told(Told::Ground(Ground::Light))),
            _ => Read::Skipped(taken),
        },
        (Some(b'<'..=b'?'), _) => Read::Skipped(taken),
        (_, b'n') if text == "0" => heard(Heard::Told(Told::End)),
        (_, b't') => cell_size(text).map_or(Read::Skipped(taken), heard),
        (None, b'I') => heard(Heard::Input(Event::FocusGained)),
        (None, b'O') => heard(Heard::Input(Event::FocusLost)),
        (_, b'Z') => key(KeyCode::BackTab, KeyModifiers::SHIFT, taken),
        _ => function(text, last, taken),
    }
}

/// A key with a name or a number, and perhaps modifiers.
fn function(text: &str, last: u8, taken: usize) -> Read {
    let mut numbers = text.split(';').map(|number| number.split(':').next().unwrap_or_default().parse::<u8>().ok());
    let first = numbers.next().flatten();
    let modifiers = modifiers(numbers.next().flatten().unwrap_or(1));
    let code = match (last, first) {
        (b'~', Some(1 | 7)) => KeyCode::Home,
        (b'~', Some(2)) => KeyCode::Insert,
        (b'~', Some(3)) => KeyCode::Delete,
        (b'~', Some(4 | 8)) => KeyCode::End,
        (b'~', Some(5)) => KeyCode::PageUp,
        (b'~', Some(6)) => KeyCode::PageDown,
        (b'~', Some(number @ 11..=15)) => KeyCode::F(number - 10),
        (b'~', Some(number @ 17..=21)) => KeyCode::F(number - 11),
        (b'~', Some(number @ 23..=26)) => KeyCode::F(number - 12),
        // with other numbers it is an answer, such as the cursor's place
        (_, Some(2..)) => return Read::Skipped(taken),
        (letter, _) => match named(letter) {
            Some(code) => code,
            None => return Read::Skipped(taken),
        },
    };
    key(code, modifiers, taken)
}

fn modifiers(number: u8) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let pairs = [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)];
    pairs.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, modifier)| modifier).collect()
}

fn mouse(text: &str, last: u8) -> Option<Heard> {
    let mut numbers = text.split(';').map(str::parse::<u16>);
    let mut number = || numbers.next()?.ok();
    let (button, column, row) = (number()?, number()?.checked_sub(1)?, number()?.checked_sub(1)?);
    let kind = match (button & !0b1_1100, last) {
        (0, b'M') => MouseEventKind::Down(MouseButton::Left),
        (0, _) => MouseEventKind::Up(MouseButton::Left),
        (64, _) => MouseEventKind::ScrollUp,
        (65, _) => MouseEventKind::ScrollDown,
        _ => return None,
    };
    Some(Heard::Input(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })))
}

/// `6;height;width`, in pixels.
fn cell_size(text: &str) -> Option<Heard> {
    let (height, width) = text.strip_prefix("6;")?.split_once(';')?;
    let (height, width) = (height.parse().ok()?, width.parse().ok()?);
    (height > 0 && width > 0).then_some(Heard::Told(Told::Cell { width, height }))
}

/// What stands before the string's end, and the bytes with that end.
fn string(rest: &[u8]) -> Option<(&[u8], usize)> {
    let end = rest.iter().position(|byte| *byte == 0x07 || *byte == 0x1b)?;
    match rest[end..] {
        [0x07, ..] => Some((&rest[..end], end + 1)),
        [0x1b, b'\\', ..] => Some((&rest[..end], end + 2)),
        [0x1b] => None,
        // another sequence begins: this one was broken off
        _ => Some((&[], end)),
    }
}

fn answered(kind: u8, content: &[u8], taken: usize) -> Read {
    let text = String::from_utf8_lossy(content);
    let told = match kind {
        b']' => text.strip_prefix("11;").and_then(colour).map(|background| Told::Ground(Ground::of(background))),
        b'_' => (text.starts_with("Gi=31;") && text.contains("OK")).then_some(Told::Kitty),
        _ => None,
    };
    told.map_or(Read::Skipped(taken), |told| Read::Heard(Heard::Told(told), taken))
}

/// `rgb:rr/gg/bb`, each of one to four digits; `rgba:` too.
fn colour(text: &str) -> Option<(u8, u8, u8)> {
    let digits = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
    let mut parts = digits.split('/').map(|part| {
        let largest =
            16_u32.checked_pow(u32::try_from(part.len()).ok()?)?.checked_sub(1).filter(|largest| *largest > 0)?;
        let value = u32::from_str_radix(part, 16).ok()?;
        u8::try_from(value * 255 / largest).ok()
    });
    Some((parts.next()??, parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<Heard> {
        let (mut rest, mut heard) = (bytes, Vec::new());
        while !rest.is_empty() {
            match next(rest, true) {
                Read::Heard(what, taken) => {
                    heard.push(what);
                    rest = &rest[taken..];
                }
                Read::Skipped(taken) => rest = &rest[taken..],
                Read::Unfinished => break,
            }
        }
        heard
    }

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Heard {
        Heard::Input(Event::Key(KeyEvent::new(code, modifiers)))
    }

    fn typed(letter: char) -> Heard {
        pressed(KeyCode::Char(letter), KeyModifiers::NONE)
    }

    #[test]
    fn keys_are_what_terminals_send_for_them() {
        let (none, control, alt) = (KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT);
        let cases: [(&[u8], KeyCode, KeyModifiers); 26] = [
            (b"a", KeyCode::Char('a'), none),
            (b"A", KeyCode::Char('A'), KeyModifiers::SHIFT),
            ("é".as_bytes(), KeyCode::Char('é'), none),
            ("夜".as_bytes(), KeyCode::Char('夜'), none),
            (b"\r", KeyCode::Enter, none),
            (b"\t", KeyCode::Tab, none),
            (b"\x7f", KeyCode::Backspace, none),
            (b"\x03", KeyCode::Char('c'), control),
            (b"\x1a", KeyCode::Char('z'), control),
            (b"\x1b", KeyCode::Esc, none),
            (b"\x1bf", KeyCode::Char('f'), alt),
            (b"\x1b\x7f", KeyCode::Backspace, alt),
            (b"\x1b[A", KeyCode::Up, none),
            (b"\x1bOB", KeyCode::Down, none),
            (b"\x1b[H", KeyCode::Home, none),
            (b"\x1bOF", KeyCode::End, none),
            (b"\x1b[1~", KeyCode::Home, none),
            (b"\x1b[3~", KeyCode::Delete, none),
            (b"\x1b[5~", KeyCode::PageUp, none),
            (b"\x1b[1;5C", KeyCode::Right, control),
            (b"\x1b[3;3~", KeyCode::Delete, alt),
            (b"\x1b[Z", KeyCode::BackTab, KeyModifiers::SHIFT),
            (b"\x1bOP", KeyCode::F(1), none),
            (b"\x1b[11~", KeyCode::F(1), none),
            (b"\x1b[24~", KeyCode::F(12), none),
            (b"\x1b[[B", KeyCode::F(2), none),
        ];
        for (bytes, code, modifiers) in cases {
            assert_eq!(all(bytes), [pressed(code, modifiers)], "{bytes:?}");
        }
        assert_eq!(all(b"\x1b\x1b[B"), [pressed(KeyCode::Esc, none), pressed(KeyCode::Down, none)]);
    }

    #[test]
    fn what_a_terminal_tells_is_no_key_and_takes_none() {
        let dark = Heard::Told(Told::Ground(Ground::Dark));
        let light = || Heard::Told(Told::Ground(Ground::Light));
        assert_eq!(all(b"\x1b[?997;1nq"), [dark, typed('q')]);
        assert_eq!(all(b"a\x1b]11;rgb:ffff/ffff/f0f0\x1b\\b"), [typed('a'), light(), typed('b')]);
        assert_eq!(all(b"\x1b]11;rgb:fd/f6/e3\x07"), [light()]);
        assert_eq!(all(b"\x1b_Gi=31;OK\x1b\\\x1b[?62;4;22c"), [Heard::Told(Told::Kitty), Heard::Told(Told::Sixel)]);
        assert_eq!(
            all(b"\x1b[6;18;9t\x1b[0n"),
            [Heard::Told(Told::Cell { width: 9, height: 18 }), Heard::Told(Told::End)]
        );
        for unknown in
            ["\x1b[?62;22c", "\x1b[?2026;2$y", "\x1b[24;80R", "\x1bP>|term\x1b\\", "\x1b]52;c;\x07", "\x1b[5x"]
        {
            assert_eq!(all(format!("{unknown}q").as_bytes()), [typed('q')], "{unknown:?}");
        }
    }

    #[test]
    fn clicks_the_wheel_the_focus_and_pastes() {
        let mouse =
            |kind| Heard::Input(Event::Mouse(MouseEvent { kind, column: 9, row: 4, modifiers: KeyModifiers::NONE }));
        assert_eq!(all(b"\x1b[<0;10;5M"), [mouse(MouseEventKind::Down(MouseButton::Left))]);
        assert_eq!(all(b"\x1b[<65;10;5M"), [mouse(MouseEventKind::ScrollDown)]);
        assert_eq!(all(b"\x1b[<35;10;5M"), [], "the mouse only moves");
        assert_eq!(all(b"\x1b[I\x1b[O"), [Heard::Input(Event::FocusGained), Heard::Input(Event::FocusLost)]);
        let pasted = Heard::Input(Event::Paste("a\nb\x1b[A".into()));
        assert_eq!(all(b"\x1b[200~a\nb\x1b[A\x1b[201~q"), [pasted, typed('q')]);
    }

    #[test]
    fn what_may_go_on_is_waited_for() {
        for begun in [&b"\x1b"[..], b"\x1b[", b"\x1b[1;", b"\x1bO", b"\x1b]11;rgb:", "夜".as_bytes().split_at(2).0] {
            assert_eq!(next(begun, false), Read::Unfinished, "{begun:?}");
        }
        assert_eq!(next(b"\x1b[200~abc", true), Read::Unfinished, "a paste, however slow");
        assert_eq!(next(b"\x1b[", true), Read::Heard(pressed(KeyCode::Char('['), KeyModifiers::ALT), 2));
    }

    #[test]
    fn no_bytes_at_all_make_it_panic_or_stand_still() {
        let mut state = 7_u32;
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..12)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *b"\x1b[]?;<0159mMn~_\\O\x07\xe5\xffq".get(state as usize >> 8 & 31).unwrap_or(&b'1')
                })
                .collect();
            match next(&bytes, true) {
                Read::Heard(_, taken) | Read::Skipped(taken) => {
                    assert!((1..=bytes.len()).contains(&taken), "{bytes:?}")
                }
                Read::Unfinished => assert!(bytes.starts_with(PASTE) || bytes.starts_with(b"\x1b"), "{bytes:?}"),
            }
        }
    }
}
