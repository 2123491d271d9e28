//! `zipreel setup`, `relay`, `teardown`, `doctor` and `policy`: what an account needs around the reels.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use serde_json::json;

use super::{
    face,
    publish::{acknowledge, agrees},
    session::{self, Session},
};
use crate::{
    account::{self, Observed, RelayWish, Roles},
    cli::{AccountArgs, PolicyArg, Switch},
    cloud::Cloud,
    json, plain,
    publish::{reporter::Control, request::Target},
    reel::{
        cost,
        fault::{Explain, Fault, Stopped},
        gate::{Policy, Public},
        health::{Grade, Health},
    },
    settings::{AccountPlace, Talk},
};

/// Connects, runs `work`, and ends a stand-in that was started for it.
async fn with_account<T>(
    args: &AccountArgs,
    work: impl AsyncFnOnce(&Cloud, &AccountPlace) -> Result<T, Stopped>,
) -> Result<T, Stopped> {
    let place = AccountPlace::resolve(args).map_err(|error| Stopped::Failed(error.fault()))?;
    let Session { cloud, stand_in } = session::connect(&place.target, place.region.as_deref(), &place.place).await?;
    let result = work(&cloud, &place).await;
    if let Some(crate::local::Joined::Started(stand_in)) = stand_in {
        stand_in.stop().await;
    }
    result
}

pub async fn setup(wish: RelayWish, args: &AccountArgs, talk: Talk) -> Result<(), Stopped> {
    with_account(args, async |cloud, place| {
        if place.target != Target::Local {
            acknowledge(cloud, &place.place, talk)?;
        }
        let control = Control::default();
        let work = |reporter| account::setup(cloud, wish, reporter, &control);
        let ready = face::follow(talk.json, &control, work).await?;
        if talk.json {
            let line = json!({
                "event": "ready", "gate": ready.gate_url, "relay": ready.relay_url, "changed": ready.changed,
                "notes": ready.notes,
            });
            drop(json::write(&line));
            return Ok(());
        }
        ready.notes.iter().for_each(|note| plain::say(&format!("note: {note}")));
        let changed = match ready.changed {
            0 => "nothing had to be changed".to_owned(),
            1 => "1 step changed something".to_owned(),
            steps => format!("{steps} steps changed something"),
        };
        plain::say(&format!("{} is ready: {changed}", cloud.region()));
        let relay = ready.relay_url.as_deref().unwrap_or("off");
        print(&format!("gate: {}\nrelay: {relay}", ready.gate_url));
        Ok(())
    })
    .await
}

/// The relay costs with every view, so it is switched on only by someone who has read its price.
pub async fn relay(switch: Switch, args: &AccountArgs, talk: Talk) -> Result<(), Stopped> {
    if switch == Switch::Off {
        return setup(RelayWish::Off, args, talk).await;
    }
    let accepted = with_account(args, async |cloud, place| {
        let region = cloud.region();
        let price = if place.target == Target::Local { 0.0 } else { cost::egress_per_gb(region) };
        let words = format!(
            "The relay lets browsers play. Every byte that they see leaves {region} through a function, at ${price:.3} a \
             GB and more for the function's time; `zipreel relay off` ends that."
        );
        if talk.yes || price == 0.0 {
            return Ok(true);
        }
        Ok(may_ask(talk) && agrees(&words))
    })
    .await?;
    if !accepted {
        let fault = Fault::permanent("could not switch the relay on: its price was not accepted");
        return Err(Stopped::Failed(fault.hint("The README has what watching costs. Accept it with --yes.")));
    }
    setup(RelayWish::On, args, talk).await
}

fn may_ask(talk: Talk) -> bool {
    io::stdin().is_terminal() && !talk.json
}

pub async fn teardown(keep_roles: bool, args: &AccountArgs, talk: Talk) -> Result<(), Stopped> {
    let roles = if keep_roles { Roles::Keep } else { Roles::Remove };
    with_account(args, async |cloud, _| {
        let (account, region) = (&cloud.identity().account, cloud.region());
        let and_roles = if keep_roles { "" } else { " and the roles, which serve its other Regions too," };
        let question = format!("Remove the gate{and_roles} from account {account}, Region {region}?");
        let confirmed = talk.yes || (may_ask(talk) && agrees(&question));
        if !confirmed {
            let what = format!("could not take down the gate in {region}: it was not confirmed");
            return Err(Stopped::Failed(Fault::permanent(what).hint("Confirm with --yes.")));
        }
        let removed = account::teardown(cloud, roles).await?.0;
        if talk.json {
            drop(json::write(&json!({ "event": "removed", "removed": removed })));
        } else if removed.is_empty() {
            plain::say("nothing was there");
        } else {
            removed.iter().for_each(|what| plain::say(&format!("removed {what}")));
        }
        Ok(())
    })
    .await
}

pub async fn doctor(live: bool, args: &AccountArgs, talk: Talk) -> Result<(), Stopped> {
    with_account(args, async |cloud, place| {
        let health = account::examine(cloud).await.map_err(|error| Stopped::Failed(error.fault()))?;
        tell_health(&health, talk.json);
        let mut observed = Vec::new();
        if live {
            if place.target != Target::Local {
                acknowledge(cloud, &place.place, talk)?;
            }
            observed = account::observe(cloud).await?;
            tell_observed(&observed, talk.json);
        }
        verdict(cloud, &health, &observed)
    })
    .await
}

fn tell_health(health: &Health, as_json: bool) {
    for finding in &health.0 {
        let (subject, grade, words) = (finding.subject, finding.grade.word(), &finding.words);
        if as_json {
            let line = json!({ "event": "finding", "subject": subject.to_string(), "grade": grade, "words": words });
            drop(json::write(&line));
        } else {
            print(&format!("{grade:<6}{:<13}{words}", subject.to_string()));
        }
    }
}

fn tell_observed(observed: &[Observed], as_json: bool) {
    for Observed { what, answer, well } in observed {
        let grade = if *well { Grade::Well } else { Grade::Wrong }.word();
        if as_json {
            drop(json::write(&json!({ "event": "observed", "what": what, "answer": answer, "grade": grade })));
        } else {
            print(&format!("{grade:<6}{what:<31}{answer}"));
        }
    }
}

/// The exit status: an account that is not ready is no success.
fn verdict(cloud: &Cloud, health: &Health, observed: &[Observed]) -> Result<(), Stopped> {
    let region = cloud.region();
    let fault = match health.grade() {
        _ if observed.iter().any(|observed| !observed.well) => {
            Fault::permanent(format!("{region} does not give back what it is sent"))
                .hint("zipreel rests on that: nothing it publishes there would play. Please report what is said above.")
        }
        Grade::Wrong => Fault::permanent(format!("{region} is not ready")).hint("Look at the lines that say wrong."),
        Grade::Setup => Fault::permanent(format!("{region} is not set up"))
            .hint("`zipreel setup` makes what the lines that say setup name; publishing does it too."),
        Grade::Well | Grade::Note => return Ok(()),
    };
    Err(Stopped::Failed(fault))
}

pub fn policy(which: Option<PolicyArg>, partition: &str, account: &str) -> Result<(), Stopped> {
    let text = |policy: Policy| policy.text(partition, account);
    match which {
        Some(PolicyArg::Setup) => print(text(Policy::Setup).trim_end()),
        Some(PolicyArg::Publish) => print(text(Policy::Publish).trim_end()),
        None => {
            plain::say("for setup and teardown:");
            print(text(Policy::Setup).trim_end());
            plain::say("for everything else:");
            print(text(Policy::Publish).trim_end());
        }
    }
    Ok(())
}

/// The template; with a folder, the zips that it speaks of go there.
pub fn template(packages: Option<&Path>) -> Result<(), Stopped> {
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
    print(&account::template());
    Ok(())
}

/// What scripts read. A pipe that was closed wants no more.
fn print(text: &str) {
    drop(writeln!(io::stdout(), "{text}"));
}
