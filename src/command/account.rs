//! `zipreel setup`, `relay`, `teardown`, `doctor` and `policy`: what an account needs around the reels.

use std::{
    io::{self, Write},
    path::Path,
};

use serde_json::json;

use super::{
    face::{self, with_engine},
    person::AtTerminal,
};
use crate::{
    cli::{AccountArgs, PolicyArg, Switch},
    json,
    model::{
        gate::public::{Policy, Public},
        reel::order::AccountRegion,
        report::{
            fault::{Fault, Stopped},
            health::{Grade, Health},
        },
        shown,
    },
    plain,
    running::reporter::Control,
    settings::{self, FaceSettings},
    use_cases::{
        Engine, Follow,
        account::{
            self, Ready, RelayWish, Stack,
            doctor::{self, Observed},
            relay, setup, teardown,
        },
    },
};

pub async fn setup(args: &AccountArgs, face: FaceSettings) -> Result<(), Stopped> {
    let (place, machine) = settings::account(args)?;
    with_engine(machine, async |engine| {
        let (person, control) = (AtTerminal::new(face), Control::default());
        let work = |reporter| setup::setup(engine, &place, RelayWish::AsItIs, &person, reporter, &control);
        let (ready, at) = face::follow(face.json, &control, work).await?;
        tell_ready(&ready, &at, face);
        Ok(())
    })
    .await
}

/// The administrator's part.
pub async fn setup_roles(args: &AccountArgs, face: FaceSettings) -> Result<(), Stopped> {
    let (place, machine) = settings::account(args)?;
    with_engine(machine, async |engine| {
        let (person, control) = (AtTerminal::new(face), Control::default());
        let work = |reporter| setup::roles(engine, &place, &person, reporter, &control);
        let (changed, at) = face::follow(face.json, &control, work).await?;
        if face.json {
            let none: Option<&str> = None;
            let line = json!({ "event": "ready", "gate": none, "relay": none, "changed": changed, "notes": [] });
            drop(json::write(&line));
        } else {
            let changed = amount_changed(changed);
            plain::say(&format!("the roles of account {} are ready: {changed}", at.account));
            plain::say("`zipreel setup` makes the rest in each Region, with the rights of `zipreel policy setup`");
        }
        Ok(())
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

pub async fn relay(switch: Switch, args: &AccountArgs, face: FaceSettings) -> Result<(), Stopped> {
    let (place, machine) = settings::account(args)?;
    with_engine(machine, async |engine| {
        let (person, control) = (AtTerminal::new(face), Control::default());
        let work = |reporter| relay::relay(engine, &place, switch == Switch::On, &person, reporter, &control);
        let (ready, at) = face::follow(face.json, &control, work).await?;
        tell_ready(&ready, &at, face);
        Ok(())
    })
    .await
}

fn tell_ready(ready: &Ready, at: &AccountRegion, face: FaceSettings) {
    if face.json {
        let line = json!({
            "event": "ready", "gate": ready.gate_url, "relay": ready.relay_url, "changed": ready.changed,
            "notes": ready.notes,
        });
        drop(json::write(&line));
        return;
    }
    ready.notes.iter().for_each(|note| plain::say(&format!("note: {note}")));
    let changed = amount_changed(ready.changed);
    plain::say(&format!("{} is ready: {changed}", at.region));
    let relay = ready.relay_url.as_deref().unwrap_or("off");
    print_line(&format!("gate: {}", ready.gate_url));
    print_line(&format!("relay: {relay}"));
}

pub async fn teardown(keep_roles: bool, args: &AccountArgs, face: FaceSettings) -> Result<(), Stopped> {
    let (place, machine) = settings::account(args)?;
    let person = AtTerminal::new(face);
    let removed = with_engine(machine, async |engine| {
        face::watch(async |follow| teardown::teardown(engine, &place, keep_roles, &person, follow).await).await
    })
    .await?;
    if face.json {
        drop(json::write(&json!({ "event": "removed", "removed": removed })));
    } else if removed.is_empty() {
        plain::say("nothing was there");
    } else {
        removed.iter().for_each(|what| plain::say(&format!("removed {what}")));
    }
    Ok(())
}

pub async fn doctor(live: bool, args: &AccountArgs, face: FaceSettings) -> Result<(), Stopped> {
    let (place, machine) = settings::account(args)?;
    let person = AtTerminal::new(face);
    let work = async |engine: &Engine, follow: &Follow| {
        let health = doctor::examine(engine, &place, follow).await?;
        tell_health(&health, face.json);
        let mut observed = Vec::new();
        if live {
            observed = doctor::observe(engine, &place, &person, follow).await?;
            tell_observed(&observed, face.json);
        }
        doctor::verdict(engine, &place, &health, &observed).await
    };
    with_engine(machine, async |engine| face::watch(async |follow| work(engine, follow).await).await).await
}

fn tell_health(health: &Health, as_json: bool) {
    for finding in &health.0 {
        let (subject, grade, words) = (finding.subject, finding.grade.word(), &finding.words);
        if as_json {
            let line = json!({ "event": "finding", "subject": subject.to_string(), "grade": grade, "words": words });
            drop(json::write(&line));
        } else {
            print_line(&format!("{grade:<6}{:<13}{words}", subject.to_string()));
        }
    }
}

fn tell_observed(observed: &[Observed], as_json: bool) {
    for Observed { what, answer, well } in observed {
        let grade = if *well { Grade::Well } else { Grade::Wrong }.word();
        if as_json {
            drop(json::write(&json!({ "event": "observed", "what": what, "answer": answer, "grade": grade })));
        } else {
            print_line(&format!("{grade:<6}{what:<31}{answer}"));
        }
    }
}

pub fn policy(which: Option<PolicyArg>, partition: &str, account: &str) -> Result<(), Stopped> {
    let text = |policy: Policy| policy.text(partition, account);
    match which {
        Some(PolicyArg::Roles) => print(text(Policy::SetupRoles).trim_end()),
        Some(PolicyArg::Setup) => print(text(Policy::Setup).trim_end()),
        Some(PolicyArg::Publish) => print(text(Policy::Publish).trim_end()),
        None => {
            for (purpose, policy) in [
                ("for the two roles, which an administrator makes once:", Policy::SetupRoles),
                ("for setup, relay and teardown --keep-roles:", Policy::Setup),
                ("for everything else:", Policy::Publish),
            ] {
                plain::say(purpose);
                print(text(policy).trim_end());
            }
        }
    }
    Ok(())
}

/// The template; with a folder, the zips that it speaks of go there.
pub fn template(roles: bool, packages: Option<&Path>) -> Result<(), Stopped> {
    if let Some(folder) = packages {
        let failed = |path: &Path, error| {
            Stopped::Failed(Fault::permanent(format!("could not write `{}`", path.display())).because(error))
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        for (name, public) in [("gate.zip", Public::Gate), ("relay.zip", Public::Relay)] {
            let path = folder.join(name);
            std::fs::write(&path, public.package()).map_err(|error| failed(&path, error))?;
        }
    }
    print(&account::template(if roles { Stack::Roles } else { Stack::Whole }));
    Ok(())
}

/// One line with words of others.
fn print_line(line: &str) {
    print(&shown::line(line));
}

/// What scripts read. A pipe that was closed wants no more.
fn print(text: &str) {
    drop(writeln!(io::stdout(), "{text}"));
}
