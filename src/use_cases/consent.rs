//! What a person has to agree to before it is done, in the same words in every face. Agreeing is the person's own act:
//! no variable and no config file answers for them.

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use indicatif::HumanBytes;

use super::Engine;
use crate::{
    cloud::Cloud,
    model::{
        cost::{CDN_GB, CDN_REQUESTS, FREE_GB, FREE_REQUESTS, PRO_DOLLARS},
        media::damage::Damage,
        reel::{
            name::{Generation, ReelName},
            order::{AccountRegion, OnDamage, Order, Place},
        },
        report::fault::{Fault, Stopped},
        wording,
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
        /// What leads a command there.
        flags: String,
    },
    /// What the CDN carries is paid for beyond what is free.
    Cdn {
        at: AccountRegion,
        dollars_per_gb: f64,
        flags: String,
    },
    /// Addresses that name the CDN end.
    CdnOff {
        at: AccountRegion,
    },
    Delete {
        reel: ReelName,
        at: AccountRegion,
        is_local: bool,
    },
    /// An interrupted publishing is given up.
    Discard {
        reel: ReelName,
        generation: Generation,
        at: AccountRegion,
        is_local: bool,
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
    /// What is wrong with a video that is to be published.
    Damage {
        video: PathBuf,
        damage: Damage,
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
    /// What a price is for and how it is ended, where that is what is agreed to.
    pub fn terms(&self) -> Option<String> {
        match self {
            Self::Relay { at, dollars_per_gb, flags } => Some(format!(
                "The relay is a function that passes on all your reels in {} to browsers, most of which can't read AWS's storage. AWS \
                 charges ${dollars_per_gb:.3} for each GB that is watched so, and more for the time that the function runs; `zipreel relay \
                 off{flags}` ends it.",
                at.region
            )),
            Self::Cdn { at, dollars_per_gb, flags } => Some(format!(
                "The CDN, Amazon's delivery network CloudFront, keeps copies near viewers, for browsers, of all your reels in \
                 {}. Each month {FREE_GB:.0} GB and {FREE_REQUESTS:.0} million requests (for a part, a playlist, a page) are free; then \
                 AWS charges ${CDN_GB:.3} a GB in the US and Europe, and ${CDN_REQUESTS:.2} for 10,000 requests, unless you choose a plan in \
                 CloudFront's console (Pro is ${PRO_DOLLARS} a month). Video of which it has no copy comes \
                 by the relay, a function that is switched on for it, at ${dollars_per_gb:.3} a GB. Watch pages get \
                 new addresses; all links that you gave away go on working. Switching it on takes minutes; `zipreel cdn off{flags}` ends it, then \
                 `zipreel relay off{flags}` the relay.",
                at.region
            )),
            _ => None,
        }
    }

    /// What no deletion in an account reaches.
    pub fn not_deleted(is_local: bool) -> &'static str {
        if is_local { "" } else { " What a CDN has kept, it may go on sending." }
    }

    /// What the person reads; it ends with the question.
    pub fn text(&self) -> String {
        match self {
            Self::Relay { .. } | Self::Cdn { .. } => format!("{} Switch it on?", self.terms().unwrap_or_default()),
            Self::Notice { account } => format!("{}\nDo you agree to this?", notice::text(account)),
            Self::CdnOff { at } => format!(
                "This switches the CDN before {} off: watch pages and embedded players at its address stop working; \
                 those at the gate's go on, by the relay, whose every byte is paid for. Switch it off?",
                at.region
            ),
            Self::Delete { reel, at, is_local } => format!(
                "This deletes the reel `{reel}` from {}: its links stop working within minutes, and it can't be undone.{}",
                at.words(*is_local),
                Self::not_deleted(*is_local)
            ),
            Self::Discard { reel, generation, at, is_local } => format!(
                "This deletes what the interrupted upload of `{reel}` (version {generation}) has sent to {}. The video \
                 file and what is published stay. Discard the upload?",
                at.words(*is_local)
            ),
            Self::Damage { video, damage } => format!(
                "`{}` is not whole:\n- {}.\nPublish what is there?",
                video.display(),
                damage.sentences().join(".\n- ")
            ),
            Self::Collect { functions, bytes } => {
                format!("Delete {}, {}?", wording::count(*functions, "function"), HumanBytes(*bytes))
            }
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

    /// A person can know of it before it is asked, and agree on the command line.
    pub fn is_foreseen(&self) -> bool {
        !matches!(self, Self::Damage { .. })
    }

    /// What is not done without the person's consent.
    fn undone(&self) -> String {
        match self {
            Self::Notice { account } => {
                format!("could not make anything in account {account}: the notice was not agreed to")
            }
            Self::Relay { .. } => "could not switch the relay on: its price was not agreed to".to_owned(),
            Self::Cdn { .. } => "could not switch the CDN on: its price was not agreed to".to_owned(),
            Self::CdnOff { at } => format!("could not switch the CDN before {} off", at.region),
            Self::Delete { reel, .. } => format!("could not delete `{reel}`"),
            Self::Discard { reel, .. } => format!("could not discard the publishing of `{reel}`"),
            Self::Damage { video, .. } => format!("could not publish the video `{}`", video.display()),
            Self::Collect { .. } => "could not delete what is left over".to_owned(),
            Self::Teardown { at, .. } => format!("could not take down the gate in {}", at.region),
        }
    }

    fn refused(&self, reply: Reply) -> Fault {
        let fault = Fault::permanent(self.undone());
        if let (Self::Damage { video, damage }, Reply::Nobody) = (self, reply) {
            return damage.refusal(video, "Get it again, or publish what is there with --on-damage accept.");
        }
        if reply == Reply::Declined {
            // what it is about was read a moment ago
            let cause = format!("the answer was not `{}`", self.wanted());
            return fault.because(cause).hint("Nothing was changed. Begin it again to be asked again.");
        }
        match self {
            Self::Notice { account } => fault.because(notice::text(account)).hint(
                "If you agree to this, go on with --yes once; a variable or the config file can't agree for you.",
            ),
            Self::Relay { .. } | Self::Cdn { .. } => {
                fault.hint("docs/prices.md has what watching costs. Agree to it with --yes.")
            }
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

/// Goes on with a video that is not whole only as the order, or the person, wants it. What was agreed to is agreed to
/// when the work is resumed.
pub(super) async fn damaged(person: &dyn Person, order: &mut Order, damage: Damage) -> Result<(), Stopped> {
    if order.on_damage != OnDamage::Ask || !damage.is_worth_asking() {
        // what `fail` rules out is refused where the video is examined
        return Ok(());
    }
    let is_cut_off = damage.cut_off.is_some();
    let question = Question::Damage { video: order.video.clone(), damage };
    match person.asked(&question).await {
        Reply::Agreed => order.on_damage = OnDamage::Accept,
        // it is said in the plan
        Reply::Nobody if !is_cut_off => {}
        reply => return Err(Stopped::Failed(question.refused(reply))),
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::{
        model::{media::damage::CutOff, report::fault::FaultClass},
        state::order_form::OrderForm,
    };

    struct Says(Reply);

    impl Person for Says {
        fn asked<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Reply> {
            assert!(!question.is_foreseen() && question.wanted() == "yes");
            async { self.0 }.boxed()
        }
    }

    async fn decided(on_damage: OnDamage, reply: Reply, damage: &Damage) -> Result<OnDamage, String> {
        let folders = crate::model::reel::order::Folders { state: "/s".into(), work: "/w".into(), backlog_bytes: 1 };
        let at = AccountRegion { account: "1".into(), region: "us-east-1".into() };
        let mut order = OrderForm::example("/v.mp4").order("v".parse().unwrap(), at, None, folders);
        order.on_damage = on_damage;
        match damaged(&Says(reply), &mut order, damage.clone()).await {
            Ok(()) => Ok(order.on_damage),
            Err(Stopped::Failed(fault)) => {
                assert!(fault.class == FaultClass::Permanent && fault.hint.is_some(), "{fault:?}");
                Err(fault.to_string())
            }
            Err(Stopped::Cancelled) => panic!("nobody cancelled"),
        }
    }

    #[tokio::test]
    async fn a_person_decides_about_damage_and_nobody_about_what_is_cut_off() {
        let cut = Damage { cut_off: Some(CutOff { missing: None }), ..Damage::default() };
        let mut lost = Damage::default();
        lost.lost.add_somewhere();
        let torn = Damage { torn: true, ..Damage::default() };
        for damage in [&cut, &lost] {
            assert_eq!(decided(OnDamage::Ask, Reply::Agreed, damage).await, Ok(OnDamage::Accept), "for a resume, too");
            let declined = decided(OnDamage::Ask, Reply::Declined, damage).await.unwrap_err();
            assert_eq!(declined, "could not publish the video `/v.mp4`: the answer was not `yes`");
            assert_eq!(decided(OnDamage::Accept, Reply::Declined, damage).await, Ok(OnDamage::Accept), "not asked");
        }
        let refused = decided(OnDamage::Ask, Reply::Nobody, &cut).await.unwrap_err();
        let cause = "the file is cut off: what came after its last whole frame is missing";
        assert_eq!(refused, format!("could not publish the video `/v.mp4`: {cause}"));
        assert_eq!(decided(OnDamage::Ask, Reply::Nobody, &lost).await, Ok(OnDamage::Ask));
        assert_eq!(decided(OnDamage::Ask, Reply::Declined, &torn).await, Ok(OnDamage::Ask), "not asked");
    }
}
