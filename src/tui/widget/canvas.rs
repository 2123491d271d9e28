//! What screens draw on: the frame's cells, the theme, the clock, and a record of what can be clicked. Nothing here
//! can draw outside the buffer, whatever the size of the terminal.

use std::{
    path::PathBuf,
    time::{Instant, SystemTime},
};

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect, Size},
    style::{Color, Style},
};

use super::text;
use crate::tui::{
    action::Action,
    sight::Sight,
    terminal::theme::{Role, Theme},
};

pub(in crate::tui) struct Canvas<'a> {
    pub(in crate::tui) buffer: &'a mut Buffer,
    pub(in crate::tui) theme: Theme,
    pub(in crate::tui) now: Instant,
    pub(in crate::tui) wall: SystemTime,
    pub(in crate::tui) drawn: Drawn,
}

/// What drawing found out, for the next event: where things are.
#[derive(Debug, Default)]
pub(in crate::tui) struct Drawn {
    /// Later ones lie above earlier ones.
    pub(in crate::tui) hits: Vec<(Rect, Action)>,
    pub(in crate::tui) cursor: Option<Position>,
    /// What can be acted on and was drawn whole enough to be read.
    pub(in crate::tui) shown: Vec<Sight>,
    /// Text that is a link, or a piece of one.
    pub(in crate::tui) links: Vec<Link>,
    /// A video's picture is wanted in this size.
    pub(in crate::tui) picture: Option<(PathBuf, Size)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Link {
    /// Column and row.
    pub(in crate::tui) at: (u16, u16),
    pub(in crate::tui) words: String,
    pub(in crate::tui) target: String,
}

impl Drawn {
    pub(in crate::tui) fn hit(&self, position: Position) -> Option<&Action> {
        self.hits.iter().rev().find(|(area, _)| area.contains(position)).map(|(_, action)| action)
    }
}

impl<'a> Canvas<'a> {
    pub(in crate::tui) fn new(buffer: &'a mut Buffer, theme: Theme, now: Instant, wall: SystemTime) -> Self {
        Self { buffer, theme, now, wall, drawn: Drawn::default() }
    }

    /// A pen at the beginning of the area's first line.
    pub(in crate::tui) fn pen(&mut self, area: Rect) -> Pen<'_, 'a> {
        let area = area.intersection(self.buffer.area);
        Pen { y: area.y, left: area.x, right: area.right(), blank: area.is_empty(), under: Style::new(), canvas: self }
    }

    pub(in crate::tui) fn rule(&mut self, area: Rect) {
        let line = "─".repeat(usize::from(area.width));
        self.pen(area).put(Role::Line, &line);
    }

    pub(in crate::tui) fn clickable(&mut self, area: Rect, action: Action) {
        self.drawn.hits.push((area, action));
    }

    /// What a key on this screen would start, end or delete, is in this place.
    pub(in crate::tui) fn shows(&mut self, area: Rect, sight: Option<Sight>) {
        if !area.intersection(self.buffer.area).is_empty() {
            self.drawn.shown.extend(sight);
        }
    }

    pub(in crate::tui) fn paint(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    pub(in crate::tui) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            self.buffer[position].reset();
        }
        // the left half of a wide character that the edge cuts would be drawn over the edge
        if area.x > self.buffer.area.x {
            for y in area.top()..area.bottom() {
                let cell = &mut self.buffer[Position::new(area.x - 1, y)];
                if text::width(cell.symbol()) > 1 {
                    cell.set_symbol(" ");
                }
            }
        }
    }
}

/// Writes one line from both ends towards the middle.
pub(in crate::tui) struct Pen<'c, 'a> {
    canvas: &'c mut Canvas<'a>,
    y: u16,
    left: u16,
    right: u16,
    blank: bool,
    under: Style,
}

impl Pen<'_, '_> {
    pub(in crate::tui) fn room(&self) -> usize {
        if self.blank { 0 } else { usize::from(self.right.saturating_sub(self.left)) }
    }

    /// Column of the next character.
    pub(in crate::tui) fn column(&self) -> u16 {
        self.left
    }

    /// Puts the terminal's cursor this many cells further on.
    pub(in crate::tui) fn cursor(&mut self, cells: usize) {
        if self.room() > 0 {
            let cells = u16::try_from(cells.min(self.room() - 1)).unwrap_or_default();
            self.canvas.drawn.cursor = Some(Position::new(self.left + cells, self.y));
        }
    }

    /// Laid under everything that follows (the cursor's row, a match).
    pub(in crate::tui) fn under(&mut self, style: Style) -> &mut Self {
        self.under = style;
        self
    }

    pub(in crate::tui) fn put(&mut self, role: Role, what: &str) -> &mut Self {
        let style = self.style(role);
        self.styled(style, what)
    }

    /// The role's own, on what was laid under it: of what was drawn here before nothing shines through.
    fn style(&self, role: Role) -> Style {
        Style::new().fg(Color::Reset).patch(self.under).patch(self.canvas.theme.style(role))
    }

    pub(in crate::tui) fn styled(&mut self, style: Style, what: &str) -> &mut Self {
        let glyphs = self.canvas.theme.glyphs;
        let what = text::clean(what);
        let what = glyphs.of(&what);
        let what = text::fit(&what, self.room());
        let what = glyphs.of(&what);
        if !what.is_empty() {
            let (x, _) = self.canvas.buffer.set_stringn(self.left, self.y, &what, self.room(), style);
            self.left = x;
        }
        self
    }

    pub(in crate::tui) fn skip(&mut self, cells: usize) -> &mut Self {
        let cells = u16::try_from(cells.min(self.room())).unwrap_or_default();
        self.left += cells;
        self
    }

    /// Goes on at this many cells from the area's beginning; at least one after what is there.
    pub(in crate::tui) fn to(&mut self, column: u16) -> &mut Self {
        let target = column.max(self.left).min(self.right);
        self.left = target;
        self
    }

    /// At the right end, only if it fits whole with a gap before it.
    pub(in crate::tui) fn right(&mut self, role: Role, what: &str) -> &mut Self {
        let what = text::clean(what);
        let what = self.canvas.theme.glyphs.of(&what);
        let cells = text::width(&what);
        if cells > 0 && cells < self.room() {
            let style = self.style(role);
            let x = self.right - u16::try_from(cells).unwrap_or_default();
            self.canvas.buffer.set_stringn(x, self.y, &what, cells, style);
            self.right = x.saturating_sub(1).max(self.left);
        }
        self
    }

    /// Ends the line this many cells earlier.
    pub(in crate::tui) fn margin(&mut self, cells: u16) -> &mut Self {
        self.right = self.right.saturating_sub(cells).max(self.left);
        self
    }
}

/// Takes lines and blocks off the top of an area.
#[derive(Debug, Clone, Copy)]
pub(in crate::tui) struct Rows {
    rest: Rect,
}

impl Rows {
    pub(in crate::tui) fn of(area: Rect) -> Self {
        Self { rest: area }
    }

    pub(in crate::tui) fn rest(self) -> Rect {
        self.rest
    }

    pub(in crate::tui) fn left(self) -> u16 {
        self.rest.height
    }

    /// The next lines, fewer if fewer are left: possibly none.
    pub(in crate::tui) fn take(&mut self, lines: u16) -> Rect {
        let lines = lines.min(self.rest.height);
        let taken = Rect { height: lines, ..self.rest };
        self.rest.y += lines;
        self.rest.height -= lines;
        taken
    }

    pub(in crate::tui) fn line(&mut self) -> Rect {
        self.take(1)
    }

    /// Lines off the bottom.
    pub(in crate::tui) fn take_last(&mut self, lines: u16) -> Rect {
        let lines = lines.min(self.rest.height);
        self.rest.height -= lines;
        Rect { y: self.rest.bottom(), height: lines, ..self.rest }
    }
}

/// The area without this margin on the left and right, and above.
pub(in crate::tui) fn inset(area: Rect, sides: u16, above: u16) -> Rect {
    let sides = sides.min(area.width / 2);
    let above = above.min(area.height);
    Rect { x: area.x + sides, y: area.y + above, width: area.width - 2 * sides, height: area.height - above }
}
