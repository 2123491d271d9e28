//! All that can be done on a screen, with its keys: type to find it, and do it from here.

use std::collections::BTreeSet;

use tui_input::Input;

use crate::tui::{
    action::Action,
    keymap::{Binding, Key, Keymap, Table},
    widget::list::{Cursor, Fuzzy, Match},
};

pub(in crate::tui) struct Palette {
    /// The keys that counted when it was opened.
    pub(in crate::tui) of: Table,
    pub(in crate::tui) bindings: Vec<Binding>,
    pub(in crate::tui) matches: Vec<Match>,
    pub(in crate::tui) cursor: Cursor,
    pub(in crate::tui) filter: Input,
}

pub(in crate::tui) enum Outcome {
    Open,
    Closed,
    /// The action with this number.
    Chosen(usize),
}

impl Palette {
    pub(in crate::tui) fn new(of: Table, keymap: &Keymap) -> Self {
        let bindings = keymap.all(of).cloned().collect();
        let (matches, cursor, filter) = (Vec::new(), Cursor::default(), Input::default());
        let mut palette = Self { of, bindings, matches, cursor, filter };
        palette.refill();
        palette
    }

    /// Words and keys of each. A key that was typed whole comes first, then what begins with the words that were typed.
    fn refill(&mut self) {
        let typed = self.filter.value();
        let texts = self.bindings.iter().map(|binding| {
            let name = binding.name().unwrap_or_default();
            format!("{} {} {name} {}", binding.short, binding.help, binding.all_keys())
        });
        self.matches = Fuzzy::words(typed).matches(texts);
        let meant: Option<Key> = typed.parse().ok();
        let is_typed = |key: &Key| Some(*key) == meant || key.shown() == typed;
        let has_key = |row: usize| !typed.is_empty() && self.bindings[row].keys.iter().any(is_typed);
        let found: BTreeSet<_> = self.matches.iter().map(|found| found.row).collect();
        let missed = (0..self.bindings.len()).filter(|row| has_key(*row) && !found.contains(row));
        self.matches.extend(missed.map(|row| Match { row, characters: Vec::new() }));
        let begins = |found: &Match| {
            let Binding { short, help, .. } = &self.bindings[found.row];
            let name = self.bindings[found.row].name().unwrap_or_default();
            [short, help, name].iter().any(|words| words.starts_with(&typed.to_lowercase()))
        };
        self.matches.sort_by_key(|found| (!has_key(found.row), !begins(found)));
        self.cursor.keep_within(self.matches.len());
    }

    pub(in crate::tui) fn update(&mut self, action: &Action) -> Outcome {
        if self.cursor.moved(action, self.matches.len()) {
            return Outcome::Open;
        }
        match action {
            Action::Pick(row) if *row == self.cursor.at => return self.chosen(),
            Action::Pick(row) => self.cursor.at = *row,
            Action::Enter => return self.chosen(),
            Action::Back => return Outcome::Closed,
            Action::Edit(request) => {
                self.filter.handle(*request);
                self.cursor.at = 0;
                self.refill();
            }
            _ => {}
        }
        Outcome::Open
    }

    fn chosen(&self) -> Outcome {
        self.matches.get(self.cursor.at).map_or(Outcome::Open, |found| Outcome::Chosen(found.row))
    }
}
