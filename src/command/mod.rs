//! The commands without the wizard: settings in, exit code out. Each joins the engine to the plain or the JSON face.

mod account;
mod documents;
mod exit;
mod face;
mod info;
mod local;
mod mistyped;
mod out;
mod person;
mod publish;
mod reels;
mod wizard;

use std::{ffi::OsString, process::ExitCode};

use crate::{
    cli::{self, Cli, Command, FaceArgs},
    command::{
        exit::{DONE, FAILED, INTERRUPTED, MISUSED},
        out::Said,
    },
    json,
    model::report::fault::{Explain, Fault, Stopped},
    plain,
    settings::{self, FaceSettings},
};

/// Runs what the command line asks for.
pub async fn run(cli: Cli) -> ExitCode {
    let args = cli.command.as_ref().and_then(Command::face);
    let face = match args.as_ref().map_or(Ok(FaceSettings::default()), FaceSettings::resolve) {
        Ok(face) => face,
        Err(error) => {
            let says_json = |args: FaceArgs| args.form.json.unwrap_or_else(settings::file_asks_for_json);
            let json = args.is_some_and(|args| !args.form.plain && says_json(args));
            say_failed(json, &error.fault(), FAILED);
            return ExitCode::from(FAILED);
        }
    };
    // a word that is none of the commands is taken for a video
    if let Some(missing) = cli.files.iter().find(|file| !file.exists()) {
        return misused(&mistyped::no_file(missing));
    }
    let ended = match cli.command {
        Some(command) => match face::under_job_control(Box::pin(carry_out(&command, &face))).await {
            Err(Stopped::Cancelled) => {
                say_cancelled(face.json, matches!(command, Command::Publish { .. } | Command::Resume { .. }));
                return ExitCode::from(INTERRUPTED);
            }
            Ok(Said { .. }) => Ok(DONE),
            Err(Stopped::Failed(fault)) => Err(fault),
        },
        None => match wizard::wizard(cli.files, cli.video, &cli.wizard, &cli.settings).await {
            Ok(code) => Ok(code),
            Err(Stopped::Cancelled) => {
                say_cancelled(false, false);
                Ok(INTERRUPTED)
            }
            Err(Stopped::Failed(fault)) => Err(fault),
        },
    };
    ExitCode::from(ended.unwrap_or_else(|fault| {
        say_failed(face.json, &fault, FAILED);
        FAILED
    }))
}

async fn carry_out(command: &Command, face: &FaceSettings) -> Result<Said, Stopped> {
    match command {
        Command::Publish { video, settings, .. } => publish::publish(video, settings, face).await,
        Command::Resume { name, place, .. } => publish::resume(name.as_ref(), place, face).await,
        Command::Setup { template: true, roles, packages, .. } => account::template(*roles, packages.as_deref(), face),
        Command::Setup { roles: true, ceiling_gb, account, .. } => {
            account::setup_roles(*ceiling_gb, account, face).await
        }
        Command::Setup { front, ceiling_gb, account, .. } => account::setup(*front, *ceiling_gb, account, face).await,
        Command::Relay { switch, account, .. } => account::relay(*switch, account, face).await,
        Command::Cdn { what, account, .. } => account::cdn(*what, account, face).await,
        Command::Teardown { keep_roles, account, .. } => account::teardown(*keep_roles, account, face).await,
        Command::Doctor { live, account, .. } => account::doctor(*live, account, face).await,
        Command::Policy { which, account, partition, .. } => account::policy(*which, partition, account, face),
        Command::List { reels, .. } => reels::list(reels, face).await,
        Command::Info { name, reels, .. } => info::info(name, reels, face).await,
        Command::Retitle { name, title, reels, .. } => reels::retitle(name, title, reels, face).await,
        Command::Embed { name, reels, .. } => reels::embed(name, reels, face).await,
        Command::Check { name, deep, repair, reels, .. } => {
            reels::check(name, *deep, repair.as_deref(), reels, face).await
        }
        Command::Delete { name, reels, .. } => reels::delete(name, reels, face).await,
        Command::Discard { name, place, .. } => publish::discard(name, place, face).await,
        Command::Gc { name, reels, .. } => reels::gc(name.as_ref(), reels, face).await,
        Command::Local { place, host, address, keep_hashes, .. } => {
            local::local(place, address.or(*host), *keep_hashes, face).await
        }
        Command::Completions { shell } => documents::completions(*shell),
        Command::Man { to } => documents::man(to.as_deref()),
    }
}

/// A command line that means nothing, or asks for help.
pub fn refused(error: &clap::Error) -> ExitCode {
    if let Some(mistyped) = cli::mistyped(error.kind(), words()) {
        return misused(&mistyped::fault(&mistyped));
    }
    if error.use_stderr() && asks_for_json() {
        let text = error.to_string();
        // what is wrong, with the arguments that it is about; tips and usage follow
        let lines: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        let why = lines.join(" ");
        let fault =
            Fault::permanent("could not understand the command line").because(why.trim_start_matches("error: "));
        say_failed(true, &fault.hint("`zipreel --help` names all commands and flags."), MISUSED);
    }
    // whoever closed standard output or standard error does not want to read it
    drop(error.print());
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(MISUSED))
}

fn misused(fault: &Fault) -> ExitCode {
    say_failed(asks_for_json(), fault, MISUSED);
    ExitCode::from(MISUSED)
}

/// Of a command line that has no settings.
fn asks_for_json() -> bool {
    cli::asks_for_json(words()).unwrap_or_else(settings::file_asks_for_json)
}

fn words() -> impl Iterator<Item = OsString> {
    std::env::args_os().skip(1)
}

fn say_failed(json: bool, fault: &Fault, exit_status: u8) {
    if json {
        out::event(&json::last(json::failed(fault), exit_status));
    }
    // what can't be said where it was wanted is said here
    if !json || out::is_lost() {
        plain::failed(fault);
    }
}

fn say_cancelled(json: bool, resumes: bool) {
    match json {
        true => out::event(&json::last(json::cancelled(), INTERRUPTED)),
        false if resumes => plain::say("interrupted; `zipreel resume` goes on from here"),
        false => plain::say("interrupted; it can be run again"),
    }
}
