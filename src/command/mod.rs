//! The commands without the wizard: settings in, exit code out. Each joins the engine to the plain or the JSON face.

mod account;
mod documents;
mod exit;
mod face;
mod local;
mod person;
mod publish;
mod reels;
mod wizard;

use std::process::ExitCode;

use crate::{
    cli::{Cli, Command},
    command::exit::{DONE, FAILED, INTERRUPTED},
    model::report::fault::{Explain, Fault, Stopped},
    plain,
    settings::FaceSettings,
};

/// Runs what the command line asks for.
pub async fn run(cli: Cli) -> ExitCode {
    let face = cli.command.as_ref().and_then(Command::face);
    let face = match face.as_ref().map_or(Ok(FaceSettings::default()), FaceSettings::resolve) {
        Ok(face) => face,
        Err(error) => {
            say_end(face.is_some_and(|face| face.form.json == Some(true)), false, Some(&error.fault()));
            return ExitCode::from(FAILED);
        }
    };
    let json = face.json;
    let resumes = matches!(cli.command, Some(Command::Publish { .. } | Command::Resume { .. }));
    let ended = match cli.command {
        Some(Command::Publish { video, settings, .. }) => publish::publish(&video, &settings, face).await,
        Some(Command::Resume { name, place, .. }) => publish::resume(name.as_ref(), &place, face).await,
        Some(Command::Setup { template: true, roles, packages, .. }) => account::template(roles, packages.as_deref()),
        Some(Command::Setup { roles: true, account, .. }) => account::setup_roles(&account, face).await,
        Some(Command::Setup { account, .. }) => account::setup(&account, face).await,
        Some(Command::Relay { switch, account, yes, .. }) => {
            account::relay(switch, &account, FaceSettings { yes, ..face }).await
        }
        Some(Command::Teardown { keep_roles, account, yes, .. }) => {
            account::teardown(keep_roles, &account, FaceSettings { yes, ..face }).await
        }
        Some(Command::Doctor { live, account, .. }) => account::doctor(live, &account, face).await,
        Some(Command::Policy { which, account, partition }) => account::policy(which, &partition, &account),
        Some(Command::List { reels, .. }) => reels::list(&reels, face.json).await,
        Some(Command::Info { name, reels, .. }) => reels::info(&name, &reels, face.json).await,
        Some(Command::Retitle { name, title, reels }) => reels::retitle(&name, &title, &reels).await,
        Some(Command::Embed { name, reels, .. }) => reels::embed(&name, &reels, face.json).await,
        Some(Command::Check { name, deep, repair, reels, .. }) => {
            reels::check(&name, deep, repair.as_deref(), &reels, face.json).await
        }
        Some(Command::Delete { name, reels, yes }) => reels::delete(&name, &reels, yes).await,
        Some(Command::Discard { name, place, yes }) => publish::discard(&name, &place, yes).await,
        Some(Command::Gc { name, reels, yes }) => reels::gc(name.as_ref(), &reels, yes).await,
        Some(Command::Local { place, keep_hashes }) => local::local(&place, keep_hashes).await,
        Some(Command::Completions { shell }) => documents::completions(shell),
        Some(Command::Man { to }) => documents::man(to.as_deref()),
        None => match wizard::wizard(cli.files, cli.video, &cli.wizard, &cli.settings).await {
            Ok(code) => return ExitCode::from(code),
            Err(stopped) => Err(stopped),
        },
    };
    match ended {
        Ok(()) => ExitCode::from(DONE),
        Err(Stopped::Cancelled) => {
            say_end(json, resumes, None);
            ExitCode::from(INTERRUPTED)
        }
        Err(Stopped::Failed(fault)) => {
            say_end(json, resumes, Some(&fault));
            ExitCode::from(FAILED)
        }
    }
}

fn say_end(json: bool, resumes: bool, fault: Option<&Fault>) {
    match (json, fault) {
        // who no longer reads standard output does not miss its last line
        (true, Some(fault)) => drop(crate::json::write(&crate::json::failed(fault))),
        (true, None) => drop(crate::json::write(&crate::json::cancelled())),
        (false, Some(fault)) => plain::failed(fault),
        (false, None) if resumes => plain::say("interrupted; `zipreel resume` goes on from here"),
        (false, None) => plain::say("interrupted; it can be run again"),
    }
}
