//! What a job asks the person, and how it is answered.

use ratatui::layout::Rect;

use crate::tui::{
    action::Action,
    backend::Question,
    job::Job,
    step::{Asking, is_typed},
    terminal::theme::Role,
    widget::{
        canvas::{Canvas, Rows},
        field,
        page::Page,
        text,
    },
};

/// Draws nothing if the job asks nothing.
pub(super) fn draw(job: &Job, asking: &Asking, canvas: &mut Canvas, area: Rect) {
    let Some(question) = job.question() else { return };
    let mut rows = Rows::of(area);
    canvas.pen(rows.line()).put(Role::Warn, "? ").put(Role::Strong, &format!("{} asks", job.reel()));
    let keys = rows.take_last(2);
    if rows.left() > 4 {
        rows.line();
    }
    let mut page = Page::new(area.width);
    for line in question.text().lines() {
        match line.strip_prefix("- ") {
            Some(point) => page.point(Role::Text, point),
            None => page.paragraph(Role::Text, 0, line),
        }
    }
    let lines = u16::try_from(page.len()).unwrap_or(u16::MAX);
    let is_read = page.draw(canvas, rows.take(lines), &asking.scroll);
    // close below the words, where the eye is
    let keys = Rect { y: (rows.rest().y + 1).min(keys.y), ..keys };
    answers(question, asking, canvas, keys);
    // what has an end out of sight was not read
    canvas.shows(keys, job.question_sight().filter(|_| is_read));
}

fn answers(question: &Question, asking: &Asking, canvas: &mut Canvas, area: Rect) {
    let mut rows = Rows::of(area);
    if is_typed(question) {
        let words = format!("Type {} to agree.", question.wanted());
        canvas.pen(rows.line()).put(Role::Warn, &words);
        let mut pen = canvas.pen(rows.line());
        pen.put(Role::Accent, "name ");
        field::confirm(&mut pen, &asking.typed, asking.typed.value() == question.wanted());
        return;
    }
    let line = rows.line();
    let mut pen = canvas.pen(line);
    pen.put(Role::Accent, "y").put(Role::Text, " agree      ");
    let second = pen.column();
    pen.put(Role::Accent, "n").put(Role::Text, " decline");
    let width = u16::try_from(text::width("n decline")).unwrap_or_default();
    canvas.clickable(Rect { width: 7.min(line.width), ..line }, Action::Yes);
    canvas.clickable(Rect { x: second, width, ..line }, Action::No);
}
