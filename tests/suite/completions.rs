//! Completions as each shell uses them: what a person types before the tab key, and what stands there after it.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    time::Duration,
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::{
    clips::scratch,
    publish::sandbox::{binary, tool},
};

/// The script that the program prints for a shell, in a file that is named as `make install` names it.
fn script(folder: &Path, shell: &str, name: &str) -> PathBuf {
    let output = Command::new(binary()).args(["completions", shell]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = folder.join(name);
    std::fs::write(&path, output.stdout).unwrap();
    path
}

/// Words before the cursor, and candidates that a shell must offer for the last of them.
const OFFERED: [(&[&str], &[&str]); 6] = [
    (&["zipreel", "pub"], &["publish"]),
    (&["zipreel", "publish", "--on-da"], &["--on-damage"]),
    (&["zipreel", "list", "--target", ""], &["aws", "local"]),
    (&["zipreel", "relay", "o"], &["off", "on"]),
    (&["zipreel", "completions", "z"], &["zsh"]),
    (&["zipreel", "check", "m", "--dee"], &["--deep"]),
];

#[test]
fn bash_completes_commands_flags_and_values() {
    let folder = scratch();
    let script = script(folder.path(), "bash", "zipreel");
    let source = script.to_str().unwrap();
    let registered = tool("bash", &["--norc", "-c", "source \"$0\"; complete -p zipreel", source]);
    let function = registered.split(" -F ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a function");
    for (words, offered) in OFFERED {
        // as readline calls it: the command, the word before the cursor, the word before that
        let call = format!(
            "source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
             {function} \"$1\" \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let found = tool("bash", &[&["--norc", "-c", &call, source][..], words].concat());
        let mut found: Vec<_> = found.lines().map(str::trim).collect();
        found.sort_unstable();
        assert_eq!(found, offered, "{words:?}");
    }
}

#[test]
fn fish_completes_commands_flags_and_values() {
    let folder = scratch();
    let script = script(folder.path(), "fish", "zipreel.fish");
    for (words, offered) in OFFERED {
        let line = words.join(" ");
        let command = "source $argv[1]; complete --do-complete $argv[2]";
        let found = tool("fish", &["--no-config", "--command", command, script.to_str().unwrap(), &line]);
        // a description stands behind a tab
        let mut found: Vec<_> = found.lines().filter_map(|line| line.split('\t').next()).collect();
        found.sort_unstable();
        assert_eq!(found, offered, "{words:?}");
    }
}

#[test]
fn zsh_completes_commands_flags_and_values() {
    let folder = scratch();
    let script = script(folder.path(), "zsh", "_zipreel");
    tool("zsh", &["-f", "-n", script.to_str().unwrap()]);
    // what is run says what the line had become
    let rc = "fpath=($ZDOTDIR $fpath)\nautoload -Uz compinit && compinit -u -D\nPROMPT='ready> '\nunsetopt BEEP\n\
              setopt NO_LIST_AMBIGUOUS\nzipreel() { print -r -- \"ran<$*>\"; }\n";
    std::fs::write(folder.path().join(".zshrc"), rc).unwrap();
    std::fs::write(folder.path().join("holiday.mp4"), "").unwrap();
    for (typed, ran) in [
        ("zipreel pub\t", "publish"),
        ("zipreel publish --on-da\t", "publish --on-damage"),
        ("zipreel list --target a\t", "list --target aws"),
        ("zipreel relay of\t", "relay off"),
        ("zipreel completions z\t", "completions zsh"),
        ("zipreel check m --dee\t", "check m --deep"),
        // the wizard takes videos in a command's place
        ("zipreel hol\t", "holiday.mp4"),
        ("zipreel publish hol\t", "publish holiday.mp4"),
    ] {
        let screen = in_a_terminal(folder.path(), typed, "ran<");
        assert!(screen.contains(&format!("ran<{ran}>")), "{typed:?}: {screen:?}");
    }
}

/// What zsh prints from its first prompt on, once it has printed `awaited` after this was typed and entered.
fn in_a_terminal(home: &Path, typed: &str, awaited: &str) -> String {
    let size = PtySize { rows: 24, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new("zsh");
    command.arg("-i");
    command.env("ZDOTDIR", home);
    command.env("HOME", home);
    command.env("TERM", "dumb");
    command.cwd(home);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let (mut reader, mut writer) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
    let (heard, said) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if heard.send(String::from_utf8_lossy(&buffer[..count]).into_owned()).is_err() {
                return;
            }
        }
    });
    let mut screen = String::new();
    let mut until = |awaited: &str| {
        while !screen.contains(awaited) {
            // only a hang takes so long
            let more = said.recv_timeout(Duration::from_secs(120));
            screen.push_str(&more.unwrap_or_else(|error| panic!("no {awaited:?}: {error}: {screen:?}")));
        }
        screen.clone()
    };
    until("ready> ");
    writer.write_all(typed.as_bytes()).unwrap();
    writer.write_all(b"\n").unwrap();
    until(awaited);
    let screen = until(">\r\n");
    child.kill().unwrap();
    child.wait().unwrap();
    screen
}
