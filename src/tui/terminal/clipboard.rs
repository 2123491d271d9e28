//! The clipboard. A program of the desktop says whether it took the text; a terminal never does, so that its sequence is
//! sent besides, and said to be sent.

use std::{
    io::Write,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Letters of what was copied that are shown: longer than links are.
const SHOWN: usize = 160;

/// A program that has not taken the text by now won't.
const LONGEST: Duration = Duration::from_secs(2);

/// A program, its arguments, and whether its success means that the text can be pasted.
type Program = (&'static str, &'static [&'static str], bool);

/// What there is to ask, by the environment.
pub(in crate::tui) fn programs(variable: impl Fn(&str) -> String) -> Vec<Program> {
    let is_set = |name: &str| !variable(name).is_empty();
    let mut programs: Vec<Program> = Vec::new();
    if is_set("TMUX") {
        // into its own buffer, and on to the terminal around it, which confirms nothing
        programs.push(("tmux", &["load-buffer", "-w", "-"], false));
    }
    if is_set("WAYLAND_DISPLAY") {
        programs.push(("wl-copy", &[], true));
    }
    if is_set("DISPLAY") {
        programs.push(("xclip", &["-selection", "clipboard"], true));
    }
    // over ssh it would be another machine's
    if cfg!(target_os = "macos") && !is_set("SSH_CONNECTION") {
        programs.push(("pbcopy", &[], true));
    }
    programs
}

/// Whether the terminal takes its sequence from here.
pub(in crate::tui) fn sequence(variable: impl Fn(&str) -> String, text: &str) -> Option<String> {
    let knows = !matches!(variable("TERM").as_str(), "" | "dumb" | "linux");
    let sequence = ratatui::crossterm::clipboard::CopyToClipboard::to_clipboard_from(text);
    let mut written = String::new();
    let wrote = ratatui::crossterm::Command::write_ansi(&sequence, &mut written).is_ok();
    (knows && wrote).then_some(written)
}

/// Gives the text to each; whether one of them has confirmed it.
pub(in crate::tui) fn give(programs: &[Program], text: &str) -> bool {
    let mut confirmed = false;
    for (program, arguments, confirms) in programs {
        confirmed |= taken(program, arguments, text) && *confirms;
    }
    confirmed
}

fn taken(program: &str, arguments: &[&str], text: &str) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let wrote = child.stdin.take().is_some_and(|mut input| input.write_all(text.as_bytes()).is_ok());
    let deadline = Instant::now() + LONGEST;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return wrote && status.success(),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            _ => {
                // it is ours, and nobody waits for it
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// What is said of it.
pub(in crate::tui) fn words(text: &str, confirmed: bool, sent: bool) -> String {
    // of HTML its beginning is enough
    let mut shown: String = text.chars().take_while(|letter| *letter != '\n').take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    match (confirmed, sent) {
        (true, _) => format!("copied {shown}"),
        (false, true) => format!("sent to the terminal to copy: {shown}"),
        (false, false) => "could not copy: no program for the clipboard is here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_desktops_programs_are_asked_where_there_is_one() {
        let names = |set: &[&str]| {
            let found = programs(|name| if set.contains(&name) { "x".to_owned() } else { String::new() });
            found.into_iter().map(|(name, _, _)| name).filter(|name| *name != "pbcopy").collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), [""; 0]);
        assert_eq!(names(&["TMUX", "WAYLAND_DISPLAY", "DISPLAY"]), ["tmux", "wl-copy", "xclip"]);
        assert_eq!(names(&["DISPLAY"]), ["xclip"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_who_confirms_makes_it_copied() {
        assert!(give(&[("sh", &["-c", "test \"$(cat)\" = link"], true)], "link"));
        assert!(!give(&[("sh", &["-c", "cat >/dev/null"], false)], "link"), "taken, and nobody knows whither");
        assert!(!give(&[("sh", &["-c", "cat >/dev/null; exit 1"], true)], "link"));
        assert!(!give(&[("no-such-program-of-a-clipboard", &[], true)], "link"));
        assert!(words("x", true, true).starts_with("copied"));
        assert!(words("x", false, true).starts_with("sent to the terminal"));
    }
}
