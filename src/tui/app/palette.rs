//! What is done from the list of all keys: as if its key had been pressed on the screen below.

use super::{App, Errand};
use crate::tui::{
    action::Action,
    overlay::{
        Overlay,
        palette::{Outcome, Palette},
    },
};

impl App {
    /// Whether this line of the list would do something now.
    pub(in crate::tui) fn can_do(&self, palette: &Palette, number: usize) -> bool {
        let is_there = self.top().table(&self.shared, &self.jobs) == palette.of;
        is_there && palette.bindings.get(number).is_some_and(|binding| self.applies(&binding.action))
    }

    pub(super) fn act_by_palette(&mut self, outcome: Outcome) -> Vec<Errand> {
        let number = match outcome {
            Outcome::Open => return Vec::new(),
            Outcome::Closed => {
                self.overlay = None;
                return Vec::new();
            }
            Outcome::Chosen(number) => number,
        };
        let Some(Overlay::Palette(palette)) = self.overlay.take() else { return Vec::new() };
        let Some(binding) = palette.bindings.get(number) else { return Vec::new() };
        // what runs may have led the screen on meanwhile
        if !self.can_do(&palette, number) {
            let why = self.hindrance(&binding.action);
            self.said = Some(why.unwrap_or_else(|| format!("not possible now: {}", binding.help)));
            return Vec::new();
        }
        match &binding.action {
            // it is this list
            Action::Help => Vec::new(),
            action => self.act(action),
        }
    }
}
