//! Text longer than the screen: lines of spans, wrapped by the page that writes them, scrolled here.

use std::cell::Cell;

use ratatui::layout::Rect;

use crate::{
    model::wording,
    tui::{
        action::Action,
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Link},
            text,
        },
    },
};

#[derive(Debug)]
struct Line {
    spans: Vec<(Role, String)>,
    /// What a click on it does.
    action: Option<Action>,
    /// Where its last words lead.
    link: Option<String>,
}

#[derive(Debug, Default)]
pub(in crate::tui) struct Page {
    width: usize,
    lines: Vec<Line>,
    /// What is out of sight below, in words.
    rest: Option<&'static str>,
    /// The line of its choice.
    choice: Option<usize>,
}

/// How far a page is scrolled. Drawing bounds it, since only drawing knows the length.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Scroll {
    top: Cell<usize>,
    page: Cell<usize>,
    /// Lines of all of it, as it was drawn last.
    lines: Cell<usize>,
    /// The end stays in sight while lines are added, until one scrolls up.
    following: Cell<bool>,
    /// The page's choice was made: it comes in sight, with what follows from it.
    chosen: Cell<bool>,
}

impl Scroll {
    pub(in crate::tui) fn moved(&self, action: &Action) -> bool {
        let (top, page) = (self.top.get(), self.page.get().max(2) - 1);
        self.top.set(match action {
            Action::Up => top.saturating_sub(1),
            Action::Down => top + 1,
            Action::PageUp => top.saturating_sub(page),
            Action::PageDown => top + page,
            Action::HalfUp => top.saturating_sub(page.div_ceil(2)),
            Action::HalfDown => top + page.div_ceil(2),
            Action::First => 0,
            Action::Last => usize::MAX / 2,
            Action::Scroll(lines) => top.saturating_add_signed(*lines as isize),
            _ => return false,
        });
        let down = matches!(action, Action::Last | Action::Scroll(1..)) || self.top.get() > top;
        self.following.set(self.following.get() && down);
        true
    }

    /// Whether some of it is out of sight.
    pub(in crate::tui) fn is_needed(&self) -> bool {
        self.lines.get() > self.page.get()
    }

    pub(in crate::tui) fn follow(&self) {
        self.following.set(true);
    }

    pub(in crate::tui) fn to_choice(&self) {
        self.chosen.set(true);
    }

    pub(in crate::tui) fn bounded(&self, lines: usize, height: usize) -> usize {
        self.page.set(height);
        self.lines.set(lines);
        let end = lines.saturating_sub(height);
        let top = if self.following.get() { end } else { self.top.get().min(end) };
        self.top.set(top);
        top
    }
}

impl Page {
    pub(in crate::tui) fn new(width: u16) -> Self {
        Self { width: usize::from(width), ..Self::default() }
    }

    pub(in crate::tui) fn telling(self, rest: &'static str) -> Self {
        Self { rest: Some(rest), ..self }
    }

    pub(in crate::tui) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(in crate::tui) fn gap(&mut self) {
        self.line([]);
    }

    pub(in crate::tui) fn line(&mut self, spans: impl IntoIterator<Item = (Role, String)>) {
        self.lines.push(Line { spans: spans.into_iter().collect(), action: None, link: None });
    }

    /// The other page below this one, with a gap between them.
    pub(in crate::tui) fn followed_by(mut self, mut other: Self) -> Self {
        if !self.lines.is_empty() && !other.lines.is_empty() {
            self.gap();
        }
        self.lines.append(&mut other.lines);
        self
    }

    /// A clickable line.
    pub(in crate::tui) fn button(&mut self, action: Action, spans: impl IntoIterator<Item = (Role, String)>) {
        self.lines.push(Line { spans: spans.into_iter().collect(), action: Some(action), link: None });
    }

    /// A paragraph, its lines indented by this many cells.
    pub(in crate::tui) fn paragraph(&mut self, role: Role, indent: usize, words: &str) {
        for line in text::wrap(words, self.width.saturating_sub(indent)) {
            self.line([(Role::Text, " ".repeat(indent)), (role, line)]);
        }
    }

    /// A paragraph with a mark before it.
    pub(in crate::tui) fn point(&mut self, role: Role, words: &str) {
        for (number, line) in text::wrap(words, self.width.saturating_sub(2)).into_iter().enumerate() {
            self.line([(Role::Dim, if number == 0 { "· " } else { "  " }.to_owned()), (role, line)]);
        }
    }

    /// A label in a column of its own, and a paragraph beside it; below it when narrow.
    pub(in crate::tui) fn entry(&mut self, label: &str, column: usize, role: Role, words: &str) {
        if self.width < column + 20 {
            self.line([(Role::Dim, label.to_owned())]);
            self.paragraph(role, 2, words);
            return;
        }
        for (number, line) in text::wrap(words, self.width - column).into_iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            let gap = column.saturating_sub(text::width(label));
            self.line([(Role::Dim, format!("{label}{:gap$}", "")), (role, line)]);
        }
    }

    /// An entry that can be clicked: one a page.
    pub(in crate::tui) fn choice(&mut self, action: Action, label: &str, column: usize, words: &str) {
        let before = self.lines.len();
        self.choice = Some(before);
        self.entry(label, column, Role::Text, words);
        self.lines[before..].iter_mut().for_each(|line| line.action = Some(action.clone()));
    }

    /// A link, whole: broken only where the line ends, so that the pieces together are the link.
    pub(in crate::tui) fn link(&mut self, label: &str, column: usize, link: &str) {
        let beside = self.width >= column + text::width(link);
        if !beside {
            self.line([(Role::Dim, label.to_owned())]);
        }
        let indent = if beside { format!("{label:column$}") } else { String::new() };
        let room = self.width.saturating_sub(text::width(&indent));
        for piece in text::break_every(link, room) {
            let spans = vec![(Role::Dim, indent.clone()), (Role::Accent, piece)];
            self.lines.push(Line { spans, action: None, link: Some(link.to_owned()) });
        }
    }

    /// The same where lines are few: a link that is too long for its column begins right after its label.
    pub(in crate::tui) fn tight_link(&mut self, label: &str, column: usize, link: &str) {
        if self.width >= column + text::width(link) {
            return self.link(label, column, link);
        }
        let before = format!("{label} ");
        let room = self.width.saturating_sub(text::width(&before));
        let first = text::break_every(link, room).swap_remove(0);
        let rest = text::break_every(&link[first.len()..], self.width);
        for (number, piece) in std::iter::once(first).chain(rest).filter(|piece| !piece.is_empty()).enumerate() {
            let before = if number == 0 { before.clone() } else { String::new() };
            let spans = vec![(Role::Dim, before), (Role::Accent, piece)];
            self.lines.push(Line { spans, action: None, link: Some(link.to_owned()) });
        }
    }

    /// Draws what fits, where nothing scrolls: the rest is told elsewhere too.
    pub(in crate::tui) fn draw_beginning(self, canvas: &mut Canvas, area: Rect) {
        Self::draw_lines(self.lines.into_iter(), canvas, area);
    }

    fn draw_lines(lines: impl Iterator<Item = Line>, canvas: &mut Canvas, area: Rect) {
        for (Line { spans, action, link }, row) in lines.zip(area.rows()) {
            if let (Some(target), Some((_, words))) = (link, spans.last()) {
                let before: usize = spans[..spans.len() - 1].iter().map(|(_, words)| text::width(words)).sum();
                let at = (row.x + u16::try_from(before).unwrap_or_default(), row.y);
                canvas.drawn.links.push(Link { at, words: words.clone(), target });
            }
            if let Some(action) = action {
                canvas.clickable(row, action);
            }
            let mut pen = canvas.pen(row);
            for (role, words) in spans {
                pen.put(role, &words);
            }
        }
    }

    /// Draws the part in sight; the last line says so when there is more. Gives whether its end is in sight.
    pub(in crate::tui) fn draw(self, canvas: &mut Canvas, area: Rect, scroll: &Scroll) -> bool {
        let height = usize::from(area.height);
        let is_empty = self.lines.is_empty();
        let more = self.lines.len() > height && height > 1;
        let shown = if more { height - 1 } else { height };
        if let (true, Some(line)) = (scroll.chosen.take(), self.choice) {
            scroll.top.set(line);
        }
        let top = scroll.bounded(self.lines.len(), shown);
        let below = self.lines.len().saturating_sub(top + shown);
        // at the end, where there is more stands above
        let (text, hint) = match (more, below) {
            (true, 0) => (area.y + 1, area.y),
            _ => (area.y, area.bottom().saturating_sub(1)),
        };
        let place = Rect { y: text, height: area.height - u16::from(more), ..area };
        Self::draw_lines(self.lines.into_iter().skip(top).take(shown), canvas, place);
        if more {
            let row = Rect { y: hint, height: 1, ..area };
            let hint = if below > 0 {
                let rest = self.rest.map(|rest| format!(": {rest}")).unwrap_or_default();
                format!("↓ {}{rest}", wording::count(below as u64, "more line"))
            } else {
                "↑ more above".to_owned()
            };
            canvas.pen(row).put(Role::Dim, &hint);
        }
        // what has no line at all is not in sight
        below == 0 && (height > 0 || is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_follows_its_end_until_one_scrolls_up() {
        let scroll = Scroll::default();
        scroll.follow();
        assert_eq!(scroll.bounded(30, 10), 20);
        assert_eq!(scroll.bounded(31, 10), 21);
        scroll.moved(&Action::Up);
        assert_eq!(scroll.bounded(40, 10), 20);
        scroll.moved(&Action::Last);
        assert_eq!(scroll.bounded(40, 10), 30);
        assert_eq!(scroll.bounded(5, 10), 0);
    }
}
