//! What is said of a word in the place of a command or a video that is neither.

use std::path::Path;

use crate::{
    cli::{self, Mistyped},
    model::report::fault::Fault,
};

pub(super) fn fault(mistyped: &Mistyped) -> Fault {
    match mistyped {
        Mistyped::Word(word) => no_file(Path::new(word)),
        Mistyped::Help(word) => no_command(&word.to_string_lossy()),
    }
}

/// Nearness counts for one word alone: a path, and what has an extension, is meant as a video.
pub(super) fn no_file(missing: &Path) -> Fault {
    let word = missing.display().to_string();
    let is_word = missing.components().count() == 1 && missing.extension().is_none();
    let nearest = cli::nearest_command(&word).filter(|_| is_word);
    if nearest.as_ref() == Some(&word) {
        return Fault::permanent(format!("`{word}` is a command: it comes before the flags"))
            .hint(format!("Write `zipreel {word}` first, then the flags."));
    }
    let fault = Fault::permanent(format!("there is no file `{word}`, and no command of this name"));
    fault.hint(match nearest {
        Some(command) => format!("Did you mean `zipreel {command}`? `zipreel --help` names all commands."),
        None => "Look at the path; `zipreel` alone opens the wizard, `zipreel --help` names all commands.".to_owned(),
    })
}

fn no_command(word: &str) -> Fault {
    let nearest = cli::nearest_command(word).map(|command| format!("Did you mean `zipreel help {command}`? "));
    let nearest = nearest.unwrap_or_default();
    Fault::permanent(format!("there is no command `{word}`"))
        .hint(format!("{nearest}`zipreel --help` names all commands."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_command_is_named_to_who_mistyped_it() {
        for (mistyped, what, hint) in [
            (
                Mistyped::Word("list".into()),
                "`list` is a command: it comes before the flags",
                "Write `zipreel list` first",
            ),
            (Mistyped::Word("pubish".into()), "there is no file `pubish`", "Did you mean `zipreel publish`?"),
            (Mistyped::Word("hlep".into()), "there is no file `hlep`", "Did you mean `zipreel help`?"),
            (Mistyped::Word("lst.mp4".into()), "there is no file `lst.mp4`", "Look at the path;"),
            (Mistyped::Help("lst".into()), "there is no command `lst`", "Did you mean `zipreel help list`?"),
            (Mistyped::Help("holiday".into()), "there is no command `holiday`", "`zipreel --help` names all"),
        ] {
            let fault = fault(&mistyped);
            assert!(fault.what.starts_with(what), "{fault:?}");
            assert!(fault.hint.as_deref().is_some_and(|said| said.starts_with(hint)), "{fault:?}");
        }
    }
}
