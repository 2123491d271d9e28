//! What the wizard itself asks before it does something: a question, and what follows from a yes.

use crate::tui::{
    backend::{AccountRegion, Order, Question, Repair, Resumable},
    id::JobId,
    words::there_words,
};

#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) enum Confirm {
    /// Stops a job that runs or waits; what it is, in words.
    Cancel(JobId, Stops),
    Quit,
    /// An interrupted publishing is given up.
    Discard(Box<Resumable>),
    /// An order that never began is given up.
    Forget(Box<Order>),
    Repair(Box<Repair>, Option<AccountRegion>),
}

/// What a stopped job leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Stops {
    Publishing,
    Waiting,
    /// A deletion of which nothing is gone yet.
    WaitingRemoval,
    Removal,
    Check,
    Retitle,
}

impl Confirm {
    /// The question, and what follows from a yes. Quitting names what runs: `quitting` are those words.
    pub(in crate::tui) fn words(&self, quitting: &str) -> (String, String) {
        match self {
            Self::Cancel(_, stops) => {
                let (title, detail) = stops.words();
                (title.to_owned(), detail.to_owned())
            }
            Self::Quit => ("Quit zipreel?".to_owned(), quitting.to_owned()),
            Self::Discard(resumable) => ("Discard it?".to_owned(), Self::discard(resumable).text()),
            Self::Forget(order) => (
                "Forget it?".to_owned(),
                format!(
                    "`{}` was to be published to {} and waited for its turn. Nothing of it was sent; the video stays \
                     where it is.",
                    order.reel,
                    there_words(&order.place, order.expected.as_ref())
                ),
            ),
            Self::Repair(repair, at) => (
                "Repair it?".to_owned(),
                format!(
                    "This makes the missing and changed chunks of `{}` in {} anew from {}, and uploads them. The others \
                     stay as they are.",
                    repair.reel,
                    there_words(&repair.place, at.as_ref()),
                    repair.video.display()
                ),
            ),
        }
    }

    /// The use case's own question, so that a yes here answers it.
    pub(in crate::tui) fn discard(resumable: &Resumable) -> Question {
        let is_local = resumable.place.is_local();
        let (reel, at) = (resumable.reel.clone(), resumable.at.clone());
        Question::Discard { reel, generation: resumable.generation, at, is_local }
    }
}

impl Stops {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Publishing => (
                "Stop publishing?",
                "What is uploaded stays and is not sent again: Resume on the first screen goes on from here.",
            ),
            Self::Waiting => ("Take it out of the queue?", "Nothing of it was sent yet."),
            Self::WaitingRemoval => ("Keep the reel?", "Nothing of it is gone."),
            Self::Removal => ("Stop deleting?", "What is gone stays gone; deleting it again removes the rest."),
            Self::Retitle => ("Stop giving it the title?", "It keeps the one before, or has the new one already."),
            Self::Check => ("Stop the check?", "It changes nothing, and can be started again."),
        }
    }
}
