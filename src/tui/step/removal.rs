//! The screen of a deletion, or of an interrupted publishing that is given up: how far it is, and how it ended.

use super::asked::{self, Asking};
use crate::tui::{
    action::{Action, Command, Way},
    id::JobId,
    job::{End, Jobs, Kind},
    keymap::Table,
    overlay::confirm::Confirm,
};

pub(in crate::tui) struct Removal {
    pub(in crate::tui) job: JobId,
    pub(in crate::tui) asking: Asking,
}

impl Removal {
    pub(in crate::tui) fn new(job: JobId) -> Self {
        Self { job, asking: Asking::default() }
    }

    pub(in crate::tui) fn table(&self, jobs: &Jobs) -> Table {
        let question = jobs.get(self.job).and_then(|job| job.question());
        question.map_or(Table::Removal, asked::table)
    }

    pub(in crate::tui) fn update(&mut self, action: &Action, jobs: &Jobs) -> Vec<Command> {
        let Some(job) = jobs.get(self.job) else { return vec![Command::Back] };
        if let Some(question) = job.question() {
            return self.asking.update(action, job.id, question);
        }
        match action {
            Action::Retry if job.can_retry() => vec![Command::Retry(job.id)],
            Action::Cancel if job.is_active() && !job.is_stopping() => {
                vec![Command::Ask(Confirm::Cancel(job.id, job.stops()))]
            }
            // a reel that is gone has no page to go back to
            Action::Back | Action::Enter
                if job.kind() == Kind::Deletion && matches!(job.end(), Some(End::Removed(_))) =>
            {
                vec![Command::Go(Box::new(Way::Library))]
            }
            Action::Back => vec![Command::Back],
            _ => Vec::new(),
        }
    }
}
