//! What a terminal is told beside the screen: its title, the progress in its taskbar, a word when long work has ended,
//! and which text is a link. Only sequences that it knows, and those that every other one passes over.

use std::fmt::Write as _;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notice {
    Bell,
    /// iTerm2's and its relatives'.
    Nine,
    /// rxvt's and its relatives'.
    Seven,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Outside {
    /// Operating-system commands are understood or passed over.
    commands: bool,
    progress: bool,
    notice: Notice,
}

/// How the work in the taskbar stands, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Progress {
    None,
    Runs(u8),
    Waits(u8),
}

impl Outside {
    /// Nothing but the screen.
    #[cfg(test)]
    pub(in crate::tui) const NOTHING: Self = Self { commands: false, progress: false, notice: Notice::Bell };

    pub(in crate::tui) fn detect(variable: impl Fn(&str) -> String) -> Self {
        let (term, program) = (variable("TERM"), variable("TERM_PROGRAM"));
        let multiplexed = is_multiplexed(&variable);
        let commands = !matches!(term.as_str(), "" | "dumb" | "linux") && !term.starts_with("vt");
        let known = |names: &[&str]| !multiplexed && names.iter().any(|name| program == *name || term.contains(name));
        // others show its number as a message
        let by_version = variable("VTE_VERSION").parse::<u32>().is_ok_and(|version| version >= 7900);
        let windows = !variable("WT_SESSION").is_empty() || variable("ConEmuANSI") == "ON";
        let progress = known(&["WezTerm", "ghostty"]) || !multiplexed && (by_version || windows);
        let notice = if known(&["iTerm.app", "WezTerm", "ghostty", "kitty"]) {
            Notice::Nine
        } else if known(&["foot", "rxvt"]) {
            Notice::Seven
        } else {
            Notice::Bell
        };
        Self { commands, progress: commands && progress, notice: if commands { notice } else { Notice::Bell } }
    }

    /// The title that stood before comes back with [`Self::leave`].
    pub(in crate::tui) fn enter(self) -> &'static str {
        if self.commands { "\x1b[22;0t" } else { "" }
    }

    pub(in crate::tui) fn leave(self) -> String {
        let progress = self.progress(Progress::None);
        if self.commands { format!("{progress}\x1b[23;0t") } else { progress }
    }

    pub(in crate::tui) fn title(self, title: &str) -> String {
        if self.commands { format!("\x1b]0;{}\x07", clean(title)) } else { String::new() }
    }

    pub(in crate::tui) fn progress(self, progress: Progress) -> String {
        match progress {
            _ if !self.progress => String::new(),
            Progress::None => "\x1b]9;4;0\x07".to_owned(),
            Progress::Runs(percent) => format!("\x1b]9;4;1;{percent}\x07"),
            Progress::Waits(percent) => format!("\x1b]9;4;4;{percent}\x07"),
        }
    }

    /// For somebody who looks elsewhere.
    pub(in crate::tui) fn notice(self, words: &str) -> String {
        // it separates the parts of a command
        let words = clean(words).replace(';', ",");
        match self.notice {
            Notice::Bell => "\x07".to_owned(),
            Notice::Nine => format!("\x1b]9;{words}\x07"),
            Notice::Seven => format!("\x1b]777;notify;zipreel;{words}\x07"),
        }
    }

    /// Puts the text where it stands once more, as a link. `style`: the sequence of its colour.
    pub(in crate::tui) fn link(self, (column, row): (u16, u16), style: &str, words: &str, target: &str) -> String {
        let mut written = String::new();
        if self.commands && target.bytes().all(|byte| (b'!'..=b'~').contains(&byte)) {
            // writing to a string can't fail
            let _ = write!(
                written,
                "\x1b7\x1b[{};{}H{style}\x1b]8;;{target}\x1b\\{words}\x1b]8;;\x1b\\\x1b[0m\x1b8",
                row + 1,
                column + 1
            );
        }
        written
    }
}

/// Without what could end the sequence.
fn clean(words: &str) -> String {
    words.chars().filter(|character| !character.is_control()).collect()
}

/// Something stands between us and the terminal that is looked at.
pub(in crate::tui) fn is_multiplexed(variable: impl Fn(&str) -> String) -> bool {
    let term = variable("TERM");
    term.starts_with("tmux")
        || term.starts_with("screen")
        || !variable("TMUX").is_empty()
        || !variable("STY").is_empty()
        || variable("TERM_PROGRAM") == "tmux"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(variables: &[(&str, &str)]) -> Outside {
        Outside::detect(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned()).unwrap_or_default()
        })
    }

    #[test]
    fn a_terminal_is_told_what_it_understands() {
        let plain = detect(&[("TERM", "xterm-256color")]);
        assert_eq!(plain.title("a\x1b]0;b"), "\x1b]0;a]0;b\x07");
        assert_eq!(plain.progress(Progress::Runs(53)), "", "it would be shown as a message");
        assert_eq!(plain.notice("done"), "\x07");
        let ghostty = detect(&[("TERM", "xterm-ghostty")]);
        assert_eq!(ghostty.progress(Progress::Runs(53)), "\x1b]9;4;1;53\x07");
        assert_eq!(ghostty.notice("a; b"), "\x1b]9;a, b\x07");
        assert_eq!(ghostty.leave(), "\x1b]9;4;0\x07\x1b[23;0t");
        assert_eq!(detect(&[("TERM", "foot")]).notice("done"), "\x1b]777;notify;zipreel;done\x07");
        let inside = detect(&[("TERM", "tmux-256color"), ("TERM_PROGRAM", "WezTerm"), ("TMUX", "/tmp/t,1,0")]);
        assert_eq!((inside.progress(Progress::Runs(1)), inside.notice("done")), (String::new(), "\x07".to_owned()));
        for term in ["linux", "dumb", "vt220", ""] {
            let old = detect(&[("TERM", term)]);
            let told = [old.enter().to_owned(), old.title("x"), old.leave(), old.link((0, 0), "", "x", "http://x")];
            assert_eq!(told.concat(), "", "{term}");
        }
    }

    #[test]
    fn a_link_is_written_where_it_stands_and_nothing_else_gets_in() {
        let outside = detect(&[("TERM", "xterm-256color")]);
        let link = outside.link((11, 4), "\x1b[1m", "http://a/", "http://a/index.m3u8");
        assert!(link.starts_with("\x1b7\x1b[5;12H\x1b[1m\x1b]8;;http://a/index.m3u8\x1b\\http://a/"), "{link:?}");
        assert!(link.ends_with("\x1b]8;;\x1b\\\x1b[0m\x1b8"), "{link:?}");
        assert_eq!(outside.link((0, 0), "", "x", "http://a/\x1b\\"), "");
    }
}
