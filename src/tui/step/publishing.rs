//! Step 4, and step 5 once it has ended well: the screen of one publishing. What is told of it is the job's; here are
//! the cursor and what is being typed.

use tui_input::Input;

use super::asked::{self, Asking};
use crate::{
    model::report::event::JobName,
    tui::{
        action::{Action, Command, Way},
        backend::Published,
        id::JobId,
        job::{Job, Jobs, Kind, Publishing as Course},
        keymap::Table,
        overlay::confirm::Confirm,
        widget::{list::Cursor, page::Scroll},
    },
};

pub(in crate::tui) struct Publishing {
    pub(in crate::tui) job: JobId,
    pub(in crate::tui) cursor: Cursor,
    /// The engine's job under the cursor: rows come and go, the cursor stays with its job.
    pub(in crate::tui) selected: JobName,
    /// Of what is said when it is done.
    pub(in crate::tui) scroll: Scroll,
    pub(in crate::tui) asking: Asking,
}

impl Publishing {
    pub(in crate::tui) fn new(job: JobId) -> Self {
        Self {
            job,
            cursor: Cursor::default(),
            selected: JobName::Upload,
            scroll: Scroll::default(),
            asking: Asking::default(),
        }
    }

    pub(in crate::tui) fn table(&self, jobs: &Jobs) -> Table {
        let Some(job) = jobs.get(self.job) else { return Table::Publish };
        match job.question() {
            Some(question) => asked::table(question),
            None if job.published().is_some() => Table::Done,
            None if job.end().is_some() => Table::PublishFailed,
            None if job.publishing().is_some_and(|course| course.waits_for_cdn()) => Table::PublishCdn,
            None => Table::Publish,
        }
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, jobs: &Jobs) -> Vec<Command> {
        let Some(job) = jobs.get(self.job) else { return vec![Command::Back] };
        if let Some(question) = job.question() {
            return self.asking.update(action, job.id, question);
        }
        self.asking.typed = Input::default();
        match job.published() {
            Some(published) => self.done(action, job, published),
            None => self.under_way(action, job),
        }
    }

    fn under_way(&mut self, action: &Action, job: &Job) -> Vec<Command> {
        let rows = job.publishing().map(Course::rows).unwrap_or_default();
        self.cursor.at = rows.iter().position(|row| *row == self.selected).unwrap_or(self.cursor.at);
        if self.cursor.moved(action, rows.len()) {
            self.selected = rows.get(self.cursor.at).cloned().unwrap_or(JobName::Upload);
            return Vec::new();
        }
        let log = |selected: &JobName| vec![Command::ShowLog(job.id, selected.clone())];
        match action {
            Action::Pick(row) => {
                let again = rows.get(*row) == Some(&self.selected);
                self.selected = rows.get(*row).cloned().unwrap_or(JobName::Upload);
                if again { log(&self.selected) } else { Vec::new() }
            }
            Action::Log => log(&self.selected),
            Action::Pause if job.is_under_way() => {
                job.control.pause(!job.control.is_paused());
                Vec::new()
            }
            Action::Retry if job.can_retry() => vec![Command::Retry(job.id)],
            Action::EditSettings if job.end().is_some() => vec![Command::Go(Box::new(Way::Edit(job.id)))],
            Action::Cancel if job.is_active() && !job.is_stopping() => {
                vec![Command::Ask(Confirm::Cancel(job.id, job.stops()))]
            }
            Action::Queue => vec![Command::Go(Box::new(Way::Queue(Kind::Publishing)))],
            Action::Back => vec![Command::Back],
            _ => Vec::new(),
        }
    }

    fn done(&mut self, action: &Action, job: &Job, published: &Published) -> Vec<Command> {
        if self.scroll.moved(action) {
            return Vec::new();
        }
        let go = |way| vec![Command::Go(Box::new(way))];
        match action {
            Action::Copy => vec![Command::Copy(published.watch_url.clone())],
            Action::CopyPlaylist => vec![Command::Copy(published.playlist_url.clone())],
            Action::CopyMenu => vec![Command::ChooseCopy(job.run.place().clone(), published.reel.clone())],
            Action::Browse => vec![Command::Browse(published.watch_url.clone())],
            Action::CheckDeep => {
                let place = job.run.place().clone();
                go(Way::Reel { place, reel: published.reel.clone(), check: true })
            }
            Action::Another => go(Way::Video),
            Action::Queue => go(Way::Queue(Kind::Publishing)),
            Action::Back => vec![Command::Back],
            _ => Vec::new(),
        }
    }
}
