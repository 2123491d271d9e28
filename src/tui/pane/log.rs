//! A job's log: the last lines of it, each with the time since the publishing began; the whole is in a file that is named.

use ratatui::layout::Rect;

use crate::{
    model::{report::event::JobName, wording},
    tui::{
        job::{Publishing, Said},
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Rows},
            page::{Page, Scroll},
            text,
        },
    },
};

/// Cells of a line's time.
const TIME: usize = 9;

pub(in crate::tui) fn draw(
    publishing: &Publishing,
    job: &JobName,
    file: &str,
    scroll: &Scroll,
    canvas: &mut Canvas,
    area: Rect,
) {
    let mut rows = Rows::of(area);
    let whole = text::wrap(&format!("all of it: {file}"), usize::from(area.width));
    let foot = if area.height > 6 { rows.take_last(u16::try_from(whole.len()).unwrap_or(1)) } else { Rect::ZERO };
    let mut page = Page::new(area.width);
    let known = publishing.board.jobs.get(job);
    for cause in known.into_iter().flat_map(|job| &job.causes) {
        page.paragraph(Role::Warn, 0, &format!("↻ {cause}"));
    }
    for Said { after, line } in publishing.log.get(job).into_iter().flatten() {
        page.entry(&wording::clock(*after), TIME, Role::Text, &text::clean(line));
    }
    if page.len() == 0 {
        page.line([(Role::Dim, "no line yet".to_owned())]);
    }
    page.draw(canvas, rows.rest(), scroll);
    for (words, line) in whole.iter().zip(foot.rows()) {
        canvas.pen(line).put(Role::Dim, words);
    }
}
