//! The terminal: taken over, given back whole whatever happens, lent to the shell in between, and asked once what it
//! can do.

pub mod caught;
pub mod clipboard;
pub mod glyphs;
pub mod input;
pub mod outside;
pub mod picture;
pub mod signals;
pub mod theme;
mod whole;

use std::{
    io::{self, IsTerminal, Stdout, Write},
    panic,
    sync::{Mutex, OnceLock, PoisonError},
};

use ratatui::{
    Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor::{MoveTo, Show},
        event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange},
        execute,
        style::Print,
        terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
};

use crate::running::groups;

use outside::Outside;
use whole::Whole;

/// Clicks and the wheel, in decimal; where the mouse moves is not asked for.
pub(super) const TAKE_MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
pub(super) const LEAVE_MOUSE: &str = "\x1b[?1006l\x1b[?1000l";
/// A terminal says when its ground becomes dark or light.
const FOLLOW_GROUND: &str = "\x1b[?2031h";
const LEAVE_GROUND: &str = "\x1b[?2031l";

pub(super) type Screen = Terminal<CrosstermBackend<Whole<Stdout>>>;

/// Holds the terminal; dropped, the terminal is as it was.
pub(super) struct Guard {
    outside: Outside,
}

impl Guard {
    pub(super) fn take(outside: Outside) -> io::Result<(Self, Screen)> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "the wizard needs a terminal"));
        }
        hook_panics();
        enable_raw_mode()?;
        let guard = Self { outside };
        execute!(io::stdout(), Print(outside.enter()))?;
        guard.enter()?;
        let screen = Terminal::new(CrosstermBackend::new(Whole::new(io::stdout())))?;
        Ok((guard, screen))
    }

    fn enter(&self) -> io::Result<()> {
        // a terminal without a second screen keeps what was on its only one
        execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All))?;
        execute!(io::stdout(), EnableBracketedPaste, EnableFocusChange, Print(FOLLOW_GROUND))
    }

    fn give_back(&self) {
        // each on its own: one that fails must not keep the others from happening
        let _ = execute!(io::stdout(), Print(LEAVE_GROUND));
        let _ = execute!(io::stdout(), DisableFocusChange);
        let _ = execute!(io::stdout(), DisableBracketedPaste);
        let _ = execute!(io::stdout(), Print(LEAVE_MOUSE));
        let _ = execute!(io::stdout(), Clear(ClearType::All), MoveTo(0, 0), LeaveAlternateScreen, Show);
        let _ = execute!(io::stdout(), Print(self.outside.leave()));
        let _ = disable_raw_mode();
        let _ = io::stdout().flush();
    }

    /// Stops, as Ctrl-Z stops any program, and what we run with us: the shell has the terminal, whole, until it lets us
    /// go on. Nothing happens where no shell waits for us.
    pub(super) fn stop(&self) -> io::Result<()> {
        if !groups::can_stop() {
            return Ok(());
        }
        self.give_back();
        groups::stop_group();
        execute!(io::stdout(), Print(self.outside.enter()))?;
        self.go_on()
    }

    /// Somebody else had the terminal and may have set it otherwise.
    pub(super) fn go_on(&self) -> io::Result<()> {
        groups::go_on();
        // a mode that is on already is not set again
        disable_raw_mode()?;
        enable_raw_mode()?;
        self.enter()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.give_back();
        let _ = panic::take_hook();
    }
}

fn panics() -> &'static Mutex<Vec<String>> {
    static PANICS: OnceLock<Mutex<Vec<String>>> = OnceLock::new();
    PANICS.get_or_init(Mutex::default)
}

/// While the wizard has the screen nothing else may write to it: panics are kept and told afterwards.
fn hook_panics() {
    panic::set_hook(Box::new(|info| {
        panics().lock().unwrap_or_else(PoisonError::into_inner).push(info.to_string());
    }));
}

/// Panics since the start, on whatever thread.
pub(super) fn kept_panics() -> Vec<String> {
    std::mem::take(&mut *panics().lock().unwrap_or_else(PoisonError::into_inner))
}
