//! Lines that several screens are made of: a row of a list, a fault as a small paragraph.

use ratatui::layout::Rect;

use crate::{
    model::report::fault::Fault,
    tui::{
        action::Action,
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Pen},
            text,
        },
    },
};

/// A line of a list: the cursor's mark, its ground, and what a click on it does.
pub(in crate::tui) fn row<'c, 'a>(
    canvas: &'c mut Canvas<'a>,
    line: Rect,
    selected: bool,
    number: usize,
) -> Pen<'c, 'a> {
    canvas.clickable(line, Action::Pick(number));
    let ground = canvas.theme.row();
    if selected {
        canvas.paint(line, ground);
    }
    let mut pen = canvas.pen(line);
    if selected {
        pen.under(ground).put(Role::Accent, "▌ ");
    } else {
        pen.skip(2);
    }
    pen
}

/// What, why, what to do.
pub(in crate::tui) fn fault_lines(fault: &Fault, width: usize) -> Vec<(Role, String)> {
    let what = text::wrap(&fault.to_string(), width).into_iter().map(|line| (Role::Fail, line));
    let hint = fault.hint.iter().flat_map(|hint| text::wrap(hint, width)).map(|line| (Role::Text, line));
    what.chain(hint).collect()
}
