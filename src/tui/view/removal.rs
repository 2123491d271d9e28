//! A deletion: what goes and from where, how far it is, how it ended.

use ratatui::layout::Rect;

use super::asked;
use crate::{
    model::wording,
    tui::{
        action::Action,
        backend::Gone,
        job::{Course, End, Job, Kind, Stage},
        keymap::{Keymap, Table},
        shared::Shared,
        step::removal::Removal,
        terminal::theme::Role,
        widget::{
            canvas::{Canvas, Rows, inset},
            gauge,
            line::{Problem, wrapped},
        },
        words::there_words,
    },
};

pub(super) fn draw(removal: &Removal, job: &Job, shared: &Shared, canvas: &mut Canvas, area: Rect) {
    let area = inset(area, u16::from(area.width > 60) * 2, u16::from(area.height >= 12));
    let mut rows = Rows::of(area);
    if job.question().is_some() {
        return asked::draw(job, &removal.asking, &shared.keys, canvas, area);
    }
    let what = match job.kind() {
        Kind::Discard => format!("The interrupted publishing of {}", job.reel()),
        _ => format!("The reel {}", job.reel()),
    };
    canvas.pen(rows.line()).put(Role::Strong, &what);
    let place = format!("in {}", there_words(job.run.place(), job.run.at()));
    canvas.pen(rows.line()).put(Role::Dim, &place);
    if rows.left() > 5 {
        rows.line();
    }
    let gone = match job.course {
        Course::Removal(gone) => gone,
        _ => Gone { functions: 0, of: 0 },
    };
    let words = words(job, gone, &shared.keys, usize::from(area.width));
    if job.is_active() {
        let line = rows.line();
        let ratio = (gone.of > 0).then(|| f64::from(gone.functions) / f64::from(gone.of));
        gauge::draw(canvas, Rect { width: line.width.min(60), ..line }, ratio, Role::Gauge);
    }
    canvas.shows(rows.rest(), job.can_retry().then(|| job.retry_sight()));
    let height = words.height().min(rows.left());
    words.draw(canvas, rows.take(height));
    if let Some(said) = job.said.as_ref().filter(|_| job.is_active()) {
        for (role, words) in wrapped(Role::Warn, &format!("↻ {said}"), usize::from(area.width)) {
            canvas.pen(rows.line()).put(role, &words);
        }
    }
}

fn words(job: &Job, gone: Gone, keys: &Keymap, width: usize) -> Problem {
    let is_reel = job.kind() == Kind::Deletion;
    let links = if is_reel { "; its links work no more" } else { "" };
    let again = |words: &str| keys.says(Table::Removal, &Action::Retry, words);
    let plain = |role, words: &str| Problem::plain(role, words, width);
    match &job.state {
        Stage::Queued => plain(Role::Dim, "waits for its turn; nothing of it is gone"),
        Stage::Ended(End::Removed(functions)) => {
            let functions = wording::count(*functions, "function");
            let what = if is_reel { "deleted" } else { "discarded" };
            plain(Role::Ok, &format!("✔ {what}: the {functions} that held it"))
        }
        Stage::Ended(End::Failed(fault)) => {
            Problem::told("✖ ", Role::Fail, fault, width).remedy(&again("deletes the rest"), width)
        }
        Stage::Ended(_) if job.attempt == 0 => {
            plain(Role::Warn, "taken back before it began: nothing of it is gone").remedy(&again("deletes it"), width)
        }
        Stage::Ended(_) => {
            plain(Role::Warn, "stopped: what is gone stays gone").remedy(&again("removes the rest"), width)
        }
        _ if job.is_stopping() => plain(Role::Warn, "stopping in an orderly way…"),
        _ if gone.of == 0 => plain(Role::Text, "looking up what is to go"),
        _ => {
            let told = format!("{}{links}", so_far(gone));
            let stops = keys.says(Table::Removal, &Action::Cancel, "stops; the rest stays, and can be deleted later");
            plain(Role::Text, &told).more(&stops, width)
        }
    }
}

/// `deleted 5 of the 12 functions that hold it`
pub(super) fn so_far(gone: Gone) -> String {
    let (all, hold) = (wording::count(gone.of, "function"), wording::verb(gone.of, ["holds", "hold"]));
    format!("deleted {} of the {all} that {hold} it", gone.functions)
}
