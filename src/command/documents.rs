//! `zipreel completions` and `zipreel man`: what a shell and `man` know of the command line, made from its definition.

use std::{io, path::Path};

use clap::{Command, CommandFactory as _};
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
    Command::new("zipreel").version(env!("CARGO_PKG_VERSION")).args(flags).subcommands(whole.get_subcommands().cloned())
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
        clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(|error| unwritten("the manual page", error))?;
        return out::document(&String::from_utf8_lossy(&page));
    };
    let to = format!("manual pages to `{}`", folder.display());
    std::fs::create_dir_all(folder).map_err(|error| unwritten(&to, error))?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(|error| unwritten(&to, error))?;
    out::said()
}

fn unwritten(what: &str, error: io::Error) -> Stopped {
    let fault = Fault::permanent(format!("could not write {what}")).because(error);
    Stopped::Failed(fault.hint("Look at the folder's permissions and at the room on its disk, then run it again."))
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
    fn a_folder_that_can_t_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let Err(Stopped::Failed(fault)) = man(Some(&file.path().join("pages"))) else { panic!("it is a file") };
        assert!(fault.to_string().contains("could not write manual pages to `"), "{fault}");
    }
}
