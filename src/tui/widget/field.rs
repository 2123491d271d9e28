//! A line of text being typed: the value scrolls so that the cursor stays in sight.

use tui_input::Input;
use unicode_width::UnicodeWidthChar;

use crate::tui::{
    terminal::theme::Role,
    widget::{canvas::Pen, text},
};

/// A name that has to be typed exactly: a sign behind it says when it is right.
pub(in crate::tui) fn confirm(pen: &mut Pen, input: &Input, is_right: bool) {
    if is_right {
        pen.right(Role::Ok, "✔");
    }
    let room = pen.room();
    draw(pen, room, input, if is_right { Role::Ok } else { Role::Text }, true);
}

/// Draws the value in at most this many cells; with the focus also the cursor.
pub(in crate::tui) fn draw(pen: &mut Pen, room: usize, input: &Input, role: Role, focused: bool) {
    let room = room.min(pen.room());
    // a cell for the cursor after the last character
    let scroll = input.visual_scroll(room.saturating_sub(1));
    let mut skipped = 0;
    let shown: String = input
        .value()
        .chars()
        .skip_while(|character| {
            let skip = skipped < scroll;
            skipped += character.width().unwrap_or_default();
            skip
        })
        .collect();
    if focused {
        pen.cursor(input.visual_cursor().saturating_sub(scroll));
    }
    pen.put(role, &text::fit(&shown, room));
}
