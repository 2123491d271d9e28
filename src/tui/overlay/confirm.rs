//! What the wizard itself asks before it does something: a question, and what follows from a yes.

use crate::{
    model::reel::name::ReelName,
    tui::{
        backend::{AccountRegion, Order, Question, Repair, Resumable},
        id::JobId,
        words::there_words,
    },
};

#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) enum Confirm {
    /// Stops a job that runs or waits; what it is, in words.
    Cancel(JobId, Stops),
    Quit,
    /// An interrupted publishing is given up.
    Discard(Box<Resumable>),
    /// Work that failed is put away: it is not tried again.
    PutAway(JobId, ReelName, Failed),
    /// An order that never began is given up.
    Forget(Box<Order>),
    Repair(Box<Repair>, Option<AccountRegion>),
}

/// Work that failed and can be put away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Failed {
    Publishing,
    Repair,
    Deletion,
    Discard,
    Check,
    Retitle,
}

/// What a stopped job leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Stops {
    Publishing,
    /// Nothing of it was sent, and no journal knows it.
    Unbegun,
    /// All of a publishing is done but the CDN beside it.
    Cdn,
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
            Self::Discard(resumable) => ("Discard this upload?".to_owned(), Self::discard(resumable).text()),
            Self::PutAway(_, reel, failed) => ("Remove it from this list?".to_owned(), put_away_words(reel, *failed)),
            Self::Forget(order) => (
                "Take it out of the queue?".to_owned(),
                format!(
                    "`{}` was to be published to {} and waited for its turn. Nothing of it was sent; the video stays \
                     where it is.",
                    order.reel,
                    there_words(&order.place, order.expected.as_ref())
                ),
            ),
            Self::Repair(repair, at) => (format!("Repair {}?", repair.reel), repair_words(repair, at.as_ref())),
        }
    }

    /// The use case's own question, so that a yes here answers it.
    pub(in crate::tui) fn discard(resumable: &Resumable) -> Question {
        let is_local = resumable.place.is_local();
        let (reel, at) = (resumable.reel.clone(), resumable.at.clone());
        Question::Discard { reel, generation: resumable.generation, at, is_local }
    }
}

/// What can't be tried again from here.
fn put_away_words(reel: &ReelName, failed: Failed) -> String {
    match failed {
        Failed::Publishing => {
            format!(
                "Publishing `{reel}` failed. It leaves this list, and its settings are forgotten; the video stays where it is."
            )
        }
        Failed::Repair => format!(
            "Repairing `{reel}` failed. It leaves this list; the reel stays as it is, and can be repaired from its page."
        ),
        Failed::Deletion => {
            format!("Deleting `{reel}` failed. It leaves this list; what is left of the reel is in the Library.")
        }
        Failed::Discard => {
            format!("Discarding the upload of `{reel}` failed. It leaves this list, and can be discarded again.")
        }
        Failed::Retitle => format!("`{reel}` keeps the title that it has; the new one is forgotten."),
        Failed::Check => format!("The check of `{reel}` has failed, and can be started again from its page."),
    }
}

/// What a repair does; that the file is another one is said before, where its name looks so.
fn repair_words(repair: &Repair, at: Option<&AccountRegion>) -> String {
    let Repair { reel, video, .. } = repair;
    let stem = video.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let usual = ReelName::slug(&stem);
    let is_named_so = usual.is_some_and(|usual| {
        reel.as_str().strip_prefix(usual.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    });
    let doubt = match is_named_so {
        true => String::new(),
        false => format!("Is this the file that `{reel}` was made from? If not: n. "),
    };
    format!(
        "{doubt}What is missing or changed of `{reel}` in {} is made again from {}, and uploaded. The rest stays as it is.",
        there_words(&repair.place, at),
        video.display()
    )
}

impl Stops {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Publishing => (
                "Stop publishing?",
                "What is uploaded stays and is not sent again: Resume on the first screen goes on from here.",
            ),
            Self::Unbegun => ("Stop publishing?", "Nothing of it was sent yet."),
            Self::Cdn => (
                "Go on without the CDN?",
                "The reel is published and plays by the relay. `zipreel cdn on` with the same --target goes on with the CDN at any time.",
            ),
            Self::Waiting => ("Take it out of the queue?", "Nothing of it was sent yet."),
            Self::WaitingRemoval => ("Keep the reel?", "Nothing of it is gone."),
            Self::Removal => ("Stop deleting?", "What is gone stays gone; deleting it again removes the rest."),
            Self::Retitle => ("Stop giving it the title?", "It keeps the one before, or has the new one already."),
            Self::Check => ("Stop the check?", "It changes nothing, and can be started again."),
        }
    }
}
