//! A pseudo-terminal with the built wizard in it: keys go in, a vt100 screen comes out. Waits are for something to
//! show, within a bound; never for time to pass.

use std::{
    ffi::{OsStr, OsString},
    io::{Read, Write},
    path::Path,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::publish::sandbox::Sandbox;

/// Two busy cores and a debug build.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than a thing has to be in sight before a key acts on it.
const AGAIN: Duration = Duration::from_millis(700);

pub(crate) const ENTER: &str = "\r";
pub(crate) const ESCAPE: &str = "\x1b";
pub(crate) const END: &str = "\x1b[F";
pub(crate) const DOWN: &str = "\x1b[B";
pub(crate) const CTRL_C: &str = "\x03";

struct Shown {
    screen: vt100::Parser,
    /// Every byte that came.
    written: Vec<u8>,
    /// Grows with each block of output.
    blocks: u64,
    ended: bool,
}

pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    input: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn Child + Send + Sync>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
}

impl Terminal {
    /// The wizard with this sandbox's folders, started in `folder`.
    pub(crate) fn open(sandbox: &Sandbox, folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::run(sandbox, folder, &Self::wizard(), args, environment)
    }

    /// The program that is tried.
    pub(crate) fn wizard() -> OsString {
        // another build, to see what it does where this one does right
        std::env::var_os("ZIPREEL_TEST_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_zipreel").into())
    }

    /// Any program, such as a shell, with the same surroundings.
    pub(crate) fn run(
        sandbox: &Sandbox,
        folder: &Path,
        program: &OsStr,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let command = Self::command(sandbox, folder, program, args, environment);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let input = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let screen = vt100::Parser::new(size.rows, size.cols, 0);
        let shown =
            Arc::new((Mutex::new(Shown { screen, written: Vec::new(), blocks: 0, ended: false }), Condvar::new()));
        read(pair.master.try_clone_reader().unwrap(), Arc::clone(&shown), Arc::clone(&input));
        Self { master: pair.master, input, child, shown }
    }

    /// A program with the folders that a plain command of this sandbox gets, and nothing of the person who runs the
    /// tests.
    pub(crate) fn command(
        sandbox: &Sandbox,
        folder: &Path,
        program: &OsStr,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> CommandBuilder {
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(folder);
        for (name, value) in sandbox.command("state").as_std().get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            }
        }
        let surroundings =
            ["TERM_PROGRAM", "LC_TERMINAL", "KONSOLE_VERSION", "TMUX", "STY", "DISPLAY", "WAYLAND_DISPLAY"];
        for name in
            ["NO_COLOR", "COLORFGBG", "ZIPREEL_NAME", "ZIPREEL_THEME", "ZIPREEL_MOUSE"].iter().chain(&surroundings)
        {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        for (name, value) in environment {
            command.env(name, value);
        }
        command
    }

    pub(crate) fn type_keys(&self, keys: &str) {
        let mut input = self.input.lock().unwrap();
        input.write_all(keys.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        self.shown.0.lock().unwrap().screen.screen_mut().set_size(rows, cols);
    }

    /// The mouse selects text, as without the wizard.
    pub(crate) fn mouse_selects(&self) -> bool {
        self.shown.0.lock().unwrap().screen.screen().mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }

    /// All that it wrote, sequences and all.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.shown.0.lock().unwrap().written).into_owned()
    }

    /// The same, as soon as this is among it: some is written after the screen that it belongs to.
    pub(crate) fn wait_for_written(&self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let written = self.written();
            if written.contains(words) {
                return written;
            }
            assert!(Instant::now() < deadline, "{words:?} is not written: {written:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn text(&self) -> String {
        self.shown.0.lock().unwrap().screen.screen().contents()
    }

    /// Returns the screen's text as soon as it holds.
    pub(crate) fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (shown, changed) = &*self.shown;
        let mut shown = shown.lock().unwrap();
        loop {
            let text = shown.screen.screen().contents();
            if holds(&text) {
                return text;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.ended, "waited in vain until {what}; the screen shows:\n{text}");
            shown = changed.wait_timeout(shown, left).unwrap().0;
        }
    }

    pub(crate) fn wait_for(&self, words: &str) -> String {
        self.wait(&format!("`{words}` is shown"), |text| text.contains(words))
    }

    /// Presses keys again until the words are there: a key that starts something counts only once its screen was read.
    pub(crate) fn press_until(&self, keys: &str, words: &str) -> String {
        self.press_until_it(keys, &format!("`{words}` is shown"), |text| text.contains(words))
    }

    /// The same, until the screen holds. No key follows one that took effect: the screen decides anew before each.
    pub(crate) fn press_until_it(&self, keys: &str, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (shown, changed) = &*self.shown;
        loop {
            self.type_keys(keys);
            let pressed = Instant::now();
            let mut shown = shown.lock().unwrap();
            // between two presses of an impatient person
            while pressed.elapsed() < AGAIN {
                let text = shown.screen.screen().contents();
                if holds(&text) {
                    return text;
                }
                assert!(
                    !shown.ended && Instant::now() < deadline,
                    "waited in vain until {what}; the screen shows:\n{text}"
                );
                shown = changed.wait_timeout(shown, AGAIN.saturating_sub(pressed.elapsed())).unwrap().0;
            }
        }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Ends it as a power cut does.
    #[cfg(unix)]
    pub(crate) fn kill(mut self) {
        // the child's own way asks first, by a hang-up
        let process = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-KILL", &process]).status().unwrap().success());
        self.child.wait().unwrap();
    }

    /// How long it takes from a key to the next block of output that makes the screen hold.
    pub(crate) fn time_key(&self, key: &str, what: &str, holds: impl Fn(&str) -> bool) -> Duration {
        let start = Instant::now();
        self.type_keys(key);
        self.wait(what, holds);
        start.elapsed()
    }

    /// Waits for the end; exit code and what is left on the ordinary screen.
    pub(crate) fn end(mut self) -> (u32, String) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it did not end; the screen shows:\n{}", self.text());
            thread::sleep(Duration::from_millis(5));
        };
        self.wait_until_read();
        let shown = self.shown.0.lock().unwrap();
        let screen = shown.screen.screen();
        assert!(!screen.alternate_screen(), "the ordinary screen is back");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pastes are plain again");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is the terminal's again");
        #[cfg(unix)]
        if let Some(modes) = self.master.get_termios() {
            let local = format!("{:?}", modes.local_flags);
            assert!(local.contains("ECHO") && local.contains("ICANON"), "lines are read and echoed again: {local}");
        }
        (status.exit_code(), screen.contents())
    }

    /// All that was written has been read: the pty's end says so, or nothing has come for a while.
    fn wait_until_read(&self) {
        let (shown, changed) = &*self.shown;
        let mut shown = shown.lock().unwrap();
        while !shown.ended {
            let before = shown.blocks;
            shown = changed.wait_timeout(shown, Duration::from_millis(300)).unwrap().0;
            if shown.blocks == before {
                return;
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // a test that panicked must not leave the wizard running
        let _ = self.child.kill();
    }
}

/// Feeds the screen, and answers what every terminal answers: that it is there.
fn read(
    mut output: Box<dyn Read + Send>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    input: Arc<Mutex<Box<dyn Write + Send>>>,
) {
    thread::spawn(move || {
        let mut block = [0; 8192];
        loop {
            let read = output.read(&mut block).unwrap_or(0);
            if block[..read].windows(4).any(|bytes| bytes == b"\x1b[5n") {
                let _ = input.lock().unwrap().write_all(b"\x1b[0n");
            }
            let (shown, changed) = &*shown;
            // poisoned: the test has failed already
            let Ok(mut shown) = shown.lock() else { return };
            shown.screen.process(&block[..read]);
            shown.written.extend_from_slice(&block[..read]);
            shown.blocks += 1;
            shown.ended = read == 0;
            changed.notify_all();
            if read == 0 {
                return;
            }
        }
    });
}
