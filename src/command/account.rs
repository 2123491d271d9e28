//! `zipreel setup`, `relay`, `cdn`, `teardown`, `doctor` and `policy`: what an account needs around the reels.

use std::path::Path;

use super::{
    documents,
    face::{self, with_engine},
    out::{self, Said},
    person::AtTerminal,
};
use crate::{
    cli::{CdnArg, CeilingArg, FrontArg, PolicyArg, Switch, WhereArgs},
    json,
    model::{
        gate::{
            front::Front,
            public::{Policy, Public},
        },
        reel::order::{AccountRegion, Place},
        report::{
            fault::Stopped,
            health::{Grade, Health},
        },
        wording,
    },
    plain,
    running::reporter::Control,
    settings::{self, FaceSettings},
    use_cases::{
        Engine, Follow, Machine,
        account::{
            self, CdnStanding, CeilingWish, Ready, RelayWish, Stack, Wish, cdn,
            doctor::{self, Observed},
            relay, setup, teardown,
        },
    },
};

/// The account that is meant; who looks after one may have forgotten to say that it is not the stand-in.
fn meant(args: &WhereArgs, face: &FaceSettings) -> Result<(Place, Machine), Stopped> {
    let (place, machine) = settings::whereabouts(args)?;
    if place.is_local() && !face.json {
        plain::say("this is about the stand-in on this computer; --target aws is an AWS account");
    }
    Ok((place, machine))
}

pub async fn setup(
    front: Option<FrontArg>,
    ceiling: Option<CeilingArg>,
    args: &WhereArgs,
    face: &FaceSettings,
) -> Result<Said, Stopped> {
    let (place, machine) = meant(args, face)?;
    let front = front.map(|front| match front {
        FrontArg::Url => Front::Url,
        FrontArg::HttpApi => Front::HttpApi,
    });
    let ceiling = match ceiling {
        Some(CeilingArg::At(ceiling)) => CeilingWish::At(ceiling),
        Some(CeilingArg::Off) => CeilingWish::Off,
        None => CeilingWish::AsItIs,
    };
    let wish = Wish { relay: RelayWish::AsItIs, front, ceiling };
    with_engine(machine, async |engine| {
        let (person, control) = (AtTerminal::new(face), Control::default());
        let work = |reporter| setup::setup(engine, &place, wish, &person, reporter, &control);
        let (ready, at) = face::follow(face, &control, work).await?;
        tell_ready(&ready, &at, place.is_local(), face)
    })
    .await
}

/// The administrator's part.
pub async fn setup_roles(ceiling: Option<CeilingArg>, args: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let (place, machine) = meant(args, face)?;
    with_engine(machine, async |engine| {
        let (person, control) = (AtTerminal::new(face), Control::default());
        let with_ceiling = matches!(ceiling, Some(CeilingArg::At(_)));
        let work = |reporter| setup::roles(engine, &place, with_ceiling, &person, reporter, &control);
        let (changed, at) = face::follow(face, &control, work).await?;
        out::ended(face, json::roles_ready(changed), || {
            let changed = amount_changed(changed);
            plain::say(&format!("the roles of account {} are ready: {changed}", at.account));
            let setup = format!("`zipreel setup{}` makes the rest in each Region", place.flags());
            plain::say(&format!("{setup}, with the permissions of `zipreel policy setup`"));
        })
    })
    .await
}

fn amount_changed(steps: u32) -> String {
    match steps {
        0 => "nothing had to be changed".to_owned(),
        1 => "1 step changed something".to_owned(),
        steps => format!("{steps} steps changed something"),
    }
}

pub async fn relay(switch: Switch, args: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let (place, machine) = meant(args, face)?;
    with_engine(machine, async |engine| {
        let (person, control) = (AtTerminal::new(face), Control::default());
        let work = |reporter| relay::relay(engine, &place, switch == Switch::On, &person, reporter, &control);
        let (ready, at) = face::follow(face, &control, work).await?;
        tell_ready(&ready, &at, place.is_local(), face)
    })
    .await
}

fn tell_ready(ready: &Ready, at: &AccountRegion, is_local: bool, face: &FaceSettings) -> Result<Said, Stopped> {
    out::ended(face, json::ready(ready), || {
        ready.notes.iter().for_each(|note| plain::say(&format!("note: {note}")));
        let changed = amount_changed(ready.changed);
        plain::say(&format!("{} is ready: {changed}", at.region));
        let relay = ready.relay_url.as_deref().unwrap_or("off");
        out::line(&format!("gate: {}", ready.gate_url));
        out::line(&format!("front: {}", ready.front.word()));
        out::line(&format!("relay: {relay}"));
        let Some(ceiling) = &ready.ceiling else { return };
        if !is_local && ready.relay_url.is_some() {
            let dollars = wording::dollars(setup::dollars_until(ceiling, &at.region));
            plain::say(&match ready.cdn {
                false => format!(
                    "with this ceiling, what browsers are sent costs about {dollars} a month, and what flows in some minutes more"
                ),
                true => format!(
                    "what browsers are sent costs about {dollars} a month until the ceiling is reached; what the CDN holds it goes on sending"
                ),
            });
        }
        out::line(&format!("ceiling: {ceiling}"));
    })
}

pub async fn cdn(what: CdnArg, args: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let (place, machine) = meant(args, face)?;
    with_engine(machine, async |engine| {
        let (person, control) = (AtTerminal::new(face), Control::default());
        let standing = match what {
            CdnArg::On => {
                face::follow(face, &control, |reporter| cdn::on(engine, &place, &person, reporter, &control)).await?.0
            }
            CdnArg::Off => {
                face::follow(face, &control, |reporter| cdn::off(engine, &place, &person, reporter, &control)).await?.0
            }
            CdnArg::Status => face::watch(face, async |follow| cdn::status(engine, &place, follow).await).await?,
        };
        tell_cdn(&standing, place.is_local(), face)
    })
    .await
}

fn tell_cdn(standing: &CdnStanding, is_local: bool, face: &FaceSettings) -> Result<Said, Stopped> {
    out::ended(face, json::cdn(standing), || {
        standing.notes.iter().for_each(|note| plain::say(&format!("note: {note}")));
        if let Some(hint) = standing.state.hint() {
            plain::say(hint);
        }
        if !is_local && standing.url.is_some() {
            plain::say(cdn::BILLED);
        }
        out::line(&format!("cdn: {}", standing.state.word()));
        for (name, value) in [("address", &standing.url), ("distribution", &standing.distribution)] {
            if let Some(value) = value {
                out::line(&format!("{name}: {value}"));
            }
        }
    })
}

pub async fn teardown(keep_roles: bool, args: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let (place, machine) = meant(args, face)?;
    let person = AtTerminal::new(face);
    let removed = with_engine(machine, async |engine| {
        face::watch(face, async |follow| teardown::teardown(engine, &place, keep_roles, &person, follow).await).await
    })
    .await?;
    out::ended(face, json::removed(&removed), || {
        if removed.0.is_empty() {
            plain::say("nothing was there");
        }
        removed.0.iter().for_each(|what| plain::say(&format!("removed {what}")));
        removed.1.iter().for_each(|what| plain::say(&format!("note: {what}")));
    })
}

pub async fn doctor(live: bool, args: &WhereArgs, face: &FaceSettings) -> Result<Said, Stopped> {
    let (place, machine) = meant(args, face)?;
    let person = AtTerminal::new(face);
    let work = async |engine: &Engine, follow: &Follow| {
        let health = doctor::examine(engine, &place, follow).await?;
        tell_health(&health, face);
        let mut observed = Vec::new();
        if live {
            observed = doctor::observe(engine, &place, &person, follow).await?;
            tell_observed(&observed, face);
        }
        doctor::verdict(engine, &place, &health, &observed).await?;
        out::ended(face, json::examined(&health), || ())
    };
    with_engine(machine, async |engine| face::watch(face, async |follow| work(engine, follow).await).await).await
}

fn tell_health(health: &Health, face: &FaceSettings) {
    for finding in &health.0 {
        if face.json {
            out::event(&json::finding(finding));
        } else {
            let (subject, grade, words) = (finding.subject.to_string(), finding.grade.word(), &finding.words);
            out::line(&format!("{grade:<6}{subject:<13}{words}"));
        }
    }
}

fn tell_observed(observed: &[Observed], face: &FaceSettings) {
    for one in observed {
        if face.json {
            out::event(&json::observed(one));
        } else {
            let Observed { what, answer, well } = one;
            let grade = if *well { Grade::Well } else { Grade::Wrong }.word();
            out::line(&format!("{grade:<6}{what:<31}{answer}"));
        }
    }
}

pub fn policy(which: Option<PolicyArg>, partition: &str, account: &str, face: &FaceSettings) -> Result<Said, Stopped> {
    let all = [
        (PolicyArg::Roles, "roles", "for the roles, which an administrator makes once:", Policy::SetupRoles),
        (PolicyArg::Setup, "setup", "for setup, relay and teardown --keep-roles:", Policy::Setup),
        (
            PolicyArg::Front,
            "front",
            "with that of setup, for setup --front http-api and teardown after it:",
            Policy::Front,
        ),
        (
            PolicyArg::Cdn,
            "cdn",
            "with that of setup, for cdn, and for setup, relay and teardown while it is on:",
            Policy::Cdn,
        ),
        (
            PolicyArg::Usage,
            "usage",
            "for what doctor tells of last month's requests and bytes, and setup of a ceiling:",
            Policy::Usage,
        ),
        (PolicyArg::Publish, "publish", "for everything else:", Policy::Publish),
    ];
    let wanted = all.into_iter().filter(|(arg, ..)| which.is_none_or(|which| which == *arg));
    let wanted: Vec<_> =
        wanted.map(|(_, name, purpose, policy)| (name, purpose, policy.text(partition, account))).collect();
    let as_json = wanted.iter().map(|(name, _, text)| (*name, parsed(text)));
    out::ended(face, json::policies(as_json), || {
        for (_, purpose, text) in &wanted {
            if which.is_none() {
                plain::say(purpose);
            }
            out::print(&format!("{}\n", text.trim_end()));
        }
    })
}

/// What is JSON already, in an event.
fn parsed(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("policies and templates are JSON")
}

/// The template; with a folder, the zips that it speaks of go there.
pub fn template(roles: bool, packages: Option<&Path>, face: &FaceSettings) -> Result<Said, Stopped> {
    if let Some(folder) = packages {
        let failed = |path: &Path, error| documents::unwritten(&format!("`{}`", path.display()), error);
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        for (name, public) in [("gate.zip", Public::Gate), ("relay.zip", Public::Relay)] {
            let path = folder.join(name);
            std::fs::write(&path, public.package()).map_err(|error| failed(&path, error))?;
        }
    }
    let text = account::template(if roles { Stack::Roles } else { Stack::Whole });
    out::ended(face, json::template(parsed(&text)), || out::print(&format!("{text}\n")))
}
