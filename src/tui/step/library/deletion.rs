//! Deleting several reels at once: all of them are named, and what is typed says how many they are. Each is a job of its
//! own, one after the other.

use tui_input::Input;

use crate::tui::{
    action::{Action, Command},
    backend::{AccountRegion, Question, Reel},
    job::{Jobs, Run},
    shared::Shared,
    step::reel::paste,
    widget::page::Scroll,
};

/// What the person is asked.
pub(in crate::tui) struct Deletion {
    pub(in crate::tui) reels: Vec<Reel>,
    at: AccountRegion,
    is_local: bool,
    pub(in crate::tui) typed: Input,
    pub(in crate::tui) scroll: Scroll,
}

impl Deletion {
    /// `None` if there is nothing to delete; why it can't be asked now.
    pub(in crate::tui) fn of(reels: Vec<Reel>, shared: &Shared, jobs: &Jobs) -> Result<Option<Self>, String> {
        let busy = reels.iter().find_map(|reel| jobs.busy_with(&shared.place, &reel.name));
        if let Some(job) = busy {
            return Err(format!("{} is being worked on: Home leads to it", job.reel()));
        }
        let Some(account) = shared.account_at(&shared.place) else {
            return Err("still asking which account this is; then it can be deleted".to_owned());
        };
        let (typed, scroll) = (Input::default(), Scroll::default());
        Ok((!reels.is_empty()).then(|| Self {
            reels,
            at: account.at.clone(),
            is_local: shared.is_local(),
            typed,
            scroll,
        }))
    }

    /// What the use case will ask of each, so that what is typed answers it.
    fn questions(&self) -> Vec<Question> {
        let question =
            |reel: &Reel| Question::Delete { reel: reel.name.clone(), at: self.at.clone(), is_local: self.is_local };
        self.reels.iter().map(question).collect()
    }

    pub(in crate::tui) fn runs(&self, shared: &Shared) -> Vec<Run> {
        let run = |reel: &Reel| Run::Delete(shared.place.clone(), self.at.clone(), reel.name.clone());
        self.reels.iter().map(run).collect()
    }

    pub(in crate::tui) fn text(&self) -> String {
        match self.questions().as_slice() {
            [question] => question.text(),
            questions => format!(
                "This deletes {} reels from {}: their links stop working within minutes, and it can't be undone.{}",
                questions.len(),
                self.at.words(self.is_local),
                Question::not_deleted(self.is_local)
            ),
        }
    }

    /// How it is confirmed.
    pub(in crate::tui) fn how(&self) -> String {
        let (them, what) = if self.reels.len() > 1 { ("them", "") } else { ("it", " its name") };
        format!("To delete {them}, type{what}: {}", self.wanted())
    }

    /// What has to be typed: the name of one, the number of several.
    pub(in crate::tui) fn wanted(&self) -> String {
        match self.questions().as_slice() {
            [question] => question.wanted().to_owned(),
            questions => format!("delete {} reels", questions.len()),
        }
    }

    pub(in crate::tui) fn is_typed(&self) -> bool {
        self.typed.value() == self.wanted()
    }

    /// And whether nothing more is asked.
    pub(super) fn update(&mut self, action: &Action, shared: &Shared) -> (Vec<Command>, bool) {
        if self.scroll.moved(action) {
            return (Vec::new(), false);
        }
        match action {
            Action::Edit(request) => {
                self.typed.handle(*request);
            }
            Action::Paste(text) => paste(&mut self.typed, text),
            Action::Enter if self.is_typed() => {
                return (vec![Command::Begin(self.runs(shared), self.questions())], false);
            }
            Action::Enter => return (vec![Command::Say(format!("type {} to delete", self.wanted()))], false),
            Action::Back => return (Vec::new(), true),
            _ => {}
        }
        (Vec::new(), false)
    }
}
