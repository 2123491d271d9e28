//! What comes from a terminal.

use ratatui::crossterm::event::Event;

use crate::tui::terminal::theme::Ground;

#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) enum Heard {
    Input(Event),
    Told(Told),
}

/// What terminals answer and report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Told {
    /// The background's, asked for or changed.
    Ground(Ground),
    Kitty,
    Sixel,
    /// Of a character, in pixels.
    Cell {
        width: u16,
        height: u16,
    },
    /// The answer to the last question, which every terminal answers.
    End,
}
