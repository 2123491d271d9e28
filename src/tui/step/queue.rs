//! All publishings of this session, or all its deletions, a line each: done, running, failed and why, waiting.

use crate::tui::{
    action::{Action, Command, Way},
    id::JobId,
    job::{Job, Jobs, Kind},
    keymap::Table,
    overlay::confirm::Confirm,
    widget::list::Cursor,
};

pub(in crate::tui) struct Queue {
    pub(in crate::tui) kind: Kind,
    pub(in crate::tui) cursor: Cursor,
    /// The cursor stays with its job; `None` until it was moved: then it is on the one that runs.
    on: Option<JobId>,
}

impl Queue {
    pub(in crate::tui) fn of(kind: Kind) -> Self {
        Self { kind, cursor: Cursor::default(), on: None }
    }

    pub(in crate::tui) fn table(&self) -> Table {
        if self.kind == Kind::Deletion { Table::Deletions } else { Table::Queue }
    }

    pub(in crate::tui) fn jobs<'a>(&self, jobs: &'a Jobs) -> impl Iterator<Item = &'a Job> + use<'a> {
        jobs.of(self.kind)
    }

    /// The line that the cursor is on.
    pub(in crate::tui) fn at(&self, jobs: &Jobs) -> usize {
        let of = |wanted: JobId| self.jobs(jobs).position(|job| job.id == wanted);
        let active = || self.jobs(jobs).position(Job::is_active);
        self.on.and_then(of).or_else(active).unwrap_or_default()
    }

    pub(in crate::tui) fn selected<'a>(&self, jobs: &'a Jobs) -> Option<&'a Job> {
        self.jobs(jobs).nth(self.at(jobs))
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, jobs: &Jobs) -> Vec<Command> {
        self.cursor.at = self.at(jobs);
        let again = matches!(action, Action::Pick(row) if *row == self.cursor.at);
        if let Action::Pick(row) = action {
            self.cursor.at = *row;
        }
        let moved = self.cursor.moved(action, self.jobs(jobs).count());
        let Some(job) = self.jobs(jobs).nth(self.cursor.at) else { return vec![Command::Back] };
        if moved || matches!(action, Action::Pick(_)) {
            self.on = Some(job.id);
        }
        match action {
            Action::Enter => vec![Command::Go(Box::new(Way::Job(job.id)))],
            Action::Pick(_) if again => vec![Command::Go(Box::new(Way::Job(job.id)))],
            Action::Retry if job.can_retry() => vec![Command::Retry(job.id)],
            Action::EditSettings if job.failed().is_some() => vec![Command::Go(Box::new(Way::Edit(job.id)))],
            Action::Cancel if job.is_active() && !job.is_stopping() => {
                vec![Command::Ask(Confirm::Cancel(job.id, job.stops()))]
            }
            Action::Another => vec![Command::Go(Box::new(Way::Video))],
            Action::Back => vec![Command::Back],
            _ => Vec::new(),
        }
    }
}
