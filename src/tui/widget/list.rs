//! A cursor in a list, the part of the list that is in sight, and fuzzy filtering.

use std::{cell::Cell, cmp::Reverse, ops::Range};

use nucleo_matcher::{
    Config, Matcher, Utf32String,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use crate::tui::action::Action;

/// Where the cursor is; rows are numbered from 0.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Cursor {
    pub(in crate::tui) at: usize,
    /// First row in sight. Drawing moves it, since only drawing knows the height.
    top: Cell<usize>,
    height: Cell<usize>,
}

impl Cursor {
    pub(in crate::tui) fn on(row: usize) -> Self {
        Self { at: row, ..Self::default() }
    }

    /// True if the action was about moving.
    pub(in crate::tui) fn moved(&mut self, action: &Action, rows: usize) -> bool {
        let last = rows.saturating_sub(1);
        let page = self.height.get().max(2) - 1;
        self.at = match action {
            Action::Up => self.at.saturating_sub(1),
            Action::Down => self.at + 1,
            Action::PageUp => self.at.saturating_sub(page),
            Action::PageDown => self.at + page,
            Action::HalfUp => self.at.saturating_sub(page.div_ceil(2)),
            Action::HalfDown => self.at + page.div_ceil(2),
            Action::First => 0,
            Action::Last => last,
            Action::Scroll(lines) => self.at.saturating_add_signed(*lines as isize),
            _ => return false,
        }
        .min(last);
        true
    }

    pub(in crate::tui) fn keep_within(&mut self, rows: usize) {
        self.at = self.at.min(rows.saturating_sub(1));
    }

    /// Rows in sight for this height, the cursor among them with a row of context where there is one.
    pub(in crate::tui) fn window(&self, rows: usize, height: usize) -> Range<usize> {
        self.height.set(height);
        let context = usize::from(height > 4);
        let lowest = (self.at + 1 + context).saturating_sub(height);
        let highest = self.at.saturating_sub(context);
        let top = self.top.get().clamp(lowest.min(highest), highest.max(lowest)).min(rows.saturating_sub(height));
        self.top.set(top);
        top..(top + height).min(rows)
    }
}

/// What was typed, ready to match many lines.
pub(in crate::tui) struct Fuzzy {
    matcher: Matcher,
    pattern: Pattern,
}

/// What comes first in a list of files or reels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tui) enum Sort {
    /// By name, or as they were found.
    #[default]
    Name,
    Newest,
    Largest,
}

impl Sort {
    pub(in crate::tui) fn next(self) -> Self {
        match self {
            Self::Name => Self::Newest,
            Self::Newest => Self::Largest,
            Self::Largest => Self::Name,
        }
    }

    pub(in crate::tui) fn words(self) -> &'static str {
        match self {
            Self::Name => "by name",
            Self::Newest => "newest first",
            Self::Largest => "largest first",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Match {
    pub(in crate::tui) row: usize,
    /// Which characters matched.
    pub(in crate::tui) characters: Vec<u32>,
}

impl Fuzzy {
    pub(in crate::tui) fn new(typed: &str) -> Self {
        let pattern = Pattern::parse(typed, CaseMatching::Smart, Normalization::Smart);
        Self { matcher: Matcher::new(Config::DEFAULT), pattern }
    }

    /// Of sentences: each word that was typed stands in it as it was typed.
    pub(in crate::tui) fn words(typed: &str) -> Self {
        let pattern = Pattern::new(typed, CaseMatching::Smart, Normalization::Smart, AtomKind::Substring);
        Self { matcher: Matcher::new(Config::DEFAULT), pattern }
    }

    /// Rows that match, best first; as they stand when nothing was typed.
    pub(in crate::tui) fn matches<T: AsRef<str>>(mut self, rows: impl IntoIterator<Item = T>) -> Vec<Match> {
        let mut found = Vec::new();
        for (row, text) in rows.into_iter().enumerate() {
            let text = Utf32String::from(text.as_ref());
            let mut characters = Vec::new();
            if let Some(score) = self.pattern.indices(text.slice(..), &mut self.matcher, &mut characters) {
                characters.sort_unstable();
                characters.dedup();
                found.push((score, Match { row, characters }));
            }
        }
        found.sort_by_key(|(score, _)| Reverse(*score));
        found.into_iter().map(|(_, found)| found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(typed: &str, texts: &[&str]) -> Vec<usize> {
        Fuzzy::new(typed).matches(texts).into_iter().map(|found| found.row).collect()
    }

    #[test]
    fn filtering_is_fuzzy_and_best_first() {
        let texts = ["night-harbour.mp4", "harbour-night.mp4", "talk.webm"];
        assert_eq!(rows("", &texts), [0, 1, 2]);
        assert_eq!(rows("har", &texts)[0], 1);
        assert_eq!(rows("tlk", &texts), [2]);
        assert_eq!(rows("zzz", &texts), [0; 0]);
        assert_eq!(rows("été", &["ete.mp4", "été.mp4"]), [1]);
    }

    #[test]
    fn the_cursor_stays_in_sight_and_in_the_list() {
        let mut cursor = Cursor::default();
        for _ in 0..50 {
            cursor.moved(&Action::Down, 20);
            let window = cursor.window(20, 6);
            assert!(window.contains(&cursor.at) && window.len() == 6, "{window:?}");
        }
        assert_eq!(cursor.at, 19);
        cursor.moved(&Action::PageUp, 20);
        assert_eq!(cursor.at, 14);
        cursor.keep_within(3);
        assert_eq!((cursor.at, cursor.window(3, 6)), (2, 0..3));
        assert_eq!(cursor.window(0, 0), 0..0);
        assert!(!cursor.moved(&Action::Enter, 3));
    }
}
