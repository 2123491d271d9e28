//! What a person has to agree to before it is done, in the same words in every face. Agreeing is the person's own act:
//! no variable and no config file answers for them.

use futures_util::future::BoxFuture;
use indicatif::HumanBytes;

use super::Engine;
use crate::{
    cloud::Cloud,
    model::{
        reel::{
            name::{Generation, ReelName},
            order::{AccountRegion, Place},
        },
        report::fault::{Fault, Stopped},
    },
    state::notice,
};

#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// AWS's terms, once an account, before anything is made there.
    Notice {
        account: String,
    },
    /// Every byte that browsers see is paid for.
    Relay {
        at: AccountRegion,
        dollars_per_gb: f64,
    },
    Delete {
        reel: ReelName,
        at: AccountRegion,
    },
    /// An interrupted publishing is given up.
    Discard {
        reel: ReelName,
        generation: Generation,
        at: AccountRegion,
    },
    /// What nothing serves any more.
    Collect {
        functions: u32,
        bytes: u64,
    },
    Teardown {
        at: AccountRegion,
        and_roles: bool,
    },
}

/// What the person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Agreed,
    /// Something else than what was wanted.
    Declined,
    /// Nobody is there to ask.
    Nobody,
}

/// Who is asked: the face that has the person before it.
pub trait Person: Send + Sync {
    fn asked<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Reply>;
}

impl Question {
    /// What the person reads; it ends with the question.
    pub fn text(&self) -> String {
        match self {
            Self::Notice { account } => format!("{}\nDo you accept this?", notice::text(account)),
            Self::Relay { at, dollars_per_gb } => format!(
                "The relay lets browsers play. Every byte that they see leaves {} through a function, at \
                 ${dollars_per_gb:.3} a GB and more for the function's time; `zipreel relay off` ends that. Switch it on?",
                at.region
            ),
            Self::Delete { reel, at } => format!(
                "This deletes the reel `{reel}` from account {}, Region {}: its links end at once, and nothing brings \
                 it back.",
                at.account, at.region
            ),
            Self::Discard { reel, generation, at } => format!(
                "This gives up the interrupted publishing of `{reel}` (generation {generation}) and deletes its chunks \
                 from account {}, Region {}; what is published stays. Discard it?",
                at.account, at.region
            ),
            Self::Collect { functions, bytes } => format!("Delete {functions} functions, {}?", HumanBytes(*bytes)),
            Self::Teardown { at, and_roles } => {
                let roles = if *and_roles { " and the roles, which serve its other Regions too," } else { "" };
                format!("Remove the gate{roles} from account {}, Region {}?", at.account, at.region)
            }
        }
    }

    /// What the person types to agree: what can't be undone for viewers wants the reel's name.
    pub fn wanted(&self) -> &str {
        match self {
            Self::Delete { reel, .. } => reel.as_str(),
            _ => "yes",
        }
    }

    /// What is not done without the person's consent.
    fn undone(&self) -> String {
        match self {
            Self::Notice { account } => {
                format!("could not make anything in account {account}: the notice was not acknowledged")
            }
            Self::Relay { .. } => "could not switch the relay on: its price was not accepted".to_owned(),
            Self::Delete { reel, .. } => format!("could not delete `{reel}`"),
            Self::Discard { reel, .. } => format!("could not discard the publishing of `{reel}`"),
            Self::Collect { .. } => "could not delete what is left over".to_owned(),
            Self::Teardown { at, .. } => format!("could not take down the gate in {}", at.region),
        }
    }

    fn refused(&self, reply: Reply) -> Fault {
        let fault = Fault::permanent(self.undone());
        if reply == Reply::Declined {
            // what it is about was read a moment ago
            return fault.because("it was declined").hint("Nothing was changed. Begin it again to be asked again.");
        }
        match self {
            Self::Notice { account } => fault
                .because(notice::text(account))
                .hint("If you accept this, go on with --yes once; a variable or the config file can't accept it."),
            Self::Relay { .. } => fault.hint("The README has what watching costs. Accept it with --yes."),
            _ => fault.because("nobody is there to ask").hint("With --yes it is done without a question."),
        }
    }
}

/// Goes on only if the person agrees.
pub(super) async fn ask(person: &dyn Person, question: &Question) -> Result<(), Stopped> {
    match person.asked(question).await {
        Reply::Agreed => Ok(()),
        reply => Err(Stopped::Failed(question.refused(reply))),
    }
}

/// The notice about AWS's terms, once an account, before anything is made there.
pub(super) async fn acknowledged(
    engine: &Engine,
    place: &Place,
    cloud: &Cloud,
    person: &dyn Person,
) -> Result<(), Stopped> {
    let state_dir = &engine.machine().folders.state;
    let account = &cloud.identity().account;
    if place.is_local() || notice::is_acknowledged(state_dir, account) {
        return Ok(());
    }
    ask(person, &Question::Notice { account: account.clone() }).await?;
    notice::acknowledge(state_dir, account).map_err(Stopped::from)
}

/// The question to be answered before anything is made at a place; `None` if it was answered once.
pub(super) fn notice_due(engine: &Engine, place: &Place, cloud: &Cloud) -> Option<Question> {
    let account = &cloud.identity().account;
    let told = place.is_local() || notice::is_acknowledged(&engine.machine().folders.state, account);
    (!told).then(|| Question::Notice { account: account.clone() })
}
