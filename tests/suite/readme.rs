//! Holds the README to the program: its flags, their values and defaults, and no flag that does not exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use clap::{Arg, CommandFactory};
use zipreel::cli::Cli;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// All flags of all commands by name, those that every clap program has left out.
fn flags() -> BTreeMap<String, Arg> {
    let command = Cli::command();
    let everywhere = command.get_arguments().chain(command.get_subcommands().flat_map(|sub| sub.get_arguments()));
    let mut flags: BTreeMap<String, Arg> =
        everywhere.filter_map(|arg| Some((arg.get_long()?.to_owned(), arg.clone()))).collect();
    flags.retain(|name, _| name != "help" && name != "version");
    flags
}

/// `--name` of everything in the text that looks like a flag.
fn flags_named(text: &str) -> BTreeSet<&str> {
    text.match_indices("--")
        .filter(|(at, _)| matches!(text[..*at].chars().next_back(), Some(' ' | '`' | '(')))
        .map(|(at, _)| text[at + 2..].split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn every_flag_stands_in_a_table_with_its_value_and_default() {
    let readme = readme();
    for (name, arg) in flags() {
        let takes_value = arg.get_action().takes_values() && !arg.is_require_equals_set();
        let value =
            arg.get_value_names().filter(|_| takes_value).map(|names| format!(" <{}>", names[0])).unwrap_or_default();
        let row = readme.lines().find(|line| line.starts_with(&format!("| `--{name}{value}`")));
        let row = row.unwrap_or_else(|| panic!("the README has no row for `--{name}{value}`"));
        let help = arg.get_help().unwrap().to_string();
        if let Some((_, default)) = help.split_once("[default: ") {
            let default = default.trim_end_matches(']');
            assert!(
                row.contains(&format!("| {default} |")),
                "--{name} has the default `{default}`, not what `{row}` says"
            );
        }
    }
}

#[test]
fn no_flag_is_promised_that_does_not_exist() {
    let flags = flags();
    let readme = readme();
    let named = flags_named(&readme);
    assert!(named.contains("segment-seconds"), "flags are found");
    let unknown: Vec<_> = named.into_iter().filter(|name| !flags.contains_key(*name)).collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn flags_with_an_environment_variable_are_named_like_it() {
    let readme = readme();
    let (tables, spoken) = readme.split_once("| On the command line only").unwrap();
    for (name, arg) in flags() {
        let row = format!("| `--{name}");
        match arg.get_env() {
            Some(variable) => {
                assert_eq!(variable.to_str().unwrap(), format!("ZIPREEL_{}", name.replace('-', "_").to_uppercase()));
                assert!(tables.contains(&row), "--{name} stands among those that the environment sets");
            }
            None => assert!(spoken.contains(&row), "--{name} stands among those of the command line only"),
        }
    }
}
