//! The wizard in a terminal among others: it shares it with a shell, with a multiplexer, and with what it tells.

#![cfg(unix)]

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use portable_pty::{PtySize, native_pty_system};

use super::terminal::{DOWN, Terminal};
use crate::{
    publish::sandbox::{Sandbox, program},
    split::until,
};

const CTRL_Z: &str = "\x1a";

/// The program as a person starts it: by its path, in a shell. Comes back once it runs and these words are shown; gives the
/// shell, and the program's process.
async fn in_a_shell(sandbox: &Sandbox, environment: &[(&str, &str)], arguments: &str, words: &str) -> (Terminal, u32) {
    let folder = sandbox.path("videos");
    fs::create_dir_all(&folder).unwrap();
    let environment = [&[("ENV", "/dev/null"), ("PS1", "shell> ")], environment].concat();
    let shell = Terminal::run(sandbox, &folder, "sh".as_ref(), &["-i"], &environment);
    shell.wait_for("shell> ");
    let program = Terminal::wizard();
    shell.type_keys(&format!("{} {arguments}\r", program.to_str().unwrap()));
    shell.wait_for(words);
    // the shell shows the words, too, while they are typed
    let program = || {
        let found = Command::new("pgrep").args(["-P", &shell.process().to_string()]).output().unwrap();
        String::from_utf8_lossy(&found.stdout).trim().parse().ok()
    };
    until("the program runs", || program().is_some()).await;
    let process = program().unwrap();
    (shell, process)
}

fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_gets_the_terminal_whole_and_lets_the_wizard_go_on() {
    let sandbox = Sandbox::start().await;
    let (shell, wizard) = in_a_shell(&sandbox, &[], "", "Publish a video").await;
    assert!(shell.written().contains("\x1b[?1049h\x1b[2J"), "a terminal with one screen alone is cleared too");
    for stop in ["a key", "-TSTP", "-STOP"] {
        match stop {
            "a key" => shell.type_keys(CTRL_Z),
            stop => signal(stop, wizard),
        }
        if stop != "-STOP" {
            shell.wait("the ordinary screen is back, and the shell at work", |text| {
                !text.contains("Publish a video") && text.contains("Stopped")
            });
            assert!(shell.mouse_selects(), "after {stop}");
        }
        // until then keys are the wizard's
        shell.wait("the shell is told", |text| text.contains("Stopped"));
        // echoed by the terminal, and read as a line; who was not asked could not give back how that is done
        let end = if stop == "-STOP" { '\n' } else { '\r' };
        shell.type_keys(&format!("printf '\\033[2J%s' it-is-$((20 + 22)){end}"));
        shell.wait("the shell reads", |text| text.contains("it-is-42") && !text.contains("Publish a video"));
        shell.type_keys(&format!("fg{end}"));
        shell.wait("all is drawn anew", |text| text.contains("Publish a video") && text.contains("? help"));
        shell.type_keys(DOWN);
        shell.wait("keys are the wizard's again", |text| {
            text.lines().any(|line| line.contains('▌') && line.contains("Library"))
        });
        shell.type_keys("\x1b[H");
        shell.wait("the cursor is back", |text| {
            text.lines().any(|line| line.contains('▌') && line.contains("Publish a video"))
        });
    }
    shell.type_keys("q");
    shell.wait("the ordinary screen is back", |text| !text.contains("Publish a video"));
    shell.press_until("echo it-is-$((30 + 3))\n", "it-is-33");
    let written = shell.written();
    let (saved, restored) = (written.matches("\x1b[22;0t").count(), written.matches("\x1b[23;0t").count());
    assert_eq!(saved, restored, "the title that stood before comes back");
    shell.type_keys("exit\r");
    assert_eq!(shell.end().0, 0);
}

/// Whether each ffmpeg of this sandbox stands still, or none does, as the system lists them; false where there is none. For a
/// moment there are two: one makes the poster.
fn all_stand_still(sandbox: &Sandbox, still: bool) -> bool {
    let listed = super::processes(sandbox.path("").to_str().unwrap());
    let is_still = |line: &String| line.split_whitespace().nth(1).unwrap().starts_with('T');
    !listed.is_empty() && listed.iter().all(|line| is_still(line) == still)
}

/// A publishing whose ffmpeg reads as fast as the video plays, so that there is time to look.
async fn stops_and_goes_on(command: &str, words: &str, begin: impl FnOnce(&Terminal)) {
    let sandbox = Sandbox::start().await;
    let video = super::folder(&sandbox, "clip.mp4").join("clip.mp4");
    let slow = sandbox.path("slow-ffmpeg");
    let script = "#!/bin/sh\nfor word; do [ \"$word\" = hls ] && set -- -readrate 1 \"$@\"; done\nexec ffmpeg \"$@\"\n";
    program(&slow, script);
    let environment = [("ZIPREEL_FFMPEG", slow.to_str().unwrap())];
    let (shell, process) = in_a_shell(&sandbox, &environment, &format!("{command} {}", video.display()), words).await;
    begin(&shell);
    until("ffmpeg runs", || all_stand_still(&sandbox, false)).await;
    for (stop, go_on) in [("a key", "fg"), ("-TSTP", "bg")] {
        match stop {
            "a key" => shell.type_keys(CTRL_Z),
            stop => signal(stop, process),
        }
        shell.wait("the shell is told", |text| text.contains("Stopped"));
        until(&format!("ffmpeg stands still, by {stop}"), || all_stand_still(&sandbox, true)).await;
        shell.type_keys(&format!("printf '\\033[2J'; {go_on}\r"));
        until(&format!("ffmpeg goes on, by {go_on}"), || all_stand_still(&sandbox, false)).await;
    }
    signal("-KILL", process);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_wizard_runs_stops_and_goes_on_with_it() {
    let publish = |shell: &Terminal| {
        shell.type_keys("\r");
        shell.wait_for("⏎ publish");
        shell.press_until("\r", "Split");
    };
    stops_and_goes_on("", "✔ not taken", publish).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_runs_stops_and_goes_on_with_it() {
    stops_and_goes_on("publish --plain", "clip.mp4", |_| ()).await;
}

/// A key that stops reaches a program, too, that is just being made, and is not yet in the group that it will lead.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn stopped_while_a_program_begins_it_goes_on() {
    use rustix::process::{Pid, Signal, kill_process_group};
    let sandbox = Sandbox::start().await;
    let video = super::folder(&sandbox, "clip.mp4").join("clip.mp4");
    let command = format!("publish --plain {}", video.display());
    let (shell, process) = in_a_shell(&sandbox, &[], &command, "clip.mp4").await;
    let group = Pid::from_raw(process.cast_signed()).unwrap();
    // a program is made within a fraction of a millisecond
    let end = Instant::now() + Duration::from_secs(5);
    while Instant::now() < end {
        for number in [Signal::TSTP, Signal::CONT] {
            // none is there once it has ended
            let _ = kill_process_group(group, number);
            std::thread::sleep(Duration::from_micros(100));
        }
    }
    // a stop that was heard late is ended, too
    until("it is published", || {
        let _ = kill_process_group(group, Signal::CONT);
        shell.text().contains("watch:")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_ends_it_as_interrupted() {
    let sandbox = Sandbox::start().await;
    let folder = sandbox.path("videos");
    fs::create_dir_all(&folder).unwrap();
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    terminal.wait_for("Publish a video");
    signal("-HUP", terminal.process());
    assert_eq!(terminal.end().0, 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_closed_ends_it_the_same() {
    let sandbox = Sandbox::start().await;
    let folder = sandbox.path("videos");
    fs::create_dir_all(&folder).unwrap();
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let command = Terminal::command(&sandbox, &folder, &Terminal::wizard(), &[], &[]);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut output = pair.master.try_clone_reader().unwrap();
    let mut input = pair.master.take_writer().unwrap();
    let (mut written, mut block) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&written).contains("Publish a video") {
        let read = output.read(&mut block).unwrap();
        written.extend_from_slice(&block[..read]);
        if block[..read].windows(4).any(|bytes| bytes == b"\x1b[5n") {
            input.write_all(b"\x1b[0n").unwrap();
        }
    }
    drop((output, input, pair.master));
    assert_eq!(child.wait().unwrap().exit_code(), 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_terminal_tells_changes_the_theme_and_takes_no_key() {
    let sandbox = Sandbox::start().await;
    let folder = sandbox.path("videos");
    fs::create_dir_all(&folder).unwrap();
    let terminal = Terminal::open(&sandbox, &folder, &[], &[]);
    terminal.wait_for("Publish a video");
    // the accents of the two themes
    let (dark, light) = ("38;5;80;", "38;5;24;");
    assert!(terminal.written().contains(dark) && !terminal.written().contains(light));
    let ground = "\x1b[?997;2n";
    terminal.type_keys(&format!("{ground}{DOWN}"));
    terminal.wait("the key after it counts", |text| {
        text.lines().any(|line| line.contains('▌') && line.contains("Library"))
    });
    assert!(terminal.written().contains(light), "light ground, light theme");
    terminal.type_keys("\x1b]11;rgb:0000/0000/0000\x1b\\q");
    assert_eq!(terminal.end().0, 0);
}

/// The file where that stands, and the search path with such a tmux in it.
fn tmux_that_keeps_what_it_is_told(sandbox: &Sandbox) -> (PathBuf, String) {
    let (folder, told) = (sandbox.path("bin"), sandbox.path("told"));
    fs::create_dir_all(&folder).unwrap();
    let tmux = folder.join("tmux");
    fs::write(&tmux, format!("#!/bin/sh\necho \"$@\" >> '{}'\n", told.display())).unwrap();
    fs::set_permissions(&tmux, fs::Permissions::from_mode(0o755)).unwrap();
    (told, format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_used_is_asked_of_the_terminal() {
    let sandbox = Sandbox::start().await;
    let folder = sandbox.path("videos");
    fs::create_dir_all(&folder).unwrap();
    // the mouse is taken after the first screen
    let taken = "\x1b[?1000h";
    let written = |arguments: &[&str], environment: &[(&str, &str)], last: &str| {
        let terminal = Terminal::open(&sandbox, &folder, arguments, environment);
        terminal.wait_for("Publish a video");
        let written = terminal.wait_for_written(last);
        let (selects, shown) = (terminal.mouse_selects(), terminal.text());
        terminal.type_keys("q");
        terminal.end();
        (written, selects, shown)
    };
    let (usual, ..) = written(&[], &[], taken);
    assert!(usual.contains("\x1b_G") && usual.contains("\x1b[?2026h"));
    assert!(!usual.contains("?1003") && !usual.contains("?1002"), "where the mouse moves is not asked for");
    let (without, selects, _) = written(&["--mouse", "false"], &[], "\x1b[?2026l");
    assert!(selects && !without.contains("?1000h"));
    let (told, path) = tmux_that_keeps_what_it_is_told(&sandbox);
    let environment = [("TMUX", "/nowhere,1,0"), ("TERM", "tmux-256color"), ("PATH", path.as_str())];
    let (inside, ..) = written(&[], &environment, taken);
    assert!(!inside.contains("\x1b_") && !inside.contains("\x1bP"), "tmux would take it for the pane's title");
    assert_eq!(fs::read_to_string(told).unwrap_or_default(), "", "its settings are the person's");
    let (console, _, shown) = written(&[], &[("TERM", "linux")], taken);
    assert!(shown.contains("Enter open") && !console.contains("38;5;") && !console.contains("\x1b]"));
    let (plain, ..) = written(&["--theme", "plain"], &[("LC_ALL", "C")], taken);
    assert!(plain.is_ascii() && !plain.contains("38;5;"));
}
