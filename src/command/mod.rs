//! The commands without the wizard: settings in, exit code out. Each joins the engine to the plain or the JSON face.

mod account;
mod face;
mod library;
mod local;
mod publish;
pub mod session;
mod wizard;

use std::process::ExitCode;

use crate::{
    account::RelayWish,
    cli::{Cli, Command},
    plain,
    reel::fault::Stopped,
};

/// As documented in the README.
pub const DONE: u8 = 0;
pub const FAILED: u8 = 1;
pub const INTERRUPTED: u8 = 130;

/// Runs what the command line asks for.
pub async fn run(cli: Cli) -> ExitCode {
    let json = match &cli.command {
        Some(
            Command::Publish { face, .. }
            | Command::Resume { face, .. }
            | Command::Setup { face, .. }
            | Command::Relay { face, .. }
            | Command::Teardown { face, .. }
            | Command::Doctor { face, .. },
        ) => face.json,
        Some(Command::List { json, .. } | Command::Check { json, .. }) => *json,
        _ => false,
    };
    let resumes = matches!(cli.command, Some(Command::Publish { .. } | Command::Resume { .. }));
    let ended = match cli.command {
        Some(Command::Publish { video, settings, face }) => publish::publish(&video, &settings, &face).await,
        Some(Command::Resume { name, place, face }) => publish::resume(name.as_ref(), &place, &face).await,
        Some(Command::Setup { template: true, packages, .. }) => account::template(packages.as_deref()),
        Some(Command::Setup { account, face, .. }) => account::setup(RelayWish::AsItIs, &account, &face).await,
        Some(Command::Relay { switch, account, face }) => account::relay(switch, &account, &face).await,
        Some(Command::Teardown { keep_roles, account, face }) => account::teardown(keep_roles, &account, &face).await,
        Some(Command::Doctor { live, account, face }) => account::doctor(live, &account, &face).await,
        Some(Command::Policy { which, account, partition }) => account::policy(which, &partition, &account),
        Some(Command::List { reels, json }) => library::list(&reels, json).await,
        Some(Command::Check { name, deep, repair, reels, json }) => {
            library::check(&name, deep, repair.as_deref(), &reels, json).await
        }
        Some(Command::Delete { name, reels, yes }) => library::delete(&name, &reels, yes).await,
        Some(Command::Gc { name, reels, yes }) => library::gc(name.as_ref(), &reels, yes).await,
        Some(Command::Local { place, keep_hashes }) => local::local(&place, keep_hashes).await,
        None => match wizard::wizard(cli.video, &cli.settings).await {
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

fn say_end(json: bool, resumes: bool, fault: Option<&crate::reel::fault::Fault>) {
    match (json, fault) {
        // who no longer reads standard output does not miss its last line
        (true, Some(fault)) => drop(crate::json::write(&crate::json::failed(fault))),
        (true, None) => drop(crate::json::write(&crate::json::cancelled())),
        (false, Some(fault)) => plain::failed(fault),
        (false, None) if resumes => plain::say("interrupted; `zipreel resume` goes on from here"),
        (false, None) => plain::say("interrupted; it can be run again"),
    }
}
