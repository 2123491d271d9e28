//! What a job asks the person, and how it is answered.

use ratatui::layout::Rect;

use crate::tui::{
    action::Action,
    backend::Question,
    job::Job,
    keymap::{Keymap, Table},
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
pub(super) fn draw(job: &Job, asking: &Asking, keys: &Keymap, canvas: &mut Canvas, area: Rect) {
    let Some(question) = job.question() else { return };
    let mut rows = Rows::of(area);
    canvas.pen(rows.line()).put(Role::Warn, "? ").put(Role::Strong, &format!("{} needs your answer", job.reel()));
    let how = match is_typed(question) {
        true => text::wrap(&format!("To agree, type: {}", question.wanted()), usize::from(area.width)),
        false => vec![String::new()],
    };
    // a line at least of what is asked, and the field
    let lines = u16::try_from(how.len() + 1).unwrap_or(u16::MAX);
    let answered = rows.take_last(lines.min(rows.left().saturating_sub(1)));
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
    let answered = Rect { y: (rows.rest().y + 1).min(answered.y), ..answered };
    answers(question, asking, (keys, how), canvas, answered);
    // what has an end out of sight was not read
    canvas.shows(answered, job.question_sight().filter(|_| is_read));
}

fn answers(question: &Question, asking: &Asking, (keys, how): (&Keymap, Vec<String>), canvas: &mut Canvas, area: Rect) {
    let mut rows = Rows::of(area);
    if is_typed(question) {
        for words in how.into_iter().take(usize::from(rows.left()).saturating_sub(1)) {
            canvas.pen(rows.line()).put(Role::Warn, &words);
        }
        let mut pen = canvas.pen(rows.line());
        pen.put(Role::Accent, "name ");
        field::confirm(&mut pen, &asking.typed, asking.typed.value() == question.wanted());
        return;
    }
    let line = rows.line();
    let mut pen = canvas.pen(line);
    pen.put(Role::Accent, &keys.key(Table::JobAsks, &Action::Yes)).put(Role::Text, " agree");
    let first = pen.column().saturating_sub(line.x);
    pen.skip(6);
    let second = pen.column();
    pen.put(Role::Accent, &keys.key(Table::JobAsks, &Action::No)).put(Role::Text, " decline");
    let end = pen.column();
    canvas.clickable(Rect { width: first.min(line.width), ..line }, Action::Yes);
    canvas.clickable(Rect { x: second, width: end.saturating_sub(second), ..line }, Action::No);
}
