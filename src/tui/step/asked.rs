//! Answering what a job asks: with a key, or by typing what the question wants to hear.

use tui_input::Input;

use crate::tui::{
    action::{Action, Command},
    backend::{Question, Reply},
    id::JobId,
    keymap::Table,
    widget::page::Scroll,
};

#[derive(Debug, Default)]
pub(in crate::tui) struct Asking {
    pub(in crate::tui) typed: Input,
    /// Of the question's words.
    pub(in crate::tui) scroll: Scroll,
}

/// A name has to be typed; a yes is a key.
pub(in crate::tui) fn is_typed(question: &Question) -> bool {
    question.wanted() != "yes"
}

pub(in crate::tui) fn table(question: &Question) -> Table {
    if is_typed(question) { Table::JobAsksForName } else { Table::JobAsks }
}

impl Asking {
    pub(in crate::tui) fn update(&mut self, action: &Action, job: JobId, question: &Question) -> Vec<Command> {
        if self.scroll.moved(action) {
            return Vec::new();
        }
        let is_right = !is_typed(question) || self.typed.value() == question.wanted();
        match action {
            Action::Edit(request) => {
                self.typed.handle(*request);
            }
            Action::Yes if is_right => return vec![Command::Reply(job, Reply::Agreed)],
            Action::Yes => return vec![Command::Say("that is not the name".to_owned())],
            Action::No => return vec![Command::Reply(job, Reply::Declined)],
            // the job goes on waiting; Home leads back
            Action::Back => return vec![Command::Back],
            _ => {}
        }
        Vec::new()
    }
}
