//! Words in the place of a command that are none.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use clap::{Arg, Command, CommandFactory, error::ErrorKind};

use super::Cli;
use crate::model::wording;

/// A word in the place of a command that names none.
#[derive(Debug, PartialEq, Eq)]
pub enum Mistyped {
    /// Nor is it a file that the wizard could open.
    Word(OsString),
    /// Behind `help`.
    Help(OsString),
}

/// The command that a mistyped word may mean: a third of its letters may be wrong.
pub fn nearest_command(word: &str) -> Option<String> {
    wording::nearest(word, names(&Cli::command())).map(str::to_owned)
}

/// Why clap refused a command line, if that is its first word and not what it blames: it takes the word for a video of
/// the wizard, and the command's own flags for unknown ones.
pub fn mistyped(kind: ErrorKind, words: impl IntoIterator<Item = OsString>) -> Option<Mistyped> {
    if !matches!(kind, ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand) {
        return None;
    }
    let command = Cli::command();
    let words: Vec<OsString> = words.into_iter().take_while(|word| word != "--").collect();
    let mut bare = bare_words(&command, &words);
    let (at, first) = bare.next()?;
    // behind a flag that nobody knows it may be the value of that
    if words[..at].iter().any(|word| is_flag(word) && of_the_wizard(&command, word).is_none()) {
        return None;
    }
    if first == "help" {
        let (_, of) = bare.next()?;
        return (!is_command(&command, of)).then(|| Mistyped::Help(of.clone()));
    }
    let is_known = is_command(&command, first) || Path::new(first).exists();
    (!is_known).then(|| Mistyped::Word(first.clone()))
}

fn names(command: &Command) -> impl Iterator<Item = &str> {
    command.get_subcommands().map(Command::get_name).chain(std::iter::once("help"))
}

fn is_command(command: &Command, word: &OsStr) -> bool {
    names(command).any(|name| word == name)
}

/// Those that are neither a flag nor the value of one of the wizard's, each with its place.
fn bare_words<'a>(command: &Command, words: &'a [OsString]) -> impl Iterator<Item = (usize, &'a OsString)> {
    let mut is_value = false;
    words.iter().enumerate().filter(move |(_, word)| {
        let is_bare = !is_flag(word) && !is_value;
        is_value = is_flag(word) && takes_the_next(command, word);
        is_bare
    })
}

fn is_flag(word: &OsStr) -> bool {
    word.as_encoded_bytes().starts_with(b"-")
}

fn takes_the_next(command: &Command, flag: &OsStr) -> bool {
    let is_whole = !flag.as_encoded_bytes().contains(&b'=');
    let arg = of_the_wizard(command, flag).filter(|_| is_whole);
    arg.is_some_and(|arg| arg.get_action().takes_values() && !arg.is_require_equals_set())
}

/// The flag of the wizard's that this is, with a value in the same word or without.
fn of_the_wizard<'a>(command: &'a Command, flag: &OsStr) -> Option<&'a Arg> {
    let flag = flag.to_str()?;
    let is_it = |arg: &&Arg| match flag.strip_prefix("--") {
        Some(long) => arg.get_long() == long.split('=').next(),
        None => arg.get_short().is_some_and(|short| flag[1..].starts_with(short)),
    };
    command.get_arguments().find(is_it)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn refused(words: &[&str]) -> Option<Mistyped> {
        let error = Cli::try_parse_from(["zipreel"].iter().chain(words)).unwrap_err();
        mistyped(error.kind(), words.iter().map(OsString::from))
    }

    #[test]
    fn a_mistyped_word_is_taken_for_the_command_that_it_is_like() {
        for (word, command) in [
            ("lst", Some("list")),
            ("publsh", Some("publish")),
            ("chekc", Some("check")),
            ("hlep", Some("help")),
            ("holiday", None),
        ] {
            assert_eq!(nearest_command(word).as_deref(), command, "{word}");
        }
    }

    #[test]
    fn a_mistyped_command_is_blamed_and_not_the_flag_behind_it() {
        for (words, word) in [
            (&["pubish", "--yes", "foo.mp4"][..], "pubish"),
            (&["lst", "--json"], "lst"),
            (&["delte", "foo", "-y"], "delte"),
            (&["--target", "aws", "lst", "--json"], "lst"),
            (&["--host", "lst", "--json"], "lst"),
        ] {
            assert_eq!(refused(words), Some(Mistyped::Word(word.into())), "{words:?}");
        }
        assert_eq!(refused(&["help", "lst"]), Some(Mistyped::Help("lst".into())));
    }

    #[test]
    fn a_flag_that_a_command_or_the_wizard_does_not_know_is_blamed_itself() {
        for words in [
            &["list", "--deep"][..],
            &["list", "holiday"],
            &["Cargo.toml", "--yes"],
            &["help", "list", "holiday"],
            &["--yes"],
            &["--yes", "--", "lst"],
            &["--transcod", "auto", "Cargo.toml"],
            &["-n", "lst", "Cargo.toml"],
        ] {
            assert_eq!(refused(words), None, "{words:?}");
        }
        assert_eq!(mistyped(ErrorKind::DisplayHelp, [OsString::from("lst")]), None);
    }
}
