//! Lines that several screens are made of: a row of a list, a fault as a small paragraph.

use ratatui::layout::Rect;

use crate::{
    model::report::fault::Fault,
    tui::{
        action::Action,
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Pen, Rows},
            text,
        },
    },
};

/// Lines of a list that stay beside the one that says where it is.
const SCROLLED_LEAST: u16 = 2;

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

pub(in crate::tui) fn wrapped(role: Role, words: &str, width: usize) -> impl Iterator<Item = (Role, String)> + use<> {
    text::wrap(words, width).into_iter().map(move |line| (role, line))
}

/// `3/120`, where not all of a list is in sight.
pub(in crate::tui) fn position(at: usize, rows: usize, room: usize) -> String {
    if rows > room { format!("{}/{rows}", at + 1) } else { String::new() }
}

/// The same on the last of a list's lines, where it has no other line to stand on; false if it is not said.
pub(in crate::tui) fn scrolled(at: usize, rows: usize, canvas: &mut Canvas, lines: &mut Rows) -> bool {
    let words = position(at, rows, usize::from(lines.left()));
    let is_said = !words.is_empty() && lines.left() > SCROLLED_LEAST;
    if is_said {
        canvas.pen(lines.take_last(1)).right(Role::Dim, &words);
    }
    is_said
}

/// What went wrong and what can be done, in lines. Where there is no room for all of it, what is only good to know goes
/// first and then the end of the reason; what can be done is never cut.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Problem {
    what: Vec<(Role, String)>,
    remedy: Vec<(Role, String)>,
    more: Vec<(Role, String)>,
}

impl Problem {
    pub(in crate::tui) fn of(fault: &Fault, width: usize) -> Self {
        Self::told("✖ ", Role::Fail, fault, width)
    }

    /// With another sign before it.
    pub(in crate::tui) fn told(sign: &str, role: Role, fault: &Fault, width: usize) -> Self {
        let what = wrapped(role, &format!("{sign}{fault}"), width).collect();
        let remedy = fault.hint.iter().flat_map(|hint| wrapped(Role::Text, hint, width)).collect();
        Self { what, remedy, more: Vec::new() }
    }

    /// Words that say themselves what to do.
    pub(in crate::tui) fn plain(role: Role, words: &str, width: usize) -> Self {
        Self::lines_of(role, &[words.to_owned()], width)
    }

    /// Paragraphs, none of which may be cut.
    pub(in crate::tui) fn lines_of(role: Role, paragraphs: &[String], width: usize) -> Self {
        Self { remedy: paragraphs.iter().flat_map(|words| wrapped(role, words, width)).collect(), ..Self::default() }
    }

    pub(in crate::tui) fn remedy(mut self, words: &str, width: usize) -> Self {
        self.remedy.extend(wrapped(Role::Accent, words, width));
        self
    }

    pub(in crate::tui) fn more(mut self, words: &str, width: usize) -> Self {
        self.more.extend(wrapped(Role::Dim, words, width));
        self
    }

    /// Lines below which something that must be read would be cut: what can be done, and a line of what went wrong.
    pub(in crate::tui) fn least(&self) -> u16 {
        u16::try_from(self.remedy.len() + self.what.len().min(1)).unwrap_or(u16::MAX)
    }

    /// Lines that all of it takes.
    pub(in crate::tui) fn height(&self) -> u16 {
        u16::try_from(self.what.len() + self.remedy.len() + self.more.len()).unwrap_or(u16::MAX)
    }

    pub(in crate::tui) fn lines(mut self, room: u16) -> Vec<(Role, String)> {
        let room = usize::from(room);
        let left = room.saturating_sub(self.remedy.len());
        if self.what.len() > left {
            self.what.truncate(left);
            if let Some((_, last)) = self.what.last_mut() {
                last.push('…');
            }
        }
        if self.what.len() + self.remedy.len() + self.more.len() <= room {
            self.remedy.append(&mut self.more);
        }
        self.what.append(&mut self.remedy);
        self.what
    }

    pub(in crate::tui) fn draw(self, canvas: &mut Canvas, area: Rect) {
        for ((role, words), line) in self.lines(area.height).into_iter().zip(area.rows()) {
            canvas.pen(line).put(role, &words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_little_room_the_remedy_stays_whole() {
        let fault = Fault::permanent("could not deploy chunk `7` of the reel").hint("Ask for more.");
        let problem = || Problem::told("! ", Role::Warn, &fault, 15).remedy("r goes on", 15).more("log: x", 15);
        let lines = |room| problem().lines(room).into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        let remedy = ["Ask for more.", "r goes on"];
        assert_eq!((problem().height(), problem().least()), (6, 3));
        assert_eq!(lines(6), ["! could not", "deploy chunk", "`7` of the reel", remedy[0], remedy[1], "log: x"]);
        assert_eq!(lines(5), ["! could not", "deploy chunk", "`7` of the reel", remedy[0], remedy[1]]);
        assert_eq!(lines(3), ["! could not…", remedy[0], remedy[1]]);
        assert_eq!(lines(2), remedy);
    }
}
