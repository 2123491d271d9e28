//! `zipreel completions` and `zipreel man`: what a shell and `man` know of the command line, made from its definition.

use std::{io, path::Path};

use clap::{Arg, Command, CommandFactory as _, ValueHint};
use clap_complete::Shell;

use super::out::{self, Said};
use crate::{
    cli::Cli,
    model::report::fault::{Fault, Stopped},
};

/// Writes a shell's completions to standard output.
pub fn completions(shell: Shell) -> Result<Said, Stopped> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut commands_alone(), "zipreel", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Fish => script += &fish_values(),
        Shell::Zsh => script = script.replace(ZSH_COMMANDS, ZSH_COMMANDS_AND_FILES),
        _ => {}
    }
    out::document(&script)
}

/// The command line without the wizard's videos: scripts for zsh and bash would take a command's name for one of them,
/// and then know none of its flags.
fn commands_alone() -> Command {
    let whole = Cli::command();
    let flags = whole.get_arguments().filter(|arg| !arg.is_positional()).cloned();
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set()).map(as_it_is_shown);
    Command::new("zipreel").version(env!("CARGO_PKG_VERSION")).args(flags).subcommands(commands)
}

/// With the flags that its help shows. A reel is no file.
fn as_it_is_shown(command: &Command) -> Command {
    let args = command.get_arguments().filter(|arg| !arg.is_hide_set()).cloned().map(|arg| {
        let is_reel = arg.get_id().as_str() == "name" && arg.is_positional();
        if is_reel { arg.value_hint(ValueHint::Other) } else { arg }
    });
    let shown = Command::new(command.get_name().to_owned()).args(args);
    match command.get_about() {
        Some(about) => shown.about(about.clone()),
        None => shown,
    }
}

/// The first word is a command or, for the wizard, a video.
const ZSH_COMMANDS: &str = "\":: :_zipreel_commands\"";
const ZSH_COMMANDS_AND_FILES: &str = "\":: :{ _zipreel_commands; _files }\"";

/// Values of arguments without a flag, which clap_complete tells every shell but fish.
fn fish_values() -> String {
    let mut lines = String::new();
    for command in Cli::command().get_subcommands() {
        for values in command.get_positionals().map(clap::Arg::get_possible_values).filter(|values| !values.is_empty())
        {
            let values: Vec<_> = values.iter().map(|value| value.get_name()).collect();
            let (name, values) = (command.get_name(), values.join(" "));
            lines += &format!("complete -c zipreel -n \"__fish_zipreel_using_subcommand {name}\" -f -a \"{values}\"\n");
        }
    }
    lines
}

/// Writes the page of `zipreel` to standard output, or that and one for each command into a folder.
pub fn man(folder: Option<&Path>) -> Result<Said, Stopped> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(for_pages()).render(&mut page).map_err(|error| unwritten("the manual page", error))?;
        return out::document(&String::from_utf8_lossy(&page));
    };
    let to = format!("manual pages to `{}`", folder.display());
    std::fs::create_dir_all(folder).map_err(|error| unwritten(&to, error))?;
    clap_mangen::generate_to(for_pages(), folder).map_err(|error| unwritten(&to, error))?;
    out::said()
}

/// The command line as a page shows it: the whole of each flag. clap_mangen leaves out the only text of a flag that the
/// short help hides, and the variable of every flag.
fn for_pages() -> Command {
    Cli::command().mut_args(told_whole).mut_subcommands(|command| command.mut_args(told_whole))
}

fn told_whole(arg: Arg) -> Arg {
    let Some(text) = arg.get_long_help().or_else(|| arg.get_help()) else { return arg };
    let text = match arg.get_env() {
        Some(variable) => format!("{text} [env: {}]", variable.to_string_lossy()),
        None => text.to_string(),
    };
    arg.long_help(text)
}

/// Of what goes to a folder that a person named.
pub(super) fn unwritten(what: &str, error: io::Error) -> Stopped {
    let fault = Fault::permanent(format!("could not write {what}")).because(error);
    Stopped::Failed(fault.hint("Name a folder that you may write to, on a disk with room for it, then run it again."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_shown_has_a_page_that_names_its_flags() {
        let folder = tempfile::tempdir().unwrap();
        man(Some(folder.path())).unwrap();
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let page =
                std::fs::read_to_string(folder.path().join(format!("zipreel-{}.1", command.get_name()))).unwrap();
            let shown = command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(|arg| arg.get_long());
            for flag in shown {
                assert!(page.contains(&flag.replace('-', "\\-")), "--{flag} of {}", command.get_name());
            }
        }
    }

    #[test]
    fn every_flag_of_a_page_has_a_text_and_shows_its_variable() {
        let folder = tempfile::tempdir().unwrap();
        man(Some(folder.path())).unwrap();
        let whole = Cli::command();
        for command in whole.get_subcommands().filter(|command| !command.is_hide_set()).chain([&whole]) {
            let name = if command.get_name() == "zipreel" { String::new() } else { format!("-{}", command.get_name()) };
            let page = std::fs::read_to_string(folder.path().join(format!("zipreel{name}.1"))).unwrap();
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let variable = arg.get_env().map(|variable| format!(" [env: {}]\n", variable.display()));
                assert!(variable.is_none_or(|text| page.contains(&text)), "zipreel{name}: {}", arg.get_id().as_str());
            }
            let lines: Vec<_> = page.lines().collect();
            for (at, _) in lines.iter().enumerate().filter(|(_, line)| **line == ".TP") {
                // a request of roff is no text, nor is a list of values that follows
                let has_text = lines.get(at + 2).is_some_and(|text| !text.is_empty() && !text.starts_with('.'));
                assert!(has_text, "zipreel{name}: {}", lines[at + 1]);
            }
        }
    }

    #[test]
    fn a_folder_that_can_t_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let Err(Stopped::Failed(fault)) = man(Some(&file.path().join("pages"))) else { panic!("it is a file") };
        assert!(fault.to_string().contains("could not write manual pages to `"), "{fault}");
        let Err(Stopped::Failed(fault)) = man(Some(file.path())) else { panic!("it is a file") };
        assert!(fault.to_string().ends_with("`: it is a file, not a folder"), "{fault}");
        assert!(fault.hint.is_some_and(|hint| hint.starts_with("Name a folder")), "it says what to do");
    }
}
