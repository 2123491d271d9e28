//! What the help of a command shows. Groups of arguments are shared, so that a command also takes what it never reads:
//! scripts, variables and the config file may say it anywhere. Its help leaves that out.

use clap::Command;

const STATE: &[&str] = &["state_dir"];
/// Where the stand-in is: of every command that may reach it.
const STAND_IN: &[&str] = &["data", "port"];
/// All could start a stand-in that misbehaves; those show it that run one, or send it something.
const FAULTS: &[&str] = &["faults"];
/// Segments wait in it, or are removed from it. What lies there is told by all.
const WORK: &[&str] = &["work_dir"];
const BACKLOG: &[&str] = &["backlog_gib"];
const SERVE: &[&str] = &["serve"];
/// Chunks are made with it, and so is the marker of whoever changes a reel.
const CHUNK_ROLE: &[&str] = &["role_arn"];
const PUBLIC_ROLES: &[&str] = &["gate_role_arn", "relay_role_arn"];
const MODE: &[&str] = &["invoke_mode"];
const FUNCTION_URLS: &[&str] = &["function_urls"];
const API_URLS: &[&str] = &["api_urls"];

/// What is shown only where it is read.
const SHARED: [&[&str]; 11] =
    [STATE, STAND_IN, FAULTS, WORK, BACKLOG, SERVE, CHUNK_ROLE, PUBLIC_ROLES, MODE, FUNCTION_URLS, API_URLS];

/// Of what is shared, that which a command reads.
fn read_by(command: &str) -> &'static [&'static [&'static str]] {
    match command {
        "publish" | "resume" => &SHARED,
        "check" => &[STATE, STAND_IN, WORK, BACKLOG, CHUNK_ROLE, PUBLIC_ROLES, MODE, FUNCTION_URLS, API_URLS],
        "setup" | "relay" | "cdn" => &[STATE, STAND_IN, CHUNK_ROLE, PUBLIC_ROLES, MODE, FUNCTION_URLS, API_URLS],
        "doctor" => &[STATE, STAND_IN, CHUNK_ROLE, PUBLIC_ROLES, FUNCTION_URLS, API_URLS],
        "teardown" => &[STAND_IN, CHUNK_ROLE, PUBLIC_ROLES],
        "list" => &[STAND_IN],
        "info" | "embed" => &[STATE, STAND_IN, FUNCTION_URLS],
        "retitle" => &[STATE, STAND_IN, CHUNK_ROLE],
        "delete" | "discard" | "gc" => &[STATE, STAND_IN, WORK, CHUNK_ROLE],
        "local" => &[STAND_IN, FAULTS],
        _ => &[],
    }
}

/// A command whose help shows what it reads, and whose usage names what has to be said: clap's own would also name
/// whatever the environment says.
pub(super) fn as_it_is_used(command: Command) -> Command {
    let read = read_by(command.get_name());
    let command = command.mut_args(|arg| {
        let id = arg.get_id().as_str();
        let is_in = |groups: &[&[&str]]| groups.iter().any(|group| group.contains(&id));
        let is_unread = is_in(&SHARED) && !is_in(read);
        if is_unread { arg.hide(true) } else { arg }
    });
    let usage = usage(&command);
    command.override_usage(usage)
}

fn usage(command: &Command) -> String {
    let mut words = vec!["zipreel".to_owned(), command.get_name().to_owned()];
    if command.get_arguments().any(|arg| !arg.is_positional()) {
        words.push("[OPTIONS]".to_owned());
    }
    for arg in command.get_positionals().filter(|arg| !arg.is_hide_set()) {
        let Some([name, ..]) = arg.get_value_names() else { continue };
        words.push(if arg.is_required_set() { format!("<{name}>") } else { format!("[{name}]") });
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::Cli;

    const FORM: &str = "plain json verbose";
    const PLACE: &str = "region target profile data port";
    const SPECIAL: &str = "role-arn gate-role-arn relay-role-arn invoke-mode function-urls api-urls";
    const CHANGE: &str = "state-dir work-dir role-arn yes";
    const PUBLISH: &str = "name title segment-seconds transcode video-stream audio subtitles audio-stream deinterlace \
                           container compatible loudness on-damage robots chunk-mib parallel host replace";
    const RUN: &str = "state-dir work-dir backlog-gib faults serve yes";

    /// Of each command: a new one, and a new flag, have to say here where they are shown.
    const SHOWN: [(&str, &[&str]); 19] = [
        ("publish", &[PUBLISH, PLACE, RUN, SPECIAL, FORM]),
        ("resume", &["data port", RUN, SPECIAL, FORM]),
        ("setup", &["template roles packages front ceiling-gb", PLACE, "state-dir yes", SPECIAL, FORM]),
        ("relay", &[PLACE, "state-dir yes", SPECIAL, FORM]),
        ("cdn", &[PLACE, "state-dir yes", SPECIAL, FORM]),
        ("teardown", &["keep-roles yes", PLACE, "role-arn gate-role-arn relay-role-arn", FORM]),
        (
            "doctor",
            &["live", PLACE, "state-dir yes role-arn gate-role-arn relay-role-arn function-urls api-urls", FORM],
        ),
        ("policy", &["account partition", FORM]),
        ("list", &[PLACE, FORM]),
        ("info", &[PLACE, "state-dir function-urls", FORM]),
        ("retitle", &[PLACE, "state-dir role-arn", FORM]),
        ("embed", &[PLACE, "state-dir function-urls", FORM]),
        ("check", &["deep repair", PLACE, "state-dir work-dir backlog-gib", SPECIAL, FORM]),
        ("delete", &[PLACE, CHANGE, FORM]),
        ("discard", &["data port", CHANGE, FORM]),
        ("gc", &[PLACE, CHANGE, FORM]),
        ("local", &["data port faults host", FORM]),
        ("completions", &[]),
        ("man", &["to"]),
    ];

    #[test]
    fn every_command_shows_the_flags_that_it_reads_and_no_other() {
        let command = Cli::command();
        let names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
        assert_eq!(names, SHOWN.map(|(name, _)| name));
        for (name, flags) in SHOWN {
            let flags: BTreeSet<_> = flags.iter().flat_map(|flags| flags.split_whitespace()).collect();
            let command = command.find_subcommand(name).unwrap();
            let shown = command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(|arg| arg.get_long());
            assert_eq!(shown.collect::<BTreeSet<_>>(), flags, "{name}");
        }
    }

    #[test]
    fn what_is_not_shown_is_taken_where_scripts_may_say_it() {
        for words in [&["list", "--faults", "429=0.1"][..], &["local", "--work-dir", "w"], &["doctor", "--serve"]] {
            assert!(Cli::try_parse_from(["zipreel"].iter().chain(words)).is_ok(), "{words:?}");
        }
    }

    #[test]
    fn a_usage_names_what_has_to_be_said_and_nothing_that_the_environment_says() {
        let command = Cli::command();
        for (name, expected) in [
            ("publish", "zipreel publish [OPTIONS] <VIDEO>"),
            ("resume", "zipreel resume [OPTIONS] [NAME]"),
            ("retitle", "zipreel retitle [OPTIONS] <NAME> <TITLE>"),
            ("local", "zipreel local [OPTIONS]"),
            ("completions", "zipreel completions <SHELL>"),
        ] {
            assert_eq!(usage(command.find_subcommand(name).unwrap()), expected);
        }
        let said = Cli::try_parse_from(["zipreel", "publish", "--port", "1", "--data", "d"]).unwrap_err().to_string();
        assert!(said.contains("Usage: zipreel publish [OPTIONS] <VIDEO>\n"), "{said}");
    }
}
