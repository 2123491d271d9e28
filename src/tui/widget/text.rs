//! Text that fits: widths are those of the terminal (CJK is two cells, a combining mark none), cuts fall between
//! graphemes.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub(in crate::tui) use crate::model::shown::clean;

/// Cells that `text` takes.
pub(in crate::tui) fn width(text: &str) -> usize {
    // most of what is drawn
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) { text.len() } else { text.width() }
}

/// `text`, or as much of its beginning as leaves room for an ellipsis.
pub(in crate::tui) fn fit(text: &str, room: usize) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    match room {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", take(text.graphemes(true), room - 1).concat())),
    }
}

/// As [`fit`], but the end stays: for paths.
pub(in crate::tui) fn fit_end(text: &str, room: usize) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    if room == 0 {
        return Cow::Borrowed("");
    }
    let mut tail = take(text.graphemes(true).rev(), room - 1);
    tail.reverse();
    Cow::Owned(format!("…{}", tail.concat()))
}

fn take<'a>(graphemes: impl Iterator<Item = &'a str>, room: usize) -> Vec<&'a str> {
    let mut taken = 0;
    graphemes
        .take_while(|grapheme| {
            taken += width(grapheme);
            taken <= room
        })
        .collect()
}

/// Lines of at most `room` cells: broken at spaces, and inside a word only when it is longer than a line.
pub(in crate::tui) fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| width(line));
        let gap = usize::from(line > 0);
        if line + gap + width(word) <= room {
            push(&mut lines, if gap == 1 { " " } else { "" });
            push(&mut lines, word);
        } else {
            let pieces = break_every(word, room);
            if line == 0 {
                lines.pop();
            }
            lines.extend(pieces);
        }
    }
    lines
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

/// Pieces of at most `room` cells that together are exactly `text`: for links, which must stay whole.
pub(in crate::tui) fn break_every(text: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut taken = 0;
    for grapheme in text.graphemes(true) {
        let cells = width(grapheme);
        if taken + cells > room.max(1) && taken > 0 {
            pieces.push(String::new());
            taken = 0;
        }
        push(&mut pieces, grapheme);
        taken += cells;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_fall_between_graphemes_and_count_cells() {
        assert_eq!(fit("harbour", 7), "harbour");
        assert_eq!(fit("harbour", 5), "harb…");
        assert_eq!(fit("映画館の夜", 6), "映画…");
        assert_eq!(fit("e\u{301}te\u{301}!", 3), "e\u{301}t…");
        assert_eq!(fit("👨‍👩‍👧 family", 4), "👨‍👩‍👧 …");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(fit_end("/srv/video/2026", 6), "…/2026");
        assert_eq!(fit_end("夜の港", 4), "…港");
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_inside() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a abcdefgh b", 4), ["a", "abcd", "efgh", "b"]);
        assert_eq!(wrap("", 4), [""]);
        let link = "http://127.0.0.1:8721/harbour-night/index.m3u8";
        assert_eq!(break_every(link, 17).concat(), link);
        assert!(break_every(link, 17).iter().all(|piece| width(piece) <= 17));
    }
}
